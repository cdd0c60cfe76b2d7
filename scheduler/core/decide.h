// What the parts of decide() share: the step under construction and a cursor over fresh ids.
// Internal to scheduler/core.
#pragma once

#include <string>
#include <utility>

#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"

namespace sheaf::core {

using Decision = tl::expected<Step, Rejection>;

[[nodiscard]] inline tl::unexpected<Rejection> reject(ErrorCode code, std::string message) {
  return tl::unexpected(Rejection{.code = code, .message = std::move(message)});
}

/// State as it stands, and the step that grows from it. The step's own events are not in `state`.
struct Draft {
  const State& state;
  const Facts& facts;
  Timestamp now;
  std::uint64_t batch = 0;
  Step step{};
  std::int64_t next_id = 0;

  /// Draws `count` consecutive ids; the first is returned.
  std::int64_t draw_ids(std::int64_t count = 1) {
    const auto first = next_id;
    next_id += count;
    return first;
  }
  void record(Event event) { step.events.push_back(std::move(event)); }
  void order(Effect effect) { step.effects.push_back(std::move(effect)); }
};

[[nodiscard]] Decision decide_deploy(Draft draft, const Deploy& command);
[[nodiscard]] Decision decide_set_hook_secret(Draft draft, const SetHookSecret& command);

[[nodiscard]] Decision decide_submit(Draft draft, const SubmitRun& command);
[[nodiscard]] Decision decide_cancel(Draft draft, const CancelRun& command);
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
/// When the scheduler itself orders the stop of an attempt that starts now; kNoTime: no timeout.
[[nodiscard]] Timestamp timeout_backstop(const Draft& draft, const LiveRun& run, TaskIndex task);
/// Ends an active attempt with `outcome`: retry, or the end of the task.
void finish_attempt(Draft& draft,
                    const LiveRun& run,
                    TaskIndex task,
                    model::AttemptOutcome outcome);

[[nodiscard]] Decision decide_settle(Draft draft, const Settle& command);

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
};
[[nodiscard]] Result<model::AttemptSpec> build_attempt_spec(const LiveRun& run,
                                                            TaskIndex task,
                                                            const AttemptIdentity& identity);

/// Whether the text is a decimal number, and which.
[[nodiscard]] std::optional<double> parse_number(const std::string& text);

}  // namespace sheaf::core
