#include "tests/support/core_world.h"

#include <algorithm>

#include "common/base/check.h"
#include "scheduler/core/attempt_history.h"

namespace sheaf::tests {

JobId CoreWorld::deploy(const JobBuilder& job) {
  return deploy_all({job}).at(0);
}

std::vector<JobId> CoreWorld::deploy_all(const std::vector<JobBuilder>& jobs) {
  core::Deploy command{
      .bundle = "b", .target = "dev", .expected_version = std::nullopt, .principal = "ann"};
  for (const JobBuilder& job : jobs) {
    const auto settings = std::make_shared<const model::JobSettings>(job.build());
    const std::string digest = "digest-" + std::to_string(settings_.size());
    settings_[digest] = settings;
    command.jobs.push_back({.resource_key = settings->name,
                            .settings_digest = digest,
                            .settings_json = "{}",
                            .settings = settings});
  }
  const auto reply = turn(command);
  SHEAF_CHECK(reply.has_value(), "deploy was refused");
  std::vector<JobId> ids;
  for (const auto& job : std::get<core::DeployReply>(*reply).jobs) {
    if (job.change != core::DeployReply::Job::Change::kRemoved) {
      ids.push_back(job.id);
    }
  }
  return ids;
}

RunId CoreWorld::submit(JobId job, model::NamedStrings overrides) {
  const auto reply = turn(core::SubmitRun{.job = job, .overrides = std::move(overrides)});
  SHEAF_CHECK(reply.has_value(), "submit was refused");
  return std::get<core::SubmitReply>(*reply).run;
}

core::RegisterReply CoreWorld::register_worker(const std::string& name,
                                               std::uint32_t slots,
                                               const std::string& boot_id,
                                               std::vector<core::HeldAttempt> attempts) {
  return register_worker(core::RegisterWorker{.name = name,
                                              .boot_id = boot_id,
                                              .version = "test",
                                              .slots = slots,
                                              .attempts = std::move(attempts)});
}

core::RegisterReply CoreWorld::register_worker(core::RegisterWorker command) {
  const auto reply = turn(std::move(command));
  SHEAF_CHECK(reply.has_value(), "registration was refused");
  return std::get<core::RegisterReply>(*reply);
}

void CoreWorld::start(RunId run, const std::string& task) {
  const core::TaskRow row = row_of(run, task);
  SHEAF_CHECK(
      turn(core::ReportStarted{
               .worker = row.worker, .attempt = row.attempt, .fence = row.fence, .started = now})
          .has_value(),
      "STARTED was refused");
}

void CoreWorld::finish(RunId run, const std::string& task, int exit_code) {
  finish(run,
         task,
         {.end = model::AttemptEnd::kExited,
          .exit_code = exit_code,
          .tree_empty = true,
          .started = now,
          .ended = now});
}

void CoreWorld::finish(RunId run, const std::string& task, model::AttemptOutcome outcome) {
  const core::TaskRow row = row_of(run, task);
  if (outcome.started == kNoTime) {
    outcome.started = row.started;  // A worker tells when what it ended began.
  }
  SHEAF_CHECK(turn(core::ReportResult{.worker = row.worker,
                                      .attempt = row.attempt,
                                      .fence = row.fence,
                                      .outcome = std::move(outcome)})
                  .has_value(),
              "RESULT was refused");
}

void CoreWorld::end_as(RunId run, const std::string& task, core::TaskState wanted) {
  using core::TaskState;
  if (wanted == TaskState::kCancelled) {
    const AttemptId attempt = row_of(run, task).attempt;
    SHEAF_CHECK(turn(core::CancelRun{.run = run, .attempt = attempt}).has_value(),
                "CancelRun was refused");
  }
  const auto end = wanted == TaskState::kTimedOut        ? model::AttemptEnd::kTimedOut
                   : wanted == TaskState::kCancelled     ? model::AttemptEnd::kCancelled
                   : wanted == TaskState::kInternalError ? model::AttemptEnd::kNotStarted
                                                         : model::AttemptEnd::kExited;
  finish(run,
         task,
         {.end = end, .exit_code = wanted == TaskState::kFailed ? 1 : 0, .tree_empty = true});
}

void CoreWorld::start_iteration(RunId run, const std::string& task, std::uint32_t index) {
  const core::TaskRow row = iteration_row(run, task, index);
  SHEAF_CHECK(
      turn(core::ReportStarted{
               .worker = row.worker, .attempt = row.attempt, .fence = row.fence, .started = now})
          .has_value(),
      "STARTED was refused");
}

void CoreWorld::finish_iteration(RunId run,
                                 const std::string& task,
                                 std::uint32_t index,
                                 int exit_code) {
  const core::TaskRow row = iteration_row(run, task, index);
  SHEAF_CHECK(turn(core::ReportResult{.worker = row.worker,
                                      .attempt = row.attempt,
                                      .fence = row.fence,
                                      .outcome = {.end = model::AttemptEnd::kExited,
                                                  .exit_code = exit_code,
                                                  .tree_empty = true,
                                                  .started = now,
                                                  .ended = now}})
                  .has_value(),
              "RESULT was refused");
}

void CoreWorld::publish(RunId run,
                        const std::string& task,
                        const std::string& key,
                        const std::string& json) {
  const core::TaskRow row = row_of(run, task);
  SHEAF_CHECK(turn(core::ReportValues{.worker = row.worker,
                                      .attempt = row.attempt,
                                      .fence = row.fence,
                                      .values = {{.key = key, .json = json}}})
                  .has_value(),
              "VALUES was refused");
}

void CoreWorld::pass(Milliseconds time) {
  now += time;
  SHEAF_CHECK(turn(core::AdvanceTime{}).has_value(), "AdvanceTime was refused");
}

CoreWorld::Judgement CoreWorld::turn(const core::Command& command) {
  return std::move(turn_all({command}).front());
}

std::vector<CoreWorld::Judgement> CoreWorld::turn_all(const std::vector<core::Command>& commands) {
  ++batch;
  std::vector<Judgement> judgements;
  judgements.reserve(commands.size());
  for (const core::Command& command : commands) {
    judgements.push_back(step(command));
  }
  settle();
  while (core::next_deadline(state) && *core::next_deadline(state) <= now) {
    static_cast<void>(step(core::AdvanceTime{}));
    settle();
  }
  place();
  core::check_invariants(state);
  store_runs();
  core::retire_finished(state);
  return judgements;
}

void CoreWorld::settle() {
  while (!state.unsettled.is_empty()) {
    for (const core::Command& command : core::take_follow_ups(state)) {
      SHEAF_CHECK(step(command).has_value(), "a follow-up was refused");
    }
  }
}

void CoreWorld::place() {
  static_cast<void>(step(core::propose_leases(state, policy)));
}

core::TaskState CoreWorld::state_of(RunId run, const std::string& task) const {
  return row_of(run, task).state;
}

core::TaskRow CoreWorld::row_of(RunId run, const std::string& task) const {
  return stored(run).rows.at(index_of(run, task));
}

core::TaskDetails CoreWorld::details_of(RunId run, const std::string& task) const {
  const core::StoredRun& whole = stored(run);
  const core::TaskIndex index = index_of(run, task);
  const auto found = whole.details.find(index);
  core::TaskDetails details = found == whole.details.end() ? core::TaskDetails{} : found->second;
  details.attempts = core::finished_attempts(whole.record, whole.rows.at(index), &details);
  return details;
}

core::RunRecord CoreWorld::run(RunId run) const {
  return stored(run).record;
}

core::IterationBlock CoreWorld::block_of(RunId run, const std::string& task) const {
  const auto& blocks = stored(run).record.blocks;
  const auto found = std::ranges::find(blocks, index_of(run, task), &core::IterationBlock::parent);
  SHEAF_CHECK(found != blocks.end(), "the task has no iterations");
  return *found;
}

std::vector<core::TaskState> CoreWorld::iterations_of(RunId run, const std::string& task) const {
  const core::IterationBlock block = block_of(run, task);
  std::vector<core::TaskState> states;
  for (std::uint32_t i = 0; i < block.count; ++i) {
    states.push_back(stored(run).rows.at(block.first + i).state);
  }
  return states;
}

core::TaskRow CoreWorld::iteration_row(RunId run,
                                       const std::string& task,
                                       std::uint32_t index) const {
  return stored(run).rows.at(block_of(run, task).first + index);
}

std::vector<core::StartAttempt> CoreWorld::take_starts() {
  return std::exchange(starts_, {});
}

std::vector<core::StopAttempt> CoreWorld::take_stops() {
  return std::exchange(stops_, {});
}

std::vector<core::Effect> CoreWorld::take_effects() {
  return std::exchange(effects_, {});
}

std::vector<core::AlertRecord> CoreWorld::alerts() const {
  std::vector<core::AlertRecord> all;
  for (const auto& [id, alert] : alerts_) {
    all.push_back(alert);
  }
  return all;
}

core::HeldAttempt CoreWorld::held(RunId run,
                                  const std::string& task,
                                  core::HeldAttempt::State held_state) const {
  const core::TaskRow row = row_of(run, task);
  return {.attempt = row.attempt, .fence = row.fence, .state = held_state};
}

void CoreWorld::restart() {
  state = core::restore(stored_state());
  SHEAF_CHECK(turn(core::BeginEpoch{}).has_value(), "a new epoch was refused");
}

core::StoredState CoreWorld::stored_state() const {
  core::StoredState stored{.epoch = state.epoch, .next_id = state.next_id};
  for (const auto& [id, run] : runs_) {
    if (!is_terminal(run.record.state)) {
      stored.runs.push_back(run);
    }
  }
  for (const auto& [id, worker] : state.workers) {
    stored.workers.push_back(worker.record);
  }
  for (const auto& [id, schedule] : state.schedules) {
    stored.schedules.push_back(schedule);
  }
  for (const auto& [name, pool] : state.pools) {
    stored.pools.push_back(pool);
  }
  for (const auto& [id, job] : jobs_) {
    stored.max_concurrent_runs[id] = settings_.at(job.settings_digest)->max_concurrent_runs;
  }
  return stored;
}

core::Facts CoreWorld::facts(const core::ReadSet& reads) const {
  core::Facts facts;
  if (reads.job && jobs_.contains(*reads.job)) {
    facts.job = jobs_.at(*reads.job);
    facts.job_settings = settings_.at(facts.job->settings_digest);
  }
  if (reads.deployment && deployment_) {
    facts.deployment = deployment_;
    for (const JobId job : deployment_->jobs) {
      if (jobs_.contains(job)) {
        facts.deployment_jobs.push_back(jobs_.at(job));
      }
    }
  }
  if (reads.receipt && receipts_.contains(*reads.receipt)) {
    facts.receipt = receipts_.at(*reads.receipt);
  }
  if (reads.alert && alerts_.contains(*reads.alert)) {
    facts.alert = alerts_.at(*reads.alert);
  }
  if (reads.run && runs_.contains(*reads.run)) {
    facts.run_state = runs_.at(*reads.run).record.state;
  }
  if (facts.receipt) {
    facts.receipt_run_exists =
        runs_.contains(facts.receipt->run) || state.find_run(facts.receipt->run) != nullptr;
  }
  if (reads.finished_run && runs_.contains(*reads.finished_run)) {
    facts.finished_run = std::make_shared<const core::StoredRun>(runs_.at(*reads.finished_run));
    const JobId job = facts.finished_run->record.job;
    if (jobs_.contains(job)) {
      facts.job = jobs_.at(job);
      facts.job_settings = settings_.at(facts.job->settings_digest);
    }
  }
  if (reads.file && files.contains(reads.file->second)) {
    facts.file = files.at(reads.file->second);
  }
  return facts;
}

CoreWorld::Judgement CoreWorld::step(const core::Command& command) {
  auto decided = core::decide(state, facts(core::reads(command)), command, now, batch);
  if (!decided) {
    return tl::unexpected(decided.error());
  }
  for (const core::Event& event : decided->events) {
    core::apply(state, event);
    file(event);
    events.push_back(event);
  }
  for (const core::Effect& effect : decided->effects) {
    effects_.push_back(effect);
    if (const auto* start_order = std::get_if<core::StartAttempt>(&effect)) {
      starts_.push_back(*start_order);
    } else if (const auto* stop_order = std::get_if<core::StopAttempt>(&effect)) {
      stops_.push_back(*stop_order);
    }
  }
  return std::move(decided->reply);
}

void CoreWorld::file(const core::Event& event) {
  if (const auto* job = std::get_if<core::JobRecorded>(&event)) {
    jobs_[job->job->id] = *job->job;
  } else if (const auto* removed = std::get_if<core::JobRemoved>(&event)) {
    jobs_.erase(removed->job);
  } else if (const auto* deployed = std::get_if<core::DeploymentRecorded>(&event)) {
    deployment_ = deployed->deployment;
  } else if (std::holds_alternative<core::DeploymentRemoved>(event)) {
    deployment_.reset();
  } else if (const auto* receipt = std::get_if<core::ReceiptRecorded>(&event)) {
    receipts_[receipt->receipt.key] = receipt->receipt;
  } else if (const auto* alert = std::get_if<core::AlertRecorded>(&event)) {
    alerts_[alert->alert.id] = alert->alert;
  } else if (const auto* deleted = std::get_if<core::RunDeleted>(&event)) {
    runs_.erase(deleted->run);
  }
}

void CoreWorld::store_runs() {
  for (const auto& [id, run] : state.runs) {
    check_marks(*run);
  }
  for (const RunId id : std::exchange(state.dirty_runs, {})) {
    core::LiveRun& live = *state.find_run(id);
    live.is_dirty = false;
    live.dirty_pages.assign(live.dirty_pages.size(), false);
    runs_[id] = core::to_stored(live);
  }
}

core::TaskIndex CoreWorld::index_of(RunId run, const std::string& task) const {
  const auto& tasks = stored(run).settings->tasks;
  const auto found = std::ranges::find(tasks, task, &model::TaskSettings::task_key);
  SHEAF_CHECK(found != tasks.end(), "no such task");
  return static_cast<core::TaskIndex>(found - tasks.begin());
}

const core::StoredRun& CoreWorld::stored(RunId run) const {
  const auto found = runs_.find(run);
  SHEAF_CHECK(found != runs_.end(), "no such run");
  return found->second;
}

}  // namespace sheaf::tests
