// The head of an answer in the words of HTTP/1.1. Threads: any.
#pragma once

#include <string>

#include "scheduler/http/message.h"

namespace sheaf::http {

/// Status line and fields with the empty line behind them; dated now.
[[nodiscard]] std::string format_head(const Response& response, bool keeps_alive);

}  // namespace sheaf::http
