// Placement as the core does it: order, room, devices, pools, stale proposals, obstacles.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::TaskBuilder;

using Devices = std::vector<std::uint32_t>;

RegisterWorker a_worker(std::string name, std::uint32_t slots) {
  return {.name = std::move(name),
          .boot_id = "boot-1",
          .version = "test",
          .slots = slots,
          .resources = {.cpu_millis = 4'000, .memory_bytes = 1'000, .gpus = {0, 1, 2}}};
}

std::vector<std::string> started_tasks(CoreWorld& world) {
  std::vector<std::string> keys;
  for (const StartAttempt& start : world.take_starts()) {
    keys.push_back(start.spec.task_key);
  }
  return keys;
}

using Keys = std::vector<std::string>;

TEST(Placement, JobsOfGreaterPriorityComeFirst) {
  CoreWorld world;
  const auto jobs = world.deploy_all({a_job("low").task(a_task("low")),
                                      a_job("high").priority(5).task(a_task("high")),
                                      a_job("less").priority(-5).task(a_task("less"))});
  for (const JobId job : {jobs[2], jobs[0], jobs[1]}) {
    world.submit(job);
  }
  world.register_worker(a_worker("w", 2));
  Keys started = started_tasks(world);
  std::ranges::sort(started);  // Of one turn, orders stand by run.
  EXPECT_EQ(started, (Keys{"high", "low"}));
}

TEST(Placement, OlderTasksOfOnePriorityComeFirstWhateverTheyAskFor) {
  CoreWorld world;
  const auto jobs =
      world.deploy_all({a_job("a").concurrent(5).task(a_task("a").resources({.cpu_millis = 1'000})),
                        a_job("b").concurrent(5).task(a_task("b"))});
  for (const JobId job : {jobs[0], jobs[1], jobs[0]}) {
    world.submit(job);
  }
  const auto ready = ready_tasks(world.state);
  EXPECT_TRUE(ready.empty()) << "without free slots nobody looks";
  world.register_worker(a_worker("w", 2));
  EXPECT_EQ(started_tasks(world).size(), 2U);
  EXPECT_EQ(world.state.ready.groups().size(), 1U);
  EXPECT_EQ(world.state.ready.groups().begin()->first.resources.cpu_millis, 1'000);
}

TEST(Placement, LooksAtNoMoreTasksOfAShapeThanThereAreSlots) {
  CoreWorld world;
  auto job = a_job("wide");
  for (int i = 0; i < 500; ++i) {
    job.task(a_task("t" + std::to_string(i)).resources({.gpus = 9}));
  }
  world.register_worker(a_worker("w", 3));
  world.submit(world.deploy(job));
  EXPECT_EQ(ready_tasks(world.state).size(), 3U);
}

TEST(Placement, ATaskThatDoesNotFitLetsOthersPass) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  world.submit(world.deploy(a_job("j")
                                .task(a_task("big").resources({.memory_bytes = 800}))
                                .task(a_task("too").resources({.memory_bytes = 800}))
                                .task(a_task("small").resources({.memory_bytes = 200}))));
  EXPECT_EQ(started_tasks(world), (Keys{"big", "small"}));
}

TEST(Placement, DevicesAreHeldUntilTheAttemptEndsAndThroughARestart) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  const RunId run = world.submit(world.deploy(a_job("j")
                                                  .task(a_task("a").resources({.gpus = 2}))
                                                  .task(a_task("b").resources({.gpus = 1}))
                                                  .task(a_task("c").resources({.gpus = 1}))));
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].spec.gpus, (Devices{0, 1}));
  EXPECT_EQ(starts[1].spec.gpus, Devices{2});
  world.restart();
  EXPECT_EQ(world.details_of(run, "a").gpus, (Devices{0, 1}));
  const auto owed = outstanding(world.state);
  EXPECT_EQ(std::get<StartAttempt>(owed.at(0)).spec.gpus, (Devices{0, 1}));
  auto again = a_worker("w", 4);
  again.attempts = {world.held(run, "a", HeldAttempt::State::kRunning),
                    world.held(run, "b", HeldAttempt::State::kRunning)};
  world.register_worker(again);
  EXPECT_TRUE(world.take_starts().empty());
  world.finish(run, "a");
  EXPECT_TRUE(world.details_of(run, "a").gpus.empty());
  EXPECT_EQ(world.take_starts().at(0).spec.gpus, Devices{0});
}

