// A run as `GET /api/sheaf/v1/runs/{run}` shows it, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "common/base/time.h"
#include "common/model/states.h"

namespace sheaf::cli {

struct AttemptView {
  std::int64_t run_id = 0;
  std::int64_t number = 0;
  std::string state;
  std::string end;  ///< "" while it goes on.
  std::optional<std::int64_t> exit_code;
  std::int64_t signal = 0;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::string message;
  std::string worker;
  bool is_overlap_possible = false;
};

struct TaskView {
  std::string key;
  std::int64_t run_id = 0;
  std::string state;
  std::string outcome;
  std::int64_t attempt_number = 0;
  std::vector<std::string> depends_on;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::string message;
  std::string worker;
  std::string iterations;  ///< "12 of 1000, 3 failed"; empty for tasks without.
  std::int64_t child_run_id = 0;
  std::vector<std::string> warnings;
  /// By number; the last one may still go on.
  std::vector<AttemptView> attempts;
};

struct RunView {
  std::int64_t run_id = 0;
  std::int64_t job_id = 0;
  std::string name;
  std::string state;
  std::string message;
  std::string trigger;  ///< For people: "manual", "schedule 2026-…", "hook drift".
  std::int64_t submitted_ms = 0;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t queue_position = 0;
  std::int64_t version = 0;
  std::vector<TaskView> tasks;
};

/// What is missing gets a default.
[[nodiscard]] RunView read_run(const boost::json::object& run);

/// The state of that name; nothing for one that this version does not know.
[[nodiscard]] std::optional<model::RunState> find_run_state(std::string_view name);
[[nodiscard]] std::optional<model::TaskState> find_task_state(std::string_view name);

[[nodiscard]] bool has_ended(const RunView& run);
/// By its state: of an attempt that was lost or never started no time of the end is known.
[[nodiscard]] bool has_ended(const AttemptView& attempt);
/// SUCCESS, or SUCCESS_WITH_FAILURES: every leaf task succeeded.
[[nodiscard]] bool has_succeeded(const RunView& run);

/// "RUNNING", "QUEUED (place 2)".
[[nodiscard]] std::string state_text(const RunView& run);

/// The latest attempt, if there was one.
[[nodiscard]] const AttemptView* last_attempt(const TaskView& task);

/// How long it took, or takes until `now`; "-" where that is not known.
[[nodiscard]] std::string duration_of(const AttemptView& attempt, Timestamp now);

/// "exit code 3", "signal 9", "lost", "" while it goes on.
[[nodiscard]] std::string end_text(const AttemptView& attempt);

}  // namespace sheaf::cli
