#include "common/base/limits.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/explain.h"

namespace sheaf::core {
namespace {

Reason schedule_reason(const ScheduleRecord& schedule) {
  if (schedule.settings.paused) {
    return {.code = ReasonCode::kSchedulePaused, .message = "The job's schedule is paused."};
  }
  return {.code = ReasonCode::kNextFire,
          .message = schedule.next == kNoTime ? "No next time of the job's schedule is known."
                                              : "The job's schedule fires next.",
          .until = schedule.next};
}

void add_activity(const JobActivity& activity,
                  const model::JobSettings& settings,
                  std::vector<Reason>& reasons) {
  const auto running = static_cast<std::int64_t>(activity.running.size());
  const auto queued = static_cast<std::int64_t>(activity.queued.size());
  if (running >= activity.max_concurrent_runs) {
    Reason reason{.code = ReasonCode::kConcurrencyReached,
                  .message = std::to_string(running) + " of at most " +
                             std::to_string(activity.max_concurrent_runs) +
                             " runs are under way: a new one " +
                             (settings.queue_enabled ? "waits in the queue." : "is skipped."),
                  .used = running,
                  .limit = activity.max_concurrent_runs};
    for (const RunId run : activity.running) {
      if (reason.runs.size() < kMaxListedReasons) {
        reason.runs.push_back(run);
      }
    }
    reasons.push_back(std::move(reason));
  }
  if (activity.queued.size() >= limits::kMaxQueuedRunsPerJob) {
    reasons.push_back({.code = ReasonCode::kQueueFull,
                       .message = "The job's queue is full: new runs are refused.",
                       .used = queued,
                       .limit = static_cast<std::int64_t>(limits::kMaxQueuedRunsPerJob)});
  }
}

}  // namespace

std::vector<Reason> explain_job(const State& state,
                                const JobRecord& job,
                                const model::JobSettings& settings) {
  std::vector<Reason> reasons;
  const auto schedule = state.schedules.find(job.schedule);
  if (schedule != state.schedules.end()) {
    reasons.push_back(schedule_reason(schedule->second));
  } else if (settings.hooks.empty()) {
    reasons.push_back(
        {.code = ReasonCode::kNoTrigger,
         .message = "The job has neither schedule nor hook: it starts by hand or by other runs."});
  }
  const auto activity = state.jobs.find(job.id);
  if (activity != state.jobs.end()) {
    add_activity(activity->second, settings, reasons);
  }
  return reasons;
}

Reason explain_skipped(const SkippedFire& fire) {
  Reason reason{.code = ReasonCode::kFireSkipped,
                .message = "This fire started no run: " + fire.reason + ".",
                .nominal = fire.nominal};
  if (fire.covered_by.is_valid()) {
    reason.runs = {fire.covered_by};
  }
  return reason;
}

Reason explain_missing_secret(const std::string& hook) {
  return {.code = ReasonCode::kHookWithoutSecret,
          .message = "Hook " + hook + " has no usable secret: every delivery is refused.",
          .hook = hook};
}

Decision decide_explain_job(Draft draft, const ExplainJob& command) {
  if (!draft.facts.job) {
    return reject(ErrorCode::kNotFound, "Job " + to_string(command.job) + " does not exist.");
  }
  draft.step.reply =
      ExplainReply{.explanation = {.reasons = explain_job(
                                       draft.state, *draft.facts.job, *draft.facts.job_settings)}};
  return std::move(draft.step);
}

}  // namespace sheaf::core
