#include "bundles/libraries.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bundles/globs.h"
#include "bundles/job_tasks.h"
#include "common/model/manifest.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

bool is_address(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

// A path to a wheel, with extras behind it perhaps, in contrast to the name of a package.
bool is_wheel_path(std::string_view text) {
  const std::string_view path = text.substr(0, text.rfind('['));
  return !is_address(text) && (path.ends_with(".whl") || text.ends_with(".whl"));
}

class LibraryTranslator {
 public:
  LibraryTranslator(const LibraryContext& context, ArtifactFiles& wheels, Findings& findings)
      : context_(context), wheels_(wheels), findings_(findings) {}

  void translate_task(Value& task, const std::string& path) {
    Value* libraries = find(task, "libraries");
    if (libraries == nullptr || !libraries->is_list()) {
      return;
    }
    std::vector<Value> translated;
    for (std::size_t i = 0; i < libraries->items.size(); ++i) {
      Value& library = libraries->items[i];
      Value* wheel = find(library, "whl");
      const bool is_local = wheel != nullptr && wheel->kind == Kind::kString &&
                            !wheel->is_unresolved && !is_address(wheel->text);
      if (!is_local) {
        translated.push_back(library);
        continue;
      }
      const std::string place = item_path(member_path(path, "libraries"), i) + ".whl";
      for (std::string& text : wheels_of(*wheel, place)) {
        Value entry = library;
        find(entry, "whl")->text = std::move(text);
        translated.push_back(std::move(entry));
      }
      if (wheel->is_unresolved) {
        translated.push_back(library);
      }
    }
    libraries->items = std::move(translated);
  }

  void translate_environment(Value& environment, const std::string& path) {
    Value* spec = find(environment, "spec");
    Value* dependencies = spec == nullptr ? nullptr : find(*spec, "dependencies");
    if (dependencies == nullptr || !dependencies->is_list()) {
      return;
    }
    std::vector<Value> translated;
    for (std::size_t i = 0; i < dependencies->items.size(); ++i) {
      Value& line = dependencies->items[i];
      const std::string place = item_path(member_path(path, "spec.dependencies"), i);
      if (line.kind != Kind::kString || line.is_unresolved || !is_wheel_path(line.text)) {
        check_line(line, place);
        translated.push_back(line);
        continue;
      }
      for (std::string& text : wheels_of(line, place)) {
        Value entry = line;
        entry.text = std::move(text);
        translated.push_back(std::move(entry));
      }
      if (line.is_unresolved) {
        translated.push_back(line);
      }
    }
    dependencies->items = std::move(translated);
  }

 private:
  void check_line(Value& line, const std::string& path) {
    const std::string_view text = line.text;
    if (line.is_unresolved || text.starts_with("-r ")) {
      return;
    }
    if (text.starts_with('.') || text.starts_with('/') || text.starts_with('-')) {
      report(line,
             path,
             "\"" + line.text + "\": only packages of an index, wheels and -r <file> are supported",
             "Write a package and its version, e.g. scikit-learn==1.5.2, or build a wheel.");
    }
  }

  // The entries that stand for one as written. Marks the value when nothing can.
  std::vector<std::string> wheels_of(Value& value, const std::string& path) {
    const std::string text = value.text;
    const std::size_t bracket = text.ends_with(']') ? text.rfind('[') : std::string::npos;
    const std::string extras = bracket == std::string::npos ? "" : text.substr(bracket);
    std::string pattern = text.substr(0, text.size() - extras.size());
    if (pattern.starts_with(context_.artifact_path + "/")) {
      return {text};
    }
    if (pattern.starts_with(context_.file_path + "/")) {
      pattern = glob_below(context_.sync_root, pattern.substr(context_.file_path.size() + 1));
    } else if (pattern.starts_with('/') || pattern.find(":/") != std::string::npos) {
      report(value,
             path,
             "\"" + text + "\" is not a file of the bundle",
             "Write a path relative to this file, an https:// address, or a package of an index.");
      return {};
    } else {
      pattern = glob_below(folder_of(value), pattern);
    }
    std::vector<std::string> entries;
    for (const fs::path& wheel : newest_wheels(expand_glob(pattern))) {
      if (std::optional<std::string> entry = add(value, path, wheel)) {
        entries.push_back(*entry + extras);
      }
    }
    return entries.empty() ? without_match(value, path, pattern, extras) : entries;
  }

  fs::path folder_of(const Value& value) const {
    return value.place.is_known()
               ? context_.root / fs::path(context_.files.name(value.place.file)).parent_path()
               : context_.root;
  }

  std::optional<std::string> add(Value& value, const std::string& path, const fs::path& wheel) {
    const auto built = context_.built.find(wheel);
    const fs::path file = built == context_.built.end() ? wheel : built->second;
    const std::string name = std::string(model::kArtifactFolder) + file.filename().string();
    if (!model::is_manifest_path(name)) {
      report(value, path, "the name of the wheel cannot travel", "Rename it.");
      return std::nullopt;
    }
    const auto [entry, is_new] = wheels_.emplace(name, file);
    if (!is_new && entry->second != file) {
      report(value,
             path,
             "two wheels are called " + file.filename().string(),
             "The other one is " + entry->second.string() + ": give them different versions.");
      return std::nullopt;
    }
    return context_.artifact_path + "/" + name;
  }

  std::vector<std::string> without_match(Value& value,
                                         const std::string& path,
                                         const std::string& pattern,
                                         const std::string& extras) {
    if (value.is_unresolved) {
      return {};
    }
    if (context_.stage == LibraryContext::Stage::kNotYetBuilt) {
      return {context_.artifact_path + "/" + std::string(model::kArtifactFolder) +
              fs::path(pattern).filename().string() + extras};
    }
    report(value,
           path,
           "no wheel matches \"" + value.text + "\"",
           context_.stage == LibraryContext::Stage::kBuilt
               ? "None of the bundle's artifacts left it there. The path starts at the file it is "
                 "written in."
               : "Declare under `artifacts` how it is built, or build it before. The path starts "
                 "at the file it is written in.");
    return {};
  }

  // Nothing more is to be said about the value afterwards.
  void report(Value& value, const std::string& path, std::string summary, std::string cure) {
    value.is_unresolved = true;
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, path, places_of(value));
  }

  const LibraryContext& context_;
  ArtifactFiles& wheels_;
  Findings& findings_;
};

}  // namespace

void translate_libraries(Value& job,
                         const std::string& path,
                         const LibraryContext& context,
                         ArtifactFiles& wheels,
                         Findings& findings) {
  LibraryTranslator translator(context, wheels, findings);
  visit_tasks(job, path, [&](Value& task, const std::string& task_path) {
    translator.translate_task(task, task_path);
  });
  Value* environments = find(job, "environments");
  const std::size_t count = environments == nullptr ? 0 : environments->items.size();
  for (std::size_t i = 0; i < count; ++i) {
    translator.translate_environment(environments->items[i],
                                     item_path(member_path(path, "environments"), i));
  }
}

}  // namespace sheaf::bundles
