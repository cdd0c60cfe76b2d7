// One call of the command line: what the process was given and the options that every command
// knows.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoint_choice.h"
#include "cli/scheduler.h"
#include "cli/surroundings.h"

namespace sheaf::cli {

enum class OutputFormat { kText, kJson };

struct GlobalOptions {
  OutputFormat output = OutputFormat::kText;
  std::optional<std::filesystem::path> data;
  std::string target;
  std::vector<std::string> variables;  ///< `name=value`
  bool is_strict = false;
  bool is_portable = false;
  bool allows_unsupported = false;
  std::optional<std::filesystem::path> bundle;
  std::string profile;
};

struct Invocation {
  Surroundings surroundings;
  GlobalOptions options;

  [[nodiscard]] bool wants_json() const { return options.output == OutputFormat::kJson; }

  /// Where `sheaf up` keeps its data.
  [[nodiscard]] Result<std::filesystem::path> data_folder() const;
};

/// The endpoint that this call may talk to.
[[nodiscard]] Result<Endpoint> find_endpoint(const Invocation& invocation);

/// Finds it and connects, once.
[[nodiscard]] Result<Scheduler> connect(const Invocation& invocation);

}  // namespace sheaf::cli
