#include "common/base/shared.h"

#include <string>

#include <gtest/gtest.h>

namespace sheaf {
namespace {

TEST(Shared, IsEqualByItsValue) {
  const Shared<std::string> one = std::string("x");
  const Shared<std::string> other = std::string("x");
  EXPECT_NE(&*one, &*other);
  EXPECT_EQ(one, other);
  EXPECT_NE(one, Shared<std::string>(std::string("y")));
}

TEST(Shared, ACopyTakesNoMemory) {
  const Shared<std::string> one = std::string("x");
  const Shared<std::string> copy = one;  // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(&*one, &*copy);
  EXPECT_EQ(copy->size(), 1U);
}

TEST(Shared, WithoutAValueHoldsTheDefaultOne) {
  EXPECT_EQ(Shared<std::string>(), std::string());
  EXPECT_EQ(&*Shared<std::string>(), &*Shared<std::string>());
}

}  // namespace
}  // namespace sheaf
