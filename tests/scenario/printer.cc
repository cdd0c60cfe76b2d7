#include "tests/scenario/printer.h"

namespace sheaf::scenario {
namespace {

using core::StopReason;

std::string to_text(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return "none";
    case StopReason::kUserCancel:
      return "cancel";
    case StopReason::kTimeout:
      return "timeout";
  }
  return "";
}

std::string quoted(const std::string& text) {
  return text.empty() ? "" : " \"" + text + "\"";
}

template <typename Named>
std::string named(const Named& state) {
  return std::string(to_string(state));
}

std::string to_text(core::AlertEvent event) {
  switch (event) {
    case core::AlertEvent::kStart:
      return "start";
    case core::AlertEvent::kSuccess:
      return "success";
    case core::AlertEvent::kFailure:
      return "failure";
  }
  return "";
}

std::string to_text(core::AlertRecord::State state) {
  switch (state) {
    case core::AlertRecord::State::kPending:
      return "pending";
    case core::AlertRecord::State::kDelivered:
      return "delivered";
    case core::AlertRecord::State::kDropped:
      return "dropped";
  }
  return "";
}

std::string to_text(core::DeployReply::Job::Change change) {
  switch (change) {
    case core::DeployReply::Job::Change::kCreated:
      return "created";
    case core::DeployReply::Job::Change::kUpdated:
      return "updated";
    case core::DeployReply::Job::Change::kUnchanged:
      return "unchanged";
    case core::DeployReply::Job::Change::kRemoved:
      return "removed";
  }
  return "";
}

struct EventText {
  const Names& names;
  const Printer& time;

  [[nodiscard]] std::string ranges_of(RunId run, const std::vector<core::TaskRange>& ranges) const {
    std::string text;
    for (const core::TaskRange& range : ranges) {
      text += (text.empty() ? "" : ",") + names.of(run, range.first);
      if (range.count > 1) {
        text += ".." + names.of(run, range.first + range.count - 1);
      }
    }
    return text;
  }

