// The files that deployments of a story bring, for `inputs_file`. What a file holds follows from
// the digest of its manifest and its path, so that nobody has to remember it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/job_settings.h"

namespace sheaf::sim::deployed_files {

inline constexpr std::array<const char*, 3> kManifests{"m1", "m2", "m3"};
/// Texts, one a line; nothing; a line that is no JSON; no file at all.
inline constexpr std::array<const char*, 4> kPaths{
    "lines.jsonl", "empty.jsonl", "broken.jsonl", "gone.jsonl"};
/// Maps with a field `f`.
inline constexpr const char* kMaps = "maps.jsonl";

/// As the scheduler reads it; kNotFound: the deployment has no such file.
[[nodiscard]] Result<std::string> read(const std::string& manifest, const std::string& path);

/// The JSON values that it holds; nullopt: it is not there, or a line of it is none.
[[nodiscard]] std::optional<std::vector<std::string>> elements(const std::string& manifest,
                                                               const std::string& path);

/// What the iterations of a for-each task are made of, as one text: equal for equal inputs.
[[nodiscard]] std::string source_of(const model::ForEachTask& loop, const std::string& manifest);

}  // namespace sheaf::sim::deployed_files
