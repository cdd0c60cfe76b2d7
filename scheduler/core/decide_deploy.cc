#include <algorithm>
#include <map>
#include <set>

#include "common/calendar/rfc3339.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

using Change = DeployReply::Job::Change;

bool is_same(const JobRecord& a, const JobRecord& b) {
  return a.name == b.name && a.settings_digest == b.settings_digest &&
         a.manifest_digest == b.manifest_digest && a.file_path == b.file_path && a.links == b.links;
}

/// The keys of the jobs that a task starts, also from inside a for-each task.
void add_linked_keys(const model::TaskSettings& task, std::set<std::string>& keys) {
  if (const auto* loop = std::get_if<model::ForEachTask>(&task.action)) {
    for (const model::TaskSettings& inner : loop->task) {
      add_linked_keys(inner, keys);
    }
  }
  const auto* action = std::get_if<model::RunJobTask>(&task.action);
  if (action != nullptr && !action->resource_key.empty()) {
    keys.insert(action->resource_key);
  }
}

std::set<std::string> linked_keys(const model::JobSettings& settings) {
  std::set<std::string> keys;
  for (const model::TaskSettings& task : settings.tasks) {
    add_linked_keys(task, keys);
  }
  return keys;
}

/// REQUIRES: every key has an id (see find_missing_job).
std::vector<JobLink> links_of(const model::JobSettings& settings,
                              const std::map<std::string, JobId>& ids) {
  std::vector<JobLink> links;
  for (const std::string& key : linked_keys(settings)) {
    links.push_back({.resource_key = key, .job = ids.at(key)});
  }
  return links;
}

std::string missing_job(const std::string& job, const std::string& started) {
  return "jobs." + job + ": a run_job_task starts the job \"" + started +
         "\", which the deployment does not have";
}

/// A job that another one starts and that the deployment does not have, as a message.
std::optional<std::string> find_missing_job(const Deploy& command,
                                            const std::map<std::string, JobId>& ids) {
  for (const DeployedJob& job : command.jobs) {
    for (const std::string& key : linked_keys(*job.settings)) {
      if (!ids.contains(key)) {
        return missing_job(job.resource_key, key);
      }
    }
  }
  return std::nullopt;
}

/// Declares, changes or removes the job's schedule after its settings; sets `job.schedule`.
/// A new or changed expression has no duties before now: unpausing replays nothing.
void settle_schedule(Draft& draft, JobRecord& job, const model::JobSettings& settings) {
  const auto known = draft.state.schedules.find(job.schedule);
  if (!settings.schedule) {
    if (known != draft.state.schedules.end()) {
      draft.record(ScheduleRemoved{.trigger = job.schedule});
      draft.order(UnwatchSchedule{.trigger = job.schedule});
    }
    job.schedule = {};
    return;
  }
  if (known != draft.state.schedules.end() && known->second.settings == *settings.schedule) {
    return;
  }
  if (!job.schedule.is_valid()) {
    job.schedule = TriggerId{draft.draw_ids()};
  }
  // The wall clock may have gone back since: a settled nominal time stays settled.
  const Timestamp settled =
      known != draft.state.schedules.end() ? std::max(known->second.settled, draft.now) : draft.now;
  const ScheduleRecord schedule{
      .id = job.schedule, .job = job.id, .settings = *settings.schedule, .settled = settled};
  draft.record(ScheduleRecorded{.schedule = schedule});
  draft.order(WatchSchedule{.schedule = schedule});
}

std::optional<Rejection> find_conflict(const std::optional<std::uint64_t>& expected,
                                       const std::optional<DeploymentRecord>& current) {
  const std::uint64_t version = current ? current->version : 0;
  if (!expected || *expected == version) {
    return std::nullopt;
  }
  std::string message = "the deployment is at version " + std::to_string(version) + ", not " +
                        std::to_string(*expected);
  if (current) {
    message += ": " + current->deployed_by + " deployed it meanwhile, at " +
               calendar::format_rfc3339(current->deployed) +
               "; look at what changed before you try again";
  }
  return Rejection{.code = ErrorCode::kConflict, .message = std::move(message)};
}

