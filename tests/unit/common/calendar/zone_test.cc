#include "common/calendar/zone.h"

#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "common/calendar/posix_rule.h"
#include "common/calendar/rfc3339.h"
#include "common/calendar/tzif.h"
#include "tests/unit/common/calendar/fires.h"

// The tables below read better as rows.
// NOLINTBEGIN(modernize-use-designated-initializers,modernize-raw-string-literal)
namespace sheaf::calendar {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

sys_seconds at(std::string_view text) {
  return instant_of(text);
}

TEST(Zone, HoldsItsOffsetUntilTheNextTransition) {
  const Zone zone("Test",
                  hours{1},
                  {{at("2026-01-01T00:00:00Z"), hours{2}},
                   {at("2026-02-01T00:00:00Z"), hours{2}},
                   {at("2026-03-01T00:00:00Z"), hours{-1}}});
  EXPECT_EQ(zone.offset_at(at("1800-01-01T00:00:00Z")), hours{1});
  EXPECT_EQ(zone.offset_at(at("2025-12-31T23:59:59Z")), hours{1});
  EXPECT_EQ(zone.offset_at(at("2026-01-01T00:00:00Z")), hours{2});
  EXPECT_EQ(zone.offset_at(at("2026-03-01T00:00:00Z")), hours{-1});
  EXPECT_EQ(zone.offset_at(at("9999-01-01T00:00:00Z")), hours{-1});
  ASSERT_EQ(zone.period_count(), 3u) << "a transition that changes nothing is dropped";
  const Zone::Period middle = zone.period(1);
  EXPECT_EQ(middle.begin, at("2026-01-01T00:00:00Z"));
  EXPECT_EQ(middle.end, at("2026-03-01T00:00:00Z"));
  EXPECT_EQ(middle.offset_before, hours{1});
  EXPECT_EQ(middle.offset_after, hours{-1});
  EXPECT_EQ(zone.period(0).offset_before, hours{1});
  EXPECT_EQ(zone.period(2).offset_after, hours{-1});
}

TEST(Zone, IsFixedForJavaIdsWithAnOffset) {
  const std::array<std::pair<std::string_view, seconds>, 8> cases{{
      {"UTC", hours{0}},
      {"GMT", hours{0}},
      {"Z", hours{0}},
      {"GMT+2", hours{2}},
      {"GMT-11", hours{-11}},
      {"UTC+05:30", minutes{330}},
      {"UTC-3:30", minutes{-210}},
      {"GMT+18:00", hours{18}},
  }};
  for (const auto& [name, offset] : cases) {
    const auto zone = fixed_zone(name);
    EXPECT_TRUE(zone) << name;
    if (zone) {
      EXPECT_EQ(zone->name(), name);
      EXPECT_EQ(zone->offset_at(at("2026-07-01T00:00:00Z")), offset) << name;
    }
  }
  for (const std::string_view name : {"",
                                      "Europe/Berlin",
                                      "GMT+",
                                      "GMT2",
                                      "GMT+19",
                                      "GMT+18:01",
                                      "UTC+1:",
                                      "UTC+1:5x",
                                      "UTC+1:60",
                                      "UTC++1",
                                      "UTC+-1",
                                      "UTC+100",
                                      "UTC+1:5",
                                      "utc",
                                      "GMT+1:005"}) {
    EXPECT_FALSE(fixed_zone(name)) << name;
  }
}

struct RuleCase {
  std::string_view rule;
  std::string_view first;   ///< First transition of 2040.
  std::string_view second;  ///< Second transition of 2040.
};

TEST(PosixRule, PlacesTheTransitionsOfAYear) {
  const std::array<RuleCase, 9> cases{{
      {"EST5EDT,M3.2.0,M11.1.0", "2040-03-11T07:00:00Z", "2040-11-04T06:00:00Z"},
      {"CET-1CEST,M3.5.0,M10.5.0/3", "2040-03-25T01:00:00Z", "2040-10-28T01:00:00Z"},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2040-03-31T15:00:00Z", "2040-10-06T15:30:00Z"},
      // Ireland's standard time is its summer time.
      {"IST-1GMT0,M10.5.0,M3.5.0/1", "2040-03-25T01:00:00Z", "2040-10-28T01:00:00Z"},
      // Greenland changes at -1:00, the evening before; Gaza at 50:00, two days later.
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2040-03-25T01:00:00Z", "2040-10-28T01:00:00Z"},
      {"EET-2EEST,M3.4.4/50,M10.4.4/50", "2040-03-24T00:00:00Z", "2040-10-26T23:00:00Z"},
      {"<+00>0<+02>-2,M3.5.0/1,M10.5.0/3", "2040-03-25T01:00:00Z", "2040-10-28T01:00:00Z"},
      // Day 60 is 1 March with J in every year, 29 February 2040 is day 59 without it.
      {"AAA0BBB,J60/0:00:00,J365/+1:30", "2040-03-01T00:00:00Z", "2040-12-31T00:30:00Z"},
      {"AAA0BBB-1,59/0,365/1", "2040-02-29T00:00:00Z", "2040-12-31T00:00:00Z"},
  }};
  for (const RuleCase& expected : cases) {
    const auto transitions = transitions_of_rule(expected.rule, year{2040});
    ASSERT_TRUE(transitions) << transitions.error().message;
    ASSERT_EQ(transitions->size(), 2u * (2200 - 2040 + 1));
    EXPECT_EQ(format_rfc3339(transitions->at(0).at), expected.first) << expected.rule;
    EXPECT_EQ(format_rfc3339(transitions->at(1).at), expected.second) << expected.rule;
  }
}

TEST(PosixRule, CountsTheLeapDayOnlyWithoutJ) {
  const auto counted = transitions_of_rule("AAA0BBB-1,59/0,365/1", year{2041});
  const auto skipped = transitions_of_rule("AAA0BBB,J60/0,J365/0", year{2041});
  ASSERT_TRUE(counted && skipped);
  EXPECT_EQ(format_rfc3339(counted->front().at), "2041-03-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(skipped->front().at), "2041-03-01T00:00:00Z");
}

TEST(PosixRule, HasNoTransitionsWithoutDaylightSaving) {
  for (const std::string_view rule : {"EST5", "<+13>-13", "UTC0", "<-0930>9:30"}) {
    const auto transitions = transitions_of_rule(rule, year{2040});
    ASSERT_TRUE(transitions) << rule;
    EXPECT_TRUE(transitions->empty()) << rule;
  }
}

TEST(PosixRule, RefusesWhatIsNoRule) {
  for (const std::string_view rule : {"",
                                      "E",
                                      "EST",
                                      "EST5EDT",
                                      "EST5EDT,M3.2.0",
                                      "EST5EDT,M13.2.0,M11.1.0",
                                      "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,M3.2.7,M11.1.0",
                                      "EST5EDT,M3.2.0,M11.1.0,",
                                      "<+13-13",
                                      "EST5EDT,J0,J365",
                                      "EST5EDT,0,366",
                                      "EST168",
                                      "EST5:60",
                                      "EST5EDT,M3.2.0/168,M11.1.0",
                                      "EST5EDT,M3.2.0,M11.1.0/"}) {
    const auto transitions = transitions_of_rule(rule, year{2040});
    ASSERT_FALSE(transitions) << rule;
    EXPECT_EQ(transitions.error().code, ErrorCode::kCorrupt);
  }
}

TEST(ZoneFile, RefusesEveryTruncation) {
  const std::string bytes = zone_file("Pacific/Apia");
  ASSERT_TRUE(parse_tzif("Pacific/Apia", bytes));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto zone = parse_tzif("Pacific/Apia", bytes.substr(0, length));
    ASSERT_FALSE(zone) << length;
    EXPECT_EQ(zone.error().code, ErrorCode::kCorrupt);
  }
}

TEST(ZoneFile, SurvivesEveryChangedByte) {
  const std::string bytes = zone_file("Pacific/Apia");
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    std::string changed = bytes;
    changed[index] = static_cast<char>(~changed[index]);
    const auto zone = parse_tzif("Pacific/Apia", changed);
    if (zone) {
      EXPECT_GE(zone->period_count(), 1u);
    }
  }
  EXPECT_FALSE(parse_tzif("x", "TZif9" + std::string(39, '\xff')));
}

