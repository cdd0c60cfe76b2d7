#include "bundles/unknown_reference.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bundles/resource_kinds.h"
#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

constexpr std::size_t kMaxCompared = 200;
constexpr std::size_t kMaxComparedBytes = 64;
constexpr std::string_view kVariable = "var.";
constexpr std::string_view kResource = "resources.";
constexpr std::string_view kArtifact = "artifacts.";

std::string shown(const std::string& reference) {
  return "${" + reference + "}";
}

std::string first_segment(std::string_view path) {
  return std::string(path.substr(0, path.find_first_of(".[")));
}

// Names are compared letter by letter: a hostile bundle has many, and long ones.
std::string nearest(const std::string& name, std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& other) { return other.size() > kMaxComparedBytes; });
  if (name.size() > kMaxComparedBytes) {
    return {};
  }
  names.resize(std::min(names.size(), kMaxCompared));
  return model::did_you_mean(name, names);
}

std::optional<UnknownReference> explain_variable(const Value& configuration,
                                                 const std::string& reference,
                                                 const Found& found) {
  const std::string name = variable_name(reference);
  const Value* variables = find(configuration, "variables");
  const Value* variable = variables == nullptr ? nullptr : find(*variables, name);
  if (variable == nullptr) {
    const std::vector<std::string> names =
        variables == nullptr ? std::vector<std::string>{} : keys_of(*variables);
    return UnknownReference{.summary = shown(reference) + ": the variable \"" + name +
                                       "\" is not declared" + nearest(name, names),
                            .cure = "Declare it under `variables` of the bundle."};
  }
  if (find(*variable, "value") != nullptr) {
    return UnknownReference{.summary = shown(reference) + " leads nowhere" +
                                       nearest(first_segment(found.rest), keys_of(*found.value)),
                            .cure = "Name a part that the variable \"" + name + "\" has."};
  }
  if (find(*variable, "lookup") != nullptr) {
    return UnknownReference{
        .summary = shown(reference) + " is looked up in a workspace, and Sheaf asks none",
        .cure = "Give it a value: --var " + name + "=<value>, or a default in the target."};
  }
  return std::nullopt;
}

UnknownReference explain_resource(const std::string& reference, const Found& found) {
  const std::string_view path = std::string_view(reference).substr(kResource.size());
  const std::string kind = first_segment(path);
  const std::string missing = first_segment(found.rest);
  const std::vector<std::string>& kinds = resource_kinds();
  if (std::ranges::find(kinds, kind) == kinds.end()) {
    return {.summary = shown(reference) + ": there is no kind of resource \"" + kind + "\"" +
                       nearest(kind, kinds),
            .cure = "Write ${resources.<kind>.<key>.<field>}."};
  }
  if (found.rest.size() + kind.size() + 1 >= path.size()) {
    const bool is_kind_there = found.rest.size() < path.size();
    return {.summary = shown(reference) + ": the bundle has no " + kind + " \"" +
                       first_segment(path.substr(std::min(kind.size() + 1, path.size()))) + "\"" +
                       (is_kind_there ? nearest(missing, keys_of(*found.value)) : ""),
            .cure = "Define it under `resources." + kind + "`."};
  }
  if (kind == "jobs" && missing == "id") {
    return {.summary = shown(reference) + " is known only to the scheduler",
            .cure =
                "It may stand alone as the job_id of a run_job_task; name the job by its name "
                "elsewhere."};
  }
  return {.summary = shown(reference) +
                     " is known only after a deployment, which is not supported" +
                     nearest(missing, keys_of(*found.value)),
          .cure = "Write the value itself, or name a field that the resource sets."};
}

}  // namespace

bool is_variable(std::string_view reference) {
  return reference.starts_with(kVariable);
}

std::string variable_name(std::string_view reference) {
  return first_segment(reference.substr(kVariable.size()));
}

std::optional<UnknownReference> explain_unknown(const Value& configuration,
                                                const std::string& reference,
                                                const Found& found) {
  if (is_variable(reference)) {
    return explain_variable(configuration, reference, found);
  }
  if (reference.starts_with(kResource)) {
    return explain_resource(reference, found);
  }
  const std::string near = nearest(first_segment(found.rest), keys_of(*found.value));
  if (reference.starts_with(kArtifact)) {
    const std::string_view path = std::string_view(reference).substr(kArtifact.size());
    if (found.rest.size() >= path.size()) {
      return UnknownReference{.summary = shown(reference) + ": the bundle has no artifact \"" +
                                         first_segment(path) + "\"" +
                                         (found.rest.size() == path.size() ? near : ""),
                              .cure = "Define it under `artifacts`."};
    }
    return UnknownReference{
        .summary = shown(reference) + " is known only once the artifact is built" + near,
        .cure = "Name a field that the artifact sets, or write the value itself."};
  }
  return UnknownReference{.summary = shown(reference) + " leads nowhere" + near,
                          .cure = "Known here: bundle.*, workspace.* and var.*."};
}

}  // namespace sheaf::bundles
