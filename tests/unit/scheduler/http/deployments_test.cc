#include <algorithm>

#include "common/os/digest.h"
#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

class DeploymentsTest : public ApiTest {
 protected:
  std::string upload(const std::string& bytes, int status) {
    const std::string digest = os::sha256_hex(bytes);
    EXPECT_EQ(put_blob(digest, bytes), status);
    return digest;
  }
  int put_blob(const std::string& digest, const std::string& bytes) {
    return send({.method = "PUT",
                 .target = "/api/sheaf/v1/blobs/" + digest,
                 .token = token_,
                 .body = bytes})
        .status;
  }
};

TEST_F(DeploymentsTest, GivesBackTheSettingsThatItWasSent) {
  const json::value settings = json::parse(R"({
    "name": "wine, dev", "description": "ünïcode \u0001 \"quoted\"", "max_concurrent_runs": 3,
    "tags": {"team": "ml", "n": "1.50"},
    "parameters": [{"name": "reason", "default": "by hand"}],
    "tasks": [
      {"task_key": "a", "command_task": {"command": ["true"]}},
      {"task_key": "b", "command_task": {"command": ["true"]}},
      {"task_key": "c", "command_task": {"command": ["true"]},
       "depends_on": [{"task_key": "b"}, {"task_key": "a"}], "run_if": "ALL_DONE",
       "timeout_seconds": 60}]})");
  const auto id = deploy(settings);
  const auto job = get("/api/2.2/jobs/get?job_id=" + std::to_string(id)).body;
  EXPECT_EQ(job.at("creator_user_name").as_string(), "ann");
  EXPECT_EQ(job.at("run_as_user_name").as_string(), "ann");
  EXPECT_GT(job.at("created_time").as_int64(), 1'600'000'000'000);
  auto expected = settings;
  auto& object = expected.as_object();
  object["email_notifications"] = object["webhook_notifications"] = json::object();
  object["timeout_seconds"] = 0;
  for (auto& task : object["tasks"].as_array()) {
    task.as_object().insert({{"email_notifications", json::object()},
                             {"run_if", "ALL_SUCCESS"},
                             {"timeout_seconds", 0}});
  }
  auto& depends_on = object["tasks"].at(2).as_object()["depends_on"].as_array();
  std::swap(depends_on[0], depends_on[1]);
  EXPECT_EQ(job.at("settings"), expected) << job;
}

TEST_F(DeploymentsTest, IsOneAtomicChange) {
  auto first = try_deploy({{"a", a_job("a")}, {"b", a_job("b")}});
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(first.body.at("version").as_int64(), 1);
  const auto before = last_batch();
  const auto bad = try_deploy({{"a", a_job("changed")}, {"b", {{"name", "b"}}}});
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(last_batch(), before);
  const auto second = try_deploy({{"b", a_job("b")}, {"c", a_job("c")}});
  ASSERT_EQ(second.status, 200);
  EXPECT_EQ(second.body.at("version").as_int64(), 2);
  std::map<std::string, std::string> changes;
  for (const auto& job : second.body.at("jobs").as_array()) {
    changes[std::string(job.at("resource_key").as_string())] = job.at("change").as_string();
  }
  EXPECT_EQ(
      changes,
      (std::map<std::string, std::string>{{"a", "removed"}, {"b", "unchanged"}, {"c", "created"}}));
  const auto shown = get("/api/sheaf/v1/deployments/wine/dev");
  EXPECT_EQ(shown.body.at("jobs").as_array().size(), 2U);
  EXPECT_EQ(shown.body.at("deployed_by").as_string(), "ann");
  EXPECT_EQ(get("/api/sheaf/v1/deployments").body.at("deployments").as_array().size(), 1U);
  EXPECT_EQ(get("/api/sheaf/v1/deployments/wine/prod").status, 404);
}

TEST_F(DeploymentsTest, SendingTheSameAgainChangesNothing) {
  ASSERT_EQ(try_deploy({{"wine", a_job()}}).status, 200);
  const auto again = try_deploy({{"wine", a_job()}});
  EXPECT_EQ(again.body.at("version").as_int64(), 1);
  EXPECT_EQ(again.body.at("jobs").at(0).at("change").as_string(), "unchanged");
  const auto changed = try_deploy({{"wine", a_job("other")}});
  EXPECT_EQ(changed.body.at("jobs").at(0).at("change").as_string(), "updated");
}

TEST_F(DeploymentsTest, SaysWhoWasFaster) {
  ASSERT_EQ(try_deploy({{"wine", a_job()}}, {{"expected_version", 0}}).status, 200);
  const auto late = try_deploy({{"wine", a_job("late")}}, {{"expected_version", 0}});
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.body.at("error_code").as_string(), "RESOURCE_CONFLICT");
  const std::string message(late.body.at("message").as_string());
  EXPECT_NE(message.find("ann deployed it meanwhile, at 20"), std::string::npos) << message;
}