  std::string operator()(const core::EpochBegan& e) const {
    return "EpochBegan " + std::to_string(e.epoch);
  }
  std::string operator()(const core::DeploymentRemoved& e) const {
    return "DeploymentRemoved " + e.bundle + " " + e.target;
  }
  std::string operator()(const core::DeploymentRecorded& e) const {
    return "DeploymentRecorded version=" + std::to_string(e.deployment.version);
  }
  std::string operator()(const core::JobRecorded& e) const {
    return "JobRecorded " + names.of(e.job->id);
  }
  std::string operator()(const core::JobRemoved& e) const {
    return "JobRemoved " + names.of(e.job);
  }
  std::string operator()(const core::ScheduleRecorded& e) const {
    return "ScheduleRecorded " + names.of(e.schedule.id) +
           " settled=" + time.print(e.schedule.settled) + " next=" + time.print(e.schedule.next);
  }
  std::string operator()(const core::ScheduleRemoved& e) const {
    return "ScheduleRemoved " + names.of(e.trigger);
  }
  std::string operator()(const core::FireSkipped& e) const {
    return "FireSkipped nominal=" + time.print(e.fire.nominal) +
           (e.fire.covered_by.is_valid() ? " covered_by=" + names.of(e.fire.covered_by) : "");
  }
  std::string operator()(const core::RunSubmitted& e) const {
    return "RunSubmitted " + names.of(e.run->id) + " of " + names.of(e.run->job);
  }
  std::string operator()(const core::RunStarted& e) const {
    return "RunStarted " + names.of(e.run) + " deadline=" + time.print(e.deadline);
  }
  std::string operator()(const core::RunStopRequested& e) const {
    return "RunStopRequested " + names.of(e.run) + " " + to_text(e.reason);
  }
  std::string operator()(const core::RunFinished& e) const {
    return "RunFinished " + names.of(e.run) + " " + named(e.state) + quoted(e.message);
  }
  std::string operator()(const core::TasksReady& e) const {
    std::string text = "TasksReady";
    for (const core::TaskIndex task : e.tasks) {
      text += " " + names.of(e.run, task);
    }
    return text;
  }
  std::string operator()(const core::TasksLeased& e) const {
    std::string text = "TasksLeased fence=" + std::to_string(e.fence);
    for (const auto& lease : e.leases) {
      text += " " + names.of(e.run, lease.task) + "@" + names.of(lease.worker);
      for (const std::uint32_t device : lease.gpus) {
        text += "+gpu" + std::to_string(device);
      }
      text += lease.others.empty() ? "" : "+" + ranges_of(e.run, lease.others);
    }
    return text;
  }
  std::string operator()(const core::TaskReturned& e) const {
    return "TaskReturned " + names.of(e.run, e.task);
  }
  std::string operator()(const core::AttemptStarted& e) const {
    return "AttemptStarted " + names.of(e.run, e.task) + " deadline=" + time.print(e.deadline);
  }
  std::string operator()(const core::ValuesStaged& e) const {
    std::string text = "ValuesStaged " + names.of(e.run, e.task);
    for (const auto& value : e.values) {
      text += " " + value.key + "=" + value.json;
    }
    return text;
  }
  std::string operator()(const core::AttemptFinished& e) const {
    return "AttemptFinished " + names.of(e.run, e.task) + "#" + std::to_string(e.attempt.number) +
           " " + named(e.attempt.outcome.end) + " as " + named(e.attempt.state) +
           (e.attempt.overlap_possible ? " overlap possible" : "");
  }
  std::string operator()(const core::RetryScheduled& e) const {
    return "RetryScheduled " + names.of(e.run, e.task) + " at=" + time.print(e.at) +
           (e.was_lost ? " lost" : "");
  }
  std::string operator()(const core::AttemptStopRequested& e) const {
    return "AttemptStopRequested " + names.of(e.run, e.task) + " " + to_text(e.reason);
  }
  std::string operator()(const core::LossExpected& e) const {
    return "LossExpected " + names.of(e.run, e.task) + " at=" + time.print(e.at);
  }
  std::string operator()(const core::TaskFinished& e) const {
    const std::string outcome = e.outcome == 1 ? " true" : (e.outcome == 2 ? " false" : "");
    return "TaskFinished " + names.of(e.run, e.task) + " " + named(e.state) + outcome +
           quoted(e.message);
  }
  std::string operator()(const core::OutcomeIgnored& e) const {
    return "OutcomeIgnored " + names.of(e.run) + quoted(e.reason);
  }
  std::string operator()(const core::WorkerRecorded& e) const {
    return "WorkerRecorded " + names.of(e.worker.id) + " slots=" + std::to_string(e.worker.slots) +
           " boot=" + e.worker.boot_id;
  }
  std::string operator()(const core::WorkerSuspected& e) const {
    return "WorkerSuspected " + names.of(e.worker) + (e.suspect ? "" : " not any more");
  }
  std::string operator()(const core::AlertRecorded& e) const {
    return "AlertRecorded " + names.of(e.alert.id) + " " + to_text(e.alert.event) + " to " +
           e.alert.target.destination + " " + to_text(e.alert.state) +
           " tries=" + std::to_string(e.alert.tries);
  }
  std::string operator()(const core::ReceiptRecorded& e) const {
    return "ReceiptRecorded " + e.receipt.key + " " + names.of(e.receipt.run);
  }
  std::string operator()(const core::HookSecretRecorded& e) const {
    return "HookSecretRecorded " + names.of(e.secret.job) + " " + e.secret.hook;
  }
  std::string operator()(const core::TaskDelegated& e) const {
    return "TaskDelegated " + names.of(e.run, e.task) + " deadline=" + time.print(e.deadline);
  }
  std::string operator()(const core::IterationsPlanned& e) const {
    return "IterationsPlanned " + names.of(e.run, e.block.parent) + " " +
           std::to_string(e.block.count);
  }
  std::string operator()(const core::ChildRunStarted& e) const {
    return "ChildRunStarted " + names.of(e.run, e.task);
  }
  std::string operator()(const core::DelegationStopRequested& e) const {
    return "DelegationStopRequested " + names.of(e.run, e.task) + " " + to_text(e.reason);
  }
  std::string operator()(const core::IterationsAbandoned& e) const {
    return "IterationsAbandoned " + names.of(e.run) + " " + named(e.state);
  }
  std::string operator()(const core::RunRepaired& e) const {
    return "RunRepaired " + names.of(e.run->id) + " " +
           std::to_string(e.run->repairs.back().attempts.size()) + " rows again";
  }
  std::string operator()(const core::RunDeleted& e) const {
    return "RunDeleted " + names.of(e.run);
  }
  std::string operator()(const core::SettingsRecorded& /*e*/) const { return "SettingsRecorded"; }
  std::string operator()(const core::PoolRecorded& e) const {
    return "PoolRecorded " + e.pool.name + " limit=" + std::to_string(e.pool.limit);
  }
  std::string operator()(const core::PoolRemoved& e) const { return "PoolRemoved " + e.name; }
  std::string operator()(const core::TaskWarned& e) const {
    return "TaskWarned " + names.of(e.run, e.task) + quoted(e.warning);
  }
  std::string operator()(const core::StreamReported& e) const {
    return "StreamReported " + names.of(e.run, e.holder) + " mark=" + std::to_string(e.mark) +
           " succeeded=" + ranges_of(e.run, e.succeeded) + quoted(e.holder_error);
  }
  std::string operator()(const core::StreamEnded& e) const {
    return "StreamEnded " + names.of(e.run, e.holder);
  }
  std::string operator()(const core::IterationsReturned& e) const {
    return "IterationsReturned " + ranges_of(e.run, e.rows);
  }
};

struct EffectText {
  const Names& names;

