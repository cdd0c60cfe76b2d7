// Bodies of the requests that start, repair and end runs, read into commands. Fail with kInvalid
// and the member's name, or kUnsupported for what would change a run and is not there. Pure.
#pragma once

#include <boost/json/object.hpp>

#include "common/base/result.h"
#include "scheduler/core/command.h"
#include "scheduler/http/message.h"
#include "scheduler/http/router.h"

namespace sheaf::http {

[[nodiscard]] Result<core::SubmitRun> read_run_now(const boost::json::object& body,
                                                   const Identity& identity);
[[nodiscard]] Result<core::SubmitOnce> read_submit(const boost::json::object& body,
                                                   const Identity& identity);
[[nodiscard]] Result<core::RepairRun> read_repair(const boost::json::object& body);
[[nodiscard]] Result<core::CancelAllRuns> read_cancel_all(const boost::json::object& body);

}  // namespace sheaf::http
