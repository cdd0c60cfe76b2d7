// The shipper against a real socket, with the test in the scheduler's place.
#include "worker/logs/log_shipper.h"

#include <chrono>
#include <deque>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/base/guarded.h"
#include "common/transport/authenticator.h"
#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "common/wire/frame.h"

namespace sheaf::logs {
namespace {

using Clock = std::chrono::steady_clock;
/// Below the shipper's longest idle wait, so that no test passes thanks to that.
constexpr std::chrono::seconds kDeadline{20};
constexpr AttemptId kAttempt{7};
constexpr std::uint64_t kEpoch = 5;

class LogShipperTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sheaf-logs-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::create_directory(allowed());
    std::filesystem::create_directory(attempt_folder());
    authenticator_ =
        transport::Authenticator::start({.folders = {{"workers", allowed()}},
                                         .on_refused =
                                             [this](const std::string&, const std::string&) {
                                               refusals_.with([](int& count) { ++count; });
                                               wakeup_->set();
                                             }})
            .value();
    router_.emplace(
        transport::Router::bind(
            {.endpoint = "tcp://127.0.0.1:*", .keys = server_, .domain = "workers", .limits = {}})
            .value());
    poller_.add(*router_);
  }
  void TearDown() override {
    shipper_.reset();
    router_.reset();
    authenticator_.reset();
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::filesystem::path allowed() const { return folder_ / "allowed"; }
  [[nodiscard]] std::filesystem::path attempt_folder() const { return folder_ / "7"; }

  void enrol() const {
    ASSERT_TRUE(transport::store_public_key(allowed() / "w.pub", worker_.public_key).has_value());
  }

  void start() {
    shipper_ = LogShipper::start({.connection = {.endpoint = router_->endpoint(),
                                                 .server_public_key = server_.public_key,
                                                 .keys = worker_,
                                                 .limits = {}},
                                  .resend_after = Milliseconds{300},
                                  .epoch = kEpoch,
                                  .on_shipped =
                                      [this](AttemptId) {
                                        shipped_.with([](int& count) { ++count; });
                                        wakeup_->set();
                                      }})
                   .value();
  }

  void write(const std::string& stream, const std::string& text) const {
    std::ofstream(attempt_folder() / stream, std::ios::app) << text;
  }

  /// Waits for messages and wakeups until `condition` holds.
  template <typename Condition>
  [[nodiscard]] bool wait_until(Condition condition) {
    const auto end = Clock::now() + kDeadline;
    while (!condition()) {
      if (Clock::now() >= end) {
        return false;
      }
      poller_.wait(Milliseconds{50});
    }
    return true;
  }

  /// The next piece of a log that `is_wanted`; others are dropped.
  template <typename Predicate>
  [[nodiscard]] std::optional<wire::Log> next(Predicate is_wanted) {
    std::optional<wire::Log> found;
    static_cast<void>(wait_until([&] {
      while (const auto received = router_->receive()) {
        connection_ = received->connection;
        const auto frame = wire::decode_log_frame(received->bytes);
        pieces_.insert(pieces_.end(), frame->messages.begin(), frame->messages.end());
      }
      while (!found && !pieces_.empty()) {
        if (is_wanted(pieces_.front())) {
          found = pieces_.front();
        }
        pieces_.pop_front();
      }
      return found.has_value();
    }));
    return found;
  }

  void acknowledge(const wire::LogAck& ack, std::uint64_t epoch = kEpoch) {
    const auto bytes =
        wire::encode(wire::LogAckFrame{.header = {.epoch = epoch}, .messages = {ack}});
    ASSERT_TRUE(bytes.has_value());
    ASSERT_TRUE(router_->send(connection_, *bytes).has_value());
  }

  std::filesystem::path folder_;
  transport::KeyPair server_ = transport::generate_keys().value();
  transport::KeyPair worker_ = transport::generate_keys().value();
  std::shared_ptr<transport::Wakeup> wakeup_ = transport::Wakeup::create().value();
  transport::Poller poller_{wakeup_};
  Guarded<int> refusals_{0};
  Guarded<int> shipped_{0};
  std::unique_ptr<transport::Authenticator> authenticator_;
  std::optional<transport::Router> router_;
  std::string connection_;
  std::deque<wire::Log> pieces_;
  std::unique_ptr<LogShipper> shipper_;
};

bool has_bytes(const wire::Log& piece) {
  return !piece.bytes.empty();
}

TEST_F(LogShipperTest, ShipsOnceItsKeyIsEnrolledAlsoIfThatWasRefusedBefore) {
  write("stdout", "hello");
  start();
  shipper_->add(kAttempt, attempt_folder());
  ASSERT_TRUE(
      wait_until([this] { return refusals_.with([](const int& count) { return count > 0; }); }));
  enrol();
  const auto piece = next(has_bytes);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->bytes, "hello");
}

