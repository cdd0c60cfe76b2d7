// What `include_resolved_values` adds to the views of runs.
#pragma once

#include <boost/json/object.hpp>

#include "common/base/result.h"
#include "scheduler/core/facts.h"
#include "scheduler/http/views_public.h"

namespace sheaf::http {

/// Adds `resolved_values` to the entries of `view` (its `tasks` and `iterations`) that have begun
/// and whose texts resolve. `place`: the task that the view is of; nullptr: the whole run, from
/// `page` on. O(rows of the run).
[[nodiscard]] Result<void> add_resolved_values(boost::json::object& view,
                                               const store::Reader& reader,
                                               const store::RunView& run,
                                               core::SettingsPointer settings,
                                               const AttemptPlace* place,
                                               TaskPage page);

}  // namespace sheaf::http
