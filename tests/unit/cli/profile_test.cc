#include "cli/profile.h"

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

constexpr std::string_view kFile =
    "; profiles\n"
    "[DEFAULT]\n"
    "host = https://default.example.com\n"
    "\n"
    "[prod]\r\n"
    "token = dapi123\r\n"
    "host=https://prod.example.com \r\n"
    "# host = https://commented.example.com\n"
    "[ empty ]\n"
    "hostname = x\n";

TEST(Profile, GivesTheHostOfItsSection) {
  EXPECT_EQ(host_of_profile(kFile, "DEFAULT").value(), "https://default.example.com");
  EXPECT_EQ(host_of_profile(kFile, "prod").value(), "https://prod.example.com");
}

TEST(Profile, MayHaveNoHost) {
  const auto host = host_of_profile(kFile, "empty");
  ASSERT_TRUE(host);
  EXPECT_EQ(*host, std::nullopt);
}

TEST(Profile, FailsWhenItDoesNotExist) {
  const auto host = host_of_profile(kFile, "dev");
  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(host_of_profile("host = https://outside.example.com", "dev"));
}

}  // namespace
}  // namespace sheaf::cli
