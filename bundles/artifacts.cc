#include "bundles/artifacts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "bundles/globs.h"
#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"
#include "common/model/manifest.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& known_fields() {
  static const std::vector<std::string> all = {
      "type", "path", "build", "files", "dynamic_version", "executable"};
  return all;
}

class ArtifactReader {
 public:
  ArtifactReader(const fs::path& root, const SourceFiles& files, Findings& findings)
      : root_(root), files_(files), findings_(findings) {}

  std::optional<Artifact> read(const Member& member) {
    const std::string path = "artifacts." + member.key;
    if (!member.value.is_map()) {
      findings_.error({.summary = "an artifact is a map", .detail = ""}, path, {member.key_place});
      return std::nullopt;
    }
    warn_unknown_fields(member.value, known_fields(), path, findings_);
    if (!is_name(member, path) || !has_right_kinds(member.value, path) || !is_wheel(member, path)) {
      return std::nullopt;
    }
    Artifact artifact{.name = member.key,
                      .folder = folder_of(member),
                      .build = text_at(member.value, "build").value_or(""),
                      .shell = shell_of(member.value, path),
                      .sources = sources_of(member.value),
                      .has_dynamic_version = is_dynamic(member.value),
                      .place = files_.place(member.key_place)};
    std::error_code error;
    if (!fs::is_directory(artifact.folder, error)) {
      const Value* written = find(member.value, "path");
      findings_.error({.summary = "there is no folder \"" +
                                  artifact.folder.lexically_relative(root_).string() + "\"",
                       .detail = "The path of an artifact starts at the file it is written in."},
                      member_path(path, "path"),
                      written == nullptr ? std::vector{member.key_place} : places_of(*written));
      return std::nullopt;
    }
    return artifact;
  }

 private:
  // It names a folder of `.databricks` too.
  bool is_name(const Member& member, const std::string& path) {
    const bool is_plain = model::is_manifest_name(member.key);
    if (!is_plain) {
      findings_.error({.summary = "not a name for an artifact",
                       .detail = "Write a name without slashes and control characters."},
                      path,
                      {member.key_place});
    }
    return is_plain;
  }

  // What would be built otherwise is not what was meant.
  bool has_right_kinds(const Value& artifact, const std::string& path) {
    const auto expect = [&](const char* field, const char* what, auto is_right) {
      const Value* value = find(artifact, field);
      if (value == nullptr || value->is_null() || value->is_unresolved || is_right(*value)) {
        return true;
      }
      findings_.error({.summary = std::string("expected ") + what + ", found " +
                                  std::string(kind_word(value->kind)),
                       .detail = ""},
                      member_path(path, field),
                      places_of(*value));
      return false;
    };
    const auto is_text = [](const Value& value) { return as_text(value).has_value(); };
    const auto is_source = [&is_text](const Value& file) {
      const Value* source = file.is_map() ? find(file, "source") : nullptr;
      return source != nullptr && is_text(*source);
    };
    const bool is_built = expect("build", "a command", is_text);
    const bool has_path = expect("path", "a folder", is_text);
    const bool has_version = expect("dynamic_version", "true or false", [](const Value& value) {
      return as_boolean(value).has_value();
    });
    const bool has_files =
        expect("files", "a list of maps with a `source` each", [&](const Value& value) {
          return value.is_list() && std::ranges::all_of(value.items, is_source);
        });
    return is_built && has_path && has_version && has_files;
  }

  static bool is_dynamic(const Value& artifact) {
    const Value* given = find(artifact, "dynamic_version");
    return given != nullptr && as_boolean(*given).value_or(false);
  }

  bool is_wheel(const Member& member, const std::string& path) {
    const Value* type = find(member.value, "type");
    if (type == nullptr || type->is_unresolved || type->text == "whl") {
      return true;
    }
    findings_.error(
        {.summary = "Sheaf builds no artifact of type \"" + type->text + "\"",
         .detail = type->text == "jar" ? "Sheaf runs no JVM tasks: remove it." : "Write whl."},
        member_path(path, "type"),
        places_of(*type));
    return false;
  }

  std::string shell_of(const Value& artifact, const std::string& path) {
    const Value* executable = find(artifact, "executable");
    if (executable == nullptr || executable->text == "bash") {
      return "bash";
    }
    if (executable->text != "sh") {
      findings_.error({.summary = "\"" + executable->text + "\" is no shell of this machine",
                       .detail = "Write bash or sh."},
                      member_path(path, "executable"),
                      places_of(*executable));
    }
    return "sh";
  }

  fs::path folder_beside(const Location& place) const {
    return place.is_known() ? root_ / fs::path(files_.name(place.file)).parent_path() : root_;
  }

  fs::path folder_of(const Member& member) const {
    const Value* path = find(member.value, "path");
    const fs::path folder =
        path == nullptr ? folder_beside(member.key_place) : folder_beside(path->place) / path->text;
    return folder.lexically_normal();
  }

  std::vector<std::string> sources_of(const Value& artifact) const {
    std::vector<std::string> sources;
    const Value* list = find(artifact, "files");
    for (const Value& file : list == nullptr ? std::vector<Value>{} : list->items) {
      if (const Value* source = find(file, "source")) {
        sources.push_back(glob_below(folder_beside(source->place), source->text));
      }
    }
    return sources;
  }

  const fs::path& root_;
  const SourceFiles& files_;
  Findings& findings_;
};

}  // namespace

std::vector<Artifact> read_artifacts(const Value& configuration,
                                     const fs::path& root,
                                     const SourceFiles& files,
                                     Findings& findings) {
  std::vector<Artifact> artifacts;
  const Value* section = find(configuration, "artifacts");
  if (section == nullptr || section->is_null()) {
    return artifacts;
  }
  if (!section->is_map()) {
    findings.error({.summary = "`artifacts` is a map of artifacts", .detail = ""},
                   "artifacts",
                   places_of(*section));
    return artifacts;
  }
  ArtifactReader reader(root, files, findings);
  for (const Member& member : section->members) {
    if (auto artifact = reader.read(member)) {
      artifacts.push_back(std::move(*artifact));
    }
  }
  return artifacts;
}

std::vector<fs::path> newest_wheels(std::vector<fs::path> wheels) {
  std::map<std::string, fs::path> newest;
  for (fs::path& wheel : wheels) {
    const std::string name = wheel.filename().string();
    fs::path& kept = newest[name.substr(0, name.find('-'))];
    std::error_code error;
    if (kept.empty() || fs::last_write_time(kept, error) <= fs::last_write_time(wheel, error)) {
      kept = std::move(wheel);
    }
  }
  std::vector<fs::path> kept;
  for (auto& [name, wheel] : newest) {
    kept.push_back(std::move(wheel));
  }
  return kept;
}

bool is_python_project(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "pyproject.toml", error) ||
         fs::is_regular_file(folder / "setup.py", error);
}

}  // namespace sheaf::bundles
