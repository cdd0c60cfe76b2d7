#include "cli/endpoint.h"

#include <gtest/gtest.h>

#include "common/os/file.h"
#include "tests/unit/cli/temporary_folder.h"

namespace sheaf::cli {
namespace {

Endpoint endpoint(std::string_view url, std::string token) {
  return {.address = parse_web_address(url).value(),
          .token = std::move(token),
          .scheduler_id = "id",
          .pid = {}};
}

std::filesystem::perms mode_of(const std::filesystem::path& path) {
  return std::filesystem::status(path).permissions();
}

TEST(Enrol, KeepsTheNewestFirstAndOneAnAddress) {
  const TemporaryFolder folder;
  const auto configuration = folder.path() / "new" / "sheaf";
  ASSERT_TRUE(enrol(configuration, endpoint("https://a.example.com", "a1")));
  ASSERT_TRUE(enrol(configuration, endpoint("https://b.example.com", "b1")));
  ASSERT_TRUE(enrol(configuration, endpoint("https://a.example.com", "a2")));
  const auto enrolled = read_enrolled(configuration);
  ASSERT_TRUE(enrolled);
  EXPECT_EQ(*enrolled,
            (std::vector{endpoint("https://a.example.com", "a2"),
                         endpoint("https://b.example.com", "b1")}));
}

TEST(Enrol, WritesForTheOwnerAlone) {
  const TemporaryFolder folder;
  ASSERT_TRUE(enrol(folder.path(), endpoint("https://a.example.com", "a1")));
  using std::filesystem::perms;
  EXPECT_EQ(mode_of(folder.path() / "endpoints.json"), perms::owner_read | perms::owner_write);
}

TEST(Enrol, RefusesAFileThatItDidNotWrite) {
  const TemporaryFolder folder;
  ASSERT_TRUE(os::replace_file(folder.path() / "endpoints.json", "{\"endpoints\": [{}]}"));
  const auto enrolled = read_enrolled(folder.path());
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::kCorrupt);
}

TEST(ReadEnrolled, IsEmptyWithoutTheFile) {
  const TemporaryFolder folder;
  EXPECT_TRUE(read_enrolled(folder.path())->empty());
}

TEST(LocalEndpoint, ReadsBackWhatUpWrote) {
  const TemporaryFolder folder;
  ASSERT_TRUE(os::replace_file(folder.path() / "token", "secret\n"));
  ASSERT_TRUE(write_local_endpoint(folder.path(),
                                   {.url = "http://127.0.0.1:1234",
                                    .token_file = folder.path() / "token",
                                    .scheduler_id = "id",
                                    .pid = 77}));
  auto expected = endpoint("http://127.0.0.1:1234", "secret");
  expected.pid = 77;
  EXPECT_EQ(read_local_endpoint(folder.path()).value(), expected);
  using std::filesystem::perms;
  EXPECT_EQ(mode_of(local_endpoint_path(folder.path())), perms::owner_read | perms::owner_write);
}

TEST(LocalEndpoint, IsAbsentWithoutTheFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_local_endpoint(folder.path()).value(), std::nullopt);
}

TEST(ParseToken, TakesOneWord) {
  EXPECT_EQ(parse_token("  abc-1\r\n", "stdin").value(), "abc-1");
  EXPECT_FALSE(parse_token("", "stdin"));
  EXPECT_FALSE(parse_token("\n", "stdin"));
  EXPECT_FALSE(parse_token("two words", "stdin"));
  EXPECT_FALSE(parse_token("injected\r\nX-Header: 1", "stdin"));
}

}  // namespace
}  // namespace sheaf::cli
