// Why a run, a task or a job is not under way. Live State knows more than its rows do (the queue,
// what is in use), so the core answers for what lives; what is over is explained from its rows.
#include <algorithm>
#include <iterator>

#include <boost/json.hpp>

#include "scheduler/core/explain.h"
#include "scheduler/http/context.h"
#include "scheduler/http/hook_secrets.h"
#include "scheduler/http/views_why.h"

namespace sheaf::http {
namespace {

constexpr std::size_t kShownSkippedFires = 10;

Result<core::Explain> read_question(const Call& call) {
  const auto run = id_placeholder(call, 0);
  const auto attempt = number_argument(call, "task_run_id", 0);
  if (!run || !attempt) {
    return fail(!run ? run.error() : attempt.error());
  }
  return core::Explain{.run = RunId{*run},
                       .task_key = std::string(call.request.target.argument("task").value_or("")),
                       .attempt = AttemptId{*attempt}};
}

Result<Response> explain_from_rows(Context& context,
                                   const core::Explain& what,
                                   const Identity& identity) {
  const auto reader = context.read();
  auto view = read_run(*reader, what.run, identity);
  if (!view) {
    return fail(view.error());
  }
  const auto settings = context.settings(*reader, view->record.settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  core::StoredRun run{.record = std::move(view->record),
                      .settings = core::SettingsPointer(*settings, &(*settings)->compiled),
                      .rows = std::move(view->tasks),
                      .details = std::move(view->details)};
  if (auto checked = core::check_stored(run); !checked) {
    return fail(checked.error());
  }
  if (!is_terminal(run.record.state)) {
    return fail(ErrorCode::kUnavailable, "The run is being started again; ask once more.");
  }
  const auto explanation = core::explain_finished(std::move(run), what);
  if (!explanation) {
    return fail(explanation.error());
  }
  return json_response(explanation_view(*explanation));
}

void answer_from_rows(Context& context,
                      const core::Explain& what,
                      const Identity& identity,
                      const Respond& respond) {
  auto response = explain_from_rows(context, what, identity);
  respond(response ? std::move(*response) : error_response(response.error()));
}

Response explanation_response(const core::Reply& reply) {
  return json_response(explanation_view(std::get<core::ExplainReply>(reply).explanation));
}

void explain_run(Context& context, const Call& call, const Respond& respond) {
  const auto what = read_question(call);
  if (!what) {
    return respond(error_response(what.error()));
  }
  const auto known = find_run(*context.read(), what->run, call.identity);
  if (!known) {
    return respond(error_response(known.error()));
  }
  if (is_terminal(known->state)) {
    return answer_from_rows(context, *what, call.identity, respond);
  }
  Pool& pool = context.service().pool;
  context.service().engine.post(*what,
                                [&context, &pool, what = *what, identity = call.identity, respond](
                                    const engine::Outcome& outcome) {
                                  pool.post([&context, what, identity, respond, outcome] {
                                    if (outcome) {
                                      return respond(explanation_response(*outcome));
                                    }
                                    const auto now = context.read()->run_record(what.run);
                                    if (now && *now && is_terminal((*now)->state)) {
                                      return answer_from_rows(
                                          context, what, identity, respond);  // It ended meanwhile.
                                    }
                                    respond(error_response(outcome.error()));
                                  });
                                });
}

/// Skipped fires and hooks that nobody can call: what rows know beside State.
Result<std::vector<core::Reason>> find_stored_reasons(Context& context, JobId id) {
  const auto reader = context.read();
  const auto job = find_job(*reader, id);
  if (!job) {
    return fail(job.error());
  }
  const auto settings = context.settings(*reader, job->settings_digest);
  const auto skipped = reader->skipped_fires(id, kShownSkippedFires);
  if (!settings || !skipped) {
    return fail(!settings ? settings.error() : skipped.error());
  }
  std::vector<core::Reason> reasons;
  for (const model::HookSettings& hook : (*settings)->compiled.hooks) {
    const auto secret = find_hook_secret(*reader, context.secrets(), id, hook);
    if (!secret) {
      return fail(secret.error());
    }
    if (secret->source == SecretSource::kMissing || secret->source == SecretSource::kUnusable) {
      reasons.push_back(core::explain_missing_secret(hook.name));
    }
  }
  for (const core::SkippedFire& fire : *skipped) {
    reasons.push_back(core::explain_skipped(fire));
  }
  return reasons;
}

void explain_job(Context& context, const Call& call, const Respond& respond) {
  const auto id = id_placeholder(call, 0);
  auto stored = id ? find_stored_reasons(context, JobId{*id})
                   : Result<std::vector<core::Reason>>(fail(id.error()));
  if (!stored) {
    return respond(error_response(stored.error()));
  }
  context.post(core::ExplainJob{.job = JobId{*id}},
               respond,
               [id = *id, stored = *std::move(stored)](const core::Reply& reply) {
                 core::Explanation explanation = std::get<core::ExplainReply>(reply).explanation;
                 std::ranges::copy(stored, std::back_inserter(explanation.reasons));
                 boost::json::object body{{"job_id", id}};
                 body["reasons"] = explanation_view(explanation).at("reasons");
                 return json_response(body);
               });
}

}  // namespace

void add_why_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/runs/{run}/why",
              .handler = [context](const Call& call, const Respond& respond) {
                explain_run(*context, call, respond);
              }});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/jobs/{job}/why",
              .handler = [context](const Call& call, const Respond& respond) {
                explain_job(*context, call, respond);
              }});
}

}  // namespace sheaf::http
