// What open_store() accepts and refuses.
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/file.h"
#include "scheduler/store/high_water.h"
#include "tests/unit/scheduler/store/store_fixture.h"

namespace sheaf::store {
namespace {

namespace fs = std::filesystem;

class OpenStore : public StoreTest {
 protected:
  [[nodiscard]] Error refusal() {
    const auto opened = open_store(folder());
    return opened ? Error{.message = "opened"} : opened.error();
  }
  void commit_runs(int count) {
    for (int i = 0; i < count; ++i) {
      Batch batch = next();
      add_run(batch, a_run(200 + 10 * i, model::RunState::kRunning));
      commit(batch);
    }
  }
  void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  /// Names, sizes and times of everything in the folder.
  [[nodiscard]] std::string snapshot() {
    std::string text;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) {
      struct stat status{};
      EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
      text += entry.path().string() + " " + std::to_string(status.st_size) + " " +
              std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec) +
              "\n";
    }
    return text;
  }
  /// The newest write-ahead log.
  [[nodiscard]] fs::path log() {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(folder() / "rocksdb")) {
      if (entry.path().extension() == ".log" && entry.path() > newest) {
        newest = entry.path();
      }
    }
    return newest;
  }
};

TEST_F(OpenStore, MakesAPrivateFolder) {
  open();
  struct stat status{};
  ASSERT_EQ(::stat(folder().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
  ASSERT_EQ(::stat((folder() / "format").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(OpenStore, RefusesAFolderWithForeignFilesAndLeavesItAlone) {
  fs::create_directories(folder());
  write(folder() / "thesis.tex", "\\begin{document}");
  const std::string before = snapshot();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("thesis.tex"), std::string::npos) << error.message;
  EXPECT_EQ(snapshot(), before);
}

TEST_F(OpenStore, RefusesRowsWithoutAFormatFile) {
  open();
  commit_runs(1);
  close();
  fs::remove(folder() / "format");
  const std::string before = snapshot();
  EXPECT_EQ(refusal().code, ErrorCode::kUnsupported);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(OpenStore, RefusesANewerFormatAndLeavesItAlone) {
  open();
  commit_runs(1);
  const std::string id = store().id();
  close();
  write(folder() / "format", "sheaf store\nformat 3\nid " + id + "\nmore\n");
  const std::string before = snapshot();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("format 3"), std::string::npos) << error.message;
  EXPECT_EQ(snapshot(), before);
}

TEST_F(OpenStore, RefusesAForeignFormatFile) {
  fs::create_directories(folder());
  for (const std::string_view text : {"",
                                      "MZ",
                                      "sheaf store\n",
                                      "sheaf store\nformat x\nid y\n",
                                      "sheaf store\nformat 2\nid short\n"}) {
    write(folder() / "format", text);
    EXPECT_EQ(refusal().code, ErrorCode::kUnsupported) << text;
  }
}

TEST_F(OpenStore, RefusesASecondOpenerAndNamesTheFirst) {
  open();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_NE(error.message.find("process " + std::to_string(::getpid())), std::string::npos)
      << error.message;
  commit_runs(1);
}

TEST_F(OpenStore, RefusesAnotherStoresRows) {
  open();
  commit_runs(1);
  close();
  TemporaryFolder elsewhere;
  {
    ASSERT_TRUE(open_store(elsewhere.path() / "other"));
  }
  fs::remove_all(folder() / "rocksdb");
  fs::rename(elsewhere.path() / "other" / "rocksdb", folder() / "rocksdb");
  fs::remove(folder() / "high-water");
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("another store"), std::string::npos) << error.message;
}

TEST_F(OpenStore, NeverTakesLostRowsForANewStore) {
  open();
  commit_runs(2);
  close();
  fs::remove_all(folder() / "rocksdb");
  EXPECT_EQ(refusal().code, ErrorCode::kCorrupt);
  EXPECT_FALSE(fs::exists(folder() / "rocksdb"));
}

TEST_F(OpenStore, RefusesAHistoryThatWasCutShortUntilTheOperatorAcceptsIt) {
  open();
  commit_runs(20);
  close();
  fs::resize_file(log(), fs::file_size(log()) / 2);
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("batch 20 (epoch 1)"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("restore a backup"), std::string::npos) << error.message;
  EXPECT_EQ(refusal(), error) << "refusing changes nothing";
  fs::remove(folder() / "high-water");
  open();
  EXPECT_GT(store().head().batch, 0u);
  EXPECT_LT(store().head().batch, 20u);
  EXPECT_TRUE(describe_store(store()));
}

TEST_F(OpenStore, RefusesAnExchangedHistoryOfTheSameLength) {
  open();
  commit_runs(3);
  close();
  const auto mark = HighWater::read(folder() / "high-water").value();
  fs::remove(folder() / "high-water");
  ASSERT_TRUE(
      HighWater::open(folder() / "high-water",
                      Mark{.epoch = mark->epoch, .batch = mark->batch, .chain = mark->chain + 1}));
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("hash chain"), std::string::npos) << error.message;
}

/// The last record's bytes were still on their way when the power went: nobody was told of that
/// batch.
TEST_F(OpenStore, DropsATornBatchThatWasNeverAcknowledgedAndSaysSo) {
  open();
  commit_runs(5);
  const std::string high_water = os::read_file(folder() / "high-water", 1 << 16).value();
  const auto length = fs::file_size(log());
  Batch batch = next();
  add_run(batch, a_run(900, model::RunState::kRunning));
  commit(batch);
  close();
  ASSERT_TRUE(os::replace_file(folder() / "high-water", high_water));
  const auto torn = (length + fs::file_size(log())) / 2;
  std::fstream file(log(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(torn));
  file << "\xA5\x5A\xA5\x5A";
  file.close();
  open();
  EXPECT_EQ(store().head().batch, 5u);
  ASSERT_EQ(store().notices().size(), 1u);
  EXPECT_NE(store().notices().front().find("not been acknowledged"), std::string::npos);
  commit_runs(1);
  close();
  open();
  EXPECT_EQ(store().head().batch, 6u);
  EXPECT_TRUE(store().notices().empty());
}

TEST_F(OpenStore, RefusesATornBatchThatWasAcknowledged) {
  open();
  commit_runs(6);
  close();
  std::fstream file(log(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-60, std::ios::end);
  file << "\xA5\x5A\xA5\x5A";
  file.close();
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("batch 6 (epoch 1)"), std::string::npos) << error.message;
}

TEST_F(OpenStore, GoesOnAfterADeathBetweenAnyTwoStepsOfCreation) {
  fs::create_directories(folder());
  write(folder() / "lock", "1\n");
  write(folder() / "format.new", "sheaf st");
  open();
  close();
  fs::remove_all(folder() / "rocksdb");
  fs::remove(folder() / "high-water");
  open();
  commit_runs(1);
}

TEST_F(OpenStore, KeepsTheNewestWholeMark) {
  const fs::path path = folder();
  ASSERT_FALSE(HighWater::read(path).value().has_value());
  {
    auto mark = HighWater::open(path, Mark{.epoch = 1, .batch = 7, .chain = 9});
    ASSERT_TRUE(mark);
    ASSERT_TRUE(mark->raise(Mark{.epoch = 1, .batch = 8, .chain = 10}));
  }
  EXPECT_EQ(HighWater::read(path).value(), (Mark{.epoch = 1, .batch = 8, .chain = 10}));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(10);
  file << "####";
  file.close();
  EXPECT_EQ(HighWater::read(path).value(), (Mark{.epoch = 1, .batch = 7, .chain = 9}));
  fs::resize_file(path, 100);
  EXPECT_EQ(HighWater::read(path).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace sheaf::store
