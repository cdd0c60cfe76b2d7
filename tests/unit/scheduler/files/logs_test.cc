#include "scheduler/files/logs.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>

#include "common/base/limits.h"
#include "tests/unit/scheduler/files/folder_fixture.h"

namespace sheaf::files {
namespace {

namespace fs = std::filesystem;

constexpr LogName kLog{.run = RunId{7}, .attempt = AttemptId{8}, .stream = LogStream::kStdout};

class LogsTest : public FolderTest {
 protected:
  void SetUp() override {
    FolderTest::SetUp();
    reopen();
  }
  void reopen() {
    logs_.reset();
    auto opened = LogFiles::open(folder() / "logs");
    ASSERT_TRUE(opened) << opened.error().message;
    logs_ = *std::move(opened);
  }
  [[nodiscard]] LogFiles& logs() { return *logs_; }
  [[nodiscard]] std::string content(const LogName& name = kLog) {
    return logs().read(name, 0, 1u << 20).value().bytes;
  }
  /// The length that sync() lets the caller acknowledge.
  [[nodiscard]] std::uint64_t synced(const LogName& name = kLog) {
    const auto logs_synced = logs().sync();
    EXPECT_TRUE(logs_synced);
    for (const SyncedLog& log : *logs_synced) {
      if (log.name == name) {
        return log.length;
      }
    }
    ADD_FAILURE() << "not synced";
    return 0;
  }

 private:
  std::unique_ptr<LogFiles> logs_;
};

TEST_F(LogsTest, TakesPiecesInOrder) {
  EXPECT_EQ(logs().append(kLog, 0, "hello ").value(), 6u);
  EXPECT_EQ(logs().append(kLog, 6, "world").value(), 11u);
  EXPECT_EQ(synced(), 11u);
  EXPECT_EQ(content(), "hello world");
  EXPECT_EQ(logs().length(kLog).value(), 11u);
}

TEST_F(LogsTest, IgnoresWhatItHoldsAndTakesTheRest) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(logs().append(kLog, 0, "hello").value(), 5u);
  EXPECT_EQ(logs().append(kLog, 1, "ell").value(), 5u);
  EXPECT_EQ(logs().append(kLog, 3, "lo world").value(), 11u);
  EXPECT_EQ(logs().append(kLog, 11, "").value(), 11u);
  EXPECT_EQ(synced(), 11u);
  EXPECT_EQ(content(), "hello world");
}

TEST_F(LogsTest, RefusesAGapAndSaysWhereToGoOn) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(logs().append(kLog, 6, "world").value(), 5u);
  EXPECT_EQ(synced(), 5u);
  EXPECT_EQ(content(), "hello");
  LogName other = kLog;
  other.attempt = AttemptId{9};
  EXPECT_EQ(logs().append(other, 3, "x").value(), 0u);
  EXPECT_EQ(synced(other), 0u);
}

TEST_F(LogsTest, AcknowledgesARepeatedPieceAgain) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(synced(), 5u);
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(synced(), 5u);
  EXPECT_TRUE(logs().sync().value().empty());
}

TEST_F(LogsTest, GoesOnAfterARestart) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(synced(), 5u);
  reopen();
  EXPECT_EQ(logs().append(kLog, 5, " world").value(), 11u);
  EXPECT_EQ(content(), "hello world");
  reopen();
  EXPECT_EQ(logs().append(kLog, 20, "gap").value(), 11u);
}

/// A power loss may leave a longer file whose unsynced end is zeros. The sender goes on from what
/// was acknowledged, and what it sends replaces the end.
TEST_F(LogsTest, WritesAnUnacknowledgedEndAgain) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello"));
  EXPECT_EQ(synced(), 5u);
  reopen();
  std::ofstream(folder() / "logs" / "7" / "8.stdout", std::ios::app) << std::string(10, '\0');
  EXPECT_EQ(logs().append(kLog, 5, " wor").value(), 9u) << "not the file's 15";
  EXPECT_EQ(synced(), 9u);
  EXPECT_EQ(logs().append(kLog, 9, "ld, again").value(), 18u);
  EXPECT_EQ(content(), "hello world, again");
}

TEST_F(LogsTest, KeepsStreamsAndAttemptsApart) {
  LogName errors = kLog;
  errors.stream = LogStream::kStderr;
  LogName retry = kLog;
  retry.attempt = AttemptId{90};
  ASSERT_TRUE(logs().append(kLog, 0, "out"));
  ASSERT_TRUE(logs().append(errors, 0, "error"));
  ASSERT_TRUE(logs().append(retry, 0, "again"));
  EXPECT_EQ(content(kLog), "out");
  EXPECT_EQ(content(errors), "error");
  EXPECT_EQ(content(retry), "again");
}

TEST_F(LogsTest, ReadsPartsAndNothingWhereNothingIs) {
  ASSERT_TRUE(logs().append(kLog, 0, "hello world"));
  const auto part = logs().read(kLog, 6, 3).value();
  EXPECT_EQ(part.bytes, "wor");
  EXPECT_EQ(part.next_offset, 9u);
  EXPECT_EQ(logs().read(kLog, 50, 3).value().bytes, "");
  EXPECT_EQ(logs().read(kLog, 50, 3).value().next_offset, 50u);
  LogName none = kLog;
  none.run = RunId{1};
  EXPECT_EQ(logs().read(none, 0, 3).value().bytes, "");
  EXPECT_EQ(logs().length(none).value(), 0u);
}

