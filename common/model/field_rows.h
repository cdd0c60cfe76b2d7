// The rows of the field table, in three groups; field_table.cc joins and sorts them.
#pragma once

#include <span>

#include "common/model/field_table.h"

namespace sheaf::model {

[[nodiscard]] std::span<const Field> job_field_rows();
[[nodiscard]] std::span<const Field> task_field_rows();

[[nodiscard]] constexpr Field executed(std::string_view path,
                                       FieldType type,
                                       std::string_view description,
                                       std::string_view choices = {}) {
  return {path, type, Treatment::kExecuted, false, description, choices};
}

/// An executed field that its object must have.
[[nodiscard]] constexpr Field needed(std::string_view path,
                                     FieldType type,
                                     std::string_view description,
                                     std::string_view choices = {}) {
  return {path, type, Treatment::kExecuted, true, description, choices};
}

[[nodiscard]] constexpr Field echoed(std::string_view path,
                                     FieldType type,
                                     std::string_view description,
                                     std::string_view choices = {}) {
  return {path, type, Treatment::kEchoed, false, description, choices};
}

[[nodiscard]] constexpr Field refused(std::string_view path,
                                      FieldType type,
                                      std::string_view cure) {
  return {path, type, Treatment::kRefused, false, cure, {}};
}

}  // namespace sheaf::model
