// Where the files of one attempt lie: <attempts>/<attempt id>/{spec,started,exit,stdout,stderr} and
// below it task/{values,stream-input,stream-output,tmp}, the part that the task is told of:
// whatever it clears away there, the records of its own start and end are not among it.
#pragma once

#include <filesystem>

#include "common/base/id.h"

namespace sheaf::runner {

struct AttemptFolder {
  AttemptId attempt;
  std::filesystem::path path;  ///< Absolute.

  [[nodiscard]] std::filesystem::path stdout_file() const { return path / "stdout"; }
  [[nodiscard]] std::filesystem::path stderr_file() const { return path / "stderr"; }
  [[nodiscard]] std::filesystem::path task_folder() const { return path / "task"; }
  /// What the task published: "key=json" lines. Exists only if it did.
  [[nodiscard]] std::filesystem::path values_file() const { return task_folder() / "values"; }
  /// Of a stream: what the process reads, and where it writes what came of it.
  [[nodiscard]] std::filesystem::path stream_input_file() const {
    return task_folder() / "stream-input";
  }
  [[nodiscard]] std::filesystem::path stream_output_file() const {
    return task_folder() / "stream-output";
  }
  /// The task's private TMPDIR.
  [[nodiscard]] std::filesystem::path temporary_folder() const { return task_folder() / "tmp"; }
};

}  // namespace sheaf::runner