TEST_F(LogsTest, RefusesMoreThanTheLimit) {
  EXPECT_EQ(logs().append(kLog, limits::kMaxLogBytesPerAttempt, "x").error().code,
            ErrorCode::kExhausted);
  EXPECT_EQ(logs().append(kLog, UINT64_MAX, "x").error().code, ErrorCode::kExhausted);
}

TEST_F(LogsTest, ServesMoreLogsThanItKeepsOpen) {
  constexpr int kLogs = 300;
  for (std::uint64_t offset = 0; offset < 6; offset += 3) {
    for (int i = 1; i <= kLogs; ++i) {
      const LogName name{.run = RunId{i % 7 + 1}, .attempt = AttemptId{1'000 + i}};
      ASSERT_EQ(logs().append(name, offset, "abc").value(), offset + 3);
    }
  }
  const auto all = logs().sync().value();
  std::map<LogName, std::uint64_t> acknowledged;
  for (const SyncedLog& log : all) {
    acknowledged[log.name] = log.length;
  }
  ASSERT_EQ(acknowledged.size(), static_cast<std::size_t>(kLogs));
  for (const auto& [name, length] : acknowledged) {
    EXPECT_EQ(length, 6u);
    EXPECT_EQ(content(name), "abcabc");
  }
}

TEST_F(LogsTest, TakesAnyMixOfRepeatsAndOverlaps) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  std::string whole(20'000, '\0');
  for (char& byte : whole) {
    byte = static_cast<char>('a' + random() % 26);
  }
  std::uint64_t held = 0;
  while (held < whole.size()) {
    const std::uint64_t offset = random() % (held + 200);
    const std::size_t size = std::min<std::size_t>(
        random() % 700, whole.size() - std::min<std::uint64_t>(offset, whole.size()));
    const auto now = logs().append(
        kLog,
        offset,
        std::string_view(whole).substr(std::min<std::uint64_t>(offset, whole.size()), size));
    ASSERT_TRUE(now);
    ASSERT_GE(*now, held);
    held = *now;
    if (random() % 20 == 0) {
      ASSERT_EQ(synced(), held);
      logs().close(kLog);
      ASSERT_EQ(logs().append(kLog, held, "").value(), held);
    }
  }
  EXPECT_EQ(content(), whole) << "seed " << kSeed;
}

TEST_F(LogsTest, TellsWatchersAfterTheSyncAndNotAfterwards) {
  int changes = 0;
  LogName other = kLog;
  other.stream = LogStream::kStderr;
  {
    const LogWatch watch = logs().watch(kLog, [&changes] { ++changes; });
    ASSERT_TRUE(logs().append(kLog, 0, "hello"));
    EXPECT_EQ(changes, 0);
    ASSERT_TRUE(logs().sync());
    EXPECT_EQ(changes, 1);
    ASSERT_TRUE(logs().append(other, 0, "hello"));
    ASSERT_TRUE(logs().sync());
    EXPECT_EQ(changes, 1);
  }
  ASSERT_TRUE(logs().append(kLog, 5, "x"));
  ASSERT_TRUE(logs().sync());
  EXPECT_EQ(changes, 1);
}

/// What the HTTP tail does: watch, read, wait; every byte arrives, in order, while another thread
/// writes.
TEST_F(LogsTest, TailSeesEveryByte) {
  constexpr std::size_t kPieces = 200;
  const std::string piece = "0123456789";
  std::thread writer([this, &piece] {
    for (std::size_t i = 0; i < kPieces; ++i) {
      EXPECT_TRUE(logs().append(kLog, i * piece.size(), piece));
      EXPECT_TRUE(logs().sync());
    }
  });
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t changes = 0;
  const LogWatch watch = logs().watch(kLog, [&] {
    const std::lock_guard lock(mutex);
    ++changes;
    changed.notify_one();
  });
  std::string read;
  std::uint64_t seen = 0;
  while (read.size() < kPieces * piece.size()) {
    const auto chunk = logs().read(kLog, read.size(), 64).value();
    read += chunk.bytes;
    if (chunk.bytes.empty()) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return changes > seen; });
      seen = changes;
    }
  }
  writer.join();
  std::string expected;
  for (std::size_t i = 0; i < kPieces; ++i) {
    expected += piece;
  }
  EXPECT_EQ(read, expected);
}

TEST_F(LogsTest, KnowsWhenALogIsWhole) {
  model::AttemptOutcome outcome{.stdout_bytes = 5, .stderr_bytes = UINT64_MAX};
  EXPECT_EQ(final_length(outcome, LogStream::kStdout), 5u);
  EXPECT_EQ(final_length(outcome, LogStream::kStderr), limits::kMaxLogBytesPerAttempt);
}

using LogsDeathTest = LogsTest;

TEST_F(LogsDeathTest, DiesAtItsFailpoints) {
  // A process reads the variable once, so each child must be a new one.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* name : {"files.before_sync", "files.after_sync"}) {
    EXPECT_EXIT(
        {
          ::setenv("SHEAF_FAILPOINT", name, 1);
          (void)logs().append(kLog, 0, "hello");
          (void)logs().sync();
        },
        testing::KilledBySignal(SIGKILL),
        "");
  }
  EXPECT_EQ(logs().append(kLog, 0, "hello").value(), 5u);
  EXPECT_EQ(content(), "hello");
}

}  // namespace
}  // namespace sheaf::files
