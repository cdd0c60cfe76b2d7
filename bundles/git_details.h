// `${bundle.git.*}`: where the bundle's work tree stands.
#pragma once

#include <filesystem>

#include "bundles/value.h"

namespace sheaf::bundles {

/// Sets bundle.git.branch, .commit and .origin_url where they are not set and some text of the
/// configuration refers to `bundle.git`. What git does not know stays unset.
void fill_git_details(Value& configuration, const std::filesystem::path& root);

}  // namespace sheaf::bundles
