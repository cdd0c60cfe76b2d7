#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "scheduler/http/hook_body.h"
#include "scheduler/http/hook_signature.h"

namespace sheaf::http {
namespace {

using model::HookSignature;

// The example of the Standard Webhooks reference libraries.
constexpr std::string_view kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr Timestamp kSent = from_epoch_ms(1'614'265'330'000);

Headers standard_headers(std::string_view signature = kSignature) {
  return {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
          {"webhook-timestamp", "1614265330"},
          {"webhook-signature", std::string(signature)}};
}

bool is_genuine(const Headers& headers,
                std::string_view body = kBody,
                Timestamp now = kSent,
                std::string_view secret = kSecret) {
  return is_genuine_hook(HookSignature::kStandardWebhooks, secret, headers, body, now);
}

TEST(HookSignature, AcceptsTheSpecificationsExample) {
  EXPECT_TRUE(is_genuine(standard_headers()));
}

TEST(HookSignature, RefusesEveryChangedByteOfTheBody) {
  for (std::size_t i = 0; i < kBody.size(); ++i) {
    std::string changed(kBody);
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(is_genuine(standard_headers(), changed)) << i;
  }
  EXPECT_FALSE(is_genuine(standard_headers(), std::string(kBody) + " "));
}

TEST(HookSignature, RefusesTimestampsThatAreMoreThanFiveMinutesOff) {
  using std::chrono::minutes;
  using std::chrono::seconds;
  for (const seconds off : {seconds(-300), seconds(0), seconds(300)}) {
    EXPECT_TRUE(is_genuine(standard_headers(), kBody, kSent + off)) << off.count();
  }
  for (const seconds off :
       {seconds(-301), seconds(301), seconds(minutes(6)), seconds(minutes(-6))}) {
    EXPECT_FALSE(is_genuine(standard_headers(), kBody, kSent + off)) << off.count();
  }
  auto headers = standard_headers();
  for (const char* text : {"", "0", "-1614265330", "1614265330.0", "99999999999999999999"}) {
    headers[1].second = text;
    EXPECT_FALSE(is_genuine(headers)) << text;
  }
}

TEST(HookSignature, AcceptsOneGoodSignatureAmongSeveral) {
  const std::string good(kSignature);
  const std::string other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
  EXPECT_TRUE(is_genuine(standard_headers(other + " v2,abc v1a,xyz " + good)));
  EXPECT_TRUE(is_genuine(standard_headers(good + " " + other)));
  EXPECT_FALSE(is_genuine(standard_headers(other)));
  EXPECT_FALSE(is_genuine(standard_headers(good.substr(3))));
  EXPECT_FALSE(is_genuine(standard_headers("v2," + good.substr(3))));
  EXPECT_FALSE(is_genuine(standard_headers(good.substr(0, good.size() - 5))));
  EXPECT_FALSE(is_genuine(standard_headers("v1,")));
  EXPECT_FALSE(is_genuine(standard_headers("")));
}

TEST(HookSignature, RefusesChangedMissingOrRepeatedHeaders) {
  for (std::size_t i = 0; i < 3; ++i) {
    auto missing = standard_headers();
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(is_genuine(missing)) << i;
    auto repeated = standard_headers();
    repeated.push_back(repeated[i]);
    EXPECT_FALSE(is_genuine(repeated)) << i;
    auto changed = standard_headers();
    changed[i].second += "0";
    EXPECT_FALSE(is_genuine(changed)) << i;
  }
  // "a.1614265330" with another split of the signed text.
  auto shifted = standard_headers();
  shifted[0].second = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330";
  EXPECT_FALSE(is_genuine(shifted));
}

TEST(HookSignature, TakesAnUnprefixedSecretAsItIsAndRefusesOneThatIsNone) {
  EXPECT_FALSE(is_genuine(standard_headers(), kBody, kSent, kSecret.substr(6)));
  EXPECT_FALSE(is_genuine(standard_headers(), kBody, kSent, ""));
  EXPECT_FALSE(is_genuine(standard_headers(), kBody, kSent, "whsec_"));
  EXPECT_FALSE(is_genuine(standard_headers(), kBody, kSent, "whsec_not base64!"));
  EXPECT_TRUE(is_usable_hook_secret(HookSignature::kStandardWebhooks, kSecret));
  EXPECT_TRUE(is_usable_hook_secret(HookSignature::kStandardWebhooks, "plain"));
  EXPECT_FALSE(is_usable_hook_secret(HookSignature::kStandardWebhooks, "whsec_???"));
  EXPECT_FALSE(is_usable_hook_secret(HookSignature::kBearer, ""));
  // HMAC-SHA256 with the key "plain", computed with another implementation (Python's hmac).
  EXPECT_TRUE(is_genuine(
      standard_headers("v1,tgOMx2V+ymftc5zrV4Kwy5UOWZAx1XMh0yu4Sm/6/r0="), kBody, kSent, "plain"));
}

TEST(HookSignature, BearerComparesTheWholeSecret) {
  const auto check = [](std::string_view authorization, std::string_view secret) {
    return is_genuine_hook(HookSignature::kBearer,
                           secret,
                           {{"authorization", std::string(authorization)}},
                           "{}",
                           kSent);
  };
  EXPECT_TRUE(check("Bearer s3cret", "s3cret"));
  EXPECT_FALSE(check("Bearer s3cre", "s3cret"));
  EXPECT_FALSE(check("Bearer s3crett", "s3cret"));
  EXPECT_FALSE(check("Basic s3cret", "s3cret"));
  EXPECT_FALSE(check("Bearer ", ""));
  EXPECT_FALSE(is_genuine_hook(HookSignature::kBearer, "s3cret", {}, "{}", kSent));
}

class HookBody : public testing::Test {
 protected:
  Result<HookDelivery> read(std::string_view body) {
    return read_hook_body(hook_, {{"webhook-id", "msg_1"}}, boost::json::parse(body));
  }
  model::HookSettings hook_{.name = "drift"};
};

TEST_F(HookBody, TakesTheWebhookIdAsDelivery) {
  const auto delivery = read(R"({"a": 1})");
  ASSERT_TRUE(delivery);
  EXPECT_TRUE(delivery->matches);
  EXPECT_EQ(delivery->delivery, "msg_1");
}

TEST_F(HookBody, MatchesOnTheTextOfAField) {
  hook_.match_field = "alert.active";
  hook_.match_equals = "true";
  EXPECT_TRUE(read(R"({"alert": {"active": true}})")->matches);
  EXPECT_TRUE(read(R"({"alert": {"active": "true"}})")->matches);
  EXPECT_FALSE(read(R"({"alert": {"active": false}})")->matches);
  EXPECT_FALSE(read(R"({"alert": "active"})")->matches);
  EXPECT_FALSE(read(R"([1, 2])")->matches);
  EXPECT_FALSE(read("3")->matches);
}

TEST_F(HookBody, MapsFieldsToParameters) {
  hook_.parameters = {{"reason", "alerts.0.reason"}, {"score", "score"}, {"all", "alerts"}};
  const auto delivery = read(R"({"alerts": [{"reason": "drift"}], "score": 0.5})");
  ASSERT_TRUE(delivery) << delivery.error().message;
  EXPECT_EQ(delivery->parameters,
            (model::NamedStrings{
                {"reason", "drift"}, {"score", "0.5"}, {"all", R"([{"reason":"drift"}])"}}));
  const auto missing = read(R"({"alerts": [], "score": 1})");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalid);
  EXPECT_NE(missing.error().message.find("alerts.0.reason"), std::string::npos);
  EXPECT_FALSE(read(R"({"alerts": [{"reason": null}], "score": 1})"));
}

TEST_F(HookBody, SaysNumbersAsTheyWereWritten) {
  hook_.parameters = {{"score", "score"}};
  for (const std::string number : {"0.42", "0.1", "-17", "12.5", "1e+30", "0.00025"}) {
    const auto delivery = read(R"({"score": )" + number + "}");
    ASSERT_TRUE(delivery) << delivery.error().message;
    EXPECT_EQ(delivery->parameters.front().second, number);
    hook_.match_field = "score";
    hook_.match_equals = number;
    EXPECT_TRUE(read(R"({"score": )" + number + "}")->matches) << number;
    hook_.match_field.clear();
  }
  EXPECT_FALSE(read(R"({"score": 1e400})"));
}

TEST_F(HookBody, DeduplicatesByABodyField) {
  hook_.deduplication_key = "groupKey";
  EXPECT_EQ(read(R"({"groupKey": "g-1"})")->delivery, "g-1");
  EXPECT_EQ(read(R"({"groupKey": 7})")->delivery, "7");
  EXPECT_FALSE(read(R"({"other": 7})"));
  EXPECT_FALSE(read(R"({"groupKey": ""})"));
  EXPECT_FALSE(read(R"({"groupKey": null})"));
  EXPECT_FALSE(read(R"({"groupKey": {}})"));
  EXPECT_FALSE(read(R"({"groupKey": ")" + std::string(600, 'x') + "\"}"));
}

}  // namespace
}  // namespace sheaf::http
