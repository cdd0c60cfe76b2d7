// The table of references: what may stand between `{{` and `}}` once it is cut at its dots.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/references.h"

namespace sheaf::model {

/// The reference that these segments name, without its place in the text; nothing for what is no
/// reference. Fails as parse_references() does.
[[nodiscard]] Result<std::optional<Reference>> recognise_reference(
    std::span<const std::string> segments);

}  // namespace sheaf::model
