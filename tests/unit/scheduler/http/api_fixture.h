// The whole API on a real engine, store and files, on a free port. The test itself plays the
// worker.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "scheduler/http/routes.h"
#include "scheduler/http/server.h"
#include "tests/unit/scheduler/http/raw_client.h"

namespace sheaf::http {

class ApiTest : public testing::Test {
 protected:
  ApiTest();
  ~ApiTest() override;
  void SetUp() override;

  // ---- A client with the user's token. Every body is JSON, an object.
  struct Answered {
    int status = 0;
    boost::json::value body;
    std::map<std::string, std::string> headers;
  };
  Answered get(const std::string& target) { return send({.target = target, .token = token_}); }
  Answered post(const std::string& target, const boost::json::value& body);
  Answered put(const std::string& target, const boost::json::value& body);
  Answered send(const Ask& request);

  /// Deploys one job, "wine", of bundle "wine" and target "dev"; returns its id.
  std::int64_t deploy(const boost::json::value& settings);
  /// The same with these settings for several jobs.
  Answered try_deploy(const boost::json::value& jobs, boost::json::object rest = {});
  std::int64_t run_now(std::int64_t job, boost::json::object parameters = {});

  // ---- A worker of two slots.
  void register_worker();
  /// The next order to start an attempt.
  model::AttemptSpec next_attempt();
  void report_started(const model::AttemptSpec& attempt);
  void report_values(const model::AttemptSpec& attempt, std::vector<model::TaskValue> values);
  /// Ends the attempt with this exit code; `outcome` gives the rest.
  void report_exit(const model::AttemptSpec& attempt,
                   int exit_code,
                   model::AttemptOutcome outcome = {});
  /// Started, then exit code 0.
  void succeed(const model::AttemptSpec& attempt);

  std::uint64_t last_batch() { return store_->head().batch; }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  Router router_;
  Pool pool_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<files::Blobs> blobs_;
  std::unique_ptr<files::LogFiles> logs_;
  std::unique_ptr<ChangeFeed> feed_;
  std::unique_ptr<engine::Engine> engine_;
  std::string token_;
  std::uint16_t port_ = 0;

 private:
  void open_files();
  void start_engine();

  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<model::AttemptSpec> orders_;
  WorkerId worker_;
};

/// A job of one task that runs a command.
[[nodiscard]] boost::json::object a_job(std::string_view name = "wine");
/// A command task; `rest` adds members.
[[nodiscard]] boost::json::object a_task(std::string_view key, boost::json::object rest = {});

}  // namespace sheaf::http
