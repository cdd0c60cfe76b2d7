// Silence, with durations that a test can wait for.
#include <atomic>

#include "common/os/clocks.h"
#include "tests/unit/scheduler/workers/port_fixture.h"

namespace sheaf::workers {
namespace {

using State = WorkerPresence::State;

class Silence : public PortTest {
 protected:
  void SetUp() override {
    settings_.heartbeat_interval = Milliseconds{50};
    settings_.suspect_after = Milliseconds{300};
    settings_.lease = Milliseconds{900};
    settings_.lease_margin = Milliseconds{100};
    settings_.start_grace = Milliseconds{0};
    PortTest::SetUp();
  }

  bool becomes(const std::string& name, State state) {
    return eventually([&] { return presence(name) == state; });
  }
};

TEST_F(Silence, ASilentWorkerIsSuspectAndThenHeardAgain) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  ASSERT_TRUE(becomes("w", State::kConnected));  // Told at the end of the turn that welcomed it.
  ASSERT_TRUE(becomes("w", State::kSuspect));
  // A suspect worker gets no attempts, …
  const RunId run = submit(a_job());
  EXPECT_EQ(task_row(run).state, core::TaskState::kReady);
  // … and gets them as soon as it is heard again.
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::HeartbeatAck>().has_value());
  EXPECT_TRUE(worker->receive<wire::Lease>().has_value());
  EXPECT_TRUE(becomes("w", State::kConnected));
}

TEST_F(Silence, AttemptsAreLostWithTheLeaseAndTheWorkerIsTold) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  ASSERT_TRUE(becomes("w", State::kAway));
  ASSERT_TRUE(eventually([&] { return !task_details(run).attempts.empty(); }));
  EXPECT_EQ(task_details(run).attempts.at(0).outcome.end, model::AttemptEnd::kLost);
  // Back again, it learns that its session is over, and then that the attempt is not its own.
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::RegisterAgain>().has_value());
  const wire::Welcome welcome = worker->join({{.attempt = lease->spec.attempt,
                                               .fence = lease->spec.fence,
                                               .state = wire::HeldAttempt::State::kRunning}});
  EXPECT_EQ(welcome.kill, std::vector<AttemptId>{lease->spec.attempt});
}

TEST_F(Silence, AKnownWorkerThatStaysAwayLosesItsAttempts) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  ASSERT_TRUE(worker->receive<wire::Lease>().has_value());
  stop();
  worker.reset();
  start();
  EXPECT_EQ(presence("w"), State::kAway);
  EXPECT_TRUE(eventually([&] { return !task_details(run).attempts.empty(); }));
}

class SilenceAfterAbsence : public Silence {
 protected:
  void SetUp() override {
    Silence::SetUp();
    stop();
    // Minted on the control thread: holding it there is to the port what sleep is to a machine.
    settings_.attempt_token = [this](AttemptId) {
      if (is_asleep_) {
        const Milliseconds end = os::boot_time() + settings_.lease + 6 * settings_.lease_margin;
        is_asleep_ = !eventually([end] { return os::boot_time() >= end; });
      }
      return std::string("token");
    };
    start();
  }

  std::atomic<bool> is_asleep_ = false;
};

TEST_F(SilenceAfterAbsence, AWorkerThatSpeaksAfterTheSchedulersOwnSleepKeepsItsAttempt) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  ASSERT_TRUE(worker->receive<wire::Lease>().has_value());
  is_asleep_ = true;
  static_cast<void>(submit(a_job(1, "y")));
  ASSERT_TRUE(worker->receive<wire::Lease>().has_value());
  ASSERT_FALSE(is_asleep_);
  worker->send(wire::Heartbeat{});
  EXPECT_TRUE(worker->receive<wire::HeartbeatAck>().has_value());
  EXPECT_FALSE(worker->take<wire::RegisterAgain>().has_value());
  EXPECT_TRUE(task_details(run).attempts.empty());
}

class SilenceWithGrace : public Silence {
 protected:
  void SetUp() override {
    Silence::SetUp();
    settings_.start_grace = Milliseconds{60'000};
  }
};

TEST_F(SilenceWithGrace, NoAttemptIsLostSoonAfterAStart) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  stop();
  start();
  // Far beyond the lease, a worker that was never silent marks the time.
  const auto other = a_worker("other");
  static_cast<void>(other->join());
  const auto end = std::chrono::steady_clock::now() + Milliseconds{1'500};
  EXPECT_TRUE(eventually([&] {
    other->send(wire::Heartbeat{});
    return other->receive<wire::HeartbeatAck>().has_value() &&
           std::chrono::steady_clock::now() > end;
  }));
  EXPECT_TRUE(task_details(run).attempts.empty());
  worker = a_worker();
  EXPECT_EQ(worker
                ->join({{.attempt = lease->spec.attempt,
                         .fence = lease->spec.fence,
                         .state = wire::HeldAttempt::State::kRunning}})
                .adopt.size(),
            1U);
}

}  // namespace
}  // namespace sheaf::workers
