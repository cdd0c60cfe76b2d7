// Committed rows as of one moment: what HTTP views and Facts are made of. An interface, so that
// another store may stand behind it. Threads: one Reader belongs to one thread at a time; it keeps
// its snapshot alive, so use and drop it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "scheduler/core/attempt_history.h"
#include "scheduler/core/event.h"
#include "scheduler/core/records.h"

namespace sheaf::store {

/// A run with its tasks, as stored.
struct RunView {
  core::RunRecord record;
  std::vector<core::TaskRow> tasks;
  std::map<core::TaskIndex, core::TaskDetails> details;

  /// Null where the task has none.
  [[nodiscard]] const core::TaskDetails* find_details(core::TaskIndex task) const {
    const auto found = details.find(task);
    return found == details.end() ? nullptr : &found->second;
  }
  /// Every finished attempt of the task, oldest first.
  [[nodiscard]] std::vector<core::AttemptRecord> finished_attempts(core::TaskIndex task) const {
    return core::finished_attempts(record, tasks.at(task), find_details(task));
  }
};

struct RunFilter {
  JobId job;  ///< Invalid: all jobs.
  bool active_only = false;
  bool completed_only = false;
  RunId before;  ///< Only runs with smaller ids; invalid: from the newest.
  std::size_t limit = 20;
};

/// What one batch decided.
struct BatchEvents {
  std::uint64_t epoch = 0;
  /// In the order in which they were decided; `RunSubmitted::settings` is null (see fill_settings).
  std::vector<core::Event> events;
};

class Reader {
 public:
  virtual ~Reader() = default;

  [[nodiscard]] virtual Result<std::optional<core::JobRecord>> job(JobId job) const = 0;
  /// All jobs by id; `after` for paging.
  [[nodiscard]] virtual Result<std::vector<core::JobRecord>> jobs(JobId after,
                                                                  std::size_t limit) const = 0;
  /// The settings document with this digest.
  [[nodiscard]] virtual Result<std::string> settings(std::string_view digest) const = 0;

  [[nodiscard]] virtual Result<std::optional<core::DeploymentRecord>> deployment(
      std::string_view bundle, std::string_view target) const = 0;
  [[nodiscard]] virtual Result<std::vector<core::DeploymentRecord>> deployments() const = 0;
  /// The versions that are still known, newest first; at most 100.
  [[nodiscard]] virtual Result<std::vector<core::DeploymentRecord>> deployment_versions(
      DeploymentId deployment) const = 0;

  [[nodiscard]] virtual Result<std::optional<core::RunRecord>> run_record(RunId run) const = 0;
  [[nodiscard]] virtual Result<std::optional<RunView>> run(RunId run) const = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<core::RunRecord>> runs(
      const RunFilter& filter) const = 0;
  /// Inputs of a block of iterations, one JSON text a line.
  [[nodiscard]] virtual Result<std::string> iteration_inputs(RunId run,
                                                             std::uint32_t block) const = 0;
  /// The run that an attempt belongs to: the greatest run id below it whose block or retries hold
  /// it.
  [[nodiscard]] virtual Result<std::optional<RunId>> run_of_attempt(AttemptId attempt) const = 0;

  [[nodiscard]] virtual Result<std::vector<core::ScheduleRecord>> schedules() const = 0;
  /// Newest first, at most `limit`.
  [[nodiscard]] virtual Result<std::vector<core::SkippedFire>> skipped_fires(
      JobId job, std::size_t limit) const = 0;
  [[nodiscard]] virtual Result<std::vector<core::WorkerRecord>> workers() const = 0;
  /// By name.
  [[nodiscard]] virtual Result<std::vector<core::PoolRecord>> pools() const = 0;
  [[nodiscard]] virtual Result<std::optional<core::ReceiptRecord>> receipt(
      std::string_view key) const = 0;
  [[nodiscard]] virtual Result<std::optional<core::AlertRecord>> alert(AlertId alert) const = 0;
  /// Pending alerts in the order in which they are due.
  [[nodiscard]] virtual Result<std::vector<core::AlertRecord>> pending_alerts(
      std::size_t limit) const = 0;
  [[nodiscard]] virtual Result<std::vector<core::AlertRecord>> alerts_of_run(RunId run) const = 0;
  [[nodiscard]] virtual Result<std::optional<core::HookSecretRecord>> hook_secret(
      JobId job, std::string_view hook) const = 0;

  /// The events of a batch; nothing for batches after the last. Fails with kCorrupt when they do
  /// not match the hash chain.
  [[nodiscard]] virtual Result<std::optional<BatchEvents>> batch(std::uint64_t number) const = 0;
};

/// Compiled settings by digest, read and compiled once each.
class SettingsCache {
 public:
  /// `reader` must outlive the cache.
  explicit SettingsCache(const Reader& reader) : reader_(reader) {}

  [[nodiscard]] Result<core::SettingsPointer> get(const std::string& digest);

  /// Gives every RunSubmitted and RunRepaired its settings. Inputs of iterations stay absent: State
  /// needs them for specs only.
  [[nodiscard]] Result<void> fill_settings(std::vector<core::Event>& events);

 private:
  const Reader& reader_;
  std::map<std::string, core::SettingsPointer> compiled_;
};

}  // namespace sheaf::store
