#include "bundles/source_reading.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <glob.h>

#include "bundles/globs.h"
#include "bundles/limits.h"
#include "bundles/merge.h"
#include "bundles/yaml_reader.h"
#include "common/os/file.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kRootNames = {
    "databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"};

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<std::string> root_files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const std::string_view name : kRootNames) {
    if (is_file(folder / name)) {
      names.emplace_back(name);
    }
  }
  return names;
}

std::optional<RootFile> the_one_in(const fs::path& folder,
                                   const std::vector<std::string>& names,
                                   Findings& findings) {
  if (names.size() > 1) {
    findings.error({.summary = "two root files in one folder: " + names[0] + " and " + names[1],
                    .detail = "Keep one of them in " + folder.string() + "."},
                   "",
                   {});
    return std::nullopt;
  }
  return RootFile{.folder = folder, .name = names.front()};
}

bool is_outside(const fs::path& relative) {
  return !relative.empty() && *relative.begin() == "..";
}

bool has_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// Matches below `folder`, relative to it, sorted by bytes.
std::vector<std::string> expand(const fs::path& folder, const std::string& pattern) {
  glob_t matches{};
  std::vector<std::string> names;
  if (::glob(glob_below(folder, pattern).c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
    for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
      const fs::path path = fs::path(matches.gl_pathv[i]).lexically_normal();
      names.push_back(path.lexically_relative(folder).string());
    }
  }
  ::globfree(&matches);
  std::ranges::sort(names);
  return names;
}

class ConfigurationReader {
 public:
  ConfigurationReader(const RootFile& root, SourceFiles& files, Findings& findings)
      : root_(root), files_(files), findings_(findings) {}

  std::optional<Value> run() {
    std::optional<Value> configuration = read_source(root_.folder, root_.name, files_, findings_);
    if (!configuration) {
      return std::nullopt;
    }
    remember_resources(*configuration);
    const Value* include = find(*configuration, "include");
    const std::vector<std::string> names =
        include == nullptr ? std::vector<std::string>{} : included_names(*include);
    for (const std::string& name : names) {
      std::optional<Value> included = read_source(root_.folder, name, files_, findings_);
      if (included) {
        add(*configuration, std::move(*included));
      }
    }
    return configuration;
  }

 private:
  std::vector<std::string> included_names(const Value& include) {
    std::vector<std::string> names;
    std::set<std::string> known{root_.name};
    if (!include.is_list()) {
      findings_.error(
          {.summary = "`include` is a list of files", .detail = ""}, "include", {include.place});
      return names;
    }
    for (std::size_t i = 0; i < include.items.size(); ++i) {
      for (const std::string& name : names_of(include.items[i], item_path("include", i))) {
        if (known.insert(name).second) {
          names.push_back(name);
        }
      }
    }
    if (names.size() > kMaxFiles) {
      findings_.error(
          {.summary = "more than " + std::to_string(kMaxFiles) + " included files", .detail = ""},
          "include",
          {include.place});
      names.resize(kMaxFiles);
    }
    return names;
  }

  std::vector<std::string> names_of(const Value& entry, const std::string& path) {
    if (entry.kind != Kind::kString) {
      refuse(entry, path, "an entry of `include` is the name of a file", "");
      return {};
    }
    const fs::path pattern(entry.text);
    if (pattern.is_absolute()) {
      refuse(
          entry, path, "\"" + entry.text + "\" is absolute", "Write it relative to the root file.");
      return {};
    }
    const std::string below = pattern.lexically_normal().string();
    if (is_outside(below)) {
      refuse_outside(entry, path, entry.text);
      return {};
    }
    std::vector<std::string> names = expand(root_.folder, below);
    if (names.empty() && !has_pattern(below)) {
      refuse(entry,
             path,
             "there is no file \"" + entry.text + "\"",
             "Correct the name, or remove the entry.");
    }
    std::erase_if(names,
                  [&](const std::string& name) { return !is_configuration(entry, path, name); });
    return names;
  }

  bool is_configuration(const Value& entry, const std::string& path, const std::string& name) {
    const std::string extension = fs::path(name).extension().string();
    if (extension != ".yml" && extension != ".yaml" && extension != ".json") {
      refuse(entry,
             path,
             "\"" + name + "\" is no configuration file",
             "Include only .yml, .yaml and .json files.");
      return false;
    }
    std::error_code error;
    const fs::path real = fs::canonical(root_.folder / name, error);
    if (!error && is_outside(real.lexically_relative(fs::canonical(root_.folder, error)))) {
      refuse_outside(entry, path, name);
      return false;
    }
    return true;
  }

  void refuse_outside(const Value& entry, const std::string& path, const std::string& name) {
    refuse(entry,
           path,
           "\"" + name + "\" leads out of the bundle",
           "Only files below the root file's folder can be included.");
  }

