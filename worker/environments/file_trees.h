// A deployment's files on this machine: blobs by digest, and one read-only tree a manifest, built
// once and shared by all its attempts. A tree that has its name is whole and survives a power loss;
// what a task changed in it all the same (root may) is restored before the next attempt. Threads:
// any; equal trees are built by one thread while others wait.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

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

  struct Tree {
    std::filesystem::path path;
    /// Files that somebody had changed or removed; they are what the manifest says again. What was
    /// added stays: a running task may use it.
    std::vector<std::string> restored;
  };

  /// The folder with the files of a manifest. Fetches what is missing, checks every digest; a tree
  /// that nobody touched is used without a question to the scheduler.
  [[nodiscard]] Result<Tree> get(const std::string& manifest_digest, const Source& source);

 private:
  [[nodiscard]] Result<std::filesystem::path> fetch(const std::string& digest,
                                                    const Source& source) const;
  [[nodiscard]] Result<model::Manifest> fetch_manifest(const std::string& digest,
                                                       const Source& source) const;
  [[nodiscard]] Result<void> write_file(const model::ManifestFile& file,
                                        const std::filesystem::path& target,
                                        const Source& source) const;
  /// Makes each file of the manifest what it says; returns those that were not.
  [[nodiscard]] Result<std::vector<std::string>> write_files(const model::Manifest& manifest,
                                                             const std::filesystem::path& tree,
                                                             const Source& source) const;
  [[nodiscard]] Result<void> build(const std::filesystem::path& tree, const Source& source) const;
  [[nodiscard]] Result<std::vector<std::string>> restore(const std::filesystem::path& tree,
                                                         const Source& source) const;
  /// Keeps how the tree looks now as the look of a whole one.
  [[nodiscard]] Result<void> seal(const std::filesystem::path& tree) const;

  std::filesystem::path folder_;
  KeyedLocks building_;
};

}  // namespace sheaf::environments
