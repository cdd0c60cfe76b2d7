#include "bundles/interpolation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bundles/limits.h"
#include "bundles/scalars.h"
#include "bundles/unknown_reference.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::array<std::string_view, 6> kFirstWords = {
    "bundle", "workspace", "var", "variables", "resources", "artifacts"};

/// Unknown references for which the nearest name is looked for.
constexpr std::size_t kMaxExplained = 20;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Length of `letter [letter digit _ -]* ([n])*` at the front, 0 for none.
std::size_t segment_length(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) {
    return 0;
  }
  std::size_t length = 1;
  while (length < text.size() && (is_letter(text[length]) || is_digit(text[length]) ||
                                  text[length] == '_' || text[length] == '-')) {
    ++length;
  }
  while (length < text.size() && text[length] == '[') {
    std::size_t end = length + 1;
    while (end < text.size() && is_digit(text[end])) {
      ++end;
    }
    if (end == length + 1 || end >= text.size() || text[end] != ']') {
      return 0;
    }
    length = end + 1;
  }
  return length;
}

// The path of a reference whose content begins at the front of `text`; empty when it is none.
std::string_view path_at(std::string_view text) {
  std::size_t length = 0;
  std::size_t segments = 0;
  while (true) {
    const std::size_t segment = segment_length(text.substr(length));
    if (segment == 0) {
      return {};
    }
    length += segment;
    ++segments;
    if (length < text.size() && text[length] == '.') {
      ++length;
      continue;
    }
    break;
  }
  if (segments < 2 || length >= text.size() || text[length] != '}') {
    return {};
  }
  const std::string_view path = text.substr(0, length);
  const std::string_view first = path.substr(0, path.find_first_of(".["));
  return std::ranges::find(kFirstWords, first) == kFirstWords.end() ? std::string_view() : path;
}

// Where a reference's path stands in the configuration: variables have their value below.
std::string place_in_configuration(std::string_view path) {
  if (!path.starts_with("var.")) {
    return std::string(path);
  }
  const std::string_view rest = path.substr(4);
  const std::size_t end = std::min(rest.find_first_of(".["), rest.size());
  return "variables." + std::string(rest.substr(0, end)) + ".value" + std::string(rest.substr(end));
}

std::string shown(const std::string& path) {
  return "${" + path + "}";
}

// A copy that stands where it is used, and remembers where it comes from.
void move_to(Value& value, const Location& place) {
  if (value.place.is_known()) {
    value.other_places.insert(value.other_places.begin(), value.place);
  }
  value.place = place;
  for (Value& item : value.items) {
    move_to(item, place);
  }
  for (Member& member : value.members) {
    member.key_place = place;
    move_to(member.value, place);
  }
}

}  // namespace

std::vector<ConfigurationReference> find_references(std::string_view text) {
  std::vector<ConfigurationReference> references;
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 2)) {
    const std::string_view path = path_at(text.substr(at + 2));
    if (!path.empty()) {
      references.push_back({.path = std::string(path), .offset = at, .length = path.size() + 3});
    }
  }
  return references;
}

void Interpolator::resolve(Value& value, const std::string& path) {
  if (value.kind == Kind::kString) {
    resolve_text(value, path);
  }
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    resolve(value.items[i], item_path(path, i));
  }
  for (Member& member : value.members) {
    resolve(member.value, member_path(path, member.key));
  }
}

void Interpolator::resolve_text(Value& value, const std::string& path) {
  if (value.is_unresolved) {
    return;
  }
  const std::vector<ConfigurationReference> references = references_in(value.text);
  if (references.empty()) {
    return;
  }
  if (references.size() == 1 && references[0].length == value.text.size()) {
    if (stays_as_job_id(references[0], value, path)) {
      return;
    }
    const Value* target = fetch(references[0], value, path);
    if (target == nullptr) {
      value.is_unresolved = true;
    } else {
      take_whole(value, *target);
    }
    return;
  }
  std::string text;
  std::size_t position = 0;
  for (const ConfigurationReference& reference : references) {
    const std::optional<std::string> part = text_of(value, reference, path);
    text += value.text.substr(position, reference.offset - position);
    text += part ? *part : value.text.substr(reference.offset, reference.length);
    value.is_unresolved = value.is_unresolved || !part;
    position = reference.offset + reference.length;
    if (text.size() > kMaxTextBytes) {
      report("the text is longer than " + std::to_string(kMaxTextBytes) + " bytes once resolved",
             "",
             value,
             path);
      value.is_unresolved = true;
      return;
    }
  }
  value.text = text + value.text.substr(position);
  value.is_interpolated = true;
}

