// One YAML (or JSON) file as a Value: the only folder and file that knows yaml-cpp. Anchors are
// expanded and `<<` is merged here; what is hostile (cycles, bombs, depth) or ambiguous (duplicate
// keys, foreign tags, a second document) is an error with its place.
#pragma once

#include <optional>
#include <string_view>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Reads `text`, which is the content of file `file`. Nothing when it could not be read to its end;
/// then findings hold the reason, such as that it is not UTF-8. An empty file is an empty map.
/// Columns count characters, not bytes.
[[nodiscard]] std::optional<Value> read_yaml(std::string_view text, int file, Findings& findings);

}  // namespace sheaf::bundles
