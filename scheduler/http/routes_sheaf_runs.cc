#include <algorithm>
#include <chrono>
#include <memory>

#include <boost/json.hpp>

#include "common/base/limits.h"
#include "scheduler/http/context.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxWaitMs = 30'000;
// Of watchers: what costs less is not paced.
constexpr Milliseconds kCheapAnswer{10};
constexpr int kRestAfterAnswer = 9;
constexpr Milliseconds kLongestRest{5'000};
constexpr std::int64_t kMaxListedRuns = 100;
constexpr std::int64_t kDefaultListedRuns = 20;
constexpr std::int64_t kMaxListedIterations = 1'000;

Result<WorkerNames> worker_names(const store::Reader& reader) {
  const auto workers = reader.workers();
  if (!workers) {
    return fail(workers.error());
  }
  WorkerNames names;
  for (const core::WorkerRecord& worker : *workers) {
    names.emplace(worker.id, worker.name);
  }
  return names;
}

/// Runs of the job that start before this one, and one.
Result<std::size_t> queue_position(const store::Reader& reader, const core::RunRecord& run) {
  const auto waiting = reader.runs({.job = run.job,
                                    .active_only = true,
                                    .before = run.id,
                                    .limit = limits::kMaxQueuedRunsPerJob + 1});
  if (!waiting) {
    return fail(waiting.error());
  }
  const auto ahead = std::ranges::count(
      *waiting, model::RunState::kQueued, [](const core::RunRecord& other) { return other.state; });
  return static_cast<std::size_t>(ahead) + 1;
}

/// Deployments by id, read once an answer.
class Places {
 public:
  explicit Places(const store::Reader& reader) : reader_(reader) {}

  /// `version` is read from the feed before the run is read from the store.
  Result<RunPlace> find(const core::RunRecord& run, std::uint64_t version) {
    RunPlace place{.version = version};
    const auto job = reader_.job(run.job);
    if (!job) {
      return fail(job.error());
    }
    place.resource_key = *job ? (*job)->resource_key : "";
    const auto deployment = find_deployment(run.deployment);
    if (!deployment) {
      return fail(deployment.error());
    }
    place.bundle = *deployment != nullptr ? (*deployment)->bundle : "";
    place.target = *deployment != nullptr ? (*deployment)->target : "";
    if (run.state == model::RunState::kQueued) {
      const auto position = queue_position(reader_, run);
      if (!position) {
        return fail(position.error());
      }
      place.queue_position = *position;
    }
    return place;
  }

 private:
  /// Null: it is gone.
  Result<const core::DeploymentRecord*> find_deployment(DeploymentId id) {
    if (deployments_.empty()) {
      const auto all = reader_.deployments();
      if (!all) {
        return fail(all.error());
      }
      for (const core::DeploymentRecord& deployment : *all) {
        deployments_.emplace(deployment.id, deployment);
      }
    }
    const auto found = deployments_.find(id);
    return found == deployments_.end() ? nullptr : &found->second;
  }

  const store::Reader& reader_;
  std::map<DeploymentId, core::DeploymentRecord> deployments_;
};

/// A run as it is shown, and whether nothing will change in it any more.
struct ShownRun {
  Response response;
  bool is_over = false;
};

Result<ShownRun> show_run(Context& context, RunId id) {
  // In this order: the run that is read is at least as new as the version that is told.
  const std::uint64_t version = context.service().feed.version(id);
  const auto reader = context.read();
  const auto run = read_run(*reader, id, Identity{.kind = Identity::Kind::kUser});
  if (!run) {
    return fail(run.error());
  }
  const auto settings = context.settings(*reader, run->record.settings_digest);
  const auto place = Places(*reader).find(run->record, version);
  const auto workers = worker_names(*reader);
  if (!settings || !place || !workers) {
    return fail(!settings ? settings.error() : !place ? place.error() : workers.error());
  }
  return ShownRun{
      .response = json_response(sheaf_run(*run, *place, (*settings)->compiled, *workers)),
      .is_over = is_terminal(run->record.state)};
}

void answer_run(Context& context, RunId id, const Respond& respond) {
  auto shown = show_run(context, id);
  respond(shown ? std::move(shown->response) : error_response(shown.error()));
}

/// Answers one who will ask again at once. Where the view took long to make, which it does for a
/// million iterations, the answer is held back for so long that a watcher costs a tenth of a
/// thread.
void answer_watcher(Context& context, RunId id, const Respond& respond) {
  const auto begin = std::chrono::steady_clock::now();
  auto shown = show_run(context, id);
  const auto taken = std::chrono::ceil<Milliseconds>(std::chrono::steady_clock::now() - begin);
  if (!shown || shown->is_over || taken <= kCheapAnswer) {
    return respond(shown ? std::move(shown->response) : error_response(shown.error()));
  }
  context.service().pool.after(
      std::min(taken * kRestAfterAnswer, kLongestRest),
      [respond, held = std::make_shared<Response>(std::move(shown->response))] {
        respond(std::move(*held));
      });
}

/// Answers once the run is newer than `above`, or after `wait`.
void answer_later(
    Context& context, RunId id, std::uint64_t above, Milliseconds wait, const Respond& respond) {
  Pool& pool = context.service().pool;
  ChangeFeed& feed = context.service().feed;
  const auto answer = [&context, &pool, id, respond] {
    pool.post([&context, id, respond] { answer_watcher(context, id, respond); });
  };
  const auto waiter = feed.wait(id, above, answer);
  if (!waiter) {
    return respond(error_response(waiter.error()));
  }
  pool.after(wait, [&feed, waiter = *waiter, answer] {
    if (feed.cancel(waiter)) {
      answer();
    }
  });
}

void get_run(Context& context, const Call& call, const Respond& respond) {
  const auto id = id_placeholder(call, 0);
  const auto wait = number_argument(call, "wait_ms", 0);
  const auto above = number_argument(call, "version", 0);
  for (const auto* number : {&id, &wait, &above}) {
    if (!*number) {
      return respond(error_response(number->error()));
    }
  }
  const auto known = find_run(*context.read(), RunId{*id}, call.identity);
  if (!known) {
    return respond(error_response(known.error()));
  }
  if (*wait == 0) {
    return answer_run(context, RunId{*id}, respond);
  }
  answer_later(context,
               RunId{*id},
               static_cast<std::uint64_t>(*above),
               Milliseconds(std::min(*wait, kMaxWaitMs)),
               respond);
}

Result<Response> list_runs(Context& context, const Call& call) {
  const auto job = number_argument(call, "job_id", 0);
  const auto before = number_argument(call, "before", 0);
  const auto limit = number_argument(call, "limit", kDefaultListedRuns);
  const auto active = flag_argument(call, "active_only");
  if (!job || !before || !limit || !active) {
    return fail(!job      ? job.error()
                : !before ? before.error()
                : !limit  ? limit.error()
                          : active.error());
  }
  if (*limit < 1 || *limit > kMaxListedRuns) {
    return fail(ErrorCode::kInvalid, "limit: must be from 1 to 100");
  }
  const auto reader = context.read();
  const auto runs = reader->runs({.job = JobId{*job},
                                  .active_only = *active,
                                  .before = RunId{*before},
                                  .limit = static_cast<std::size_t>(*limit)});
  if (!runs) {
    return fail(runs.error());
  }
  Places places(*reader);
  json::array list;
  for (const core::RunRecord& run : *runs) {
    const auto place = places.find(run, context.service().feed.version(run.id));
    if (!place) {
      return fail(place.error());
    }
    list.push_back(sheaf_run(run, *place));
  }
  return json_response({{"runs", std::move(list)}});
}

Result<Response> list_iterations(Context& context, const Call& call) {
  const auto id = id_placeholder(call, 0);
  const auto first = number_argument(call, "first", 0);
  const auto limit = number_argument(call, "limit", kMaxListedIterations);
  for (const auto* number : {&id, &first, &limit}) {
    if (!*number) {
      return fail(number->error());
    }
  }
  if (*limit < 1 || *limit > kMaxListedIterations) {
    return fail(ErrorCode::kInvalid, "limit: must be from 1 to 1000");
  }
  const auto reader = context.read();
  const auto run = read_run(*reader, RunId{*id}, call.identity);
  if (!run) {
    return fail(run.error());
  }
  const auto settings = context.settings(*reader, run->record.settings_digest);
  const auto workers = worker_names(*reader);
  if (!settings || !workers) {
    return fail(!settings ? settings.error() : workers.error());
  }
  const auto& tasks = (*settings)->compiled.tasks;
  const auto& key = call.placeholders.at(1);
  const auto task = std::ranges::find(tasks, key, &model::TaskSettings::task_key);
  if (task == tasks.end()) {
    return fail(ErrorCode::kNotFound, "the run has no task \"" + std::string(key) + "\"");
  }
  return json_response(sheaf_iterations(*run,
                                        static_cast<core::TaskIndex>(task - tasks.begin()),
                                        static_cast<std::size_t>(*first),
                                        static_cast<std::size_t>(*limit),
                                        *workers));
}

Result<Response> get_values(Context& context, const Call& call) {
  const auto id = id_placeholder(call, 0);
  if (!id) {
    return fail(id.error());
  }
  const auto reader = context.read();
  const auto run = read_run(*reader, RunId{*id}, call.identity);
  if (!run) {
    return fail(run.error());
  }
  const auto settings = context.settings(*reader, run->record.settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  return json_response({{"values", run_values(*run, (*settings)->compiled)}});
}

}  // namespace

void add_sheaf_run_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/runs/{run}",
              .handler = [context](const Call& call, const Respond& respond) {
                get_run(*context, call, respond);
              }});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/runs",
       .handler = to_handler([context](const Call& call) { return list_runs(*context, call); })});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/runs/{run}/tasks/{task}/iterations",
              .handler = to_handler(
                  [context](const Call& call) { return list_iterations(*context, call); })});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/runs/{run}/values",
       .access = Access::kAttempt,
       .handler = to_handler([context](const Call& call) { return get_values(*context, call); })});
}

}  // namespace sheaf::http