void remove_job(Draft& draft, const JobRecord& job) {
  if (job.schedule.is_valid()) {
    draft.record(ScheduleRemoved{.trigger = job.schedule});
    draft.order(UnwatchSchedule{.trigger = job.schedule});
  }
  draft.record(JobRemoved{.job = job.id});
}

/// One deployment of all jobs, after it was found that there is no conflict.
class Deployer {
 public:
  Deployer(Draft draft, const Deploy& command) : draft_(std::move(draft)), command_(command) {
    for (const JobRecord& job : draft_.facts.deployment_jobs) {
      known_.emplace(job.resource_key, &job);
    }
  }

  Decision run() {
    begin();
    if (auto refused = check()) {
      return reject(refused->code, refused->message);
    }
    for (const DeployedJob& job : command_.jobs) {
      deploy_job(job);
    }
    for (const std::string& key : command_.kept) {
      keep_job(*known_.at(key));
    }
    for (const auto& [key, job] : known_) {
      if (!reply_ids_.contains(key)) {
        remove_job(draft_, *job);
        answer(*job, Change::kRemoved);
      }
    }
    settle_version();
    draft_.step.reply = std::move(reply_);
    return std::move(draft_.step);
  }

 private:
  void begin() {
    deployment_ = draft_.facts.deployment.value_or(DeploymentRecord{});
    if (!draft_.facts.deployment) {
      deployment_.id = DeploymentId{draft_.draw_ids()};
      deployment_.bundle = command_.bundle;
      deployment_.target = command_.target;
    }
    deployment_.jobs.clear();
    deployment_.contents.clear();
    reply_.deployment = deployment_.id;
  }

  std::optional<Rejection> check() {
    // Ids come first: jobs may start each other.
    for (const DeployedJob& job : command_.jobs) {
      const auto found = known_.find(job.resource_key);
      ids_[job.resource_key] = found == known_.end() ? JobId{draft_.draw_ids()} : found->second->id;
    }
    for (const std::string& key : command_.kept) {
      const auto found = known_.find(key);
      if (found == known_.end() || ids_.contains(key)) {
        return Rejection{.code = ErrorCode::kInvalid,
                         .message = "kept: \"" + key +
                                    "\" is no job of the deployment that could stay as it is"};
      }
      ids_[key] = found->second->id;
    }
    auto missing = find_missing_job(command_, ids_);
    missing = missing ? missing : find_missing_of_kept();
    if (missing) {
      return Rejection{.code = ErrorCode::kInvalid, .message = *missing};
    }
    return std::nullopt;
  }

  /// A job that stays may start one that goes.
  [[nodiscard]] std::optional<std::string> find_missing_of_kept() const {
    for (const std::string& key : command_.kept) {
      for (const JobLink& link : known_.at(key)->links) {
        if (!ids_.contains(link.resource_key)) {
          return missing_job(key, link.resource_key);
        }
      }
    }
    return std::nullopt;
  }

  /// Records one job as it shall be.
  void deploy_job(const DeployedJob& wanted) {
    const auto found = known_.find(wanted.resource_key);
    const JobRecord* known = found == known_.end() ? nullptr : found->second;
    JobRecord job = known != nullptr ? *known : JobRecord{};
    job.deployment = deployment_.id;
    job.resource_key = wanted.resource_key;
    job.name = wanted.settings->name;
    job.settings_digest = wanted.settings_digest;
    job.manifest_digest = wanted.files ? wanted.files->manifest_digest : command_.manifest_digest;
    job.file_path = wanted.files ? wanted.files->file_path : command_.file_path;
    job.links = links_of(*wanted.settings, ids_);
    if (known != nullptr && is_same(job, *known)) {
      return keep_job(job);
    }
    if (known == nullptr) {
      job.id = ids_.at(wanted.resource_key);
      job.creator = command_.principal;
      job.created = draft_.now;
    }
    job.updated = draft_.now;
    settle_schedule(draft_, job, *wanted.settings);
    draft_.record(JobRecorded{.job = job,
                              .settings_json = wanted.settings_json,
                              .max_concurrent_runs = wanted.settings->max_concurrent_runs,
                              .timeout_s = wanted.settings->timeout.count()});
    add(job, known == nullptr ? Change::kCreated : Change::kUpdated);
  }

