// What `validate --portable` finds.
#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

std::string findings_of(const std::string& job) {
  BundleFolder folder;
  folder.with_root("resources:\n  jobs:\n    j:\n" + job).with("a.py", "print()\n");
  LoadOptions options = folder.options();
  options.is_portable = true;
  std::string paths;
  for (const Diagnostic& finding : load_bundle(options).diagnostics) {
    paths += finding.path + ": " + finding.summary + "\n";
  }
  return paths;
}

TEST(Portability, FindsNothingInABundleOfBothSides) {
  EXPECT_EQ(findings_of("      environments: [{environment_key: e, spec: {client: '3'}}]\n"
                        "      tasks: [{task_key: t, environment_key: e, "
                        "spark_python_task: {python_file: a.py}}]\n"),
            "");
}

TEST(Portability, FindsWhatOnlySheafKnows) {
  EXPECT_EQ(findings_of("      sheaf: {priority: 3}\n"
                        "      tasks:\n"
                        "        - task_key: t\n"
                        "          command_task: {command: [echo]}\n"
                        "          sheaf: {max_lost: 1}\n"),
            "resources.jobs.j.sheaf: only Sheaf knows the block `sheaf`\n"
            "resources.jobs.j.tasks[0].command_task: only Sheaf knows command tasks\n"
            "resources.jobs.j.tasks[0].sheaf: only Sheaf knows the block `sheaf`\n");
}

TEST(Portability, FindsItInLoopsAndClustersAndNotInMapsOfTexts) {
  EXPECT_EQ(findings_of("      tags: {sheaf: x, command_task: y}\n"
                        "      job_clusters: [{job_cluster_key: c, sheaf: {labels: [gpu]}}]\n"
                        "      environments: [{environment_key: e, spec: {client: '3'}}]\n"
                        "      tasks:\n"
                        "        - task_key: a\n"
                        "          for_each_task:\n"
                        "            inputs: '[1]'\n"
                        "            sheaf: {mode: stream}\n"
                        "            task:\n"
                        "              task_key: b\n"
                        "              command_task: {command: [echo], env: {sheaf: z}}\n"
                        "        - task_key: c\n"
                        "          environment_key: e\n"
                        "          spark_python_task: {python_file: a.py, parameters: [sheaf]}\n"),
            "resources.jobs.j.job_clusters[0].sheaf: only Sheaf knows the block `sheaf`\n"
            "resources.jobs.j.tasks[0].for_each_task.sheaf: only Sheaf knows the block `sheaf`\n"
            "resources.jobs.j.tasks[0].for_each_task.task.command_task: only Sheaf knows command "
            "tasks\n");
}

TEST(Portability, FindsPythonTasksWithoutCompute) {
  EXPECT_EQ(findings_of("      tasks: [{task_key: t, spark_python_task: {python_file: a.py}}]\n"),
            "resources.jobs.j.tasks[0].spark_python_task: the task names no compute\n");
}

}  // namespace
}  // namespace sheaf::bundles
