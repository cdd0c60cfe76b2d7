// Commands that follow from State, or come from outside, and find it changed: they change nothing
// that is over, and say so where somebody asked.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

constexpr RunId kNobody{999'999};

/// A run of one task that waits for a worker.
class WaitingWorld : public CoreWorld {
 public:
  WaitingWorld() : id(submit(deploy(a_job("j").task(a_task("t"))))) {}

  [[nodiscard]] std::size_t events_of(const Command& command) const {
    const auto step = decide(state, {}, command, now, batch + 1);
    EXPECT_TRUE(step.has_value());
    return step ? step->events.size() + step->effects.size() : 0;
  }

  RunId id;
};

TEST(FollowUps, OfARunThatIsGoneChangeNothing) {
  const WaitingWorld world;
  EXPECT_EQ(world.events_of(StartChildRun{.parent = {kNobody, 0}}), 0U);
  EXPECT_EQ(world.events_of(PlanIterations{.parent = {kNobody, 0}}), 0U);
  EXPECT_EQ(world.events_of(Settle{.work = {.unblocked = {{kNobody, 0}},
                                            .stoppable = {{kNobody, 0}},
                                            .finished_runs = {kNobody},
                                            .startable_jobs = {JobId{999'999}},
                                            .blocks = {{kNobody, 0}},
                                            .ended_children = {{{kNobody, 0}, {}}}}}),
            0U);
}

TEST(FollowUps, OfWhatHasGoneOnChangeNothing) {
  const WaitingWorld world;
  const TaskRef ready{world.id, 0};
  EXPECT_EQ(world.events_of(StartChildRun{.parent = ready}), 0U);
  EXPECT_EQ(world.events_of(PlanIterations{.parent = ready}), 0U);
  const JobId job = world.run(world.id).job;
  EXPECT_EQ(world.events_of(Settle{.work = {.unblocked = {ready},
                                            .finished_runs = {world.id},
                                            .startable_jobs = {job},
                                            .ended_children = {{ready, {}}}}}),
            0U);
}

TEST(FollowUps, OfATaskThatIsOverOrOnAWorkerStopNothing) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("on a worker"))
                                    .task(a_task("over"))
                                    .task(a_task("each").for_each("[1]", a_task("one")))
                                    .task(a_task("waits").resources({.gpus = 9}))));
  world.finish(run, "over");
  const Settle command{.work = {.stoppable = {{run, 0}, {run, 1}, {run, 2}, {run, 3}}}};
  const auto step = decide(world.state, {}, command, world.now, 99);
  ASSERT_EQ(step->events.size(), 1U);
  EXPECT_EQ(std::get<TaskFinished>(step->events[0]).task, 3U);
}

TEST(FollowUps, OfAForEachTaskThatIsOverStartNothing) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("each").for_each("[1]", a_task("one"))).task(a_task("other"))));
  world.finish_iteration(run, "each", 0);
  const auto step = decide(world.state, {}, Settle{.work = {.blocks = {{run, 0}}}}, world.now, 99);
  EXPECT_TRUE(step->events.empty());
}

