#include "scheduler/http/views_public.h"

#include <algorithm>

#include <boost/json.hpp>

#include "scheduler/http/views_iterations.h"
#include "scheduler/http/views_states.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

std::int64_t milliseconds_between(Timestamp from, Timestamp to) {
  return from == kNoTime || to == kNoTime ? 0 : std::max<std::int64_t>((to - from).count(), 0);
}

std::string_view string_member(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* member = object != nullptr ? object->if_contains(key) : nullptr;
  const auto* text = member != nullptr ? member->if_string() : nullptr;
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

/// The entry of the list at `key` whose `name` this is, or nullptr.
const json::object* find_named(const json::object& settings,
                               std::string_view key,
                               std::string_view name) {
  const auto* member = settings.if_contains(key);
  const auto* list = member != nullptr ? member->if_array() : nullptr;
  if (list == nullptr) {
    return nullptr;
  }
  const auto found = std::ranges::find(
      *list, name, [](const json::value& entry) { return string_member(entry, "name"); });
  return found == list->end() ? nullptr : found->if_object();
}

/// Members that the public API shows on every settings document.
void fill_settings(json::object& settings) {
  settings.insert({{"email_notifications", json::object()},
                   {"webhook_notifications", json::object()},
                   {"timeout_seconds", 0}});
}

void fill_task(json::object& task) {
  task.insert(
      {{"email_notifications", json::object()}, {"run_if", "ALL_SUCCESS"}, {"timeout_seconds", 0}});
  auto* dependencies = task.if_contains("depends_on");
  if (dependencies != nullptr && dependencies->is_array()) {
    auto& list = dependencies->get_array();
    std::ranges::sort(
        list, {}, [](const json::value& edge) { return string_member(edge, "task_key"); });
  }
}

/// Writes the id of the job that a run-job task names by its key in the bundle; also inside a
/// for-each task.
void link_job(json::object& task, const std::vector<core::JobLink>& links) {
  if (auto* loop = task.if_contains("for_each_task"); loop != nullptr && loop->is_object()) {
    auto* inner = loop->get_object().if_contains("task");
    if (inner != nullptr && inner->is_object()) {
      link_job(inner->get_object(), links);
    }
  }
  auto* action = task.if_contains("run_job_task");
  auto* job = action != nullptr && action->is_object() ? action->get_object().if_contains("job_id")
                                                       : nullptr;
  if (job == nullptr || !job->is_string()) {
    return;
  }
  for (const core::JobLink& link : links) {
    if (std::string_view(job->get_string()) == "${resources.jobs." + link.resource_key + ".id}") {
      *job = link.job.value;
      return;
    }
  }
}

json::array tasks_of(json::object& settings) {
  auto* tasks = settings.if_contains("tasks");
  return tasks != nullptr && tasks->is_array() ? std::move(tasks->get_array()) : json::array();
}

/// The settings of task `index` of the job, or an empty object.
json::object job_task_settings(const json::object& settings, std::size_t index) {
  const auto* tasks = settings.if_contains("tasks");
  const auto* list = tasks != nullptr ? tasks->if_array() : nullptr;
  const auto* task = list != nullptr ? list->if_contains(index) : nullptr;
  return task != nullptr && task->is_object() ? task->get_object() : json::object();
}

/// The settings of a row: a task of the job, or what its for-each task has inside.
json::object task_settings(const core::RunRecord& run,
                           const json::object& settings,
                           core::TaskIndex row) {
  if (row < run.graph_size) {
    return job_task_settings(settings, row);
  }
  auto parent = job_task_settings(settings, block_of(run, row).parent);
  auto* loop = parent.if_contains("for_each_task");
  auto* inner =
      loop != nullptr && loop->is_object() ? loop->get_object().if_contains("task") : nullptr;
  return inner != nullptr && inner->is_object() ? std::move(inner->get_object()) : json::object();
}

/// What differs between attempts of one task.
struct AttemptFacts {
  AttemptId id;
  std::uint32_t number = 0;
  Timestamp started = kNoTime;
  Timestamp ended = kNoTime;
  const PublicState& state;
  std::string_view message;
};

AttemptFacts facts_of(const store::RunView& run, AttemptPlace place) {
  if (place.record != nullptr) {
    return {.id = place.record->id,
            .number = place.record->number,
            .started = place.record->outcome.started,
            .ended = place.record->outcome.ended,
            .state = public_state(place.record->state),
            .message = place.record->outcome.message};
  }
  const core::TaskRow& row = run.tasks[place.task];
  if (row.state == model::TaskState::kBlocked && is_terminal(run.record.state)) {
    // The run ended in the queue: its tasks never had their turn, and end as it did.
    return {.id = attempt_of(run, place.task),
            .ended = run.record.ended,
            .state = public_state(run.record.state),
            .message = run.record.message};
  }
  return {.id = attempt_of(run, place.task),
          .number = row.attempt_number,
          .started = row.started,
          .ended = row.ended,
          .state = public_state(row.state),
          .message = end_message(run, place.task)};
}

void add_times(json::object& object, Timestamp started, Timestamp ended) {
  object["start_time"] = to_epoch_ms(started);
  object["end_time"] = to_epoch_ms(ended);
  object["setup_duration"] = 0;
  object["cleanup_duration"] = 0;
}

/// Entries of a run's `tasks` start from the settings and add what happened.
json::object task_object(const store::RunView& run,
                         const RunSurroundings& around,
                         AttemptPlace place) {
  auto object = task_settings(run.record, around.settings, place.task);
  fill_task(object);
  link_job(object, run.record.links);
  add_iteration_statistics(object, run, place.task);
  const auto facts = facts_of(run, place);
  object["run_id"] = facts.id.value;
  object["attempt_number"] = facts.number;
  add_state(object, facts.state, facts.message);
  add_times(object, facts.started, facts.ended);
  object["execution_duration"] = milliseconds_between(facts.started, facts.ended);
  object["run_page_url"] =
      around.page_prefix + "#job/" + to_string(run.record.job) + "/run/" + to_string(facts.id);
  const auto outcome = run.tasks[place.task].outcome;
  if (auto* condition = object.if_contains("condition_task");
      condition != nullptr && condition->is_object() && outcome != 0) {
    condition->get_object()["outcome"] = outcome == 1 ? "true" : "false";
  }
  return object;
}

json::array parameters_of(const core::RunRecord& run, const json::object& settings) {
  json::array parameters;
  for (const auto& [name, value] : run.parameters) {
    json::object parameter{{"name", name}, {"value", value}};
    const auto* declared = find_named(settings, "parameters", name);
    if (declared != nullptr && declared->contains("default")) {
      parameter["default"] = declared->at("default");
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

/// Cuts `tasks` to a page; the next page's token, or "".
std::string cut_to_page(json::array& tasks, TaskPage page) {
  const std::size_t first = std::min(page.first, tasks.size());
  tasks.erase(tasks.begin(), tasks.begin() + static_cast<std::ptrdiff_t>(first));
  if (tasks.size() <= kTasksPerAnswer) {
    return "";
  }
  tasks.resize(kTasksPerAnswer);
  return std::to_string(first + kTasksPerAnswer);
}

json::object job_head(const core::JobRecord& job) {
  return {{"job_id", job.id.value},
          {"creator_user_name", job.creator},
          {"created_time", to_epoch_ms(job.created)}};
}

}  // namespace

AttemptId attempt_of(const store::RunView& run, core::TaskIndex task) {
  const AttemptId current = run.tasks[task].attempt;
  return current.is_valid() ? current : AttemptId{run.record.first_attempt.value + task};
}

AttemptId original_attempt(const store::RunView& run, core::TaskIndex task) {
  const auto found = run.details.find(task);
  return found == run.details.end() || found->second.attempts.empty()
             ? attempt_of(run, task)
             : found->second.attempts.front().id;
}

std::optional<AttemptPlace> find_attempt(const store::RunView& run, AttemptId attempt) {
  std::optional<AttemptPlace> place;
  for (core::TaskIndex task = 0; task < run.tasks.size(); ++task) {
    if (attempt_of(run, task) != attempt) {
      continue;
    }
    // Iterations of a stream share one: it is under way as long as any of them is.
    if (!is_terminal(run.tasks[task].state)) {
      return AttemptPlace{.task = task};
    }
    if (!place) {
      place = AttemptPlace{.task = task};
    }
  }
  if (place) {
    return place;
  }
  for (const auto& [task, details] : run.details) {
    for (const core::AttemptRecord& record : details.attempts) {
      if (record.id == attempt) {
        return AttemptPlace{.task = task, .record = &record};
      }
    }
  }
  return std::nullopt;
}

json::object public_run(const core::RunRecord& run, const RunSurroundings& around) {
  json::object object{
      {"job_id", run.job.value},
      {"run_id", run.id.value},
      {"number_in_job", run.id.value},
      {"original_attempt_run_id", run.id.value},
      {"run_name", run.name},
      {"run_type", run.type == core::RunType::kSubmitted ? "SUBMIT_RUN" : "JOB_RUN"},
      {"format", "MULTI_TASK"},
      {"creator_user_name", around.creator},
      {"run_as_user_name", around.run_as},
      {"trigger", model::to_string(run.trigger.kind)},
      {"run_page_url",
       around.page_prefix + "#job/" + to_string(run.job) + "/run/" + to_string(run.id)}};
  add_state(object, public_state(run.state), run.message);
  // Until it starts, a queued run counts from its submission.
  add_times(object, run.started == kNoTime ? run.submitted : run.started, run.ended);
  object["execution_duration"] = 0;
  object["run_duration"] = milliseconds_between(run.started, run.ended);
  object["queue_duration"] = milliseconds_between(run.submitted, run.started);
  if (run.trigger.parent.run.is_valid()) {
    object["trigger_info"] = {{"run_id", run.trigger.parent.run.value}};
  }
  if (!run.repairs.empty()) {
    object["repair_history"] = repair_history(run);
  }
  if (!run.parameters.empty()) {
    object["job_parameters"] = parameters_of(run, around.settings);
  }
  return object;
}

json::object public_run(const store::RunView& run, const RunSurroundings& around, TaskPage page) {
  auto object = public_run(run.record, around);
  json::array tasks;
  const std::size_t all = run.record.graph_size;
  const std::size_t first = std::min(page.first, all);
  const std::size_t end = std::min(first + kTasksPerAnswer, all);
  for (std::size_t task = first; task < end; ++task) {
    tasks.push_back(
        task_object(run, around, AttemptPlace{.task = static_cast<core::TaskIndex>(task)}));
  }
  object["tasks"] = std::move(tasks);
  if (end < all) {
    object["next_page_token"] = std::to_string(end);
  }
  return object;
}

void add_iterations(json::object& object,
                    const store::RunView& run,
                    const RunSurroundings& around,
                    core::TaskIndex parent,
                    TaskPage page) {
  const core::IterationBlock* block = find_block(run.record, parent);
  if (block == nullptr) {
    return;
  }
  json::array iterations;
  const std::size_t first = std::min<std::size_t>(page.first, block->count);
  const std::size_t end = std::min<std::size_t>(first + kTasksPerAnswer, block->count);
  for (std::size_t i = first; i < end; ++i) {
    iterations.push_back(task_object(
        run, around, AttemptPlace{.task = block->first + static_cast<core::TaskIndex>(i)}));
  }
  object["iterations"] = std::move(iterations);
  if (end < block->count) {
    object["next_page_token"] = std::to_string(end);
  }
}

json::object public_task_run(const store::RunView& run,
                             const RunSurroundings& around,
                             AttemptPlace place,
                             TaskPage page) {
  auto object = public_run(run.record, around);
  const auto facts = facts_of(run, place);
  object["run_id"] = facts.id.value;
  object["number_in_job"] = facts.id.value;
  object["job_run_id"] = run.record.id.value;
  object["attempt_number"] = facts.number;
  object["original_attempt_run_id"] = original_attempt(run, place.task).value;
  add_state(object, facts.state, facts.message);
  add_times(object, facts.started, facts.ended);
  object["execution_duration"] = milliseconds_between(facts.started, facts.ended);
  auto task = task_object(run, around, place);
  object["run_page_url"] = task["run_page_url"];
  if (const auto* key = task.if_contains("task_key")) {
    object["run_name"] = *key;
    object["task_key"] = *key;
  }
  object["tasks"] = json::array{std::move(task)};
  add_iterations(object, run, around, place.task, page);
  return object;
}

json::object public_job(const core::JobRecord& job,
                        json::object settings,
                        std::string_view run_as,
                        TaskPage page) {
  auto tasks = tasks_of(settings);
  const auto next = cut_to_page(tasks, page);
  for (auto& task : tasks) {
    if (task.is_object()) {
      fill_task(task.get_object());
      link_job(task.get_object(), job.links);
    }
  }
  fill_settings(settings);
  settings["tasks"] = std::move(tasks);
  auto object = job_head(job);
  object["run_as_user_name"] = run_as;
  object["settings"] = std::move(settings);
  if (!next.empty()) {
    object["next_page_token"] = next;
  }
  return object;
}

json::object public_listed_job(const core::JobRecord& job, json::object settings, Expand expand) {
  auto tasks = tasks_of(settings);
  auto object = job_head(job);
  if (expand == Expand::kTasks) {
    object["has_more"] = !cut_to_page(tasks, {}).empty();
    for (auto& task : tasks) {
      if (task.is_object()) {
        fill_task(task.get_object());
        link_job(task.get_object(), job.links);
      }
    }
    settings["tasks"] = std::move(tasks);
  } else {
    settings.erase("tasks");
    settings.erase("environments");
    settings.erase("job_clusters");
  }
  fill_settings(settings);
  object["settings"] = std::move(settings);
  return object;
}

}  // namespace sheaf::http
