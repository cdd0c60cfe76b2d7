#include "cli/endpoint_choice.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/os/file.h"
#include "tests/unit/cli/temporary_folder.h"

namespace sheaf::cli {
namespace {

Endpoint endpoint(std::string_view url) {
  return {.address = parse_web_address(url).value(), .token = "t", .scheduler_id = "id", .pid = {}};
}

EndpointCandidates candidates() {
  return {.local = endpoint("http://127.0.0.1:7437"),
          .enrolled = {endpoint("https://new.example.com"), endpoint("https://old.example.com")},
          .named = {},
          .data_folder = "/data"};
}

NamedHost by_variable(std::string host) {
  return {.host = std::move(host), .origin = "DATABRICKS_HOST"};
}

TEST(ChooseEndpoint, TakesTheLocalOneFirst) {
  EXPECT_EQ(choose_endpoint(candidates())->address.url(), "http://127.0.0.1:7437");
}

TEST(ChooseEndpoint, TakesTheOneEnrolledLast) {
  auto without_local = candidates();
  without_local.local.reset();
  EXPECT_EQ(choose_endpoint(without_local)->address.url(), "https://new.example.com");
}

TEST(ChooseEndpoint, IsUnavailableWithoutAny) {
  const auto chosen =
      choose_endpoint({.local = {}, .enrolled = {}, .named = {}, .data_folder = "/d"});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kUnavailable);
}

TEST(ChooseEndpoint, FollowsANamedHostThatIsEnrolled) {
  auto named = candidates();
  named.named = {by_variable("https://old.example.com/?o=1")};
  EXPECT_EQ(choose_endpoint(named)->address.url(), "https://old.example.com");
}

TEST(ChooseEndpoint, RefusesANamedHostThatIsNotEnrolled) {
  auto named = candidates();
  named.named = {by_variable("https://adb-1.azuredatabricks.net")};
  const auto chosen = choose_endpoint(named);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kInvalid);
  EXPECT_NE(chosen.error().message.find("DATABRICKS_HOST names https://adb-1.azuredatabricks.net"),
            std::string::npos);
  EXPECT_NE(chosen.error().message.find("sheaf auth login"), std::string::npos);
}

TEST(ChooseEndpoint, RefusesANamedHostAlsoWithoutAnyEndpoint) {
  const auto chosen = choose_endpoint({.local = {},
                                       .enrolled = {},
                                       .named = {by_variable("https://prod.example.com")},
                                       .data_folder = "/d"});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kInvalid);
}

TEST(ChooseEndpoint, RefusesTwoNamedHostsThatDiffer) {
  auto named = candidates();
  named.named = {by_variable("https://old.example.com"),
                 {.host = "https://new.example.com", .origin = "the profile `x` of f"}};
  const auto chosen = choose_endpoint(named);
  ASSERT_FALSE(chosen);
  EXPECT_NE(chosen.error().message.find("the profile `x` of f names https://new.example.com"),
            std::string::npos);
}

class FindEndpoint : public testing::Test {
 protected:
  FindEndpoint() {
    surroundings_.working_folder = folder_.path();
    surroundings_.variables = {{"HOME", folder_.path().string()}};
    EXPECT_TRUE(os::make_private_folder(data_));
  }

  void write_local(pid_t pid) {
    ASSERT_TRUE(os::replace_file(data_ / "token", "local-token\n"));
    ASSERT_TRUE(write_local_endpoint(data_,
                                     {.url = "http://127.0.0.1:7437",
                                      .token_file = data_ / "token",
                                      .scheduler_id = "id",
                                      .pid = pid}));
  }

  void write_profiles(std::string_view text) {
    ASSERT_TRUE(os::replace_file(folder_.path() / ".databrickscfg", text));
  }

  TemporaryFolder folder_;
  std::filesystem::path data_ = folder_.path() / ".local" / "share" / "sheaf";
  Surroundings surroundings_;
};

TEST_F(FindEndpoint, ReadsTheEndpointOfALivingUp) {
  write_local(::getpid());
  const auto found = find_endpoint(surroundings_, {});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->token, "local-token");
}

TEST_F(FindEndpoint, IsUnavailableOnceThatUpHasEnded) {
  write_local(999'999'999);
  const auto found = find_endpoint(surroundings_, {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

TEST_F(FindEndpoint, HoldsTheVariableAgainstTheEndpoints) {
  write_local(::getpid());
  surroundings_.variables["DATABRICKS_HOST"] = "https://prod.example.com";
  const auto found = find_endpoint(surroundings_, {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
}

TEST_F(FindEndpoint, HoldsANamedProfileAgainstTheEndpoints) {
  write_local(::getpid());
  write_profiles("[prod]\nhost = https://prod.example.com\n[here]\nhost = http://localhost:7437\n");
  EXPECT_TRUE(find_endpoint(surroundings_, {.data_folder = {}, .profile = "here"}));
  const auto by_option = find_endpoint(surroundings_, {.data_folder = {}, .profile = "prod"});
  ASSERT_FALSE(by_option);
  EXPECT_EQ(by_option.error().code, ErrorCode::kInvalid);
  surroundings_.variables["DATABRICKS_CONFIG_PROFILE"] = "prod";
  EXPECT_FALSE(find_endpoint(surroundings_, {}));
}

TEST_F(FindEndpoint, LeavesAProfileAloneThatNobodyNamed) {
  write_local(::getpid());
  write_profiles("[DEFAULT]\nhost = https://prod.example.com\n");
  EXPECT_TRUE(find_endpoint(surroundings_, {}));
}

TEST_F(FindEndpoint, RefusesAnUnknownProfile) {
  write_local(::getpid());
  write_profiles("[DEFAULT]\n");
  const auto found = find_endpoint(surroundings_, {.data_folder = {}, .profile = "nope"});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
}

TEST_F(FindEndpoint, LooksAtAnExplicitDataFolderOnly) {
  const auto configuration = surroundings_.configuration_folder().value();
  ASSERT_TRUE(enrol(configuration, endpoint("https://remote.example.com")));
  EXPECT_EQ(find_endpoint(surroundings_, {})->address.url(), "https://remote.example.com");
  const auto found =
      find_endpoint(surroundings_, {.data_folder = folder_.path() / "other", .profile = ""});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace sheaf::cli
