#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/context.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kSearchedRuns = 50;
constexpr std::size_t kShownSkippedFires = 50;
constexpr std::size_t kShownPendingAlerts = 100;
constexpr std::size_t kMaxActiveRuns = 10'000;

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

/// Attempts on each worker.
Result<std::map<WorkerId, std::size_t>> count_attempts(const store::Reader& reader) {
  const auto runs = reader.runs({.active_only = true, .limit = kMaxActiveRuns});
  if (!runs) {
    return fail(runs.error());
  }
  std::map<WorkerId, std::size_t> counts;
  for (const core::RunRecord& record : *runs) {
    const auto run = reader.run(record.id);
    if (!run || !*run) {
      return run ? fail(ErrorCode::kCorrupt, "a run without its rows") : fail(run.error());
    }
    for (const core::TaskRow& row : (*run)->tasks) {
      counts[row.worker] += is_active(row.state) ? 1 : 0;
    }
  }
  return counts;
}

Result<Response> list_workers(const Context& context) {
  const auto reader = context.read();
  const auto workers = reader->workers();
  const auto counts = count_attempts(*reader);
  if (!workers || !counts) {
    return fail(!workers ? workers.error() : counts.error());
  }
  json::array list;
  for (const core::WorkerRecord& worker : *workers) {
    const auto found = counts->find(worker.id);
    const auto& state_of = context.service().worker_state;
    list.push_back(worker_view(worker,
                               found == counts->end() ? 0 : found->second,
                               state_of ? state_of(worker.id) : "away"));
  }
  return json_response({{"workers", std::move(list)}});
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
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/schedules",
              .handler = to_handler([context](const Call&) { return list_schedules(*context); })});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/workers",
              .handler = to_handler([context](const Call&) { return list_workers(*context); })});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/alerts",
       .handler = to_handler([context](const Call& call) { return list_alerts(*context, call); })});
}

}  // namespace sheaf::http
