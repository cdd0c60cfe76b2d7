// Both public shapes of a state tell the same, for every state there is.
#include <map>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "scheduler/http/views_states.h"
#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;
using model::RunState;
using model::TaskState;

constexpr int kRunStates = static_cast<int>(RunState::kSkipped) + 1;
constexpr int kTaskStates = static_cast<int>(TaskState::kStreaming) + 1;

struct Shapes {
  json::object state;
  json::object status;
};

Shapes shapes_of(const PublicState& state) {
  json::object object;
  add_state(object, state, "why");
  return {object.at("state").as_object(), object.at("status").as_object()};
}

template <typename Check>
void for_every_state(const Check& check) {
  for (int i = 0; i < kRunStates; ++i) {
    SCOPED_TRACE("run state " + std::to_string(i));
    const auto state = static_cast<RunState>(i);
    check(shapes_of(public_state(state)), is_terminal(state));
  }
  for (int i = 0; i < kTaskStates; ++i) {
    SCOPED_TRACE("task state " + std::to_string(i));
    const auto state = static_cast<TaskState>(i);
    check(shapes_of(public_state(state)), is_terminal(state));
  }
}

TEST(PublicShapes, AResultAndACodeAreThereWhenItIsOverAndOnlyThen) {
  for_every_state([](const Shapes& shapes, bool is_over) {
    EXPECT_EQ(shapes.state.contains("result_state"), is_over);
    EXPECT_EQ(shapes.status.contains("termination_details"), is_over);
    EXPECT_EQ(shapes.status.at("state").as_string() == "TERMINATED", is_over);
  });
}

TEST(PublicShapes, LifeCyclesAndStatesGoTogether) {
  const std::map<json::string, json::string> status_of{{"QUEUED", "QUEUED"},
                                                       {"PENDING", "PENDING"},
                                                       {"RUNNING", "RUNNING"},
                                                       {"TERMINATING", "TERMINATING"},
                                                       {"TERMINATED", "TERMINATED"},
                                                       {"SKIPPED", "TERMINATED"},
                                                       {"INTERNAL_ERROR", "TERMINATED"},
                                                       {"BLOCKED", "BLOCKED"},
                                                       {"WAITING_FOR_RETRY", "WAITING"}};
  for_every_state([&](const Shapes& shapes, bool /*is_over*/) {
    EXPECT_EQ(status_of.at(shapes.state.at("life_cycle_state").as_string()),
              shapes.status.at("state").as_string());
  });
}

TEST(PublicShapes, ResultsAndCodesGoTogether) {
  const std::map<json::string, std::vector<json::string>> codes_of{
      {"SUCCESS", {"SUCCESS"}},
      {"SUCCESS_WITH_FAILURES", {"SUCCESS_WITH_FAILURES"}},
      {"FAILED", {"RUN_EXECUTION_ERROR", "INTERNAL_ERROR"}},
      {"TIMEDOUT", {"CANCELED"}},
      {"CANCELED", {"USER_CANCELED"}},
      {"MAXIMUM_CONCURRENT_RUNS_REACHED", {"MAX_CONCURRENT_RUNS_EXCEEDED"}},
      {"EXCLUDED", {"SKIPPED"}},
      {"UPSTREAM_FAILED", {"SKIPPED"}},
      {"UPSTREAM_CANCELED", {"SKIPPED"}},
      {"DISABLED", {"DISABLED"}}};
  for_every_state([&](const Shapes& shapes, bool is_over) {
    if (!is_over) {
      return;
    }
    const auto& details = shapes.status.at("termination_details").as_object();
    const auto& codes = codes_of.at(shapes.state.at("result_state").as_string());
    EXPECT_NE(std::ranges::find(codes, details.at("code").as_string()), codes.end());
    EXPECT_EQ(details.at("message"), shapes.state.at("state_message"));
  });
}

TEST(PublicShapes, StoppedIsSaidOfTimeoutsAndCancelsAlone) {
  for_every_state([](const Shapes& shapes, bool is_over) {
    const auto result =
        is_over ? shapes.state.at("result_state").as_string() : json::string("none");
    EXPECT_EQ(shapes.state.at("user_cancelled_or_timedout").as_bool(),
              result == "TIMEDOUT" || result == "CANCELED");
  });
}

TEST(PublicShapes, OnlyAQueuedRunTellsWhyItWaits) {
  for_every_state([](const Shapes& shapes, bool /*is_over*/) {
    const bool is_queued = shapes.state.at("life_cycle_state").as_string() == "QUEUED";
    EXPECT_EQ(shapes.state.contains("queue_reason"), is_queued);
    EXPECT_EQ(shapes.status.contains("queue_details"), is_queued);
  });
}

TEST(PublicShapes, ATaskThatWaitsForOthersWorkIsRunning) {
  EXPECT_EQ(public_state(TaskState::kDelegated).life_cycle_state, "RUNNING");
}

class NeverBegun : public ApiTest {
 protected:
  void expect_task(std::int64_t run, std::string_view life_cycle, std::string_view result) {
    const auto answer = get("/api/2.2/jobs/runs/get?run_id=" + std::to_string(run)).body;
    const auto& task = answer.at("tasks").at(0);
    EXPECT_EQ(task.at("state").at("life_cycle_state").as_string(), life_cycle);
    EXPECT_EQ(task.at("state").at("result_state").as_string(), result);
    EXPECT_EQ(task.at("status").at("state").as_string(), "TERMINATED");
    EXPECT_EQ(task.at("start_time").as_int64(), 0);
    EXPECT_EQ(task.at("end_time").as_int64(), answer.at("end_time").as_int64());
  }
};

TEST_F(NeverBegun, TasksOfARunThatEndedInTheQueueEndAsItDid) {
  register_worker();
  const auto job = deploy(a_job());
  run_now(job);
  const auto queued = run_now(job);
  ASSERT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", queued}}).status, 200);
  expect_task(queued, "TERMINATED", "CANCELED");
  const auto skipped =
      post("/api/2.2/jobs/run-now", {{"job_id", job}, {"queue", {{"enabled", false}}}});
  expect_task(skipped.body.at("run_id").as_int64(), "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED");
}

}  // namespace
}  // namespace sheaf::http
