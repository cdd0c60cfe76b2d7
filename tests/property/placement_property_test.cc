// Random clusters and random ready tasks: whatever is planned fits, nothing that fits is left, and
// tasks of one shape keep their order.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "scheduler/placement/placement.h"
#include "tests/property/dice.h"

namespace sheaf::property {
namespace {

using placement::ClusterView;
using placement::Placement;
using placement::ReadyTask;
using placement::TaskShape;
using placement::WorkerCapacity;

/// A cluster, what waits for it, and the texts that its view borrows.
struct Scene {
  explicit Scene(std::uint64_t seed) : dice(seed) {
    for (std::size_t i = 0; i < 1 + dice.below(6); ++i) {
      add_worker(static_cast<std::int64_t>(i + 1));
    }
    for (std::size_t i = 0; i < dice.below(3); ++i) {
      view.pools.push_back(static_cast<std::uint32_t>(dice.below(4)));
    }
    for (std::size_t i = 0; i < 1 + dice.below(5); ++i) {
      add_shape();
    }
    for (std::size_t i = 0; i < dice.below(40); ++i) {
      ready.push_back({.shape = static_cast<std::uint32_t>(dice.below(shapes.size()))});
    }
    policy = dice.chance(50) ? placement::Policy::kSpread : placement::Policy::kPack;
  }

  void add_worker(std::int64_t id) {
    WorkerCapacity worker{.worker = WorkerId{id},
                          .slots = static_cast<std::uint32_t>(dice.below(6)),
                          .used = static_cast<std::uint32_t>(dice.below(4))};
    worker.cpu_millis = {.total = small(8) * 500, .used = small(4) * 500};
    worker.memory_bytes = {.total = small(8), .used = small(4)};
    for (std::uint32_t device = 0; device < dice.below(4); ++device) {
      ++worker.gpus;
      if (dice.chance(60)) {
        worker.free_gpus.push_back(device);
      }
    }
    worker.labels = dice.chance(50) ? std::span(labels) : std::span(labels).first(1);
    worker.environments =
        dice.chance(30) ? std::span(environments) : std::span(environments).first(0);
    view.workers.push_back(worker);
  }

  void add_shape() {
    TaskShape shape{.resources = {.cpu_millis = small(4) * 500,
                                  .memory_bytes = small(4),
                                  .gpus = dice.chance(30) ? static_cast<int>(dice.below(3)) : 0}};
    if (dice.chance(30)) {
      shape.resources.labels = {dice.pick(labels)};
    }
    if (!view.pools.empty() && dice.chance(30)) {
      shape.pool = static_cast<std::uint32_t>(dice.below(view.pools.size()));
    }
    shape.environment = dice.chance(30) ? 7 : 0;
    shape.waited = dice.chance(20) ? 1'000 : 0;
    shapes.push_back(std::move(shape));
  }

  std::int64_t small(std::size_t limit) { return static_cast<std::int64_t>(dice.below(limit)); }

  [[nodiscard]] std::vector<Placement> plan() const {
    return placement::plan(view, shapes, ready, policy);
  }

  Dice dice;
  std::vector<std::string> labels{"disk", "zone=b"};
  std::vector<std::uint64_t> environments{7};
  ClusterView view;
  std::vector<TaskShape> shapes;
  std::vector<ReadyTask> ready;
  placement::Policy policy{};
};

/// The view after the placements, each of which must have fitted.
ClusterView follow(const Scene& scene, const std::vector<Placement>& placements) {
  ClusterView view = scene.view;
  for (const Placement& placement : placements) {
    const TaskShape& shape = scene.shapes[scene.ready[placement.task].shape];
    WorkerCapacity& worker = view.workers.at(static_cast<std::size_t>(placement.worker.value - 1));
    EXPECT_TRUE(placement::can_give(worker, shape.resources, placement.gpus));
    placement::take(worker, shape.resources, placement.gpus);
    if (shape.pool != placement::kNoPool) {
      EXPECT_GT(view.pools[shape.pool], 0U) << "more than the pool allows";
      --view.pools[shape.pool];
    }
  }
  return view;
}

/// Placed tasks of a shape are its first ones.
void expect_order(const Scene& scene, const std::vector<Placement>& placements) {
  std::vector<bool> is_placed(scene.ready.size(), false);
  std::size_t previous = 0;
  for (const Placement& placement : placements) {
    EXPECT_FALSE(is_placed.at(placement.task)) << "a task is placed twice";
    EXPECT_GE(placement.task, previous) << "the plan is out of order";
    previous = placement.task;
    is_placed[placement.task] = true;
  }
  std::map<std::uint32_t, bool> was_passed_over;
  for (std::size_t task = 0; task < scene.ready.size(); ++task) {
    const std::uint32_t shape = scene.ready[task].shape;
    EXPECT_FALSE(is_placed[task] && was_passed_over[shape]) << "a task overtook one of its shape";
    was_passed_over[shape] = was_passed_over[shape] || !is_placed[task];
  }
}

/// Nothing that waits fits anywhere, but for one worker that a starving shape may have reserved.
void expect_no_waste(const Scene& scene,
                     const ClusterView& left,
                     const std::vector<Placement>& placements) {
  std::vector<bool> is_placed(scene.ready.size(), false);
  for (const Placement& placement : placements) {
    is_placed[placement.task] = true;
  }
  std::set<WorkerId> unused;
  bool may_reserve = false;
  for (std::size_t task = 0; task < scene.ready.size(); ++task) {
    const TaskShape& shape = scene.shapes[scene.ready[task].shape];
    const bool is_allowed = shape.pool == placement::kNoPool || left.pools[shape.pool] > 0;
    if (is_placed[task] || !is_allowed) {
      continue;
    }
    may_reserve = may_reserve || shape.waited > 0;
    for (const WorkerCapacity& worker : left.workers) {
      if (placement::has_room(worker, shape.resources)) {
        unused.insert(worker.worker);
      }
    }
  }
  EXPECT_LE(unused.size(), may_reserve ? 1U : 0U) << "a worker idles while a task waits";
}

TEST(PlacementProperties, PlansFitKeepOrderAndWasteNothing) {
  for (const std::uint64_t seed : seeds(3'000)) {
    SCOPED_TRACE("SHEAF_SEED=" + std::to_string(seed));
    const Scene scene(seed);
    const auto placements = scene.plan();
    const ClusterView left = follow(scene, placements);
    expect_order(scene, placements);
    expect_no_waste(scene, left, placements);
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

TEST(PlacementProperties, EqualInputGivesAnEqualPlan) {
  for (const std::uint64_t seed : seeds(200)) {
    const auto once = Scene(seed).plan();
    const auto again = Scene(seed).plan();
    ASSERT_EQ(once.size(), again.size());
    for (std::size_t i = 0; i < once.size(); ++i) {
      EXPECT_EQ(once[i].task, again[i].task);
      EXPECT_EQ(once[i].worker, again[i].worker);
      EXPECT_EQ(once[i].gpus, again[i].gpus);
    }
  }
}

}  // namespace
}  // namespace sheaf::property
