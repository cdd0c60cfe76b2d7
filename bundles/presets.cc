#include "bundles/presets.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"
#include "bundles/workspace.h"

namespace sheaf::bundles {

namespace {

constexpr long long kDevelopmentRuns = 4;

struct Presets {
  std::string name_prefix;
  std::vector<std::pair<std::string, std::string>> tags;
  std::string pause_status;  ///< Empty: none.
  std::optional<std::int64_t> max_concurrent_runs;
  bool has_dynamic_version = false;
};

// Holds the user's name, whole or short.
bool is_personal(const std::string& text, const std::string& user_name) {
  return text.find(user_name) != std::string::npos ||
         text.find(short_user_name(user_name)) != std::string::npos;
}

class PresetReader {
 public:
  PresetReader(const Value& configuration,
               const Target& target,
               const std::string& user_name,
               Findings& findings)
      : presets_(find(configuration, "presets")),
        target_(target),
        user_name_(user_name),
        findings_(findings) {}

  Presets run() {
    Presets presets;
    if (target_.mode == Mode::kDevelopment) {
      const std::string user = short_user_name(user_name_);
      presets = {.name_prefix = "[dev " + user + "] ",
                 .tags = {{"dev", user}},
                 .pause_status = "PAUSED",
                 .max_concurrent_runs = kDevelopmentRuns};
    }
    if (presets_ == nullptr) {
      return presets;
    }
    if (!presets_->is_map()) {
      mismatch(*presets_, "a map", "presets");
      return presets;
    }
    check_keys();
    read_prefix(presets);
    read_pause_status(presets);
    read_runs(presets);
    read_tags(presets);
    presets.has_dynamic_version = is_true("artifacts_dynamic_version");
    is_true("source_linked_deployment");
    if (is_true("pipelines_development") && target_.mode == Mode::kProduction) {
      findings_.error({.summary = "a target for production cannot have pipelines for development",
                       .detail = "Remove presets.pipelines_development from it."},
                      "presets.pipelines_development",
                      places_of(*find(*presets_, "pipelines_development")));
    }
    return presets;
  }

 private:
  void mismatch(const Value& value, const std::string& wanted, const std::string& path) {
    if (!value.is_unresolved) {
      findings_.warning(
          {.summary = "expected " + wanted + ", found " + std::string(kind_word(value.kind)),
           .detail = "The value is ignored."},
          path,
          places_of(value));
    }
  }

  bool is_true(const std::string& field) {
    const Value* value = find(*presets_, field);
    const std::optional<bool> truth = value == nullptr ? false : as_boolean(*value);
    if (!truth) {
      mismatch(*value, "true or false", "presets." + field);
    }
    return truth.value_or(false);
  }

  void read_runs(Presets& presets) {
    const Value* runs = find(*presets_, "jobs_max_concurrent_runs");
    if (runs == nullptr) {
      return;
    }
    if (const std::optional<std::int64_t> number = as_integer(*runs)) {
      presets.max_concurrent_runs = number;
    } else {
      mismatch(*runs, "an integer", "presets.jobs_max_concurrent_runs");
    }
  }

  void read_tags(Presets& presets) {
    const Value* tags = find(*presets_, "tags");
    if (tags == nullptr) {
      return;
    }
    if (!tags->is_map()) {
      mismatch(*tags, "a map of strings", "presets.tags");
    }
    for (const Member& tag : tags->members) {
      if (as_text(tag.value)) {
        presets.tags.emplace_back(tag.key, tag.value.text);
      } else if (!tag.value.is_null()) {
        mismatch(tag.value, "a string", "presets.tags." + tag.key);
      }
    }
  }

  void check_keys() {
    const std::vector<std::string> known = {"name_prefix",
                                            "tags",
                                            "trigger_pause_status",
                                            "jobs_max_concurrent_runs",
                                            "artifacts_dynamic_version",
                                            "source_linked_deployment",
                                            "pipelines_development"};
    warn_unknown_fields(*presets_, known, "presets", findings_);
  }

  void read_prefix(Presets& presets) {
    const Value* prefix = find(*presets_, "name_prefix");
    if (prefix == nullptr) {
      return;
    }
    if (!as_text(*prefix)) {
      return mismatch(*prefix, "a string", "presets.name_prefix");
    }
    presets.name_prefix = prefix->text;
    if (target_.mode == Mode::kDevelopment && !prefix->is_unresolved &&
        !is_personal(prefix->text, user_name_)) {
      findings_.error({.summary = "the prefix \"" + prefix->text +
                                  "\" does not tell whose deployment "
                                  "for development this is",
                       .detail = "Put ${workspace.current_user.short_name} into it."},
                      "presets.name_prefix",
                      places_of(*prefix));
    }
  }

  void read_pause_status(Presets& presets) {
    const Value* status = find(*presets_, "trigger_pause_status");
    if (status == nullptr || status->is_unresolved) {
      return;
    }
    if (status->text != "PAUSED" && status->text != "UNPAUSED") {
      findings_.warning({.summary = "`trigger_pause_status` is PAUSED or UNPAUSED",
                         .detail = "The value is ignored."},
                        "presets.trigger_pause_status",
                        places_of(*status));
      return;
    }
    if (target_.mode == Mode::kDevelopment && status->text == "UNPAUSED") {
      findings_.error({.summary = "a target for development cannot unpause all schedules",
                       .detail = "Set pause_status: UNPAUSED on the schedules that shall run."},
                      "presets.trigger_pause_status",
                      places_of(*status));
      return;
    }
    presets.pause_status = status->text;
  }

