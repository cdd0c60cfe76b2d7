// Inbound webhooks over the wire: what is refused leaves no trace, what repeats starts nothing new.
#include <set>
#include <thread>

#include <sodium.h>

#include "common/os/clocks.h"
#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::string_view kSecret = "a secret of the drift monitor";

std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body) {
  const std::string text =
      std::string(id) + "." + std::to_string(timestamp) + "." + std::string(body);
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(
      &state, reinterpret_cast<const unsigned char*>(kSecret.data()), kSecret.size());
  crypto_auth_hmacsha256_update(
      &state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  unsigned char mac[crypto_auth_hmacsha256_BYTES];
  crypto_auth_hmacsha256_final(&state, mac);
  char encoded[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
  sodium_bin2base64(encoded, sizeof encoded, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
  return std::string("v1,") + encoded;
}

class HooksApiTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    auto settings = a_job();
    settings["parameters"] = {{{"name", "reason"}, {"default", "none"}}};
    settings["max_concurrent_runs"] = 1;
    settings["sheaf"] = json::parse(R"({"hooks": [
      {"name": "drift", "secret": "stored", "match": {"field": "status", "equals": "firing"},
       "parameters": {"reason": "alert.reason"}},
      {"name": "bearer", "signature": "bearer", "secret_env": "SHEAF_TEST_BEARER"}]})");
    job_ = deploy(settings);
  }

  void set_secret() {
    const auto answer = put(path("drift") + "/secret", {{"secret", kSecret}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, json::value(json::object()));
  }

  [[nodiscard]] std::string path(const std::string& hook) const {
    return "/api/sheaf/v1/hooks/" + std::to_string(job_) + "/" + hook;
  }

  Ask delivery(const std::string& id, const std::string& body, std::int64_t seconds_off = 0) {
    const std::int64_t timestamp = to_epoch_ms(os::wall_time()) / 1000 + seconds_off;
    return {.method = "POST",
            .target = path("drift"),
            .body = body,
            .headers = {{"webhook-id", id},
                        {"webhook-timestamp", std::to_string(timestamp)},
                        {"webhook-signature", sign(id, timestamp, body)}}};
  }

  std::size_t run_count() {
    return get("/api/sheaf/v1/runs?limit=100").body.at("runs").as_array().size();
  }

  const std::string firing_ = R"({"status": "firing", "alert": {"reason": "psi 0.31"}})";
  std::int64_t job_ = 0;
};

TEST_F(HooksApiTest, StartsARunWithTheAlertsReason) {
  set_secret();
  const auto answer = send(delivery("msg_1", firing_));
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_EQ(answer.body.at("status").as_string(), "accepted");
  const auto id = answer.body.at("run_id").as_int64();
  const auto run = get("/api/sheaf/v1/runs/" + std::to_string(id)).body;
  EXPECT_EQ(run.at("parameters").at("reason").as_string(), "psi 0.31");
  EXPECT_EQ(run.at("trigger"),
            json::value({{"kind", "HOOK"}, {"hook", "drift"}, {"delivery", "msg_1"}}));
  const auto again = send(delivery("msg_1", firing_));
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(again.body, json::value({{"run_id", id}, {"status", "duplicate"}}));
  EXPECT_EQ(run_count(), 1U);
}

TEST_F(HooksApiTest, FiftyEqualDeliveriesAtOnceStartOneRun) {
  set_secret();
  const auto request = delivery("msg_50", firing_);
  std::vector<std::thread> senders;
  std::vector<Answered> answers(50);
  for (auto& answer : answers) {
    senders.emplace_back([&answer, &request, this] { answer = send(request); });
  }
  for (auto& sender : senders) {
    sender.join();
  }
  std::set<std::int64_t> runs;
  std::multiset<std::string> statuses;
  for (const auto& answer : answers) {
    ASSERT_EQ(answer.status, 202) << answer.body;
    runs.insert(answer.body.at("run_id").as_int64());
    statuses.emplace(answer.body.at("status").as_string());
  }
  EXPECT_EQ(runs.size(), 1U);
  EXPECT_EQ(statuses.count("accepted"), 1U);
  EXPECT_EQ(run_count(), 1U);
}

