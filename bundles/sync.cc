#include "bundles/sync.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "bundles/scalars.h"
#include "bundles/unknown_fields.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string text;
  fs::path folder;  ///< Of its file, relative to the bundle.
  std::string path;
  std::vector<Location> places;
};

// How many folders above the bundle the path leads.
std::ptrdiff_t levels_above(const fs::path& relative) {
  return std::ranges::count(relative, fs::path(".."));
}

bool has_control_characters(const std::string& text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// A folder's name as part of a pattern.
std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::string_view("*?[]\\!#").find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
  return text;
}

std::string joined(const std::string& folder, const std::string& rest) {
  return folder.empty() ? rest : folder + "/" + rest;
}

class SyncReader {
 public:
  SyncReader(const fs::path& bundle_root, const SourceFiles& files, Findings& findings)
      : rules_(all_below(bundle_root)),
        bundle_root_(bundle_root),
        files_(files),
        findings_(findings) {}

  SyncRules run(const Value& sync) {
    if (sync.is_null()) {
      return rules_;
    }
    if (!sync.is_map()) {
      refuse_kind("expected a map, found " + std::string(kind_word(sync.kind)),
                  "sync",
                  {sync.place},
                  "Write a map with paths, include and exclude.");
      return rules_;
    }
    warn_unknown_fields(sync, {"paths", "include", "exclude"}, "sync", findings_);
    settle_paths(entries_of(sync, "paths"));
    rules_.include = patterns_of(sync, "include");
    rules_.exclude = patterns_of(sync, "exclude");
    return rules_;
  }

 private:
  // An error, where other sections warn: to ignore an `exclude` would send what shall stay here.
  void refuse_kind(std::string summary,
                   const std::string& path,
                   const std::vector<Location>& places,
                   std::string cure = "Write a list of paths or patterns.") {
    findings_.error({.summary = std::move(summary), .detail = std::move(cure)}, path, places);
  }