  const Value* presets_;
  const Target& target_;
  const std::string& user_name_;
  Findings& findings_;
};

void check_development_paths(const Value& configuration,
                             const Target& target,
                             const std::string& user_name,
                             Findings& findings) {
  const Value* workspace = find(configuration, "workspace");
  for (const char* field :
       {"root_path", "file_path", "artifact_path", "state_path", "resource_path"}) {
    const Value* path = workspace == nullptr ? nullptr : find(*workspace, field);
    if (path == nullptr || path->is_unresolved || is_personal(path->text, user_name)) {
      continue;
    }
    std::vector<Location> places = places_of(*path);
    places.push_back(target.place);
    findings.error(
        {.summary = "in a target for development, " + std::string(field) +
                    " must hold the user's name, so that people do not overwrite each other",
         .detail = "Begin it with `~/`, or put ${workspace.current_user.userName} into it."},
        "workspace." + std::string(field),
        places);
    return;  // The other paths follow from the first.
  }
}

void check_production(const Target& target, Findings& findings) {
  if (!target.has_root_path) {
    findings.error(
        {.summary = "a target for production must say where it is deployed",
         .detail = "Set workspace.root_path in the target: without it, everybody who deploys "
                   "gets a production of their own."},
        "targets." + target.name + ".workspace.root_path",
        {target.place});
  }
}

// True when the schedule had no pause status and got PAUSED.
bool fill_pause_status(Value& job, const std::string& preset) {
  bool is_paused = false;
  for (const char* block : {"schedule", "trigger", "continuous"}) {
    Value* trigger = find(job, block);
    if (trigger == nullptr || !trigger->is_map() || find(*trigger, "pause_status") != nullptr) {
      continue;
    }
    put(*trigger,
        "pause_status",
        make_string(preset.empty() ? "UNPAUSED" : preset, trigger->place));
    is_paused = is_paused || preset == "PAUSED";
  }
  return is_paused;
}

bool fill_job(Value& job, const Presets& presets) {
  Value* name = find(job, "name");
  if (name == nullptr) {
    name = &put(job, "name", make_string("Untitled", job.place));
  }
  if (as_text(*name)) {
    name->text = presets.name_prefix + name->text;
    name->kind = Kind::kString;
  }
  if (!presets.tags.empty()) {
    Value* tags = find(job, "tags");
    if (tags == nullptr) {
      tags = &put(job, "tags", make_map(job.place));
    }
    for (const auto& [key, text] : presets.tags) {
      if (tags->is_map() && find(*tags, key) == nullptr) {
        put(*tags, key, make_string(text, tags->place));
      }
    }
  }
  if (find(job, "max_concurrent_runs") == nullptr) {
    put(job,
        "max_concurrent_runs",
        make_integer(presets.max_concurrent_runs.value_or(1), job.place));
  }
  if (find(job, "queue") == nullptr) {
    Value& queue = put(job, "queue", make_map(job.place));
    put(queue, "enabled", make_boolean(true, job.place));
  }
  return fill_pause_status(job, presets.pause_status);
}

// What a target for development is spared: others wait for a lock, and it has no others.
void unlock(Value& configuration) {
  Value* bundle = find(configuration, "bundle");
  if (bundle == nullptr) {
    return;
  }
  for (const char* block : {"deployment", "lock"}) {
    Value* inner = find(*bundle, block);
    bundle = inner == nullptr ? &put(*bundle, block, make_map(bundle->place)) : inner;
  }
  if (bundle->is_map() && find(*bundle, "enabled") == nullptr) {
    put(*bundle, "enabled", make_boolean(false, bundle->place));
  }
}

void fill_artifacts(Value& configuration) {
  Value* artifacts = find(configuration, "artifacts");
  for (std::size_t i = 0; artifacts != nullptr && i < artifacts->members.size(); ++i) {
    Value& artifact = artifacts->members[i].value;
    if (artifact.is_map() && find(artifact, "dynamic_version") == nullptr) {
      put(artifact, "dynamic_version", make_boolean(true, artifact.place));
    }
  }
}

}  // namespace

std::vector<std::string> apply_presets(Value& configuration,
                                       const Target& target,
                                       const std::string& user_name,
                                       Findings& findings) {
  if (target.mode == Mode::kDevelopment) {
    check_development_paths(configuration, target, user_name, findings);
    unlock(configuration);
  }
  if (target.mode == Mode::kProduction) {
    check_production(target, findings);
  }
  const Presets presets = PresetReader(configuration, target, user_name, findings).run();
  if (presets.has_dynamic_version) {
    fill_artifacts(configuration);
  }
  std::vector<std::string> paused;
  Value* resources = find(configuration, "resources");
  Value* jobs = resources == nullptr ? nullptr : find(*resources, "jobs");
  if (jobs == nullptr) {
    return paused;
  }
  for (Member& job : jobs->members) {
    if (!job.value.is_map()) {
      continue;
    }
    if (fill_job(job.value, presets)) {
      paused.push_back(job.key);
    }
  }
  std::ranges::sort(paused);
  return paused;
}

}  // namespace sheaf::bundles