  std::string operator()(const core::StartAttempt& e) const {
    std::string text = "StartAttempt " + names.of(e.spec.run) + "/" + e.spec.task_key + "#" +
                       std::to_string(e.spec.attempt_number) + "@" + names.of(e.worker) +
                       " fence=" + std::to_string(e.spec.fence) + ":";
    for (const std::string& argument : e.spec.arguments) {
      text += " " + argument;
    }
    for (const model::StreamInput& input : e.spec.stream) {
      text += " [" + std::to_string(input.index) + "]=" + input.json;
    }
    return text;
  }
  std::string operator()(const core::StopAttempt& e) const {
    return "StopAttempt @" + names.of(e.worker) + " fence=" + std::to_string(e.fence) + " " +
           to_text(e.reason);
  }
  std::string operator()(const core::SendAlert& e) const {
    return "SendAlert " + names.of(e.alert.id);
  }
  std::string operator()(const core::WatchSchedule& e) const {
    return "WatchSchedule " + names.of(e.schedule.id) +
           (e.schedule.settings.paused ? " paused" : "");
  }
  std::string operator()(const core::UnwatchSchedule& e) const {
    return "UnwatchSchedule " + names.of(e.trigger);
  }
};

struct ReplyText {
  const Names& names;

  std::string operator()(const std::monostate& /*none*/) const { return "ok"; }
  std::string operator()(const core::DeployReply& reply) const {
    std::string text = "version " + std::to_string(reply.version);
    for (const auto& job : reply.jobs) {
      text += ", " + job.resource_key + " " + to_text(job.change);
    }
    return text;
  }
  std::string operator()(const core::SubmitReply& reply) const {
    const std::string run = reply.run.is_valid() ? names.of(reply.run) : "no run";
    return run + (reply.repeated ? " (repeated)" : "");
  }
  std::string operator()(const core::RepairReply& /*reply*/) const { return "repair accepted"; }
  std::string operator()(const core::ExplainReply& reply) const {
    return "reasons: " + std::to_string(reply.explanation.reasons.size());
  }
  std::string operator()(const core::RegisterReply& reply) const {
    return "worker " + names.of(reply.worker) + ": adopts " + std::to_string(reply.adopt.size()) +
           ", kills " + std::to_string(reply.kill.size()) + ", forgets " +
           std::to_string(reply.forget.size());
  }
};

}  // namespace

std::string Printer::print(const core::Event& event) const {
  return "  " + std::visit(EventText{names_, *this}, event) + "\n";
}

std::string Printer::print(const core::Effect& effect) const {
  return "> " + std::visit(EffectText{names_}, effect) + "\n";
}

std::string Printer::print(const core::Reply& reply) const {
  return "= " + std::visit(ReplyText{names_}, reply) + "\n";
}

std::string Printer::print(const core::Rejection& rejection) const {
  return "! " + std::string(to_string(rejection.code)) + ": " + rejection.message + "\n";
}

std::string Printer::print(Timestamp instant) const {
  if (instant == kNoTime) {
    return "never";
  }
  const auto ms = (instant - origin_).count();
  return ms % 1'000 == 0 ? "+" + std::to_string(ms / 1'000) + "s" : "+" + std::to_string(ms) + "ms";
}

}  // namespace sheaf::scenario
