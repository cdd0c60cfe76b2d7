#include "common/model/nearest.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

TEST(NearestName, FindsTypingErrors) {
  const std::vector<std::string> names = {"preprocess", "train", "compare"};
  EXPECT_EQ(nearest_name("trian", names), "train");
  EXPECT_EQ(nearest_name("comapre", names), "compare");
  EXPECT_EQ(nearest_name("preproces", names), "preprocess");
}

TEST(NearestName, IsEmptyWhenNothingIsNear) {
  const std::vector<std::string> names = {"preprocess", "train"};
  EXPECT_EQ(nearest_name("deploy", names), "");
  EXPECT_EQ(nearest_name("a", std::vector<std::string>{"b"}), "");
  EXPECT_EQ(nearest_name("train", {}), "");
}

TEST(NearestName, PrefersTheSmallestDistance) {
  const std::vector<std::string> names = {"max_retry", "max_retries", "max_runs"};
  EXPECT_EQ(nearest_name("max_retires", names), "max_retries");
}

TEST(NearestName, LeavesVeryLongNamesAlone) {
  const std::string name(5'000, 'a');
  EXPECT_EQ(nearest_name(name, std::vector<std::string>{name}), "");
}

TEST(DidYouMean, IsAPhraseOrNothing) {
  const std::vector<std::string> names = {"train"};
  EXPECT_EQ(did_you_mean("trian", names), "; did you mean \"train\"?");
  EXPECT_EQ(did_you_mean("deploy", names), "");
}

}  // namespace
}  // namespace sheaf::model
