// What the parts of decide() share: the step under construction and a cursor over fresh ids.
// Internal to scheduler/core.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/planted.h"
#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"
#include "scheduler/core/streams.h"

namespace sheaf::core {

using Decision = tl::expected<Step, Rejection>;

[[nodiscard]] inline tl::unexpected<Rejection> reject(ErrorCode code, std::string message) {
  return tl::unexpected(Rejection{.code = code, .message = std::move(message)});
}

/// State as it stands, and the step that grows from it. The step's own events are not in `state`.
struct Draft {
  /// Of the end of a task, the commonest step.
  static constexpr std::size_t kUsualEvents = 4;

  const State& state;
  const Facts& facts;
  Timestamp now;
  std::uint64_t batch = 0;
  Step step{};
  std::int64_t next_id = 0;
  /// Runs that this step stops or ends: State does not show it yet, and a run may be reached by
  /// several ways (through its parent, by its own deadline).
  std::set<RunId> ended{};

  /// Draws `count` consecutive ids; the first is returned.
  std::int64_t draw_ids(std::int64_t count = 1) {
    const auto first = next_id;
    next_id += count;
    return first;
  }
  void record(Event event) {
    if (step.events.empty()) {
      step.events.reserve(kUsualEvents);
    }
    step.events.push_back(std::move(event));
  }
  void order(Effect effect) { step.effects.push_back(std::move(effect)); }
};

[[nodiscard]] Decision decide_deploy(Draft draft, const Deploy& command);
[[nodiscard]] Decision decide_remove_deployment(Draft draft, const RemoveDeployment& command);
[[nodiscard]] Decision decide_set_hook_secret(Draft draft, const SetHookSecret& command);

[[nodiscard]] Decision decide_submit(Draft draft, const SubmitRun& command);
[[nodiscard]] Decision decide_submit_once(Draft draft, const SubmitOnce& command);
[[nodiscard]] Decision decide_cancel(Draft draft, const CancelRun& command);
[[nodiscard]] Decision decide_cancel_all(Draft draft, const CancelAllRuns& command);
[[nodiscard]] Decision decide_delete(Draft draft, const DeleteRun& command);
[[nodiscard]] Decision decide_repair(Draft draft, const RepairRun& command);

/// What is particular to a new run beside its job.
struct NewRun {
  RunType type = RunType::kJob;
  NamedStrings overrides;
  TriggerRecord trigger;
  std::string idempotency_token;
  std::vector<std::string> only;
  std::vector<std::string> python_parameters;
  std::optional<bool> queue_enabled;
  std::uint32_t depth = 0;
};
/// Events of a new run of `job`, queued; Settle starts it where there is a place.
RunId create_run(Draft& draft, const JobRecord& job, const SettingsPointer& settings, NewRun made);
[[nodiscard]] bool is_queue_full(const Draft& draft, JobId job);
/// Job parameters: the declared ones with their defaults, under the overrides.
[[nodiscard]] NamedStrings merged_parameters(const model::JobSettings& settings,
                                             const NamedStrings& overrides);
// ---- Tasks whose work goes on elsewhere: for-each and run-job.

/// Delegates a task that may start. For a for-each task with literal inputs this plans its
/// iterations; what needs Facts follows as a command of its own.
void delegate_task(Draft& draft, const LiveRun& run, TaskIndex task);
/// Stops what runs for a delegated task.
void stop_delegates(Draft& draft, const LiveRun& run, TaskIndex task, StopReason reason);
[[nodiscard]] Decision decide_start_child(Draft draft, const StartChildRun& command);
[[nodiscard]] Decision decide_plan_iterations(Draft draft, const PlanIterations& command);
/// Whether the task waits for iterations or a run that are being stopped.
[[nodiscard]] bool is_delegation_stopping(const LiveRun& run, TaskIndex task);
/// The state of a delegated task that is ended by a stop, when it is over.
[[nodiscard]] TaskState stopped_state(const LiveRun& run, TaskIndex task);
/// A run-job task whose run ended: success, another run, or the end of the task.
void finish_child(Draft& draft, TaskRef parent, const ChildEnd& end);

/// Whether a task that ended in `state` has attempts left.
[[nodiscard]] bool may_retry(const LiveRun& run, TaskIndex task, TaskState state);
/// Schedules the next attempt.
void retry(Draft& draft, const LiveRun& run, TaskIndex task, bool was_lost);
/// Records the stop of an active attempt and orders it, unless a loss verdict is pending: a worker
/// that does not know an attempt cannot tell that it is gone.
void stop_attempt(Draft& draft, const LiveRun& run, TaskIndex task, StopReason reason);
/// Ends a run that waits in the queue.
void end_queued_run(Draft& draft, const LiveRun& run, RunState state, const std::string& message);
/// Ends a task without an attempt.
void finish_task(Draft& draft,
                 TaskRef what,
                 TaskState state,
                 std::string message,
                 EdgeOutcome outcome = EdgeOutcome::kAny);
[[nodiscard]] Decision decide_arm(Draft draft, const ArmTrigger& command);
[[nodiscard]] Decision decide_fire(Draft draft, const FireTrigger& command);
[[nodiscard]] Decision decide_advance_time(Draft draft);
/// Stops a running run: what is on workers is ordered to stop, the rest is left to Settle.
void stop_run(Draft& draft, const LiveRun& run, StopReason reason, std::string message);

[[nodiscard]] Decision decide_register(Draft draft, const RegisterWorker& command);
[[nodiscard]] Decision decide_silence(Draft draft, const ReportSilence& command);

[[nodiscard]] Decision decide_set_pool(Draft draft, const SetPool& command);
[[nodiscard]] Decision decide_remove_pool(Draft draft, const RemovePool& command);
/// Warns the people of a task that becomes ready though no registered worker could hold it. It
/// waits all the same: a worker may join.
void warn_if_unmeetable(Draft& draft, const LiveRun& run, TaskIndex task);

[[nodiscard]] Decision decide_lease(Draft draft, const LeaseTasks& command);
[[nodiscard]] Decision decide_rejected(Draft draft, const ReportRejected& command);
[[nodiscard]] Decision decide_started(Draft draft, const ReportStarted& command);
[[nodiscard]] Decision decide_values(Draft draft, const ReportValues& command);
[[nodiscard]] Decision decide_result(Draft draft, const ReportResult& command);
[[nodiscard]] Decision decide_outcomes(Draft draft, const ReportOutcomes& command);
/// Ends the process of a stream with `outcome`: for each iteration without an outcome of its own
/// another attempt, another process, or the end.
void finish_stream(Draft& draft,
                   const LiveRun& run,
                   TaskIndex holder,
                   model::AttemptOutcome outcome);
/// Gives the rows back to those that wait for a process.
void return_iterations(Draft& draft, const LiveRun& run, std::vector<TaskRange> rows);

/// The task that holds the attempt under exactly this lease, or nullopt when the report is late or
/// foreign.
template <typename Report>
std::optional<TaskRef> find_lease(const State& state, const Report& report) {
  const auto found = state.attempts.find(report.attempt);
  if (found == state.attempts.end()) {
    return std::nullopt;
  }
  const LiveRun* run = state.find_run(found->second.run);
  const TaskIndex task = found->second.task;
  const bool is_current =
      run != nullptr &&
      (planted::has("core.no_fence_check") ||
       (run->tasks.worker[task] == report.worker && run->tasks.fence[task] == report.fence));
  return is_current ? std::optional(found->second) : std::nullopt;
}
/// When the scheduler itself orders the stop of an attempt that starts now; kNoTime: no timeout.
[[nodiscard]] Timestamp timeout_backstop(const Draft& draft, const LiveRun& run, TaskIndex task);
/// Ends an active attempt with `outcome`: retry, or the end of the task.
void finish_attempt(Draft& draft,
                    const LiveRun& run,
                    TaskIndex task,
                    model::AttemptOutcome outcome);

/// As finish_attempt(), of a row whose attempt is its own.
void conclude_attempt(Draft& draft,
                      const LiveRun& run,
                      TaskIndex task,
                      model::AttemptOutcome outcome);
/// What the task would be had `outcome` been its last attempt's.
[[nodiscard]] TaskState task_state_after(const model::AttemptOutcome& outcome,
                                         StopReason stop_reason);
/// Whether the task's run, or what it is an iteration of, is being stopped, or a user stops itself.
[[nodiscard]] bool is_attempt_stopping(const LiveRun& run, TaskIndex task);

[[nodiscard]] Decision decide_settle(Draft draft, const Settle& command);

[[nodiscard]] Decision decide_explain(Draft draft, const Explain& command);
[[nodiscard]] Decision decide_explain_job(Draft draft, const ExplainJob& command);

[[nodiscard]] Decision decide_settle_alert(Draft draft, const SettleAlert& command);
/// Puts the run's alerts for `event` into the outbox.
void alert(Draft& draft,
           const RunRecord& run,
           const model::AlertSettings& settings,
           AlertEvent event,
           RunState state,
           const std::string& message);
/// Alerts of a run that has ended in `state`, after the job's mute settings.
void alert_end(Draft& draft,
               const RunRecord& run,
               const model::AlertSettings& settings,
               RunState state,
               const std::string& message);

/// The spec of an attempt with the given identity; see make_attempt_spec.
struct AttemptIdentity {
  AttemptId attempt;
  std::uint32_t number = 0;
  std::uint64_t fence = 0;
  std::vector<std::uint32_t> gpus{};
  std::vector<TaskRange> others{};  ///< Of a stream.
};
[[nodiscard]] Result<model::AttemptSpec> build_attempt_spec(const LiveRun& run,
                                                            TaskIndex task,
                                                            const AttemptIdentity& identity);

/// The JSON of the element that the task runs for; nothing when it is no iteration.
[[nodiscard]] std::optional<std::string> iteration_input(const LiveRun& run, TaskIndex task);

/// A job parameter's value in this run, with the references of its default filled in; a value that
/// was given with the run is taken as it is. Fails with kInvalid when there is no such parameter.
[[nodiscard]] Result<std::string> parameter_value(const LiveRun& run, const std::string& name);

/// As resolve_text(), for an operand of a condition task: fails also where a list, a map or null
/// would be compared.
[[nodiscard]] Result<std::string> resolve_operand(const LiveRun& run,
                                                  TaskIndex task,
                                                  std::string_view text);

/// Whether the text is a decimal number, and which.
[[nodiscard]] std::optional<double> parse_number(const std::string& text);

}  // namespace sheaf::core
