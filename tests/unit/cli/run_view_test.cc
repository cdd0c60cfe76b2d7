#include "cli/run_view.h"

#include <gtest/gtest.h>

#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

RunView read(std::string_view text) {
  return read_run(parse_object(text, "test").value());
}

TEST(ReadRun, ReadsTasksAndAttempts) {
  const RunView run =
      read(R"({"run_id": 7, "job_id": 3, "run_name": "wine", "state": "RUNNING", "version": 12,
      "trigger": {"kind": "HOOK", "hook": "drift"},
      "tasks": [{"task_key": "train", "run_id": 9, "state": "RUNNING", "attempt_number": 1, "depends_on": ["prep"],
                 "start_time": 50, "worker": "local",
                 "attempts": [{"run_id": 8, "attempt_number": 0, "state": "FAILED", "end": "exited", "exit_code": 3,
                               "start_time": 10, "end_time": 20}]}]})");
  EXPECT_EQ(run.trigger, "hook drift");
  EXPECT_EQ(run.version, 12);
  ASSERT_EQ(run.tasks.size(), 1u);
  const TaskView& task = run.tasks.front();
  EXPECT_EQ(task.depends_on, std::vector<std::string>{"prep"});
  ASSERT_EQ(task.attempts.size(), 2u) << "the attempt that goes on is told by the task";
  EXPECT_EQ(end_text(task.attempts[0]), "exit code 3");
  EXPECT_EQ(last_attempt(task)->run_id, 9);
  EXPECT_EQ(end_text(*last_attempt(task)), "");
}

TEST(ReadRun, GivesATaskThatNeverStartedNoAttempt) {
  const RunView run = read(R"({"tasks": [{"task_key": "a", "run_id": 9, "state": "BLOCKED"}]})");
  EXPECT_EQ(last_attempt(run.tasks.front()), nullptr);
}

TEST(ReadRun, BearsWhatItDoesNotKnow) {
  const RunView run = read(R"({"state": 5, "tasks": [1, {"depends_on": "x"}], "trigger": null})");
  EXPECT_EQ(run.state, "");
  EXPECT_EQ(run.tasks.size(), 1u);
  EXPECT_FALSE(has_ended(run));
}

TEST(RunStates, TellEndAndSuccess) {
  const auto in_state = [](std::string state) {
    RunView run;
    run.state = std::move(state);
    return run;
  };
  EXPECT_FALSE(has_ended(in_state("QUEUED")));
  EXPECT_FALSE(has_ended(in_state("TERMINATING")));
  for (const char* state : {"SUCCESS", "SUCCESS_WITH_FAILURES"}) {
    EXPECT_TRUE(has_ended(in_state(state)));
    EXPECT_TRUE(has_succeeded(in_state(state)));
  }
  for (const char* state : {"FAILED", "TIMEDOUT", "CANCELED", "SKIPPED"}) {
    EXPECT_TRUE(has_ended(in_state(state)));
    EXPECT_FALSE(has_succeeded(in_state(state)));
  }
}

TEST(AttemptEnds, AreToldByTheStateAndNotByTheTime) {
  const RunView run =
      read(R"({"tasks": [{"task_key": "a", "run_id": 9, "state": "RUNNING", "start_time": 1000,
      "attempts": [{"run_id": 8, "state": "INTERNAL_ERROR", "end": "lost", "start_time": 1000, "end_time": 0}]}]})");
  const auto& attempts = run.tasks.front().attempts;
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_TRUE(has_ended(attempts[0]));
  EXPECT_EQ(duration_of(attempts[0], from_epoch_ms(9'000)), "-") << "nobody knows when it ended";
  EXPECT_FALSE(has_ended(attempts[1]));
  EXPECT_EQ(duration_of(attempts[1], from_epoch_ms(9'000)), "8.0 s");
}

TEST(Trigger, SaysWhatStartedTheRun) {
  EXPECT_EQ(read(R"({"trigger": {"kind": "ONE_TIME", "principal": "ann"}})").trigger, "manual");
  EXPECT_EQ(read(R"({"trigger": {"kind": "PERIODIC", "nominal_time": 1769760000000}})").trigger,
            "schedule 2026-01-30T08:00:00Z");
}

}  // namespace
}  // namespace sheaf::cli
