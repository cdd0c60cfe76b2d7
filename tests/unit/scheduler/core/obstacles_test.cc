// What stands in a task's way, in the words that people read.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

constexpr std::int64_t kMegabyte = 1 << 20;

struct TextCase {
  model::ResourceRequest request;
  const char* text;
};

class UnmeetableTexts : public testing::TestWithParam<TextCase> {};

TEST_P(UnmeetableTexts, NameWhatIsAskedForAndTheMostThatThereIs) {
  CoreWorld world;
  world.register_worker(
      RegisterWorker{.name = "a",
                     .slots = 1,
                     .labels = {"ssd"},
                     .resources = {.cpu_millis = 2'500, .memory_bytes = 4 * kMegabyte}});
  world.register_worker(RegisterWorker{
      .name = "b", .slots = 1, .resources = {.cpu_millis = 1'000, .memory_bytes = 3, .gpus = {0}}});
  EXPECT_EQ(unmeetable(world.state, GetParam().request),
            std::string("no registered worker has ") + GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    UnmeetableTexts,
    testing::Values(TextCase{{.cpu_millis = 2'501}, "2.501 cpu; the most cpu of one worker is 2.5"},
                    TextCase{{.cpu_millis = 3'050}, "3.05 cpu; the most cpu of one worker is 2.5"},
                    TextCase{{.memory_bytes = 8 * kMegabyte},
                             "8 MiB of memory; the most memory of one worker is 4 MiB"},
                    TextCase{{.memory_bytes = 8 * kMegabyte + 1},
                             "8388609 bytes of memory; the most memory of one worker is 4 MiB"},
                    TextCase{{.gpus = 2}, "2 gpu; the most gpus of one worker are 1"},
                    TextCase{{.labels = {"ssd", "zone=b"}},
                             "the label ssd and the label zone=b; no worker has the label zone=b"},
                    TextCase{{.cpu_millis = 2'000, .memory_bytes = 2, .gpus = 1},
                             "2 cpu, 2 bytes of memory and 1 gpu"},
                    TextCase{{.cpu_millis = 2'500, .memory_bytes = 4 * kMegabyte, .gpus = 1},
                             "2.5 cpu, 4 MiB of memory and 1 gpu"}));

TEST(Unmeetable, WithoutAnySlotNobodyTakesAnything) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "w", .slots = 0});
  EXPECT_EQ(unmeetable(world.state, {}), "no worker has any slots");
}

TEST(Unmeetable, WarnsOnceInEachPassOfTheRun) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "large", .slots = 1, .resources = {.gpus = {0, 1}}});
  const JobId job = world.deploy(a_job("j").task(a_task("t").resources({.gpus = 2})));
  const RunId run = world.submit(job);
  world.finish(run, "t", 1);
  world.register_worker(RegisterWorker{.name = "large", .slots = 1});
  std::int64_t latest = 0;
  for (int i = 0; i < 2; ++i) {
    const RepairRun command{.run = run, .all_failed = true, .latest_repair = latest};
    latest = std::get<RepairReply>(world.turn(command).value()).repair;
    EXPECT_EQ(world.details_of(run, "t").warnings.size(), 1U);
    ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  }
}

TEST(PoolNames, HaveLettersDigitsUnderscoresAndDashes) {
  struct Row {
    std::string name;
    bool is_good;
  };
  for (const Row& row : {Row{"azAZ09_-", true},
                         Row{std::string(100, 'x'), true},
                         Row{std::string(101, 'x'), false},
                         Row{"", false},
                         Row{"`", false},
                         Row{"{", false},
                         Row{"@", false},
                         Row{"[", false},
                         Row{"/", false},
                         Row{":", false},
                         Row{".", false},
                         Row{" ", false},
                         Row{"\xC3\xA4", false}}) {
    CoreWorld world;
    EXPECT_EQ(world.turn(SetPool{.name = row.name, .limit = 1}).has_value(), row.is_good)
        << row.name;
  }
}

TEST(PoolTexts, OfAPoolThatNobodyUsesTellAllOfItsRoom) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 3}).has_value());
  EXPECT_EQ(pool_fact(world.state, "p"), "pool \"p\" has room for 3 more attempts of 3");
  EXPECT_EQ(pool_obstacle(world.state, "p"), std::nullopt);
  EXPECT_EQ(pool_obstacle(world.state, ""), std::nullopt);
}

TEST(PoolTexts, OfAPoolWhoseLimitFellBelowItsUseSayBoth) {
  CoreWorld world;
  world.register_worker("w", 2);
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 2}).has_value());
  world.submit(world.deploy(a_job("j").task(a_task("a").pool("p")).task(a_task("b").pool("p"))));
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  EXPECT_EQ(pool_fact(world.state, "p"), "pool \"p\" is full: 2 of 1 attempts are under way");
}

TEST(LeaseTasks, NamedTwiceIsGrantedOnceAndASuspectWorkerGetsNothing) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 4).worker;
  const WorkerId other = world.register_worker("other", 4).worker;
  ASSERT_TRUE(world.turn(ReportSilence{.worker = other}).has_value());
  ASSERT_TRUE(world.turn(ReportSilence{.worker = worker}).has_value());
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  apply(world.state, WorkerSuspected{.worker = worker, .suspect = false});
  const auto leased = [&](const std::vector<LeaseTasks::Lease>& leases) {
    const auto step = decide(world.state, {}, LeaseTasks{.leases = leases}, world.now, 99);
    return step->effects.size();
  };
  const LeaseTasks::Lease good{.run = run, .task = 0, .worker = worker};
  EXPECT_EQ(leased({good, good}), 1U);
  EXPECT_EQ(leased({{.run = run, .task = 0, .worker = other}}), 0U);
  EXPECT_EQ(leased({{.run = run, .task = 0, .worker = WorkerId{999}}}), 0U);
  EXPECT_EQ(leased({{.run = run, .task = 1, .worker = worker}}), 0U) << "it has no such task";
  EXPECT_EQ(leased({{.run = RunId{999}, .task = 0, .worker = worker}}), 0U);
}

}  // namespace
}  // namespace sheaf::core
