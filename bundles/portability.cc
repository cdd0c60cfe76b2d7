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

  void check_job(const Value& job, const std::string& path) {
    check_block(job, path);
    visit_items(job, "job_clusters", path, [this](const Value& cluster, const std::string& place) {
      check_block(cluster, place);
    });
    visit_items(job, "tasks", path, [this](const Value& task, const std::string& place) {
      check_task(task, place);
    });
  }

 private:
  template <typename Visit>
  static void visit_items(const Value& job,
                          std::string_view field,
                          const std::string& path,
                          const Visit& visit) {
    const Value* list = find(job, field);
    const std::string list_path = member_path(path, field);
    for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
      visit(list->items[i], item_path(list_path, i));
    }
  }

  void check_task(const Value& task, const std::string& path) {
    check_block(task, path);
    if (const Member* command = find_member(task, "command_task")) {
      report(*command,
             member_path(path, "command_task"),
             "only Sheaf knows command tasks",
             "Call the program from a spark_python_task.");
    }
    check_compute(task, path);
    if (const Value* loop = find(task, "for_each_task")) {
      const std::string loop_path = member_path(path, "for_each_task");
      check_block(*loop, loop_path);
      if (const Value* inner = find(*loop, "task")) {
        check_task(*inner, member_path(loop_path, "task"));
      }
    }
  }

  void check_block(const Value& value, const std::string& path) {
    if (const Member* block = find_member(value, "sheaf")) {
      report(*block,
             member_path(path, "sheaf"),
             "only Sheaf knows the block `sheaf`",
             "Remove it where the bundle shall mean the same on both sides.");
    }
  }

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
  PortabilityChecker(findings).check_job(job, path);
}

}  // namespace sheaf::bundles
