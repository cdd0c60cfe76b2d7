#include "scheduler/core/resolved_texts.h"

#include <utility>

#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// Resolves the texts of one kind of task each.
struct ActionResolver {
  const LiveRun& run;
  TaskIndex task;

  Result<ResolvedTexts> operator()(const model::CommandTask& /*action*/) const {
    return arguments_from(0);
  }
  Result<ResolvedTexts> operator()(const model::SparkPythonTask& /*action*/) const {
    return arguments_from(1);
  }
  Result<ResolvedTexts> operator()(const model::PythonWheelTask& /*action*/) const {
    constexpr std::ptrdiff_t kBeforeArguments = 4;  // -m module package entry_point
    return arguments_from(kBeforeArguments);
  }
  Result<ResolvedTexts> operator()(const model::NotebookTask& /*action*/) const {
    constexpr std::ptrdiff_t kBeforeValues = 3;  // -m module path
    return arguments_from(kBeforeValues);
  }
  Result<ResolvedTexts> operator()(const model::ConditionTask& action) const {
    auto left = resolve_operand(run, task, action.left);
    auto right = resolve_operand(run, task, action.right);
    if (!left || !right) {
      return fail(left ? right.error() : left.error());
    }
    return ResolvedTexts{.left = *std::move(left), .right = *std::move(right)};
  }
  Result<ResolvedTexts> operator()(const model::ForEachTask& /*action*/) const {
    return ResolvedTexts{};
  }
  Result<ResolvedTexts> operator()(const model::RunJobTask& action) const {
    ResolvedTexts texts;
    for (const auto& [name, text] : action.job_parameters) {
      auto value = resolve_text(run, task, text);
      if (!value) {
        return fail(value.error());
      }
      texts.job_parameters.emplace_back(name, *std::move(value));
    }
    return texts;
  }

 private:
  Result<ResolvedTexts> arguments_from(std::ptrdiff_t first) const {
    auto spec = make_attempt_spec(run, task);
    if (!spec) {
      return fail(spec.error());
    }
    spec->arguments.erase(spec->arguments.begin(), spec->arguments.begin() + first);
    return ResolvedTexts{.arguments = std::move(spec->arguments)};
  }
};

}  // namespace

TextResolver::TextResolver(StoredRun run) : run_(from_stored(std::move(run))) {}

Result<ResolvedTexts> TextResolver::resolve(TaskIndex task) const {
  return std::visit(ActionResolver{run_, task}, run_.task_settings(task).action);
}

}  // namespace sheaf::core
