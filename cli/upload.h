// The files of a deployment on their way to the scheduler: only contents that it does not have
// travel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "bundles/files.h"
#include "cli/scheduler.h"
#include "common/base/result.h"

namespace sheaf::cli {

struct Uploaded {
  std::size_t files = 0;    ///< Contents sent, the manifest not counted.
  std::uint64_t bytes = 0;  ///< Of these.
};

/// Makes sure that the scheduler holds the manifest of `tree` and every content that it names.
/// Fails with kConflict, naming the file, when one changed since it was hashed. REQUIRES: `tree`
/// was made of `root`.
[[nodiscard]] Result<Uploaded> upload_tree(Scheduler& scheduler,
                                           const std::filesystem::path& root,
                                           const bundles::HashedTree& tree);

}  // namespace sheaf::cli
