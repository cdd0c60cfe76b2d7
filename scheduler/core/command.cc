#include "scheduler/core/facts.h"

namespace sheaf::core {
namespace {

struct ReadsOf {
  ReadSet operator()(const Deploy& command) const {
    return {.deployment = std::pair(command.bundle, command.target)};
  }
  ReadSet operator()(const RemoveDeployment& command) const {
    return {.deployment = std::pair(command.bundle, command.target)};
  }
  ReadSet operator()(const SubmitRun& command) const {
    ReadSet reads{.job = command.job};
    if (!command.receipt_key.empty()) {
      reads.receipt = command.receipt_key;
    }
    return reads;
  }
  ReadSet operator()(const CancelRun& command) const { return {.run = command.run}; }
  ReadSet operator()(const DeleteRun& command) const { return {.run = command.run}; }
  ReadSet operator()(const SubmitOnce& command) const {
    ReadSet reads;
    if (!command.receipt_key.empty()) {
      reads.receipt = command.receipt_key;
    }
    return reads;
  }
  ReadSet operator()(const RepairRun& command) const {
    return {.run = command.run, .finished_run = command.run};
  }
  ReadSet operator()(const StartChildRun& command) const {
    return command.job.is_valid() ? ReadSet{.job = command.job} : ReadSet{};
  }
  ReadSet operator()(const PlanIterations& command) const {
    return {.file = std::pair(command.manifest_digest, command.path)};
  }
  ReadSet operator()(const FireTrigger& command) const { return {.job = command.job}; }
  ReadSet operator()(const SetHookSecret& command) const { return {.job = command.job}; }
  ReadSet operator()(const SettleAlert& command) const { return {.alert = command.alert}; }
  ReadSet operator()(const ExplainJob& command) const { return {.job = command.job}; }
  template <typename Other>
  ReadSet operator()(const Other& /*command*/) const {
    return {};
  }
};

}  // namespace

ReadSet reads(const Command& command) {
  return std::visit(ReadsOf{}, command);
}

}  // namespace sheaf::core
