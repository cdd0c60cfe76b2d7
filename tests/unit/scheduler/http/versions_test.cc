// Versions of a deployment: going back, keeping jobs as they are, removing all of it.
#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

const std::string kDeployment = "/api/sheaf/v1/deployments/wine/dev";

class VersionsTest : public ApiTest {
 protected:
  Answered roll_back(json::object body = {}) { return post(kDeployment + "/rollback", body); }
  Answered destroy(const std::string& query = "") {
    return send({.method = "DELETE", .target = kDeployment + query, .token = token_});
  }
  std::string shown_name(std::string_view key) {
    const auto shown = get(kDeployment + "?include_settings=true");
    for (const auto& job : shown.body.at("jobs").as_array()) {
      if (job.at("resource_key").as_string() == key) {
        return std::string(job.at("settings").at("name").as_string());
      }
    }
    return "";
  }
};

TEST_F(VersionsTest, GoesBackToTheVersionBefore) {
  ASSERT_EQ(try_deploy({{"a", a_job("first")}, {"b", a_job("b")}}).status, 200);
  const auto id = get(kDeployment).body.at("jobs").at(0).at("job_id");
  ASSERT_EQ(try_deploy({{"a", a_job("second")}, {"c", a_job("c")}}).status, 200);
  const auto answer = roll_back();
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.at("version").as_int64(), 3);
  EXPECT_EQ(shown_name("a"), "first");
  EXPECT_EQ(shown_name("b"), "b");
  EXPECT_EQ(shown_name("c"), "");
  EXPECT_EQ(get(kDeployment).body.at("jobs").at(0).at("job_id"), id) << "the job stays the same";
  // Once more: the version before is now the second.
  ASSERT_EQ(roll_back().status, 200);
  EXPECT_EQ(shown_name("a"), "second");
}

TEST_F(VersionsTest, GoesBackToAVersionThatIsNamed) {
  for (const char* name : {"one", "two", "three"}) {
    ASSERT_EQ(try_deploy({{"a", a_job(name)}}).status, 200);
  }
  ASSERT_EQ(roll_back({{"version", 1}}).status, 200);
  EXPECT_EQ(shown_name("a"), "one");
  const auto unknown = roll_back({{"version", 9}});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body.at("message").as_string(), "version 9 is not known; known are 1 to 4");
  const auto versions = get(kDeployment + "/versions").body.at("versions").as_array();
  ASSERT_EQ(versions.size(), 4U);
  EXPECT_EQ(versions[0].at("version").as_int64(), 4);
  EXPECT_EQ(versions[0].at("deployed_by").as_string(), "ann");
  EXPECT_EQ(versions[0].at("jobs"), json::value(json::array{"a"}));
}

TEST_F(VersionsTest, HasNothingToGoBackToAtFirst) {
  EXPECT_EQ(roll_back().status, 404);
  ASSERT_EQ(try_deploy({{"a", a_job()}}).status, 200);
  const auto answer = roll_back();
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body.at("message").as_string(),
            "this is the first version; there is none to go back to");
}

TEST_F(VersionsTest, RefusesARollbackThatSawAnotherVersion) {
  ASSERT_EQ(try_deploy({{"a", a_job("first")}}).status, 200);
  ASSERT_EQ(try_deploy({{"a", a_job("second")}}).status, 200);
  EXPECT_EQ(roll_back({{"expected_version", 1}}).status, 409);
  EXPECT_EQ(shown_name("a"), "second");
}

TEST_F(VersionsTest, KeepsJobsAsTheyAre) {
  ASSERT_EQ(try_deploy({{"a", a_job("a")}, {"b", a_job("b")}}).status, 200);
  const auto answer = try_deploy({{"a", a_job("changed")}}, {{"kept_jobs", {"b"}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(shown_name("a"), "changed");
  EXPECT_EQ(shown_name("b"), "b");
  const auto unknown = try_deploy({{"a", a_job("x")}}, {{"kept_jobs", {"z"}}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.body.at("message").as_string(),
            "kept: \"z\" is no job of the deployment that could stay as it is");
  EXPECT_EQ(try_deploy({{"a", a_job("x")}}, {{"kept_jobs", {"a"}}}).status, 400);
  EXPECT_EQ(try_deploy({{"a", a_job("x")}}, {{"kept_jobs", 5}}).status, 400);
  EXPECT_EQ(shown_name("a"), "changed");
}

TEST_F(VersionsTest, RemovesADeploymentWhole) {
  const auto id = deploy(a_job());
  EXPECT_EQ(destroy("?expected_version=7").status, 409);
  const auto answer = destroy("?expected_version=1");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.at("jobs").at(0).at("change").as_string(), "removed");
  EXPECT_EQ(get(kDeployment).status, 404);
  EXPECT_EQ(get(kDeployment + "/versions").status, 404);
  EXPECT_EQ(get("/api/2.2/jobs/get?job_id=" + std::to_string(id)).status, 404);
  EXPECT_EQ(destroy().status, 404);
  // The name is free again, and history begins anew.
  const auto again = try_deploy({{"wine", a_job()}}, {{"expected_version", 0}});
  ASSERT_EQ(again.status, 200);
  EXPECT_EQ(again.body.at("version").as_int64(), 1);
  EXPECT_NE(again.body.at("jobs").at(0).at("job_id").as_int64(), id);
}

}  // namespace
}  // namespace sheaf::http
