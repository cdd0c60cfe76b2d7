// "Did you mean …?": the nearest of some known names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sheaf::model {

/// The candidate with the smallest edit distance to `name`, or "" when none is near (more than a
/// third of the characters differ). O(candidates × length²).
[[nodiscard]] std::string nearest_name(std::string_view name,
                                       std::span<const std::string> candidates);

/// `; did you mean "x"?`, or "" when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       std::span<const std::string> candidates);

}  // namespace sheaf::model
