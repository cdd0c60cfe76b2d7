// Tolerant reads from a JSON object: a member that is absent, null or of another type reads as "not
// there". The field check reports wrong types, so that readers need not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "common/model/job_settings.h"

namespace sheaf::model {

[[nodiscard]] const boost::json::value* member_at(const boost::json::object& object,
                                                  std::string_view key);
[[nodiscard]] const boost::json::object* object_at(const boost::json::object& object,
                                                   std::string_view key);
[[nodiscard]] const boost::json::array* array_at(const boost::json::object& object,
                                                 std::string_view key);
[[nodiscard]] std::optional<std::string> string_at(const boost::json::object& object,
                                                   std::string_view key);
[[nodiscard]] std::optional<std::int64_t> integer_at(const boost::json::object& object,
                                                     std::string_view key);
[[nodiscard]] std::optional<bool> boolean_at(const boost::json::object& object,
                                             std::string_view key);
/// Elements that are no strings are left out.
[[nodiscard]] std::vector<std::string> strings_at(const boost::json::object& object,
                                                  std::string_view key);
[[nodiscard]] NamedStrings string_map_at(const boost::json::object& object, std::string_view key);

/// Elements of the list at `key` that are objects, each with its index.
struct IndexedObject {
  std::size_t index = 0;
  const boost::json::object* object = nullptr;
};
[[nodiscard]] std::vector<IndexedObject> objects_at(const boost::json::object& object,
                                                    std::string_view key);

/// "tasks" + 2 → "tasks[2]".
[[nodiscard]] std::string indexed_path(std::string_view path, std::size_t index);
/// "tasks[2]" + "task_key" → "tasks[2].task_key"; an empty path stays away.
[[nodiscard]] std::string member_path(std::string_view path, std::string_view key);

}  // namespace sheaf::model
