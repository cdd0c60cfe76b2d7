// A core with its surroundings in memory: facts, a clock that the test moves, and the engine's turn
// (decide, apply, settle, advance, place) without threads or disk. After every turn the invariants
// are checked.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/core/core.h"
#include "tests/support/builders.h"

namespace sheaf::tests {

class CoreWorld {
 public:
  // ---- What the outside does.
  /// Deploys one job as the whole of bundle "b", target "dev".
  JobId deploy(const JobBuilder& job);
  /// Deploys these jobs as the whole of the bundle; others are removed.
  std::vector<JobId> deploy_all(const std::vector<JobBuilder>& jobs);
  /// Submits a run and returns its id.
  RunId submit(JobId job, model::NamedStrings overrides = {});
  core::RegisterReply register_worker(const std::string& name,
                                      std::uint32_t slots,
                                      const std::string& boot_id = "boot-1",
                                      std::vector<core::HeldAttempt> attempts = {});
  core::RegisterReply register_worker(core::RegisterWorker command);
  /// Reports the current attempt of a task started and ended.
  void start(RunId run, const std::string& task);
  void finish(RunId run, const std::string& task, int exit_code = 0);
  void finish(RunId run, const std::string& task, model::AttemptOutcome outcome);
  /// Makes a task that is on a worker end in `state`: kSucceeded, kFailed, kTimedOut, kCancelled (a
  /// user cancels it) or kInternalError (it cannot be prepared).
  void end_as(RunId run, const std::string& task, core::TaskState state);
  /// start() and finish() of iteration `index` of a for-each task.
  void start_iteration(RunId run, const std::string& task, std::uint32_t index);
  void finish_iteration(RunId run, const std::string& task, std::uint32_t index, int exit_code = 0);
  void publish(RunId run, const std::string& task, const std::string& key, const std::string& json);
  void pass(Milliseconds time);

  using Judgement = tl::expected<core::Reply, core::Rejection>;
  /// One turn with one command.
  Judgement turn(const core::Command& command);
  /// One turn with several commands, as they wait for the engine while it commits.
  std::vector<Judgement> turn_all(const std::vector<core::Command>& commands);

  // ---- What can be seen.
  [[nodiscard]] core::TaskState state_of(RunId run, const std::string& task) const;
  [[nodiscard]] core::TaskRow row_of(RunId run, const std::string& task) const;
  /// With every finished attempt.
  [[nodiscard]] core::TaskDetails details_of(RunId run, const std::string& task) const;
  [[nodiscard]] core::RunRecord run(RunId run) const;
  /// States of the iterations of a for-each task, in order.
  [[nodiscard]] std::vector<core::TaskState> iterations_of(RunId run,
                                                           const std::string& task) const;
  [[nodiscard]] core::TaskRow iteration_row(RunId run,
                                            const std::string& task,
                                            std::uint32_t index) const;
  /// Every run that there ever was, as it was last stored.
  [[nodiscard]] const std::map<RunId, core::StoredRun>& stored_runs() const { return runs_; }
  /// What a recovery would read now.
  [[nodiscard]] core::StoredState stored_state() const;
  /// Attempts ordered to start since the last call, in order.
  [[nodiscard]] std::vector<core::StartAttempt> take_starts();
  [[nodiscard]] std::vector<core::StopAttempt> take_stops();
  /// Every effect since the last call, in order; the two above take from their own copies.
  [[nodiscard]] std::vector<core::Effect> take_effects();
  [[nodiscard]] std::vector<core::AlertRecord> alerts() const;
  [[nodiscard]] core::HeldAttempt held(RunId run,
                                       const std::string& task,
                                       core::HeldAttempt::State state) const;

  core::State state;
  Timestamp now = from_epoch_ms(1'700'000'000'000);
  std::vector<core::Event> events;  ///< All so far.
  std::uint64_t batch = 0;
  /// Files of every deployment, by path.
  std::map<std::string, std::string> files;
  placement::Policy policy = placement::Policy::kSpread;

  /// Throws State away and rebuilds it from what is stored, as a restart does.
  void restart();

 private:
  [[nodiscard]] core::Facts facts(const core::ReadSet& reads) const;
  Judgement step(const core::Command& command);
  void settle();
  void place();
  void file(const core::Event& event);
  void store_runs();
  void check_marks(const core::LiveRun& live) const;
  [[nodiscard]] core::IterationBlock block_of(RunId run, const std::string& task) const;
  [[nodiscard]] core::TaskIndex index_of(RunId run, const std::string& task) const;
  [[nodiscard]] const core::StoredRun& stored(RunId run) const;

  std::map<JobId, core::JobRecord> jobs_;
  std::map<std::string, core::SettingsPointer> settings_;
  std::optional<core::DeploymentRecord> deployment_;
  std::map<std::string, core::ReceiptRecord> receipts_;
  std::map<AlertId, core::AlertRecord> alerts_;
  std::map<RunId, core::StoredRun> runs_;
  std::vector<core::StartAttempt> starts_;
  std::vector<core::StopAttempt> stops_;
  std::vector<core::Effect> effects_;
};

}  // namespace sheaf::tests
