#include <algorithm>

#include <boost/json.hpp>

#include "common/base/limits.h"
#include "common/model/nearest.h"
#include "scheduler/http/context.h"
#include "scheduler/http/json_reading.h"
#include "scheduler/http/run_requests.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMaxListedJobs = 100;
constexpr std::int64_t kDefaultListedJobs = 20;

Result<Response> get_job(Context& context, const Call& call) {
  const auto id = id_argument(call, "job_id");
  const auto first = number_argument(call, "page_token", 0);
  if (!id || !first) {
    return fail(!id ? id.error() : first.error());
  }
  const auto reader = context.read();
  const auto job = find_job(*reader, JobId{*id});
  if (!job) {
    return fail(job.error());
  }
  const auto settings = context.settings(*reader, job->settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  return json_response(public_job(*job,
                                  (*settings)->document,
                                  context.service().tokens.user_name(),
                                  {.first = static_cast<std::size_t>(*first)}));
}

struct JobsQuery {
  JobId after;
  std::size_t limit = 0;
  std::string name;  ///< In lower case; empty: any.
  Expand expand = Expand::kNothing;
};

Result<JobsQuery> read_jobs_query(const Call& call) {
  const auto limit = number_argument(call, "limit", kDefaultListedJobs);
  const auto after = number_argument(call, "page_token", 0);
  const auto expand = flag_argument(call, "expand_tasks");
  if (!limit || !after || !expand) {
    return fail(!limit ? limit.error() : !after ? after.error() : expand.error());
  }
  if (*limit < 1 || *limit > kMaxListedJobs) {
    return fail(ErrorCode::kInvalid, "limit: must be from 1 to 100");
  }
  return JobsQuery{.after = JobId{*after},
                   .limit = static_cast<std::size_t>(*limit),
                   .name = to_lower(call.request.target.argument("name").value_or("")),
                   .expand = *expand ? Expand::kTasks : Expand::kNothing};
}

/// One more job than asked for, if there are, so that the caller knows.
Result<std::vector<core::JobRecord>> find_jobs(const store::Reader& reader, JobsQuery query) {
  std::vector<core::JobRecord> found;
  while (found.size() <= query.limit) {
    auto page = reader.jobs(query.after, static_cast<std::size_t>(kMaxListedJobs));
    if (!page) {
      return fail(page.error());
    }
    if (page->empty()) {
      break;
    }
    query.after = page->back().id;
    for (core::JobRecord& job : *page) {
      if (query.name.empty() || to_lower(job.name) == query.name) {
        found.push_back(std::move(job));
      }
    }
  }
  return found;
}

Result<Response> list_jobs(Context& context, const Call& call) {
  const auto query = read_jobs_query(call);
  if (!query) {
    return fail(query.error());
  }
  const auto reader = context.read();
  auto jobs = find_jobs(*reader, *query);
  if (!jobs) {
    return fail(jobs.error());
  }
  const bool has_more = jobs->size() > query->limit;
  jobs->resize(std::min(jobs->size(), query->limit));
  json::array list;
  for (const core::JobRecord& job : *jobs) {
    const auto settings = context.settings(*reader, job.settings_digest);
    if (!settings) {
      return fail(settings.error());
    }
    list.push_back(public_listed_job(job, (*settings)->document, query->expand));
  }
  json::object body{{"jobs", std::move(list)}, {"has_more", has_more}};
  if (has_more) {
    body["next_page_token"] = to_string(jobs->back().id);
  }
  return json_response(body);
}

void run_now(Context& context, const Call& call, const Respond& respond) {
  const auto body = parse_json_object(call.request.body);
  auto command = body ? read_run_now(*body, call.identity) : fail(body.error());
  if (!command) {
    return respond(error_response(command.error()));
  }
  const auto reader = context.read();
  if (auto checked = check_overrides(context, *reader, command->job, command->overrides);
      !checked) {
    return respond(error_response(checked.error()));
  }
  context.post(std::move(*command), respond, [](const core::Reply& reply) {
    const auto run = std::get<core::SubmitReply>(reply).run.value;
    return json_response({{"run_id", run}, {"number_in_job", run}});
  });
}

}  // namespace

Result<void> check_overrides(Context& context,
                             const store::Reader& reader,
                             JobId id,
                             const model::NamedStrings& overrides) {
  if (overrides.empty()) {
    return {};
  }
  const auto job = find_job(reader, id);
  if (!job) {
    return fail(job.error());
  }
  return check_overrides(context, reader, job->settings_digest, overrides);
}

Result<void> check_overrides(Context& context,
                             const store::Reader& reader,
                             const std::string& settings_digest,
                             const model::NamedStrings& overrides) {
  const auto settings = context.settings(reader, settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  std::vector<std::string> declared;
  for (const model::ParameterSettings& parameter : (*settings)->compiled.parameters) {
    declared.push_back(parameter.name);
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : overrides) {
    if (name.find('/') != std::string::npos) {
      continue;  // Of an old form; checked where it was read.
    }
    if (std::ranges::find(declared, name) == declared.end()) {
      return fail(ErrorCode::kInvalid,
                  "job_parameters." + name + ": the job declares no such parameter" +
                      model::did_you_mean(name, declared));
    }
    if (value.find('\0') != std::string::npos) {
      return fail(ErrorCode::kInvalid,
                  "job_parameters." + name + ": a NUL character cannot reach a task; leave it out");
    }
    bytes += name.size() + value.size();
  }
  if (bytes > limits::kMaxParameterBytes) {
    return fail(ErrorCode::kInvalid, "job_parameters: more than 10,000 bytes");
  }
  return {};
}

void add_job_routes(Router& router, const ContextPointer& context) {
  const auto get = [context](const Call& call) { return get_job(*context, call); };
  const auto list = [context](const Call& call) { return list_jobs(*context, call); };
  for (const std::string version : {"/api/2.1", "/api/2.2"}) {
    router.add({.method = "GET", .pattern = version + "/jobs/get", .handler = to_handler(get)});
    router.add({.method = "GET", .pattern = version + "/jobs/list", .handler = to_handler(list)});
    router.add({.method = "POST",
                .pattern = version + "/jobs/run-now",
                .body = BodyKind::kJson,
                .handler = [context](const Call& call, const Respond& respond) {
                  run_now(*context, call, respond);
                }});
  }
}

}  // namespace sheaf::http
