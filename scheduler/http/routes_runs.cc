#include <optional>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "scheduler/http/context.h"
#include "scheduler/http/json_reading.h"
#include "scheduler/http/views_resolved.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxListedRuns = 25;
constexpr std::int64_t kDefaultListedRuns = 20;
/// Runs looked at for one page of a list with a time filter; the page's token leads on.
constexpr std::size_t kMaxScannedRuns = 1'000;

Result<Response> get_run(Context& context, const Call& call) {
  const auto id = id_argument(call, "run_id");
  const auto first = number_argument(call, "page_token", 0);
  const auto resolves = flag_argument(call, "include_resolved_values");
  if (!id || !first || !resolves) {
    return fail(!id ? id.error() : !first ? first.error() : resolves.error());
  }
  const auto reader = context.read();
  const auto run = find_run_or_task_run(*reader, *id, call.identity);
  if (!run) {
    return fail(run.error());
  }
  const auto around = find_surroundings(context, *reader, run->record, call.request);
  if (!around) {
    return fail(around.error());
  }
  const TaskPage page{.first = static_cast<std::size_t>(*first)};
  const bool is_whole = run->record.id == RunId{*id};
  const auto place = is_whole ? std::nullopt : find_attempt(*run, AttemptId{*id});
  if (!is_whole && !place) {
    return fail(ErrorCode::kNotFound, "Run " + std::to_string(*id) + " does not exist.");
  }
  auto view =
      is_whole ? public_run(*run, *around, page) : public_task_run(*run, *around, *place, page);
  if (*resolves) {
    const auto settings = context.settings(*reader, run->record.settings_digest);
    if (!settings) {
      return fail(settings.error());
    }
    if (auto added = add_resolved_values(view,
                                         *reader,
                                         *run,
                                         {*settings, &(*settings)->compiled},
                                         place ? &*place : nullptr,
                                         page);
        !added) {
      return fail(added.error());
    }
  }
  return json_response(view);
}

struct RunsQuery {
  store::RunFilter filter;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = kMaxPublicId;
  bool expand_tasks = false;
};

Result<RunsQuery> read_runs_query(const Call& call) {
  const auto job = number_argument(call, "job_id", 0);
  const auto before = number_argument(call, "page_token", 0);
  const auto limit = number_argument(call, "limit", kDefaultListedRuns);
  const auto from = number_argument(call, "start_time_from", 0);
  const auto to = number_argument(call, "start_time_to", kMaxPublicId);
  for (const auto* number : {&job, &before, &limit, &from, &to}) {
    if (!*number) {
      return fail(number->error());
    }
  }
  const auto active = flag_argument(call, "active_only");
  const auto completed = flag_argument(call, "completed_only");
  const auto expand = flag_argument(call, "expand_tasks");
  for (const auto* flag : {&active, &completed, &expand}) {
    if (!*flag) {
      return fail(flag->error());
    }
  }
  if (*limit > kMaxListedRuns) {
    return fail(ErrorCode::kInvalid, "limit: must be from 1 to 25");
  }
  if (*active && *completed) {
    return fail(ErrorCode::kInvalid, "active_only and completed_only exclude each other");
  }
  return RunsQuery{
      .filter = {.job = JobId{*job},
                 .active_only = *active,
                 .completed_only = *completed,
                 .before = RunId{*before},
                 .limit = static_cast<std::size_t>(*limit == 0 ? kMaxListedRuns : *limit)},
      .from_ms = *from,
      .to_ms = *to,
      .expand_tasks = *expand};
}

std::int64_t start_ms(const core::RunRecord& run) {
  return to_epoch_ms(run.started == kNoTime ? run.submitted : run.started);
}

struct RunsPage {
  std::vector<core::RunRecord> runs;
  /// The next page begins after this run; none: this is the last page.
  std::optional<RunId> resume_after;
};

