// The daemons' log: one line an entry on stderr, where the service manager or `sheaf up` collects
// it. Threads: any, after start_log().
#pragma once

#include <string_view>

namespace sheaf::telemetry {

enum class Level { kDebug, kInfo, kWarning, kError };

/// Sets the program's name and the lowest level that is written. Call once, first thing in main().
void start_log(std::string_view program, Level lowest);

/// Writes one line. Control characters of `message` are escaped, so that foreign text cannot forge
/// lines.
void log(Level level, std::string_view message);

}  // namespace sheaf::telemetry
