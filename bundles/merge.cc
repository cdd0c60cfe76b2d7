#include "bundles/merge.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "bundles/scalars.h"

namespace sheaf::bundles {

namespace {

bool is_same_kind(const Value& left, const Value& right) {
  return (left.is_scalar() && right.is_scalar()) || left.kind == right.kind;
}

void remember_places(Value& value, const std::vector<Location>& places) {
  for (const Location& place : places) {
    if (place != value.place) {
      value.other_places.push_back(place);
    }
  }
}

// The text that identifies a list's element, whatever kind of scalar it is.
std::optional<std::string> name_of(const Value& item, const std::string& key) {
  const Value* name = find(item, key);
  const std::optional<std::string_view> text = name == nullptr ? std::nullopt : as_text(*name);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

void merge(Value& base, Value overlay, const std::string& path, Findings& findings) {
  if (overlay.is_null()) {
    return;
  }
  if (base.is_null()) {
    base = std::move(overlay);
    return;
  }
  if (!is_same_kind(base, overlay)) {
    findings.error({.summary = "cannot merge " + std::string(kind_word(overlay.kind)) + " into " +
                               std::string(kind_word(base.kind)),
                    .detail = "Write the same kind of value in both places."},
                   path,
                   {overlay.place, base.place});
    return;
  }
  if (base.is_map()) {
    remember_places(base, places_of(overlay));
    std::map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < base.members.size(); ++i) {
      index.emplace(base.members[i].key, i);
    }
    for (Member& member : overlay.members) {
      const auto found = index.find(member.key);
      if (found == index.end()) {
        base.members.push_back(std::move(member));
      } else {
        merge(base.members[found->second].value,
              std::move(member.value),
              member_path(path, member.key),
              findings);
      }
    }
  } else if (base.is_list()) {
    remember_places(base, places_of(overlay));
    std::ranges::move(overlay.items, std::back_inserter(base.items));
  } else {
    remember_places(overlay, places_of(base));
    base = std::move(overlay);
  }
}

void merge_by_key(Value& list,
                  const std::string& key,
                  const std::string& path,
                  Findings& findings) {
  if (!list.is_list()) {
    return;
  }
  std::vector<Value> joined;
  std::map<std::string, std::size_t> index;
  for (Value& item : list.items) {
    const std::optional<std::string> name = name_of(item, key);
    const auto known = name ? index.find(*name) : index.end();
    if (known == index.end()) {
      if (name) {
        index.emplace(*name, joined.size());
      }
      joined.push_back(std::move(item));
      continue;
    }
    Value& same = joined[known->second];
    if (same.is_override == item.is_override) {
      findings.error({.summary = "the " + key + " \"" + *name + "\" is used twice",
                      .detail = "Give each its own " + key + "."},
                     path,
                     {find(item, key)->place, find(same, key)->place});
    } else {
      merge(same, std::move(item), path, findings);
    }
  }
  list.items = std::move(joined);
}

void sort_by_key(Value& list, const std::string& key) {
  std::vector<std::pair<std::string, std::size_t>> named;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (const std::optional<std::string> name = name_of(list.items[i], key)) {
      named.emplace_back(*name, i);
    }
  }
  std::ranges::sort(named);
  for (const auto& [name, index] : named) {
    order.push_back(index);
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (!name_of(list.items[i], key)) {
      order.push_back(i);
    }
  }
  std::vector<Value> sorted;
  for (const std::size_t index : order) {
    sorted.push_back(std::move(list.items[index]));
  }
  list.items = std::move(sorted);
}

void mark_as_override(Value& value) {
  value.is_override = true;
  for (Value& item : value.items) {
    mark_as_override(item);
  }
  for (Member& member : value.members) {
    mark_as_override(member.value);
  }
}

}  // namespace sheaf::bundles