/// A page may have fewer runs than asked for, or none, and still not be the last: runs that do not
/// fit the time filter are passed over kMaxScannedRuns at a time.
Result<RunsPage> find_runs(const store::Reader& reader, RunsQuery query) {
  RunsPage found;
  const std::size_t limit = query.filter.limit;
  query.filter.limit = limit + 1;
  for (std::size_t scanned = 0; scanned < kMaxScannedRuns; scanned += query.filter.limit) {
    auto part = reader.runs(query.filter);
    if (!part) {
      return fail(part.error());
    }
    for (core::RunRecord& run : *part) {
      if (start_ms(run) < query.from_ms || start_ms(run) > query.to_ms) {
        continue;
      }
      if (found.runs.size() == limit) {
        found.resume_after = found.runs.back().id;
        return found;
      }
      found.runs.push_back(std::move(run));
    }
    if (part->size() < query.filter.limit) {
      return found;
    }
    query.filter.before = part->back().id;
  }
  found.resume_after = query.filter.before;
  return found;
}

Result<json::object> listed_run(Context& context,
                                const store::Reader& reader,
                                const core::RunRecord& run,
                                const Call& call,
                                bool expand_tasks) {
  const auto around = find_surroundings(context, reader, run, call.request);
  if (!around) {
    return fail(around.error());
  }
  if (!expand_tasks) {
    return public_run(run, *around);
  }
  const auto view = read_run(reader, run.id, call.identity);
  if (!view) {
    return fail(view.error());
  }
  auto object = public_run(*view, *around, TaskPage{});
  object["has_more"] = object.contains("next_page_token");
  object.erase("next_page_token");
  return object;
}

Result<Response> list_runs(Context& context, const Call& call) {
  const auto query = read_runs_query(call);
  if (!query) {
    return fail(query.error());
  }
  json::object body{{"has_more", false}};
  json::array list;
  const auto type = call.request.target.argument("run_type");
  const auto reader = context.read();
  const auto page =
      type && *type == "WORKFLOW_RUN" ? Result<RunsPage>() : find_runs(*reader, *query);
  if (!page) {
    return fail(page.error());
  }
  if (page->resume_after) {
    body["has_more"] = true;
    body["next_page_token"] = to_string(*page->resume_after);
  }
  for (const core::RunRecord& run : page->runs) {
    auto object = listed_run(context, *reader, run, call, query->expand_tasks);
    if (!object) {
      return fail(object.error());
    }
    list.push_back(std::move(*object));
  }
  body["runs"] = std::move(list);
  return json_response(body);
}

Result<core::CancelRun> read_cancel(const Context& context, const Call& call) {
  const auto body = parse_json_object(call.request.body);
  const auto id = body ? required_id(*body, "run_id") : fail(body.error());
  if (!id) {
    return fail(id.error());
  }
  const auto reader = context.read();
  const auto run = find_run(*reader, RunId{*id}, call.identity);
  if (run) {
    return core::CancelRun{.run = RunId{*id}};
  }
  const auto owner = reader->run_of_attempt(AttemptId{*id});
  if (owner && *owner) {
    return core::CancelRun{.run = **owner, .attempt = AttemptId{*id}};
  }
  return fail(run.error());
}

void cancel_run(const Context& context, const Call& call, const Respond& respond) {
  auto command = read_cancel(context, call);
  if (!command) {
    return respond(error_response(command.error()));
  }
  context.post(*std::move(command), respond, [](const core::Reply&) {
    return json_response(json::object());
  });
}

}  // namespace

void add_run_routes(Router& router, const ContextPointer& context) {
  const auto get = [context](const Call& call) { return get_run(*context, call); };
  const auto list = [context](const Call& call) { return list_runs(*context, call); };
  for (const std::string version : {"/api/2.1", "/api/2.2"}) {
    router.add({.method = "GET",
                .pattern = version + "/jobs/runs/get",
                .access = Access::kAttempt,
                .handler = to_handler(get)});
    router.add(
        {.method = "GET", .pattern = version + "/jobs/runs/list", .handler = to_handler(list)});
    router.add({.method = "POST",
                .pattern = version + "/jobs/runs/cancel",
                .body = BodyKind::kJson,
                .handler = [context](const Call& call, const Respond& respond) {
                  cancel_run(*context, call, respond);
                }});
  }
}

}  // namespace sheaf::http