TEST(FollowUps, OfATaskThatIsBeingStoppedEndIt) {
  struct Row {
    StopReason reason;
    TaskState state;
  };
  for (const Row row : {Row{StopReason::kUserCancel, TaskState::kCancelled},
                        Row{StopReason::kTimeout, TaskState::kTimedOut}}) {
    CoreWorld world;
    const auto jobs = world.deploy_all(
        {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
    const RunId run = world.submit(jobs[0]);
    apply(world.state, DelegationStopRequested{.run = run, .task = 0, .reason = row.reason});
    const auto step =
        decide(world.state, {}, StartChildRun{.parent = {run, 0}, .job = jobs[1]}, world.now, 99);
    ASSERT_EQ(step->events.size(), 1U);
    const auto& ended = std::get<TaskFinished>(step->events[0]);
    EXPECT_EQ(ended.state, row.state);
    EXPECT_EQ(ended.message, "Stopped before its run was started.");
  }
}

TEST(Reports, OfAnAttemptThatNobodyHasChangeNothing) {
  const WaitingWorld world;
  const AttemptId gone{999'999};
  EXPECT_EQ(world.events_of(ReportStarted{.attempt = gone}), 0U);
  EXPECT_EQ(world.events_of(ReportValues{.attempt = gone}), 0U);
  EXPECT_EQ(world.events_of(ReportResult{.attempt = gone}), 0U);
  EXPECT_EQ(world.events_of(ReportRejected{.attempt = gone}), 0U);
}

TEST(Reports, UnderAnotherLeaseChangeNothing) {
  CoreWorld world;
  const WorkerId other = world.register_worker("other", 0).worker;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow row = world.row_of(run, "t");
  const auto count = [&world](const Command& command) {
    return decide(world.state, {}, command, world.now, 99)->events.size();
  };
  struct Lease {
    WorkerId worker;
    std::uint64_t fence;
    std::size_t events;
  };
  for (const Lease lease : {Lease{other, row.fence, 0U},
                            Lease{row.worker, row.fence + 1, 0U},
                            Lease{row.worker, row.fence, 1U}}) {
    EXPECT_EQ(count(ReportStarted{lease.worker, row.attempt, lease.fence, world.now}),
              lease.events);
    EXPECT_EQ(count(ReportValues{lease.worker, row.attempt, lease.fence, {{"k", "1"}}}),
              lease.events);
    EXPECT_EQ(count(ReportRejected{lease.worker, row.attempt, lease.fence, "full"}),
              lease.events * 2)
        << "the task returns, and its worker gets nothing for a while";
  }
}

TEST(Reports, ThatAreRepeatedAreNoNews) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  world.publish(run, "t", "k", "1");
  const std::size_t before = world.events.size();
  world.start(run, "t");
  world.publish(run, "t", "k", "1");
  EXPECT_EQ(world.events.size(), before);
  world.publish(run, "t", "k", "2");
  EXPECT_EQ(world.events.size(), before + 1);
}

TEST(Reports, AStartThatIsToldDuringTheStopIsRecordedOnce) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").timeout(std::chrono::seconds(9)))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kStopping);
  world.start(run, "t");
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kStopping);
  EXPECT_EQ(world.row_of(run, "t").started, world.now);
  EXPECT_EQ(world.row_of(run, "t").deadline, kNoTime) << "it is being stopped already";
  const std::size_t before = world.events.size();
  world.start(run, "t");
  EXPECT_EQ(world.events.size(), before);
}

TEST(Silence, OfAWorkerThatNobodyKnowsIsNotFound) {
  CoreWorld world;
  EXPECT_EQ(world.turn(ReportSilence{.worker = WorkerId{42}}).error().code, ErrorCode::kNotFound);
}

TEST(Outstanding, NothingIsOwedToAWorkerThatNobodyKnows) {
  EXPECT_TRUE(outstanding_for(State{}, WorkerId{42}).empty());
}

TEST(Outstanding, StopsAndSchedulesAreOwedToo) {
  CoreWorld world;
  world.register_worker("w", 3);
  const RunId run = world.submit(world.deploy(a_job("j")
                                                  .schedule("0 0 0 * * ?")
                                                  .task(a_task("starts"))
                                                  .task(a_task("runs"))
                                                  .task(a_task("stops"))));
  world.start(run, "runs");
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "stops").attempt}));
  const auto owed = outstanding(world.state);
  ASSERT_EQ(owed.size(), 3U);
  EXPECT_EQ(std::get<StartAttempt>(owed[0]).spec.task_key, "starts");
  EXPECT_EQ(std::get<StopAttempt>(owed[1]).attempt, world.row_of(run, "stops").attempt);
  EXPECT_EQ(std::get<StopAttempt>(owed[1]).reason, StopReason::kUserCancel);
  EXPECT_EQ(std::get<WatchSchedule>(owed[2]).schedule.job, world.run(run).job);
}

TEST(Outstanding, AnAttemptThatItsWorkerForgotIsOwedNothing) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  world.register_worker("w", 1);
  ASSERT_EQ(world.row_of(run, "t").deadline, world.now + limits::kWorkerLease);
  EXPECT_TRUE(outstanding(world.state).empty());
}

}  // namespace
}  // namespace sheaf::core
