// Repair: part of a finished run is run again, with the settings that its job has now.
#include <algorithm>
#include <map>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/model/nearest.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

constexpr std::size_t kMaxRepairs = 1'000;

/// Of a run that is over. What is blocked there never had its turn: the run, or its last repair,
/// ended in the queue.
bool has_failed(TaskState state) {
  switch (state) {
    case TaskState::kBlocked:
    case TaskState::kFailed:
    case TaskState::kTimedOut:
    case TaskState::kCancelled:
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
    case TaskState::kInternalError:
      return true;
    case TaskState::kReady:
    case TaskState::kLeased:
    case TaskState::kRunning:
    case TaskState::kWaitingRetry:
    case TaskState::kStopping:
    case TaskState::kSucceeded:
    case TaskState::kExcluded:
    case TaskState::kDisabled:
    case TaskState::kDelegated:
      break;
  }
  return false;
}

/// Builds the rows of the repaired run from those of the finished one.
class Repairer {
 public:
  Repairer(Draft& draft, const RepairRun& command, SettingsPointer settings)
      : draft_(draft),
        command_(command),
        before_(*draft.facts.finished_run),
        settings_(std::move(settings)),
        graph_(*settings_) {}

  /// Finds what to run again; fails with why there is nothing, or nothing of that name.
  Result<void> choose();
  RunRepaired repair();

 private:
  [[nodiscard]] std::optional<TaskIndex> find_before(TaskIndex task) const;
  [[nodiscard]] bool was_successful(TaskIndex task) const;
  [[nodiscard]] Result<void> choose_named();
  void choose_failed();
  void spread_downstream();
  void reset(TaskIndex task);
  void keep(TaskIndex task);
  void keep_blocks();
  void keep_block(std::uint32_t block, TaskIndex parent);
  [[nodiscard]] bool keeps_block(TaskIndex task) const;
  RunRecord record();

  Draft& draft_;
  const RepairRun& command_;
  const StoredRun& before_;
  SettingsPointer settings_;
  JobGraph graph_;
  std::map<std::string, TaskIndex> old_index_;
  std::vector<bool> is_reset_;
  std::vector<AttemptId> fresh_;
  RunRepaired after_;
};

std::optional<TaskIndex> Repairer::find_before(TaskIndex task) const {
  const auto found = old_index_.find(settings_->tasks[task].task_key);
  return found == old_index_.end() ? std::nullopt : std::optional(found->second);
}

bool Repairer::was_successful(TaskIndex task) const {
  const auto old = find_before(task);
  return old && before_.rows[*old].state == TaskState::kSucceeded;
}

Result<void> Repairer::choose() {
  for (TaskIndex task = 0; task < before_.record.graph_size; ++task) {
    old_index_.emplace(before_.settings->tasks[task].task_key, task);
  }
  is_reset_.assign(settings_->tasks.size(), false);
  if (command_.all_failed) {
    choose_failed();
  } else if (auto named = choose_named(); !named) {
    return named;
  }
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    is_reset_[task] = is_reset_[task] || !find_before(task);  // New since the run was started.
  }
  if (std::ranges::find(is_reset_, true) == is_reset_.end()) {
    return fail(ErrorCode::kInvalid, "no task of the run failed: name the tasks to run again");
  }
  spread_downstream();
  return {};
}

Result<void> Repairer::choose_named() {
  std::vector<std::string> keys;
  for (const model::TaskSettings& task : settings_->tasks) {
    keys.push_back(task.task_key);
  }
  for (const std::string& key : command_.tasks) {
    const auto found = std::ranges::find(keys, key);
    if (found == keys.end()) {
      return fail(
          ErrorCode::kInvalid,
          "rerun_tasks: the job has no task \"" + key + "\"" + model::did_you_mean(key, keys));
    }
    is_reset_[static_cast<std::size_t>(found - keys.begin())] = true;
  }
  return {};
}

void Repairer::choose_failed() {
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    const auto old = find_before(task);
    is_reset_[task] = old && has_failed(before_.rows[*old].state);
  }
}

/// What depends on a task that runs again is judged again, unless it has succeeded and may stay.
void Repairer::spread_downstream() {
  std::vector<TaskIndex> open;
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    if (is_reset_[task]) {
      open.push_back(task);
    }
  }
  while (!open.empty()) {
    const TaskIndex task = open.back();
    open.pop_back();
    for (const Edge& edge : graph_.dependents(task)) {
      const bool stays = command_.dependents == RepairRun::Dependents::kOnlyUnsuccessful &&
                         was_successful(edge.target);
      if (!is_reset_[edge.target] && !stays) {
        is_reset_[edge.target] = true;
        open.push_back(edge.target);
      }
    }
  }
}

