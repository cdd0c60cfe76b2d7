// What nobody marked is not stored: it must stand as it did.
#include <algorithm>

#include "common/base/check.h"
#include "tests/support/core_world.h"

namespace sheaf::tests {

void CoreWorld::check_marks(const core::LiveRun& live) const {
  const auto before = runs_.find(live.record.id);
  if (before == runs_.end()) {
    SHEAF_CHECK(
        live.is_dirty && std::ranges::find(live.dirty_pages, false) == live.dirty_pages.end(),
        "a new run is not marked");
    return;
  }
  SHEAF_CHECK(live.is_dirty || before->second.record == live.record, "a run is not marked");
  const core::StoredRun fresh = core::to_stored(live);
  const auto is_marked = [&live](core::TaskIndex task) {
    return live.is_dirty && live.dirty_pages.at(task / core::kTasksPerPage);
  };
  for (core::TaskIndex task = 0; task < fresh.rows.size(); ++task) {
    SHEAF_CHECK(is_marked(task) || before->second.rows.at(task) == fresh.rows[task],
                "a changed row is not marked");
  }
  for (const auto& [task, details] : fresh.details) {
    const auto old = before->second.details.find(task);
    SHEAF_CHECK(is_marked(task) || (old != before->second.details.end() && old->second == details),
                "changed details are not marked");
  }
}

}  // namespace sheaf::tests
