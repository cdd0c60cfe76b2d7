#include "scheduler/triggers/fires.h"

#include <algorithm>
#include <iterator>

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

struct Absence {
  const char* expression;
  const char* settled;
  const char* now;
};

/// Every fire of the absence, found one by one.
std::vector<Timestamp> all_fires(const Absence& absence) {
  const Timetable timetable = every(absence.expression);
  std::vector<Timestamp> fires;
  for (Timestamp next = next_after(timetable, at(absence.settled));
       next != kNoTime && next <= at(absence.now);
       next = next_after(timetable, next)) {
    fires.push_back(next);
  }
  return fires;
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

TEST(DueFires, TimesMissedBeforeASilentWeekendAreDueOnMonday) {
  const auto due = due_fires(
      every("0 * 8-17 ? * MON-FRI"), at("2026-11-20T16:00:00Z"), at("2026-11-23T07:30:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->nominal, at("2026-11-20T17:59:00Z"));
  EXPECT_EQ(due->skipped.size(), 118U);
  EXPECT_EQ(due->following, at("2026-11-23T08:00:00Z"));
}

TEST(DueFires, AreThoseOfAFullWalkWhereverTheDenseHoursLie) {
  constexpr Absence kAbsences[] = {
      {"0 * 8-17 ? * MON-FRI", "2026-11-20T16:00:00Z", "2026-11-23T07:30:00Z"},
      {"0 * 8-17 ? * MON-FRI", "2026-11-16T07:59:00Z", "2026-11-23T08:10:00Z"},
      {"* * 3 * * ?", "2026-11-20T03:59:00Z", "2026-11-22T02:00:00Z"},
      {"* 0-9 3 * * ?", "2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"},
      {"*/10 * 12 ? * MON", "2026-11-02T00:00:00Z", "2026-11-29T23:00:00Z"},
      {"0/30 * * 1 * ?", "2026-10-31T00:00:00Z", "2026-11-30T00:00:00Z"},
      {"0 */5 * * * ?", "2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z"},
  };
  for (const Absence& absence : kAbsences) {
    SCOPED_TRACE(absence.expression);
    std::vector<Timestamp> latest = all_fires(absence);
    ASSERT_FALSE(latest.empty());
    const auto surplus =
        std::max(std::ssize(latest) - std::ptrdiff_t{kMaxListedMisses + 1}, std::ptrdiff_t{0});
    latest.erase(latest.begin(), latest.begin() + surplus);

    auto due = due_fires(every(absence.expression), at(absence.settled), at(absence.now));
    ASSERT_TRUE(due);
    std::vector<Timestamp> found = due->skipped;
    found.push_back(due->nominal);
    EXPECT_EQ(found, latest);
    EXPECT_GT(due->following, at(absence.now));
  }
}

TEST(DueFires, TheLastFireOfAnExpressionHasNoFollowing) {
  const auto due = due_fires(
      every("0 0 8 24 11 ? 2026"), at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
  ASSERT_TRUE(due);
  EXPECT_EQ(due->following, kNoTime);
}

}  // namespace
}  // namespace sheaf::triggers
