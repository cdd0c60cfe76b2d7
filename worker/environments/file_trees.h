// A deployment's files on this machine: blobs by digest, and one read-only tree a manifest, built
// once. A tree that has its name is whole and survives a power loss; a blob may be damaged by one,
// so its digest is checked each time that a tree is built from it. Threads: any; equal trees are
// built by one thread while others wait.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "common/model/manifest.h"
#include "worker/environments/keyed_locks.h"

namespace sheaf::environments {

class FileTrees {
 public:
  struct Source {
    const std::string& http_base_url;
    const std::string& token;
    const std::atomic<bool>& is_cancelled;
  };

  /// `folder` holds blobs and trees.
  [[nodiscard]] static Result<void> prepare_folder(const std::filesystem::path& folder);
  explicit FileTrees(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The folder with the files of a manifest. Fetches what is missing, checks every digest; a tree
  /// that is there is used without a question to the scheduler.
  [[nodiscard]] Result<std::filesystem::path> get(const std::string& manifest_digest,
                                                  const Source& source);

 private:
  [[nodiscard]] Result<std::filesystem::path> fetch(const std::string& digest,
                                                    const Source& source) const;
  [[nodiscard]] Result<void> copy_files(const model::Manifest& manifest,
                                        const std::filesystem::path& tree,
                                        const Source& source) const;
  [[nodiscard]] Result<void> build(const std::filesystem::path& tree, const Source& source) const;

  std::filesystem::path folder_;
  KeyedLocks building_;
};

}  // namespace sheaf::environments
