#include "bundles/sections.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"

namespace sheaf::bundles {

namespace {

const std::vector<std::string>& sections() {
  static const std::vector<std::string> all = {"bundle",
                                               "include",
                                               "variables",
                                               "workspace",
                                               "resources",
                                               "presets",
                                               "permissions",
                                               "run_as",
                                               "artifacts",
                                               "sync",
                                               "scripts",
                                               "experimental",
                                               "python"};
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
      {"bundle.git", {"branch", "origin_url", "commit"}},
      {"bundle.deployment", {"fail_on_active_runs", "lock"}},
      {"bundle.deployment.lock", {"enabled", "force"}},
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
    for (const KnownFields& known : known_fields()) {
      const Found section = follow(configuration_, known.section);
      if (section.is_exact() && known.section == "variables") {
        for (const Member& variable : section.value->members) {
          warn_unknown_fields(variable.value, known.fields, "variables." + variable.key, findings_);
        }
      } else if (section.is_exact()) {
        warn_unknown_fields(*section.value, known.fields, std::string(known.section), findings_);
      }
    }
  }

 private:
  void check_section(const Member& member) {
    if (std::ranges::find(sections(), member.key) == sections().end()) {
      // A free key that only holds anchors is how YAML files share text.
      if (!holds_anchor(member.value)) {
        warn_unknown_field(member, sections(), member.key, findings_);
      }
      return;
    }
    if (member.value.is_null()) {
      return;
    }
    if (member.key == "python") {
      check_python(member.value, member.key, member.key_place);
    } else if (member.key == "experimental") {
      check_experimental(member.value);
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

  void refuse_python(const std::string& path, const Location& place) {
    findings_.error({.summary = "jobs defined in Python are not supported",
                     .detail = "The package that they need may be used with the vendor's "
                               "services only. Define the jobs in YAML."},
                    path,
                    {place});
  }

  static bool is_enabled(const Value& block) {
    const Value* enabled = find(block, "enabled");
    return enabled != nullptr && as_boolean(*enabled) == true;
  }

  // Packages of the vendor would be needed to run what these name.
  void check_python(const Value& python, const std::string& path, const Location& place) {
    const bool defines_jobs =
        std::ranges::any_of(std::array{"resources", "mutators"}, [&](const char* field) {
          const Value* functions = find(python, field);
          return functions != nullptr && (!functions->is_list() || !functions->items.empty());
        });
    if (defines_jobs) {
      refuse_python(path, place);
    } else {
      findings_.warning(
          {.summary = "`" + path + "` has no effect", .detail = "It names no functions."},
          path,
          {place});
    }
  }

  void check_experimental(const Value& experimental) {
    if (!experimental.is_map()) {
      findings_.warning(
          {.summary = "expected a map, found " + std::string(kind_word(experimental.kind)),
           .detail = "The value is ignored."},
          "experimental",
          {experimental.place});
    }
    for (const Member& member : experimental.members) {
      const std::string path = "experimental." + member.key;
      if (member.value.is_null() || member.key == "scripts") {
        continue;
      }
      if (member.key == "python") {
        check_python(member.value, path, member.key_place);
      } else if (member.key == "pydabs" && is_enabled(member.value)) {
        refuse_python(path, member.key_place);
      } else {
        findings_.warning(
            {.summary = "`" + path + "` has no effect", .detail = "The field is ignored."},
            path,
            {member.key_place});
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
