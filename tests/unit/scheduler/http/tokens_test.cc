#include "scheduler/http/tokens.h"

#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/os/file.h"
#include "scheduler/http/secret_box.h"

namespace sheaf::http {
namespace {

constexpr Timestamp kNow = from_epoch_ms(1'800'000'000'000);

class TokensTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/sheaf-tokens-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string clear_token() {
    auto text = os::read_file(folder_ / "token", 1'000).value();
    text.pop_back();
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(TokensTest, FirstStartMakesATokenThatLaterStartsKnow) {
  const auto first = Tokens::open(folder_, "ann");
  ASSERT_TRUE(first) << first.error().message;
  const auto token = clear_token();
  EXPECT_EQ(token.size(), 6 + 64);
  EXPECT_TRUE(token.starts_with("sheaf_"));
  const auto second = Tokens::open(folder_, "somebody else");
  ASSERT_TRUE(second);
  EXPECT_EQ(clear_token(), token);
  EXPECT_EQ(second->scheduler_id(), first->scheduler_id());
  EXPECT_EQ(second->workspace_id(), first->workspace_id());
  const auto identity = second->authenticate("Bearer " + token, kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->kind, Identity::Kind::kUser);
  EXPECT_EQ(identity->user_name, "ann");
}

TEST_F(TokensTest, KeepsNoClearTokenInItsOwnFileAndShowsFilesToTheOwnerOnly) {
  ASSERT_TRUE(Tokens::open(folder_, "ann"));
  ASSERT_TRUE(SecretBox::open(folder_));
  const auto stored = os::read_file(folder_ / "auth.json", 100'000).value();
  EXPECT_EQ(stored.find(clear_token().substr(6)), std::string::npos);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u) << entry.path();
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names,
            (std::set<std::string>{"attempt-token.key", "auth.json", "secrets.key", "token"}));
}

TEST_F(TokensTest, KnowsNobodyElse) {
  const auto tokens = Tokens::open(folder_, "ann");
  ASSERT_TRUE(tokens);
  const auto token = clear_token();
  auto changed = token;
  changed.back() = changed.back() == '0' ? '1' : '0';
  for (const std::string& text : {std::string(),
                                  std::string("Bearer "),
                                  token,
                                  "Basic " + token,
                                  "bearer " + token,
                                  "Bearer " + changed,
                                  "Bearer " + token + " ",
                                  "Bearer " + token.substr(0, 60),
                                  "Bearer " + std::string(10'000, 'x')}) {
    EXPECT_FALSE(tokens->authenticate(text, kNow)) << text;
  }
}

TEST_F(TokensTest, AttemptTokensNameTheirAttemptAndExpire) {
  const auto tokens = Tokens::open(folder_, "ann");
  ASSERT_TRUE(tokens);
  const auto token = tokens->mint_attempt_token(AttemptId{42}, kNow);
  const auto later = Tokens::open(folder_, "ann");
  const auto identity = later->authenticate("Bearer " + token, kNow);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->kind, Identity::Kind::kAttempt);
  EXPECT_EQ(identity->attempt, AttemptId{42});
  EXPECT_TRUE(
      tokens->authenticate("Bearer " + token, kNow + kAttemptTokenLifetime - Milliseconds(1)));
  EXPECT_FALSE(tokens->authenticate("Bearer " + token, kNow + kAttemptTokenLifetime));
}

TEST_F(TokensTest, AttemptTokensCannotBeChanged) {
  const auto tokens = Tokens::open(folder_, "ann");
  ASSERT_TRUE(tokens);
  const auto token = tokens->mint_attempt_token(AttemptId{42}, kNow);
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto changed = token;
    changed[i] = changed[i] == '7' ? '8' : '7';
    EXPECT_FALSE(tokens->authenticate("Bearer " + changed, kNow)) << i;
  }
  std::filesystem::remove(folder_ / "attempt-token.key");
  EXPECT_FALSE(Tokens::open(folder_, "ann")->authenticate("Bearer " + token, kNow));
}

TEST_F(TokensTest, RefusesFilesThatAreDamagedAndLeavesThem) {
  ASSERT_TRUE(Tokens::open(folder_, "ann"));
  const auto good = os::read_file(folder_ / "auth.json", 100'000).value();
  for (const std::string& bad : {std::string("{}"), std::string(), good.substr(0, 100)}) {
    ASSERT_TRUE(os::replace_file(folder_ / "auth.json", bad));
    const auto opened = Tokens::open(folder_, "ann");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(os::read_file(folder_ / "auth.json", 100'000).value(), bad);
  }
  ASSERT_TRUE(os::replace_file(folder_ / "attempt-token.key", "short"));
  EXPECT_EQ(Tokens::open(folder_, "ann").error().code, ErrorCode::kCorrupt);
}

TEST_F(TokensTest, SealedSecretsOpenOnlyForTheirPurposeAndKey) {
  const auto box = SecretBox::open(folder_);
  ASSERT_TRUE(box);
  const auto sealed = box->seal("whsec_abc", "hook/1/drift");
  EXPECT_EQ(sealed.find("whsec"), std::string::npos);
  EXPECT_NE(sealed, box->seal("whsec_abc", "hook/1/drift"));
  EXPECT_EQ(SecretBox::open(folder_)->unseal(sealed, "hook/1/drift").value(), "whsec_abc");
  EXPECT_FALSE(box->unseal(sealed, "hook/2/drift"));
  auto changed = sealed;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  EXPECT_FALSE(box->unseal(changed, "hook/1/drift"));
  EXPECT_FALSE(box->unseal("", "hook/1/drift"));
  std::filesystem::remove(folder_ / "secrets.key");
  EXPECT_FALSE(SecretBox::open(folder_)->unseal(sealed, "hook/1/drift"));
}

}  // namespace
}  // namespace sheaf::http