TEST(Placement, ProposalsThatStateDoesNotAllowAreLeftOut) {
  CoreWorld world;
  const WorkerId worker = world.register_worker(a_worker("w", 4)).worker;
  ASSERT_TRUE(world.turn(SetPool{.name = "closed", .limit = 0}).has_value());
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("held").resources({.cpu_millis = 3'000, .gpus = 1}))
                       .task(a_task("cpu").resources({.cpu_millis = 2'000}))
                       .task(a_task("gpu").resources({.cpu_millis = 2'000, .gpus = 1}))
                       .task(a_task("label").resources({.labels = {"disk"}}))
                       .task(a_task("pool").pool("closed"))));
  EXPECT_EQ(started_tasks(world), Keys{"held"});
  LeaseTasks stale;
  for (TaskIndex task = 0; task < 5; ++task) {
    stale.leases.push_back({.run = run, .task = task, .worker = worker});
  }
  const auto step = decide(world.state, {}, stale, world.now, world.batch + 1);
  ASSERT_TRUE(step.has_value());
  EXPECT_TRUE(step->events.empty());
}

TEST(Placement, ADeviceInUseIsNotGivenAgain) {
  CoreWorld world;
  const WorkerId worker = world.register_worker(a_worker("w", 4)).worker;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("a").pool("p").resources({.gpus = 1}))
                                    .task(a_task("b").pool("p").resources({.gpus = 1}))));
  ASSERT_TRUE(world.state.pools.contains("p"));
  apply(world.state, PoolRemoved{.name = "p"});
  const auto propose = [&](Devices gpus) {
    const LeaseTasks command{
        .leases = {{.run = run, .task = 1, .worker = worker, .gpus = std::move(gpus)}}};
    return decide(world.state, {}, command, world.now, world.batch + 1)->events.size();
  };
  EXPECT_EQ(propose({0}), 0U);
  EXPECT_EQ(propose({7}), 0U);
  EXPECT_EQ(propose({}), 0U);
  EXPECT_EQ(propose({1}), 1U);
}

TEST(Placement, ALargeTaskIsNotOvertakenForEver) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  auto small =
      a_job("small").concurrent(1'000).task(a_task("small").resources({.cpu_millis = 1'000}));
  const auto jobs = world.deploy_all(
      {small, a_job("large").task(a_task("large").resources({.cpu_millis = 4'000}))});
  std::vector<RunId> under_way;
  for (int i = 0; i < 4; ++i) {
    under_way.push_back(world.submit(jobs[0]));
  }
  const RunId large = world.submit(jobs[1]);
  int overtaken = 0;
  for (; overtaken < 100 && world.state_of(large, "large") == TaskState::kReady; ++overtaken) {
    under_way.push_back(world.submit(jobs[0]));
    const auto running = std::ranges::find_if(under_way, [&world](RunId run) {
      return world.state_of(run, "small") == TaskState::kLeased;
    });
    ASSERT_NE(running, under_way.end());
    world.finish(*running, "small");
  }
  EXPECT_EQ(world.state_of(large, "large"), TaskState::kLeased);
  EXPECT_LT(overtaken, 20);
}

TEST(Pools, LimitAttemptsOverAllJobs) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "licences", .limit = 2}).has_value());
  world.register_worker(a_worker("w", 10));
  const auto jobs = world.deploy_all(
      {a_job("a").task(a_task("a1").pool("licences")).task(a_task("a2").pool("licences")),
       a_job("b").task(a_task("b1").pool("licences")).task(a_task("free"))});
  const RunId run = world.submit(jobs[0]);
  world.submit(jobs[1]);
  EXPECT_EQ(started_tasks(world), (Keys{"a1", "a2", "free"}));
  EXPECT_EQ(pool_obstacle(world.state, "licences"),
            "pool \"licences\" is full: 2 of 2 attempts are under way");
  world.finish(run, "a1");
  EXPECT_EQ(started_tasks(world), Keys{"b1"});
  ASSERT_TRUE(world.turn(SetPool{.name = "licences", .limit = 5}).has_value());
  EXPECT_EQ(pool_fact(world.state, "licences"),
            "pool \"licences\" has room for 3 more attempts of 5");
}

TEST(Pools, ALimitOfZeroPausesAndAnUnknownPoolLimitsNothing) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 0}).has_value());
  world.register_worker(a_worker("w", 4));
  world.submit(world.deploy(
      a_job("j").task(a_task("paused").pool("p")).task(a_task("free").pool("nobody set it"))));
  EXPECT_EQ(started_tasks(world), Keys{"free"});
  EXPECT_EQ(pool_obstacle(world.state, "p"), "pool \"p\" is paused: its limit is 0");
  EXPECT_EQ(pool_obstacle(world.state, "nobody set it"), std::nullopt);
  EXPECT_EQ(pool_fact(world.state, "nobody set it"),
            "pool \"nobody set it\" limits nothing: nobody has set it");
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  EXPECT_EQ(started_tasks(world), Keys{"paused"});
}

