// Who may go where: every route of the table, and paths that only look like one.
#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

class AccessTest : public ApiTest {
 protected:
  /// A path of the pattern with ids that exist where they can.
  static std::string example(const std::string& pattern) {
    std::string path = pattern;
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "1");
    }
    return path;
  }
};

TEST_F(AccessTest, EveryRouteButTheOpenOnesNeedsAToken) {
  std::set<std::string> open;
  std::size_t closed = 0;
  for (const Route& route : router_.routes()) {
    const auto answer = send({.method = route.method, .target = example(route.pattern)});
    if (route.access == Access::kOpen) {
      EXPECT_EQ(answer.status, 200) << route.pattern;
      open.insert(route.pattern);
      continue;
    }
    ++closed;
    EXPECT_EQ(answer.status, 401) << route.method << " " << route.pattern;
    EXPECT_EQ(answer.body.at("error_code").as_string(), "UNAUTHENTICATED");
    const auto wrong = send({.method = route.method,
                             .target = example(route.pattern),
                             .token = "sheaf_" + std::string(64, '0')});
    EXPECT_EQ(wrong.status, 401) << route.method << " " << route.pattern;
  }
  EXPECT_EQ(
      open,
      (std::set<std::string>{"/healthz", "/.well-known/databricks-config", "/api/sheaf/v1/hello"}));
  EXPECT_GE(closed, 25U);
}

TEST_F(AccessTest, PathsThatOnlyLookLikeARouteGetNothing) {
  const auto mangle = [](const std::string& path) {
    std::string upper = path;
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    std::vector<std::string> paths{path + "/",
                                   "/" + path,
                                   path + "/.",
                                   path + "/%2e",
                                   "/x/.." + path,
                                   "/x/%2e%2e" + path,
                                   path + "%00",
                                   path + "%20",
                                   path + ";x",
                                   path + "%2F",
                                   path + ".json"};
    if (upper != path) {
      paths.push_back(upper);
    }
    return paths;
  };
  for (const Route& route : router_.routes()) {
    for (const std::string& path : mangle(example(route.pattern))) {
      const auto without = send({.method = route.method, .target = path});
      EXPECT_EQ(without.status, 401) << route.method << " " << path;
      const auto with = send({.method = route.method, .target = path, .token = token_});
      EXPECT_GE(with.status, 400) << route.method << " " << path;
    }
  }
}

TEST_F(AccessTest, OtherMethodsAreRefusedAfterTheToken) {
  std::map<std::string, std::set<std::string>> methods;
  for (const Route& route : router_.routes()) {
    methods[example(route.pattern)].insert(route.method);
  }
  for (const auto& [path, known] : methods) {
    for (const std::string method : {"DELETE", "PATCH", "OPTIONS"}) {
      if (known.contains(method)) {
        continue;
      }
      EXPECT_EQ(send({.method = method, .target = path}).status, 401) << method << path;
      const auto answer = send({.method = method, .target = path, .token = token_});
      EXPECT_EQ(answer.status, 405) << method << path;
      EXPECT_FALSE(answer.headers.at("allow").empty());
    }
  }
}

TEST_F(AccessTest, AnAttemptSeesItsOwnRunOnly) {
  register_worker();
  const auto job = deploy(a_job());
  const auto first = run_now(job);
  const auto attempt = next_attempt();
  const auto token = tokens_->mint_attempt_token(attempt.attempt, from_epoch_ms(4'000'000'000'000));
  const auto second = run_now(job);
  const auto with = [&](const std::string& target) {
    return send({.target = target, .token = token}).status;
  };
  EXPECT_EQ(with("/api/sheaf/v1/hello"), 200);
  EXPECT_EQ(with("/api/sheaf/v1/runs/" + std::to_string(first) + "/values"), 200);
  EXPECT_EQ(with("/api/2.2/jobs/runs/get?run_id=" + std::to_string(first)), 200);
  EXPECT_EQ(with("/api/2.2/jobs/runs/get?run_id=" + to_string(attempt.attempt)), 200);
  EXPECT_EQ(with("/api/sheaf/v1/runs/" + std::to_string(second) + "/values"), 403);
  EXPECT_EQ(with("/api/2.2/jobs/runs/get?run_id=" + std::to_string(second)), 403);
  EXPECT_EQ(with("/api/2.2/jobs/runs/get?run_id=" + std::to_string(second + 1)), 403);
  std::size_t refused = 0;
  for (const Route& route : router_.routes()) {
    if (route.access == Access::kUser) {
      const auto answer =
          send({.method = route.method, .target = example(route.pattern), .token = token});
      EXPECT_EQ(answer.status, 403) << route.pattern;
      ++refused;
    }
  }
  EXPECT_GE(refused, 20U);
  succeed(attempt);
  EXPECT_EQ(with("/api/sheaf/v1/runs/" + std::to_string(first) + "/values"), 403)
      << "the token ends with its run";
}

TEST_F(AccessTest, OpenRoutesTellWhoIsThere) {
  const auto hello = send({.target = "/api/sheaf/v1/hello"});
  EXPECT_EQ(hello.body.at("product").as_string(), "sheaf");
  EXPECT_EQ(hello.body.at("api").as_int64(), 1);
  EXPECT_EQ(hello.body.at("scheduler_id").as_string(), tokens_->scheduler_id());
  const auto config = send({.target = "/.well-known/databricks-config"});
  EXPECT_EQ(config.body.at("oidc_endpoint").as_string(), "http://localhost/oidc");
  const auto me = get("/api/2.0/preview/scim/v2/Me");
  EXPECT_EQ(me.body.at("userName").as_string(), "ann");
  EXPECT_EQ(me.headers.at("x-databricks-org-id"), tokens_->workspace_id());
}

}  // namespace
}  // namespace sheaf::http
