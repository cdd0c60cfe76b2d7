#include "common/model/field_table.h"

#include <algorithm>
#include <string>

#include "common/model/field_rows.h"

namespace sheaf::model {
namespace {

constexpr std::string_view kTaskPattern = "tasks[]";

std::vector<Field> joined_and_sorted() {
  std::vector<Field> fields;
  for (const std::span<const Field> rows : {job_field_rows(), task_field_rows()}) {
    fields.insert(fields.end(), rows.begin(), rows.end());
  }
  std::ranges::sort(fields, {}, &Field::path);
  return fields;
}

const Field* find_row(std::string_view path) {
  const std::span<const Field> fields = job_fields();
  const auto found = std::ranges::lower_bound(fields, path, {}, &Field::path);
  return found != fields.end() && found->path == path ? &*found : nullptr;
}

std::vector<const Field*> rows_below(std::string_view pattern) {
  const std::string prefix = pattern.empty() ? std::string() : std::string(pattern) + ".";
  const std::span<const Field> fields = job_fields();
  std::vector<const Field*> below;
  for (auto field = std::ranges::lower_bound(fields, std::string_view(prefix), {}, &Field::path);
       field != fields.end() && field->path.starts_with(prefix);
       ++field) {
    const std::string_view rest = field->path.substr(prefix.size());
    if (rest.find('.') == std::string_view::npos && !rest.ends_with("[]")) {
      below.push_back(&*field);
    }
  }
  return below;
}

}  // namespace

std::span<const Field> job_fields() {
  static const std::vector<Field> fields = joined_and_sorted();
  return fields;
}

const Field* find_job_field(std::string_view path) {
  const Field* own = find_row(path);
  if (own != nullptr || !path.starts_with(kIterationPattern) ||
      !path.substr(kIterationPattern.size()).starts_with('.')) {
    return own;
  }
  return find_row(std::string(kTaskPattern) + std::string(path.substr(kIterationPattern.size())));
}

std::vector<const Field*> fields_below(std::string_view pattern) {
  std::vector<const Field*> below = rows_below(pattern);
  if (pattern != kIterationPattern) {
    return below;
  }
  for (const Field* field : rows_below(kTaskPattern)) {
    if (std::ranges::find(below, name_of(*field), [](const Field* own) { return name_of(*own); }) ==
        below.end()) {
      below.push_back(field);
    }
  }
  std::ranges::sort(below, {}, [](const Field* field) { return name_of(*field); });
  return below;
}

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> parts;
  while (!choices.empty()) {
    const std::size_t bar = choices.find('|');
    parts.emplace_back(choices.substr(0, bar));
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return parts;
}

std::string_view name_of(const Field& field) {
  const std::size_t dot = field.path.rfind('.');
  return dot == std::string_view::npos ? field.path : field.path.substr(dot + 1);
}

}  // namespace sheaf::model
