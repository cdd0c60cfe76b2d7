#include "common/calendar/rfc3339.h"

#include <array>

#include <gtest/gtest.h>

namespace sheaf::calendar {
namespace {

TEST(Rfc3339, ReadsAndWritesTheSameInstant) {
  for (const std::string_view text : {"2026-11-24T01:00:00Z",
                                      "1970-01-01T00:00:00Z",
                                      "1969-12-31T23:59:59Z",
                                      "0000-01-01T00:00:00Z",
                                      "2028-02-29T12:30:45Z",
                                      "9999-12-31T23:59:59Z"}) {
    const auto instant = parse_rfc3339(text);
    ASSERT_TRUE(instant) << instant.error().message;
    EXPECT_EQ(format_rfc3339(std::chrono::floor<std::chrono::seconds>(*instant)), text);
  }
}

TEST(Rfc3339, ReadsOffsetsFractionsAndSmallLetters) {
  const std::array<std::array<std::string_view, 2>, 8> cases{{
      {"2026-11-24T02:00:00+01:00", "2026-11-24T01:00:00.000Z"},
      {"2026-11-23T20:30:00-04:30", "2026-11-24T01:00:00.000Z"},
      {"2026-11-24t01:00:00z", "2026-11-24T01:00:00.000Z"},
      {"2026-11-24T01:00:00.5Z", "2026-11-24T01:00:00.500Z"},
      {"2026-11-24T01:00:00.05Z", "2026-11-24T01:00:00.050Z"},
      {"2026-11-24T01:00:00.123999999Z", "2026-11-24T01:00:00.123Z"},
      {"1969-12-31T23:59:59.250Z", "1969-12-31T23:59:59.250Z"},
      {"2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z"},
  }};
  for (const auto& [text, expected] : cases) {
    const auto instant = parse_rfc3339(text);
    ASSERT_TRUE(instant) << instant.error().message;
    EXPECT_EQ(format_rfc3339(*instant), expected) << text;
  }
}

TEST(Rfc3339, RefusesWhatIsNoInstant) {
  for (const std::string_view text : {"",
                                      "2026-11-24",
                                      "2026-11-24T01:00:00",
                                      "2026-11-24 01:00:00Z",
                                      "2026-11-24T01:00Z",
                                      "2026-02-29T01:00:00Z",
                                      "2026-13-01T01:00:00Z",
                                      "2026-00-01T01:00:00Z",
                                      "2026-11-24T24:00:00Z",
                                      "2026-11-24T01:60:00Z",
                                      "2026-12-31T23:59:60Z",
                                      "2026-11-24T01:00:00.Z",
                                      "2026-11-24T01:00:00+1:00",
                                      "2026-11-24T01:00:00+0100",
                                      "2026-11-24T01:00:00+24:00",
                                      "2026-11-24T01:00:00Zx",
                                      "+026-11-24T01:00:00Z",
                                      "1764000000"}) {
    const auto instant = parse_rfc3339(text);
    ASSERT_FALSE(instant) << text;
    EXPECT_EQ(instant.error().code, ErrorCode::kInvalid);
    EXPECT_NE(instant.error().message.find("write it like 2026-11-24T01:00:00Z"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace sheaf::calendar
