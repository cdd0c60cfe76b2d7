// Brings a job of the configuration to the types of the field table, as leniently as real bundles
// need it.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Drops unknown fields and values of the wrong type with a warning, and converts what can be read
/// as the wanted type: numbers and booleans to text, text to numbers and booleans. Nulls are
/// dropped silently, but in executed lists of texts they are errors, as is all else that is no text
/// there. `path` is where the job stands.
void shape_job(Value& job, const std::string& path, Findings& findings);

}  // namespace sheaf::bundles
