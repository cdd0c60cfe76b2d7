#include "scheduler/core/ready_queue.h"

#include <algorithm>
#include <tuple>

namespace sheaf::core {
namespace {

/// Below this many stale entries nothing is cleared.
constexpr std::size_t kToleratedStale = 64;

}  // namespace

bool ShapeOrder::operator()(const ReadyShape& a, const ReadyShape& b) const {
  const auto key = [](const ReadyShape& shape) {
    return std::tie(shape.resources, shape.environment, shape.pool);
  };
  return a.priority != b.priority ? a.priority > b.priority : key(a) < key(b);
}

void ReadyQueue::push(const ReadyShape& shape, TaskRef task) {
  Group& group = groups_[shape];
  if (group.entries.empty()) {
    group.head_since = placements_;
  }
  group.entries.push_back({.age = next_age_++, .task = task});
  ++size_;
}

void ReadyQueue::take(const ReadyShape& shape, TaskRef task) {
  ++placements_;
  const auto group = groups_.find(shape);
  if (group == groups_.end()) {
    return;
  }
  auto& entries = group->second.entries;
  const auto found = std::ranges::find(entries, task, &Entry::task);
  if (found == entries.end()) {
    return;
  }
  if (found == entries.begin()) {
    group->second.head_since = placements_;
  }
  entries.erase(found);
  --size_;
  drop_empty(group);
}

void ReadyQueue::note_stale(const IsReady& is_ready) {
  if (++stale_ <= kToleratedStale || stale_ <= size_ / 2) {
    return;
  }
  keep_only(is_ready);
  stale_ = 0;
}

void ReadyQueue::forget(RunId run) {
  keep_only([run](const TaskRef& what) { return what.run != run; });
}

void ReadyQueue::keep_only(const IsReady& stays) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    const auto current = group++;
    auto& entries = current->second.entries;
    const std::uint64_t head = entries.front().age;
    size_ -= std::erase_if(entries, [&stays](const Entry& entry) { return !stays(entry.task); });
    if (!entries.empty() && entries.front().age != head) {
      current->second.head_since = placements_;
    }
    drop_empty(current);
  }
}

void ReadyQueue::drop_stale_heads(const IsReady& is_ready) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    const auto current = group++;
    auto& entries = current->second.entries;
    while (!entries.empty() && !is_ready(entries.front().task)) {
      entries.pop_front();
      current->second.head_since = placements_;
      --size_;
      stale_ -= std::min<std::size_t>(stale_, 1);
    }
    drop_empty(current);
  }
}

void ReadyQueue::drop_empty(Groups::iterator group) {
  if (group->second.entries.empty()) {
    groups_.erase(group);
  }
}

}  // namespace sheaf::core
