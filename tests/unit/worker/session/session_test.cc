// A whole session against a real socket, with the test in the scheduler's place.
#include "worker/session/session.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <deque>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>

#include "common/os/processes.h"
#include "common/transport/authenticator.h"
#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "common/wire/frame.h"
#include "worker/session/attempt_files.h"

namespace sheaf::session {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{20};
constexpr AttemptId kAttempt{7};
constexpr std::uint64_t kEpoch = 5;

class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "sheaf-session-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directories(folder_ / "allowed");
    fs::create_directories(leases());
    ASSERT_TRUE(
        transport::store_public_key(folder_ / "allowed" / "w.pub", keys_.public_key).has_value());
    authenticator_ =
        transport::Authenticator::start({.folders = {{"workers", folder_ / "allowed"}},
                                         .on_refused = [](const auto&, const auto&) {}})
            .value();
    router_.emplace(
        transport::Router::bind(
            {.endpoint = "tcp://127.0.0.1:*", .keys = server_, .domain = "workers", .limits = {}})
            .value());
    poller_.add(*router_);
  }
  void TearDown() override {
    stop();
    router_.reset();
    authenticator_.reset();
    fs::remove_all(folder_);
  }

  [[nodiscard]] fs::path leases() const { return folder_ / "worker" / "leases"; }
  [[nodiscard]] fs::path attempts() const { return folder_ / "worker" / "attempts"; }

  [[nodiscard]] SessionSettings settings() const {
    SessionSettings settings;
    settings.name = "w";
    settings.version = "0";
    settings.folder = folder_ / "worker";
    settings.shim_program = SHEAF_SHIM_PROGRAM;
    settings.runtime_package = folder_;
    settings.cgroup_use = runner::CgroupUse::kNever;
    settings.control_endpoint = router_->endpoint();
    settings.log_endpoint = router_->endpoint();
    settings.server_public_key = server_.public_key;
    settings.keys = keys_;
    return settings;
  }

  void start(SessionSettings settings) {
    auto opened = Session::open(std::move(settings));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    session_ = std::move(*opened);
    thread_ = std::thread([this] { session_->run(); });
  }

  void stop() {
    if (session_) {
      session_->stop();
      thread_.join();
      session_.reset();
    }
  }

  /// The worker's next message of a kind; others are dropped.
  template <typename Message>
  [[nodiscard]] std::optional<Message> next() {
    const auto end = Clock::now() + kDeadline;
    while (Clock::now() < end) {
      receive();
      while (!messages_.empty()) {
        const wire::WorkerMessage message = messages_.front();
        messages_.pop_front();
        if (const auto* found = std::get_if<Message>(&message)) {
          return *found;
        }
      }
      poller_.wait(Milliseconds{50});
    }
    return std::nullopt;
  }

  void receive() {
    while (const auto received = router_->receive()) {
      if (const auto frame = wire::decode_worker_frame(received->bytes)) {
        connection_ = received->connection;
        messages_.insert(messages_.end(), frame->messages.begin(), frame->messages.end());
      }
    }
  }

  void say(const wire::SchedulerMessage& message) {
    const auto bytes = wire::encode(wire::SchedulerFrame{
        .header = {.epoch = kEpoch, .session = 1, .sequence = ++sequence_}, .messages = {message}});
    ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
    ASSERT_TRUE(router_->send(connection_, *bytes).has_value());
  }

  void welcome(Milliseconds heartbeat_interval = Milliseconds{200}) {
    say(wire::Welcome{.session = 1,
                      .epoch = kEpoch,
                      .worker = {1},
                      .heartbeat_interval = heartbeat_interval,
                      .http_base_url = "http://127.0.0.1:9"});
  }

  fs::path folder_;
  std::uint64_t sequence_ = 0;
  transport::KeyPair server_ = transport::generate_keys().value();
  transport::KeyPair keys_ = transport::generate_keys().value();
  transport::Poller poller_{transport::Wakeup::create().value()};
  std::unique_ptr<transport::Authenticator> authenticator_;
  std::optional<transport::Router> router_;
  std::string connection_;
  std::deque<wire::WorkerMessage> messages_;
  std::unique_ptr<Session> session_;
  std::thread thread_;
};

