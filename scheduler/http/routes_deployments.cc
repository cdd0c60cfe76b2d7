#include <algorithm>
#include <optional>

#include <boost/json.hpp>

#include "common/base/check.h"
#include "common/calendar/rfc3339.h"
#include "scheduler/http/context.h"
#include "scheduler/http/deployment_request.h"
#include "scheduler/http/json_reading.h"

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

/// Posts a command of a deployment and answers with what became of its jobs.
void post_change(const Context& context, core::Command command, const Respond& respond) {
  Pool& pool = context.service().pool;
  context.service().engine.post(
      std::move(command), [&pool, respond](const engine::Outcome& outcome) {
        pool.post([respond, outcome] {
          respond(outcome ? deploy_response(*outcome) : error_response(outcome.error()));
        });
      });
}

/// The digests of all files that the jobs would run with.
std::set<std::string> manifests_of(const core::Deploy& command) {
  std::set<std::string> digests{command.manifest_digest};
  for (const core::DeployedJob& job : command.jobs) {
    if (job.files) {
      digests.insert(job.files->manifest_digest);
    }
  }
  digests.erase("");
  return digests;
}

/// Posts the deployment if all its files are here.
void post_deployment(const Context& context, core::Deploy command, const Respond& respond) {
  for (const std::string& digest : manifests_of(command)) {
    const auto manifest = context.service().blobs.check_manifest(digest);
    if (!manifest) {
      const bool is_ours = manifest.error().code == ErrorCode::kInternal;
      const Error error = manifest.error().with_context("manifest_digest");
      return respond(error_response({.code = is_ours ? ErrorCode::kInternal : ErrorCode::kInvalid,
                                     .message = error.message}));
    }
  }
  post_change(context, std::move(command), respond);
}

void deploy(const Context& context, const Call& call, const Respond& respond) {
  auto command = read_deployment(call.request.body, call.identity.user_name);
  if (!command) {
    return respond(error_response(command.error()));
  }
  post_deployment(context, *std::move(command), respond);
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

/// Adds to each job its settings document.
Result<void> add_settings(const store::Reader& reader,
                          const core::DeploymentRecord& deployment,
                          json::object& view) {
  json::array& jobs = view.at("jobs").get_array();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto settings = reader.settings(deployment.contents.at(i).settings_digest);
    if (!settings) {
      return fail(settings.error());
    }
    jobs[i].get_object()["settings"] = json::parse(*settings);
  }
  return {};
}

Result<core::DeploymentRecord> find_deployment(const store::Reader& reader,
                                               const std::string& bundle,
                                               const std::string& target) {
  auto deployment = reader.deployment(bundle, target);
  if (!deployment) {
    return fail(deployment.error());
  }
  if (!*deployment) {
    return fail(ErrorCode::kNotFound,
                "Bundle " + bundle + " has no deployment to target " + target + ".");
  }
  return std::move(**deployment);
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
  const auto deployment =
      find_deployment(*reader, call.placeholders.at(0), call.placeholders.at(1));
  const auto with_settings = flag_argument(call, "include_settings");
  if (!deployment || !with_settings) {
    return fail(!deployment ? deployment.error() : with_settings.error());
  }
  auto object = show(*reader, *deployment);
  if (!object) {
    return fail(object.error());
  }
  if (*with_settings) {
    if (auto added = add_settings(*reader, *deployment, *object); !added) {
      return fail(added.error());
    }
  }
  return json_response(*object);
}

Result<Response> list_versions(const Context& context, const Call& call) {
  const auto reader = context.read();
  const auto deployment =
      find_deployment(*reader, call.placeholders.at(0), call.placeholders.at(1));
  if (!deployment) {
    return fail(deployment.error());
  }
  const auto versions = reader->deployment_versions(deployment->id);
  if (!versions) {
    return fail(versions.error());
  }
  json::array list;
  for (const core::DeploymentRecord& version : *versions) {
    list.push_back(version_view(version));
  }
  return json_response({{"versions", std::move(list)}});
}

/// The version to go back to: the wanted one, else the one before the current.
Result<core::DeploymentRecord> find_version(const store::Reader& reader,
                                            const core::DeploymentRecord& current,
                                            const std::optional<std::uint64_t>& wanted) {
  auto versions = reader.deployment_versions(current.id);
  if (!versions) {
    return fail(versions.error());
  }
  const std::uint64_t number = wanted.value_or(current.version - 1);
  const auto found = std::ranges::find(*versions, number, &core::DeploymentRecord::version);
  if (found != versions->end()) {
    return std::move(*found);
  }
  return fail(ErrorCode::kNotFound,
              number == 0 ? "this is the first version; there is none to go back to"
                          : "version " + std::to_string(number) + " is not known; known are " +
                                std::to_string(versions->back().version) + " to " +
                                std::to_string(current.version));
}

Result<core::Deploy> read_rollback(const Context& context, const Call& call) {
  const auto body = parse_json_object(call.request.body);
  if (!body) {
    return fail(body.error());
  }
  const auto expected = read_version(*body, "expected_version");
  const auto wanted = read_version(*body, "version");
  if (!expected || !wanted) {
    return fail(!expected ? expected.error() : wanted.error());
  }
  const auto reader = context.read();
  const auto current = find_deployment(*reader, call.placeholders.at(0), call.placeholders.at(1));
  if (!current) {
    return fail(current.error());
  }
  const auto version = find_version(*reader, *current, *wanted);
  if (!version) {
    return fail(version.error());
  }
  auto command = deploy_again(
      *version, [&reader](const std::string& digest) { return reader->settings(digest); });
  if (command) {
    command->principal = call.identity.user_name;
    // What was read is what is meant: another deployment in between is a conflict.
    command->expected_version = expected->value_or(current->version);
  }
  return command;
}

void roll_back(const Context& context, const Call& call, const Respond& respond) {
  auto command = read_rollback(context, call);
  if (!command) {
    return respond(error_response(command.error()));
  }
  post_deployment(context, *std::move(command), respond);
}

void remove_deployment(const Context& context, const Call& call, const Respond& respond) {
  const auto version = number_argument(call, "expected_version", -1);
  if (!version) {
    return respond(error_response(version.error()));
  }
  core::RemoveDeployment command{
      .bundle = call.placeholders.at(0), .target = call.placeholders.at(1), .expected_version = {}};
  if (*version >= 0) {
    command.expected_version = static_cast<std::uint64_t>(*version);
  }
  post_change(context, std::move(command), respond);
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
  router.add({.method = "GET",
              .pattern = "/api/sheaf/v1/deployments/{bundle}/{target}/versions",
              .handler = to_handler(
                  [context](const Call& call) { return list_versions(*context, call); })});
  router.add({.method = "POST",
              .pattern = "/api/sheaf/v1/deployments/{bundle}/{target}/rollback",
              .body = BodyKind::kJson,
              .handler = [context](const Call& call, const Respond& respond) {
                roll_back(*context, call, respond);
              }});
  router.add({.method = "DELETE",
              .pattern = "/api/sheaf/v1/deployments/{bundle}/{target}",
              .handler = [context](const Call& call, const Respond& respond) {
                remove_deployment(*context, call, respond);
              }});
}

}  // namespace sheaf::http
