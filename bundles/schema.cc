#include "bundles/schema.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>

#include "common/base/check.h"
#include "common/model/field_table.h"

namespace sheaf::bundles {

namespace {

namespace json = boost::json;
using model::Field;
using model::FieldType;
using model::Treatment;

/// A field of a section. Its path is like that of a job's field; `*` stands for any key.
struct SectionField {
  std::string_view path;
  FieldType type;
  std::string_view description;
};

using enum FieldType;

// clang-format off
constexpr auto kSections = std::to_array<SectionField>({
  {"bundle", kObject, "What the bundle is."},
  {"bundle.name", kString, "Name of the bundle: 1 to 200 characters, no slash, no references."},
  {"bundle.uuid", kString, "Set by templates; without effect."},
  {"bundle.git", kObject, "Where the bundle's files come from; found by git where absent."},
  {"bundle.git.branch", kString, "Branch, as ${bundle.git.branch}."},
  {"bundle.git.commit", kString, "Commit, as ${bundle.git.commit}."},
  {"bundle.git.origin_url", kString, "Remote, as ${bundle.git.origin_url}."},
  {"bundle.cluster_id", kString, "Without effect: tasks run on Sheaf's workers."},
  {"bundle.compute_id", kString, "Without effect: tasks run on Sheaf's workers."},
  {"bundle.deployment", kAny, "Without effect."},
  {"bundle.databricks_cli_version", kString, "Without effect."},
  {"include", kStringList, "Files that are merged into this one: relative names and globs. Only in the root file."},
  {"variables", kObject, "Values that targets and callers may set."},
  {"variables.*", kObject, "A variable, used as ${var.<name>}."},
  {"variables.*.default", kAny, "The value where none is given."},
  {"variables.*.description", kString, "What it is for."},
  {"variables.*.type", kString, "`complex` for maps and lists."},
  {"variables.*.lookup", kObject, "Asks a workspace, which Sheaf does not: give the variable a value."},
  {"workspace", kObject, "Paths of the deployment."},
  {"workspace.host", kString, "Never connected to."},
  {"workspace.profile", kString, "Without effect."},
  {"workspace.root_path", kString, "Folder of the deployment; ~/.bundle/<name>/<target> where absent."},
  {"workspace.file_path", kString, "Folder of the files; <root_path>/files where absent."},
  {"workspace.artifact_path", kString, "Folder of built artifacts; <root_path>/artifacts where absent."},
  {"workspace.state_path", kString, "<root_path>/state where absent."},
  {"workspace.resource_path", kString, "<root_path>/resources where absent."},
  {"artifacts", kObject, "What is built before a deployment."},
  {"artifacts.*", kObject, "One artifact."},
  {"artifacts.*.type", kString, "whl."},
  {"artifacts.*.path", kString, "Folder in which it is built."},
  {"artifacts.*.build", kString, "Command that builds it."},
  {"artifacts.*.executable", kString, "Shell that reads the command: bash or sh."},
  {"artifacts.*.files", kAny, "What the build leaves, as a list of {source}."},
  {"artifacts.*.dynamic_version", kBoolean, "Whether each build has a version of its own."},
  {"sync", kObject, "Which files travel."},
  {"sync.include", kStringList, "Patterns of files that travel though git ignores them."},
  {"sync.exclude", kStringList, "Patterns of files that stay."},
  {"sync.paths", kStringList, "Folders whose files travel; the root where absent."},
  {"presets", kObject, "What fills unset fields of all resources."},
  {"presets.name_prefix", kString, "Put before names."},
  {"presets.tags", kStringMap, "Added to each resource."},
  {"presets.trigger_pause_status", kString, "Of schedules without a status: PAUSED or UNPAUSED."},
  {"presets.jobs_max_concurrent_runs", kInteger, "Of jobs that do not say it."},
  {"presets.artifacts_dynamic_version", kBoolean, "Of artifacts that do not say it."},
  {"presets.source_linked_deployment", kBoolean, "Without effect."},
  {"presets.pipelines_development", kBoolean, "Without effect."},
  {"permissions", kAny, "Who may do what, for every resource that does not say it."},
  {"run_as", kAny, "Who runs the jobs that do not say it."},
  {"scripts", kObject, "Commands for `sheaf run <name>`."},
  {"scripts.*", kObject, "One script."},
  {"scripts.*.content", kString, "What the shell runs, in the bundle's root."},
  {"experimental", kAny, "Only `scripts` is known: commands around a deployment."},
});
// clang-format on

/// Texts that are taken for values of other types.
constexpr std::string_view kIntegerText = R"(^[-+]?[0-9]+$)";
constexpr std::string_view kNumberText = R"(^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$)";
constexpr std::string_view kBooleanText =
    "^([yYnN]|[yY]es|YES|[nN]o|NO|[tT]rue|TRUE|[fF]alse|FALSE|[oO]n|ON|[oO]ff|OFF)$";

json::object described(json::object schema, std::string_view description) {
  schema["description"] = description;
  return schema;
}

/// The type, or a reference that has a value of the type.
json::object schema_of(FieldType type) {
  const auto or_reference = [](json::object other) {
    return json::object{{"anyOf", {std::move(other), {{"$ref", "#/$defs/reference"}}}}};
  };
  const auto or_text = [](std::string_view kind, std::string_view pattern) {
    return json::object{{"anyOf",
                         {{{"type", kind}},
                          {{"type", "string"}, {"pattern", pattern}},
                          {{"$ref", "#/$defs/reference"}}}}};
  };
  switch (type) {
    case kString:
      return {{"type", {"string", "number", "boolean"}}};
    case kInteger:
      return or_text("integer", kIntegerText);
    case kNumber:
      return or_text("number", kNumberText);
    case kIntegerOrString:
      return {{"type", {"integer", "string"}}};
    case kBoolean:
      return or_text("boolean", kBooleanText);
    case kStringList:
      return or_reference(
          {{"type", "array"}, {"items", {{"type", {"string", "number", "boolean"}}}}});
    case kStringMap:
      return or_reference(
          {{"type", "object"},
           {"additionalProperties", {{"type", {"string", "number", "boolean", "null"}}}}});
    case kObject:
    case kObjectList:
    case kAny:
      return {};
  }
  check_failed(__FILE__, __LINE__, "type", "not a FieldType");
}

std::string description_of(const Field& field) {
  switch (field.treatment) {
    case Treatment::kExecuted:
      return std::string(field.description);
    case Treatment::kEchoed:
      return "Kept without effect. " + std::string(field.description);
    case Treatment::kRefused:
      return "Not supported. " + std::string(field.description);
  }
  check_failed(__FILE__, __LINE__, "treatment", "not a Treatment");
}

json::object object_of_fields(std::string_view pattern);

json::object schema_of(const Field& field) {
  if (field.path == model::kIterationPattern) {
    return {{"$ref", "#/$defs/iteration"}};
  }
  json::object schema;
  if (field.type == kObject) {
    schema = object_of_fields(field.path);
  } else if (field.type == kObjectList) {
    schema = {{"type", "array"}, {"items", object_of_fields(std::string(field.path) + "[]")}};
  } else {
    schema = schema_of(field.type);
  }
  if (!field.choices.empty()) {
    json::array choices = json::value_from(model::split_choices(field.choices)).get_array();
    if (field.choices == "true|false") {
      choices.insert(choices.end(), {true, false});
    }
    schema = {{"anyOf", {{{"enum", std::move(choices)}}, {{"$ref", "#/$defs/reference"}}}}};
  }
  if (field.treatment == Treatment::kRefused) {
    schema["deprecated"] = true;
  }
  return described(std::move(schema), description_of(field));
}

/// What is refused is an object without known fields.
json::object object_of_fields(std::string_view pattern) {
  json::object properties;
  for (const Field* field : model::fields_below(pattern)) {
    properties[model::name_of(*field)] = schema_of(*field);
  }
  json::object schema{{"type", "object"}};
  if (!properties.empty()) {
    schema["properties"] = std::move(properties);
    schema["additionalProperties"] = false;
  }
  return schema;
}

class SectionsWriter {
 public:
  json::object properties() { return below(""); }

