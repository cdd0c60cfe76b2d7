#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr const char* kPool = "/api/sheaf/v1/pools/licences-of_X";

TEST_F(ApiTest, PoolsAreSetShownAndRemoved) {
  EXPECT_TRUE(get("/api/sheaf/v1/pools").body.at("pools").as_array().empty());
  EXPECT_EQ(get(kPool).status, 404);
  const auto set = put(kPool, {{"limit", 3}});
  EXPECT_EQ(set.status, 200);
  EXPECT_EQ(set.body, json::parse(R"({"name": "licences-of_X", "limit": 3})"));
  const auto pool = get(kPool);
  EXPECT_EQ(pool.status, 200);
  EXPECT_EQ(pool.body.at("limit").as_int64(), 3);
  EXPECT_EQ(pool.body.at("used").as_int64(), 0);
  EXPECT_EQ(put(kPool, {{"limit", 0}}).status, 200);
  EXPECT_EQ(get("/api/sheaf/v1/pools").body.at("pools").at(0).at("limit").as_int64(), 0);
  EXPECT_EQ(send({.method = "DELETE", .target = kPool, .token = token_}).status, 200);
  EXPECT_EQ(send({.method = "DELETE", .target = kPool, .token = token_}).status, 404);
  EXPECT_TRUE(get("/api/sheaf/v1/pools").body.at("pools").as_array().empty());
}

TEST_F(ApiTest, PoolsTakeWholeNumbersFromZeroOnly) {
  for (const json::value& limit : {json::value(-1),
                                   json::value(1.5),
                                   json::value("2"),
                                   json::value(1'000'001),
                                   json::value()}) {
    const auto answer = put(kPool, {{"limit", limit}});
    EXPECT_EQ(answer.status, 400) << limit;
  }
  EXPECT_EQ(put("/api/sheaf/v1/pools/" + std::string(101, 'x'), {{"limit", 1}}).status, 400);
}

TEST_F(ApiTest, AWorkerShowsWhatItHas) {
  ASSERT_TRUE(engine_->call(core::RegisterWorker{
      .name = "big",
      .boot_id = "boot-1",
      .version = "0.1.0",
      .slots = 2,
      .labels = {"zone=b", "disk"},
      .resources = {.cpu_millis = 7'500, .memory_bytes = 1LL << 40, .gpus = {0, 3}}}));
  const auto worker = get("/api/sheaf/v1/workers").body.at("workers").at(0);
  EXPECT_EQ(worker.at("cpu_millis").as_int64(), 7'500);
  EXPECT_EQ(worker.at("memory_bytes").as_int64(), 1LL << 40);
  EXPECT_EQ(worker.at("gpus"), json::parse("[0, 3]"));
  EXPECT_EQ(worker.at("labels"), json::parse(R"(["disk", "zone=b"])"));
}

}  // namespace
}  // namespace sheaf::http
