#include "scheduler/core/ready_queue.h"

#include <gtest/gtest.h>

namespace sheaf::core {
namespace {

const ReadyShape kPlain{};
const ReadyShape kUrgent{.priority = 1};

TaskRef task(TaskIndex index) {
  return {.run = RunId{1}, .task = index};
}

bool always(const TaskRef& /*task*/) {
  return true;
}

TEST(ReadyQueue, GroupsStandByFallingPriority) {
  ReadyQueue queue;
  queue.push(kPlain, task(0));
  queue.push(kUrgent, task(1));
  queue.push(kPlain, task(2));
  ASSERT_EQ(queue.groups().size(), 2U);
  EXPECT_EQ(queue.groups().begin()->first.priority, 1);
  const auto& plain = std::next(queue.groups().begin())->second.entries;
  EXPECT_EQ(plain[0].task, task(0));
  EXPECT_EQ(plain[1].task, task(2));
}

TEST(ReadyQueue, AGroupThatIsPlacedIsGone) {
  ReadyQueue queue;
  queue.push(kPlain, task(0));
  queue.take(kPlain, task(0));
  EXPECT_TRUE(queue.groups().empty());
}

TEST(ReadyQueue, CountsPlacementsSinceAGroupsHeadBecameIt) {
  ReadyQueue queue;
  queue.push(kUrgent, task(0));
  for (TaskIndex index = 1; index < 6; ++index) {
    queue.push(kPlain, task(index));
    queue.take(kPlain, task(index));
  }
  EXPECT_EQ(queue.waited(queue.groups().begin()->second), 5U);
  queue.push(kUrgent, task(6));
  queue.take(kUrgent, task(0));
  EXPECT_EQ(queue.waited(queue.groups().begin()->second), 0U);
}

TEST(ReadyQueue, DropsWhatIsNoLongerReadyFromTheFront) {
  ReadyQueue queue;
  for (TaskIndex index = 0; index < 4; ++index) {
    queue.push(kPlain, task(index));
  }
  queue.drop_stale_heads([](const TaskRef& what) { return what.task >= 2; });
  ASSERT_EQ(queue.groups().size(), 1U);
  EXPECT_EQ(queue.groups().begin()->second.entries.front().task, task(2));
  queue.drop_stale_heads(always);
  EXPECT_EQ(queue.groups().begin()->second.entries.size(), 2U);
}

TEST(ReadyQueue, StaleEntriesAreNeverTheGreaterPartForLong) {
  ReadyQueue queue;
  constexpr TaskIndex kTasks = 1'000;
  for (TaskIndex index = 0; index < kTasks; ++index) {
    queue.push(kPlain, task(index));
  }
  for (TaskIndex stale = 0; stale < kTasks; ++stale) {
    queue.note_stale([stale](const TaskRef& what) { return what.task > stale; });
  }
  const std::size_t left =
      queue.groups().empty() ? 0 : queue.groups().begin()->second.entries.size();
  EXPECT_LE(left, 64U);
}

TEST(ReadyQueue, TakesWhatItDoesNotHaveWithoutHarm) {
  ReadyQueue queue;
  queue.push(kPlain, task(0));
  queue.take(kUrgent, task(0));
  queue.take(kPlain, task(7));
  ASSERT_EQ(queue.groups().size(), 1U);
  EXPECT_EQ(queue.groups().begin()->second.entries.size(), 1U);
}

TEST(ReadyQueue, ClearingKeepsTheWaitOfAGroupWhoseHeadStays) {
  ReadyQueue queue;
  queue.push(kPlain, task(0));
  queue.push(kUrgent, task(1'000));
  for (TaskIndex index = 1; index <= 65; ++index) {
    queue.push(kPlain, task(index));
    queue.push(kUrgent, task(1'000 + index));
  }
  queue.push(kPlain, task(500));
  queue.take(kPlain, task(500));
  // Of the plain ones all but the first go, of the urgent ones the first 65.
  const auto is_ready = [](const TaskRef& what) { return what.task == 0 || what.task == 1'065; };
  for (int i = 0; i < 130; ++i) {
    queue.note_stale(is_ready);
  }
  const auto urgent = queue.groups().begin();
  const auto plain = std::next(urgent);
  ASSERT_EQ(plain->second.entries.size(), 1U);
  ASSERT_EQ(urgent->second.entries.size(), 1U);
  EXPECT_EQ(queue.waited(plain->second), 1U);
  EXPECT_EQ(queue.waited(urgent->second), 0U) << "its head is another one";
}

TEST(ReadyQueue, CountsNoPlacementBeforeAGroupsHeadCame) {
  ReadyQueue queue;
  queue.push(kPlain, task(0));
  queue.take(kPlain, task(0));
  queue.push(kUrgent, task(1));
  EXPECT_EQ(queue.waited(queue.groups().begin()->second), 0U);
  queue.push(kPlain, task(2));
  queue.take(kPlain, task(2));
  queue.push(kUrgent, task(3));
  EXPECT_EQ(queue.waited(queue.groups().begin()->second), 1U) << "its head is the same";
  queue.drop_stale_heads([](const TaskRef& what) { return what != task(1); });
  EXPECT_EQ(queue.waited(queue.groups().begin()->second), 0U) << "its head is another one";
}

}  // namespace
}  // namespace sheaf::core
