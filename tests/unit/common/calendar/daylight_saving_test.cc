#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/calendar/next_fire.h"
#include "tests/unit/common/calendar/fires.h"

// Clock changes used here. New York: 2026-03-08 07:00Z (02:00 to 03:00), 2026-11-01 06:00Z (02:00
// back to 01:00). Berlin: 2026-03-29 01:00Z (02:00 to 03:00), 2026-10-25 01:00Z (03:00 back to
// 02:00). Lord Howe, by half an hour: 2026-10-03 15:30Z (02:00 to 02:30), 2026-04-04 15:00Z (02:00
// back to 01:30).

// The tables below read better as rows.
// NOLINTBEGIN(modernize-use-designated-initializers,modernize-raw-string-literal)
namespace sheaf::calendar {
namespace {

using Times = std::vector<std::string>;

constexpr auto kQuartz = DaylightSaving::kQuartz;
constexpr std::string_view kNewYork = "America/New_York";
constexpr std::string_view kBerlin = "Europe/Berlin";
constexpr std::string_view kLordHowe = "Australia/Lord_Howe";
constexpr std::string_view kApia = "Pacific/Apia";

struct Vector {
  std::string_view expression;
  std::string_view zone;
  std::string_view after;
  Times expected;
};

void expect_fires(DaylightSaving rule, const std::vector<Vector>& vectors) {
  for (const Vector& vector : vectors) {
    EXPECT_EQ(fires({.expression = vector.expression,
                     .zone = vector.zone,
                     .rule = rule,
                     .after = vector.after,
                     .count = vector.expected.size()}),
              vector.expected)
        << vector.expression << " in " << vector.zone << " after " << vector.after;
  }
}

TEST(QuartzRule, SkipsFixedTimesInAGap) {
  expect_fires(kQuartz,
               {{"0 30 2 * * ?",
                 kNewYork,
                 "2026-03-07T12:00:00Z",
                 {"2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"}},
                {"0 30 2 * * ?", kBerlin, "2026-03-28T12:00:00Z", {"2026-03-30T00:30:00Z"}},
                {"0 0 0/2 * * ?",
                 kNewYork,
                 "2026-03-08T05:00:00Z",
                 {"2026-03-08T08:00:00Z", "2026-03-08T10:00:00Z"}},
                {"0 0 8 * * ?",
                 kApia,
                 "2011-12-29T00:00:00Z",
                 {"2011-12-29T18:00:00Z", "2011-12-30T18:00:00Z"}}});
}

TEST(QuartzRule, FiresHourlyOnceThroughAGap) {
  expect_fires(kQuartz,
               {{"0 0 * * * ?",
                 kNewYork,
                 "2026-03-08T05:30:00Z",
                 {"2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}}});
}

TEST(QuartzRule, FiresInTheSecondPassOfAnOverlap) {
  expect_fires(kQuartz,
               {{"0 30 1 * * ?",
                 kNewYork,
                 "2026-10-31T12:00:00Z",
                 {"2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"}},
                {"0 30 2 * * ?", kBerlin, "2026-10-24T12:00:00Z", {"2026-10-25T01:30:00Z"}},
                {"0 0 * * * ?",
                 kNewYork,
                 "2026-11-01T03:30:00Z",
                 {"2026-11-01T04:00:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"}},
                {"0 45 1 * * ?", kLordHowe, "2026-04-04T00:00:00Z", {"2026-04-04T15:15:00Z"}}});
}

TEST(QuartzRule, SkipsTheRestOfTheFirstPass) {
  expect_fires(kQuartz,
               {{"0 0/30 * * * ?",
                 kNewYork,
                 "2026-11-01T05:10:00Z",
                 {"2026-11-01T06:30:00Z", "2026-11-01T07:00:00Z"}},
                {"0 0/30 * * * ?",
                 kNewYork,
                 "2026-11-01T04:30:00Z",
                 {"2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z"}},
                {"0 30 1 * * ?", kNewYork, "2026-11-01T05:29:59Z", {"2026-11-01T06:30:00Z"}},
                {"0 30 1 * * ?", kNewYork, "2026-11-01T05:30:00Z", {"2026-11-02T06:30:00Z"}}});
}

TEST(WallClockRule, FiresAFixedTimeInAGapOnceAtItsEnd) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 30 2 * * ?",
                 kBerlin,
                 "2026-03-27T12:00:00Z",
                 {"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
                {"0 30 2 * * ?",
                 kNewYork,
                 "2026-03-07T00:00:00Z",
                 {"2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
                {"0 15 2 * * ?",
                 kLordHowe,
                 "2026-10-02T00:00:00Z",
                 {"2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
                // The first and the last second of the gap, and the first one after it.
                {"0 0 2 * * ?", kBerlin, "2026-03-28T12:00:00Z", {"2026-03-29T01:00:00Z"}},
                {"59 59 2 * * ?", kBerlin, "2026-03-28T12:00:00Z", {"2026-03-29T01:00:00Z"}},
                {"0 0 3 * * ?", kBerlin, "2026-03-28T12:00:00Z", {"2026-03-29T01:00:00Z"}},
                {"59 59 1 * * ?", kBerlin, "2026-03-28T12:00:00Z", {"2026-03-29T00:59:59Z"}}});
}

TEST(WallClockRule, FiresSeveralFixedTimesInOneGapOnce) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0,30 2 * * ?",
                 kNewYork,
                 "2026-03-08T00:00:00Z",
                 {"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z", "2026-03-09T06:30:00Z"}},
                {"0 0 2,3 * * ?",
                 kNewYork,
                 "2026-03-08T00:00:00Z",
                 {"2026-03-08T07:00:00Z", "2026-03-09T06:00:00Z"}},
                {"*/10 30 2 * * ?",
                 kBerlin,
                 "2026-03-29T00:00:00Z",
                 {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T00:30:10Z"}},
                {"0 5 1-3 * * ?",
                 kBerlin,
                 "2026-03-29T00:00:00Z",
                 {"2026-03-29T00:05:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:05:00Z"}}});
}

TEST(WallClockRule, FiresAFixedTimeInTheFirstPassOfAnOverlapOnly) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 30 2 * * ?",
                 kBerlin,
                 "2026-10-24T00:00:00Z",
                 {"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
                {"0 30 1 * * ?",
                 kNewYork,
                 "2026-10-31T00:00:00Z",
                 {"2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
                {"0 45 1 * * ?",
                 kLordHowe,
                 "2026-04-03T00:00:00Z",
                 {"2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
                // Asked in the second pass, and at its first and last second.
                {"0 30 2 * * ?", kBerlin, "2026-10-25T01:10:00Z", {"2026-10-26T01:30:00Z"}},
                {"0 0 2 * * ?", kBerlin, "2026-10-25T00:59:59Z", {"2026-10-26T01:00:00Z"}},
                {"59 59 2 * * ?",
                 kBerlin,
                 "2026-10-25T00:30:00Z",
                 {"2026-10-25T00:59:59Z", "2026-10-26T01:59:59Z"}},
                {"0 0 3 * * ?", kBerlin, "2026-10-25T00:30:00Z", {"2026-10-25T02:00:00Z"}}});
}

TEST(WallClockRule, FiresOnceForADayThatTheZoneSkipped) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0 8 * * ?",
                 kApia,
                 "2011-12-29T00:00:00Z",
                 {"2011-12-29T18:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z"}},
                {"0 0 8,20 * * ?",
                 kApia,
                 "2011-12-30T00:00:00Z",
                 {"2011-12-30T06:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T18:00:00Z"}},
                {"0 0 8 30 12 ?",
                 kApia,
                 "2011-01-01T00:00:00Z",
                 {"2011-12-30T10:00:00Z", "2012-12-29T18:00:00Z"}},
                {"0 0 0 31 12 ?",
                 kApia,
                 "2011-01-01T00:00:00Z",
                 {"2011-12-30T10:00:00Z", "2012-12-30T10:00:00Z"}}});
}

TEST(WallClockRule, FiresEveryRealHourWhereHoursRecur) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0 * * * ?",
                 kNewYork,
                 "2026-03-08T05:30:00Z",
                 {"2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}},
                {"0 0 * * * ?",
                 kNewYork,
                 "2026-11-01T04:30:00Z",
                 {"2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"}},
                {"0 5 * * * ?",
                 kBerlin,
                 "2026-03-29T00:00:00Z",
                 {"2026-03-29T00:05:00Z", "2026-03-29T01:05:00Z", "2026-03-29T02:05:00Z"}},
                {"0 0/30 * * * ?",
                 kBerlin,
                 "2026-03-29T00:00:00Z",
                 {"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"}},
                {"0 0/30 * * * ?",
                 kBerlin,
                 "2026-10-25T00:00:00Z",
                 {"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"}},
                {"0 0/30 * * * ?",
                 kLordHowe,
                 "2026-10-03T14:45:00Z",
                 {"2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"}},
                {"0 0/30 * * * ?",
                 kLordHowe,
                 "2026-04-04T14:15:00Z",
                 {"2026-04-04T14:30:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z"}}});
}

TEST(WallClockRule, KeepsTheDistanceOfRecurringTimesInAGap) {
  expect_fires(DaylightSaving::kWallClock,
               {// Two hours after midnight is 03:00, because the clock was moved.
                {"0 0 0/2 * * ?",
                 kNewYork,
                 "2026-03-08T04:30:00Z",
                 {"2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"}},
                {"0 0/15 2 * * ?",
                 kBerlin,
                 "2026-03-28T12:00:00Z",
                 {"2026-03-29T01:00:00Z",
                  "2026-03-29T01:15:00Z",
                  "2026-03-29T01:30:00Z",
                  "2026-03-29T01:45:00Z",
                  "2026-03-30T00:00:00Z"}},
                {"0 0 * * * ?",
                 kLordHowe,
                 "2026-10-03T14:00:00Z",
                 {"2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z", "2026-10-03T16:00:00Z"}}});
}

TEST(WallClockRule, FiresRecurringTimesInBothPassesOfAnOverlap) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0/30 2 * * ?",
                 kBerlin,
                 "2026-10-24T12:00:00Z",
                 {"2026-10-25T00:00:00Z",
                  "2026-10-25T00:30:00Z",
                  "2026-10-25T01:00:00Z",
                  "2026-10-25T01:30:00Z",
                  "2026-10-26T01:00:00Z"}},
                {"0 0 0/2 * * ?",
                 kBerlin,
                 "2026-10-24T21:00:00Z",
                 {"2026-10-24T22:00:00Z",
                  "2026-10-25T00:00:00Z",
                  "2026-10-25T01:00:00Z",
                  "2026-10-25T03:00:00Z"}}});
}

