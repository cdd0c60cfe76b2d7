#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/usage_counter.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kSearchedRuns = 50;
constexpr std::size_t kShownSkippedFires = 50;
constexpr std::size_t kShownPendingAlerts = 100;

/// The latest run that the schedule started, among the job's latest.
Result<RunId> last_run_of(const store::Reader& reader, const core::ScheduleRecord& schedule) {
  const auto runs = reader.runs({.job = schedule.job, .limit = kSearchedRuns});
  if (!runs) {
    return fail(runs.error());
  }
  const auto found = std::ranges::find(
      *runs, schedule.id, [](const core::RunRecord& run) { return run.trigger.trigger; });
  return found == runs->end() ? RunId{} : found->id;
}

Result<json::object> show(const store::Reader& reader, const core::ScheduleRecord& schedule) {
  const auto job = find_job(reader, schedule.job);
  const auto last = last_run_of(reader, schedule);
  const auto skipped = reader.skipped_fires(schedule.job, kShownSkippedFires);
  if (!job || !last || !skipped) {
    return fail(!job ? job.error() : !last ? last.error() : skipped.error());
  }
  return schedule_view(schedule, job->name, *last, *skipped);
}

Result<Response> list_schedules(const Context& context) {
  const auto reader = context.read();
  const auto schedules = reader->schedules();
  if (!schedules) {
    return fail(schedules.error());
  }
  json::array list;
  for (const core::ScheduleRecord& schedule : *schedules) {
    auto object = show(*reader, schedule);
    if (!object) {
      return fail(object.error());
    }
    list.push_back(std::move(*object));
  }
  return json_response({{"schedules", std::move(list)}});
}

Result<Response> list_workers(Context& context, UsageCounter& counter) {
  const auto workers = context.read()->workers();
  const auto usage = counter.count(context);
  if (!workers || !usage) {
    return fail(!workers ? workers.error() : usage.error());
  }
  json::array list;
  for (const core::WorkerRecord& worker : *workers) {
    const auto found = usage->attempts.workers.find(worker.id);
    const auto& state_of = context.service().worker_state;
    list.push_back(worker_view(worker,
                               found == usage->attempts.workers.end() ? 0 : found->second,
                               state_of ? state_of(worker.id) : "away"));
  }
  json::object body{{"workers", std::move(list)}};
  if (usage->is_partial) {
    body["is_partial"] = true;
  }
  return json_response(body);
}

Result<Response> list_alerts(const Context& context, const Call& call) {
  const auto run = number_argument(call, "run_id", 0);
  if (!run) {
    return fail(run.error());
  }
  const auto reader = context.read();
  const auto alerts =
      *run == 0 ? reader->pending_alerts(kShownPendingAlerts) : reader->alerts_of_run(RunId{*run});
  if (!alerts) {
    return fail(alerts.error());
  }
  json::array list;
  for (const core::AlertRecord& alert : *alerts) {
    list.push_back(alert_view(alert));
  }
  return json_response({{"alerts", std::move(list)}});
}

}  // namespace

void add_overview_routes(Router& router, const ContextPointer& context) {
  const auto counter = std::make_shared<UsageCounter>();
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/schedules",
              .handler = to_handler([context](const Call&) { return list_schedules(*context); })});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/workers",
              .handler = to_handler(
                  [context, counter](const Call&) { return list_workers(*context, *counter); })});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/alerts",
       .handler = to_handler([context](const Call& call) { return list_alerts(*context, call); })});
}

}  // namespace sheaf::http
