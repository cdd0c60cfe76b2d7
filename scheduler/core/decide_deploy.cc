#include <algorithm>
#include <map>
#include <set>

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

/// A job that another one starts and that the deployment does not have, as a message.
std::optional<std::string> find_missing_job(const Deploy& command,
                                            const std::map<std::string, JobId>& ids) {
  for (const DeployedJob& job : command.jobs) {
    for (const std::string& key : linked_keys(*job.settings)) {
      if (!ids.contains(key)) {
        return "jobs." + job.resource_key + ": a run_job_task starts the job \"" + key +
               "\", which the deployment does not have";
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

/// Records one job as it shall be; returns what became of it.
DeployReply::Job deploy_job(Draft& draft,
                            const Deploy& command,
                            const DeployedJob& wanted,
                            const JobRecord* known,
                            DeploymentId deployment,
                            const std::map<std::string, JobId>& ids) {
  JobRecord job = known != nullptr ? *known : JobRecord{};
  job.deployment = deployment;
  job.resource_key = wanted.resource_key;
  job.name = wanted.settings->name;
  job.settings_digest = wanted.settings_digest;
  job.manifest_digest = command.manifest_digest;
  job.file_path = command.file_path;
  job.links = links_of(*wanted.settings, ids);
  if (known != nullptr && is_same(job, *known)) {
    return {.resource_key = job.resource_key, .id = job.id, .change = Change::kUnchanged};
  }
  if (known == nullptr) {
    job.id = ids.at(wanted.resource_key);
    job.creator = command.principal;
    job.created = draft.now;
  }
  job.updated = draft.now;
  settle_schedule(draft, job, *wanted.settings);
  draft.record(JobRecorded{.job = job,
                           .settings_json = wanted.settings_json,
                           .max_concurrent_runs = wanted.settings->max_concurrent_runs,
                           .timeout_s = wanted.settings->timeout.count()});
  return {.resource_key = job.resource_key,
          .id = job.id,
          .change = known == nullptr ? Change::kCreated : Change::kUpdated};
}

void remove_job(Draft& draft, const JobRecord& job) {
  if (job.schedule.is_valid()) {
    draft.record(ScheduleRemoved{.trigger = job.schedule});
    draft.order(UnwatchSchedule{.trigger = job.schedule});
  }
  draft.record(JobRemoved{.job = job.id});
}

}  // namespace

Decision decide_deploy(Draft draft, const Deploy& command) {
  const auto& current = draft.facts.deployment;
  const std::uint64_t version = current ? current->version : 0;
  if (command.expected_version && *command.expected_version != version) {
    std::string message = "the deployment is at version " + std::to_string(version) + ", not " +
                          std::to_string(*command.expected_version);
    if (current) {
      message += ": " + current->deployed_by +
                 " deployed it meanwhile; look at the change and deploy again";
    }
    return reject(ErrorCode::kConflict, message);
  }
  DeploymentRecord deployment = current.value_or(DeploymentRecord{});
  if (!current) {
    deployment.id = DeploymentId{draft.draw_ids()};
    deployment.bundle = command.bundle;
    deployment.target = command.target;
  }
  std::map<std::string, const JobRecord*> known;
  for (const JobRecord& job : draft.facts.deployment_jobs) {
    known.emplace(job.resource_key, &job);
  }
  // Ids come first: jobs may start each other.
  std::map<std::string, JobId> ids;
  for (const DeployedJob& job : command.jobs) {
    const auto found = known.find(job.resource_key);
    ids[job.resource_key] = found == known.end() ? JobId{draft.draw_ids()} : found->second->id;
  }
  if (const auto missing = find_missing_job(command, ids)) {
    return reject(ErrorCode::kInvalid, *missing);
  }
  DeployReply reply{.deployment = deployment.id};
  deployment.jobs.clear();
  for (const DeployedJob& job : command.jobs) {
    const auto found = known.find(job.resource_key);
    const JobRecord* before = found == known.end() ? nullptr : found->second;
    reply.jobs.push_back(deploy_job(draft, command, job, before, deployment.id, ids));
    deployment.jobs.push_back(reply.jobs.back().id);
    known.erase(job.resource_key);
  }
  for (const auto& [key, job] : known) {
    remove_job(draft, *job);
    reply.jobs.push_back({.resource_key = key, .id = job->id, .change = Change::kRemoved});
  }
  const bool is_changed = !current || current->manifest_digest != command.manifest_digest ||
                          std::ranges::any_of(reply.jobs, [](const auto& job) {
                            return job.change != Change::kUnchanged;
                          });
  if (is_changed) {
    deployment.version = version + 1;
    deployment.manifest_digest = command.manifest_digest;
    deployment.file_path = command.file_path;
    deployment.deployed_by = command.principal;
    deployment.deployed = draft.now;
    draft.record(DeploymentRecorded{.deployment = deployment});
  }
  reply.version = deployment.version;
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
