#include "bundles/sections.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/model/nearest.h"

namespace sheaf::bundles {

namespace {

struct Section {
  std::string_view name;
  /// Why it has no effect here; empty: it has.
  std::string_view remark;
};

const std::vector<Section>& sections() {
  static const std::vector<Section> all = {
      {"bundle", ""},
      {"include", ""},
      {"variables", ""},
      {"workspace", ""},
      {"resources", ""},
      {"presets", ""},
      {"permissions", ""},
      {"run_as", ""},
      {"artifacts", ""},
      {"sync", "Every file travels that git does not ignore."},
      {"scripts", "Sheaf runs no scripts around a deployment: call them yourself."},
      {"experimental", "None of the experimental settings is known here."},
      {"python", ""},
  };
  return all;
}

// Kinds of resources that bundles may define; only jobs are run.
const std::vector<std::string>& resource_kinds() {
  static const std::vector<std::string> all = {"alerts",
                                               "apps",
                                               "catalogs",
                                               "clusters",
                                               "dashboards",
                                               "database_catalogs",
                                               "database_instances",
                                               "experiments",
                                               "external_locations",
                                               "genie_spaces",
                                               "job_runs",
                                               "jobs",
                                               "model_serving_endpoints",
                                               "models",
                                               "pipelines",
                                               "postgres_branches",
                                               "postgres_endpoints",
                                               "postgres_projects",
                                               "quality_monitors",
                                               "registered_models",
                                               "schemas",
                                               "secret_scopes",
                                               "sql_warehouses",
                                               "synced_database_tables",
                                               "vector_search_endpoints",
                                               "vector_search_indexes",
                                               "volumes"};
  return all;
}

// Fields of sections that have no table of their own.
struct KnownFields {
  std::string_view section;
  std::vector<std::string> fields;
};

const std::vector<KnownFields>& known_fields() {
  static const std::vector<KnownFields> all = {
      {"bundle",
       {"name",
        "uuid",
        "target",
        "environment",
        "mode",
        "git",
        "deployment",
        "cluster_id",
        "compute_id",
        "databricks_cli_version"}},
      {"workspace",
       {"host",
        "profile",
        "root_path",
        "file_path",
        "artifact_path",
        "state_path",
        "resource_path",
        "current_user",
        "auth_type",
        "account_id",
        "workspace_id",
        "client_id",
        "azure_client_id",
        "azure_environment",
        "azure_login_app_id",
        "azure_tenant_id",
        "azure_use_msi",
        "azure_workspace_resource_id",
        "google_service_account",
        "experimental_is_unified_host"}},
      {"variables", {"default", "description", "type", "lookup"}},
  };
  return all;
}

bool holds_anchor(const Value& value) {
  return value.is_anchored || std::ranges::any_of(value.items, holds_anchor) ||
         std::ranges::any_of(value.members,
                             [](const Member& member) { return holds_anchor(member.value); });
}

class SectionChecker {
 public:
  SectionChecker(const Value& configuration, Findings& findings)
      : configuration_(configuration), findings_(findings) {}

  void run() {
    for (const Member& member : configuration_.members) {
      check_section(member);
    }
    check_bundle();
    check_resources();
    for (const KnownFields& known : known_fields()) {
      const Value* section = find(configuration_, known.section);
      if (section != nullptr && known.section == "variables") {
        for (const Member& variable : section->members) {
          check_fields(variable.value, known, "variables." + variable.key);
        }
      } else if (section != nullptr) {
        check_fields(*section, known, std::string(known.section));
      }
    }
  }

