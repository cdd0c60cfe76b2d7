#include "scheduler/core/attempt_history.h"

#include <algorithm>
#include <limits>

namespace sheaf::core {

bool is_plain_success(const AttemptRecord& attempt) {
  constexpr std::uint64_t kLongest = std::numeric_limits<std::uint32_t>::max();
  const model::AttemptOutcome& outcome = attempt.outcome;
  return attempt.state == TaskState::kSucceeded && outcome.end == model::AttemptEnd::kExited &&
         outcome.exit_code == 0 && outcome.tree_empty && !outcome.out_of_memory &&
         outcome.message.empty() && outcome.warnings.empty() && outcome.stdout_bytes <= kLongest &&
         outcome.stderr_bytes <= kLongest;
}

std::optional<AttemptRecord> plain_success(const RunRecord& run,
                                           const TaskRow& row,
                                           const TaskDetails* details) {
  // Conditions, for-each and run-job tasks succeed without a worker.
  if (row.state != TaskState::kSucceeded || !row.worker.is_valid()) {
    return std::nullopt;
  }
  if (details != nullptr && !details->attempts.empty() &&
      details->attempts.back().id == row.attempt) {
    return std::nullopt;
  }
  return AttemptRecord{.id = row.attempt,
                       .number = row.attempt_number,
                       .repair = pass_of(run, row.attempt),
                       .worker = row.worker,
                       .state = TaskState::kSucceeded,
                       .outcome = {.end = model::AttemptEnd::kExited,
                                   .tree_empty = true,
                                   .started = row.started,
                                   .ended = row.ended,
                                   .stdout_bytes = row.stdout_bytes,
                                   .stderr_bytes = row.stderr_bytes}};
}

std::vector<AttemptRecord> finished_attempts(const RunRecord& run,
                                             const TaskRow& row,
                                             const TaskDetails* details) {
  std::vector<AttemptRecord> attempts =
      details == nullptr ? std::vector<AttemptRecord>() : details->attempts;
  if (auto success = plain_success(run, row, details)) {
    attempts.push_back(std::move(*success));
  }
  return attempts;
}

std::uint32_t pass_of(const RunRecord& run, AttemptId attempt) {
  // Ids grow: a repair draws its own before those of the attempts that it brings.
  const auto later = std::ranges::count_if(
      run.repairs, [attempt](const RepairRecord& repair) { return repair.id > attempt.value; });
  return run.repairs.empty()
             ? 0
             : static_cast<std::uint32_t>(run.repairs.size() - 1 - static_cast<std::size_t>(later));
}

}  // namespace sheaf::core
