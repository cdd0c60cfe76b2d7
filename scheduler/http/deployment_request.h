// The body of a deployment: read, compiled and checked as far as that goes without the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "common/base/result.h"
#include "scheduler/core/command.h"

namespace sheaf::http {

/// Fails with kInvalid or kUnsupported and a message that begins with the place, such as
/// "jobs.wine.tasks[2].task_key: …". Reads zone files of this machine for schedules.
[[nodiscard]] Result<core::Deploy> read_deployment(std::string_view body,
                                                   std::string_view principal);

/// The version of a deployment at `key`, if there is one.
[[nodiscard]] Result<std::optional<std::uint64_t>> read_version(const boost::json::object& body,
                                                                std::string_view key);

/// The same deployment once more, as `version` has it: with the settings documents that
/// `settings_of` gives for a digest. Fails where one of them cannot be read.
[[nodiscard]] Result<core::Deploy> deploy_again(
    const core::DeploymentRecord& version,
    const std::function<Result<std::string>(const std::string& digest)>& settings_of);

}  // namespace sheaf::http
