// A job's task graph for people: read from its settings document, also of one with errors. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace sheaf::cli {

struct GraphEdge {
  std::string from;
  std::string outcome;  ///< "true" or "false" behind a condition; else empty.
};

struct GraphTask {
  std::string key;
  std::string kind;    ///< "spark_python_task"; empty: none.
  std::string what;    ///< What it does, short: the script, the comparison, the job.
  std::string run_if;  ///< Empty: ALL_SUCCESS.
  std::vector<GraphEdge> depends_on;
};

struct JobGraph {
  std::string key;
  std::string name;
  std::vector<GraphTask> tasks;
};

/// What is no task with a key is left out.
[[nodiscard]] JobGraph read_job_graph(std::string_view key, std::string_view settings_json);

/// The job's name, then a line a task.
[[nodiscard]] std::string to_tree(const JobGraph& graph);

/// A Mermaid flowchart; conditions are diamonds.
[[nodiscard]] std::string to_mermaid(const JobGraph& graph);

/// `{name, tasks: [{task_key, kind, what, run_if, depends_on: [{task_key, outcome?}]}]}`
[[nodiscard]] boost::json::object to_json(const JobGraph& graph);

}  // namespace sheaf::cli
