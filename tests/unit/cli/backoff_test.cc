#include <gtest/gtest.h>

#include "cli/local/daemon.h"

namespace sheaf::cli {
namespace {

TEST(Backoff, DoublesUpToTenSeconds) {
  Backoff backoff;
  std::vector<std::int64_t> pauses;
  for (int end = 0; end < 8; ++end) {
    pauses.push_back(backoff.next(Milliseconds{1'000}).count());
  }
  EXPECT_EQ(pauses,
            (std::vector<std::int64_t>{200, 400, 800, 1'600, 3'200, 6'400, 10'000, 10'000}));
}

TEST(Backoff, BeginsAgainAfterAMinuteOfLife) {
  Backoff backoff;
  static_cast<void>(backoff.next(Milliseconds{1'000}));
  static_cast<void>(backoff.next(Milliseconds{1'000}));
  EXPECT_EQ(backoff.next(Milliseconds{60'000}), Milliseconds{200});
}

}  // namespace
}  // namespace sheaf::cli
