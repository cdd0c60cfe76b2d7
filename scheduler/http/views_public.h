// Jobs and runs in the shapes of the public Jobs API 2.2. Pure functions from records to JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "scheduler/core/records.h"
#include "scheduler/store/reader.h"

namespace sheaf::http {

/// Tasks an answer holds at most; more come with `next_page_token`.
inline constexpr std::size_t kTasksPerAnswer = 100;

/// What a run's view needs beside its record.
struct RunSurroundings {
  /// The run's settings document; empty where it is not shown.
  boost::json::object settings;
  std::string creator;      ///< Of the job.
  std::string run_as;       ///< The user whose scheduler this is.
  std::string page_prefix;  ///< "<url>/?o=<workspace id>".
};

/// Part of a run's or job's tasks: those from `first` on, at most kTasksPerAnswer.
struct TaskPage {
  std::size_t first = 0;
};

/// The task of a run that an attempt belongs to, and which of its attempts.
struct AttemptPlace {
  core::TaskIndex task = 0;
  /// The finished attempt's record, or nullptr: the task's current or last attempt.
  const core::AttemptRecord* record = nullptr;
};

/// `attempt` within its run; nullopt when no task has or had it.
[[nodiscard]] std::optional<AttemptPlace> find_attempt(const store::RunView& run,
                                                       AttemptId attempt);

/// The id of a task's current, last or first attempt: its public task run id.
[[nodiscard]] AttemptId attempt_of(const store::RunView& run, core::TaskIndex task);

/// The first attempt that there ever was of a row.
[[nodiscard]] AttemptId original_attempt(const store::RunView& run, core::TaskIndex task);

/// A run without its tasks.
[[nodiscard]] boost::json::object public_run(const core::RunRecord& run,
                                             const RunSurroundings& around);

/// A run with a page of its tasks and `next_page_token` when there are more.
[[nodiscard]] boost::json::object public_run(const store::RunView& run,
                                             const RunSurroundings& around,
                                             TaskPage page);

/// One task run, as `runs/get` of an attempt's id shows it; of a for-each task with a page of its
/// iterations.
[[nodiscard]] boost::json::object public_task_run(const store::RunView& run,
                                                  const RunSurroundings& around,
                                                  AttemptPlace place,
                                                  TaskPage page = {});

/// A job; `settings` is its document. Adds what the public API adds and nothing else, so that
/// declarative clients see no drift: see fill_settings().
[[nodiscard]] boost::json::object public_job(const core::JobRecord& job,
                                             boost::json::object settings,
                                             std::string_view run_as,
                                             TaskPage page);

/// A job as lists show it: without tasks, environments and job clusters unless `with_tasks`.
enum class Expand { kNothing, kTasks };
[[nodiscard]] boost::json::object public_listed_job(const core::JobRecord& job,
                                                    boost::json::object settings,
                                                    Expand expand);

}  // namespace sheaf::http