 private:
  void check_section(const Member& member) {
    const auto known = std::ranges::find(sections(), member.key, &Section::name);
    if (known == sections().end()) {
      std::vector<std::string> names;
      for (const Section& section : sections()) {
        names.emplace_back(section.name);
      }
      // A free key that only holds anchors is how YAML files share text.
      if (!holds_anchor(member.value)) {
        findings_.warning({.summary = "unknown field \"" + member.key + "\"" +
                                      model::did_you_mean(member.key, names),
                           .detail = "The field is ignored."},
                          member.key,
                          {member.key_place});
      }
      return;
    }
    if (member.value.is_null()) {
      return;
    }
    if (member.key == "python" || (member.key == "experimental" && find(member.value, "python"))) {
      findings_.error(
          {.summary = "jobs defined in Python are not supported",
           .detail = "The package that they need may be used with the vendor's services "
                     "only. Define the jobs in YAML."},
          member.key,
          {member.key_place});
    } else if (!known->remark.empty()) {
      findings_.warning(
          {.summary = "`" + member.key + "` has no effect", .detail = std::string(known->remark)},
          member.key,
          {member.key_place});
    }
  }

  void check_fields(const Value& section, const KnownFields& known, const std::string& path) {
    for (const Member& member : section.members) {
      if (std::ranges::find(known.fields, member.key) == known.fields.end()) {
        findings_.warning({.summary = "unknown field \"" + member.key + "\"" +
                                      model::did_you_mean(member.key, known.fields),
                           .detail = "The field is ignored."},
                          member_path(path, member.key),
                          {member.key_place});
      }
    }
  }

  void check_bundle() {
    const Value* bundle = find(configuration_, "bundle");
    const Value* name = bundle == nullptr ? nullptr : find(*bundle, "name");
    if (name == nullptr) {
      const Member* member = find_member(configuration_, "bundle");
      findings_.error({.summary = "the bundle has no name",
                       .detail = "Write `bundle:` and below it `name: <name>`."},
                      "bundle.name",
                      {member == nullptr ? configuration_.place : member->key_place});
      return;
    }
    const bool is_name = name->is_scalar() && !name->text.empty() && name->text.size() <= 200 &&
                         name->text != "." && name->text != ".." &&
                         std::ranges::all_of(name->text, [](char c) {
                           return static_cast<unsigned char>(c) >= ' ' && c != '/' && c != '\x7f';
                         });
    if (!is_name) {
      findings_.error(
          {.summary = "not a name for a bundle", .detail = "Use 1 to 200 characters and no slash."},
          "bundle.name",
          {name->place});
    }
  }

  void check_resources() {
    const Value* resources = find(configuration_, "resources");
    if (resources == nullptr) {
      return;
    }
    if (!resources->is_map()) {
      findings_.error({.summary = "`resources` is a map of kinds", .detail = ""},
                      "resources",
                      {resources->place});
      return;
    }
    for (const Member& kind : resources->members) {
      check_kind(kind);
    }
  }

  void check_kind(const Member& kind) {
    const std::string path = "resources." + kind.key;
    const std::vector<std::string>& known = resource_kinds();
    if (std::ranges::find(known, kind.key) == known.end()) {
      findings_.warning({.summary = "unknown kind of resource \"" + kind.key + "\"" +
                                    model::did_you_mean(kind.key, known),
                         .detail = "The resources below it are ignored."},
                        path,
                        {kind.key_place});
      return;
    }
    if (!kind.value.is_map()) {
      if (!kind.value.is_null()) {
        findings_.error({.summary = "`" + kind.key + "` is a map of resources", .detail = ""},
                        path,
                        {kind.value.place});
      }
      return;
    }
    for (const Member& resource : kind.value.members) {
      if (kind.key != "jobs") {
        findings_.error(
            {.summary =
                 "Sheaf does not run " + kind.key + ": \"" + resource.key + "\" cannot be deployed",
             .detail = "Remove it from this target, or move it to a bundle of its own."},
            member_path(path, resource.key),
            {resource.key_place});
      } else if (!resource.value.is_map()) {
        findings_.error(
            {.summary = "a job is a map, not " + std::string(kind_word(resource.value.kind)),
             .detail = ""},
            member_path(path, resource.key),
            {resource.key_place});
      }
    }
  }

  const Value& configuration_;
  Findings& findings_;
};

}  // namespace

void check_sections(const Value& configuration, Findings& findings) {
  SectionChecker(configuration, findings).run();
}

}  // namespace sheaf::bundles
