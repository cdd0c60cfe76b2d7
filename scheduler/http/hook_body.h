// What a hook's body means for its job: does it match, which delivery is it, which parameters does
// it set. Pure. Threads: any.
#pragma once

#include <string>

#include <boost/json/fwd.hpp>

#include "common/base/result.h"
#include "common/model/job_settings.h"
#include "scheduler/http/message.h"

namespace sheaf::http {

struct HookDelivery {
  bool matches = false;
  /// Deduplication key; empty: nothing names the delivery.
  std::string delivery;
  model::NamedStrings parameters;
};

/// Reads a verified body. Fails with kInvalid when a mapped field or the deduplication field is
/// missing in a body that matches.
[[nodiscard]] Result<HookDelivery> read_hook_body(const model::HookSettings& hook,
                                                  const Headers& headers,
                                                  const boost::json::value& body);

}  // namespace sheaf::http
