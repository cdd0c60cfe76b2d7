// What deploying a bundle would change: the jobs of a deployment as they stand against the jobs
// that the bundle describes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/model/manifest.h"

namespace sheaf::bundles {

/// A job, as it stands or as it shall be.
struct PlannedState {
  std::string key;
  std::string settings_json;  ///< A JSON object.
  std::string manifest_digest;
  std::string file_path;
};

enum class PlanAction { kCreate, kUpdate, kDelete, kUnchanged };

/// "create", "update", "delete", "unchanged".
[[nodiscard]] std::string_view to_string(PlanAction action);

/// One field that differs. Values are JSON texts; empty: the field is absent.
struct FieldChange {
  /// "tasks[train].max_retries": elements of keyed lists by their key, of others by their number.
  std::string path;
  std::string before;
  std::string after;
  friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

struct PlannedJob {
  std::string key;
  PlanAction action = PlanAction::kUnchanged;
  std::vector<FieldChange> changes;  ///< Of an update; by path.
};

/// Jobs by key. Where only the files of a job differ, its one change is that of `files` or
/// `file_path`. Fails with kCorrupt when a settings text is no JSON object.
[[nodiscard]] Result<std::vector<PlannedJob>> plan_jobs(const std::vector<PlannedState>& current,
                                                        const std::vector<PlannedState>& desired);

/// Paths of files that differ, each list sorted.
struct FilePlan {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  [[nodiscard]] bool is_empty() const {
    return added.empty() && changed.empty() && removed.empty();
  }
};

[[nodiscard]] FilePlan plan_files(const model::Manifest& current, const model::Manifest& desired);

}  // namespace sheaf::bundles
