#include "cli/web_address.h"

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

WebAddress address(std::string_view text) {
  return parse_web_address(text).value();
}

TEST(WebAddress, KeepsSchemeHostAndPort) {
  EXPECT_EQ(address("http://127.0.0.1:7437").url(), "http://127.0.0.1:7437");
  EXPECT_EQ(address("HTTPS://Sheaf.Example.COM/").url(), "https://sheaf.example.com");
  EXPECT_EQ(address("sheaf.example.com").url(), "https://sheaf.example.com");
  EXPECT_EQ(address("https://sheaf.example.com:443").url(), "https://sheaf.example.com");
  EXPECT_EQ(address("http://[::1]:80").url(), "http://[::1]");
}

TEST(WebAddress, RefusesWhatIsMoreThanAHost) {
  for (const std::string_view text : {"",
                                      "ftp://host",
                                      "http://",
                                      "http://host:0",
                                      "http://host:65536",
                                      "http://host:80x",
                                      "http://host:",
                                      "http://ann@host",
                                      "http://host/path",
                                      "http://host?o=1",
                                      "http://ho st",
                                      "http://[::1",
                                      "http://::1"}) {
    EXPECT_FALSE(parse_web_address(text)) << text;
  }
}

TEST(NamesSameHost, ComparesSchemeHostAndPort) {
  const WebAddress local = address("http://127.0.0.1:7437");
  EXPECT_TRUE(names_same_host("http://127.0.0.1:7437", local));
  EXPECT_TRUE(names_same_host("http://127.0.0.1:7437/?o=123", local));
  EXPECT_TRUE(names_same_host("127.0.0.1:7437", local));
  EXPECT_TRUE(names_same_host("http://localhost:7437/", local));
  EXPECT_FALSE(names_same_host("https://127.0.0.1:7437", local));
  EXPECT_FALSE(names_same_host("http://127.0.0.1:7438", local));
  EXPECT_FALSE(names_same_host("http://127.0.0.1", local));
  EXPECT_FALSE(names_same_host("https://adb-1.azuredatabricks.net", local));
  EXPECT_FALSE(names_same_host("http://ann@127.0.0.1:7437", local));
  EXPECT_FALSE(names_same_host("", local));
}

TEST(NamesSameHost, TakesOnlyLoopbackNamesForOneHost) {
  const WebAddress remote = address("https://sheaf.example.com");
  EXPECT_TRUE(names_same_host("https://SHEAF.example.com:443/path", remote));
  EXPECT_FALSE(names_same_host("https://localhost", remote));
  EXPECT_FALSE(names_same_host("https://sheaf.example.com.evil.net", remote));
}

}  // namespace
}  // namespace sheaf::cli
