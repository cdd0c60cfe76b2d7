#include "scheduler/http/views_sheaf.h"

#include <algorithm>

#include <boost/json.hpp>

#include "common/base/check.h"
#include "scheduler/http/views_iterations.h"
#include "scheduler/http/views_public.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

json::object trigger_view(const core::TriggerRecord& trigger) {
  json::object object{{"kind", model::to_string(trigger.kind)}};
  if (trigger.nominal != kNoTime) {
    object["nominal_time"] = to_epoch_ms(trigger.nominal);
  }
  if (!trigger.hook.empty()) {
    object["hook"] = trigger.hook;
  }
  if (!trigger.delivery.empty()) {
    object["delivery"] = trigger.delivery;
  }
  if (!trigger.principal.empty()) {
    object["principal"] = trigger.principal;
  }
  if (trigger.parent.run.is_valid()) {
    object["parent_run_id"] = trigger.parent.run.value;
  }
  return object;
}

std::string worker_name(WorkerId worker, const WorkerNames& workers) {
  const auto found = workers.find(worker);
  return found == workers.end() ? to_string(worker) : found->second;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  return array;
}

json::object attempt_view(const core::AttemptRecord& attempt, const WorkerNames& workers) {
  const model::AttemptOutcome& outcome = attempt.outcome;
  json::object object{{"run_id", attempt.id.value},
                      {"attempt_number", attempt.number},
                      {"state", model::to_string(attempt.state)},
                      {"end", model::to_string(outcome.end)},
                      {"start_time", to_epoch_ms(outcome.started)},
                      {"end_time", to_epoch_ms(outcome.ended)},
                      {"message", outcome.message},
                      {"worker", worker_name(attempt.worker, workers)},
                      {"overlap_possible", attempt.overlap_possible}};
  if (outcome.end == model::AttemptEnd::kExited) {
    object["exit_code"] = outcome.exit_code;
  }
  if (outcome.end == model::AttemptEnd::kSignalled) {
    object["signal"] = outcome.signal;
  }
  return object;
}

json::array dependencies_of(const model::TaskSettings& task) {
  json::array keys;
  for (const model::Dependency& dependency : task.depends_on) {
    keys.emplace_back(dependency.task_key);
  }
  return keys;
}

void add_details(json::object& object,
                 const core::TaskDetails& details,
                 const std::vector<core::AttemptRecord>& finished,
                 const WorkerNames& workers) {
  object["message"] = details.message;
  if (details.child.is_valid()) {
    object["child_run_id"] = details.child.value;
  }
  std::vector<std::string> warnings;
  json::array attempts;
  for (const core::AttemptRecord& attempt : finished) {
    attempts.push_back(attempt_view(attempt, workers));
    for (const std::string& warning : attempt.outcome.warnings) {
      if (std::ranges::find(warnings, warning) == warnings.end()) {
        warnings.push_back(warning);
      }
    }
  }
  object["attempts"] = std::move(attempts);
  object["warnings"] = to_array(warnings);
}

/// What tasks and iterations have in common.
json::object row_view(const store::RunView& run,
                      core::TaskIndex index,
                      const WorkerNames& workers) {
  const core::TaskRow& row = run.tasks[index];
  json::object object{{"run_id", attempt_of(run, index).value},
                      {"state", model::to_string(row.state)},
                      {"attempt_number", row.attempt_number},
                      {"start_time", to_epoch_ms(row.started)},
                      {"end_time", to_epoch_ms(row.ended)}};
  if (row.worker.is_valid()) {
    object["worker"] = worker_name(row.worker, workers);
  }
  const core::TaskDetails* details = run.find_details(index);
  add_details(object,
              details == nullptr ? core::TaskDetails() : *details,
              run.finished_attempts(index),
              workers);
  return object;
}

