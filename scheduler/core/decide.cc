#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// Dispatches a command to the function that judges it.
struct Judge {
  Draft draft;

  Decision operator()(const Deploy& command) { return decide_deploy(std::move(draft), command); }
  Decision operator()(const RemoveDeployment& command) {
    return decide_remove_deployment(std::move(draft), command);
  }
  Decision operator()(const SubmitRun& command) { return decide_submit(std::move(draft), command); }
  Decision operator()(const SubmitOnce& command) {
    return decide_submit_once(std::move(draft), command);
  }
  Decision operator()(const CancelAllRuns& command) {
    return decide_cancel_all(std::move(draft), command);
  }
  Decision operator()(const DeleteRun& command) { return decide_delete(std::move(draft), command); }
  Decision operator()(const RepairRun& command) { return decide_repair(std::move(draft), command); }
  Decision operator()(const StartChildRun& command) {
    return decide_start_child(std::move(draft), command);
  }
  Decision operator()(const PlanIterations& command) {
    return decide_plan_iterations(std::move(draft), command);
  }
  Decision operator()(const CancelRun& command) { return decide_cancel(std::move(draft), command); }
  Decision operator()(const RegisterWorker& command) {
    return decide_register(std::move(draft), command);
  }
  Decision operator()(const ReportSilence& command) {
    return decide_silence(std::move(draft), command);
  }
  Decision operator()(const ReportRejected& command) {
    return decide_rejected(std::move(draft), command);
  }
  Decision operator()(const ReportStarted& command) {
    return decide_started(std::move(draft), command);
  }
  Decision operator()(const ReportValues& command) {
    return decide_values(std::move(draft), command);
  }
  Decision operator()(const ReportResult& command) {
    return decide_result(std::move(draft), command);
  }
  Decision operator()(const ReportOutcomes& command) {
    return decide_outcomes(std::move(draft), command);
  }
  Decision operator()(const ArmTrigger& command) { return decide_arm(std::move(draft), command); }
  Decision operator()(const FireTrigger& command) { return decide_fire(std::move(draft), command); }
  Decision operator()(const SetHookSecret& command) {
    return decide_set_hook_secret(std::move(draft), command);
  }
  Decision operator()(const SettleAlert& command) {
    return decide_settle_alert(std::move(draft), command);
  }
  Decision operator()(const AdvanceTime& /*command*/) {
    return decide_advance_time(std::move(draft));
  }
  Decision operator()(const LeaseTasks& command) { return decide_lease(std::move(draft), command); }
  Decision operator()(const Settle& command) { return decide_settle(std::move(draft), command); }
  Decision operator()(const SetPool& command) { return decide_set_pool(std::move(draft), command); }
  Decision operator()(const RemovePool& command) {
    return decide_remove_pool(std::move(draft), command);
  }
  Decision operator()(const Explain& command) { return decide_explain(std::move(draft), command); }
  Decision operator()(const ExplainJob& command) {
    return decide_explain_job(std::move(draft), command);
  }
  Decision operator()(const BeginEpoch& /*command*/) {
    draft.record(EpochBegan{.epoch = draft.state.epoch + 1});
    return std::move(draft.step);
  }
};

}  // namespace

tl::expected<Step, Rejection> decide(const State& state,
                                     const Facts& facts,
                                     const Command& command,
                                     Timestamp now,
                                     std::uint64_t batch) {
  Judge judge{Draft{.state = state, .facts = facts, .now = now, .batch = batch}};
  judge.draft.next_id = state.next_id;
  return std::visit(judge, command);
}

std::optional<Timestamp> next_deadline(const State& state) {
  if (state.deadlines.empty()) {
    return std::nullopt;
  }
  return state.deadlines.begin()->at;
}

}  // namespace sheaf::core
