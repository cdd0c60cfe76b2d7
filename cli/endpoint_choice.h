// Which scheduler a command may talk to. Sheaf speaks only to Sheaf: what a bundle, a profile or
// DATABRICKS_HOST names is usually somebody's production workspace, so a named host is never
// connected to; it must be an enrolled endpoint's, or the command ends with an error.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/endpoint.h"
#include "cli/surroundings.h"
#include "common/base/result.h"

namespace sheaf::cli {

/// A host that the person's settings name, and where.
struct NamedHost {
  std::string host;
  std::string origin;  ///< "DATABRICKS_HOST", "the profile `prod` of /home/ann/.databrickscfg"
};

struct EndpointCandidates {
  /// Of `sheaf up` on the data folder.
  std::optional<Endpoint> local;
  /// Of `sheaf auth login`, newest first.
  std::vector<Endpoint> enrolled;
  std::vector<NamedHost> named;
  std::filesystem::path data_folder;
};

/// Decides, without looking at anything but `candidates`: the enrolled endpoint that all named
/// hosts mean; without named hosts the local one, else the one enrolled last.
///
/// Fails with kInvalid on a named host that is not enrolled, with kUnavailable when nothing is
/// named and nothing enrolled.
[[nodiscard]] Result<Endpoint> choose_endpoint(const EndpointCandidates& candidates);

struct EndpointWishes {
  /// `--data`: only `sheaf up` on this folder is looked for.
  std::optional<std::filesystem::path> data_folder;
  /// `--profile`, else DATABRICKS_CONFIG_PROFILE.
  std::string profile;
};

/// Reads the files and decides. Besides choose_endpoint() it fails with kUnavailable when the
/// `sheaf up` that wrote the chosen endpoint does not live any more, and with kInvalid on an
/// unknown profile.
[[nodiscard]] Result<Endpoint> find_endpoint(const Surroundings& surroundings,
                                             const EndpointWishes& wishes);

}  // namespace sheaf::cli