TEST(ZoneFile, RefusesLeapSeconds) {
  const auto zone = parse_tzif("right/UTC", zone_file("right/UTC"));
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code, ErrorCode::kUnsupported);
}

/// The C library's answer, from its own reader of the same files.
seconds library_offset(sys_seconds instant) {
  const std::time_t time = instant.time_since_epoch().count();
  std::tm broken{};
  localtime_r(&time, &broken);
  return seconds{broken.tm_gmtoff};
}

void expect_library_agrees(const Zone& zone, sys_seconds instant) {
  ASSERT_EQ(zone.offset_at(instant), library_offset(instant))
      << zone.name() << " at " << format_rfc3339(instant);
}

void expect_library_agrees(const std::string& name) {
  // NOLINTBEGIN(concurrency-mt-unsafe): this program has one thread.
  setenv("TZ", (":" + name).c_str(), 1);
  // NOLINTEND(concurrency-mt-unsafe)
  tzset();
  const Zone& zone = zone_named(name);
  const sys_seconds first{sys_days{year{1900} / 1 / 1}};
  const sys_seconds last{sys_days{year{2200} / 1 / 1}};
  for (const Transition& transition : zone.transitions()) {
    if (transition.at >= first && transition.at < last) {
      expect_library_agrees(zone, transition.at - seconds{1});
      expect_library_agrees(zone, transition.at);
    }
  }
  for (sys_seconds instant = first; instant < last; instant += std::chrono::days{97}) {
    expect_library_agrees(zone, instant);
  }
}

/// The names of the zone files of one region.
std::vector<std::string> names_in(const std::filesystem::path& region) {
  const std::filesystem::path root = "/usr/share/zoneinfo";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / region)) {
    if (entry.is_regular_file()) {
      names.push_back(entry.path().lexically_relative(root).string());
    }
  }
  return names;
}

class EveryZone : public testing::TestWithParam<const char*> {};

TEST_P(EveryZone, AgreesWithTheCLibrary) {
  const std::vector<std::string> names = names_in(GetParam());
  EXPECT_GT(names.size(), 5u);
  for (const std::string& name : names) {
    ASSERT_NO_FATAL_FAILURE(expect_library_agrees(name));
  }
}

INSTANTIATE_TEST_SUITE_P(ZoneFile,
                         EveryZone,
                         testing::Values("Africa",
                                         "America",
                                         "Antarctica",
                                         "Asia",
                                         "Atlantic",
                                         "Australia",
                                         "Europe",
                                         "Pacific",
                                         "Etc"));

}  // namespace
}  // namespace sheaf::calendar
// NOLINTEND(modernize-use-designated-initializers,modernize-raw-string-literal)
