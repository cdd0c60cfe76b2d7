#include "bundles/portability.h"

#include <algorithm>
#include <array>

namespace sheaf::bundles {

namespace {

/// Where a task's compute can stand.
constexpr std::array<std::string_view, 4> kCompute = {
    "environment_key", "job_cluster_key", "existing_cluster_id", "new_cluster"};

/// Kinds that need compute of their own.
constexpr std::array<std::string_view, 3> kPythonTasks = {
    "spark_python_task", "python_wheel_task", "notebook_task"};

class PortabilityChecker {
 public:
  explicit PortabilityChecker(Findings& findings) : findings_(findings) {}

  void check(const Value& value, const std::string& path) {
    for (const Member& member : value.members) {
      const std::string inner = member_path(path, member.key);
      if (member.key == "sheaf") {
        report(member,
               inner,
               "only Sheaf knows the block `sheaf`",
               "Remove it where the bundle shall mean the same on both sides.");
        continue;
      }
      if (member.key == "command_task") {
        report(member,
               inner,
               "only Sheaf knows command tasks",
               "Call the program from a spark_python_task.");
      }
      check(member.value, inner);
    }
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      check(value.items[i], item_path(path, i));
    }
    check_compute(value, path);
  }

 private:
  void check_compute(const Value& task, const std::string& path) {
    const auto is_there = [&task](std::string_view key) { return find(task, key) != nullptr; };
    const auto kind = std::ranges::find_if(kPythonTasks, is_there);
    // Notebooks run on the vendor's serverless compute without a word.
    if (kind == kPythonTasks.end() || *kind == "notebook_task" ||
        std::ranges::any_of(kCompute, is_there)) {
      return;
    }
    report(*find_member(task, *kind),
           member_path(path, *kind),
           "the task names no compute",
           "Sheaf runs it on any worker; elsewhere it needs an environment_key or a "
           "job_cluster_key.");
  }

  void report(const Member& member,
              const std::string& path,
              std::string summary,
              std::string cure) {
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, path, {member.key_place});
  }

  Findings& findings_;
};

}  // namespace

void check_portability(const Value& job, const std::string& path, Findings& findings) {
  PortabilityChecker(findings).check(job, path);
}

}  // namespace sheaf::bundles
