// Assertions that stay on in release builds: a broken invariant ends the process, and the start
// path (the only recovery path) takes over.
#pragma once

#include <string_view>

namespace sheaf {

/// Prints the place, the condition and `message` to stderr, then aborts.
[[noreturn]] void check_failed(const char* file,
                               int line,
                               std::string_view condition,
                               std::string_view message) noexcept;

}  // namespace sheaf

#define SHEAF_CHECK(condition, message)                                 \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::sheaf::check_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
