// One try of a task: what a worker is asked to do, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/shared.h"
#include "common/base/time.h"
#include "common/model/job_settings.h"
#include "common/model/states.h"

namespace sheaf::model {

/// An input of a stream: `json` is one JSON text.
struct StreamInput {
  std::uint32_t index = 0;  ///< Of the iteration in its for-each task.
  std::string json;
  friend bool operator==(const StreamInput&, const StreamInput&) = default;
};

/// How one iteration of a stream ended, as its process says.
struct StreamOutcome {
  std::uint32_t index = 0;
  bool is_success = false;
  std::string error;  ///< For people; at most kMaxStreamErrorBytes.
  friend bool operator==(const StreamOutcome&, const StreamOutcome&) = default;
};

/// Everything that a worker needs to run one attempt, references resolved. Equal state gives an
/// equal spec, so that it may be sent again after a restart.
struct AttemptSpec {
  AttemptId attempt;
  RunId run;
  JobId job;
  std::string job_name;
  std::string task_key;
  /// 0 is the first attempt; attempts lost with their worker count too.
  int attempt_number = 0;
  /// The number of the batch that leased the attempt: grows with every lease of the store.
  std::uint64_t fence = 0;
  /// Command line for CommandTask; for a Python file the arguments after the interpreter.
  std::vector<std::string> arguments;
  bool is_python = false;
  NamedStrings env;
  /// For Python tasks; empty key: the worker's own Python, no dependencies.
  Shared<EnvironmentSettings> environment;
  /// Digest (hex SHA-256) of the manifest of the deployment's files; empty: no files.
  std::string manifest_digest;
  /// Absolute workspace path at which the files stand, e.g.
  /// "/Workspace/Users/ann/.bundle/wine/dev/files".
  std::string file_path;
  /// Enforced by the attempt's supervisor; 0 is none.
  Milliseconds timeout{0};
  /// Indices of the devices that the attempt may use, ascending.
  std::vector<std::uint32_t> gpus{};
  /// Of a stream: what the process reads, by rising index. Empty: it is no stream.
  std::vector<StreamInput> stream{};

  friend bool operator==(const AttemptSpec&, const AttemptSpec&) = default;
};

/// A value that a task publishes: `json` is one JSON text.
struct TaskValue {
  std::string key;
  std::string json;
  friend bool operator==(const TaskValue&, const TaskValue&) = default;
};

/// How one attempt ended, as reported by its worker.
struct AttemptOutcome {
  AttemptEnd end = AttemptEnd::kLost;
  int exit_code = 0;  ///< For kExited.
  int signal = 0;     ///< For kSignalled.
  /// The attempt's whole process tree is known to be gone.
  bool tree_empty = false;
  bool out_of_memory = false;  ///< The kernel ended it at its memory limit.
  /// For people: last error line, resolver text, why it did not start. At most
  /// kMaxResultMessageBytes.
  std::string message;
  std::vector<std::string> warnings;
  Timestamp started = kNoTime;  ///< Wall clock of the worker; kNoTime: never started.
  Timestamp ended = kNoTime;
  /// Length of each log at the end, bytes.
  std::uint64_t stdout_bytes = 0;
  std::uint64_t stderr_bytes = 0;
  friend bool operator==(const AttemptOutcome&, const AttemptOutcome&) = default;
};

}  // namespace sheaf::model