TEST(WallClockRule, RunsANightlyJobOncePerDayAtEveryTimeOfDay) {
  for (const std::string_view zone : {kBerlin,
                                      kNewYork,
                                      kLordHowe,
                                      std::string_view("America/Santiago"),
                                      std::string_view("Africa/Cairo")}) {
    for (int minute = 0; minute < 24 * 60; minute += 45) {
      const std::string expression =
          "0 " + std::to_string(minute % 60) + " " + std::to_string(minute / 60) + " * * ?";
      const Times times = fires(
          {.expression = expression, .zone = zone, .after = "2026-01-01T12:00:00Z", .count = 365});
      ASSERT_EQ(times.size(), 365u);
      EXPECT_EQ(std::set(times.begin(), times.end()).size(), 365u) << expression << " in " << zone;
      const auto span = instant_of(times.back()) - instant_of(times.front());
      EXPECT_EQ(span, std::chrono::days{364}) << expression << " in " << zone;
    }
  }
}

TEST(WallClockRule, CrossesTheYearInEveryZone) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0 0 1 1 ?", kNewYork, "2026-06-01T00:00:00Z", {"2027-01-01T05:00:00Z"}},
                {"0 30 23 31 12 ?", kLordHowe, "2026-06-01T00:00:00Z", {"2026-12-31T12:30:00Z"}},
                {"0 0 22-2 ? DEC-JAN *",
                 kBerlin,
                 "2026-12-31T20:30:00Z",
                 {"2026-12-31T21:00:00Z", "2026-12-31T22:00:00Z", "2026-12-31T23:00:00Z"}},
                {"0 0 12 29 2 ?",
                 kBerlin,
                 "2026-06-01T00:00:00Z",
                 {"2028-02-29T11:00:00Z", "2032-02-29T11:00:00Z"}}});
}

TEST(WallClockRule, KnowsTheClockChangesOfFarYears) {
  expect_fires(DaylightSaving::kWallClock,
               {{"0 0 12 1 7 ? 2060", kBerlin, "2026-06-01T00:00:00Z", {"2060-07-01T10:00:00Z"}},
                {"0 0 12 1 1 ? 2060", kBerlin, "2026-06-01T00:00:00Z", {"2060-01-01T11:00:00Z"}},
                {"0 0 12 1 7 ? 2099", kNewYork, "2026-06-01T00:00:00Z", {"2099-07-01T16:00:00Z"}}});
}

TEST(DaylightSaving, HasANameForEachRule) {
  for (const DaylightSaving rule : {DaylightSaving::kWallClock, DaylightSaving::kQuartz}) {
    EXPECT_EQ(parse_daylight_saving(to_string(rule)), rule);
  }
  const auto unknown = parse_daylight_saving("summer");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message,
            "unknown daylight-saving rule \"summer\": write wall_clock or quartz");
}

}  // namespace
}  // namespace sheaf::calendar
// NOLINTEND(modernize-use-designated-initializers,modernize-raw-string-literal)