TEST_F(LogShipperTest, ALogThatItsTaskCutShortEndsWhereItWasAcknowledged) {
  enrol();
  write("stderr", "a long complaint");
  start();
  shipper_->add(kAttempt, attempt_folder());
  ASSERT_TRUE(next(has_bytes).has_value());
  acknowledge({.attempt = kAttempt, .stream = wire::LogStream::kStderr, .offset = 16, .credit = 9});
  write("stderr", " and more");
  // The second time it is a repeat, which begins where the acknowledgement was.
  for (int time = 0; time < 2; ++time) {
    const auto more = next([](const wire::Log& log) { return log.offset == 16; });
    ASSERT_TRUE(more.has_value()) << "the first acknowledgement did not count";
  }
  std::ofstream(attempt_folder() / "stderr", std::ios::trunc) << "x";
  shipper_->finish(kAttempt, attempt_folder());
  const auto end = next([](const wire::Log& log) {
    return log.stream == wire::LogStream::kStderr && log.final_length.has_value();
  });
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->final_length, 16U);
  acknowledge({.attempt = kAttempt, .stream = wire::LogStream::kStderr, .offset = 25, .credit = 9});
  acknowledge({.attempt = kAttempt, .stream = wire::LogStream::kStdout, .offset = 0, .credit = 9});
  EXPECT_TRUE(
      wait_until([this] { return shipped_.with([](const int& count) { return count == 1; }); }));
}

TEST_F(LogShipperTest, BelievesNoSchedulerOfAnEarlierEpoch) {
  enrol();
  start();
  shipper_->finish(kAttempt, attempt_folder());
  const auto is_end_of_stderr = [](const wire::Log& log) {
    return log.stream == wire::LogStream::kStderr && log.final_length.has_value();
  };
  ASSERT_TRUE(next(is_end_of_stderr).has_value());
  const wire::LogAck unwanted{
      .attempt = kAttempt, .stream = wire::LogStream::kStderr, .is_unknown = true};
  acknowledge(unwanted, kEpoch - 1);
  for (int i = 0; i < 3; ++i) {  // More than may be under way already.
    ASSERT_TRUE(next(is_end_of_stderr).has_value());
  }
}

TEST_F(LogShipperTest, AsksTheSchedulerOfALaterEpochAnewAboutLogsThatNobodyWanted) {
  enrol();
  start();
  shipper_->finish(kAttempt, attempt_folder());
  ASSERT_TRUE(next([](const wire::Log& log) { return log.final_length.has_value(); }).has_value());
  for (const auto stream : {wire::LogStream::kStdout, wire::LogStream::kStderr}) {
    acknowledge({.attempt = kAttempt, .stream = stream, .is_unknown = true});
  }
  ASSERT_TRUE(
      wait_until([this] { return shipped_.with([](const int& count) { return count == 1; }); }));
  write("stdout", "still here");
  shipper_->begin_epoch(kEpoch + 1);
  const auto piece = next(has_bytes);
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->bytes, "still here");
  acknowledge({.attempt = kAttempt, .offset = 10, .credit = 9}, kEpoch + 1);
  acknowledge({.attempt = kAttempt, .stream = wire::LogStream::kStderr, .credit = 9}, kEpoch + 1);
  EXPECT_TRUE(
      wait_until([this] { return shipped_.with([](const int& count) { return count == 2; }); }));
}

TEST_F(LogShipperTest, ShipsWhatItCannotWatchAtOnce) {
  enrol();
  start();
  shipper_->add({8}, folder_ / "8");
  shipper_->finish(kAttempt, attempt_folder());
  ASSERT_TRUE(next([](const wire::Log& log) { return log.final_length.has_value(); }).has_value());
  for (const auto stream : {wire::LogStream::kStdout, wire::LogStream::kStderr}) {
    acknowledge({.attempt = kAttempt, .stream = stream, .is_unknown = true});
  }
  // From then on the shipper has nothing to do, and waits.
  ASSERT_TRUE(
      wait_until([this] { return shipped_.with([](const int& count) { return count == 1; }); }));
  std::filesystem::create_directory(folder_ / "8");
  std::ofstream(folder_ / "8" / "stdout") << "late";
  const auto piece = next([](const wire::Log& log) { return log.attempt == AttemptId{8}; });
  ASSERT_TRUE(piece.has_value());
  EXPECT_EQ(piece->bytes, "late");
}

}  // namespace
}  // namespace sheaf::logs
