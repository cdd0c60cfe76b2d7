#include "scheduler/workers/value_parts.h"

#include <gtest/gtest.h>

namespace sheaf::workers {
namespace {

wire::Values part(std::uint64_t sequence,
                  std::uint32_t first,
                  std::uint32_t total,
                  std::vector<std::string> keys) {
  wire::Values values{
      .attempt = AttemptId{5}, .fence = 9, .sequence = sequence, .first = first, .total = total};
  for (std::string& key : keys) {
    values.entries.push_back({.key = std::move(key), .json = "1"});
  }
  return values;
}

TEST(ValueParts, AListInOnePartIsWhole) {
  ValueParts parts;
  const auto whole = parts.add(part(1, 0, 2, {"a", "b"}));
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(*whole, part(1, 0, 2, {"a", "b"}));
  EXPECT_TRUE(parts.add(part(2, 0, 0, {})).has_value());
}

TEST(ValueParts, PartsInOrderMakeAWhole) {
  ValueParts parts;
  EXPECT_FALSE(parts.add(part(1, 0, 3, {"a"})).has_value());
  EXPECT_FALSE(parts.add(part(1, 1, 3, {"b"})).has_value());
  EXPECT_EQ(parts.add(part(1, 2, 3, {"c"})), part(1, 0, 3, {"a", "b", "c"}));
}

TEST(ValueParts, AGapGivesNothingUntilTheListIsSentAgain) {
  ValueParts parts;
  EXPECT_FALSE(parts.add(part(1, 0, 3, {"a"})).has_value());
  EXPECT_FALSE(parts.add(part(1, 2, 3, {"c"})).has_value());
  EXPECT_FALSE(parts.add(part(1, 0, 3, {"a", "b"})).has_value());
  EXPECT_EQ(parts.add(part(1, 2, 3, {"c"})), part(1, 0, 3, {"a", "b", "c"}));
}

TEST(ValueParts, AnOlderListNeverReplacesANewerOne) {
  ValueParts parts;
  EXPECT_TRUE(parts.add(part(2, 0, 1, {"new"})).has_value());
  EXPECT_FALSE(parts.add(part(1, 0, 1, {"old"})).has_value());
  // A repeat of the newest, whose acknowledgement was lost, is whole again.
  EXPECT_TRUE(parts.add(part(2, 0, 1, {"new"})).has_value());
}

TEST(ValueParts, PartsOfTwoListsDoNotMix) {
  ValueParts parts;
  EXPECT_FALSE(parts.add(part(1, 0, 2, {"a"})).has_value());
  EXPECT_FALSE(parts.add(part(2, 1, 2, {"b"})).has_value());
  EXPECT_EQ(parts.add(part(1, 1, 2, {"b"})), part(1, 0, 2, {"a", "b"}));
}

TEST(ValueParts, AForgottenAttemptBeginsAnew) {
  ValueParts parts;
  EXPECT_TRUE(parts.add(part(7, 0, 1, {"a"})).has_value());
  parts.forget(AttemptId{5});
  EXPECT_TRUE(parts.add(part(1, 0, 1, {"b"})).has_value());
}

}  // namespace
}  // namespace sheaf::workers
