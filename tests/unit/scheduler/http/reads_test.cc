// What answers cost: how often they read the store.
#include <atomic>
#include <latch>

#include "common/os/clocks.h"
#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

/// The real store; counts how often it is opened for reading.
class CountedStore : public store::Store {
 public:
  explicit CountedStore(store::Store& store) : store_(store) {}
  Result<void> commit(const store::Batch& batch) override { return store_.commit(batch); }
  [[nodiscard]] store::Head head() const override { return store_.head(); }
  [[nodiscard]] const std::string& id() const override { return store_.id(); }
  [[nodiscard]] const std::vector<std::string>& notices() const override {
    return store_.notices();
  }
  [[nodiscard]] Result<core::StoredState> recover() const override { return store_.recover(); }
  [[nodiscard]] std::unique_ptr<store::Reader> read() const override {
    ++reads;
    return store_.read();
  }
  mutable std::atomic<int> reads = 0;

 private:
  store::Store& store_;
};

constexpr std::size_t kMaxCountedRuns = 3;

/// The same engine and files behind a second server, which reads through a CountedStore.
class ReadsTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    register_worker();
    counted_ = std::make_unique<CountedStore>(*store_);
    ASSERT_TRUE(add_routes(counted_router_,
                           {.engine = *engine_,
                            .store = *counted_,
                            .blobs = *blobs_,
                            .logs = *logs_,
                            .feed = *feed_,
                            .tokens = *tokens_,
                            .pool = pool_,
                            .data_folder = folder_,
                            .max_counted_runs = kMaxCountedRuns}));
    auto server = Server::listen(
        {.port = 0},
        counted_router_,
        [this](std::string_view authorization) {
          return tokens_->authenticate(authorization, os::wall_time());
        },
        pool_);
    ASSERT_TRUE(server) << server.error().message;
    port_ = (*server)->port();
    (*server)->serve();
  }
  void TearDown() override { pool_.stop(); }

  void write_log(const model::AttemptSpec& attempt, std::string_view text) {
    const files::LogName name{attempt.run, attempt.attempt, files::LogStream::kStdout};
    ASSERT_TRUE(logs_->append(name, logs_->length(name).value(), text));
    ASSERT_TRUE(logs_->sync());
  }

  std::unique_ptr<CountedStore> counted_;
  Router counted_router_;
};

TEST_F(ReadsTest, ALogThatGrowsDoesNotReadItsRunAgain) {
  const auto id = run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  report_started(attempt);
  const std::string path = "/api/sheaf/v1/attempts/" + to_string(attempt.attempt) + "/logs/stdout";
  const auto read_at = [&](std::size_t offset) {
    const int before = counted_->reads;
    const auto part =
        ask(port_, {.target = path + "?offset=" + std::to_string(offset), .token = token_});
    return std::pair(part.headers.at("x-sheaf-complete") == "true", counted_->reads - before);
  };
  EXPECT_EQ(read_at(0), std::pair(false, 2));  // Whose the attempt is, and its run.
  write_log(attempt, "one");
  EXPECT_EQ(read_at(0), std::pair(false, 1));
  write_log(attempt, "two");
  EXPECT_EQ(read_at(3), std::pair(false, 1));
  // The run's change counts at once.
  report_exit(attempt, 0, {.stdout_bytes = 6});
  ASSERT_EQ(get("/api/sheaf/v1/runs/" + std::to_string(id)).status, 200);
  EXPECT_EQ(read_at(3), std::pair(true, 2));
}

TEST_F(ReadsTest, ListsByTimeWhateverTheNumberOfOtherRuns) {
  auto settings = a_job();
  settings["queue"] = {{"enabled", false}};
  const auto job = deploy(settings);
  const auto first = run_now(job);
  static_cast<void>(next_attempt());
  const auto start = get("/api/2.2/jobs/runs/get?run_id=" + std::to_string(first))
                         .body.at("start_time")
                         .as_int64();
  while (to_epoch_ms(os::wall_time()) <= start) {
  }
  // Each is skipped at once, since the first one runs.
  constexpr int kOthers = 1'200;
  std::latch submitted(kOthers);
  for (int i = 0; i < kOthers; ++i) {
    engine_->post(core::SubmitRun{.job = JobId{job}}, [&submitted](const engine::Outcome& outcome) {
      EXPECT_TRUE(outcome);
      submitted.count_down();
    });
  }
  submitted.wait();

  const std::string list = "/api/2.2/jobs/runs/list?start_time_to=" + std::to_string(start);
  auto page = get(list).body;
  EXPECT_TRUE(page.at("runs").as_array().empty());
  EXPECT_TRUE(page.at("has_more").as_bool());
  page = get(list + "&page_token=" + std::string(page.at("next_page_token").as_string())).body;
  ASSERT_EQ(page.at("runs").as_array().size(), 1U);
  EXPECT_EQ(page.at("runs").at(0).at("run_id").as_int64(), first);
  EXPECT_FALSE(page.at("has_more").as_bool());
}

TEST_F(ReadsTest, WorkersShowTheAttemptsOfEveryMoment) {
  const auto used = [this] {
    return get("/api/sheaf/v1/workers").body.at("workers").at(0).at("used").as_int64();
  };
  auto settings = a_job();
  settings["max_concurrent_runs"] = 3;
  const auto job = deploy(settings);
  EXPECT_EQ(used(), 0);
  run_now(job);
  const auto first = next_attempt();
  EXPECT_EQ(used(), 1);
  run_now(job);
  static_cast<void>(next_attempt());
  EXPECT_EQ(used(), 2);
  succeed(first);
  EXPECT_EQ(used(), 1);
}

TEST_F(ReadsTest, WorkersSayWhenNotAllActiveRunsAreCounted) {
  auto settings = a_job();
  settings["max_concurrent_runs"] = 10;
  const auto job = deploy(settings);
  const auto is_partial = [this] {
    return get("/api/sheaf/v1/workers").body.as_object().contains("is_partial");
  };
  for (std::size_t i = 0; i < kMaxCountedRuns; ++i) {
    run_now(job);
  }
  EXPECT_FALSE(is_partial());
  run_now(job);
  EXPECT_TRUE(is_partial());
}

}  // namespace
}  // namespace sheaf::http
