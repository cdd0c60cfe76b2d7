#include "bundles/targets.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "bundles/merge.h"
#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"
#include "common/base/check.h"
#include "common/model/manifest.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kOnlyTarget = "default";
constexpr std::array<std::string_view, 7> kMerged = {
    "bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets"};
constexpr std::array<std::string_view, 7> kOthers = {
    "mode", "default", "variables", "git", "run_as", "cluster_id", "compute_id"};

// The map of targets; null when there are none. `environments` is its old name.
const Value* targets_of(const Value& configuration) {
  const Value* targets = find(configuration, "targets");
  return targets != nullptr ? targets : find(configuration, "environments");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

std::optional<std::string> wanted_target(const std::string& wanted,
                                         const std::map<std::string, std::string>& environment) {
  if (!wanted.empty()) {
    return wanted;
  }
  for (const char* name : {"DATABRICKS_BUNDLE_TARGET", "DATABRICKS_BUNDLE_ENV"}) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty()) {
      return found->second;
    }
  }
  return std::nullopt;
}

void check_keys(const Value& block, const std::string& path, Findings& findings) {
  std::vector<std::string> known(kMerged.begin(), kMerged.end());
  known.insert(known.end(), kOthers.begin(), kOthers.end());
  warn_unknown_fields(block, known, path, findings);
}

Mode read_mode(const Value& block, const std::string& path, Findings& findings) {
  const Value* mode = find(block, "mode");
  if (mode == nullptr) {
    return Mode::kNone;
  }
  if (mode->text == "development") {
    return Mode::kDevelopment;
  }
  if (mode->text == "production") {
    return Mode::kProduction;
  }
  const std::vector<std::string> known = {"development", "production"};
  findings.error(
      {.summary = "unknown mode \"" + mode->text + "\"" + model::did_you_mean(mode->text, known),
       .detail = "Write development or production, or leave the mode out."},
      member_path(path, "mode"),
      {mode->place});
  return Mode::kNone;
}

// A scalar, a list or a map of values is short for {default: …}.
bool is_full_declaration(const Value& value) {
  return value.is_map() && !value.members.empty() &&
         std::ranges::all_of(value.members, [](const Member& member) {
           return member.key == "default" || member.key == "lookup" || member.key == "type" ||
                  member.key == "description";
         });
}

// Fields that are read here and whose value means nothing.
void check_kinds(const Value& block, const std::string& path, Findings& findings) {
  const Value* variables = find(block, "variables");
  if (variables != nullptr && !variables->is_map()) {
    findings.error({.summary = "`variables` of a target is a map of values, not " +
                               std::string(kind_word(variables->kind)),
                    .detail = "Write the name of each variable and its value."},
                   member_path(path, "variables"),
                   {variables->place});
  }
  const Value* is_default = find(block, "default");
  if (is_default != nullptr && !as_boolean(*is_default)) {
    findings.warning(
        {.summary = "expected true or false, found " + std::string(kind_word(is_default->kind)),
         .detail = "The value is ignored."},
        member_path(path, "default"),
        {is_default->place});
  }
}

// What a target says beside what it merges: it replaces, and all of it belongs to `bundle`.
void settle_bundle(Value& bundle, const Value& block, const Target& target, Findings& findings) {
  if (const Value* git = find(block, "git")) {
    Value& base =
        find(bundle, "git") == nullptr ? put(bundle, "git", make_map()) : *find(bundle, "git");
    merge(base, *git, "bundle.git", findings);
  }
  for (const char* field : {"compute_id", "cluster_id"}) {
    if (const Value* cluster = find(block, field)) {
      put(bundle, "cluster_id", *cluster);
    }
  }
  put(bundle, "target", make_string(target.name, target.place));
  put(bundle, "environment", make_string(target.name, target.place));
  put(bundle, "mode", make_string(std::string(to_string(target.mode)), target.place));
}

void override_variables(Value& configuration,
                        const Value& overrides,
                        const std::string& path,
                        Findings& findings) {
  Value* variables = find(configuration, "variables");
  const std::vector<std::string> declared =
      variables == nullptr ? std::vector<std::string>{} : keys_of(*variables);
  for (const Member& member : overrides.members) {
    if (std::ranges::find(declared, member.key) == declared.end()) {
      findings.error({.summary = "the variable \"" + member.key + "\" is not declared" +
                                 model::did_you_mean(member.key, declared),
                      .detail = "Declare it under `variables` of the bundle."},
                     member_path(path, member.key),
                     {member.key_place});
      continue;
    }
    Value& variable = std::ranges::find(variables->members, member.key, &Member::key)->value;
    if (!variable.is_null() && !is_full_declaration(variable)) {
      Value declaration = make_map(variable.place);
      put(declaration, "default", std::move(variable));
      variable = std::move(declaration);
    }
    const bool is_full = is_full_declaration(member.value);
    for (const std::string_view key : {"default", "lookup"}) {
      const Value* given =
          is_full ? find(member.value, key) : (key == "default" ? &member.value : nullptr);
      if (given != nullptr) {
        erase(variable, "default");
        erase(variable, "lookup");
        put(variable, key, *given);
      }
    }
  }
}

