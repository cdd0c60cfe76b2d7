// The Python files of a bundle, and how they import and run one another.
//
// Reads files below the root. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bundles/python_scan.h"

namespace sheaf::bundles {

struct CodeFinding {
  std::string file;  ///< Relative to the root.
  PythonFinding what;
};

struct CodeFindings {
  std::vector<CodeFinding> findings;
  /// Files that could not be read or are no notebooks, and why.
  std::map<std::string, std::string> unreadable;
};

class BundleCode {
 public:
  /// `files` are names relative to `root`.
  BundleCode(std::filesystem::path root, const std::vector<std::string>& files);

  /// The file that a task calls `path`: as it is, or without its extension.
  [[nodiscard]] std::optional<std::string> find_file(const std::string& path) const;

  /// What the files use, and all files of the bundle that they import and run, each file once.
  /// Imports of the bundle's own files and of the standard library are left out.
  [[nodiscard]] CodeFindings examine(std::vector<std::string> files);

  /// The files of a package of the bundle, by its name in an index or as a module; empty when there
  /// is none.
  [[nodiscard]] std::vector<std::string> files_of_package(std::string_view package) const;

  /// Packages that a requirements file names, and those that it includes.
  [[nodiscard]] std::set<std::string> requirements_of(const std::string& file) const;

  /// Packages that the pyproject.toml nearest above `file` depends on.
  [[nodiscard]] std::set<std::string> project_dependencies_of(const std::string& file) const;

 private:
  struct Module {
    bool is_own = false;
    /// Of the packages that it is in, and its own.
    std::vector<std::string> files;
  };
  [[nodiscard]] Module find_module(std::string_view module, const std::string& folder) const;
  [[nodiscard]] std::vector<std::string> files_of_module(std::string path) const;
  /// What a file alone uses, and which files of the bundle it leads to.
  struct Scanned {
    std::vector<PythonFinding> findings;
    std::vector<std::string> next;
    /// Why it could not be read; empty when it was.
    std::string problem;
  };
  const Scanned& scan(const std::string& file);
  [[nodiscard]] Scanned scan_file(const std::string& file) const;
  [[nodiscard]] Scanned scan_text(const std::string& file, std::string_view text) const;
  /// True for what is no finding, but at most a way to other files, which are added to `next`.
  [[nodiscard]] bool leads_on(const PythonFinding& finding,
                              const std::string& folder,
                              std::vector<std::string>& next) const;
  [[nodiscard]] Result<std::string> bytes_of(const std::string& file) const;
  /// What is no UTF-8 becomes U+FFFD.
  [[nodiscard]] Result<std::string> text_of(const std::string& file) const;

  std::filesystem::path root_;
  std::set<std::string> files_;
  /// First name of a module → folders in which it stands.
  std::map<std::string, std::set<std::string>, std::less<>> homes_;
  /// Of files that were looked at: many tasks share some.
  std::map<std::string, Scanned> scanned_;
};

}  // namespace sheaf::bundles