  void keep_job(const JobRecord& job) { add(job, Change::kUnchanged); }

  void add(const JobRecord& job, Change change) {
    deployment_.jobs.push_back(job.id);
    deployment_.contents.push_back({.resource_key = job.resource_key,
                                    .settings_digest = job.settings_digest,
                                    .manifest_digest = job.manifest_digest,
                                    .file_path = job.file_path});
    answer(job, change);
  }

  void answer(const JobRecord& job, Change change) {
    reply_.jobs.push_back({.resource_key = job.resource_key, .id = job.id, .change = change});
    reply_ids_.insert(job.resource_key);
  }

  void settle_version() {
    const auto& current = draft_.facts.deployment;
    const bool is_changed = !current || current->manifest_digest != command_.manifest_digest ||
                            std::ranges::any_of(reply_.jobs, [](const auto& job) {
                              return job.change != Change::kUnchanged;
                            });
    if (is_changed) {
      deployment_.version = (current ? current->version : 0) + 1;
      deployment_.manifest_digest = command_.manifest_digest;
      deployment_.file_path = command_.file_path;
      deployment_.deployed_by = command_.principal;
      deployment_.deployed = draft_.now;
      draft_.record(DeploymentRecorded{.deployment = deployment_});
    }
    reply_.version = deployment_.version;
  }

  Draft draft_;
  const Deploy& command_;
  DeploymentRecord deployment_;
  std::map<std::string, const JobRecord*> known_;
  std::map<std::string, JobId> ids_;
  std::set<std::string> reply_ids_;
  DeployReply reply_;
};

}  // namespace

Decision decide_deploy(Draft draft, const Deploy& command) {
  if (const auto conflict = find_conflict(command.expected_version, draft.facts.deployment)) {
    return reject(conflict->code, conflict->message);
  }
  return Deployer(std::move(draft), command).run();
}

Decision decide_remove_deployment(Draft draft, const RemoveDeployment& command) {
  const auto& current = draft.facts.deployment;
  if (!current) {
    return reject(ErrorCode::kNotFound,
                  "bundle " + command.bundle + " has no deployment to target " + command.target);
  }
  if (const auto conflict = find_conflict(command.expected_version, current)) {
    return reject(conflict->code, conflict->message);
  }
  DeployReply reply{.deployment = current->id, .version = current->version};
  for (const JobRecord& job : draft.facts.deployment_jobs) {
    remove_job(draft, job);
    reply.jobs.push_back(
        {.resource_key = job.resource_key, .id = job.id, .change = Change::kRemoved});
  }
  draft.record(DeploymentRemoved{
      .deployment = current->id, .bundle = current->bundle, .target = current->target});
  draft.step.reply = std::move(reply);
  return std::move(draft.step);
}

Decision decide_set_hook_secret(Draft draft, const SetHookSecret& command) {
  if (!draft.facts.job) {
    return reject(ErrorCode::kNotFound, "Job " + to_string(command.job) + " does not exist.");
  }
  const auto& hooks = draft.facts.job_settings->hooks;
  const bool is_declared = std::ranges::any_of(
      hooks, [&command](const auto& hook) { return hook.name == command.hook; });
  if (!is_declared) {
    return reject(ErrorCode::kNotFound,
                  "job " + to_string(command.job) + " declares no hook \"" + command.hook + "\"");
  }
  draft.record(HookSecretRecorded{
      .secret = {
          .job = command.job, .hook = command.hook, .sealed = command.sealed, .set = draft.now}});
  return std::move(draft.step);
}

}  // namespace sheaf::core
