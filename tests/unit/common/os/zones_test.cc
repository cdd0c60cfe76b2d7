#include "common/os/zones.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace sheaf::os {
namespace {

using std::chrono::hours;
using std::chrono::sys_days;
using std::chrono::year;

constexpr sys_days kSummer{year{2026} / 7 / 1};

TEST(Zones, LoadsTheZoneOfAName) {
  const auto berlin = load_zone("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  EXPECT_EQ(berlin->name(), "Europe/Berlin");
  EXPECT_EQ(berlin->offset_at(kSummer), hours{2});
  EXPECT_EQ(berlin->offset_at(sys_days{year{2060} / 7 / 1}), hours{2});
}

TEST(Zones, KnowsFixedOffsetsOfJava) {
  for (const auto& [name, offset] : {std::pair{"UTC", hours{0}},
                                     std::pair{"GMT+2", hours{2}},
                                     std::pair{"Etc/GMT+2", hours{-2}}}) {
    const auto zone = load_zone(name);
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(zone->offset_at(kSummer), offset) << name;
  }
}

TEST(Zones, NamesTheNearestOfAnUnknownOne) {
  const auto zone = load_zone("Europe/Berlni");
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error().code, ErrorCode::kInvalid);
  EXPECT_NE(zone.error().message.find("Europe/Berlin"), std::string::npos) << zone.error().message;
}

TEST(Zones, TranslatesOldJavaIds) {
  const auto zone = load_zone("PST");
  ASSERT_FALSE(zone);
  EXPECT_NE(zone.error().message.find("stood for America/Los_Angeles"), std::string::npos)
      << zone.error().message;
  EXPECT_TRUE(load_zone("EST")) << "one of the three that are IANA names too";
}

TEST(Zones, RefusesNamesThatAreNoZone) {
  for (const std::string_view name : {"",
                                      "Europe",
                                      "/etc/passwd",
                                      "../../../etc/passwd",
                                      "Europe/../Europe/Berlin",
                                      "Europe//Berlin",
                                      "right/UTC",
                                      "tzdata.zi",
                                      "zone.tab"}) {
    const auto zone = load_zone(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, ErrorCode::kInvalid) << name;
  }
}

TEST(Zones, ListsNamesThatItLoads) {
  const auto names = zone_names();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_GT(names.size(), 400u);
  for (const std::string& name : names) {
    EXPECT_TRUE(load_zone(name)) << name;
  }
}

}  // namespace
}  // namespace sheaf::os
