#include "scheduler/http/run_requests.h"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "common/base/limits.h"
#include "common/model/job_settings.h"
#include "common/model/run_parameters.h"
#include "common/os/digest.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

/// Parameters of the original API that would change what runs.
constexpr std::array<std::string_view, 5> kUnsupportedParameters{
    "dbt_commands", "jar_params", "pipeline_params", "spark_submit_params", "sql_params"};

bool is_given(const json::value* value) {
  if (value == nullptr || value->is_null()) {
    return false;
  }
  return !(value->is_object() && value->get_object().empty()) &&
         !(value->is_array() && value->get_array().empty());
}

Result<std::optional<bool>> read_queue(const json::object& body) {
  const auto* given = body.if_contains("queue");
  if (!is_given(given)) {
    return std::optional<bool>();
  }
  const auto* enabled = given->is_object() ? given->get_object().if_contains("enabled") : nullptr;
  if (enabled == nullptr || !enabled->is_bool()) {
    return fail(ErrorCode::kInvalid, "queue.enabled: must be true or false");
  }
  return std::optional(enabled->get_bool());
}

Result<void> refuse_unsupported(const json::object& body) {
  for (const std::string_view name : kUnsupportedParameters) {
    if (is_given(body.if_contains(name))) {
      return fail(ErrorCode::kUnsupported,
                  std::string(name) + ": not supported here; pass job_parameters");
    }
  }
  return {};
}

Result<model::NamedStrings> read_map(const json::object& body, std::string_view key) {
  model::NamedStrings values;
  const auto* given = body.if_contains(key);
  if (!is_given(given)) {
    return values;
  }
  if (!given->is_object()) {
    return fail(ErrorCode::kInvalid, std::string(key) + ": must be an object of strings");
  }
  for (const auto& [name, value] : given->get_object()) {
    if (!value.is_string() || value.get_string().find('\0') != json::string::npos) {
      return fail(ErrorCode::kInvalid,
                  std::string(key) + "." + std::string(name) + ": must be a string");
    }
    values.emplace_back(name, value.get_string());
  }
  return values;
}

/// Job parameters, and those of the old forms for notebooks and wheels under their own names.
Result<model::NamedStrings> read_parameters(const json::object& body) {
  auto parameters = read_map(body, "job_parameters");
  auto notebook = read_map(body, "notebook_params");
  auto named = read_map(body, "python_named_params");
  for (const auto* read : {&parameters, &notebook, &named}) {
    if (!*read) {
      return fail(read->error());
    }
  }
  for (const auto& [name, value] : *parameters) {
    if (name.find('/') != std::string::npos) {
      return fail(ErrorCode::kInvalid, "job_parameters." + name + ": not a parameter name");
    }
  }
  if (auto checked = model::check_legacy_parameters(
          {.notebook_params = *notebook, .python_named_params = *named});
      !checked) {
    return fail(checked.error());
  }
  for (const auto& [name, value] : *notebook) {
    parameters->emplace_back(std::string(core::kNotebookParams) + name, value);
  }
  for (const auto& [name, value] : *named) {
    parameters->emplace_back(std::string(core::kPythonNamedParams) + name, value);
  }
  return parameters;
}

Result<std::vector<std::string>> read_strings(const json::object& body, std::string_view key) {
  std::vector<std::string> texts;
  const auto* given = body.if_contains(key);
  if (!is_given(given)) {
    return texts;
  }
  if (!given->is_array()) {
    return fail(ErrorCode::kInvalid, std::string(key) + ": must be a list of strings");
  }
  if (given->get_array().size() > limits::kMaxTasksPerJob) {
    return fail(ErrorCode::kInvalid,
                std::string(key) + ": has more than " + std::to_string(limits::kMaxTasksPerJob) +
                    " entries");
  }
  for (const auto& text : given->get_array()) {
    if (!text.is_string()) {
      return fail(ErrorCode::kInvalid, std::string(key) + ": must be a list of strings");
    }
    texts.emplace_back(text.get_string());
  }
  return texts;
}

Result<std::vector<std::string>> read_python_parameters(const json::object& body) {
  auto parameters = read_strings(body, "python_params");
  if (!parameters) {
    return parameters;
  }
  std::size_t bytes = 0;
  for (const std::string& parameter : *parameters) {
    bytes += parameter.size() + 4;  // With quotes, comma and blank, as JSON counts it.
    const bool is_plain = std::ranges::all_of(
        parameter, [](char c) { return c != '\0' && static_cast<unsigned char>(c) < 128; });
    if (!is_plain) {
      return fail(ErrorCode::kInvalid, "python_params: only ASCII characters are allowed");
    }
  }
  if (bytes > limits::kMaxParameterBytes) {
    return fail(ErrorCode::kInvalid, "python_params: more than 10,000 bytes");
  }
  return parameters;
}

template <typename T>
const Error* find_error(const Result<T>& result) {
  return result ? nullptr : &result.error();
}

Result<void> first_error(std::initializer_list<const Error*> errors) {
  for (const Error* error : errors) {
    if (error != nullptr) {
      return fail(*error);
    }
  }
  return {};
}

