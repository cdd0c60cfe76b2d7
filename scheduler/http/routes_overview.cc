#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/context.h"

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

using AttemptCounts = std::map<WorkerId, std::size_t>;

Result<AttemptCounts> count_attempts(const store::Reader& reader, RunId id) {
  const auto run = reader.run(id);
  if (!run || !*run) {
    return run ? fail(ErrorCode::kCorrupt, "a run without its rows") : fail(run.error());
  }
  AttemptCounts counts;
  for (const core::TaskRow& row : (*run)->tasks) {
    if (is_active(row.state)) {
      ++counts[row.worker];
    }
  }
  return counts;
}

struct Usage {
  AttemptCounts attempts;
  /// Not all active runs were looked at.
  bool is_partial = false;
};

/// Attempts on each worker. Remembers the counts of each run for one version of it, so that only
/// runs that changed since the last call are read whole. Threads: any.
class UsageCounter {
 public:
  [[nodiscard]] Result<Usage> count(const Context& context) {
    const std::size_t limit = context.service().max_counted_runs;
    auto listed = context.read()->runs({.active_only = true, .limit = limit + 1});
    if (!listed) {
      return fail(listed.error());
    }
    const bool is_partial = listed->size() > limit;
    if (is_partial) {
      listed->pop_back();
    }
    std::map<RunId, std::uint64_t> versions;
    for (const core::RunRecord& run : *listed) {
      if (run.state != model::RunState::kQueued) {
        versions.emplace(run.id, context.service().feed.version(run.id));
      }
    }
    // Opened after the versions were asked for: what is read is at least as new.
    auto counted = count_runs(*context.read(), versions);
    if (!counted) {
      return fail(counted.error());
    }
    Usage usage{.attempts = {}, .is_partial = is_partial};
    for (const auto& [run, known] : *counted) {
      for (const auto& [worker, count] : known.attempts) {
        usage.attempts[worker] += count;
      }
    }
    known_.with([&counted](auto& all) { all = std::move(*counted); });
    return usage;
  }

 private:
  struct Known {
    std::uint64_t version = 0;
    AttemptCounts attempts;
  };
  using KnownRuns = std::map<RunId, Known>;

  Result<KnownRuns> count_runs(const store::Reader& reader,
                               const std::map<RunId, std::uint64_t>& versions) {
    const KnownRuns known = known_.with([](const KnownRuns& all) { return all; });
    KnownRuns counted;
    for (const auto& [run, version] : versions) {
      const auto found = known.find(run);
      if (found != known.end() && found->second.version == version) {
        counted.emplace(run, found->second);
        continue;
      }
      auto attempts = count_attempts(reader, run);
      if (!attempts) {
        return fail(attempts.error());
      }
      counted.emplace(run, Known{.version = version, .attempts = std::move(*attempts)});
    }
    return counted;
  }

  Guarded<KnownRuns> known_;
};

Result<Response> list_workers(const Context& context, UsageCounter& counter) {
  const auto workers = context.read()->workers();
  const auto usage = counter.count(context);
  if (!workers || !usage) {
    return fail(!workers ? workers.error() : usage.error());
  }
  json::array list;
  for (const core::WorkerRecord& worker : *workers) {
    const auto found = usage->attempts.find(worker.id);
    const auto& state_of = context.service().worker_state;
    list.push_back(worker_view(worker,
                               found == usage->attempts.end() ? 0 : found->second,
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
