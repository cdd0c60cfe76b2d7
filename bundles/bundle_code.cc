#include "bundles/bundle_code.h"

#include <algorithm>
#include <utility>

#include "bundles/limits.h"
#include "bundles/python_packages.h"
#include "bundles/utf8.h"
#include "common/os/file.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

/// Notebooks hold their outputs, and these may be pictures.
constexpr std::size_t kMaxCodeBytes = 64u << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMaxIncludedRequirements = 20;

std::string parent_of(const std::string& path) {
  return fs::path(path).parent_path().string();
}

std::string joined(const std::string& folder, const std::string& path) {
  return (fs::path(folder) / path).lexically_normal().string();
}

std::string path_of(std::string_view module) {
  std::string path(module);
  std::ranges::replace(path, '.', '/');
  return path;
}

template <typename Visit>
void visit_lines(const std::string& text, Visit visit) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    visit(text.substr(start, end - start));
    start = end + 1;
  }
}

// Of `-r others.txt`; empty for other lines.
std::string included_file(const std::string& line) {
  const std::size_t start = line.starts_with("-r ") ? line.find_first_not_of(' ', 2) : line.npos;
  return start == line.npos ? std::string()
                            : line.substr(start, line.find_last_not_of(" \r") + 1 - start);
}

// The texts in quotes of `dependencies = [...]`; a word scan that needs no parser of TOML.
std::set<std::string> dependencies_in(const std::string& project) {
  std::set<std::string> names;
  const std::size_t key = project.find("\ndependencies");
  const std::size_t start = key == std::string::npos ? key : project.find('[', key);
  if (start == std::string::npos || project.find_first_not_of(" =\t", key + 13) != start) {
    return names;
  }
  std::size_t at = start + 1;
  while (at < project.size() && project[at] != ']') {
    const char letter = project[at];
    if (letter == '#') {
      at = std::min(project.find('\n', at), project.size());
    } else if (letter == '"' || letter == '\'') {
      const std::size_t end = std::min(project.find(letter, at + 1), project.size());
      names.insert(requirement_name(project.substr(at + 1, end - at - 1)));
      at = std::min(end + 1, project.size());
    } else {
      ++at;
    }
  }
  names.erase("");
  return names;
}

// Why Python would refuse the bytes, as PEP 263 and the reference of the language say; empty when
// it takes them.
std::string refused_as_source(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) {
    return "it holds null bytes and is no Python source";
  }
  const std::size_t line = bytes.find('\n');
  const std::size_t end = line == std::string_view::npos ? line : bytes.find('\n', line + 1);
  const bool names_encoding = bytes.substr(0, end).find("coding") != std::string_view::npos;
  return is_utf8(bytes) || names_encoding ? "" : "it is not UTF-8 and names no other encoding";
}

}  // namespace

BundleCode::BundleCode(fs::path root, const std::vector<std::string>& files)
    : root_(std::move(root)), files_(files.begin(), files.end()) {
  for (const std::string& file : files_) {
    if (!file.ends_with(".py")) {
      continue;
    }
    fs::path path(file);
    homes_[path.stem().string()].insert(path.parent_path().string());
    for (path = path.parent_path(); !path.empty(); path = path.parent_path()) {
      homes_[path.filename().string()].insert(path.parent_path().string());
    }
  }
}

std::optional<std::string> BundleCode::find_file(const std::string& path) const {
  for (const char* extension : {"", ".py", ".ipynb"}) {
    std::string name = fs::path(path + extension).lexically_normal().string();
    if (files_.contains(name)) {
      return name;
    }
  }
  return std::nullopt;
}

CodeFindings BundleCode::examine(std::vector<std::string> files) {
  CodeFindings result;
  std::set<std::string> seen;
  for (std::size_t at = 0; at < files.size(); ++at) {
    const std::string file = files[at];
    if (!seen.insert(file).second) {
      continue;
    }
    if (seen.size() > kMaxScannedFiles) {
      result.unreadable.emplace(file, "the task leads to more files than are looked at");
      break;
    }
    const Scanned& scanned = scan(file);
    if (!scanned.problem.empty()) {
      result.unreadable.emplace(file, scanned.problem);
    }
    for (const PythonFinding& finding : scanned.findings) {
      result.findings.push_back({.file = file, .what = finding});
    }
    files.insert(files.end(), scanned.next.begin(), scanned.next.end());
  }
  return result;
}

const BundleCode::Scanned& BundleCode::scan(const std::string& file) {
  const auto [known, is_new] = scanned_.try_emplace(file);
  if (is_new) {
    known->second = scan_file(file);
  }
  return known->second;
}

