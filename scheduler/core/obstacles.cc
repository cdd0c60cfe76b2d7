// Why a ready task cannot be placed, in words for people.
#include <algorithm>
#include <utility>

#include "scheduler/core/decide.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

std::string cores_text(std::int64_t millis) {
  const std::int64_t thousandths = millis % 1'000;
  std::string text = std::to_string(millis / 1'000);
  if (thousandths != 0) {
    const std::string digits = std::to_string(1'000 + thousandths).substr(1);
    text += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text;
}

std::string memory_text(std::int64_t bytes) {
  constexpr std::int64_t kMegabyte = 1 << 20;
  return bytes % kMegabyte == 0 && bytes > 0 ? std::to_string(bytes / kMegabyte) + " MiB"
                                             : std::to_string(bytes) + " bytes";
}

std::string request_text(const model::ResourceRequest& request) {
  std::vector<std::string> parts;
  if (request.cpu_millis > 0) {
    parts.push_back(cores_text(request.cpu_millis) + " cpu");
  }
  if (request.memory_bytes > 0) {
    parts.push_back(memory_text(request.memory_bytes) + " of memory");
  }
  if (request.gpus > 0) {
    parts.push_back(std::to_string(request.gpus) + " gpu");
  }
  for (const std::string& label : request.labels) {
    parts.push_back("the label " + label);
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

/// What the workers have at most of each thing that is asked for, each for itself.
std::string most_text(const State& state, const model::ResourceRequest& request) {
  model::WorkerResources most;
  std::size_t gpus = 0;
  for (const auto& [id, worker] : state.workers) {
    const model::WorkerResources& has = worker.record.resources;
    most.cpu_millis = std::max(most.cpu_millis, has.cpu_millis);
    most.memory_bytes = std::max(most.memory_bytes, has.memory_bytes);
    gpus = std::max(gpus, has.gpus.size());
  }
  std::string text;
  if (request.cpu_millis > most.cpu_millis) {
    text += "; the most cpu of one worker is " + cores_text(most.cpu_millis);
  }
  if (request.memory_bytes > most.memory_bytes) {
    text += "; the most memory of one worker is " + memory_text(most.memory_bytes);
  }
  if (std::cmp_greater(request.gpus, gpus)) {
    text += "; the most gpus of one worker are " + std::to_string(gpus);
  }
  for (const std::string& label : request.labels) {
    const bool is_known = std::ranges::any_of(state.workers, [&label](const auto& entry) {
      return std::ranges::binary_search(entry.second.record.labels, label);
    });
    text += is_known ? "" : "; no worker has the label " + label;
  }
  return text;
}

}  // namespace

std::optional<std::string> unmeetable(const State& state, const model::ResourceRequest& request) {
  if (state.workers.empty()) {
    return "no worker has ever registered";
  }
  const bool is_meetable = std::ranges::any_of(state.workers, [&request](const auto& entry) {
    return placement::could_hold(capacity_of(entry.second), request);
  });
  if (is_meetable) {
    return std::nullopt;
  }
  const std::string wanted = request_text(request);
  return wanted.empty() ? "no worker has any slots"
                        : "no registered worker has " + wanted + most_text(state, request);
}

std::optional<std::string> pool_obstacle(const State& state, const std::string& pool) {
  const auto room = find_pool_room(state, pool);
  if (!room || *room > 0) {
    return std::nullopt;
  }
  const std::uint32_t limit = state.pools.at(pool).limit;
  if (limit == 0) {
    return "pool \"" + pool + "\" is paused: its limit is 0";
  }
  return "pool \"" + pool + "\" is full: " + std::to_string(state.pool_usage.at(pool)) + " of " +
         std::to_string(limit) + " attempts are under way";
}

std::string pool_fact(const State& state, const std::string& pool) {
  if (auto obstacle = pool_obstacle(state, pool)) {
    return *std::move(obstacle);
  }
  const auto room = find_pool_room(state, pool);
  return room ? "pool \"" + pool + "\" has room for " + std::to_string(*room) +
                    " more attempts of " + std::to_string(state.pools.at(pool).limit)
              : "pool \"" + pool + "\" limits nothing: nobody has set it";
}

void warn_if_unmeetable(Draft& draft, const LiveRun& run, TaskIndex task) {
  const model::ResourceRequest& request = run.task_settings(task).resources;
  if (request == model::ResourceRequest{} || draft.state.workers.empty()) {
    return;
  }
  if (const auto reason = unmeetable(draft.state, request)) {
    draft.record(
        TaskWarned{.run = run.record.id,
                   .task = task,
                   .warning = "It could not be placed when it became ready: " + *reason + "."});
  }
}

}  // namespace sheaf::core
