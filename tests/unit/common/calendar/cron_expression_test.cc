#include "common/calendar/cron_expression.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/common/calendar/fires.h"

// The tables below read better as rows.
// NOLINTBEGIN(modernize-use-designated-initializers,modernize-raw-string-literal)
namespace sheaf::calendar {
namespace {

struct Vector {
  std::string_view expression;
  std::string_view after;
  std::vector<std::string> expected;
};

/// Every vector's fires in UTC; `expected` is complete up to its length.
void expect_fires(const std::vector<Vector>& vectors) {
  for (const Vector& vector : vectors) {
    const Question question{
        .expression = vector.expression, .after = vector.after, .count = vector.expected.size()};
    EXPECT_EQ(fires(question), vector.expected) << vector.expression;
  }
}

/// Every vector is the first of the pair written otherwise: both fire alike, 50 times.
void expect_same(const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  for (const auto& [left, right] : pairs) {
    const std::string_view after = "2026-01-15T00:00:00Z";
    EXPECT_EQ(fires({.expression = left, .after = after, .count = 50}),
              fires({.expression = right, .after = after, .count = 50}))
        << left << " and " << right;
  }
}

TEST(CronExpression, FiresOnSpecialDays) {
  expect_fires({
      {"0 0 8 LW * ?",
       "2026-01-15T00:00:00Z",
       {"2026-01-30T08:00:00Z", "2026-02-27T08:00:00Z", "2026-03-31T08:00:00Z"}},
      {"0 0 8 15W * ?",
       "2026-08-01T00:00:00Z",
       {"2026-08-14T08:00:00Z", "2026-09-15T08:00:00Z", "2026-10-15T08:00:00Z"}},
      {"0 0 8 1W * ?", "2026-07-30T00:00:00Z", {"2026-08-03T08:00:00Z"}},
      {"0 0 8 ? * MON#5",
       "2026-01-15T00:00:00Z",
       {"2026-03-30T08:00:00Z", "2026-06-29T08:00:00Z", "2026-08-31T08:00:00Z"}},
      {"0 0 8 L-3 * ?",
       "2026-01-15T00:00:00Z",
       {"2026-01-28T08:00:00Z", "2026-02-25T08:00:00Z", "2026-03-28T08:00:00Z"}},
      {"0 0 8 L * ?",
       "2028-01-15T00:00:00Z",
       {"2028-01-31T08:00:00Z", "2028-02-29T08:00:00Z", "2028-03-31T08:00:00Z"}},
      {"0 0 8 L-3W * ?",
       "2026-02-01T00:00:00Z",
       {"2026-02-25T08:00:00Z", "2026-03-27T08:00:00Z", "2026-04-27T08:00:00Z"}},
      {"0 0 8 L-30 * ?", "2026-01-15T00:00:00Z", {"2026-03-01T08:00:00Z", "2026-05-01T08:00:00Z"}},
      // 31 May 2026 is a Sunday: the nearest weekday that does not leave the month.
      {"0 0 8 31W * ?", "2026-04-01T00:00:00Z", {"2026-05-29T08:00:00Z", "2026-07-31T08:00:00Z"}},
      {"0 0 8 31 * ?", "2026-04-01T00:00:00Z", {"2026-05-31T08:00:00Z", "2026-07-31T08:00:00Z"}},
      {"0 0 8 ? * L", "2026-01-15T00:00:00Z", {"2026-01-17T08:00:00Z", "2026-01-24T08:00:00Z"}},
      {"0 0 8 ? * 6L", "2026-01-15T00:00:00Z", {"2026-01-30T08:00:00Z", "2026-02-27T08:00:00Z"}},
      {"0 0 8 ? * 6#3", "2026-01-15T00:00:00Z", {"2026-01-16T08:00:00Z", "2026-02-20T08:00:00Z"}},
      {"0 0 8 ? * 1", "2026-01-15T00:00:00Z", {"2026-01-18T08:00:00Z", "2026-01-25T08:00:00Z"}},
  });
}

TEST(CronExpression, FiresInTheYearsThatItNames) {
  expect_fires({
      {"0 0 0 1 1 ? 2027,2030",
       "2026-05-05T00:00:00Z",
       {"2027-01-01T00:00:00Z", "2030-01-01T00:00:00Z"}},
      {"0 0 0 1 1 ? 2027/50",
       "2026-05-05T00:00:00Z",
       {"2027-01-01T00:00:00Z", "2077-01-01T00:00:00Z"}},
      {"0 0 0 1 1 ? */10",
       "2026-05-05T00:00:00Z",
       {"2030-01-01T00:00:00Z", "2040-01-01T00:00:00Z"}},
      {"59 59 23 31 12 ? 2026-2027",
       "2026-05-05T00:00:00Z",
       {"2026-12-31T23:59:59Z", "2027-12-31T23:59:59Z"}},
  });
  const std::vector<std::string> leap_days{"2028-02-29T00:00:00Z",
                                           "2032-02-29T00:00:00Z",
                                           "2036-02-29T00:00:00Z",
                                           "2040-02-29T00:00:00Z"};
  EXPECT_EQ(
      fires(
          {.expression = "0 0 0 29 2 ? 2028-2040/4", .after = "2026-01-15T00:00:00Z", .count = 5}),
      leap_days);
}

TEST(CronExpression, FiresNeverAgainWhenNoDayIsLeft) {
  for (const std::string_view never : {"0 0 0 30 2 ?",
                                       "0 0 0 31 2,4,6,9,11 ?",
                                       "* * * 30 FEB ? *",
                                       "0 0 0 ? 2 MON#5 2027",
                                       "0 0 0 1 1 ? 2025",
                                       "0 0 0 1 1 ? 2130",
                                       "0 0 0 29 2 ? 2027/4"}) {
    const Question question{.expression = never, .after = "2026-01-15T00:00:00Z"};
    EXPECT_EQ(fires(question), std::vector<std::string>{}) << never;
  }
  // The only leap day between 2097 and 2103 would be in 2100, which has none.
  const Question question{
      .expression = "0 0 0 29 2 ?", .after = "2096-03-01T00:00:00Z", .count = 1};
  EXPECT_EQ(fires(question), std::vector<std::string>{"2104-02-29T00:00:00Z"});
}

TEST(CronExpression, CountsStepsFromTheStartOfTheField) {
  expect_same({
      {"*/7 * * * * ?", "0,7,14,21,28,35,42,49,56 * * * * ?"},
      {"/7 * * * * ?", "0,7,14,21,28,35,42,49,56 * * * * ?"},
      {"0 3/20 * * * ?", "0 3,23,43 * * * ?"},
      {"0 0 7/6 * * ?", "0 0 7,13,19 * * ?"},
      {"0 0 0 1 7/6 ?", "0 0 0 1 7 ?"},
      {"0 0 0 */10 * ?", "0 0 0 1,11,21,31 * ?"},
      {"0 0 0 /10 * ?", "0 0 0 1,11,21,31 * ?"},
      {"0 0 0 ? * */3", "0 0 0 ? * 1,4,7"},
      {"0 0 0 1 */5 ?", "0 0 0 1 JAN,JUN,NOV ?"},
      {"0 0 0 ? * 2-6/2", "0 0 0 ? * MON,WED,FRI"},
      {"0 0 8-17/3 * * ?", "0 0 8,11,14,17 * * ?"},
      {"0 0 5/23 * * ?", "0 0 5 * * ?"},
  });
}

TEST(CronExpression, WrapsRangesAround) {
  expect_same({
      {"0 0 22-2 * * ?", "0 0 22,23,0,1,2 * * ?"},
      {"0 0 22-3/2 * * ?", "0 0 22,0,2 * * ?"},
      {"50-10/10 0 0 * * ?", "50,0,10 0 0 * * ?"},
      {"0 58-1 * * * ?", "0 58,59,0,1 * * * ?"},
      {"0 0 0 1 NOV-FEB ?", "0 0 0 1 11,12,1,2 ?"},
      {"0 0 0 30-2 * ?", "0 0 0 30,31,1,2 * ?"},
      {"0 0 0 ? * FRI-MON", "0 0 0 ? * 6,7,1,2"},
      {"0 0 0 1 11-2/2 ?", "0 0 0 1 NOV,JAN ?"},
  });
}

TEST(CronExpression, ReadsNamesInAnyCaseAndSpacing) {
  expect_same({
      {"0 0 0 ? jan-Mar mon", "0 0 0 ? 1-3 2"},
      {"0 0 8 lw * ?", "0 0 8 LW * ?"},
      {"0 0 8 ? * friL", "0 0 8 ? * 6L"},
      {"0 0 8 ? * fri#3", "0 0 8 ? * 6#3"},
      {" \t0 0\t8  * * ? \n", "0 0 8 * * ?"},
      {"0 0 8 * * ? *", "0 0 8 * * ?"},
      {"0 0 8 ? * *", "0 0 8 * * ?"},
      {"0 0 8 ? * MON,WED-FRI", "0 0 8 ? * 2,4,5,6"},
      {"5,5,1-3,2 0 0 * * ?", "1,2,3,5 0 0 * * ?"},
  });
}

TEST(CronExpression, IgnoresAStepAfterNames) {
  expect_same({
      {"0 0 8 ? * MON-FRI/2", "0 0 8 ? * 2-6"},
      {"0 0 8 ? * TUE/2", "0 0 8 ? * 3"},
      {"0 0 8 1 JAN-APR/2 ?", "0 0 8 1 1-4 ?"},
  });
}

TEST(CronExpression, KeepsItsText) {
  EXPECT_EQ(expression_of(" 0 0 8 lw * ? ").text(), " 0 0 8 lw * ? ");
}

TEST(CronExpression, FollowsElapsedTimeWhereHoursOrMinutesRecur) {
  for (const std::string_view text : {"0 0 * * * ?",
                                      "0 0/30 * * * ?",
                                      "0 0/30 2 * * ?",
                                      "0 * 2 * * ?",
                                      "0 0 8/2 * * ?",
                                      "0 0 0-23 * * ?",
                                      "0 30-29 2 * * ?",
                                      "0 0 8,12/2 * * ?"}) {
    EXPECT_TRUE(expression_of(text).follows_elapsed_time()) << text;
  }
  for (const std::string_view text :
       {"0 30 2 * * ?", "0 0,30 1-5 * * ?", "*/10 30 2 * * ?", "0 0 2 */2 */3 ? */2"}) {
    EXPECT_FALSE(expression_of(text).follows_elapsed_time()) << text;
  }
}

struct Mistake {
  std::string_view expression;
  std::string_view message;
};

constexpr std::string_view kWrite =
    ": write seconds minutes hours day-of-month month day-of-week [year], e.g. \"0 0 8 * * ?\"";
constexpr std::string_view kOneQuestionMark =
    "day-of-week: exactly one of day-of-month and day-of-week must be '?', here ";

constexpr auto kMistakes = std::to_array<Mistake>({
    {"60 0 8 * * ?", "seconds: \"60\" is outside 0-59"},
    {"0 60 8 * * ?", "minutes: \"60\" is outside 0-59"},
    {"0 0 24 * * ?", "hours: \"24\" is outside 0-23"},
    {"0 0 8-24 * * ?", "hours: \"8-24\" is outside 0-23"},
    {"0 0 8 0 * ?", "day-of-month: \"0\" is outside 1-31"},
    {"0 0 8 32 * ?", "day-of-month: \"32\" is outside 1-31"},
    {"0 0 8 0/5 * ?", "day-of-month: \"0/5\" is outside 1-31"},
    {"0 0 8 1 13 ?", "month: \"13\" is outside 1-12 or JAN-DEC"},
    {"0 0 8 ? * 8", "day-of-week: \"8\" is outside 1-7 or SUN-SAT"},
    {"0 0 8 ? * 0", "day-of-week: \"0\" is outside 1-7 or SUN-SAT"},
    {"0 0 8 1 1 ? 1969", "year: \"1969\" is outside 1970-9999"},
    {"0 0 99999999999999999999 * * ?", "hours: \"99999999999999999999\" is outside 0-23"},
    {"0 0 8 1 1 ? 2030-2027", "year: \"2030-2027\" runs backwards: write the earlier year first"},
    {"0/60 0 8 * * ?", "seconds: \"0/60\" needs a step of 1-59 after '/', not \"60\""},
    {"0 */60 8 * * ?", "minutes: \"*/60\" needs a step of 1-59 after '/', not \"60\""},
    {"0 0 0/24 * * ?", "hours: \"0/24\" needs a step of 1-23 after '/', not \"24\""},
    {"0 0 8 1/32 * ?", "day-of-month: \"1/32\" needs a step of 1-31 after '/', not \"32\""},
    {"0 0 8 1 1/13 ?", "month: \"1/13\" needs a step of 1-12 after '/', not \"13\""},
    {"0 0 8 ? * 1/8", "day-of-week: \"1/8\" needs a step of 1-7 after '/', not \"8\""},
    {"0 0 8 ? * MON-FRI/8", "day-of-week: \"MON-FRI/8\" needs a step of 1-7 after '/', not \"8\""},
    {"0 0/ 8 * * ?", "minutes: \"0/\" needs a step of 1-59 after '/', not \"\""},
    {"0 / 8 * * ?", "minutes: \"/\" needs a step of 1-59 after '/', not \"\""},
    {"0 0/0 8 * * ?", "minutes: \"0/0\" needs a step of 1-59 after '/', not \"0\""},
    {"0 0/x 8 * * ?", "minutes: \"0/X\" needs a step of 1-59 after '/', not \"X\""},
    {"0 0 8 1 JAM ?", "month: \"JAM\" holds no known name: write 1-12 or JAN-DEC"},
    {"0 0 8 ? * MON-FRY", "day-of-week: \"MON-FRY\" holds no known name: write 1-7 or SUN-SAT"},
    {"0 0 8 ? * MON-6", "day-of-week: \"MON-6\" holds no known name: write 1-7 or SUN-SAT"},
    {"0 0 8 ? * MONDAY", "day-of-week: \"MONDAY\" has \"DAY\" after the name"},
    {"0 0 H * * ?", "hours: \"H\" is not a value: write 0-23, *, a-b, a/n or a list"},
    {"0 0 8- * * ?", "hours: \"8-\" is not a value: write 0-23, *, a-b, a/n or a list"},
    {"0 0 -8 * * ?", "hours: \"-8\" is not a value: write 0-23, *, a-b, a/n or a list"},
    {"0 0 *8 * * ?", "hours: \"*8\" is not a value: write 0-23, *, a-b, a/n or a list"},
    {"0 0 8x * * ?", "hours: \"8X\" has \"X\" after the number"},
    {"0 0 8L * * ?", "hours: \"8L\" has \"L\" after the number"},
    {"0 0 8,,9 * * ?", "hours: \"\" is empty: take away the extra comma"},
    {"0 0 8, * * ?", "hours: \"\" is empty: take away the extra comma"},
    {"0 0 ? * * ?", "hours: \"?\" may only stand alone in day-of-month or day-of-week"},
    {"0 0 8 1,? * ?", "day-of-month: \"?\" may only stand alone in day-of-month or day-of-week"},
    {"0 0 8 L,15 * ?", "day-of-month: \"L,15\" has L or W in a list: they must stand alone"},
    {"0 0 8 15W,20 * ?", "day-of-month: \"15W,20\" has L or W in a list: they must stand alone"},
    {"0 0 8 L-31 * ?", "day-of-month: \"L-31\" needs 0-30 days after \"L-\""},
    {"0 0 8 L- * ?", "day-of-month: \"L-\" needs 0-30 days after \"L-\""},
    {"0 0 8 LX * ?", "day-of-month: \"LX\" is not L, L-n, LW or L-nW"},
    {"0 0 8 32W * ?", "day-of-month: \"32W\" needs one day of 1-31 before W"},
    {"0 0 8 1-5W * ?", "day-of-month: \"1-5W\" needs one day of 1-31 before W"},
    {"0 0 8 W * ?", "day-of-month: \"W\" needs one day of 1-31 before W"},
    {"0 0 8 15L * ?", "day-of-month: \"15L\" has \"L\" after the number"},
    {"0 0 8 ? * FRIL,MON", "day-of-week: \"FRIL,MON\" has L in a list: it must stand alone"},
    {"0 0 8 ? * L,2", "day-of-week: \"L,2\" has L in a list: it must stand alone"},
    {"0 0 8 ? * 8L", "day-of-week: \"8L\" is not weekdayL, e.g. FRIL for the last Friday"},
    {"0 0 8 ? * 6#6",
     "day-of-week: \"6#6\" is not weekday#n with n of 1-5, e.g. FRI#3 for the third Friday"},
    {"0 0 8 ? * 6#0",
     "day-of-week: \"6#0\" is not weekday#n with n of 1-5, e.g. FRI#3 for the third Friday"},
    {"0 0 8 ? * #2",
     "day-of-week: \"#2\" is not weekday#n with n of 1-5, e.g. FRI#3 for the third Friday"},
    {"0 0 8 ? * 2#1,6#3", "day-of-week: \"2#1,6#3\" has # in a list: it must stand alone"},
    {"0 0 8 ? * 2#1#3", "day-of-week: \"2#1#3\" has # in a list: it must stand alone"},
    {"0 0 8 ? * 2#1,6", "day-of-week: \"2#1,6\" has # in a list: it must stand alone"},
    {"0 0 8 ? * 6,2#1", "day-of-week: \"6,2#1\" has # in a list: it must stand alone"},
});

TEST(CronExpression, SaysWhatIsWrongInWhichField) {
  for (const auto& [expression, message] : kMistakes) {
    const auto parsed = CronExpression::parse(expression);
    ASSERT_FALSE(parsed) << expression;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid) << expression;
    EXPECT_EQ(parsed.error().message, message) << expression;
  }
}

TEST(CronExpression, WantsSixOrSevenFields) {
  const std::string start = "a Quartz expression has 6 or 7 fields, this one has ";
  const std::vector<std::pair<std::string_view, std::string>> cases{
      {"", start + "0" + std::string(kWrite)},
      {"@daily", start + "1" + std::string(kWrite)},
      {"0 8 * * *", start + "5; a Unix cron line lacks the seconds in front" + std::string(kWrite)},
      {"0 0 8 * * ? * *", start + "8" + std::string(kWrite)},
  };
  for (const auto& [expression, message] : cases) {
    const auto parsed = CronExpression::parse(expression);
    ASSERT_FALSE(parsed) << expression;
    EXPECT_EQ(parsed.error().message, message);
  }
  EXPECT_FALSE(CronExpression::parse("0 0 8 * * ? " + std::string(1'000, ' ')));
}

TEST(CronExpression, WantsExactlyOneQuestionMark) {
  for (const std::string_view both : {"0 0 8 * * *", "0 0 8 1 * MON"}) {
    const auto parsed = CronExpression::parse(both);
    ASSERT_FALSE(parsed) << both;
    EXPECT_EQ(
        parsed.error().message,
        std::string(kOneQuestionMark) + "neither is; write '?' for the one that does not matter");
  }
  const auto none = CronExpression::parse("0 0 8 ? * ?");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            std::string(kOneQuestionMark) + "both are; write '?' for the one that does not matter");
}

}  // namespace
}  // namespace sheaf::calendar
// NOLINTEND(modernize-use-designated-initializers,modernize-raw-string-literal)
