// The passes of check_job_settings(), in their order. Each adds findings and never stops at one;
// each later pass leaves alone what an earlier one has found to be of the wrong type.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "common/model/settings_check.h"

namespace sheaf::model {

using Findings = std::vector<SettingsFinding>;

/// Adds a kInvalid finding.
void report(Findings& findings, std::string path, std::string message, std::string cure = {});

/// Compares the document with the field table: unknown, refused and missing fields, types, choices.
void check_fields(const boost::json::object& document, Findings& findings);

/// Compiles `tasks`; finds bad keys, task kinds, retries and numbers.
[[nodiscard]] std::vector<TaskSettings> compile_tasks(const boost::json::object& document,
                                                      Findings& findings);

/// Where a task's block stands: in the job's list, or inside a for-each task.
struct TaskPlace {
  enum class Kind { kOfJob, kIteration };
  std::string path;  ///< "tasks[2]", "tasks[2].for_each_task.task".
  Kind kind = Kind::kOfJob;
};

/// Compiles one task; inside a for-each task what the field table refuses there is left out.
[[nodiscard]] TaskSettings compile_task(const boost::json::object& task,
                                        const TaskPlace& place,
                                        Findings& findings);

/// Compiles what the task does; a task without a kind becomes an empty CommandTask.
[[nodiscard]] TaskAction compile_action(const boost::json::object& task,
                                        const TaskPlace& place,
                                        Findings& findings);

/// Compiles the block of a for-each task, which stands at `path`.
[[nodiscard]] ForEachTask compile_for_each(const boost::json::object& block,
                                           const std::string& path,
                                           Findings& findings);

/// Compiles the block of a run-job task, which stands at `path`.
[[nodiscard]] RunJobTask compile_run_job(const boost::json::object& block,
                                         const std::string& path,
                                         Findings& findings);

/// Compiles the block of a Python-wheel or notebook task, which stands at `path`.
[[nodiscard]] PythonWheelTask compile_wheel(const boost::json::object& block,
                                            const std::string& path,
                                            Findings& findings);
[[nodiscard]] NotebookTask compile_notebook(const boost::json::object& block,
                                            const std::string& path,
                                            Findings& findings);

/// Compiles `libraries` of a task, which stands at `path`, to lines of a requirements file.
[[nodiscard]] std::vector<std::string> compile_libraries(const boost::json::object& task,
                                                         const std::string& path,
                                                         Findings& findings);

/// Reports a path that is not absolute or leads upwards; `what` names what lies there.
void check_deployed_path(const std::string& file,
                         const std::string& path,
                         std::string_view what,
                         Findings& findings);

/// Reports a NUL character, which no program can be given.
void check_no_nul(const std::string& text, const std::string& path, Findings& findings);

/// Reads a task's `sheaf` block, which stands at `path`, into `task`.
void compile_task_block(const boost::json::object& block,
                        const std::string& path,
                        TaskSettings& task,
                        Findings& findings);

/// Reads `resources` and `labels` of a `sheaf` block, which stands at `path`.
[[nodiscard]] ResourceRequest compile_resources(const boost::json::object& block,
                                                const std::string& path,
                                                Findings& findings);

/// Compiles `job_clusters`, and adds what they ask for to the tasks that name them.
void apply_job_clusters(const boost::json::object& document,
                        std::vector<TaskSettings>& tasks,
                        Findings& findings);

/// Compiles `sheaf.hooks`; `parameters` are the declared job parameters.
[[nodiscard]] std::vector<HookSettings> compile_hooks(
    const boost::json::object& document,
    const std::vector<ParameterSettings>& parameters,
    Findings& findings);

/// Unique task keys, dependencies that exist, cycles, outcome edges, environment keys. True when
/// the graph has an order.
bool check_graph(const JobSettings& settings, Findings& findings);

/// References in parameter defaults and in the strings of tasks. Requires an acyclic graph.
void check_references(const JobSettings& settings, Findings& findings);

/// Reads a number and checks its range; absent: `otherwise`.
struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t otherwise = 0;
};
[[nodiscard]] std::int64_t read_integer(const boost::json::object& object,
                                        std::string_view path,
                                        std::string_view key,
                                        const IntegerRange& range,
                                        Findings& findings);

/// The value that `text` names. Other texts have been reported by check_fields().
template <typename Enum>
[[nodiscard]] Enum parse_choice(std::string_view text,
                                const std::map<std::string_view, Enum>& names,
                                Enum otherwise) {
  const auto found = names.find(text);
  return found == names.end() ? otherwise : found->second;
}

/// True for a job parameter's name: [A-Za-z0-9_.-]+ of at most kMaxTaskValueKeyBytes.
[[nodiscard]] bool is_parameter_name(std::string_view name);

/// True for [A-Za-z0-9_-]+ of at most `max_bytes`.
[[nodiscard]] bool is_plain_key(std::string_view key, std::size_t max_bytes);

/// Timeouts are at most this.
inline constexpr std::int64_t kMaxTimeoutSeconds = (std::int64_t{1} << 31) - 1;

}  // namespace sheaf::model
