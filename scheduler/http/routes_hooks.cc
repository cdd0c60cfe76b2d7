#include <algorithm>

#include <boost/json.hpp>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/model/strict_json.h"
#include "scheduler/http/context.h"
#include "scheduler/http/hook_body.h"
#include "scheduler/http/hook_secrets.h"
#include "scheduler/http/hook_signature.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kMinSecretBytes = 8;
constexpr std::size_t kMaxSecretBytes = 1'024;
constexpr std::size_t kMaxListedJobs = 100;

const model::HookSettings* find_hook(const model::JobSettings& settings, std::string_view name) {
  const auto found = std::ranges::find(
      settings.hooks, name, [](const model::HookSettings& hook) { return hook.name; });
  return found == settings.hooks.end() ? nullptr : &*found;
}

/// The hook, once its sender has proved to hold its secret. Fails with kUnauthorized for every
/// reason that lies with the sender, so that nobody can find out which hooks there are.
Result<model::HookSettings> authenticate(Context& context,
                                         const store::Reader& reader,
                                         const Call& call) {
  const auto refusal = [] { return fail(ErrorCode::kUnauthorized, "not this hook's sender"); };
  const auto id = id_placeholder(call, 0);
  const auto job = id ? reader.job(JobId{*id}) : Result<std::optional<core::JobRecord>>();
  if (!job) {
    return fail(job.error());
  }
  if (!*job) {
    return refusal();
  }
  const auto settings = context.settings(reader, (*job)->settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  const auto* hook = find_hook((*settings)->compiled, call.placeholders.at(1));
  if (hook == nullptr) {
    return refusal();
  }
  const auto secret = find_hook_secret(reader, context.secrets(), (*job)->id, *hook);
  if (!secret) {
    return fail(secret.error());
  }
  const Request& request = call.request;
  if (!is_genuine_hook(
          hook->signature, secret->text, request.headers, request.body, context.now())) {
    return refusal();
  }
  return *hook;
}

/// The same for an unknown hook and a wrong secret: who has no secret learns nothing.
Response refused_hook_response() {
  auto response = error_response(
      401,
      "UNAUTHENTICATED",
      "There is no such hook, or the secret, the signature, the webhook-id (no dots) or the "
      "webhook-timestamp (5 minutes at most) is not right.");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response delivery_response(const core::Reply& reply) {
  const auto& submitted = std::get<core::SubmitReply>(reply);
  return json_response(
      {{"run_id", submitted.run.value}, {"status", submitted.repeated ? "duplicate" : "accepted"}},
      202);
}

core::SubmitRun to_command(JobId job, const model::HookSettings& hook, HookDelivery delivery) {
  return {.job = job,
          .overrides = std::move(delivery.parameters),
          .trigger = {.kind = model::TriggerKind::kHook,
                      .hook = hook.name,
                      .delivery = delivery.delivery},
          .receipt_key = delivery.delivery.empty()
                             ? ""
                             : hook_secret_purpose(job, hook.name) + "/" + delivery.delivery,
          .receipt_kept = limits::kHookDeliveryKept};
}

void receive_hook(Context& context, const Call& call, const Respond& respond) {
  const auto reader = context.read();
  const auto hook = authenticate(context, *reader, call);
  if (!hook) {
    return respond(hook.error().code == ErrorCode::kUnauthorized ? refused_hook_response()
                                                                 : error_response(hook.error()));
  }
  const auto body = model::parse_strict_json(call.request.body, limits::kMaxHookBodyBytes);
  if (!body) {
    return respond(error_response(body.error()));
  }
  auto delivery = read_hook_body(*hook, call.request.headers, *body);
  if (!delivery) {
    return respond(error_response(delivery.error()));
  }
  if (!delivery->matches) {
    return respond(json_response({{"status", "ignored"}}));
  }
  const JobId job{*id_placeholder(call, 0)};
  if (auto checked = check_overrides(context, *reader, job, delivery->parameters); !checked) {
    return respond(error_response(checked.error()));
  }
  context.post(to_command(job, *hook, std::move(*delivery)), respond, delivery_response);
}

Result<core::SetHookSecret> read_secret(Context& context, const Call& call) {
  const auto id = id_placeholder(call, 0);
  const auto body = parse_json_object(call.request.body);
  auto secret = body ? required_string(*body, "secret") : fail(body.error());
  if (!id || !secret) {
    return fail(!id ? id.error() : secret.error());
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
  const std::string& name = call.placeholders.at(1);
  const auto* hook = find_hook((*settings)->compiled, name);
  if (hook == nullptr) {
    return fail(ErrorCode::kNotFound,
                "Job " + to_string(job->id) + " declares no hook \"" + name + "\".");
  }
  if (!hook->secret_env.empty()) {
    return fail(ErrorCode::kConflict,
                "The hook \"" + name + "\" takes its secret from the scheduler's variable " +
                    hook->secret_env + "; declare `secret: stored` to set one here.");
  }
  if (secret->size() < kMinSecretBytes || secret->size() > kMaxSecretBytes ||
      !is_usable_hook_secret(hook->signature, *secret)) {
    return fail(ErrorCode::kInvalid,
                "secret: must be 8 to 1024 bytes long, and valid base64 behind \"whsec_\"");
  }
  return core::SetHookSecret{
      .job = job->id,
      .hook = name,
      .sealed = context.secrets().seal(*secret, hook_secret_purpose(job->id, name))};
}

void put_secret(Context& context, const Call& call, const Respond& respond) {
  auto command = read_secret(context, call);
  if (!command) {
    return respond(error_response(command.error()));
  }
  context.post(std::move(*command), respond, [](const core::Reply&) {
    return json_response(json::object());
  });
}

std::string_view to_text(SecretSource source) {
  switch (source) {
    case SecretSource::kMissing:
      return "missing";
    case SecretSource::kEnvironment:
      return "environment";
    case SecretSource::kStored:
      return "stored";
    case SecretSource::kUnusable:
      return "unusable";
  }
  check_failed(__FILE__, __LINE__, "source", "not a SecretSource");
}

json::object hook_view(const core::JobRecord& job,
                       const model::HookSettings& hook,
                       SecretSource secret) {
  const bool is_bearer = hook.signature == model::HookSignature::kBearer;
  return {{"job_id", job.id.value},
          {"job_name", job.name},
          {"name", hook.name},
          {"url_path", "/api/sheaf/v1/hooks/" + to_string(job.id) + "/" + hook.name},
          {"signature", is_bearer ? "bearer" : "standard_webhooks"},
          {"secret", to_text(secret)}};
}

Result<void> add_hooks_of(Context& context,
                          const store::Reader& reader,
                          const core::JobRecord& job,
                          json::array& list) {
  const auto settings = context.settings(reader, job.settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  for (const model::HookSettings& hook : (*settings)->compiled.hooks) {
    const auto secret = find_hook_secret(reader, context.secrets(), job.id, hook);
    if (!secret) {
      return fail(secret.error());
    }
    list.push_back(hook_view(job, hook, secret->source));
  }
  return {};
}

Result<Response> list_hooks(Context& context) {
  const auto reader = context.read();
  json::array list;
  JobId after;
  for (;;) {
    const auto jobs = reader->jobs(after, kMaxListedJobs);
    if (!jobs) {
      return fail(jobs.error());
    }
    for (const core::JobRecord& job : *jobs) {
      if (auto added = add_hooks_of(context, *reader, job, list); !added) {
        return fail(added.error());
      }
      after = job.id;
    }
    if (jobs->size() < kMaxListedJobs) {
      return json_response({{"hooks", std::move(list)}});
    }
  }
}

}  // namespace

void add_hook_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "POST",
              .pattern = "/api/sheaf/v1/hooks/{job_id}/{hook}",
              .access = Access::kHook,
              .body = BodyKind::kHook,
              .handler = [context](const Call& call, const Respond& respond) {
                receive_hook(*context, call, respond);
              }});
  router.add({.method = "PUT",
              .pattern = "/api/sheaf/v1/hooks/{job_id}/{hook}/secret",
              .body = BodyKind::kJson,
              .handler = [context](const Call& call, const Respond& respond) {
                put_secret(*context, call, respond);
              }});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/hooks",
              .handler = to_handler([context](const Call&) { return list_hooks(*context); })});
}

}  // namespace sheaf::http
