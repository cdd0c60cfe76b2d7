#include "common/model/environment_fingerprint.h"

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

TEST(EnvironmentFingerprint, DependsOnVersionAndLinesButNotOnTheKey) {
  const EnvironmentSettings one{
      .environment_key = "a", .environment_version = "2", .dependencies = {"numpy", "scipy"}};
  EnvironmentSettings other = one;
  other.environment_key = "b";
  EXPECT_EQ(environment_fingerprint(one), environment_fingerprint(other));
  other.environment_version = "3";
  EXPECT_NE(environment_fingerprint(one), environment_fingerprint(other));
  other = one;
  other.dependencies = {"numpyscipy"};
  EXPECT_NE(environment_fingerprint(one), environment_fingerprint(other));
}

TEST(EnvironmentFingerprint, NothingToInstallIsZero) {
  EXPECT_EQ(environment_fingerprint({.environment_version = "2"}), 0U);
  EXPECT_NE(environment_fingerprint({.dependencies = {"numpy"}}), 0U);
}

TEST(EnvironmentFingerprint, StaysWhatWorkersHaveStored) {
  EXPECT_EQ(environment_fingerprint({.environment_version = "2", .dependencies = {"numpy"}}),
            0xC29B'D57D'82B2'58CAU);
}

}  // namespace
}  // namespace sheaf::model
