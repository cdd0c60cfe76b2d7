// Where the files of one attempt lie: <attempts>/<attempt
// id>/{spec,started,exit,stdout,stderr,values,tmp}.
#pragma once

#include <filesystem>

#include "common/base/id.h"

namespace sheaf::runner {

struct AttemptFolder {
  AttemptId attempt;
  std::filesystem::path path;  ///< Absolute.

  [[nodiscard]] std::filesystem::path stdout_file() const { return path / "stdout"; }
  [[nodiscard]] std::filesystem::path stderr_file() const { return path / "stderr"; }
  /// What the task published: "key=json" lines. Exists only if it did.
  [[nodiscard]] std::filesystem::path values_file() const { return path / "values"; }
  /// The task's private TMPDIR.
  [[nodiscard]] std::filesystem::path temporary_folder() const { return path / "tmp"; }
};

}  // namespace sheaf::runner
