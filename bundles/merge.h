// How files and targets come together: maps recursively, lists one behind the other, of scalars the
// later one, null never.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Merges `overlay` into `base`; values of different kinds stay as they are and are an error that
/// names both places. `path` is where both stand.
void merge(Value& base, Value overlay, const std::string& path, Findings& findings);

/// Joins elements of the list that have the same text at `key`: an override with what it overrides.
/// Two of one origin are an error.
void merge_by_key(Value& list, const std::string& key, const std::string& path, Findings& findings);

/// Sorts a list by the text at `key`; elements without it come last, in their order.
void sort_by_key(Value& list, const std::string& key);

/// Marks the value and all below it as merged in from a target.
void mark_as_override(Value& value);

}  // namespace sheaf::bundles
