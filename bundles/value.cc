#include "bundles/value.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/check.h"

namespace sheaf::bundles {

std::string_view kind_word(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kBoolean:
      return "a boolean";
    case Kind::kInteger:
      return "an integer";
    case Kind::kNumber:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  check_failed(__FILE__, __LINE__, "kind", "not a Kind");
}

namespace {

Value make(Kind kind, std::string text, Location place) {
  Value value;
  value.kind = kind;
  value.text = std::move(text);
  value.place = place;
  return value;
}

}  // namespace

Value make_string(std::string text, Location place) {
  return make(Kind::kString, std::move(text), place);
}

Value make_integer(long long number, Location place) {
  return make(Kind::kInteger, std::to_string(number), place);
}

Value make_boolean(bool value, Location place) {
  return make(Kind::kBoolean, value ? "true" : "false", place);
}

Value make_map(Location place) {
  return make(Kind::kMap, {}, place);
}

Value make_list(Location place) {
  return make(Kind::kList, {}, place);
}

const Member* find_member(const Value& map, std::string_view key) {
  const auto found = std::ranges::find(map.members, key, &Member::key);
  return found == map.members.end() ? nullptr : &*found;
}

const Value* find(const Value& map, std::string_view key) {
  const Member* member = find_member(map, key);
  return member == nullptr || member->value.is_null() ? nullptr : &member->value;
}

Value* find(Value& map, std::string_view key) {
  return const_cast<Value*>(find(std::as_const(map), key));
}

std::optional<std::string> text_at(const Value& map, std::string_view key) {
  const Value* value = find(map, key);
  if (value == nullptr || value->kind != Kind::kString) {
    return std::nullopt;
  }
  return value->text;
}

Value& put(Value& map, std::string_view key, Value value) {
  map.kind = Kind::kMap;
  const auto found = std::ranges::find(map.members, key, &Member::key);
  if (found != map.members.end()) {
    found->value = std::move(value);
    return found->value;
  }
  const Location place = value.place;
  map.members.push_back({.key = std::string(key), .key_place = place, .value = std::move(value)});
  return map.members.back().value;
}

void erase(Value& map, std::string_view key) {
  std::erase_if(map.members, [key](const Member& member) { return member.key == key; });
}

std::vector<std::string> keys_of(const Value& map) {
  std::vector<std::string> keys;
  for (const Member& member : map.members) {
    keys.push_back(member.key);
  }
  return keys;
}

std::size_t count_nodes(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items) {
    count += count_nodes(item);
  }
  for (const Member& member : value.members) {
    count += count_nodes(member.value);
  }
  return count;
}

namespace {

// Takes "[n]" off the front of `path`.
std::optional<std::size_t> take_index(std::string_view& path) {
  const std::size_t end = path.find(']');
  if (!path.starts_with('[') || end == std::string_view::npos) {
    return std::nullopt;
  }
  std::size_t index = 0;
  const auto [last, error] = std::from_chars(path.data() + 1, path.data() + end, index);
  if (error != std::errc() || last != path.data() + end) {
    return std::nullopt;
  }
  path.remove_prefix(end + 1);
  return index;
}

// The member whose key begins `path`; the longest one, since keys may hold dots. Takes it off.
const Member* take_member(const Value& map, std::string_view& path) {
  const Member* longest = nullptr;
  for (const Member& member : map.members) {
    const std::string& key = member.key;
    const bool begins =
        path.starts_with(key) &&
        (path.size() == key.size() || path[key.size()] == '.' || path[key.size()] == '[');
    if (begins && (longest == nullptr || longest->key.size() < key.size())) {
      longest = &member;
    }
  }
  if (longest != nullptr) {
    path.remove_prefix(longest->key.size());
  }
  return longest;
}

}  // namespace

Found follow(const Value& root, std::string_view path) {
  Found found{.value = &root, .member = nullptr, .rest = path};
  while (!path.empty()) {
    if (path.starts_with('.')) {
      path.remove_prefix(1);
      found.rest = path;
    }
    if (found.value->is_list()) {
      const std::optional<std::size_t> index = take_index(path);
      if (!index || *index >= found.value->items.size()) {
        return found;
      }
      found = {.value = &found.value->items[*index], .member = nullptr, .rest = path};
      continue;
    }
    const Member* member = found.value->is_map() ? take_member(*found.value, path) : nullptr;
    if (member == nullptr) {
      return found;
    }
    found = {.value = &member->value, .member = member, .rest = path};
  }
  return found;
}

std::vector<Location> places_of(const Value& value) {
  std::vector<Location> places;
  const auto add = [&places](const Location& place) {
    if (place.is_known() && std::ranges::find(places, place) == places.end()) {
      places.push_back(place);
    }
  };
  add(value.place);
  for (const Location& place : value.other_places) {
    add(place);
  }
  return places;
}

std::string member_path(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

std::string item_path(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

}  // namespace sheaf::bundles