  void refuse(const Value& entry, const std::string& path, std::string summary, std::string cure) {
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, path, {entry.place});
  }

  void add(Value& configuration, Value included) {
    if (!included.is_map()) {
      findings_.error({.summary = "the file holds " + std::string(kind_word(included.kind)) +
                                  " instead of a map",
                       .detail = ""},
                      "",
                      {included.place});
      return;
    }
    if (const Member* nested = find_member(included, "include")) {
      findings_.warning({.summary = "`include` counts only in the root file",
                         .detail = "Move the entries to " + root_.name + "."},
                        "include",
                        {nested->key_place});
      erase(included, "include");
    }
    drop_repeated_resources(included);
    remember_resources(included);
    merge(configuration, std::move(included), "", findings_);
  }

  // A resource is defined in one file; its key is unique over all kinds.
  void drop_repeated_resources(Value& included) {
    Value* resources = find(included, "resources");
    if (resources == nullptr || !resources->is_map()) {
      return;
    }
    for (Member& kind : resources->members) {
      std::erase_if(kind.value.members, [&](const Member& resource) {
        const auto known = defined_.find(resource.key);
        if (known == defined_.end()) {
          return false;
        }
        report_repeated(kind.key, resource, known->second);
        return true;
      });
    }
  }

  void remember_resources(const Value& file) {
    const Value* resources = find(file, "resources");
    if (resources == nullptr || !resources->is_map()) {
      return;
    }
    for (const Member& kind : resources->members) {
      for (const Member& resource : kind.value.members) {
        const auto [known, is_new] = defined_.emplace(resource.key, resource.key_place);
        if (!is_new && known->second != resource.key_place) {
          report_repeated(kind.key, resource, known->second);
        }
      }
    }
  }

  void report_repeated(const std::string& kind, const Member& resource, const Location& first) {
    findings_.error({.summary = "the resource key \"" + resource.key + "\" is used twice",
                     .detail = "Define each resource once, under a key of its own; a target may "
                               "override parts of it."},
                    "resources." + kind + "." + resource.key,
                    {resource.key_place, first});
  }

  const RootFile& root_;
  SourceFiles& files_;
  Findings& findings_;
  std::map<std::string, Location> defined_;
};

}  // namespace

std::optional<RootFile> find_root_file(const fs::path& start,
                                       const std::map<std::string, std::string>& environment,
                                       Findings& findings) {
  std::error_code error;
  const auto given = environment.find("DATABRICKS_BUNDLE_ROOT");
  if (given != environment.end() && !given->second.empty()) {
    const fs::path folder = fs::weakly_canonical(given->second, error);
    const std::vector<std::string> names = root_files_in(folder);
    if (!names.empty()) {
      return the_one_in(folder, names, findings);
    }
    findings.error({.summary = "no databricks.yml in " + given->second,
                    .detail = "DATABRICKS_BUNDLE_ROOT names this folder: correct or unset it."},
                   "",
                   {});
    return std::nullopt;
  }
  fs::path folder = fs::weakly_canonical(fs::absolute(start, error), error);
  while (true) {
    const std::vector<std::string> names = root_files_in(folder);
    if (!names.empty()) {
      return the_one_in(folder, names, findings);
    }
    if (!folder.has_parent_path() || folder.parent_path() == folder) {
      break;
    }
    folder = folder.parent_path();
  }
  findings.error({.summary = "no databricks.yml in " + start.string() + " or a folder above it",
                  .detail = "Change to a bundle's folder, or make one with `sheaf init`."},
                 "",
                 {});
  return std::nullopt;
}

std::optional<Value> read_source(const fs::path& folder,
                                 const std::string& name,
                                 SourceFiles& files,
                                 Findings& findings) {
  const int file = files.add(name);
  const Location start{.file = file, .line = 1, .column = 1};
  Result<std::string> text = os::read_file(folder / name, kMaxFileBytes);
  if (!text) {
    findings.error(
        {.summary = "cannot read the file: " + text.error().message, .detail = ""}, "", {start});
    return std::nullopt;
  }
  std::optional<Value> value = read_yaml(*text, file, findings);
  files.keep_text(file, *std::move(text));
  return value;
}

std::optional<Value> read_configuration(const RootFile& root,
                                        SourceFiles& files,
                                        Findings& findings) {
  std::optional<Value> configuration = ConfigurationReader(root, files, findings).run();
  if (configuration && !configuration->is_map()) {
    findings.error({.summary = "the file holds " + std::string(kind_word(configuration->kind)) +
                               " instead of a map",
                    .detail = "Begin with `bundle:` and its name."},
                   "",
                   {configuration->place});
    return std::nullopt;
  }
  return configuration;
}

}  // namespace sheaf::bundles
