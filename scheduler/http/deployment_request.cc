#include "scheduler/http/deployment_request.h"

#include <boost/json.hpp>

#include "common/calendar/cron_expression.h"
#include "common/model/manifest.h"
#include "common/os/digest.h"
#include "common/os/zones.h"
#include "scheduler/http/json_reading.h"
#include "scheduler/http/target.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxJobs = 1'000;
constexpr std::size_t kMaxFilePathBytes = 4'096;

/// Names stand in URLs: bundle, target.
Result<std::string> read_name(const json::object& body, std::string_view key) {
  auto name = required_string(body, key);
  if (name && name->find('%') == std::string::npos && !decode_name(*name)) {
    return fail(ErrorCode::kInvalid,
                std::string(key) + ": must hold no slash, backslash or control character");
  }
  return name;
}

Result<std::string> read_manifest_digest(const json::object& body) {
  auto digest = optional_string(body, "manifest_digest");
  if (digest && !digest->empty() && !model::is_digest(*digest)) {
    return fail(ErrorCode::kInvalid, "manifest_digest: must be 64 lower-case hexadecimal digits");
  }
  return digest;
}

Result<std::string> read_file_path(const json::object& body) {
  auto path = optional_string(body, "file_path");
  if (path && !path->empty() && (path->front() != '/' || path->size() > kMaxFilePathBytes)) {
    return fail(ErrorCode::kInvalid, "file_path: must be absolute, at most 4096 bytes");
  }
  return path;
}

Result<void> check_schedule(const model::JobSettings& settings) {
  if (!settings.schedule) {
    return {};
  }
  const auto cron = calendar::CronExpression::parse(settings.schedule->quartz_cron_expression);
  if (!cron) {
    return fail(cron.error(), "schedule.quartz_cron_expression");
  }
  const auto zone = os::load_zone(settings.schedule->timezone_id);
  if (!zone) {
    return fail(zone.error(), "schedule.timezone_id");
  }
  return {};
}

/// Errors begin with the place within the job.
Result<core::DeployedJob> read_job(std::string_view resource_key, const json::value& document) {
  core::DeployedJob job{.resource_key = std::string(resource_key),
                        .settings_json = json::serialize(document)};
  auto settings = model::parse_job_settings(job.settings_json);
  if (!settings) {
    return fail(settings.error());
  }
  if (auto checked = check_schedule(*settings); !checked) {
    return fail(checked.error());
  }
  job.settings_digest = os::sha256_hex(job.settings_json);
  job.settings = std::make_shared<const model::JobSettings>(std::move(*settings));
  return job;
}

Result<std::vector<core::DeployedJob>> read_jobs(const json::object& body) {
  const auto* value = body.if_contains("jobs");
  if (value == nullptr || !value->is_object()) {
    return fail(ErrorCode::kInvalid, "jobs: must be an object of jobs by resource key");
  }
  if (value->get_object().size() > kMaxJobs) {
    return fail(ErrorCode::kInvalid, "jobs: more than 1000");
  }
  std::vector<core::DeployedJob> jobs;
  for (const auto& [key, document] : value->get_object()) {
    auto job = read_job(key, document);
    if (!job) {
      return fail(job.error().code, "jobs." + std::string(key) + "." + job.error().message);
    }
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

Result<std::vector<std::string>> read_kept_jobs(const json::object& body) {
  const auto* value = body.if_contains("kept_jobs");
  if (value == nullptr || value->is_null()) {
    return std::vector<std::string>();
  }
  if (!value->is_array() || value->get_array().size() > kMaxJobs) {
    return fail(ErrorCode::kInvalid, "kept_jobs: must be a list of at most 1000 resource keys");
  }
  std::vector<std::string> keys;
  for (const json::value& key : value->get_array()) {
    if (!key.is_string()) {
      return fail(ErrorCode::kInvalid, "kept_jobs: must hold resource keys");
    }
    keys.emplace_back(key.get_string());
  }
  return keys;
}

}  // namespace

Result<std::optional<std::uint64_t>> read_version(const json::object& body, std::string_view key) {
  const auto* value = body.if_contains(key);
  if (value == nullptr || value->is_null()) {
    return std::optional<std::uint64_t>();
  }
  const auto version = required_id(body, key);
  if (!version) {
    return fail(version.error());
  }
  return std::optional(static_cast<std::uint64_t>(*version));
}

Result<core::Deploy> read_deployment(std::string_view body, std::string_view principal) {
  const auto object = parse_json_object(body);
  if (!object) {
    return fail(object.error());
  }
  auto bundle = read_name(*object, "bundle");
  auto target = read_name(*object, "target");
  auto digest = read_manifest_digest(*object);
  auto path = read_file_path(*object);
  for (const auto* text : {&bundle, &target, &digest, &path}) {
    if (!*text) {
      return fail(text->error());
    }
  }
  const auto version = read_version(*object, "expected_version");
  if (!version) {
    return fail(version.error());
  }
  auto jobs = read_jobs(*object);
  if (!jobs) {
    return fail(jobs.error());
  }
  auto kept = read_kept_jobs(*object);
  if (!kept) {
    return fail(kept.error());
  }
  return core::Deploy{.bundle = std::move(*bundle),
                      .target = std::move(*target),
                      .expected_version = *version,
                      .manifest_digest = std::move(*digest),
                      .file_path = std::move(*path),
                      .principal = std::string(principal),
                      .jobs = std::move(*jobs),
                      .kept = std::move(*kept)};
}

Result<core::Deploy> deploy_again(
    const core::DeploymentRecord& version,
    const std::function<Result<std::string>(const std::string& digest)>& settings_of) {
  core::Deploy command{.bundle = version.bundle,
                       .target = version.target,
                       .expected_version = {},
                       .manifest_digest = version.manifest_digest,
                       .file_path = version.file_path,
                       .principal = {},
                       .jobs = {},
                       .kept = {}};
  for (const core::DeployedContent& content : version.contents) {
    auto document = settings_of(content.settings_digest);
    if (!document) {
      return fail(document.error(), "jobs." + content.resource_key);
    }
    auto settings = model::parse_job_settings(*document);
    if (!settings) {
      return fail(settings.error(), "jobs." + content.resource_key);
    }
    command.jobs.push_back(
        {.resource_key = content.resource_key,
         .settings_digest = content.settings_digest,
         .settings_json = std::move(*document),
         .settings = std::make_shared<const model::JobSettings>(std::move(*settings)),
         .files = core::DeployedFiles{.manifest_digest = content.manifest_digest,
                                      .file_path = content.file_path}});
  }
  return command;
}

}  // namespace sheaf::http
