#include "cli/progress.h"

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

constexpr std::int64_t kNow = 1'769'760'000'000;  // 2026-01-30T08:00:00Z

RunView run_with(std::string state, std::string task_state, std::int64_t attempt = 0) {
  RunView run;
  run.run_id = 7;
  run.state = std::move(state);
  run.tasks.resize(1);
  run.tasks[0].key = "train";
  run.tasks[0].state = std::move(task_state);
  run.tasks[0].attempt_number = attempt;
  return run;
}

std::vector<std::string> lines(const RunView& before, const RunView& after) {
  return change_lines(before, after, from_epoch_ms(kNow));
}

TEST(ChangeLines, TellEachChangeOnce) {
  const auto running = run_with("RUNNING", "RUNNING");
  EXPECT_EQ(lines(RunView(), running),
            (std::vector<std::string>{"2026-01-30T08:00:00Z train RUNNING",
                                      "2026-01-30T08:00:00Z run:7 RUNNING"}));
  EXPECT_TRUE(lines(running, running).empty());
  EXPECT_EQ(lines(running, run_with("RUNNING", "SUCCESS")),
            std::vector<std::string>{"2026-01-30T08:00:00Z train SUCCESS"});
}

TEST(ChangeLines, LeaveOutTasksThatOnlyWait) {
  EXPECT_EQ(lines(RunView(), run_with("QUEUED", "BLOCKED")),
            std::vector<std::string>{"2026-01-30T08:00:00Z run:7 QUEUED"});
}

TEST(ChangeLines, TellAFurtherAttempt) {
  EXPECT_EQ(lines(run_with("RUNNING", "RUNNING"), run_with("RUNNING", "RUNNING", 1)),
            std::vector<std::string>{"2026-01-30T08:00:00Z train RUNNING (attempt 1)"});
}

}  // namespace
}  // namespace sheaf::cli
