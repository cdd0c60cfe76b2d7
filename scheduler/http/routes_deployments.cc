#include <boost/json.hpp>

#include "common/base/check.h"
#include "common/calendar/rfc3339.h"
#include "scheduler/http/context.h"
#include "scheduler/http/deployment_request.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;
using Change = core::DeployReply::Job::Change;

std::string_view to_text(Change change) {
  switch (change) {
    case Change::kCreated:
      return "created";
    case Change::kUpdated:
      return "updated";
    case Change::kUnchanged:
      return "unchanged";
    case Change::kRemoved:
      return "removed";
  }
  check_failed(__FILE__, __LINE__, "change", "not a Change");
}

Response deploy_response(const core::Reply& reply) {
  const auto& deployed = std::get<core::DeployReply>(reply);
  json::array jobs;
  for (const core::DeployReply::Job& job : deployed.jobs) {
    jobs.push_back({{"resource_key", job.resource_key},
                    {"job_id", job.id.value},
                    {"change", to_text(job.change)}});
  }
  return json_response({{"deployment_id", deployed.deployment.value},
                        {"version", deployed.version},
                        {"jobs", std::move(jobs)}});
}

/// Says of a refused deployment who was faster, and when.
Error explain_conflict(const Context& context,
                       const Error& error,
                       const std::string& bundle,
                       const std::string& target) {
  const auto current = context.read()->deployment(bundle, target);
  if (error.code != ErrorCode::kConflict || !current || !*current) {
    return error;
  }
  return {.code = error.code,
          .message = error.message + " (version " + std::to_string((*current)->version) + " by " +
                     (*current)->deployed_by + " at " +
                     calendar::format_rfc3339((*current)->deployed) + ")"};
}

void deploy(const Context& context, const Call& call, const Respond& respond) {
  auto command = read_deployment(call.request.body, call.identity.user_name);
  if (!command) {
    return respond(error_response(command.error()));
  }
  if (!command->manifest_digest.empty()) {
    const auto manifest = context.service().blobs.check_manifest(command->manifest_digest);
    if (!manifest) {
      const bool is_ours = manifest.error().code == ErrorCode::kInternal;
      const Error error = manifest.error().with_context("manifest_digest");
      return respond(error_response({.code = is_ours ? ErrorCode::kInternal : ErrorCode::kInvalid,
                                     .message = error.message}));
    }
  }
  Pool& pool = context.service().pool;
  const std::string bundle = command->bundle;
  const std::string target = command->target;
  context.service().engine.post(
      std::move(*command),
      [&context, &pool, bundle, target, respond](const engine::Outcome& outcome) {
        pool.post([&context, bundle, target, respond, outcome] {
          respond(outcome
                      ? deploy_response(*outcome)
                      : error_response(explain_conflict(context, outcome.error(), bundle, target)));
        });
      });
}

Result<json::object> show(const store::Reader& reader, const core::DeploymentRecord& deployment) {
  std::vector<core::JobRecord> jobs;
  for (const JobId id : deployment.jobs) {
    auto job = find_job(reader, id);
    if (!job) {
      return fail(job.error());
    }
    jobs.push_back(std::move(*job));
  }
  return deployment_view(deployment, jobs);
}

Result<Response> list_deployments(const Context& context) {
  const auto reader = context.read();
  const auto deployments = reader->deployments();
  if (!deployments) {
    return fail(deployments.error());
  }
  json::array list;
  for (const core::DeploymentRecord& deployment : *deployments) {
    auto object = show(*reader, deployment);
    if (!object) {
      return fail(object.error());
    }
    list.push_back(std::move(*object));
  }
  return json_response({{"deployments", std::move(list)}});
}

Result<Response> get_deployment(const Context& context, const Call& call) {
  const auto reader = context.read();
  const auto deployment = reader->deployment(call.placeholders.at(0), call.placeholders.at(1));
  if (!deployment) {
    return fail(deployment.error());
  }
  if (!*deployment) {
    return fail(ErrorCode::kNotFound,
                "Bundle " + call.placeholders.at(0) + " has no deployment to target " +
                    call.placeholders.at(1) + ".");
  }
  auto object = show(*reader, **deployment);
  if (!object) {
    return fail(object.error());
  }
  return json_response(*object);
}

}  // namespace

void add_deployment_routes(Router& router, const ContextPointer& context) {
  router.add({.method = "POST",
              .pattern = "/api/sheaf/v1/deployments",
              .body = BodyKind::kJson,
              .handler = [context](const Call& call, const Respond& respond) {
                deploy(*context, call, respond);
              }});
  router.add(
      {.method = "GET",
       .pattern = "/api/sheaf/v1/deployments",
       .handler = to_handler([context](const Call&) { return list_deployments(*context); })});
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/deployments/{bundle}/{target}",
              .handler = to_handler(
                  [context](const Call& call) { return get_deployment(*context, call); })});
}

}  // namespace sheaf::http
