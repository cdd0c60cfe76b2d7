#include "scheduler/core/task_kinds.h"

#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <variant>

#include "common/base/planted.h"
#include "common/model/environment_fingerprint.h"

namespace sheaf::core {
namespace {

const model::TaskSettings& what_runs(const model::TaskSettings& task) {
  const auto* loop = std::get_if<model::ForEachTask>(&task.action);
  return loop == nullptr ? task : loop->task.front();
}

/// What of a task's settings its kind follows from, borrowed; the action, since some bring
/// packages.
auto identity_of(const model::TaskSettings& task) {
  return std::tuple<std::size_t,
                    const model::ResourceRequest&,
                    const std::string&,
                    const std::string&,
                    const std::vector<std::string>&>(
      task.action.index(), task.resources, task.pool, task.environment_key, task.libraries);
}

TaskKind make_kind(const model::JobSettings& job, const model::TaskSettings& task) {
  TaskKind kind{.shape = {.priority = planted::has("core.priority_ignored") ? 0 : job.priority,
                          .resources = task.resources,
                          .pool = task.pool},
                .environment = model::environment_of(job, task)};
  kind.shape.environment = model::environment_fingerprint(*kind.environment);
  return kind;
}

}  // namespace

TaskKinds::TaskKinds(const model::JobSettings& settings) {
  using Identity = decltype(identity_of(settings.tasks.front()));
  std::map<Identity, std::uint32_t> known;
  kind_of_task_.reserve(settings.tasks.size());
  for (const model::TaskSettings& outer : settings.tasks) {
    const model::TaskSettings& task = what_runs(outer);
    const auto [place, is_new] =
        known.try_emplace(identity_of(task), static_cast<std::uint32_t>(kinds_.size()));
    if (is_new) {
      kinds_.push_back(make_kind(settings, task));
    }
    kind_of_task_.push_back(place->second);
  }
}

}  // namespace sheaf::core
