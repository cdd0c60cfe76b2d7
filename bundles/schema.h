// The JSON Schema of a bundle's files, for editors: made from the field table of jobs and a table
// of the sections around them.
#pragma once

#include <string>

namespace sheaf::bundles {

/// Draft 2020-12, indented, with a description on every field. It takes what `sheaf validate` takes
/// without a word and somewhat more: references of any kind, keys that only hold anchors.
[[nodiscard]] std::string bundle_schema();

}  // namespace sheaf::bundles
