#include "common/transport/poller.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "common/transport/mailbox.h"

namespace sheaf::transport {
namespace {

constexpr Milliseconds kLong{20'000};

TEST(Poller, ReturnsAtOnceWhenTheWakeupIsSet) {
  const auto wakeup = Wakeup::create().value();
  Poller poller(wakeup);
  const auto begin = std::chrono::steady_clock::now();
  wakeup->set();
  poller.wait(kLong);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kLong);
}

TEST(Poller, ClearsTheWakeup) {
  const auto wakeup = Wakeup::create().value();
  Poller poller(wakeup);
  wakeup->set();
  wakeup->set();
  poller.wait(kLong);
  const auto begin = std::chrono::steady_clock::now();
  poller.wait(Milliseconds{30});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, Milliseconds{29});
}

TEST(Mailbox, WakesTheReceiverAndKeepsTheOrder) {
  const auto wakeup = Wakeup::create().value();
  Mailbox<int> mailbox(wakeup, 1'000);
  std::jthread sender([&mailbox] {
    for (int i = 0; i < 1'000; ++i) {
      EXPECT_TRUE(mailbox.push(i));
    }
  });
  Poller poller(wakeup);
  std::vector<int> received;
  const auto begin = std::chrono::steady_clock::now();
  while (received.size() < 1'000 && std::chrono::steady_clock::now() - begin < kLong) {
    poller.wait(kLong);
    for (const int item : mailbox.take()) {
      received.push_back(item);
    }
  }
  ASSERT_EQ(received.size(), 1'000u);
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(received[static_cast<std::size_t>(i)], i);
  }
}

TEST(Mailbox, RefusesAboveItsLimit) {
  Mailbox<int> mailbox(Wakeup::create().value(), 2);
  EXPECT_TRUE(mailbox.push(1));
  EXPECT_TRUE(mailbox.push(2));
  EXPECT_FALSE(mailbox.push(3));
  EXPECT_EQ(mailbox.take(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(mailbox.push(4));
}

}  // namespace
}  // namespace sheaf::transport