void Repairer::reset(TaskIndex task) {
  const AttemptId attempt{draft_.draw_ids()};
  fresh_.push_back(attempt);
  after_.rows[task] = {.attempt = attempt};
  const auto old = find_before(task);
  const auto details = old ? before_.details.find(*old) : before_.details.end();
  if (details != before_.details.end() && !details->second.attempts.empty()) {
    after_.details[task] = {.attempts = details->second.attempts};
  }
}

void Repairer::keep(TaskIndex task) {
  const TaskIndex old = *find_before(task);
  after_.rows[task] = before_.rows[old];
  const auto details = before_.details.find(old);
  if (details != before_.details.end()) {
    after_.details[task] = details->second;
  }
}

/// A for-each task that failed goes on with its iterations where its inputs cannot have changed:
/// nothing that it depends on runs again, and it is written as before.
bool Repairer::keeps_block(TaskIndex task) const {
  const TaskIndex old = *find_before(task);
  if (!is_reset_[task]) {
    return true;
  }
  if (was_successful(task)) {
    return false;  // Who names it wants it to run.
  }
  const auto* now = std::get_if<model::ForEachTask>(&settings_->tasks[task].action);
  const auto* then = std::get_if<model::ForEachTask>(&before_.settings->tasks[old].action);
  const bool is_same =
      now != nullptr && then != nullptr && now->inputs == then->inputs &&
      now->inputs_file == then->inputs_file &&
      (now->inputs_file.empty() || after_.run.manifest_digest == before_.record.manifest_digest);
  if (!is_same || !command_.overrides.empty()) {
    return false;
  }
  for (TaskIndex upstream = 0; upstream < graph_.size(); ++upstream) {
    const bool leads_here = std::ranges::any_of(
        graph_.dependents(upstream), [task](const Edge& edge) { return edge.target == task; });
    if (leads_here && is_reset_[upstream]) {
      return false;
    }
  }
  return true;
}

void Repairer::keep_blocks() {
  for (std::uint32_t block = 0; block < before_.record.blocks.size(); ++block) {
    const std::string& key = before_.settings->tasks[before_.record.blocks[block].parent].task_key;
    const auto found = std::ranges::find(settings_->tasks, key, &model::TaskSettings::task_key);
    if (found == settings_->tasks.end()) {
      continue;
    }
    const auto parent = static_cast<TaskIndex>(found - settings_->tasks.begin());
    if (keeps_block(parent)) {
      keep_block(block, parent);
    }
  }
}

void Repairer::keep_block(std::uint32_t block, TaskIndex parent) {
  IterationBlock record = before_.record.blocks[block];
  const TaskIndex old_first = record.first;
  record.parent = parent;
  record.first = static_cast<TaskIndex>(after_.rows.size());
  for (std::uint32_t i = 0; i < record.count; ++i) {
    const TaskIndex old = old_first + i;
    const TaskIndex row = record.first + i;
    const auto details = before_.details.find(old);
    after_.rows.push_back(before_.rows[old]);
    if (details != before_.details.end()) {
      after_.details[row] = details->second;
    }
    if (is_reset_[parent] && before_.rows[old].state != TaskState::kSucceeded) {
      const AttemptId attempt{draft_.draw_ids()};
      fresh_.push_back(attempt);
      after_.rows[row] = {.attempt = attempt};
      if (details != before_.details.end()) {
        after_.details[row] = {.attempts = details->second.attempts};
      }
    }
  }
  after_.run.blocks.push_back(record);
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
    if (is_reset_[task]) {
      reset(task);
    } else {
      keep(task);
    }
  }
  keep_blocks();
  after_.run.task_count = static_cast<std::uint32_t>(after_.rows.size());
  after_.run.repairs.back().attempts = std::move(fresh_);
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
  Repairer repairer(
      draft,
      command,
      draft.facts.job ? draft.facts.job_settings : draft.facts.finished_run->settings);
  if (const auto chosen = repairer.choose(); !chosen) {
    return reject(chosen.error().code, chosen.error().message);
  }
  RunRepaired repaired = repairer.repair();
  draft.step.reply = RepairReply{.repair = repaired.run.repairs.back().id};
  draft.record(std::move(repaired));
  return std::move(draft.step);
}

}  // namespace sheaf::core
