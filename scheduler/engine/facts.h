// Resolves what a decision needs from the store, overlaid with what the running batch wrote.
// Core thread only.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "scheduler/core/core.h"
#include "scheduler/engine/pending.h"
#include "scheduler/store/store.h"

namespace sheaf::engine {

/// Compiled settings by digest, so that a job that runs every minute is parsed once. Holds at most
/// kMaxEntries; the least recently used go first.
class SettingsCache {
 public:
  static constexpr std::size_t kMaxEntries = 1'024;

  [[nodiscard]] core::SettingsPointer find(const std::string& digest);
  void put(const std::string& digest, core::SettingsPointer settings);

 private:
  struct Entry {
    core::SettingsPointer settings;
    std::list<std::string>::iterator use;
  };
  std::map<std::string, Entry> entries_;
  std::list<std::string> uses_;  ///< Most recent first.
};

/// A file of a deployment, by the digest of its manifest and its path there. Fails with the reason
/// that its reader needs to know.
using ReadFile =
    std::function<Result<std::string>(const std::string& manifest_digest, const std::string& path)>;

class FactSource {
 public:
  /// `store` and `pending` must outlive the source. `files` may be empty: then no file is there.
  FactSource(const store::Store& store, const Pending& pending, ReadFile files)
      : store_(store), pending_(pending), files_(std::move(files)) {}

  /// The facts of `reads` as they stand after the commands of this batch decided so far. Fails only
  /// when the store does.
  [[nodiscard]] Result<core::Facts> resolve(const core::ReadSet& reads);

  /// Forgets the snapshot: the next resolve() sees the last commit.
  void refresh() { reader_.reset(); }

  /// Compiled settings of a stored or pending document.
  [[nodiscard]] Result<core::SettingsPointer> settings(const std::string& digest);

 private:
  [[nodiscard]] const store::Reader& reader();
  [[nodiscard]] Result<std::optional<core::JobRecord>> job(JobId job);
  [[nodiscard]] Result<void> resolve_job(JobId job, core::Facts& facts);
  [[nodiscard]] Result<void> resolve_deployment(const std::pair<std::string, std::string>& name,
                                                core::Facts& facts);
  [[nodiscard]] Result<void> resolve_run(RunId run, core::Facts& facts);
  [[nodiscard]] Result<void> resolve_receipt_run(core::Facts& facts);
  [[nodiscard]] Result<void> resolve_rest(const core::ReadSet& reads, core::Facts& facts);

  const store::Store& store_;
  const Pending& pending_;
  ReadFile files_;
  std::unique_ptr<store::Reader> reader_;
  SettingsCache cache_;
};

}  // namespace sheaf::engine
