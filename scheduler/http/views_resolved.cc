#include "scheduler/http/views_resolved.h"

#include <algorithm>
#include <utility>

#include <boost/json.hpp>

#include "scheduler/core/core.h"
#include "scheduler/core/resolved_texts.h"
#include "scheduler/http/views_iterations.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

bool has_begun(model::TaskState state) {
  switch (state) {
    case model::TaskState::kBlocked:
    case model::TaskState::kReady:
    case model::TaskState::kExcluded:
    case model::TaskState::kUpstreamFailed:
    case model::TaskState::kUpstreamCancelled:
    case model::TaskState::kDisabled:
      return false;
    default:
      return true;
  }
}

/// The name of a task's kind in the public API, and what it came to.
struct ResolvedView {
  const core::ResolvedTexts& texts;

  json::object operator()(const model::CommandTask& /*action*/) const {
    return {{"command_task", {{"command", json::value_from(texts.arguments)}}}};
  }
  json::object operator()(const model::SparkPythonTask& /*action*/) const {
    return {{"spark_python_task", {{"parameters", json::value_from(texts.arguments)}}}};
  }
  json::object operator()(const model::PythonWheelTask& action) const {
    json::object named;
    for (const std::string& argument : texts.arguments) {
      const std::size_t equals = argument.find('=');
      if (!action.named_parameters || !argument.starts_with("--") || equals == std::string::npos) {
        return {{"python_wheel_task", {{"parameters", json::value_from(texts.arguments)}}}};
      }
      named[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
    }
    return {{"python_wheel_task", {{"named_parameters", std::move(named)}}}};
  }
  json::object operator()(const model::NotebookTask& /*action*/) const {
    json::object values;
    for (std::size_t i = 0; i + 1 < texts.arguments.size(); i += 2) {
      values[texts.arguments[i]] = texts.arguments[i + 1];
    }
    return {{"notebook_task", {{"base_parameters", std::move(values)}}}};
  }
  json::object operator()(const model::ConditionTask& /*action*/) const {
    return {{"condition_task", {{"left", texts.left}, {"right", texts.right}}}};
  }
  json::object operator()(const model::RunJobTask& /*action*/) const {
    json::object parameters;
    for (const auto& [name, value] : texts.job_parameters) {
      parameters[name] = value;
    }
    return {{"run_job_task", {{"job_parameters", std::move(parameters)}}}};
  }
  json::object operator()(const model::ForEachTask& /*action*/) const { return {}; }
};

class Adder {
 public:
  /// `stored` is the same run, with its inputs.
  Adder(const store::RunView& run, core::StoredRun stored)
      : run_(run), resolver_(std::move(stored)) {}

  /// Entries of `key` stand for rows from `first` on.
  void add(json::object& view, std::string_view key, core::TaskIndex first) const {
    json::value* const entries = view.if_contains(key);
    if (entries == nullptr) {
      return;
    }
    for (json::value& entry : entries->as_array()) {
      add_to(entry.as_object(), first++);
    }
  }

 private:
  void add_to(json::object& entry, core::TaskIndex row) const {
    if (!has_begun(run_.tasks.at(row).state)) {
      return;
    }
    const auto texts = resolver_.resolve(row);
    if (!texts) {
      return;  // That is why it failed; its message says so.
    }
    json::object values = std::visit(ResolvedView{*texts}, resolver_.settings_of(row).action);
    if (!values.empty()) {
      entry["resolved_values"] = std::move(values);
    }
  }

  const store::RunView& run_;
  core::TextResolver resolver_;
};

Result<std::vector<core::InputsPointer>> read_inputs(const store::Reader& reader,
                                                     const core::RunRecord& run) {
  std::vector<core::InputsPointer> inputs;
  for (std::uint32_t block = 0; block < run.blocks.size(); ++block) {
    auto lines = reader.iteration_inputs(run.id, block);
    if (!lines) {
      return fail(lines.error());
    }
    inputs.push_back(std::make_shared<const core::IterationInputs>(
        core::IterationInputs::from_stored(*std::move(lines))));
  }
  return inputs;
}

}  // namespace

Result<void> add_resolved_values(json::object& view,
                                 const store::Reader& reader,
                                 const store::RunView& run,
                                 core::SettingsPointer settings,
                                 const AttemptPlace* place,
                                 TaskPage page) {
  if (place != nullptr && place->record != nullptr) {
    return {};  // What an earlier attempt was given is not kept.
  }
  auto inputs = read_inputs(reader, run.record);
  if (!inputs) {
    return fail(inputs.error());
  }
  core::StoredRun stored{.record = run.record,
                         .settings = std::move(settings),
                         .rows = run.tasks,
                         .details = run.details,
                         .inputs = *std::move(inputs)};
  if (auto checked = core::check_stored(stored); !checked) {
    return checked;
  }
  const Adder adder(run, std::move(stored));
  const auto first = static_cast<core::TaskIndex>(page.first);
  adder.add(view, "tasks", place == nullptr ? first : place->task);
  const core::IterationBlock* block =
      place == nullptr ? nullptr : find_block(run.record, place->task);
  if (block != nullptr) {
    adder.add(view, "iterations", block->first + std::min(first, block->count));
  }
  return {};
}

}  // namespace sheaf::http
