// What happens in a story, line by line, for whoever looks for the cause of a violation.
#pragma once

#include <cstdio>
#include <string>

#include "common/base/time.h"

namespace sheaf::sim {

/// Whether stories are traced; set once, by main().
inline bool is_tracing = false;

inline void trace(Milliseconds now, const std::string& who, const std::string& what) {
  if (is_tracing) {
    std::printf(
        "%12.3f  %-10s %s\n", static_cast<double>(now.count()) / 1'000, who.c_str(), what.c_str());
  }
}

}  // namespace sheaf::sim
