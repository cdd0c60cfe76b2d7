// Repair: part of a finished run is run again, with the settings that its job has now.
#include <algorithm>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/attempt_history.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/repair_choice.h"

namespace sheaf::core {
namespace {

constexpr std::size_t kMaxRepairs = 1'000;

/// Attempts of a task that runs again. Of the last one something may be left.
std::vector<AttemptRecord> earlier_attempts(std::vector<AttemptRecord> attempts) {
  if (!attempts.empty()) {
    AttemptRecord& last = attempts.back();
    last.overlap_possible = last.overlap_possible ||
                            (last.outcome.end == AttemptEnd::kLost && !last.outcome.tree_empty);
  }
  return attempts;
}

/// Builds the rows of the repaired run from those of the finished one.
class Repairer {
 public:
  Repairer(Draft& draft, const RepairRun& command, const RepairChoice& choice)
      : draft_(draft),
        command_(command),
        choice_(choice),
        before_(*draft.facts.finished_run),
        settings_(choice.settings()) {}

  RunRepaired repair();

 private:
  void reset(TaskIndex task);
  void keep(TaskIndex task);
  void keep_blocks();
  void keep_block(std::uint32_t block, TaskIndex parent);
  [[nodiscard]] bool keeps_block(std::uint32_t block, TaskIndex task) const;
  [[nodiscard]] bool ran_in_last_pass(TaskIndex old) const;
  RunRecord record();