TEST_F(SessionTest, ALeaseThatAPowerLossDamagedIsDropped) {
  std::ofstream(leases() / "7.lease") << "";
  start(settings());
  const auto registered = next<wire::Register>();
  ASSERT_TRUE(registered.has_value());
  EXPECT_TRUE(registered->attempts.empty());
  EXPECT_FALSE(fs::exists(leases() / "7.lease"));
}

TEST_F(SessionTest, ADamagedLeaseOfAnAttemptThatRunsIsAnError) {
  const auto runner = runner::Runner::open({.attempts_folder = attempts(),
                                            .shim_program = SHEAF_SHIM_PROGRAM,
                                            .cgroup_use = runner::CgroupUse::kNever,
                                            .cgroup_parent = {}});
  ASSERT_TRUE(runner.has_value());
  runner::LaunchSpec spec;
  spec.attempt = kAttempt;
  spec.argv = {"/bin/sleep", "1000"};
  spec.working_folder = folder_;
  const auto shim = runner->launch(spec);
  ASSERT_TRUE(shim.has_value()) << shim.error().message;
  pollfd started{.fd = shim->started.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&started, 1, 20'000), 1);
  std::ofstream(leases() / "7.lease") << "garbage";
  const auto opened = Session::open(settings());
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(os::send_signal(shim->process, SIGTERM).has_value());
  pollfd ended{.fd = shim->process.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
  EXPECT_TRUE(os::reap(shim->process).has_value());
}

TEST_F(SessionTest, AnOutcomeThatAPowerLossDamagedIsFoundAnew) {
  const auto files = AttemptFiles::open(leases());
  ASSERT_TRUE(files.has_value());
  const wire::Lease lease{.spec = {.attempt = kAttempt,
                                   .run = {6},
                                   .job = {2},
                                   .task_key = "t",
                                   .fence = 9,
                                   .arguments = {"true"}},
                          .token = "token"};
  ASSERT_TRUE(files->store_lease(lease).has_value());
  std::ofstream(leases() / "7.outcome") << "";
  fs::create_directories(attempts() / "7");  // Launched before the power was lost.
  start(settings());
  ASSERT_TRUE(next<wire::Register>().has_value());
  welcome();
  const auto result = next<wire::ResultReport>();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->outcome.message, "lost: the machine was restarted");
}

TEST_F(SessionTest, RegistersAgainWhenItIsToAdoptWhatItDoesNotHold) {
  SessionSettings patient = settings();
  patient.register_again_after = Milliseconds{10'000};
  start(std::move(patient));
  ASSERT_TRUE(next<wire::Register>().has_value());
  say(wire::Welcome{.session = 1,
                    .epoch = kEpoch,
                    .worker = {1},
                    .heartbeat_interval = Milliseconds{200},
                    .adopt = {AttemptId{99}},
                    .http_base_url = "http://127.0.0.1:9"});
  EXPECT_TRUE(next<wire::Register>().has_value());
}

TEST_F(SessionTest, RegistersAtASchedulerThatAnswersSlowly) {
  constexpr std::chrono::milliseconds kAnswerTime{300};
  SessionSettings impatient = settings();
  impatient.register_again_after = Milliseconds{50};
  std::atomic<bool> is_ready{false};
  impatient.on_ready = [&is_ready] { is_ready.store(true); };
  start(std::move(impatient));
  std::optional<Clock::time_point> asked;
  for (const auto end = Clock::now() + kDeadline; !is_ready.load() && Clock::now() < end;) {
    receive();
    if (!std::exchange(messages_, {}).empty()) {
      asked = Clock::now();  // Only the last REGISTER is answered.
    } else if (asked && Clock::now() - *asked >= kAnswerTime) {
      welcome();
      asked.reset();
    }
    poller_.wait(Milliseconds{10});
  }
  EXPECT_TRUE(is_ready.load());
  stop();
}

TEST_F(SessionTest, RemembersTheHighestFenceAfterItsAttemptIsForgotten) {
  start(settings());
  ASSERT_TRUE(next<wire::Register>().has_value());
  welcome();
  say(wire::Lease{.spec = {.attempt = kAttempt,
                           .run = {6},
                           .job = {2},
                           .task_key = "t",
                           .fence = 77,
                           .arguments = {"true"}},
                  .token = "token"});
  ASSERT_TRUE(next<wire::ResultReport>().has_value());
  stop();
  receive();
  messages_.clear();
  ASSERT_TRUE(AttemptFiles::open(leases())->remove(kAttempt).has_value());
  start(settings());
  const auto registered = next<wire::Register>();
  ASSERT_TRUE(registered.has_value());
  EXPECT_TRUE(registered->attempts.empty());
  EXPECT_EQ(registered->highest_fence, 77U);
}

// Long before the next heartbeat would be due.
TEST_F(SessionTest, SpeaksAtOnceToASchedulerThatIsBack) {
  start(settings());
  ASSERT_TRUE(next<wire::Register>());
  welcome(std::chrono::minutes(5));
  ASSERT_TRUE(next<wire::Heartbeat>());
  const std::string endpoint = router_->endpoint();
  poller_.remove(*router_);
  router_.reset();
  messages_.clear();
  const auto end = Clock::now() + kDeadline;
  while (!router_ && Clock::now() < end) {
    if (auto bound = transport::Router::bind(
            {.endpoint = endpoint, .keys = server_, .domain = "workers", .limits = {}})) {
      router_.emplace(*std::move(bound));
    } else {
      poller_.wait(Milliseconds{10});
    }
  }
  ASSERT_TRUE(router_.has_value());
  poller_.add(*router_);
  EXPECT_TRUE(next<wire::Heartbeat>());
}

constexpr const char* kTwoOutcomes =
    "printf '{\"ready\": true}\\n{\"index\": 4, \"ok\": true}\\n' >> $SHEAF_STREAM_OUTPUT; "
    "grep -c index $SHEAF_STREAM_INPUT | sed 's/.*/{\"index\": 9, \"ok\": false, \"error\": "
    "\"&\"}/' "
    ">> $SHEAF_STREAM_OUTPUT";

wire::Lease a_stream(const std::string& script) {
  return {.spec = {.attempt = kAttempt,
                   .run = {6},
                   .job = {2},
                   .task_key = "t",
                   .fence = 9,
                   .arguments = {"/bin/sh", "-c", script},
                   .stream = {{.index = 4, .json = "1"}, {.index = 9, .json = "2"}}},
          .token = "token"};
}

TEST_F(SessionTest, SaysTheOutcomesOfAStreamBeforeItsResult) {
  start(settings());
  ASSERT_TRUE(next<wire::Register>());
  welcome();
  say(a_stream(kTwoOutcomes));
  std::vector<model::StreamOutcome> entries;
  bool is_ready = false;
  while (entries.size() < 2) {
    const auto outcomes = next<wire::Outcomes>();
    ASSERT_TRUE(outcomes.has_value());
    is_ready = is_ready || outcomes->is_ready;
    entries.insert(entries.end(), outcomes->entries.begin(), outcomes->entries.end());
    say(wire::OutcomesAck{.attempt = kAttempt, .fence = 9, .offset = outcomes->offset});
  }
  EXPECT_TRUE(is_ready);
  EXPECT_EQ(entries,
            (std::vector<model::StreamOutcome>{{.index = 4, .is_success = true, .error = ""},
                                               {.index = 9, .is_success = false, .error = "2"}}));
  const auto result = next<wire::ResultReport>();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->outcome.exit_code, 0);
}

TEST_F(SessionTest, SaysOutcomesThatWereNotAcknowledgedAfterARestartOfTheAgent) {
  start(settings());
  ASSERT_TRUE(next<wire::Register>());
  welcome();
  say(a_stream(kTwoOutcomes));
  ASSERT_TRUE(next<wire::Outcomes>());
  stop();
  receive();
  messages_.clear();
  start(settings());
  ASSERT_TRUE(next<wire::Register>());
  welcome();
  std::size_t count = 0;
  while (count < 2) {
    const auto again = next<wire::Outcomes>();
    ASSERT_TRUE(again.has_value());
    say(wire::OutcomesAck{.attempt = kAttempt, .fence = 9, .offset = again->offset});
    count += again->entries.size();
  }
  EXPECT_TRUE(next<wire::ResultReport>());
}

}  // namespace
}  // namespace sheaf::session
