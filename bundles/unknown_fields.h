// Fields that nobody reads: the commonest mistakes of spelling.
#pragma once

#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Warns of the field at `path`, with the nearest of `known`.
void warn_unknown_field(const Member& field,
                        const std::vector<std::string>& known,
                        const std::string& path,
                        Findings& findings);

/// Warns of each field of the map at `path` that is not `known`.
void warn_unknown_fields(const Value& map,
                         const std::vector<std::string>& known,
                         const std::string& path,
                         Findings& findings);

}  // namespace sheaf::bundles