json::object task_view(const store::RunView& run,
                       core::TaskIndex index,
                       const model::JobSettings& settings,
                       const WorkerNames& workers) {
  const core::TaskRow& row = run.tasks[index];
  json::object object = row_view(run, index, workers);
  if (index < settings.tasks.size()) {
    object["task_key"] = settings.tasks[index].task_key;
    object["depends_on"] = dependencies_of(settings.tasks[index]);
  }
  if (const core::IterationBlock* block = find_block(run.record, index)) {
    const IterationCounts counts = count_iterations(run, *block);
    object["iterations"] = {{"total", block->count},
                            {"waiting", counts.waiting},
                            {"active", counts.active},
                            {"succeeded", counts.succeeded},
                            {"failed", counts.failed}};
  }
  if (row.outcome != 0) {
    object["outcome"] = row.outcome == 1 ? "true" : "false";
  }
  return object;
}

std::string_view to_text(core::AlertEvent event) {
  switch (event) {
    case core::AlertEvent::kStart:
      return "start";
    case core::AlertEvent::kSuccess:
      return "success";
    case core::AlertEvent::kFailure:
      return "failure";
  }
  check_failed(__FILE__, __LINE__, "event", "not an AlertEvent");
}

std::string_view to_text(core::AlertRecord::State state) {
  switch (state) {
    case core::AlertRecord::State::kPending:
      return "pending";
    case core::AlertRecord::State::kDelivered:
      return "delivered";
    case core::AlertRecord::State::kDropped:
      return "dropped";
  }
  check_failed(__FILE__, __LINE__, "state", "not an alert's state");
}

}  // namespace

json::object sheaf_run(const core::RunRecord& run, const RunPlace& place) {
  json::object object{{"run_id", run.id.value},
                      {"job_id", run.job.value},
                      {"run_name", run.name},
                      {"bundle", place.bundle},
                      {"target", place.target},
                      {"resource_key", place.resource_key},
                      {"state", model::to_string(run.state)},
                      {"message", run.message},
                      {"trigger", trigger_view(run.trigger)},
                      {"submitted_time", to_epoch_ms(run.submitted)},
                      {"start_time", to_epoch_ms(run.started)},
                      {"end_time", to_epoch_ms(run.ended)},
                      {"version", place.version}};
  if (is_terminal(run.state)) {
    object["result"] = model::to_string(run.state);
  }
  if (!run.repairs.empty()) {
    object["latest_repair_id"] = run.repairs.back().id;
    object["repair_count"] = run.repairs.size() - 1;
  }
  if (place.queue_position) {
    object["queue_position"] = *place.queue_position;
  }
  json::object parameters;
  for (const auto& [name, value] : run.parameters) {
    parameters[name] = value;
  }
  object["parameters"] = std::move(parameters);
  return object;
}

json::object sheaf_run(const store::RunView& run,
                       const RunPlace& place,
                       const model::JobSettings& settings,
                       const WorkerNames& workers) {
  auto object = sheaf_run(run.record, place);
  json::array tasks;
  for (core::TaskIndex task = 0; task < run.record.graph_size; ++task) {
    tasks.push_back(task_view(run, task, settings, workers));
  }
  object["tasks"] = std::move(tasks);
  return object;
}

json::object sheaf_iterations(const store::RunView& run,
                              core::TaskIndex parent,
                              std::size_t first,
                              std::size_t limit,
                              const WorkerNames& workers) {
  json::array list;
  const core::IterationBlock* block = find_block(run.record, parent);
  const std::size_t count = block == nullptr ? 0 : block->count;
  const std::size_t begin = std::min(first, count);
  const std::size_t end = std::min(begin + limit, count);
  for (std::size_t i = begin; i < end; ++i) {
    json::object iteration = row_view(run, block->first + static_cast<core::TaskIndex>(i), workers);
    iteration["index"] = i;
    list.push_back(std::move(iteration));
  }
  return {{"iterations", std::move(list)}, {"total", count}};
}

json::object run_values(const store::RunView& run, const model::JobSettings& settings) {
  json::object all;
  for (const auto& [task, details] : run.details) {
    if (details.values.empty() || task >= settings.tasks.size() ||
        run.tasks[task].state != model::TaskState::kSucceeded) {
      continue;
    }
    json::object values;
    for (const core::TaskValue& value : details.values) {
      json::error_code code;
      auto parsed = json::parse(value.json, code);
      values[value.key] = code ? json::value(value.json) : std::move(parsed);
    }
    all[settings.tasks[task].task_key] = std::move(values);
  }
  return all;
}

