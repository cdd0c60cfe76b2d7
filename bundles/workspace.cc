#include "bundles/workspace.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "bundles/interpolation.h"

namespace sheaf::bundles {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kFixedFields = {
    {{"bundle", "name"},
     {"bundle", "uuid"},
     {"workspace", "profile"},
     {"workspace", "auth_type"},
     {"workspace", "account_id"},
     {"workspace", "workspace_id"},
     {"workspace", "client_id"},
     {"workspace", "azure_client_id"},
     {"workspace", "azure_environment"},
     {"workspace", "azure_login_app_id"},
     {"workspace", "azure_tenant_id"},
     {"workspace", "azure_use_msi"},
     {"workspace", "azure_workspace_resource_id"},
     {"workspace", "google_service_account"},
     {"workspace", "experimental_is_unified_host"}}};

std::string absolute_path(const std::string& written, const std::string& user_name) {
  std::string path = written;
  if (path == "~" || path.starts_with("~/")) {
    path = "/Workspace/Users/" + user_name + path.substr(1);
  }
  if (path.starts_with('/') && !path.starts_with("/Workspace/") && !path.starts_with("/Volumes/")) {
    path.insert(0, "/Workspace");
  }
  return path;
}

bool is_sound(const std::string& path) {
  const bool is_printable = std::ranges::all_of(
      path, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; });
  return is_printable && path.starts_with('/') && (path + "/").find("/../") == std::string::npos &&
         path.find("{{") == std::string::npos;
}

class Workspace {
 public:
  Workspace(Value& configuration, const std::string& user_name, Findings& findings)
      : configuration_(configuration), user_name_(user_name), findings_(findings) {}

  WorkspacePaths run() {
    Value* workspace = find(configuration_, "workspace");
    if (workspace == nullptr || !workspace->is_map()) {
      report_no_map(workspace);
      workspace = &put(configuration_, "workspace", make_map());
    }
    set_user(*workspace);
    settle_fixed_fields();
    WorkspacePaths paths;
    paths.root_path = settle("root_path", "~/.bundle/${bundle.name}/${bundle.target}");
    paths.file_path = settle("file_path", paths.root_path + "/files");
    paths.artifact_path = settle("artifact_path", paths.root_path + "/artifacts");
    paths.state_path = settle("state_path", paths.root_path + "/state");
    paths.resource_path = settle("resource_path", paths.root_path + "/resources");
    resolve_rest();
    return paths;
  }

 private:
  void report_no_map(const Value* workspace) {
    if (workspace != nullptr) {
      findings_.error(
          {.summary = "`workspace` is a map", .detail = ""}, "workspace", {workspace->place});
    }
  }

  void set_user(Value& workspace) const {
    Value user = make_map();
    put(user, "userName", make_string(user_name_));
    put(user, "short_name", make_string(short_user_name(user_name_)));
    put(user, "domain_friendly_name", make_string(short_user_name(user_name_)));
    put(workspace, "current_user", std::move(user));
  }

  // The name and the uuid identify the deployment, and who deploys is known before anything is
  // resolved.
  void settle_fixed_fields() {
    for (const auto& [section, field] : kFixedFields) {
      Value* block = find(configuration_, section);
      Value* value = block == nullptr ? nullptr : find(*block, field);
      if (value == nullptr || find_references(value->text).empty()) {
        continue;
      }
      const std::string path = member_path(section, field);
      findings_.error({.summary = path + " may hold no references",
                       .detail = "Write the text itself; it is read before anything is resolved."},
                      path,
                      {value->place});
      *value = make_string("unnamed", value->place);
      value->is_unresolved = true;
    }
  }

  // One path at a time: each may name those before it.
  std::string settle(const std::string& field, const std::string& otherwise) {
    const std::string path = "workspace." + field;
    Value& workspace = *find(configuration_, "workspace");
    if (find(workspace, field) == nullptr) {
      Value& missing = put(workspace, field, make_string(otherwise, workspace.place));
      missing.is_unresolved = !is_root_known_;
    }
    Value value = *find(*find(configuration_, "workspace"), field);
    Interpolator(configuration_, findings_).resolve(value, path);
    if (value.kind == Kind::kString && !value.is_unresolved) {
      value.text = absolute_path(value.text, user_name_);
      while (value.text.size() > 1 && value.text.ends_with('/')) {
        value.text.pop_back();
      }
    }
    if (value.kind != Kind::kString || (!value.is_unresolved && !is_sound(value.text))) {
      findings_.error({.summary = "\"" + value.text + "\" is not a workspace path",
                       .detail = "Begin it with `~/` or `/Workspace/`."},
                      path,
                      places_of(value));
      value.is_unresolved = true;
    }
    const std::string text = value.text;
    is_root_known_ = is_root_known_ && !value.is_unresolved;
    put(*find(configuration_, "workspace"), field, std::move(value));
    return text;
  }

  void resolve_rest() {
    // Only these two are copied: jobs may be many.
    std::vector<std::pair<Value*, Value>> resolved;
    Interpolator interpolator(configuration_, findings_);
    for (const char* section : {"bundle", "workspace"}) {
      if (Value* value = find(configuration_, section)) {
        interpolator.resolve(resolved.emplace_back(value, *value).second, section);
      }
    }
    for (auto& [value, copy] : resolved) {
      *value = std::move(copy);
    }
  }

  Value& configuration_;
  const std::string& user_name_;
  Findings& findings_;
  /// False once a path could not be resolved: those below it are then not spoken of again.
  bool is_root_known_ = true;
};

}  // namespace

std::string short_user_name(const std::string& user_name) {
  std::string name = user_name.substr(0, user_name.find('@'));
  std::ranges::replace_if(
      name,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_');
      },
      '_');
  return name;
}

WorkspacePaths settle_workspace(Value& configuration,
                                const std::string& user_name,
                                Findings& findings) {
  return Workspace(configuration, user_name, findings).run();
}

}  // namespace sheaf::bundles
