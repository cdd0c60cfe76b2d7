// Explanations as the JSON of docs/api.md.
#pragma once

#include <boost/json/object.hpp>

#include "scheduler/core/explanation.h"

namespace sheaf::http {

/// `{run_id?, task_key?, state?, reasons: […]}`. Members that say nothing are left out.
[[nodiscard]] boost::json::object explanation_view(const core::Explanation& explanation);

}  // namespace sheaf::http
