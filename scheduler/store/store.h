// The durable half of the scheduler: rows in RocksDB, one WriteBatch and one fsync a batch.
//
// Keys are packed per run (event record e|run|batch, run row r|run, task pages t|run|page with a
// row of variable size beside each); every value begins with a version byte. Any failed write
// leaves the outcome unknown: the caller must exit. Threads: commit() belongs to the core thread; a
// Reader may be used by any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "scheduler/core/core.h"
#include "scheduler/store/reader.h"

namespace sheaf::store {

/// What one commit writes. Absent optionals in the maps are deletions.
struct Batch {
  struct RunEvents {
    RunId run;  ///< Invalid: events of no run.
    std::vector<core::Event> events;
  };
  struct TaskPage {
    RunId run;
    std::uint32_t page = 0;
    std::vector<core::TaskRow> rows;
    std::map<core::TaskIndex, core::TaskDetails> details;  ///< Of this page's tasks.
  };

  std::uint64_t number = 0;  ///< last_number() + 1.
  std::uint64_t epoch = 0;
  std::int64_t next_id = 1;
  /// In the order in which they were decided; a run may come several times.
  std::vector<RunEvents> events;
  std::vector<core::RunRecord> runs;
  std::vector<TaskPage> pages;
  struct RunInputs {
    RunId run;
    std::uint32_t block = 0;
    core::InputsPointer inputs;
  };
  std::vector<RunInputs> inputs;
  /// Runs whose earlier pages and inputs go before the new ones are written.
  std::set<RunId> repaired_runs;
  std::set<RunId> deleted_runs;
  std::map<JobId, std::optional<core::JobRecord>> jobs;
  std::map<DeploymentId, core::DeploymentRecord> deployments;
  /// Every version of `deployments`, in order.
  std::vector<core::DeploymentRecord> deployment_versions;
  std::vector<core::DeploymentRemoved> removed_deployments;
  std::map<std::string, std::string> settings;  ///< Digest → settings document.
  std::map<TriggerId, std::optional<core::ScheduleRecord>> schedules;
  std::vector<core::SkippedFire> skipped_fires;
  std::map<WorkerId, core::WorkerRecord> workers;
  std::map<std::string, core::ReceiptRecord> receipts;
  std::map<AlertId, core::AlertRecord> alerts;
  std::vector<core::HookSecretRecord> hook_secrets;
  std::map<std::string, std::optional<core::PoolRecord>> pools;
};

/// The end of the store's history.
struct Head {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  std::uint64_t chain = 0;  ///< Hash over every batch written so far.
};

class Store {
 public:
  virtual ~Store() = default;

  /// Makes `batch` durable, whole or not at all, and returns once it is fsynced.
  ///
  /// REQUIRES: core thread; `batch.number == head().batch + 1`. After any failure State is ahead of
  /// the disk and the caller must exit.
  [[nodiscard]] virtual Result<void> commit(const Batch& batch) = 0;

  [[nodiscard]] virtual Head head() const = 0;

  /// The store's UUID, given when it was created; also the scheduler's public id.
  [[nodiscard]] virtual const std::string& id() const = 0;

  /// What opening had to do that an operator should read; usually nothing.
  [[nodiscard]] virtual const std::vector<std::string>& notices() const = 0;

  /// Reads the rows of unfinished runs and of what is armed, and nothing else.
  [[nodiscard]] virtual Result<core::StoredState> recover() const = 0;

  /// A view of what is committed now. Any thread.
  [[nodiscard]] virtual std::unique_ptr<Reader> read() const = 0;
};

/// Opens or creates the store below `folder`. Fails with kConflict when another process has it
/// open, with kUnsupported when a newer Sheaf or a foreign program wrote it (nothing is changed
/// then), with kCorrupt when the history is shorter than the high-water mark beside it or does not
/// add up.
[[nodiscard]] Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& folder);

}  // namespace sheaf::store
