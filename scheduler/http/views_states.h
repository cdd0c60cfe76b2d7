// States in the two shapes of the public Jobs API: `state` (life cycle and result) and `status`
// (2.1 and later). Both are made of one table, so that they cannot disagree. Pure.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "common/model/states.h"

namespace sheaf::http {

/// How a state reads in the public API; empty fields are left out of the answer.
struct PublicState {
  std::string_view life_cycle_state;
  std::string_view result_state;
  std::string_view status;            ///< `status.state`.
  std::string_view termination_code;  ///< `status.termination_details.code`.
  std::string_view termination_type;
  bool user_cancelled_or_timedout = false;
  std::string_view default_message;  ///< Where the record has none.
};

[[nodiscard]] const PublicState& public_state(model::RunState state);
[[nodiscard]] const PublicState& public_state(model::TaskState state);

/// Adds `state` and `status` to a run or task. `message` is the record's.
void add_state(boost::json::object& object, const PublicState& state, std::string_view message);

}  // namespace sheaf::http
