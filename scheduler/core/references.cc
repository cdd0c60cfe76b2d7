#include "common/model/references.h"

#include <algorithm>

#include "scheduler/core/decide.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

std::string trigger_type(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::kManual:
      return "one_time";
    case TriggerKind::kSchedule:
      return "periodic";
    case TriggerKind::kHook:
      return "hook";
  }
  return "";
}

Result<std::string> parameter(const LiveRun& run, const std::string& name) {
  for (const auto& [known, value] : run.record.parameters) {
    if (known == name) {
      return value;
    }
  }
  return fail(ErrorCode::kInvalid, "the run has no job parameter \"" + name + "\"");
}

Result<std::string> task_value(const LiveRun& run, const model::Reference& reference) {
  const auto& tasks = run.settings->tasks;
  const auto found = std::ranges::find(tasks, reference.task_key, &model::TaskSettings::task_key);
  if (found == tasks.end()) {
    return fail(ErrorCode::kInvalid, "there is no task \"" + reference.task_key + "\"");
  }
  const auto details = run.details.find(static_cast<TaskIndex>(found - tasks.begin()));
  if (details != run.details.end()) {
    for (const TaskValue& value : details->second.values) {
      if (value.key == reference.name) {
        return model::render_task_value(value.json);
      }
    }
  }
  return fail(ErrorCode::kInvalid,
              "task \"" + reference.task_key + "\" has set no value \"" + reference.name + "\"");
}

Result<std::string> look_up(const LiveRun& run, const model::Reference& reference) {
  switch (reference.kind) {
    case model::Reference::Kind::kJobParameter:
      return parameter(run, reference.name);
    case model::Reference::Kind::kJobId:
      return to_string(run.record.job);
    case model::Reference::Kind::kJobRunId:
      return to_string(run.record.id);
    case model::Reference::Kind::kTriggerType:
      return trigger_type(run.record.trigger.kind);
    case model::Reference::Kind::kTaskValue:
      return task_value(run, reference);
  }
  return fail(ErrorCode::kInternal, "not a reference kind");
}

/// Resolves texts into `spec` until the first that cannot be.
class SpecBuilder {
 public:
  SpecBuilder(const LiveRun& run, model::AttemptSpec& spec) : run_(run), spec_(spec) {}

  Result<void> operator()(const model::CommandTask& action) {
    for (const std::string& argument : action.command) {
      if (auto added = add_argument(argument); !added) {
        return added;
      }
    }
    for (const auto& [name, value] : action.env) {
      auto text = resolve_text(run_, value);
      if (!text) {
        return fail(text.error());
      }
      spec_.env.emplace_back(name, std::move(*text));
    }
    return {};
  }

  Result<void> operator()(const model::SparkPythonTask& action) {
    spec_.is_python = true;
    spec_.arguments.push_back(action.python_file);
    for (const std::string& argument : action.parameters) {
      if (auto added = add_argument(argument); !added) {
        return added;
      }
    }
    return {};
  }

  Result<void> operator()(const model::ConditionTask& /*action*/) {
    return fail(ErrorCode::kInternal, "a condition task has no attempts");
  }

  Result<void> operator()(const model::ForEachTask& /*action*/) {
    return fail(ErrorCode::kInternal, "a for-each task has no attempts");
  }

  Result<void> operator()(const model::RunJobTask& /*action*/) {
    return fail(ErrorCode::kInternal, "a run-job task has no attempts");
  }

 private:
  Result<void> add_argument(const std::string& argument) {
    auto text = resolve_text(run_, argument);
    if (!text) {
      return fail(text.error());
    }
    spec_.arguments.push_back(std::move(*text));
    return {};
  }

  const LiveRun& run_;
  model::AttemptSpec& spec_;
};

}  // namespace

Result<std::string> resolve_text(const LiveRun& run, std::string_view text) {
  if (text.find("{{") == std::string_view::npos) {
    return std::string(text);
  }
  return model::resolve_references(
      text, [&run](const model::Reference& reference) { return look_up(run, reference); });
}

Result<model::AttemptSpec> build_attempt_spec(const LiveRun& run,
                                              TaskIndex task,
                                              const AttemptIdentity& identity) {
  const model::TaskSettings& settings = run.task_settings(task);
  model::AttemptSpec spec{.attempt = identity.attempt,
                          .run = run.record.id,
                          .job = run.record.job,
                          .job_name = run.record.name,
                          .task_key = settings.task_key,
                          .attempt_number = static_cast<int>(identity.number),
                          .fence = identity.fence,
                          .manifest_digest = run.record.manifest_digest,
                          .file_path = run.record.file_path,
                          .timeout = settings.timeout,
                          .gpus = identity.gpus};
  const auto& environments = run.settings->environments;
  const auto environment = std::ranges::find(
      environments, settings.environment_key, &model::EnvironmentSettings::environment_key);
  if (environment != environments.end()) {
    spec.environment = *environment;
  }
  if (auto built = std::visit(SpecBuilder(run, spec), settings.action); !built) {
    return fail(built.error());
  }
  return spec;
}

Result<model::AttemptSpec> make_attempt_spec(const LiveRun& run, TaskIndex task) {
  return build_attempt_spec(run,
                            task,
                            {.attempt = run.tasks.attempt[task],
                             .number = run.tasks.attempt_number[task],
                             .fence = run.tasks.fence[task],
                             .gpus = gpus_of(run, task)});
}

}  // namespace sheaf::core