 private:
  json::object below(std::string_view pattern) {
    json::object properties;
    const std::string prefix = pattern.empty() ? "" : std::string(pattern) + ".";
    for (const SectionField& field : kSections) {
      const std::string_view rest = field.path.substr(std::min(prefix.size(), field.path.size()));
      if (field.path.starts_with(prefix) && !rest.empty() &&
          rest.find('.') == std::string_view::npos && rest != "*") {
        properties[rest] = schema(field);
      }
    }
    return properties;
  }

  json::object schema(const SectionField& field) {
    if (field.type != kObject) {
      return described(schema_of(field.type), field.description);
    }
    json::object schema{{"type", "object"}};
    const std::string any = std::string(field.path) + ".*";
    for (const SectionField& other : kSections) {
      if (other.path == any) {
        // A variable, a script or an artifact; a bare value is short for a variable's default.
        json::object element{{"properties", below(any)}};
        schema["additionalProperties"] = described(std::move(element), other.description);
        return described(std::move(schema), field.description);
      }
    }
    if (json::object properties = below(field.path); !properties.empty()) {
      schema["properties"] = std::move(properties);
    }
    return described(std::move(schema), field.description);
  }
};

json::object resources_schema() {
  return {{"type", "object"},
          {"description", "What the bundle deploys, by kind and key."},
          {"properties",
           {{"jobs",
             {{"type", "object"},
              {"description", "Jobs by key."},
              {"additionalProperties", {{"$ref", "#/$defs/job"}}}}}}}};
}

json::object target_schema(const json::object& sections) {
  json::object properties;
  for (const std::string_view name : {"bundle",
                                      "workspace",
                                      "artifacts",
                                      "resources",
                                      "sync",
                                      "permissions",
                                      "presets",
                                      "run_as"}) {
    properties[name] = sections.at(name);
  }
  properties["mode"] = json::object{{"enum", {"development", "production"}},
                                    {"description", "Rules of the target."}};
  properties["default"] =
      described(schema_of(kBoolean), "Whether this target is meant where none is named.");
  properties["variables"] =
      described({{"type", "object"}}, "Values of the bundle's variables in this target.");
  properties["git"] = described({{"type", "object"}}, "Merged into bundle.git.");
  properties["cluster_id"] = described(schema_of(kString), "Without effect.");
  properties["compute_id"] = described(schema_of(kString), "Without effect.");
  return {{"type", {"object", "null"}},
          {"description", "What is different in this target."},
          {"properties", std::move(properties)},
          {"additionalProperties", false}};
}

/// Boost writes JSON without indentation.
void indent(const json::value& value, std::string& text, const std::string& margin) {
  const std::string inner = margin + "  ";
  std::string_view separator = "\n";
  if (value.is_object() && !value.get_object().empty()) {
    text += "{";
    for (const auto& member : value.get_object()) {
      text += separator;
      text += inner + json::serialize(json::value(member.key())) + ": ";
      indent(member.value(), text, inner);
      separator = ",\n";
    }
    text += "\n" + margin + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    text += "[";
    for (const json::value& item : value.get_array()) {
      text += separator;
      text += inner;
      indent(item, text, inner);
      separator = ",\n";
    }
    text += "\n" + margin + "]";
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

std::string bundle_schema() {
  json::object sections = SectionsWriter().properties();
  sections["resources"] = resources_schema();
  json::object properties = sections;
  properties["targets"] = json::object{{"type", "object"},
                                       {"description", "Environments of the bundle, by name."},
                                       {"additionalProperties", target_schema(sections)}};
  const json::object schema{
      {"$schema", "https://json-schema.org/draft/2020-12/schema"},
      {"title", "Asset bundle"},
      {"description", "databricks.yml and the files that it includes, as Sheaf understands them."},
      {"type", "object"},
      {"properties", std::move(properties)},
      {"$defs",
       {{"reference",
         {{"type", "string"},
          {"description", "A reference that has a value of the wanted kind."},
          {"pattern", R"(^\$\{[^}]+\}$|\{\{.*\}\})"}}},
        {"job", described(object_of_fields(""), "A job.")},
        {"iteration",
         described(object_of_fields(model::kIterationPattern),
                   "The task that a for-each task repeats.")}}}};
  std::string text;
  indent(schema, text, "");
  return text + "\n";
}

}  // namespace sheaf::bundles
