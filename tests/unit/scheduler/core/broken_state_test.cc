// Each complaint of check_invariants, by a state that was broken by hand; and events that decide()
// never makes, which apply() refuses to take.
#include <gtest/gtest.h>

#include "scheduler/core/state_writer.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

constexpr TaskIndex kHeld = 0;     ///< On a worker, with a device, in a pool.
constexpr TaskIndex kBehind = 1;   ///< Blocked by kHeld.
constexpr TaskIndex kEach = 2;     ///< A for-each task with one iteration under way.
constexpr TaskIndex kRetried = 3;  ///< Waits for its next attempt.
constexpr TaskIndex kWaits = 4;    ///< Ready, without a worker.
constexpr RunId kNobody{999'999};

/// A run with a task in each of the states that the indices speak of, and one in the queue.
class BusyWorld : public CoreWorld {
 public:
  BusyWorld() {
    register_worker(
        RegisterWorker{.name = "w",
                       .boot_id = "boot-1",
                       .slots = 3,
                       .resources = {.cpu_millis = 4'000, .memory_bytes = 1'000, .gpus = {0, 1}}});
    job = deploy(a_job("busy")
                     .task(a_task("held").pool("p").resources({.gpus = 1}))
                     .task(a_task("behind").after("held"))
                     .task(a_task("each").for_each("[1, 2, 3]", a_task("one")))
                     .task(a_task("retried").retries(1).retry_interval(std::chrono::hours(1)))
                     .task(a_task("waits").resources({.gpus = 9})));
    id = submit(job);
    finish(id, "retried", 1);
    queued = submit(job);
  }

  LiveRun& live() { return *state.find_run(id); }
  LiveWorker& worker() { return state.workers.begin()->second; }

  JobId job;
  RunId id;
  RunId queued;
};

struct Complaint {
  const char* text;
  void (*break_it)(BusyWorld& world);
};

void PrintTo(const Complaint& complaint, std::ostream* out) {
  *out << complaint.text;
}

class BrokenStateDeathTest : public testing::TestWithParam<Complaint> {};

TEST_P(BrokenStateDeathTest, IsFound) {
  BusyWorld world;
  check_invariants(world.state);
  GetParam().break_it(world);
  EXPECT_DEATH(check_invariants(world.state), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Dependencies,
    BrokenStateDeathTest,
    testing::Values(
        Complaint{"unfinished tasks are miscounted",
                  [](BusyWorld& world) { ++world.live().unfinished_tasks; }},
        Complaint{"open dependencies are miscounted",
                  [](BusyWorld& world) { ++world.live().dependencies[kBehind].open; }},
        Complaint{"successes are miscounted",
                  [](BusyWorld& world) { ++world.live().dependencies[kBehind].succeeded; }},
        Complaint{"failures are miscounted",
                  [](BusyWorld& world) { ++world.live().dependencies[kBehind].failed; }},
        Complaint{"a task began before its dependencies", [](BusyWorld& world) {
                    world.live().tasks.state[kBehind] = TaskState::kReady;
                  }}));

INSTANTIATE_TEST_SUITE_P(
    Iterations,
    BrokenStateDeathTest,
    testing::Values(Complaint{"a block is half there",
                              [](BusyWorld& world) { world.live().blocks.pop_back(); }},
                    Complaint{"iterations stand in gaps",
                              [](BusyWorld& world) { ++world.live().record.blocks[0].first; }},
                    Complaint{"unfinished iterations are miscounted",
                              [](BusyWorld& world) { ++world.live().blocks[0].unfinished; }},
                    Complaint{"active iterations are miscounted",
                              [](BusyWorld& world) { ++world.live().blocks[0].active; }},
                    Complaint{"the next iteration is not the first that waits",
                              [](BusyWorld& world) { ++world.live().blocks[0].next; }},
                    Complaint{"iterations run without their task",
                              [](BusyWorld& world) {
                                world.live().tasks.state[kEach] = TaskState::kBlocked;
                              }},
                    Complaint{"a row belongs to nobody", [](BusyWorld& world) {
                                world.live().tasks.resize(++world.live().record.task_count);
                              }}));

INSTANTIATE_TEST_SUITE_P(
    Attempts,
    BrokenStateDeathTest,
    testing::Values(
        Complaint{"workers hold attempts that nobody knows",
                  [](BusyWorld& world) { world.worker().attempts.insert(AttemptId{999'999}); }},
        Complaint{"the attempt index is wrong",
                  [](BusyWorld& world) { world.live().tasks.state[kHeld] = TaskState::kReady; }},
        Complaint{"the attempt index is wrong",
                  [](BusyWorld& world) {
                    world.state.attempts[world.live().tasks.attempt[kHeld]] = {kNobody, kHeld};
                  }},
        Complaint{"an active attempt is on no worker",
                  [](BusyWorld& world) { world.live().tasks.worker[kHeld] = WorkerId{999'999}; }},
        Complaint{"an active attempt is on no worker",
                  [](BusyWorld& world) {
                    const auto other = world.register_worker("other", 1).worker;
                    world.live().tasks.worker[kHeld] = other;
                  }},
        Complaint{"a task is under way in a run that is not",
                  [](BusyWorld& world) { world.live().record.state = RunState::kQueued; }},
        Complaint{"task values are miscounted",
                  [](BusyWorld& world) { ++world.live().value_count; }}));

INSTANTIATE_TEST_SUITE_P(
    Deadlines,
    BrokenStateDeathTest,
    testing::Values(
        Complaint{"a deadline is not in the index",
                  [](BusyWorld& world) { world.live().tasks.deadline[kHeld] = world.now; }},
        Complaint{"a task waits for ever",
                  [](BusyWorld& world) { world.live().tasks.deadline[kRetried] = kNoTime; }},
        Complaint{"a deadline of a task that has none",
                  [](BusyWorld& world) {
                    world.live().tasks.deadline[kBehind] = world.now;
                    world.state.deadlines.insert({world.now, {world.id, kBehind}});
                  }},
        Complaint{
            "a deadline of a run that is not live",
            [](BusyWorld& world) { world.state.deadlines.insert({world.now, {kNobody, kHeld}}); }},
        Complaint{
            "the deadline index is stale",
            [](BusyWorld& world) { world.state.deadlines.insert({world.now, {world.id, kHeld}}); }},
        Complaint{"the deadline index is stale", [](BusyWorld& world) {
                    world.state.deadlines.insert({world.now, {world.id, kRunItself}});
                  }}));

INSTANTIATE_TEST_SUITE_P(
    Usage,
    BrokenStateDeathTest,
    testing::Values(
        Complaint{"a task without an attempt holds devices",
                  [](BusyWorld& world) { world.live().details[kBehind].gpus = {1}; }},
        Complaint{"a worker's cores are miscounted",
                  [](BusyWorld& world) { ++world.worker().cpu_millis; }},
        Complaint{"a worker's memory is miscounted",
                  [](BusyWorld& world) { ++world.worker().memory_bytes; }},
        Complaint{"a worker's devices are miscounted",
                  [](BusyWorld& world) { world.worker().gpus.insert(1); }},
        Complaint{"a pool is miscounted", [](BusyWorld& world) { ++world.state.pool_usage["p"]; }},
        Complaint{"the ready queue keeps an empty group",
                  [](BusyWorld& world) {
                    // Nothing in its interface can do that.
                    const_cast<ReadyQueue::Groups&>(world.state.ready.groups())[{}] = {};
                  }},
        Complaint{"a ready task is not in the queue",
                  [](BusyWorld& world) { world.state.ready = {}; }},
        Complaint{"the queue holds a run that is not queued",
                  [](BusyWorld& world) { world.state.jobs[world.job].queued.push_back(world.id); }},
        Complaint{"the queue holds a run that is not queued", [](BusyWorld& world) {
                    world.state.jobs[world.job].queued.push_back(kNobody);
                  }}));

TEST(ImpossibleEventDeathTest, OfARunThatIsNotLive) {
  State state;
  EXPECT_DEATH(apply(state, RunFinished{.run = kNobody}), "names a run that is not live");
}

TEST(ImpossibleEventDeathTest, ARunThatIsThereAlready) {
  BusyWorld world;
  EXPECT_DEATH(apply(world.state,
                     RunSubmitted{.run = world.live().record, .settings = world.live().settings}),
               "a run id was given twice");
  RunRepaired repaired{.run = world.run(world.queued), .settings = world.live().settings};
  repaired.run->repairs.push_back({.id = 1});
  repaired.rows.resize(repaired.run->task_count);
  EXPECT_DEATH(apply(world.state, repaired), "a run id was given twice");
}

TEST(ImpossibleEventDeathTest, ATaskThatEndsTwice) {
  BusyWorld world;
  const TaskFinished ended{
      .run = world.id, .task = kHeld, .state = TaskState::kCancelled, .at = world.now};
  apply(world.state, ended);
  EXPECT_DEATH(apply(world.state, ended), "a dependency finished twice");
}

TEST(ImpossibleEventDeathTest, MoreEndsThanThereAreTasksOrIterations) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("each").for_each("[1]", a_task("one")))));
  const TaskFinished iteration{.run = run, .task = 1, .state = TaskState::kSucceeded};
  apply(world.state, iteration);
  EXPECT_DEATH(apply(world.state, iteration), "more iterations finished than there are");
  const TaskFinished task{.run = run, .task = 0, .state = TaskState::kSucceeded};
  apply(world.state, task);
  EXPECT_DEATH(apply(world.state, task), "more tasks finished than there are");
}

TEST(ImpossibleEventDeathTest, AnAttemptOfAWorkerThatNobodyKnows) {
  BusyWorld world;
  EXPECT_DEATH(apply(world.state,
                     TasksLeased{.run = world.id,
                                 .leases = {{.task = kWaits, .worker = WorkerId{999'999}}}}),
               "on a worker that nobody knows");
  world.state.workers.clear();
  EXPECT_DEATH(apply(world.state, TaskReturned{.run = world.id, .task = kHeld}),
               "on a worker that nobody knows");
}

TEST(ImpossibleEventDeathTest, ABlockThatDoesNotFollowTheLastRow) {
  BusyWorld world;
  EXPECT_DEATH(
      apply(world.state,
            IterationsPlanned{.run = world.id, .block = {.parent = kEach, .first = 3, .count = 1}}),
      "a block begins behind the last row");
}

TEST(ImpossibleRowsDeathTest, WithoutInputsAreNotRestored) {
  BusyWorld world;
  StoredState stored = world.stored_state();
  stored.runs.at(0).inputs.clear();
  EXPECT_DEATH(static_cast<void>(restore(stored)), "a block has no inputs");
}

TEST(ImpossibleRowsDeathTest, OfAnotherRunAreFoundAndNotRestored) {
  struct Row {
    const char* what;
    void (*spoil)(StoredRun& run);
  };
  for (const Row& row : {Row{"settings", [](StoredRun& run) { ++run.record.graph_size; }},
                         Row{"settings", [](StoredRun& run) { run.settings = nullptr; }},
                         Row{"rows", [](StoredRun& run) { run.rows.pop_back(); }},
                         Row{"inputs", [](StoredRun& run) { run.inputs.emplace_back(); }}}) {
    BusyWorld world;
    StoredRun run = world.stored_state().runs.at(0);
    ASSERT_TRUE(check_stored(run).has_value());
    StoredRun without = run;
    without.inputs.clear();
    EXPECT_TRUE(check_stored(without).has_value()) << "who asks for none needs none";
    row.spoil(run);
    const auto checked = check_stored(run);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(checked.error().message.find(std::string("other ") + row.what), std::string::npos)
        << checked.error().message;
    EXPECT_DEATH(static_cast<void>(from_stored(run)), row.what);
  }
}

TEST(ImpossibleRowsDeathTest, WithoutABlockAreNoIterations) {
  BusyWorld world;
  EXPECT_DEATH(static_cast<void>(world.live().block_of(kHeld)), "the row is no iteration");
  EXPECT_DEATH(static_cast<void>(world.live().blocks[0].inputs->at(3)), "there is no such input");
}

TEST(ImpossibleSettingsDeathTest, ThatDependOnATaskThatIsNotThere) {
  EXPECT_DEATH(JobGraph(a_job("j").task(a_task("t").after("gone")).build()), "unknown dependency");
}

TEST(ImpossibleSettingsDeathTest, WhoseReferencesResolveNoLonger) {
  BusyWorld world;
  model::JobSettings settings = *world.live().settings;
  for (const TaskIndex task : {kHeld, kWaits}) {
    settings.tasks[task].action = model::CommandTask{.command = {"{{tasks.gone.values.x}}"}};
  }
  settings.tasks[kWaits].resources = {};
  world.live().settings = std::make_shared<const model::JobSettings>(settings);
  EXPECT_DEATH(static_cast<void>(outstanding(world.state)), "a leased task's references");
  const LeaseTasks lease{
      .leases = {{.run = world.id, .task = kWaits, .worker = world.worker().record.id}}};
  EXPECT_DEATH(static_cast<void>(decide(world.state, {}, lease, world.now, 1)),
               "a ready task's references");
}

TEST(GoneRunDeathTest, HasNoDeadline) {
  State state;
  const Timestamp now = from_epoch_ms(1);
  state.deadlines.insert({now, {kNobody, 0}});
  EXPECT_DEATH(static_cast<void>(decide(state, {}, AdvanceTime{}, now, 1)),
               "a deadline of a run that is not live");
}

class ImpossibleDeadlineDeathTest : public testing::TestWithParam<TaskState> {};

TEST_P(ImpossibleDeadlineDeathTest, OfATaskThatCanHaveNone) {
  BusyWorld world;
  world.live().tasks.state[kBehind] = GetParam();
  world.state.deadlines = {{world.now, {world.id, kBehind}}};
  EXPECT_DEATH(static_cast<void>(decide(world.state, {}, AdvanceTime{}, world.now, 1)),
               "a task that can have none");
}

INSTANTIATE_TEST_SUITE_P(States,
                         ImpossibleDeadlineDeathTest,
                         testing::Values(TaskState::kBlocked,
                                         TaskState::kReady,
                                         TaskState::kSucceeded,
                                         TaskState::kFailed,
                                         TaskState::kTimedOut,
                                         TaskState::kCancelled,
                                         TaskState::kExcluded,
                                         TaskState::kUpstreamFailed,
                                         TaskState::kUpstreamCancelled,
                                         TaskState::kDisabled,
                                         TaskState::kInternalError));

class UnfinishedDependencyDeathTest : public testing::TestWithParam<TaskState> {};

TEST_P(UnfinishedDependencyDeathTest, CountsAsNothing) {
  BusyWorld world;
  world.live().tasks.state[kHeld] = GetParam();
  EXPECT_DEATH(static_cast<void>(classify(world.live(), kHeld, EdgeOutcome::kAny)),
               "an unfinished task was classified");
}

INSTANTIATE_TEST_SUITE_P(States,
                         UnfinishedDependencyDeathTest,
                         testing::Values(TaskState::kBlocked,
                                         TaskState::kReady,
                                         TaskState::kLeased,
                                         TaskState::kRunning,
                                         TaskState::kWaitingRetry,
                                         TaskState::kStopping,
                                         TaskState::kDelegated));

}  // namespace
}  // namespace sheaf::core
