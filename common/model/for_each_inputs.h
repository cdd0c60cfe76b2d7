// The inputs of a for-each task: a JSON array as text, cut into its elements without changing how
// they are written (0.10 stays 0.10). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::model {

/// The elements of a JSON array, each as the JSON text that stands there.
///
/// Fails with kInvalid for what is no JSON array, and with kExhausted for more than kMaxIterations.
[[nodiscard]] Result<std::vector<std::string>> parse_inputs(std::string_view text);

/// The element that one line of an inputs file holds, as parse_inputs() gives it. Fails with
/// kInvalid.
[[nodiscard]] Result<std::string> parse_input_line(std::string_view line);

/// What `{{input}}` (empty `key`) or `{{input.<key>}}` reads as, for an element as parse_inputs()
/// gave it: strings lose their quotes, all else stays JSON. Fails with kInvalid when the element is
/// no map or has no such key. Requires: `element` is valid JSON.
[[nodiscard]] Result<std::string> render_input(std::string_view element, std::string_view key);

}  // namespace sheaf::model
