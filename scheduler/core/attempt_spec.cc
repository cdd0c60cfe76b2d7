// What a worker is told of an attempt: by kind of task its arguments, with references filled in.
#include <algorithm>
#include <map>

#include "scheduler/core/attempt_history.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

/// Resolves texts into `spec` until the first that cannot be.
class SpecBuilder {
 public:
  SpecBuilder(const LiveRun& run, TaskIndex task, model::AttemptSpec& spec)
      : run_(run), task_(task), spec_(spec) {}

  Result<void> operator()(const model::CommandTask& action) {
    if (auto added = add_arguments(action.command); !added) {
      return added;
    }
    for (const auto& [name, value] : action.env) {
      auto text = resolve_text(run_, task_, value);
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
    const auto& replaced = run_.record.python_parameters;
    return add_arguments(replaced.empty() ? action.parameters : replaced);
  }

  Result<void> operator()(const model::PythonWheelTask& action) {
    begin_module("sheaf_runtime.wheel_task");
    spec_.arguments.push_back(action.package_name);
    spec_.arguments.push_back(action.entry_point);
    const RunRecord& run = run_.record;
    if (!run.python_parameters.empty()) {
      return add_arguments(run.python_parameters);
    }
    const NamedStrings replaced = given(kPythonNamedParams);
    if (!action.named_parameters && replaced.empty()) {
      return add_arguments(action.parameters);
    }
    auto values = key_values(
        replaced.empty() ? action.named_parameters.value_or(NamedStrings{}) : replaced, {});
    if (!values) {
      return fail(values.error());
    }
    for (const auto& [name, value] : *values) {
      spec_.arguments.push_back("--" + name + "=" + value);
    }
    return {};
  }

  Result<void> operator()(const model::NotebookTask& action) {
    begin_module("sheaf_runtime.notebook_task");
    spec_.arguments.push_back(action.notebook_path);
    auto values = key_values(action.base_parameters, given(kNotebookParams));
    if (!values) {
      return fail(values.error());
    }
    for (auto& [name, value] : *values) {
      spec_.arguments.push_back(name);
      spec_.arguments.push_back(std::move(value));
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
  /// A module of the Python package that every environment holds.
  void begin_module(const char* module) {
    spec_.is_python = true;
    spec_.arguments.insert(spec_.arguments.end(), {"-m", module});
  }

  /// Parameters of an old form that came with the run.
  NamedStrings given(std::string_view form) const {
    NamedStrings values;
    for (const auto& [name, value] : run_.record.overrides) {
      if (name.starts_with(form)) {
        values.emplace_back(name.substr(form.size()), value);
      }
    }
    return values;
  }

  /// The task's own values, what came with the run over them, the job parameters over both. Sorted
  /// by name.
  Result<std::map<std::string, std::string>> key_values(const NamedStrings& own,
                                                        const NamedStrings& over) {
    std::map<std::string, std::string> values;
    for (const NamedStrings* group : {&own, &over}) {
      for (const auto& [name, text] : *group) {
        auto value = resolve_text(run_, task_, text);
        if (!value) {
          return fail(value.error());
        }
        values[name] = *std::move(value);
      }
    }
    for (const auto& [name, text] : run_.record.parameters) {
      auto value = parameter_value(run_, name);
      if (!value) {
        return fail(value.error());
      }
      values[name] = *std::move(value);
    }
    return values;
  }

  Result<void> add_arguments(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
      if (auto added = add_argument(argument); !added) {
        return added;
      }
    }
    return {};
  }

  Result<void> add_argument(const std::string& argument) {
    auto text = resolve_text(run_, task_, argument);
    if (!text) {
      return fail(text.error());
    }
    spec_.arguments.push_back(std::move(*text));
    return {};
  }

  const LiveRun& run_;
  TaskIndex task_;
  model::AttemptSpec& spec_;
};

}  // namespace

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
                          .environment = run.kind_of(task).environment,
                          .manifest_digest = run.record.manifest_digest,
                          .file_path = run.record.file_path,
                          .timeout = settings.timeout,
                          .gpus = identity.gpus};
  if (auto built = std::visit(SpecBuilder(run, task, spec), settings.action); !built) {
    return fail(built.error());
  }
  if (is_stream(run, task)) {
    spec.stream = stream_inputs(run, task, identity.others);
  }
  return spec;
}

Result<model::AttemptSpec> make_attempt_spec(const LiveRun& run, TaskIndex task) {
  return build_attempt_spec(
      run,
      task,
      {.attempt = run.tasks.attempt[task],
       .number = run.tasks.attempt_number[task],
       .fence = run.tasks.fence[task],
       .gpus = gpus_of(run, task),
       .others = is_stream(run, task) ? streamed_rows(run, task) : std::vector<TaskRange>{}});
}

}  // namespace sheaf::core
