#include "scheduler/http/change_feed.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace sheaf::http {
namespace {

constexpr RunId kRun{7};
constexpr RunId kOther{8};

TEST(ChangeFeed, WakesWaitersOnceWhenTheirRunChanges) {
  ChangeFeed feed(10);
  int woken = 0;
  ASSERT_TRUE(feed.wait(kRun, 10, [&woken] { ++woken; }));
  feed.publish({kOther}, 11);
  EXPECT_EQ(woken, 0);
  feed.publish({kOther, kRun}, 12);
  feed.publish({kRun}, 13);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(feed.version(kRun), 13u);
  EXPECT_EQ(feed.version(kOther), 12u);
}

TEST(ChangeFeed, AnswersAtOnceWhenTheRunIsNewer) {
  ChangeFeed feed(10);
  int woken = 0;
  ASSERT_TRUE(feed.wait(kRun, 9, [&woken] { ++woken; }));
  EXPECT_EQ(woken, 1) << "a run that nobody has seen change may be as new as the start";
  feed.publish({kRun}, 11);
  ASSERT_TRUE(feed.wait(kRun, 10, [&woken] { ++woken; }));
  EXPECT_EQ(woken, 2);
}

TEST(ChangeFeed, CancelledWaitersAreNotCalled) {
  ChangeFeed feed(0);
  int woken = 0;
  const auto waiter = feed.wait(kRun, 0, [&woken] { ++woken; });
  ASSERT_TRUE(waiter);
  EXPECT_TRUE(feed.cancel(*waiter));
  EXPECT_FALSE(feed.cancel(*waiter));
  feed.publish({kRun}, 1);
  EXPECT_EQ(woken, 0);
}

TEST(ChangeFeed, RefusesMoreWaitersThanItsLimit) {
  ChangeFeed feed(0);
  for (std::size_t i = 0; i < ChangeFeed::kMaxWaiters; ++i) {
    ASSERT_TRUE(feed.wait(kRun, 0, [] {}));
  }
  EXPECT_EQ(feed.wait(kRun, 0, [] {}).error().code, ErrorCode::kExhausted);
  feed.publish({kRun}, 1);
  EXPECT_TRUE(feed.wait(kRun, 1, [] {}));
}

TEST(ChangeFeed, ForgetsOldVersionsUpwards) {
  ChangeFeed feed(0);
  feed.publish({kRun}, 1);
  std::vector<RunId> others;
  for (std::size_t i = 0; i < ChangeFeed::kMaxVersions; ++i) {
    others.push_back(RunId{static_cast<std::int64_t>(100 + i)});
  }
  feed.publish(others, 2);
  EXPECT_GE(feed.version(kRun), 1u);
  int woken = 0;
  ASSERT_TRUE(feed.wait(kRun, 0, [&woken] { ++woken; }));
  EXPECT_EQ(woken, 1);
}

TEST(ChangeFeed, MissesNothingBetweenThreads) {
  ChangeFeed feed(0);
  constexpr std::uint64_t kBatches = 2'000;
  std::thread publisher([&feed] {
    for (std::uint64_t batch = 1; batch <= kBatches; ++batch) {
      feed.publish({kRun}, batch);
    }
  });
  std::uint64_t seen = 0;
  while (seen < kBatches) {
    std::atomic<bool> woken{false};
    ASSERT_TRUE(feed.wait(kRun, seen, [&woken] {
      woken = true;
      woken.notify_all();
    }));
    woken.wait(false);
    EXPECT_GT(feed.version(kRun), seen);
    seen = feed.version(kRun);
  }
  publisher.join();
}

}  // namespace
}  // namespace sheaf::http
