#include "scheduler/placement/placement.h"

#include <gtest/gtest.h>

namespace sheaf::placement {
namespace {

constexpr std::int64_t kGigabyte = 1 << 30;

WorkerCapacity a_worker(std::int64_t id, std::uint32_t slots, std::uint32_t used = 0) {
  return {.worker = WorkerId{id}, .slots = slots, .used = used};
}

/// Tasks of one shape.
std::vector<Placement> plan_alike(const ClusterView& view,
                                  std::size_t count,
                                  const TaskShape& shape = {},
                                  Policy policy = Policy::kSpread) {
  const std::vector<ReadyTask> ready(count);
  return plan(view, std::span(&shape, 1), ready, policy);
}

std::vector<std::int64_t> workers_of(const std::vector<Placement>& placements) {
  std::vector<std::int64_t> workers;
  for (const Placement& placement : placements) {
    workers.push_back(placement.worker.value);
  }
  return workers;
}

using Workers = std::vector<std::int64_t>;

TEST(Plan, SpreadsOverTheEmptiestWorkers) {
  const ClusterView view{.workers = {a_worker(1, 2), a_worker(2, 2)}};
  EXPECT_EQ(workers_of(plan_alike(view, 3)), (Workers{1, 2, 1}));
}

TEST(Plan, PacksTheFullestWorkers) {
  const ClusterView view{.workers = {a_worker(1, 4), a_worker(2, 4, 2)}};
  EXPECT_EQ(workers_of(plan_alike(view, 3, {}, Policy::kPack)), (Workers{2, 2, 1}));
}

TEST(Plan, ComparesSharesNotCounts) {
  const ClusterView view{.workers = {a_worker(1, 2, 1), a_worker(2, 8, 3)}};
  EXPECT_EQ(workers_of(plan_alike(view, 1)), Workers{2});
}

TEST(Plan, NeverExceedsSlots) {
  const ClusterView view{.workers = {a_worker(1, 3, 1), a_worker(2, 1, 1), a_worker(3, 0)}};
  EXPECT_EQ(view.free_slots(), 2U);
  EXPECT_EQ(plan_alike(view, 100).size(), 2U);
}

TEST(Plan, KeepsTheOrderOfReadyTasks) {
  const ClusterView view{.workers = {a_worker(1, 4)}};
  const auto placements = plan_alike(view, 4);
  for (std::size_t i = 0; i < placements.size(); ++i) {
    EXPECT_EQ(placements[i].task, i);
  }
}

TEST(Plan, AWorkerWithMoreInUseThanSlotsHasNoFreeOnes) {
  const ClusterView view{.workers = {a_worker(1, 1, 5)}};
  EXPECT_EQ(view.free_slots(), 0U);
  EXPECT_TRUE(plan_alike(view, 1).empty());
}

TEST(Plan, CountsCoresAndMemory) {
  ClusterView view{.workers = {a_worker(1, 10)}};
  view.workers[0].cpu_millis = {.total = 4'000, .used = 500};
  view.workers[0].memory_bytes = {.total = 8 * kGigabyte};
  EXPECT_EQ(plan_alike(view, 9, {.resources = {.cpu_millis = 1'000}}).size(), 3U);
  EXPECT_EQ(plan_alike(view, 9, {.resources = {.memory_bytes = 4 * kGigabyte}}).size(), 2U);
}

TEST(Plan, GivesEachTaskItsOwnDevices) {
  ClusterView view{.workers = {a_worker(1, 10)}};
  view.workers[0].gpus = 4;
  view.workers[0].free_gpus = {0, 2, 3};
  const auto placements = plan_alike(view, 3, {.resources = {.gpus = 1}});
  ASSERT_EQ(placements.size(), 3U);
  EXPECT_EQ(placements[0].gpus, std::vector<std::uint32_t>{0});
  EXPECT_EQ(placements[1].gpus, std::vector<std::uint32_t>{2});
  EXPECT_EQ(placements[2].gpus, std::vector<std::uint32_t>{3});
  EXPECT_EQ(plan_alike(view, 3, {.resources = {.gpus = 2}}).size(), 1U);
}

TEST(Plan, WantsEveryLabel) {
  const std::vector<std::string> labels{"fast-disk", "zone=b"};
  ClusterView view{.workers = {a_worker(1, 1), a_worker(2, 1)}};
  view.workers[1].labels = labels;
  EXPECT_EQ(workers_of(plan_alike(view, 2, {.resources = {.labels = {"zone=b"}}})), Workers{2});
  EXPECT_TRUE(plan_alike(view, 2, {.resources = {.labels = {"fast-disk", "zone=a"}}}).empty());
}

TEST(Plan, PassesOverATaskThatDoesNotFit) {
  ClusterView view{.workers = {a_worker(1, 2)}};
  view.workers[0].cpu_millis = {.total = 2'000};
  const std::vector<TaskShape> shapes{{.resources = {.cpu_millis = 3'000}},
                                      {.resources = {.cpu_millis = 1'000}}};
  const std::vector<ReadyTask> ready{{.shape = 0}, {.shape = 1}};
  const auto placements = plan(view, shapes, ready);
  ASSERT_EQ(placements.size(), 1U);
  EXPECT_EQ(placements[0].task, 1U);
}

TEST(Plan, ATaskThatWaitedTooLongReservesAWorker) {
  ClusterView view{.workers = {a_worker(1, 4, 3), a_worker(2, 4, 2)}};
  for (WorkerCapacity& worker : view.workers) {
    worker.cpu_millis = {.total = 4'000, .used = std::int64_t{1'000} * worker.used};
  }
  std::vector<TaskShape> shapes{{.resources = {.cpu_millis = 3'000}, .waited = 16},
                                {.resources = {.cpu_millis = 1'000}}};
  const std::vector<ReadyTask> ready{{.shape = 0}, {.shape = 1}, {.shape = 1}};
  EXPECT_EQ(workers_of(plan(view, shapes, ready)), (Workers{2, 1}));
  shapes[0].waited = 17;  // More than twice the eight slots.
  EXPECT_EQ(workers_of(plan(view, shapes, ready)), Workers{1});
}

TEST(Plan, ATaskThatNoWorkerCouldHoldReservesNothing) {
  ClusterView view{.workers = {a_worker(1, 1)}};
  const std::vector<TaskShape> shapes{{.resources = {.gpus = 1}, .waited = 1'000}, {}};
  const std::vector<ReadyTask> ready{{.shape = 0}, {.shape = 1}};
  EXPECT_EQ(workers_of(plan(view, shapes, ready)), Workers{1});
}

TEST(Plan, AFullPoolHoldsItsTasksBackAndReservesNothing) {
  const ClusterView view{.workers = {a_worker(1, 8)}, .pools = {2, 0}};
  EXPECT_EQ(plan_alike(view, 5, {.pool = 0}).size(), 2U);
  const std::vector<TaskShape> shapes{{.pool = 1, .waited = 1'000}, {}};
  const std::vector<ReadyTask> ready{{.shape = 0}, {.shape = 1}};
  EXPECT_EQ(plan(view, shapes, ready).size(), 1U);
}

TEST(Plan, PrefersAWorkerThatHasTheEnvironment) {
  const std::vector<std::uint64_t> environments{7};
  ClusterView view{.workers = {a_worker(1, 10), a_worker(2, 10, 2)}};
  view.workers[1].environments = environments;
  EXPECT_EQ(workers_of(plan_alike(view, 1, {.environment = 7})), Workers{2});
  EXPECT_EQ(workers_of(plan_alike(view, 1, {.environment = 8})), Workers{1});
  view.workers[1].used = 5;  // The hint is worth a quarter of a worker.
  EXPECT_EQ(workers_of(plan_alike(view, 1, {.environment = 7})), Workers{1});
}

TEST(Plan, AnEnvironmentNeverBlocks) {
  const std::vector<std::uint64_t> environments{7};
  ClusterView view{.workers = {a_worker(1, 1), a_worker(2, 1)}};
  view.workers[1].environments = environments;
  EXPECT_EQ(workers_of(plan_alike(view, 2, {.environment = 7})), (Workers{2, 1}));
}

TEST(Capacity, TheDominantShareIsTheLargest) {
  WorkerCapacity worker = a_worker(1, 10, 1);
  worker.memory_bytes = {.total = 64 * kGigabyte, .used = 32 * kGigabyte};
  EXPECT_EQ(dominant_share(worker), kWholeShare / 2);
}

TEST(Capacity, OnlyFreeDevicesInOrderAndOfTheRightNumberMayBeGiven) {
  WorkerCapacity worker = a_worker(1, 4);
  worker.gpus = 3;
  worker.free_gpus = {1, 2};
  const model::ResourceRequest request{.gpus = 2};
  using Devices = std::vector<std::uint32_t>;
  EXPECT_TRUE(can_give(worker, request, Devices{1, 2}));
  EXPECT_FALSE(can_give(worker, request, Devices{2, 1}));
  EXPECT_FALSE(can_give(worker, request, Devices{1, 1}));
  EXPECT_FALSE(can_give(worker, request, Devices{0, 1}));
  EXPECT_FALSE(can_give(worker, request, Devices{1}));
}

}  // namespace
}  // namespace sheaf::placement
