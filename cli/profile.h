// `~/.databrickscfg`: profiles of hosts, which other tools share with us. Only the host is read,
// and it is never connected to: it is held against the enrolled endpoints (cli/endpoint_choice.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::cli {

/// The host of profile `name` in the INI text of such a file; nothing when the profile has none.
/// Fails with kNotFound when there is no such profile.
[[nodiscard]] Result<std::optional<std::string>> host_of_profile(std::string_view text,
                                                                 std::string_view name);

}  // namespace sheaf::cli
