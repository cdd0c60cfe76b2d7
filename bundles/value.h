// A configuration value with the places it comes from: what YAML files become, and what merging and
// interpolation work on. Plain values; a tree is at most kMaxDepth deep (common limits of bundles
// stand in bundles/limits.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf::bundles {

/// A place in a file: index into SourceFiles, line and column from 1. `file` -1: not from a file.
struct Location {
  int file = -1;
  int line = 0;
  int column = 0;

  [[nodiscard]] bool is_known() const { return file >= 0; }
  friend bool operator==(const Location&, const Location&) = default;
};

enum class Kind { kNull, kBoolean, kInteger, kNumber, kString, kList, kMap };

struct Member;

struct Value {
  Kind kind = Kind::kNull;
  /// Of scalars, as written; booleans are "true" or "false".
  std::string text;
  std::vector<Value> items;     ///< Of lists.
  std::vector<Member> members;  ///< Of maps, in the order of writing; keys are unique.
  Location place;
  /// Where else it comes from: what it overrides, the variable that it was taken from.
  std::vector<Location> other_places;
  /// Carries a YAML anchor.
  bool is_anchored = false;
  /// Was merged in from a target.
  bool is_override = false;
  /// A `${…}` in it was resolved.
  bool is_interpolated = false;
  /// Still holds a reference that could not be resolved; the error has been reported.
  bool is_unresolved = false;

  [[nodiscard]] bool is_null() const { return kind == Kind::kNull; }
  [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_scalar() const { return !is_null() && !is_map() && !is_list(); }
  [[nodiscard]] bool is_true() const { return kind == Kind::kBoolean && text == "true"; }
};

struct Member {
  std::string key;
  Location key_place;
  Value value;
};

/// "a string", "a list", … for messages.
[[nodiscard]] std::string_view kind_word(Kind kind);

[[nodiscard]] Value make_string(std::string text, Location place = {});
[[nodiscard]] Value make_integer(long long number, Location place = {});
[[nodiscard]] Value make_boolean(bool value, Location place = {});
[[nodiscard]] Value make_map(Location place = {});
[[nodiscard]] Value make_list(Location place = {});

/// The member of a map, or nullptr; null members count as absent.
[[nodiscard]] const Value* find(const Value& map, std::string_view key);
[[nodiscard]] Value* find(Value& map, std::string_view key);
[[nodiscard]] const Member* find_member(const Value& map, std::string_view key);
/// The text of a string member, if there is one.
[[nodiscard]] std::optional<std::string> text_at(const Value& map, std::string_view key);
/// Adds or replaces a member; makes `map` a map. Returns the member's value.
Value& put(Value& map, std::string_view key, Value value);
void erase(Value& map, std::string_view key);
[[nodiscard]] std::vector<std::string> keys_of(const Value& map);

/// Nodes of the tree.
[[nodiscard]] std::size_t count_nodes(const Value& value);

/// What a path such as "tasks[2].depends_on[0].task_key" leads to.
struct Found {
  /// The value, or the deepest one on the way when the rest is not there.
  const Value* value = nullptr;
  /// The key that leads to it, when it is a map's member.
  const Member* member = nullptr;
  /// What of the path is not there; empty when all of it is.
  std::string_view rest;

  [[nodiscard]] bool is_exact() const { return rest.empty(); }
};
[[nodiscard]] Found follow(const Value& root, std::string_view path);

/// The place of the value and all others it comes from, without repeats.
[[nodiscard]] std::vector<Location> places_of(const Value& value);

[[nodiscard]] std::string member_path(std::string_view path, std::string_view key);
[[nodiscard]] std::string item_path(std::string_view path, std::size_t index);

}  // namespace sheaf::bundles
