// A few seeds in every build, and that a seed tells the same story twice. tools/simulate plays
// many.
#include <cstdlib>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/sim/story.h"

namespace sheaf::sim {
namespace {

/// SHEAF_SEEDS says how many; a build with sanitizers plays few.
std::uint64_t seed_count() {
  const char* wanted = std::getenv("SHEAF_SEEDS");
  return wanted == nullptr ? 12 : std::strtoull(wanted, nullptr, 10);
}

std::string folder() {
  const std::string base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : testing::TempDir();
  return base + "/sheaf-sim-test-" + std::to_string(::getpid());
}

TEST(Simulator, EveryPromiseIsKeptInEveryStory) {
  for (std::uint64_t seed = 1; seed <= seed_count(); ++seed) {
    const Told told = tell(seed, folder());
    ASSERT_EQ(told.violation, "") << "simulate --first " << seed << " --trace";
    EXPECT_GE(told.tasks, 100U) << "seed " << seed;
    EXPECT_GE(told.crashes, 1U) << "seed " << seed;
    EXPECT_GE(told.other_faults, 10U) << "seed " << seed;
  }
}

TEST(Simulator, ASeedTellsTheSameStoryTwice) {
  // In 3301 the power fails while a commit writes to the log.
  for (const std::uint64_t seed : {3U, 3301U}) {
    EXPECT_EQ(tell(seed, folder()).hash, tell(seed, folder() + "-elsewhere").hash);
  }
}

}  // namespace
}  // namespace sheaf::sim
