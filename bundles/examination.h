// What of a bundle runs on Sheaf as it is, and what stands in the way of the rest: the loader's
// findings and a look at the Python files, task by task. `sheaf doctor` prints it.
//
// Reads the bundle's files; speaks to no network. Any thread.
#pragma once

#include <string>
#include <vector>

#include "bundles/loader.h"

namespace sheaf::bundles {

/// From best to worst.
enum class Verdict {
  kRuns,
  kRunsWithPackages,  ///< Once packages that it imports are among its dependencies.
  kNeeds,             ///< Something that Sheaf does not have.
  kRefused,           ///< The loader has an error.
};

/// "runs", "runs_with", "needs" or "refused".
[[nodiscard]] std::string_view to_string(Verdict verdict);

struct Reason {
  Verdict verdict = Verdict::kRefused;
  /// The package or what is needed; empty for kRefused.
  std::string subject;
  /// What was found.
  std::string summary;
  /// What to do about it; may be empty.
  std::string cure;
  /// In a YAML or a Python file; the column is 0 where it is not known, the file empty where the
  /// reason is in no file.
  SourcePlace place;
  /// Of an .ipynb, from 1: `place.line` counts in it. Else 0.
  int cell = 0;
};

/// The worst one.
[[nodiscard]] Verdict verdict_of(const std::vector<Reason>& reasons);

/// "runs", "runs with dependencies: [pandas]", "needs Spark, tables", "refused".
[[nodiscard]] std::string verdict_text(const std::vector<Reason>& reasons);

struct TaskExamination {
  std::string key;
  /// "notebook_task", "for_each_task of spark_python_task"; empty when it has none.
  std::string kind;
  SourcePlace place;
  std::vector<Reason> reasons;
};

struct JobExamination {
  std::string key;
  SourcePlace place;
  /// Of the job beside its tasks.
  std::vector<Reason> reasons;
  /// In the order of the settings.
  std::vector<TaskExamination> tasks;
};

struct Examination {
  /// Those of no job, warnings too.
  std::vector<Diagnostic> findings;
  /// Sorted by key.
  std::vector<JobExamination> jobs;

  /// Whether nothing is refused and nothing is needed, apart from resources that are no jobs.
  [[nodiscard]] bool is_runnable() const;
};

[[nodiscard]] Examination examine_bundle(const LoadedBundle& bundle);

}  // namespace sheaf::bundles
