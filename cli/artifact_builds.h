// Builds the artifacts of a bundle, before a deployment and for its plan: runs their commands, or
// `uv build`, on this machine with the environment of the command line.
#pragma once

#include "bundles/artifacts.h"
#include "bundles/loader.h"
#include "common/base/result.h"

namespace sheaf::cli {

/// Builds all of them, one after the other; a wheel whose version is to tell the time of its build
/// is copied with that version to `.databricks/bundle/<target>/patched_wheels`, unless an equal one
/// is there. Nothing is built for an artifact without a command and without a Python project.
///
/// Fails with kInvalid, the command, its exit status and what it wrote.
[[nodiscard]] Result<bundles::BuiltWheels> build_artifacts(const bundles::LoadedBundle& bundle);

}  // namespace sheaf::cli