  Draft& draft_;
  const RepairRun& command_;
  const RepairChoice& choice_;
  const StoredRun& before_;
  SettingsPointer settings_;
  std::vector<AttemptId> fresh_;
  RunRepaired after_;
};

void Repairer::reset(TaskIndex task) {
  const AttemptId attempt{draft_.draw_ids()};
  fresh_.push_back(attempt);
  after_.rows[task] = {.attempt = attempt};
  const auto old = choice_.find_before(task);
  if (!old) {
    return;
  }
  const auto details = before_.details.find(*old);
  auto attempts = earlier_attempts(
      finished_attempts(before_.record,
                        before_.rows[*old],
                        details == before_.details.end() ? nullptr : &details->second));
  if (!attempts.empty()) {
    after_.details[task] = {.attempts = std::move(attempts)};
  }
}

void Repairer::keep(TaskIndex task) {
  const TaskIndex old = *choice_.find_before(task);
  after_.rows[task] = before_.rows[old];
  const auto details = before_.details.find(old);
  if (details != before_.details.end()) {
    after_.details[task] = details->second;
  }
}

/// A for-each task that failed goes on with its iterations where its inputs cannot have changed:
/// nothing that it depends on runs again, and it is written as before.
bool Repairer::keeps_block(std::uint32_t block, TaskIndex task) const {
  const TaskIndex old = before_.record.blocks[block].parent;
  const auto* now = std::get_if<model::ForEachTask>(&settings_->tasks[task].action);
  const auto* then = std::get_if<model::ForEachTask>(&before_.settings->tasks[old].action);
  if (now == nullptr || then == nullptr) {
    return false;
  }
  if (!choice_.is_reset(task)) {
    return true;
  }
  if (choice_.was_successful(task)) {
    return false;  // Who names it wants it to run.
  }
  if (!ran_in_last_pass(old)) {
    // The settings before are not those by which its iterations were planned.
    const auto inputs = IterationInputs::from_array(now->inputs);
    return inputs && inputs->lines() == before_.inputs[block]->lines();
  }
  const bool is_same =
      now->inputs == then->inputs && now->inputs_file == then->inputs_file &&
      (now->inputs_file.empty() || after_.run->manifest_digest == before_.record.manifest_digest);
  const bool has_references = now->inputs.find("{{") != std::string::npos;
  const bool may_read_else = after_.run->parameters != before_.record.parameters ||
                             after_.run->name != before_.record.name ||
                             choice_.has_reset_ancestor(task);
  return is_same && !(has_references && may_read_else);
}

/// Whether the last repair, if there was any, ran the task again.
bool Repairer::ran_in_last_pass(TaskIndex old) const {
  const auto& repairs = before_.record.repairs;
  return repairs.empty() || std::ranges::find(repairs.back().attempts, before_.rows[old].attempt) !=
                                repairs.back().attempts.end();
}

void Repairer::keep_blocks() {
  for (std::uint32_t block = 0; block < before_.record.blocks.size(); ++block) {
    const auto parent = choice_.find_now(before_.record.blocks[block].parent);
    if (parent && keeps_block(block, *parent)) {
      keep_block(block, *parent);
    }
  }
}

void Repairer::keep_block(std::uint32_t block, TaskIndex parent) {
  IterationBlock record = before_.record.blocks[block];
  const TaskIndex old_first = record.first;
  record.parent = parent;
  record.first = static_cast<TaskIndex>(after_.rows.size());
  const auto runs_again = [&](std::uint32_t i) {
    return choice_.is_reset(parent) && before_.rows[old_first + i].state != TaskState::kSucceeded;
  };
  AttemptRange range;
  for (std::uint32_t i = 0; i < record.count; ++i) {
    range.count += runs_again(i) ? 1 : 0;
  }
  range.first = AttemptId{draft_.draw_ids(range.count)};
  std::int64_t next = range.first.value;
  for (std::uint32_t i = 0; i < record.count; ++i) {
    const TaskIndex row = record.first + i;
    const auto details = before_.details.find(old_first + i);
    const bool has_details = details != before_.details.end();
    if (runs_again(i)) {
      after_.rows.push_back({.attempt = AttemptId{next++}});
      if (has_details) {
        after_.details[row] = {.attempts = earlier_attempts(details->second.attempts)};
      }
      continue;
    }
    after_.rows.push_back(before_.rows[old_first + i]);
    if (has_details) {
      after_.details[row] = details->second;
    }
  }
  if (range.count > 0) {
    after_.iterations.push_back(range);
  }
  after_.run->blocks.push_back(record);
  after_.inputs.push_back(before_.inputs[block]);
}

RunRecord Repairer::record() {
  RunRecord run = before_.record;
  if (run.repairs.empty()) {
    run.repairs.push_back({.id = 0,
                           .started = run.started,
                           .ended = run.ended,
                           .state = run.state,
                           .message = run.message});
  }
  if (draft_.facts.job) {
    const JobRecord& job = *draft_.facts.job;
    run.name = job.name;
    run.settings_digest = job.settings_digest;
    run.manifest_digest = job.manifest_digest;
    run.file_path = job.file_path;
    run.links = job.links;
  }
  for (const std::string& key : command_.tasks) {
    if (!run.only.empty() && std::ranges::find(run.only, key) == run.only.end()) {
      run.only.push_back(key);
    }
  }
  for (const auto& [name, value] : command_.overrides) {
    std::erase_if(run.overrides, [&](const auto& entry) { return entry.first == name; });
    run.overrides.emplace_back(name, value);
  }
  if (!command_.python_parameters.empty()) {
    run.python_parameters = command_.python_parameters;
  }
  run.parameters = merged_parameters(*settings_, run.overrides);
  run.state = RunState::kQueued;
  run.stop_reason = StopReason::kNone;
  run.message.clear();
  run.ended = kNoTime;
  run.deadline = draft_.now + limits::kMaxQueueWait;
  run.graph_size = static_cast<std::uint32_t>(settings_->tasks.size());
  run.blocks.clear();
  run.repairs.push_back({.id = draft_.draw_ids()});
  return run;
}

RunRepaired Repairer::repair() {
  after_.run = record();
  after_.settings = settings_;
  after_.rows.resize(settings_->tasks.size());
  for (TaskIndex task = 0; task < settings_->tasks.size(); ++task) {
    const bool keeps_old =
        planted::has("core.repair_keeps_old_outcome") && choice_.find_before(task);
    if (choice_.is_reset(task) && !keeps_old) {
      reset(task);
    } else {
      keep(task);
    }
  }
  keep_blocks();
  after_.run->task_count = static_cast<std::uint32_t>(after_.rows.size());
  after_.run->repairs.back().attempts = std::move(fresh_);
  return std::move(after_);
}

std::int64_t latest_repair(const RunRecord& run) {
  return run.repairs.empty() ? 0 : run.repairs.back().id;
}

}  // namespace

Decision decide_repair(Draft draft, const RepairRun& command) {
  const std::string name = "Run " + to_string(command.run);
  if (draft.state.find_run(command.run) != nullptr) {
    return reject(ErrorCode::kConflict, name + " is active; only a finished run is repaired.");
  }
  if (draft.facts.finished_run == nullptr) {
    return reject(ErrorCode::kNotFound, name + " does not exist.");
  }
  const RunRecord& run = draft.facts.finished_run->record;
  if (latest_repair(run) != command.latest_repair) {
    return reject(ErrorCode::kConflict,
                  "latest_repair_id: the last repair of run " + to_string(run.id) + " is " +
                      std::to_string(latest_repair(run)));
  }
  if (run.repairs.size() > kMaxRepairs || is_queue_full(draft, run.job)) {
    return reject(ErrorCode::kExhausted, name + " cannot be repaired: there are too many already.");
  }
  const SettingsPointer settings =
      draft.facts.job ? draft.facts.job_settings : draft.facts.finished_run->settings;
  if (settings->max_concurrent_runs == 0) {
    return reject(ErrorCode::kConflict,
                  name + " cannot be repaired: its job allows no runs (max_concurrent_runs is 0).");
  }
  RepairChoice choice(*draft.facts.finished_run, settings);
  if (const auto chosen = choice.choose(command); !chosen) {
    return reject(chosen.error().code, chosen.error().message);
  }
  RunRepaired repaired = Repairer(draft, command, choice).repair();
  draft.step.reply = RepairReply{.repair = repaired.run->repairs.back().id};
  draft.record(std::move(repaired));
  if (!draft.facts.job) {
    draft.record(JobRemoved{.job = run.job});  // Its runs go one by one, after a restart as well.
  }
  return std::move(draft.step);
}

}  // namespace sheaf::core
