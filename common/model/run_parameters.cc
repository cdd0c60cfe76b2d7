#include "common/model/run_parameters.h"

#include <algorithm>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "common/base/limits.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDbtCommands = 10;

std::size_t json_bytes(const std::vector<std::string>& list) {
  return json::serialize(json::array(list.begin(), list.end())).size();
}

std::size_t json_bytes(const NamedStrings& map) {
  json::object object;
  for (const auto& [name, value] : map) {
    object.emplace(name, value);
  }
  return json::serialize(object).size();
}

template <typename Parameters>
Result<void> check_bytes(std::string_view name, const std::optional<Parameters>& given) {
  const std::size_t bytes = given ? json_bytes(*given) : 0;
  if (bytes > limits::kMaxParameterBytes) {
    return fail(ErrorCode::kInvalid,
                std::string(name) + ": " + std::to_string(bytes) +
                    " bytes as JSON are more than the " +
                    std::to_string(limits::kMaxParameterBytes) + " allowed");
  }
  return {};
}

Result<void> check_ascii(std::string_view name,
                         const std::optional<std::vector<std::string>>& given) {
  for (const std::string& text : given.value_or(std::vector<std::string>{})) {
    if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) > 0x7f; })) {
      return fail(ErrorCode::kInvalid,
                  std::string(name) + ": \"" + text + "\" holds characters beyond ASCII");
    }
  }
  return {};
}

Result<void> check_commands(const std::optional<std::vector<std::string>>& given) {
  const std::vector<std::string> commands = given.value_or(std::vector<std::string>{});
  if (commands.size() > kMaxDbtCommands) {
    return fail(ErrorCode::kInvalid,
                "dbt_commands: " + std::to_string(commands.size()) +
                    " commands are more than the " + std::to_string(kMaxDbtCommands) + " allowed");
  }
  for (const std::string& command : commands) {
    if (command != "dbt" && !command.starts_with("dbt ")) {
      return fail(ErrorCode::kInvalid, "dbt_commands: \"" + command + "\" does not begin with dbt");
    }
  }
  return {};
}

Result<void> check_exclusive(const LegacyParameters& parameters) {
  if (parameters.notebook_params && parameters.jar_params) {
    return fail(ErrorCode::kInvalid, "notebook_params: cannot be given together with jar_params");
  }
  return {};
}

}  // namespace

Result<void> check_legacy_parameters(const LegacyParameters& parameters) {
  for (const Result<void>& checked :
       {check_exclusive(parameters),
        check_bytes("notebook_params", parameters.notebook_params),
        check_bytes("jar_params", parameters.jar_params),
        check_bytes("python_params", parameters.python_params),
        check_bytes("spark_submit_params", parameters.spark_submit_params),
        check_ascii("python_params", parameters.python_params),
        check_ascii("spark_submit_params", parameters.spark_submit_params),
        check_commands(parameters.dbt_commands)}) {
    if (!checked) {
      return checked;
    }
  }
  return {};
}

}  // namespace sheaf::model