TEST_F(HooksApiTest, WhatIsNotGenuineGets401AndLeavesNoState) {
  set_secret();
  const auto before = last_batch();
  auto wrong_signature = delivery("msg_2", firing_);
  wrong_signature.headers["webhook-signature"] = "v1," + std::string(43, 'A') + "=";
  auto changed_byte = delivery("msg_2", firing_);
  changed_byte.body[changed_byte.body.size() - 3] ^= 1;
  auto other_id = delivery("msg_2", firing_);
  other_id.headers["webhook-id"] = "msg_3";
  auto no_signature = delivery("msg_2", firing_);
  no_signature.headers.clear();
  auto other_hook = delivery("msg_2", firing_);
  other_hook.target = path("nobody");
  auto other_job = delivery("msg_2", firing_);
  other_job.target = "/api/sheaf/v1/hooks/999/drift";
  auto user_token = no_signature;
  user_token.token = token_;
  std::set<std::string> bodies;
  for (const Ask& each : {wrong_signature,
                          changed_byte,
                          other_id,
                          no_signature,
                          other_hook,
                          other_job,
                          user_token,
                          delivery("msg_2", firing_, 360),
                          delivery("msg_2", firing_, -360)}) {
    const auto answer = send(each);
    EXPECT_EQ(answer.status, 401) << each.target;
    bodies.insert(json::serialize(answer.body));
  }
  EXPECT_EQ(bodies.size(), 1U) << "the answer does not tell why";
  EXPECT_EQ(last_batch(), before);
  EXPECT_EQ(run_count(), 0U);
}

TEST_F(HooksApiTest, WithoutASecretNobodyIsGenuine) {
  EXPECT_EQ(send(delivery("msg_1", firing_)).status, 401);
  EXPECT_EQ(run_count(), 0U);
}

TEST_F(HooksApiTest, AnswersWhatDoesNotMatchAndRefusesWhatIsMissing) {
  set_secret();
  const auto ignored = send(delivery("msg_3", R"({"status": "resolved"})"));
  EXPECT_EQ(ignored.status, 200);
  EXPECT_EQ(ignored.body, json::value({{"status", "ignored"}}));
  EXPECT_EQ(send(delivery("msg_4", R"({"status": "firing"})")).status, 400);
  EXPECT_EQ(send(delivery("msg_5", "not JSON")).status, 400);
  EXPECT_EQ(send(delivery("msg_6", std::string(1'100'000, ' '))).status, 413);
  EXPECT_EQ(run_count(), 0U);
  EXPECT_EQ(send(delivery("msg_4", firing_)).status, 202) << "a refused delivery may come again";
}

TEST_F(HooksApiTest, BearerHooksTakeTheSecretOfTheEnvironment) {
  const auto secret_of = [this](const std::string& hook) {
    const auto listed = get("/api/sheaf/v1/hooks").body;
    for (const auto& entry : listed.at("hooks").as_array()) {
      if (entry.at("name").as_string() == hook) {
        return std::string(entry.at("secret").as_string());
      }
    }
    return std::string();
  };
  EXPECT_EQ(secret_of("drift"), "missing");
  EXPECT_EQ(secret_of("bearer"), "missing");
  set_secret();
  ::setenv("SHEAF_TEST_BEARER", "s3cret of the environment", 1);
  EXPECT_EQ(secret_of("drift"), "stored");
  EXPECT_EQ(secret_of("bearer"), "environment");
  const Ask good{.method = "POST",
                 .target = path("bearer"),
                 .token = "s3cret of the environment",
                 .body = "{}"};
  EXPECT_EQ(send(good).status, 202);
  auto bad = good;
  bad.token = "s3cret of another";
  EXPECT_EQ(send(bad).status, 401);
  bad.token = token_;
  EXPECT_EQ(send(bad).status, 401) << "the user's token is not the hook's secret";
  ::unsetenv("SHEAF_TEST_BEARER");
  const auto listed = json::serialize(get("/api/sheaf/v1/hooks").body);
  EXPECT_EQ(listed.find(kSecret), std::string::npos);
}

TEST_F(HooksApiTest, SaysWhichSecretOfTheEnvironmentCannotServe) {
  auto settings = a_job("other");
  settings["sheaf"] =
      json::parse(R"({"hooks": [{"name": "signed", "secret_env": "SHEAF_TEST_SIGNED"}]})");
  deploy(settings);
  ::setenv("SHEAF_TEST_SIGNED", "whsec_not*base64", 1);
  const auto listed = get("/api/sheaf/v1/hooks").body;
  ::unsetenv("SHEAF_TEST_SIGNED");
  EXPECT_EQ(listed.at("hooks").at(0).at("secret").as_string(), "unusable");
}

TEST_F(HooksApiTest, RefusesSecretsThatProtectNothing) {
  for (const std::string secret : {"", "short", "whsec_", "whsec_not*base64"}) {
    EXPECT_EQ(put(path("drift") + "/secret", {{"secret", secret}}).status, 400) << secret;
  }
  EXPECT_EQ(put(path("nobody") + "/secret", {{"secret", kSecret}}).status, 404);
  EXPECT_EQ(put(path("bearer") + "/secret", {{"secret", kSecret}}).status, 409);
}

}  // namespace
}  // namespace sheaf::http