TEST(Pools, OutliveARestartAndARemovalLiftsTheLimit) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 0}).has_value());
  world.restart();
  world.register_worker(a_worker("w", 4));
  world.submit(world.deploy(a_job("j").task(a_task("t").pool("p"))));
  EXPECT_TRUE(world.take_starts().empty());
  ASSERT_TRUE(world.turn(RemovePool{.name = "p"}).has_value());
  EXPECT_EQ(started_tasks(world), Keys{"t"});
  EXPECT_EQ(world.turn(RemovePool{.name = "p"}).error().code, ErrorCode::kNotFound);
}

TEST(Pools, NamesAreChecked) {
  CoreWorld world;
  EXPECT_EQ(world.turn(SetPool{.name = ""}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(world.turn(SetPool{.name = "two words"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(world.turn(SetPool{.name = std::string(101, 'x')}).error().code, ErrorCode::kInvalid);
}

TEST(Unmeetable, SaysWhatNoWorkerHas) {
  CoreWorld world;
  EXPECT_EQ(unmeetable(world.state, {}), "no worker has ever registered");
  world.register_worker(a_worker("w", 4));
  EXPECT_EQ(unmeetable(world.state, {.cpu_millis = 4'000, .gpus = 3}), std::nullopt);
  EXPECT_EQ(unmeetable(world.state, {.cpu_millis = 4'500, .labels = {"disk"}}),
            "no registered worker has 4.5 cpu and the label disk; the most cpu of one worker is 4; "
            "no worker has the label disk");
  EXPECT_EQ(unmeetable(world.state, {.gpus = 4}),
            "no registered worker has 4 gpu; the most gpus of one worker are 3");
}

TEST(Unmeetable, ATaskThatNobodyCanRunSaysSoAndWaits) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").resources({.gpus = 8}))));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kReady);
  EXPECT_EQ(world.details_of(run, "t").warnings,
            Keys{"It could not be placed when it became ready: no registered worker has 8 gpu; the "
                 "most gpus of one worker are 3."});
  auto large = a_worker("large", 1);
  large.resources.gpus = {0, 1, 2, 3, 4, 5, 6, 7};
  world.register_worker(large);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

TEST(Placement, AWorkerTellsWhichEnvironmentsItHas) {
  CoreWorld world;
  world.register_worker(a_worker("a", 8));
  world.register_worker(a_worker("b", 8));
  const auto& workers = world.state.workers;
  ASSERT_TRUE(workers.begin()->second.environments.empty());
  auto reported = a_worker("b", 8);
  reported.cached_environments = {42};
  world.register_worker(reported);
  EXPECT_EQ(std::next(workers.begin())->second.environments, std::vector<std::uint64_t>{42});
}

TEST(Pools, ShareTheirRoomAmongTasksOfEveryShape) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  world.submit(world.deploy(a_job("j")
                                .task(a_task("a").pool("p"))
                                .task(a_task("b").pool("p").resources({.memory_bytes = 1}))
                                .task(a_task("free"))));
  apply(world.state,
        WorkerRecorded{
            .worker = {
                .id = {1'000'000}, .name = "w", .slots = 8, .resources = {.memory_bytes = 8}}});
  EXPECT_EQ(propose_leases(world.state).leases.size(), 2U);
}

}  // namespace
}  // namespace sheaf::core
