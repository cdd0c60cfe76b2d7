// The code behind a task: which files it runs, which packages it has, and what stands in its way.
//
// Reads files below the bundle's root. One thread.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bundles/bundle_code.h"
#include "bundles/examination.h"
#include "bundles/sync.h"

namespace sheaf::bundles {

/// A task as its settings say.
struct TaskCode {
  std::string key;
  std::string kind;
  /// Of scripts and notebooks, as written or as the loader made it; in for-each tasks the inner
  /// one's.
  std::string path;
  /// Of wheel tasks: the package.
  std::string package;
  bool is_notebook = false;
  /// Lines of requirements, from the environment and from libraries.
  std::vector<std::string> requirements;
  std::vector<std::string> requirements_files;
  /// All texts of the task that may name places.
  std::vector<std::string> texts;
};

/// The tasks of a job's settings document, in its order.
[[nodiscard]] std::vector<TaskCode> tasks_of(const std::string& settings_json);

class TaskCodeReader {
 public:
  /// `files` are those that travel, relative to the root of `sync`.
  TaskCodeReader(const SyncRules& sync,
                 const std::vector<std::string>& files,
                 WorkspacePaths workspace)
      : code_(sync.root, files),
        bundle_folder_(sync.bundle_folder),
        workspace_(std::move(workspace)) {}

  /// `place` is where the task is written.
  [[nodiscard]] std::vector<Reason> examine(const TaskCode& task, const SourcePlace& place);

 private:
  [[nodiscard]] std::vector<Reason> reasons_of_texts(const TaskCode& task,
                                                     const SourcePlace& place) const;
  [[nodiscard]] std::string below_root(const std::string& path, const SourcePlace& place) const;
  [[nodiscard]] std::vector<std::string> files_of(const TaskCode& task,
                                                  const SourcePlace& place) const;
  [[nodiscard]] std::set<std::string> packages_of(const TaskCode& task,
                                                  const SourcePlace& place,
                                                  const std::vector<std::string>& files,
                                                  const CodeFindings& found) const;
  [[nodiscard]] bool is_own_place(const std::string& text) const;

  BundleCode code_;
  /// In the root of what travels.
  std::string bundle_folder_;
  WorkspacePaths workspace_;
};

}  // namespace sheaf::bundles
