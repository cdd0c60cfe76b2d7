// The texts of the workload's settings, read in the simplest way that does: a text is one reference
// or holds none. Shares no code with common/model.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sheaf::sim {

/// What a whole text refers to.
struct Reference {
  enum class Kind { kNone, kTaskValue, kInput, kInputField, kJobParameter };
  Kind kind = Kind::kNone;
  std::string task_key;  ///< For kTaskValue.
  std::string name;      ///< Of the value, the field or the parameter.
};

[[nodiscard]] Reference read_reference(const std::string& text);

/// A JSON text as it reads inside another text: strings lose their quotes.
[[nodiscard]] std::string plain(const std::string& json);

/// The elements of a JSON array; nullopt: it is none.
[[nodiscard]] std::optional<std::vector<std::string>> read_list(const std::string& json);

/// The field `name` of a JSON object, plain; nullopt: it has none.
[[nodiscard]] std::optional<std::string> read_field(const std::string& json,
                                                    const std::string& name);

}  // namespace sheaf::sim
