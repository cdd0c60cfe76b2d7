#include "common/model/webhook_secret.h"

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

TEST(WebhookKey, DecodesWhatClaimsToBeBase64AndTakesTheRestAsItIs) {
  EXPECT_EQ(webhook_key("whsec_a2V5"), "key");
  EXPECT_EQ(webhook_key("whsec_a2V5cw=="), "keys");
  EXPECT_EQ(webhook_key("a2V5"), "a2V5");
}

TEST(WebhookKey, RefusesWhatStandsForNoKey) {
  for (const std::string_view secret :
       {"", "whsec_", "whsec_???", "whsec_a2V5cw", "whsec_a2V5 ", "whsec_a2V5!a2V5"}) {
    const auto key = webhook_key(secret);
    ASSERT_FALSE(key) << secret;
    EXPECT_EQ(key.error().code, ErrorCode::kInvalid);
  }
}

}  // namespace
}  // namespace sheaf::model
