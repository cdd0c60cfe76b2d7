#include "common/base/failpoint.h"

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>
#include <signal.h>

namespace sheaf {
namespace {

/// Arms a child of this process; the parent never reads the variable.
void reach_armed(const char* order, int times) {
  ::setenv("SHEAF_FAILPOINT", order, 1);
  for (int visit = 1; visit <= times; ++visit) {
    std::fprintf(stderr, "visit %d\n", visit);
    failpoint::reach("store.after_commit");
    failpoint::reach("store.before_commit");
  }
  std::fprintf(stderr, "alive\n");
  std::_Exit(0);
}

TEST(Failpoint, KillsAtTheFirstVisitOfTheNamedPlace) {
  EXPECT_EXIT(
      reach_armed("store.before_commit", 3), testing::KilledBySignal(SIGKILL), "^visit 1\n$");
}

TEST(Failpoint, KillsAtTheNamedVisitAndNotBefore) {
  EXPECT_EXIT(reach_armed("store.before_commit:3", 5),
              testing::KilledBySignal(SIGKILL),
              "^visit 1\nvisit 2\nvisit 3\n$");
}

TEST(Failpoint, LeavesOtherPlacesAlone) {
  EXPECT_EXIT(reach_armed("engine.before_release", 2), testing::ExitedWithCode(0), "alive");
}

TEST(Failpoint, RefusesAnUnknownNameAndAMalformedCount) {
  EXPECT_DEATH(reach_armed("store.before_lunch", 1), "names no failpoint");
  EXPECT_DEATH(reach_armed("store.before_commit:x", 1), "name:N");
  EXPECT_DEATH(reach_armed("store.before_commit:0", 1), "name:N");
}

}  // namespace
}  // namespace sheaf