json::object schedule_view(const core::ScheduleRecord& schedule,
                           std::string_view job_name,
                           RunId last_run,
                           const std::vector<core::SkippedFire>& skipped) {
  const model::ScheduleSettings& settings = schedule.settings;
  const bool is_quartz = settings.daylight_saving == model::DaylightSavingRule::kQuartz;
  json::array fires;
  for (const core::SkippedFire& fire : skipped) {
    if (fire.trigger != schedule.id) {
      continue;
    }
    fires.push_back({{"nominal_time", to_epoch_ms(fire.nominal)},
                     {"reason", fire.reason},
                     {"covered_by", fire.covered_by.value}});
  }
  json::object object{{"trigger_id", schedule.id.value},
                      {"job_id", schedule.job.value},
                      {"job_name", job_name},
                      {"quartz_cron_expression", settings.quartz_cron_expression},
                      {"timezone_id", settings.timezone_id},
                      {"daylight_saving", is_quartz ? "quartz" : "wall_clock"},
                      {"paused", settings.paused},
                      {"next_time", to_epoch_ms(schedule.next)},
                      {"settled_time", to_epoch_ms(schedule.settled)},
                      {"skipped", std::move(fires)}};
  if (last_run.is_valid()) {
    object["last_run_id"] = last_run.value;
  }
  return object;
}

json::object worker_view(const core::WorkerRecord& worker,
                         std::size_t used,
                         std::string_view state) {
  return {{"worker_id", worker.id.value},
          {"name", worker.name},
          {"slots", worker.slots},
          {"used", used},
          {"labels", to_array(worker.labels)},
          {"cpu_millis", worker.resources.cpu_millis},
          {"memory_bytes", worker.resources.memory_bytes},
          {"gpus", json::value_from(worker.resources.gpus)},
          {"version", worker.version},
          {"boot_id", worker.boot_id},
          {"state", state}};
}

json::object alert_view(const core::AlertRecord& alert) {
  const bool is_email = alert.target.channel == model::AlertTarget::Channel::kEmail;
  return {{"alert_id", alert.id.value},
          {"run_id", alert.run.value},
          {"event", to_text(alert.event)},
          {"channel", is_email ? "email" : "webhook"},
          {"destination", alert.target.destination},
          {"state", to_text(alert.state)},
          {"tries", alert.tries},
          {"last_error", alert.last_error},
          {"next_try_time", to_epoch_ms(alert.next_try)}};
}

json::object version_view(const core::DeploymentRecord& version) {
  json::array keys;
  for (const core::DeployedContent& content : version.contents) {
    keys.emplace_back(content.resource_key);
  }
  return {{"version", version.version},
          {"deployed_by", version.deployed_by},
          {"deployed_time", to_epoch_ms(version.deployed)},
          {"manifest_digest", version.manifest_digest},
          {"file_path", version.file_path},
          {"jobs", std::move(keys)}};
}

json::object deployment_view(const core::DeploymentRecord& deployment,
                             const std::vector<core::JobRecord>& jobs) {
  json::array list;
  for (const core::JobRecord& job : jobs) {
    list.push_back({{"resource_key", job.resource_key},
                    {"job_id", job.id.value},
                    {"name", job.name},
                    {"manifest_digest", job.manifest_digest},
                    {"file_path", job.file_path}});
  }
  return {{"deployment_id", deployment.id.value},
          {"bundle", deployment.bundle},
          {"target", deployment.target},
          {"version", deployment.version},
          {"deployed_by", deployment.deployed_by},
          {"deployed_time", to_epoch_ms(deployment.deployed)},
          {"manifest_digest", deployment.manifest_digest},
          {"file_path", deployment.file_path},
          {"jobs", std::move(list)}};
}

}  // namespace sheaf::http
