// Why a `${…}` reference leads nowhere, in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bundles/value.h"

namespace sheaf::bundles {

[[nodiscard]] bool is_variable(std::string_view reference);

/// "x" of "var.x[0].y". Requires: is_variable().
[[nodiscard]] std::string variable_name(std::string_view reference);

struct UnknownReference {
  std::string summary;
  std::string cure;
};

/// About a reference that went only as far as `found`. Nothing when it has been said already: a
/// variable without a value is reported where it is declared.
[[nodiscard]] std::optional<UnknownReference> explain_unknown(const Value& configuration,
                                                              const std::string& reference,
                                                              const Found& found);

}  // namespace sheaf::bundles