Result<std::string> read_token(const json::object& body) {
  auto token = optional_string(body, "idempotency_token");
  if (token && token->size() > limits::kMaxIdempotencyTokenBytes) {
    return fail(ErrorCode::kInvalid, "idempotency_token: must be at most 64 bytes long");
  }
  return token;
}

Result<bool> read_flag(const json::object& body, std::string_view key) {
  const auto* given = body.if_contains(key);
  if (given == nullptr || given->is_null()) {
    return false;
  }
  if (!given->is_bool()) {
    return fail(ErrorCode::kInvalid, std::string(key) + ": must be true or false");
  }
  return given->get_bool();
}

std::string receipt_key(const std::string& token) {
  return token.empty() ? "" : "token/" + token;
}

}  // namespace

Result<core::SubmitRun> read_run_now(const json::object& body, const Identity& identity) {
  const auto job = required_id(body, "job_id");
  auto token = read_token(body);
  auto parameters = read_parameters(body);
  auto only = read_strings(body, "only");
  auto python = read_python_parameters(body);
  const auto queue = read_queue(body);
  const auto refused = refuse_unsupported(body);
  if (auto checked = first_error({find_error(job),
                                  find_error(token),
                                  find_error(parameters),
                                  find_error(only),
                                  find_error(python),
                                  find_error(queue),
                                  find_error(refused)});
      !checked) {
    return fail(checked.error());
  }
  return core::SubmitRun{
      .job = JobId{*job},
      .overrides = std::move(*parameters),
      .trigger = {.kind = model::TriggerKind::kManual, .principal = identity.user_name},
      .receipt_key = receipt_key(*token),
      .idempotency_token = *token,
      .only = *std::move(only),
      .queue_enabled = *queue,
      .python_parameters = *std::move(python)};
}

Result<core::RepairRun> read_repair(const json::object& body) {
  const auto run = required_id(body, "run_id");
  auto tasks = read_strings(body, "rerun_tasks");
  const auto all_failed = read_flag(body, "rerun_all_failed_tasks");
  const auto dependents = read_flag(body, "rerun_dependent_tasks");
  const auto* latest = body.if_contains("latest_repair_id");
  const auto latest_id =
      is_given(latest) ? required_id(body, "latest_repair_id") : Result<std::int64_t>(0);
  auto parameters = read_parameters(body);
  auto python = read_python_parameters(body);
  const auto refused = refuse_unsupported(body);
  if (auto checked = first_error({find_error(run),
                                  find_error(tasks),
                                  find_error(all_failed),
                                  find_error(dependents),
                                  find_error(latest_id),
                                  find_error(parameters),
                                  find_error(python),
                                  find_error(refused)});
      !checked) {
    return fail(checked.error());
  }
  if (tasks->empty() == !*all_failed) {
    return fail(ErrorCode::kInvalid,
                "rerun_tasks: give either rerun_tasks or rerun_all_failed_tasks");
  }
  return core::RepairRun{.run = RunId{*run},
                         .tasks = *std::move(tasks),
                         .all_failed = *all_failed,
                         .dependents = *dependents ? core::RepairRun::Dependents::kAll
                                                   : core::RepairRun::Dependents::kOnlyUnsuccessful,
                         .latest_repair = *latest_id,
                         .overrides = *std::move(parameters),
                         .python_parameters = *std::move(python)};
}

Result<core::SubmitOnce> read_submit(const json::object& body, const Identity& identity) {
  auto token = read_token(body);
  if (!token) {
    return fail(token.error());
  }
  json::object settings = body;
  for (const char* name : {"idempotency_token", "access_control_list", "run_name"}) {
    settings.erase(name);
  }
  const auto name = optional_string(body, "run_name");
  if (!name) {
    return fail(name.error());
  }
  settings["name"] = name->empty() ? "Untitled" : *name;
  std::string document = json::serialize(settings);
  auto compiled = model::parse_job_settings(document);
  if (!compiled) {
    return fail(compiled.error());
  }
  if (compiled->schedule || !compiled->hooks.empty()) {
    return fail(ErrorCode::kInvalid,
                std::string(compiled->schedule ? "schedule" : "sheaf.hooks") +
                    ": a one-time run starts at once and never again; remove it, or deploy a job");
  }
  std::string digest = os::sha256_hex(document);
  return core::SubmitOnce{
      .settings_digest = std::move(digest),
      .settings_json = std::move(document),
      .settings = std::make_shared<const model::JobSettings>(*std::move(compiled)),
      .trigger = {.kind = model::TriggerKind::kManual, .principal = identity.user_name},
      .receipt_key = receipt_key(*token),
      .idempotency_token = *token};
}

Result<core::CancelAllRuns> read_cancel_all(const json::object& body) {
  const auto* job = body.if_contains("job_id");
  const auto id = is_given(job) ? required_id(body, "job_id") : Result<std::int64_t>(0);
  const auto queued = read_flag(body, "all_queued_runs");
  if (auto checked = first_error({find_error(id), find_error(queued)}); !checked) {
    return fail(checked.error());
  }
  if (*id == 0 && !*queued) {
    return fail(ErrorCode::kInvalid, "job_id: is missing; or give all_queued_runs");
  }
  return core::CancelAllRuns{
      .job = JobId{*id},
      .which = *queued ? core::CancelAllRuns::Which::kQueued : core::CancelAllRuns::Which::kActive};
}

}  // namespace sheaf::http