// They name folders of `.databricks` and of the workspace too.
void check_names(const Value& targets, Findings& findings) {
  for (const Member& target : targets.members) {
    if (!model::is_manifest_name(target.key)) {
      findings.error({.summary = "not a name for a target",
                      .detail = "Write a name without slashes and control characters."},
                     "targets." + target.key,
                     {target.key_place});
    }
  }
}

}  // namespace

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::kNone:
      return "";
    case Mode::kDevelopment:
      return "development";
    case Mode::kProduction:
      return "production";
  }
  check_failed(__FILE__, __LINE__, "mode", "not a Mode");
}

std::vector<std::string> target_names(const Value& configuration) {
  const Value* targets = targets_of(configuration);
  return targets != nullptr && targets->is_map() ? keys_of(*targets) : std::vector<std::string>{};
}

std::optional<std::string> choose_target(const Value& configuration,
                                         const std::string& wanted,
                                         const std::map<std::string, std::string>& environment,
                                         Findings& findings) {
  const Value* targets = targets_of(configuration);
  std::vector<std::string> names;
  if (targets != nullptr && !targets->is_map()) {
    findings.error(
        {.summary = "`targets` is a map of targets, not " + std::string(kind_word(targets->kind)),
         .detail = "Write the name of each target and below it what it changes."},
        "targets",
        {targets->place});
    return std::nullopt;
  }
  if (targets != nullptr) {
    names = keys_of(*targets);
    check_names(*targets, findings);
  }
  const std::vector<Location> places =
      targets == nullptr ? std::vector<Location>{} : places_of(*targets);
  if (names.empty()) {
    names.emplace_back(kOnlyTarget);
  }
  if (const std::optional<std::string> name = wanted_target(wanted, environment)) {
    if (std::ranges::find(names, *name) != names.end()) {
      return name;
    }
    findings.error(
        {.summary = "there is no target \"" + *name + "\"" + model::did_you_mean(*name, names),
         .detail = "Targets of this bundle: " + joined(names) + "."},
        "targets",
        places);
    return std::nullopt;
  }
  if (names.size() == 1) {
    return names.front();
  }
  std::vector<std::string> defaults;
  for (const Member& target : targets->members) {
    const Value* is_default = find(target.value, "default");
    if (is_default != nullptr && as_boolean(*is_default) == true) {
      defaults.push_back(target.key);
    }
  }
  if (defaults.size() == 1) {
    return defaults.front();
  }
  findings.error({.summary = defaults.empty() ? "please specify target: none is the default"
                                              : "please specify target: " + joined(defaults) +
                                                    " are all default",
                  .detail = "Name one with -t: " + joined(names) + "."},
                 "targets",
                 places);
  return std::nullopt;
}

Target apply_target(Value& configuration, const std::string& name, Findings& findings) {
  const Value* targets = targets_of(configuration);
  const Member* member = targets == nullptr ? nullptr : find_member(*targets, name);
  Target target{.name = name};
  Value block = make_map();
  const std::string path = "targets." + name;
  if (member != nullptr) {
    target.place = member->key_place;
    if (member->value.is_map()) {
      block = member->value;
    } else if (!member->value.is_null()) {
      findings.error(
          {.summary = "a target is a map, not " + std::string(kind_word(member->value.kind)),
           .detail = ""},
          path,
          {member->value.place});
    }
  }
  erase(configuration, "targets");
  erase(configuration, "environments");
  check_keys(block, path, findings);
  check_kinds(block, path, findings);
  target.mode = read_mode(block, path, findings);
  const Value* workspace = find(block, "workspace");
  target.has_root_path = workspace != nullptr && find(*workspace, "root_path") != nullptr;
  for (const std::string_view key : kMerged) {
    if (Value* overlay = find(block, key)) {
      mark_as_override(*overlay);
      Value& base = find_member(configuration, key) == nullptr
                        ? put(configuration, key, Value{})
                        : std::ranges::find(configuration.members, key, &Member::key)->value;
      merge(base, std::move(*overlay), std::string(key), findings);
    }
  }
  if (const Value* run_as = find(block, "run_as")) {
    put(configuration, "run_as", *run_as);
  }
  if (const Value* variables = find(block, "variables")) {
    override_variables(configuration, *variables, path + ".variables", findings);
  }
  Value* bundle = find(configuration, "bundle");
  if (bundle != nullptr && bundle->is_map()) {
    settle_bundle(*bundle, block, target, findings);
  }
  return target;
}

}  // namespace sheaf::bundles