  std::vector<Entry> entries_of(const Value& sync, const std::string& field) {
    std::vector<Entry> entries;
    const Value* list = find(sync, field);
    const std::string path = "sync." + field;
    if (list != nullptr && !list->is_list()) {
      refuse_kind("expected a list of strings, found " + std::string(kind_word(list->kind)),
                  path,
                  places_of(*list));
      return entries;
    }
    for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
      const Value& item = list->items[i];
      const std::optional<std::string_view> text = as_text(item);
      if (item.is_unresolved) {
        continue;
      }
      if (!text || text->empty()) {
        refuse_kind(text ? "the text is empty"
                         : "expected a string, found " + std::string(kind_word(item.kind)),
                    item_path(path, i),
                    places_of(item));
        continue;
      }
      entries.push_back({.text = std::string(*text),
                         .folder = folder_of(item),
                         .path = item_path(path, i),
                         .places = places_of(item)});
    }
    return entries;
  }

  [[nodiscard]] fs::path folder_of(const Value& item) const {
    return item.place.is_known() ? fs::path(files_.name(item.place.file)).parent_path()
                                 : fs::path();
  }

  void refuse(std::string summary, std::string cure, const Entry& entry) {
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, entry.path, entry.places);
  }

  // The root is as high as the highest path wants it; names are relative to it from then on.
  void settle_paths(const std::vector<Entry>& entries) {
    std::vector<fs::path> paths;
    std::ptrdiff_t height = 0;
    for (const Entry& entry : entries) {
      if (const std::optional<fs::path> path = checked_path(entry)) {
        height = std::max(height, levels_above(*path));
        paths.push_back(*path);
      }
    }
    for (std::ptrdiff_t i = 0; i < height; ++i) {
      rules_.root = rules_.root.parent_path();
    }
    if (height > 0) {
      rules_.bundle_folder = bundle_root_.lexically_relative(rules_.root).string();
    }
    if (paths.empty()) {
      rules_.paths = {rules_.bundle_folder};
      return;
    }
    rules_.paths.clear();
    for (const fs::path& path : paths) {
      rules_.paths.push_back(below_root(path));
    }
  }

  std::optional<fs::path> checked_path(const Entry& entry) {
    if (fs::path(entry.text).is_absolute()) {
      refuse("\"" + entry.text + "\" is absolute",
             "Write it relative to the file in which it stands.",
             entry);
      return std::nullopt;
    }
    fs::path path = (entry.folder / entry.text).lexically_normal();
    const std::ptrdiff_t depth = std::ranges::distance(bundle_root_.relative_path());
    if (levels_above(path) >= depth) {
      refuse("\"" + entry.text + "\" leads to the root of the file system",
             "Name the folders that the bundle needs.",
             entry);
      return std::nullopt;
    }
    std::error_code error;
    if (!fs::exists(bundle_root_ / path, error)) {
      refuse("there is no folder \"" + path.string() + "\"",
             "The path \"" + entry.text + "\" starts at the file it is written in.",
             entry);
      return std::nullopt;
    }
    return path;
  }

  // "" for the root itself.
  [[nodiscard]] std::string below_root(const fs::path& path) const {
    std::string name = (fs::path(rules_.bundle_folder) / path).lexically_normal().string();
    while (name.ends_with('/')) {
      name.pop_back();
    }
    return name == "." ? "" : name;
  }

  std::vector<std::string> patterns_of(const Value& sync, const std::string& field) {
    std::vector<std::string> patterns;
    for (const Entry& entry : entries_of(sync, field)) {
      if (const std::optional<std::string> pattern = pattern_of(entry)) {
        patterns.push_back(*pattern);
      }
    }
    return patterns;
  }

  // The same pattern seen from the root: one with a slash is anchored at its folder, one without
  // holds in all folders below it.
  std::optional<std::string> pattern_of(const Entry& entry) {
    std::string text = entry.text;
    const bool is_negated = text.starts_with('!');
    text.erase(0, is_negated ? 1 : 0);
    const bool is_anchored =
        text.substr(0, text.find_last_not_of('/') + 1).find('/') != std::string::npos ||
        text == "." || text == "..";
    text.erase(0, std::min(text.find_first_not_of('/'), text.size()));
    if (has_control_characters(text) || text.empty()) {
      refuse("\"" + entry.text + "\" is no pattern", "Write one pattern, as in .gitignore.", entry);
      return std::nullopt;
    }
    const std::string folder =
        trimmed(joined(escaped(rules_.bundle_folder), escaped(entry.folder.string())));
    std::optional<std::string> pattern;
    if (is_anchored) {
      pattern = anchored(folder, text, entry);
    } else {
      const std::string plain = text.starts_with('#') ? "\\" + text : text;
      pattern = entry.folder.empty() ? plain : "/" + folder + "/**/" + plain;
    }
    return pattern && is_negated ? "!" + *pattern : pattern;
  }

  std::optional<std::string> anchored(const std::string& folder,
                                      const std::string& text,
                                      const Entry& entry) {
    const fs::path path = (fs::path(folder) / text).lexically_normal();
    if (!path.empty() && *path.begin() == "..") {
      refuse("\"" + entry.text + "\" leads out of the files that travel",
             "Name the folder in sync.paths as well.",
             entry);
      return std::nullopt;
    }
    return path == "." ? "/**" : "/" + path.string();
  }

  static std::string trimmed(std::string folder) {
    while (folder.ends_with('/')) {
      folder.pop_back();
    }
    return folder;
  }

  SyncRules rules_;
  const fs::path& bundle_root_;
  const SourceFiles& files_;
  Findings& findings_;
};

}  // namespace

SyncRules all_below(const fs::path& bundle_root) {
  return {.root = bundle_root, .bundle_folder = {}};
}

SyncRules read_sync(const Value& configuration,
                    const fs::path& bundle_root,
                    const SourceFiles& files,
                    Findings& findings) {
  const Value* sync = find(configuration, "sync");
  return sync == nullptr ? all_below(bundle_root)
                         : SyncReader(bundle_root, files, findings).run(*sync);
}

}  // namespace sheaf::bundles