TEST_F(DeploymentsTest, NamesThePlaceOfWhatIsWrong) {
  const auto message = [this](const json::value& settings) {
    const auto answer = try_deploy({{"wine", settings}});
    EXPECT_EQ(answer.status, 400) << answer.body;
    return std::string(answer.body.at("message").as_string());
  };
  auto job = a_job();
  job["tasks"] = {a_task("train"), a_task("deploy", {{"depends_on", {{{"task_key", "trian"}}}}})};
  EXPECT_TRUE(message(job).starts_with("jobs.wine.tasks[1].depends_on[0].task_key:"))
      << message(job);
  job = a_job();
  job["schedule"] = {{"quartz_cron_expression", "0 0 25 * * ?"}, {"timezone_id", "UTC"}};
  EXPECT_TRUE(message(job).starts_with("jobs.wine.schedule.quartz_cron_expression:"))
      << message(job);
  job["schedule"] = {{"quartz_cron_expression", "0 0 2 * * ?"}, {"timezone_id", "Europe/Berlyn"}};
  EXPECT_TRUE(message(job).starts_with("jobs.wine.schedule.timezone_id:")) << message(job);
  EXPECT_EQ(last_batch(), 1U) << "only the epoch";
}

TEST_F(DeploymentsTest, RefusesBodiesThatCanBeReadInTwoWays) {
  const auto send_text = [this](const std::string& body) {
    return send({.method = "POST",
                 .target = "/api/sheaf/v1/deployments",
                 .token = token_,
                 .body = body})
        .status;
  };
  EXPECT_EQ(send_text(R"({"bundle":"w","target":"d","target":"e","jobs":{}})"), 400);
  EXPECT_EQ(send_text(R"({"bundle":"w","target":"d","jobs":{}} {})"), 400);
  EXPECT_EQ(send_text(R"({"bundle":"w","target":"d","jobs":[]})"), 400);
  EXPECT_EQ(send_text(R"({"bundle":"w/x","target":"d","jobs":{}})"), 400);
  EXPECT_EQ(send_text(R"({"bundle":"","target":"d","jobs":{}})"), 400);
  EXPECT_EQ(send_text(std::string(100, '[') + std::string(100, ']')), 400);
  EXPECT_EQ(send_text(""), 400);
  EXPECT_EQ(send_text(R"({"bundle":"w","target":"d","jobs":{}})"), 200);
}

TEST_F(DeploymentsTest, PinsAManifestWhoseFilesAreAllThere) {
  const std::string script = "print('hello')\n";
  const std::string manifest = "sheaf-manifest 1\n" + os::sha256_hex(script) + " " +
                               std::to_string(script.size()) + " - train.py\n";
  const auto digest = upload(manifest, 201);
  const json::object rest{{"manifest_digest", digest}, {"file_path", "/Workspace/wine/files"}};
  const auto missing = try_deploy({{"wine", a_job()}}, rest);
  EXPECT_EQ(missing.status, 400) << missing.body;
  const auto listed =
      post("/api/sheaf/v1/blobs/missing", {{"digests", {digest, os::sha256_hex(script)}}});
  EXPECT_EQ(listed.body.at("missing"),
            json::value(json::array({json::value(os::sha256_hex(script))})));
  const auto blob = upload(script, 201);
  upload(script, 200);
  ASSERT_EQ(try_deploy({{"wine", a_job()}}, rest).status, 200);
  EXPECT_EQ(get("/api/sheaf/v1/deployments/wine/dev").body.at("manifest_digest").as_string(),
            digest);
  const auto bytes = ask(port_, {.target = "/api/sheaf/v1/blobs/" + blob, .token = token_});
  EXPECT_EQ(bytes.body, script);
  EXPECT_EQ(try_deploy({{"wine", a_job()}}, {{"manifest_digest", blob}}).status, 400)
      << "a blob that is no manifest";

  register_worker();
  run_now(get("/api/2.2/jobs/list").body.at("jobs").at(0).at("job_id").as_int64());
  const auto attempt = next_attempt();
  const auto own = tokens_->mint_attempt_token(attempt.attempt, from_epoch_ms(4'000'000'000'000));
  const auto other = upload("not of this deployment", 201);
  const auto status = [&](const std::string& name) {
    return ask(port_, {.target = "/api/sheaf/v1/blobs/" + name, .token = own}).status;
  };
  EXPECT_EQ(status(digest), 200);
  EXPECT_EQ(status(blob), 200);
  EXPECT_EQ(status(other), 403);
}

TEST_F(DeploymentsTest, RefusesBlobsUnderAWrongName) {
  EXPECT_EQ(put_blob(os::sha256_hex("a"), "b"), 400);
  EXPECT_EQ(put_blob("abc", "b"), 400);
  EXPECT_EQ(get("/api/sheaf/v1/blobs/" + os::sha256_hex("a")).status, 404);
  EXPECT_EQ(post("/api/sheaf/v1/blobs/missing", {{"digests", {"abc"}}}).status, 400);
  const std::string long_blob(3'000'000, 'z');
  const auto digest = upload(long_blob, 201);
  EXPECT_EQ(ask(port_, {.target = "/api/sheaf/v1/blobs/" + digest, .token = token_}).body,
            long_blob);
}

}  // namespace
}  // namespace sheaf::http
