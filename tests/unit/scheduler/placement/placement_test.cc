#include "scheduler/placement/placement.h"

#include <gtest/gtest.h>

namespace sheaf::placement {
namespace {

TEST(Plan, SpreadsOverTheEmptiestWorkers) {
  const ClusterView view{.workers = {{.worker = {1}, .slots = 2}, {.worker = {2}, .slots = 2}}};
  const auto plan_of_three = plan(view, 3);
  ASSERT_EQ(plan_of_three.size(), 3U);
  EXPECT_EQ(plan_of_three[0].worker, WorkerId{1});
  EXPECT_EQ(plan_of_three[1].worker, WorkerId{2});
  EXPECT_EQ(plan_of_three[2].worker, WorkerId{1});
}

TEST(Plan, ComparesSharesNotCounts) {
  const ClusterView view{
      .workers = {{.worker = {1}, .slots = 2, .used = 1}, {.worker = {2}, .slots = 8, .used = 3}}};
  EXPECT_EQ(plan(view, 1).at(0).worker, WorkerId{2});
}

TEST(Plan, NeverExceedsSlots) {
  const ClusterView view{.workers = {{.worker = {1}, .slots = 3, .used = 1},
                                     {.worker = {2}, .slots = 1, .used = 1},
                                     {.worker = {3}, .slots = 0}}};
  EXPECT_EQ(view.free_slots(), 2U);
  EXPECT_EQ(plan(view, 100).size(), 2U);
}

TEST(Plan, KeepsTheOrderOfReadyTasks) {
  const ClusterView view{.workers = {{.worker = {1}, .slots = 4}}};
  const auto placements = plan(view, 4);
  for (std::size_t i = 0; i < placements.size(); ++i) {
    EXPECT_EQ(placements[i].task, i);
  }
}

TEST(Plan, AWorkerWithMoreInUseThanSlotsHasNoFreeOnes) {
  const ClusterView view{.workers = {{.worker = {1}, .slots = 1, .used = 5}}};
  EXPECT_EQ(view.free_slots(), 0U);
  EXPECT_TRUE(plan(view, 1).empty());
}

}  // namespace
}  // namespace sheaf::placement
