// How a job's graph is drawn.
#include "cli/job_graph.h"

#include <gtest/gtest.h>

namespace sheaf::cli {
namespace {

constexpr std::string_view kJob = R"({"name": "retrain", "tasks": [
  {"task_key": "prepare", "spark_python_task": {"python_file": "/Workspace/files/src/prepare.py"}},
  {"task_key": "train", "depends_on": [{"task_key": "prepare"}],
   "command_task": {"command": ["./train.sh", "--fast"]}},
  {"task_key": "better", "depends_on": [{"task_key": "train"}, {"task_key": "prepare"}],
   "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.train.values.x}}", "right": "1"}},
  {"task_key": "deploy", "depends_on": [{"task_key": "better", "outcome": "true"}],
   "run_job_task": {"job_id": 7}},
  {"task_key": "tell", "run_if": "ALL_DONE", "depends_on": [{"task_key": "better", "outcome": "false"}],
   "for_each_task": {"inputs": "[1,2]", "task": {"task_key": "i", "command_task": {"command": ["say"]}}}}
]})";

TEST(JobGraph, IsDrawnAsATree) {
  EXPECT_EQ(
      to_tree(read_job_graph("wine", kJob)),
      "wine: retrain\n"
      "  prepare                            spark_python_task: prepare.py\n"
      "  └─ train                           command_task: ./train.sh --fast\n"
      "     └─ better (also after prepare)  condition_task: {{tasks.train.values.x}} EQUAL_TO 1\n"
      "        ├─ deploy                    run_job_task: job 7  [better is true]\n"
      "        └─ tell                      for_each_task: each of [1,2]: say  [better is false]"
      "  [ALL_DONE]\n");
}

TEST(JobGraph, NamesTheFileOfInputs) {
  EXPECT_EQ(to_tree(read_job_graph("j",
                                   R"({"name": "n", "tasks": [{"task_key": "t", "for_each_task": {
                   "sheaf": {"inputs_file": "/files/lines.jsonl"},
                   "task": {"task_key": "i", "command_task": {"command": ["say"]}}}}]})")),
            "j: n\n"
            "  t  for_each_task: each of lines.jsonl: say\n");
}

TEST(JobGraph, IsWrittenAsMermaid) {
  EXPECT_EQ(to_mermaid(read_job_graph("wine", kJob)),
            "flowchart TD\n"
            "  t0[\"prepare<br/>prepare.py\"]\n"
            "  t1[\"train<br/>./train.sh --fast\"]\n"
            "  t2{\"better<br/>{{tasks.train.values.x}} EQUAL_TO 1\"}\n"
            "  t3[\"deploy<br/>job 7\"]\n"
            "  t4[\"tell<br/>each of [1,2]: say\"]\n"
            "  t0 --> t1\n"
            "  t1 --> t2\n"
            "  t0 --> t2\n"
            "  t2 -->|true| t3\n"
            "  t2 -->|false| t4\n");
}

TEST(JobGraph, KeepsLabelsFromBreakingTheChart) {
  const std::string chart = to_mermaid(read_job_graph(
      "j", R"({"tasks": [{"task_key": "a", "command_task": {"command": ["<b>\"#"]}}]})"));
  EXPECT_NE(chart.find("a<br/>#lt;b#gt;#quot;#35;"), std::string::npos) << chart;
}

TEST(JobGraph, IsEmptyForWhatIsNoJob) {
  EXPECT_TRUE(read_job_graph("j", "[").tasks.empty());
  EXPECT_TRUE(read_job_graph("j", R"({"tasks": [1, {"x": 2}]})").tasks.empty());
}

}  // namespace
}  // namespace sheaf::cli