bool Interpolator::stays_as_job_id(const ConfigurationReference& reference,
                                   Value& user,
                                   const std::string& path) {
  constexpr std::string_view kJobs = "resources.jobs.";
  constexpr std::string_view kId = ".id";
  const std::string_view target = reference.path;
  if (!path.ends_with(".run_job_task.job_id") || !target.starts_with(kJobs) ||
      !target.ends_with(kId) || target.size() <= kJobs.size() + kId.size()) {
    return false;
  }
  const std::string key(target.substr(kJobs.size(), target.size() - kJobs.size() - kId.size()));
  const Found jobs = follow(configuration_, "resources.jobs");
  if (find(*jobs.value, key) == nullptr) {
    report("there is no job \"" + key + "\" in the bundle" +
               model::did_you_mean(key, keys_of(*jobs.value)),
           "Name one of the jobs under `resources.jobs`, or write the id of another job.",
           user,
           path);
    user.is_unresolved = true;
  }
  return true;
}

void Interpolator::take_whole(Value& value, const Value& target) {
  const Location place = value.place;
  const std::vector<Location> others = std::move(value.other_places);
  const bool is_override = value.is_override;
  const bool is_anchored = value.is_anchored;
  value = target;
  move_to(value, place);
  value.other_places.insert(value.other_places.end(), others.begin(), others.end());
  value.is_override = is_override;
  value.is_anchored = is_anchored;
  value.is_interpolated = true;
}

std::optional<std::string> Interpolator::text_of(const Value& user,
                                                 const ConfigurationReference& reference,
                                                 const std::string& path) {
  const Value* target = fetch(reference, user, path);
  if (target == nullptr || target->is_unresolved) {
    return std::nullopt;
  }
  if (target->is_null()) {
    return "";
  }
  const std::optional<std::string_view> text = as_text(*target);
  if (!text) {
    report(shown(reference.path) + " is " + std::string(kind_word(target->kind)) +
               " and cannot stand inside a text",
           "Let the reference stand alone, or name one of its parts.",
           user,
           path);
    return std::nullopt;
  }
  return std::string(*text);
}

const Value* Interpolator::fetch(const ConfigurationReference& reference,
                                 const Value& user,
                                 const std::string& path) {
  if (std::ranges::find(stack_, reference.path) != stack_.end()) {
    report_cycle(reference.path, user, path);
    return nullptr;
  }
  auto known = resolved_.find(reference.path);
  if (known == resolved_.end()) {
    if (stack_.size() >= kMaxReferenceDepth) {
      report("more than " + std::to_string(kMaxReferenceDepth) + " references within each other",
             "Write the value of " + shown(reference.path) + " without a detour.",
             user,
             path);
      return nullptr;
    }
    stack_.push_back(reference.path);
    std::optional<Value> value = look_up(reference, user, path);
    stack_.pop_back();
    known = resolved_.emplace(reference.path, std::move(value)).first;
  }
  if (!known->second) {
    return nullptr;
  }
  nodes_ += count_nodes(*known->second);
  if (nodes_ > kMaxNodes) {
    if (!std::exchange(is_exhausted_, true)) {
      report("references expand to more than " + std::to_string(kMaxNodes) + " values",
             "",
             user,
             path);
    }
    return nullptr;
  }
  return &*known->second;
}

// Walks to the target; a reference on the way ("${var.a.b}" where a is itself a reference) is
// followed.
std::optional<Value> Interpolator::look_up(const ConfigurationReference& reference,
                                           const Value& user,
                                           const std::string& path) {
  const std::string target_path =
      is_variable(reference.path) ? "variables." + variable_name(reference.path) : reference.path;
  std::string rest = place_in_configuration(reference.path);
  Found found = follow(configuration_, rest);
  Value step;
  while (!found.is_exact() && found.value->kind == Kind::kString &&
         !references_in(found.value->text).empty()) {
    step = Value(*found.value);
    resolve(step, target_path);
    if (step.is_unresolved) {
      return std::nullopt;
    }
    rest = std::string(found.rest);
    found = follow(step, rest);
  }
  if (!found.is_exact() || found.value->is_null()) {
    if (++unknown_ > kMaxExplained) {
      report(shown(reference.path) + " leads nowhere", "", user, path);
    } else if (auto unknown = explain_unknown(configuration_, reference.path, found)) {
      report(std::move(unknown->summary), std::move(unknown->cure), user, path);
    }
    return std::nullopt;
  }
  Value target = *found.value;
  resolve(target, target_path);
  return target;
}

void Interpolator::report_cycle(const std::string& reference,
                                const Value& user,
                                const std::string& path) {
  std::string cycle;
  const auto start = std::ranges::find(stack_, reference);
  for (auto step = start; step != stack_.end(); ++step) {
    cycle += shown(*step) + " → ";
  }
  report("references go round in a circle: " + cycle + shown(reference),
         "Give one of them a value of its own.",
         user,
         path);
}

std::vector<ConfigurationReference> Interpolator::references_in(const std::string& text) const {
  std::vector<ConfigurationReference> references = find_references(text);
  if (deployed_ == DeployedReferences::kStay) {
    std::erase_if(references, [](const ConfigurationReference& reference) {
      return reference.path.starts_with("resources.") || reference.path.starts_with("artifacts.");
    });
  }
  return references;
}

void Interpolator::report(std::string summary,
                          std::string cure,
                          const Value& user,
                          const std::string& path) {
  findings_.error(
      {.summary = std::move(summary), .detail = std::move(cure)}, path, places_of(user));
}

}  // namespace sheaf::bundles
