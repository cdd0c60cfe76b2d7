#include "scheduler/triggers/fires.h"

#include <gtest/gtest.h>

#include "common/calendar/rfc3339.h"

namespace sheaf::triggers {
namespace {

Timetable every(const std::string& expression) {
  return {.expression = *calendar::CronExpression::parse(expression),
          .zone = *calendar::fixed_zone("UTC")};
}

Timestamp at(const char* text) {
  return *calendar::parse_rfc3339(text);
}

TEST(DueFires, NothingIsDueBeforeTheNextTime) {
  EXPECT_FALSE(
      due_fires(every("0 0 8 * * ?"), at("2026-11-24T08:00:00Z"), at("2026-11-25T07:59:59Z")));
}

TEST(DueFires, OneTimeThatHasComeIsDueAlone) {
  const auto due =
      due_fires(every("0 0 8 * * ?"), at("2026-11-24T08:00:00Z"), at("2026-11-25T08:00:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->nominal, at("2026-11-25T08:00:00Z"));
  EXPECT_TRUE(due->skipped.empty());
  EXPECT_EQ(due->following, at("2026-11-26T08:00:00Z"));
}

TEST(DueFires, OfMissedTimesTheLatestRunsAndTheOthersAreListed) {
  const auto due =
      due_fires(every("0 0 8 * * ?"), at("2026-11-20T08:00:00Z"), at("2026-11-24T09:00:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->nominal, at("2026-11-24T08:00:00Z"));
  EXPECT_EQ(
      due->skipped,
      (std::vector{
          at("2026-11-21T08:00:00Z"), at("2026-11-22T08:00:00Z"), at("2026-11-23T08:00:00Z")}));
}

TEST(DueFires, ADenseScheduleAfterALongAbsenceListsOnlyTheLatest) {
  const auto due =
      due_fires(every("* * * * * ?"), at("2026-11-20T08:00:00Z"), at("2026-11-24T09:00:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->nominal, at("2026-11-24T09:00:00Z"));
  EXPECT_EQ(due->skipped.size(), kMaxListedMisses);
  EXPECT_EQ(due->skipped.back(), at("2026-11-24T08:59:59Z"));
}

TEST(DueFires, TheLastFireOfAnExpressionHasNoFollowing) {
  const auto due = due_fires(
      every("0 0 8 24 11 ? 2026"), at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->following, kNoTime);
}

}  // namespace
}  // namespace sheaf::triggers
