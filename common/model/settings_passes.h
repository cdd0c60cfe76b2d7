// The passes of check_job_settings(), in their order. Each adds findings and never stops at one;
// each later pass leaves alone what an earlier one has found to be of the wrong type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "common/model/settings_check.h"

namespace sheaf::model {

using Findings = std::vector<SettingsFinding>;

/// Adds a kInvalid finding.
void report(Findings& findings, std::string path, std::string message, std::string cure = {});

/// Compares the document with the field table: unknown, refused and missing fields, types, choices.
void check_fields(const boost::json::object& document, Findings& findings);

/// Compiles `tasks`; finds bad keys, task kinds, retries and numbers.
[[nodiscard]] std::vector<TaskSettings> compile_tasks(const boost::json::object& document,
                                                      Findings& findings);

/// Compiles `sheaf.hooks`; `parameters` are the declared job parameters.
[[nodiscard]] std::vector<HookSettings> compile_hooks(
    const boost::json::object& document,
    const std::vector<ParameterSettings>& parameters,
    Findings& findings);

/// Unique task keys, dependencies that exist, cycles, outcome edges, environment keys. True when
/// the graph has an order.
bool check_graph(const JobSettings& settings, Findings& findings);

/// References in the strings of tasks that are resolved when the task starts. Requires an acyclic
/// graph.
void check_references(const JobSettings& settings, Findings& findings);

/// Reads a number and checks its range; absent: `otherwise`.
struct IntegerRange {
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t otherwise = 0;
};
[[nodiscard]] std::int64_t read_integer(const boost::json::object& object,
                                        std::string_view path,
                                        std::string_view key,
                                        const IntegerRange& range,
                                        Findings& findings);

/// True for [A-Za-z0-9_-]+ of at most `max_bytes`.
[[nodiscard]] bool is_plain_key(std::string_view key, std::size_t max_bytes);

/// Timeouts are at most this.
inline constexpr std::int64_t kMaxTimeoutSeconds = (std::int64_t{1} << 31) - 1;

}  // namespace sheaf::model