BundleCode::Scanned BundleCode::scan_file(const std::string& file) const {
  const auto bytes = bytes_of(file);
  std::string problem = bytes ? refused_as_source(*bytes) : bytes.error().message;
  if (!problem.empty()) {
    return {.findings = {}, .next = {}, .problem = std::move(problem)};
  }
  return scan_text(file, valid_text(*bytes));
}

BundleCode::Scanned BundleCode::scan_text(const std::string& file, std::string_view text) const {
  Scanned result;
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  auto found = scan_python(text, format_of(file, text));
  if (!found) {
    result.problem = found.error().message;
    return result;
  }
  for (PythonFinding& finding : *found) {
    if (!leads_on(finding, parent_of(file), result.next)) {
      result.findings.push_back(std::move(finding));
    }
  }
  return result;
}

bool BundleCode::leads_on(const PythonFinding& finding,
                          const std::string& folder,
                          std::vector<std::string>& next) const {
  if (finding.use == PythonUse::kNotebook) {
    const auto notebook = find_file(joined(folder, finding.name));
    next.insert(next.end(), notebook ? 1 : 0, notebook.value_or(""));
    return notebook.has_value();
  }
  if (finding.use != PythonUse::kImport) {
    return false;
  }
  const Module module = find_module(finding.name, folder);
  next.insert(next.end(), module.files.begin(), module.files.end());
  return module.is_own || is_in_standard_library(finding.name);
}

// What stands beside the file goes before the standard library, and that before what stands
// anywhere else and needs a sys.path of its own.
BundleCode::Module BundleCode::find_module(std::string_view module,
                                           const std::string& folder) const {
  if (module.starts_with('.')) {
    std::string home = folder;
    for (module.remove_prefix(1); module.starts_with('.'); module.remove_prefix(1)) {
      home = parent_of(home);
    }
    return {.is_own = true, .files = files_of_module(joined(home, path_of(module)))};
  }
  const auto homes = homes_.find(module.substr(0, module.find('.')));
  if (homes == homes_.end()) {
    return {};
  }
  const bool is_beside = homes->second.contains(folder);
  if (!is_beside && is_in_standard_library(module)) {
    return {};
  }
  const std::string& home = is_beside ? folder : *homes->second.begin();
  return {.is_own = true, .files = files_of_module(joined(home, path_of(module)))};
}

// "a/b/c" is a/b/c.py, a package a/b/c, or something in a/b; all packages above run too.
std::vector<std::string> BundleCode::files_of_module(std::string path) const {
  std::vector<std::string> files;
  bool is_found = false;
  for (; !path.empty() && path != "."; path = parent_of(path)) {
    if (files_.contains(path + "/__init__.py")) {
      files.push_back(path + "/__init__.py");
      is_found = true;
    } else if (!is_found && files_.contains(path + ".py")) {
      files.push_back(path + ".py");
      is_found = true;
    }
  }
  return files;
}

std::vector<std::string> BundleCode::files_of_package(std::string_view package) const {
  std::string module(package);
  std::ranges::replace(module, '-', '_');
  const auto homes = homes_.find(module);
  std::vector<std::string> files;
  if (homes == homes_.end()) {
    return files;
  }
  const std::string folder = joined(*homes->second.begin(), module);
  for (const std::string& file : files_) {
    if (file.ends_with(".py") && (file.starts_with(folder + "/") || file == folder + ".py")) {
      files.push_back(file);
    }
  }
  return files;
}

std::set<std::string> BundleCode::requirements_of(const std::string& file) const {
  std::set<std::string> names;
  std::vector<std::string> files = {file};
  for (std::size_t at = 0; at < std::min(files.size(), kMaxIncludedRequirements); ++at) {
    const std::string folder = parent_of(files[at]);
    visit_lines(text_of(files[at]).value_or(""), [&](const std::string& line) {
      names.insert(requirement_name(line));
      const std::string included = included_file(line);
      files.insert(files.end(), included.empty() ? 0 : 1, joined(folder, included));
    });
  }
  names.erase("");
  return names;
}

std::set<std::string> BundleCode::project_dependencies_of(const std::string& file) const {
  std::string folder = file;
  do {
    folder = parent_of(folder);
    const std::string project = joined(folder, "pyproject.toml");
    if (files_.contains(project)) {
      return dependencies_in(text_of(project).value_or(""));
    }
  } while (!folder.empty());
  return {};
}

Result<std::string> BundleCode::bytes_of(const std::string& file) const {
  if (!files_.contains(file)) {
    return fail(ErrorCode::kNotFound, "there is no such file");
  }
  return os::read_file(root_ / file, kMaxCodeBytes);
}

Result<std::string> BundleCode::text_of(const std::string& file) const {
  auto bytes = bytes_of(file);
  return !bytes || is_utf8(*bytes) ? std::move(bytes) : valid_text(*bytes);
}

}  // namespace sheaf::bundles
