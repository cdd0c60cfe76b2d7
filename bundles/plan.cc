#include "bundles/plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <boost/json.hpp>

#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

namespace json = boost::json;

/// Digits of a digest that tell two trees apart for people.
constexpr std::size_t kShownDigits = 12;

/// Fields that name the elements of a list.
constexpr std::array<std::string_view, 4> kNames = {
    "task_key", "job_cluster_key", "environment_key", "name"};

/// By name, when each element of the list is an object with a name of its own.
using NamedElements = std::map<std::string, const json::value*>;
std::optional<NamedElements> by_name(const json::array& list, std::string_view field) {
  NamedElements elements;
  for (const json::value& element : list) {
    const auto* name = element.is_object() ? element.get_object().if_contains(field) : nullptr;
    if (name == nullptr || !name->is_string() ||
        !elements.emplace(std::string(name->get_string()), &element).second) {
      return std::nullopt;
    }
  }
  return elements;
}

class Comparer {
 public:
  std::vector<FieldChange> run(const json::value& before, const json::value& after) {
    compare("", &before, &after);
    return std::move(changes_);
  }

 private:
  void compare(const std::string& path, const json::value* before, const json::value* after) {
    if (before != nullptr && after != nullptr) {
      if (*before == *after) {
        return;
      }
      if (before->is_object() && after->is_object()) {
        return compare_objects(path, before->get_object(), after->get_object());
      }
      if (before->is_array() && after->is_array() &&
          compare_lists(path, before->get_array(), after->get_array())) {
        return;
      }
    }
    changes_.push_back({.path = path,
                        .before = before == nullptr ? "" : json::serialize(*before),
                        .after = after == nullptr ? "" : json::serialize(*after)});
  }

  void compare_objects(const std::string& path,
                       const json::object& before,
                       const json::object& after) {
    std::set<std::string> keys;
    for (const json::object* object : {&before, &after}) {
      for (const auto& member : *object) {
        keys.emplace(member.key());
      }
    }
    for (const std::string& key : keys) {
      compare(
          path.empty() ? key : path + "." + key, before.if_contains(key), after.if_contains(key));
    }
  }

  /// False when the lists can only be told as a whole.
  bool compare_lists(const std::string& path, const json::array& before, const json::array& after) {
    for (const std::string_view field : kNames) {
      const auto old_elements = by_name(before, field);
      const auto new_elements = by_name(after, field);
      if (old_elements && new_elements) {
        return compare_named(path, *old_elements, *new_elements);
      }
    }
    const auto holds_objects = [](const json::array& list) {
      return std::ranges::all_of(list, [](const json::value& item) { return item.is_object(); });
    };
    if (before.size() != after.size() || !holds_objects(before) || !holds_objects(after)) {
      return false;
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      compare(path + "[" + std::to_string(i) + "]", &before[i], &after[i]);
    }
    return true;
  }

  /// False when only the order differs, which may mean something.
  bool compare_named(const std::string& path,
                     const NamedElements& before,
                     const NamedElements& after) {
    std::set<std::string> names;
    for (const NamedElements* elements : {&before, &after}) {
      for (const auto& entry : *elements) {
        names.insert(entry.first);
      }
    }
    const std::size_t known = changes_.size();
    for (const std::string& name : names) {
      const auto old_one = before.find(name);
      const auto new_one = after.find(name);
      compare(path + "[" + name + "]",
              old_one == before.end() ? nullptr : old_one->second,
              new_one == after.end() ? nullptr : new_one->second);
    }
    return changes_.size() > known;
  }

  std::vector<FieldChange> changes_;
};

Result<json::value> parse(const PlannedState& state) {
  boost::system::error_code error;
  json::value value = json::parse(state.settings_json, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt, "the settings of jobs." + state.key + " are no JSON object");
  }
  return value;
}

std::string shown_digest(const std::string& digest) {
  return digest.empty() ? "" : json::serialize(json::value(digest.substr(0, kShownDigits)));
}

std::string quoted(const std::string& text) {
  return text.empty() ? "" : json::serialize(json::value(text));
}

Result<PlannedJob> plan_update(const PlannedState& current, const PlannedState& desired) {
  const auto before = parse(current);
  const auto after = parse(desired);
  if (!before || !after) {
    return fail(!before ? before.error() : after.error());
  }
  PlannedJob job{.key = desired.key, .changes = Comparer().run(*before, *after)};
  if (current.file_path != desired.file_path) {
    job.changes.push_back({.path = "file_path",
                           .before = quoted(current.file_path),
                           .after = quoted(desired.file_path)});
  }
  if (current.manifest_digest != desired.manifest_digest) {
    job.changes.push_back({.path = "files",
                           .before = shown_digest(current.manifest_digest),
                           .after = shown_digest(desired.manifest_digest)});
  }
  job.action = job.changes.empty() ? PlanAction::kUnchanged : PlanAction::kUpdate;
  return job;
}

std::map<std::string, const PlannedState*> by_key(const std::vector<PlannedState>& jobs) {
  std::map<std::string, const PlannedState*> keyed;
  for (const PlannedState& job : jobs) {
    keyed.emplace(job.key, &job);
  }
  return keyed;
}

}  // namespace

std::string_view to_string(PlanAction action) {
  switch (action) {
    case PlanAction::kCreate:
      return "create";
    case PlanAction::kUpdate:
      return "update";
    case PlanAction::kDelete:
      return "delete";
    case PlanAction::kUnchanged:
      return "unchanged";
  }
  check_failed(__FILE__, __LINE__, "action", "not a PlanAction");
}

Result<std::vector<PlannedJob>> plan_jobs(const std::vector<PlannedState>& current,
                                          const std::vector<PlannedState>& desired) {
  const auto old_jobs = by_key(current);
  const auto new_jobs = by_key(desired);
  std::vector<PlannedJob> jobs;
  for (const auto& [key, job] : new_jobs) {
    const auto known = old_jobs.find(key);
    if (known == old_jobs.end()) {
      jobs.push_back({.key = key, .action = PlanAction::kCreate, .changes = {}});
      continue;
    }
    auto update = plan_update(*known->second, *job);
    if (!update) {
      return fail(update.error());
    }
    jobs.push_back(std::move(*update));
  }
  for (const auto& entry : old_jobs) {
    if (!new_jobs.contains(entry.first)) {
      jobs.push_back({.key = entry.first, .action = PlanAction::kDelete, .changes = {}});
    }
  }
  std::ranges::sort(jobs, {}, &PlannedJob::key);
  return jobs;
}

FilePlan plan_files(const model::Manifest& current, const model::Manifest& desired) {
  std::map<std::string, const model::ManifestFile*> known;
  for (const model::ManifestFile& file : current.files) {
    known.emplace(file.path, &file);
  }
  FilePlan plan;
  for (const model::ManifestFile& file : desired.files) {
    const auto found = known.find(file.path);
    if (found == known.end()) {
      plan.added.push_back(file.path);
      continue;
    }
    if (*found->second != file) {
      plan.changed.push_back(file.path);
    }
    known.erase(found);
  }
  for (const auto& entry : known) {
    plan.removed.push_back(entry.first);
  }
  return plan;
}

}  // namespace sheaf::bundles
