#include "common/model/json_reading.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace sheaf::model {

namespace json = boost::json;

namespace {

json::string_view as_key(std::string_view key) {
  return {key.data(), key.size()};
}

std::string as_string(const json::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

const json::value* member_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(as_key(key));
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const json::value* value = member_at(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& object, std::string_view key) {
  const json::value* value = member_at(object, key);
  return value == nullptr ? nullptr : value->if_array();
}

std::optional<std::string> string_at(const json::object& object, std::string_view key) {
  const json::value* value = member_at(object, key);
  if (value == nullptr || !value->is_string()) {
    return std::nullopt;
  }
  return as_string(value->get_string());
}

std::optional<std::int64_t> integer_at(const json::object& object, std::string_view key) {
  const json::value* value = member_at(object, key);
  if (value == nullptr || !value->is_int64()) {
    return std::nullopt;
  }
  return value->get_int64();
}

std::optional<bool> boolean_at(const json::object& object, std::string_view key) {
  const json::value* value = member_at(object, key);
  if (value == nullptr || !value->is_bool()) {
    return std::nullopt;
  }
  return value->get_bool();
}

std::vector<std::string> strings_at(const json::object& object, std::string_view key) {
  std::vector<std::string> strings;
  const json::array* array = array_at(object, key);
  if (array == nullptr) {
    return strings;
  }
  for (const json::value& element : *array) {
    if (element.is_string()) {
      strings.push_back(as_string(element.get_string()));
    }
  }
  return strings;
}

NamedStrings string_map_at(const json::object& object, std::string_view key) {
  NamedStrings strings;
  const json::object* map = object_at(object, key);
  if (map == nullptr) {
    return strings;
  }
  for (const json::key_value_pair& entry : *map) {
    if (entry.value().is_string()) {
      strings.emplace_back(std::string(entry.key().data(), entry.key().size()),
                           as_string(entry.value().get_string()));
    }
  }
  return strings;
}

std::vector<IndexedObject> objects_at(const json::object& object, std::string_view key) {
  std::vector<IndexedObject> objects;
  const json::array* array = array_at(object, key);
  if (array == nullptr) {
    return objects;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (const json::object* element = (*array)[i].if_object()) {
      objects.push_back({.index = i, .object = element});
    }
  }
  return objects;
}

std::string indexed_path(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

std::string member_path(std::string_view path, std::string_view key) {
  if (path.empty()) {
    return std::string(key);
  }
  return std::string(path) + "." + std::string(key);
}

}  // namespace sheaf::model
