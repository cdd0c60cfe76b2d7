// LEASE and CANCEL: what the core orders reaches the worker, again and again if need be.
#include "tests/unit/scheduler/workers/port_fixture.h"

namespace sheaf::workers {
namespace {

class Orders : public PortTest {
 protected:
  void SetUp() override {
    settings_.resend_after = Milliseconds{50};
    PortTest::SetUp();
  }

  /// Eats what is under way, then tells whether more of these comes.
  template <typename Message>
  bool goes_on(TestWorker& worker) {
    while (worker.receive<Message>(Milliseconds{20})) {
    }
    return worker.receive<Message>(Milliseconds{500}).has_value();
  }
};

TEST_F(Orders, AReadyTaskIsLeasedWithItsToken) {
  const auto worker = a_worker();
  const wire::Welcome welcome = worker->join();
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  EXPECT_EQ(lease->spec.run, run);
  EXPECT_EQ(lease->spec.task_key, "t0");
  EXPECT_EQ(lease->spec.arguments, (std::vector<std::string>{"echo", "x"}));
  EXPECT_EQ(lease->token, "token-" + to_string(lease->spec.attempt));
  EXPECT_EQ(task_row(run).worker, welcome.worker);
  EXPECT_EQ(task_row(run).fence, lease->spec.fence);
}

TEST_F(Orders, NoMoreIsLeasedThanThereAreSlots) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  static_cast<void>(submit(a_job(3)));
  const auto first = worker->receive<wire::Lease>();
  const auto second = worker->receive<wire::Lease>();
  ASSERT_TRUE(first && second);
  worker->send(success(*first));
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  std::set<std::string> tasks{first->spec.task_key, second->spec.task_key};
  EXPECT_TRUE(eventually([&] {
    const auto lease = worker->take<wire::Lease>();
    if (lease) {
      tasks.insert(lease->spec.task_key);
    }
    return tasks.size() == 3;
  }));
}

TEST_F(Orders, ALeaseIsRepeatedUntilItIsAccepted) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  static_cast<void>(submit(a_job()));
  const auto first = worker->receive<wire::Lease>();
  const auto second = worker->receive<wire::Lease>();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  worker->send(wire::Accepted{.attempt = first->spec.attempt, .fence = first->spec.fence});
  EXPECT_FALSE(goes_on<wire::Lease>(*worker));
}

TEST_F(Orders, AResultEndsTheRepetitionToo) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  static_cast<void>(submit(a_job()));
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  worker->send(success(*lease));
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  EXPECT_FALSE(goes_on<wire::Lease>(*worker));
}

TEST_F(Orders, ARejectedLeaseComesAgainUnderANewFenceOnceTheWorkerIsHeard) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  static_cast<void>(submit(a_job()));
  const auto first = worker->receive<wire::Lease>();
  ASSERT_TRUE(first.has_value());
  worker->send(wire::Rejected{
      .attempt = first->spec.attempt, .fence = first->spec.fence, .reason = "draining"});
  std::optional<wire::Lease> next;
  EXPECT_TRUE(eventually([&] {
    worker->send(wire::Heartbeat{});
    next = worker->take<wire::Lease>();
    return next && next->spec.fence != first->spec.fence;
  }));
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->spec.attempt, first->spec.attempt);
  EXPECT_GT(next->spec.fence, first->spec.fence);
}

TEST_F(Orders, ACancelIsRepeatedUntilTheResult) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  worker->send(wire::Accepted{.attempt = lease->spec.attempt, .fence = lease->spec.fence});
  worker->send(wire::Started{.attempt = lease->spec.attempt, .fence = lease->spec.fence});
  ASSERT_TRUE(worker->receive<wire::StartedAck>().has_value());
  call<std::monostate>(core::CancelRun{.run = run});
  const auto cancel = worker->receive<wire::Cancel>();
  ASSERT_TRUE(cancel.has_value());
  EXPECT_EQ(cancel->attempt, lease->spec.attempt);
  EXPECT_EQ(cancel->fence, lease->spec.fence);
  EXPECT_EQ(cancel->grace, settings_.kill_grace);
  EXPECT_TRUE(worker->receive<wire::Cancel>().has_value());
  EXPECT_FALSE(is_terminal(run_state(run)));  // Not before the tree is gone.
  wire::ResultReport result = success(*lease);
  result.outcome.end = model::AttemptEnd::kCancelled;
  worker->send(result);
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run), core::RunState::kCancelled);
  EXPECT_FALSE(goes_on<wire::Cancel>(*worker));
}

TEST_F(Orders, ACancelOfALeaseThatNeverArrivedEndsTheRun) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  ASSERT_TRUE(worker->receive<wire::Lease>().has_value());
  call<std::monostate>(core::CancelRun{.run = run});
  worker = a_worker();  // A new agent, which found nothing on its disk.
  static_cast<void>(worker->join());
  const auto cancel = worker->receive<wire::Cancel>();
  ASSERT_TRUE(cancel.has_value());
  worker->send(
      wire::ResultReport{.attempt = cancel->attempt,
                         .fence = cancel->fence,
                         .outcome = {.end = model::AttemptEnd::kCancelled, .tree_empty = true}});
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run), core::RunState::kCancelled);
}

TEST_F(Orders, WhatWasOwedBeforeTheSchedulersDeathIsOwedAfterIt) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  stop();
  start();
  worker = a_worker();
  EXPECT_TRUE(worker->join().adopt.empty());
  const auto again = worker->receive<wire::Lease>();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->spec, lease->spec);
  worker->send(success(*again));
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run), core::RunState::kSucceeded);
}

TEST_F(Orders, AHeldAttemptIsAdoptedAndNotLeasedAgain) {
  auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job());
  const auto lease = worker->receive<wire::Lease>();
  ASSERT_TRUE(lease.has_value());
  stop();
  start();
  worker = a_worker();
  const wire::Welcome welcome = worker->join({{.attempt = lease->spec.attempt,
                                               .fence = lease->spec.fence,
                                               .state = wire::HeldAttempt::State::kRunning}});
  EXPECT_EQ(welcome.adopt, std::vector<AttemptId>{lease->spec.attempt});
  EXPECT_FALSE(worker->receive<wire::Lease>(Milliseconds{300}).has_value());
  worker->send(success(*lease));
  ASSERT_TRUE(worker->receive<wire::ResultAck>().has_value());
  EXPECT_EQ(run_state(run), core::RunState::kSucceeded);
}

TEST_F(Orders, AnAttemptThatFitsNoFrameFailsWithTheReason) {
  const auto worker = a_worker();
  static_cast<void>(worker->join());
  const RunId run = submit(a_job(1, std::string(limits::kMaxControlMessageBytes, 'x')));
  EXPECT_TRUE(eventually([&] { return is_terminal(run_state(run)); }));
  EXPECT_NE(task_details(run).message.find("too large"), std::string::npos)
      << task_details(run).message;
}

}  // namespace
}  // namespace sheaf::workers
