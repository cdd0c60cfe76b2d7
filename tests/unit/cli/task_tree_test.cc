#include "cli/task_tree.h"

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

TaskView task(std::string key, std::vector<std::string> depends_on, std::string state = "BLOCKED") {
  TaskView view;
  view.key = std::move(key);
  view.depends_on = std::move(depends_on);
  view.state = std::move(state);
  return view;
}

RunView run_of(std::vector<TaskView> tasks) {
  RunView run;
  run.run_id = 7;
  run.name = "wine";
  run.state = "RUNNING";
  run.start_ms = 1'000;
  run.tasks = std::move(tasks);
  return run;
}

std::string drawn(const RunView& run, TerminalSize size = {.columns = 80, .rows = 24}) {
  std::string text;
  for (const std::string& line : draw_tree(run, from_epoch_ms(6'000), size)) {
    text += line + "\n";
  }
  return text;
}

TEST(DrawTree, PutsEachTaskBelowWhatItWaitsForLongest) {
  auto prep = task("prep", {}, "SUCCESS");
  prep.start_ms = 1'000;
  prep.end_ms = 2'500;
  auto train = task("train", {"prep"}, "RUNNING");
  train.start_ms = 2'500;
  train.attempt_number = 1;
  EXPECT_EQ(
      drawn(run_of({prep, train, task("check", {"prep"}), task("deploy", {"prep", "train"})})),
      "Run 7  wine  RUNNING  5.0 s\n"
      "✓ prep                            SUCCESS  1.5 s\n"
      "├─ ● train                        RUNNING  3.5 s  attempt 1\n"
      "│  └─ · deploy (also after prep)  BLOCKED\n"
      "└─ · check                        BLOCKED\n");
}

TEST(DrawTree, CutsLinesToTheTerminal) {
  for (const std::string& line : draw_tree(run_of({task(std::string(100, 'x'), {})}),
                                           from_epoch_ms(6'000),
                                           {.columns = 20, .rows = 24})) {
    EXPECT_LE(line.size(), 21u);  // The mark takes two bytes.
  }
}

TEST(DrawTree, CountsWhatASmallTerminalCannotShow) {
  std::vector<TaskView> tasks;
  for (int index = 0; index < 30; ++index) {
    tasks.push_back(task("done" + std::to_string(index), {}, "SUCCESS"));
  }
  tasks.push_back(task("busy", {}, "RUNNING"));
  EXPECT_EQ(drawn(run_of(tasks), {.columns = 80, .rows = 10}),
            "Run 7  wine  RUNNING  5.0 s\n"
            "● busy  RUNNING\n"
            "… 30 more tasks; 30 of 31 have ended\n");
}

TEST(DrawTree, BearsCyclesAndUnknownDependencies) {
  const auto run =
      run_of({task("a", {"b"}), task("b", {"a"}), task("c", {"nowhere"}), task("d", {"d"})});
  EXPECT_EQ(draw_tree(run, from_epoch_ms(0), {}).size(), 5u);
}

TEST(DrawTree, KeepsLongChainsOnTheScreen) {
  std::vector<TaskView> tasks{task("t0", {})};
  for (int index = 1; index < 500; ++index) {
    tasks.push_back(
        task("t" + std::to_string(index), {"t" + std::to_string(index - 1)}, "RUNNING"));
  }
  const auto lines = draw_tree(run_of(tasks), from_epoch_ms(0), {.columns = 80, .rows = 1'000});
  ASSERT_EQ(lines.size(), 501u);
  EXPECT_NE(lines.back().find("t499"), std::string::npos);
}

TEST(TreeOrder, FollowsTheTree) {
  EXPECT_EQ(tree_order({task("c", {"b"}), task("a", {}), task("b", {"a"})}),
            (std::vector<std::size_t>{1, 2, 0}));
}

}  // namespace
}  // namespace sheaf::cli
