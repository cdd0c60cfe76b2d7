// Finding the bundle's root and reading its files into one configuration.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Folder and name of the root file.
struct RootFile {
  std::filesystem::path folder;
  std::string name;
};

/// `$DATABRICKS_BUNDLE_ROOT`, else the first folder from `start` upwards that holds databricks.yml,
/// databricks.yaml, bundle.yml or bundle.yaml. Findings say why there is none.
[[nodiscard]] std::optional<RootFile> find_root_file(
    const std::filesystem::path& start,
    const std::map<std::string, std::string>& environment,
    Findings& findings);

/// Reads the root file and what it includes, and merges them in order. Nothing when the root file
/// could not be read.
[[nodiscard]] std::optional<Value> read_configuration(const RootFile& root,
                                                      SourceFiles& files,
                                                      Findings& findings);

/// Reads one file of the bundle; `name` is relative to its root.
[[nodiscard]] std::optional<Value> read_source(const std::filesystem::path& folder,
                                               const std::string& name,
                                               SourceFiles& files,
                                               Findings& findings);

}  // namespace sheaf::bundles
