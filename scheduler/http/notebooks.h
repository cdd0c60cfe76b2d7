// What came of the notebooks that attempts ran, at <data>/notebooks/<run>/<attempt>.{json,html}:
// kept beside the logs, and as they are, no part of the store. A notebook that was kept is whole
// and durable. Threads: any; one attempt writes its own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "common/base/id.h"
#include "common/base/result.h"

namespace sheaf::http {

/// Largest document that an attempt may hand over, bytes.
inline constexpr std::size_t kMaxNotebookBytes = 48u << 20;

struct NotebookOutcome {
  std::string name;  ///< Of its file.
  std::string html;  ///< The executed notebook; empty where it was not asked for.
  /// What the notebook gave to dbutils.notebook.exit.
  std::optional<std::string> result;
  bool is_truncated = false;
};

class NotebookFiles {
 public:
  explicit NotebookFiles(const std::filesystem::path& data_folder)
      : folder_(data_folder / "notebooks") {}

  /// Takes `{"name", "html", "result"?, "truncated"?}`. Fails with kInvalid on anything else.
  [[nodiscard]] Result<void> keep(RunId run, AttemptId attempt, std::string_view document) const;

  enum class Part { kOutcome, kOutcomeAndHtml };
  /// Nothing for an attempt that ran no notebook to its end.
  [[nodiscard]] Result<std::optional<NotebookOutcome>> find(RunId run,
                                                            AttemptId attempt,
                                                            Part part) const;

  /// Those of a run that was deleted. What cannot be removed stays and is in nobody's way.
  void remove(RunId run) const;

 private:
  [[nodiscard]] std::filesystem::path path_of(RunId run,
                                              AttemptId attempt,
                                              const char* extension) const;

  std::filesystem::path folder_;
};

}  // namespace sheaf::http
