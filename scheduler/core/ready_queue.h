// Tasks that wait for a slot, in groups of those that are placed alike, so that a million of them
// in one group cost placement no more than the slots that are free. Derived from the rows, never
// stored. Threads: owned by the core thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "scheduler/core/records.h"

namespace sheaf::core {

/// What decides where a task is placed, and when.
struct ReadyShape {
  int priority = 0;  ///< Of its job; greater ones come first.
  model::ResourceRequest resources;
  std::string pool;               ///< Empty: none.
  std::uint64_t environment = 0;  ///< model::environment_fingerprint; 0: none.
};

/// Falling priority; then any order that is total.
struct ShapeOrder {
  [[nodiscard]] bool operator()(const ReadyShape& a, const ReadyShape& b) const;
};

class ReadyQueue {
 public:
  struct Entry {
    std::uint64_t age = 0;  ///< Smaller: ready for longer. Unique.
    TaskRef task;
  };
  struct Group {
    std::deque<Entry> entries;  ///< Oldest first; may hold tasks that are no longer ready.
    /// Placements of any task when the first entry became the first.
    std::uint64_t head_since = 0;
  };
  using Groups = std::map<ReadyShape, Group, ShapeOrder>;
  using IsReady = std::function<bool(const TaskRef&)>;

  void push(const ReadyShape& shape, TaskRef task);
  /// The task was placed. O(1) for the oldest of its group.
  void take(const ReadyShape& shape, TaskRef task);
  /// A task left by another way than take(). Now and then all such entries are dropped, so that
  /// they are never the greater part for long: O(1) on average.
  void note_stale(const IsReady& is_ready);
  /// Drops what may be left of the run: a repair of it begins with other rows and shapes. O(queue).
  void forget(RunId run);
  /// Drops entries at the front of each group that are no longer ready. O(groups + dropped).
  void drop_stale_heads(const IsReady& is_ready);

  [[nodiscard]] const Groups& groups() const { return groups_; }
  /// Placements since the group's oldest entry became its oldest.
  [[nodiscard]] std::uint64_t waited(const Group& group) const {
    return placements_ - group.head_since;
  }

 private:
  void keep_only(const IsReady& stays);
  void drop_empty(Groups::iterator group);

  Groups groups_;
  std::uint64_t next_age_ = 0;
  std::uint64_t placements_ = 0;
  std::size_t size_ = 0;
  std::size_t stale_ = 0;
};

}  // namespace sheaf::core
