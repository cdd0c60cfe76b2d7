// A static look at Python code: what it imports, and what of the vendor's platform it asks for.
//
// Sees names and literal texts, runs nothing and follows no variable: what it finds is there, and
// what it does not find may still be there. Pure; linear in the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bundles/notebook_code.h"
#include "common/base/result.h"

namespace sheaf::bundles {

enum class PythonUse {
  kImport,            ///< `name` is the module: "sklearn.ensemble", "..shared.paths" of a package.
  kRequirement,       ///< `name` is a package that `%pip install` installs.
  kRequirementsFile,  ///< `name` is the file of `%pip install -r`.
  kNotebook,          ///< `name` is the notebook that `%run` or dbutils.notebook.run runs.
  kSpark,
  kTable,      ///< `name` is the table; empty where it is no literal.
  kVolume,     ///< `name` is the path: "/Volumes/…", "dbfs:/…", "/dbfs/…".
  kSecret,     ///< `name` is "scope/key" where both are literals.
  kFileStore,  ///< dbutils.fs
  kWorkspace,  ///< The workspace's API: databricks.sdk.
  kFeatureStore,
  kServing,
  kVectorSearch,
  kWarehouse,
  kModelRegistry,  ///< MLflow with Unity Catalog or the workspace behind it.
  kPipelines,
  kOtherLanguage,  ///< `name` is the magic word: "sql", "scala", "r".
};

struct PythonFinding {
  PythonUse use = PythonUse::kImport;
  std::string name;
  int cell = 0;  ///< Of an .ipynb, from 1; else 0.
  int line = 0;  ///< From 1, in the cell or the file.
  friend bool operator==(const PythonFinding&, const PythonFinding&) = default;
};

/// What `text` uses, line by line, each use of each name once. Imports that the code
/// does without (`except ImportError`, TYPE_CHECKING) do not count. Fails with kInvalid on an
/// .ipynb that is no notebook.
[[nodiscard]] Result<std::vector<PythonFinding>> scan_python(std::string_view text,
                                                             CodeFormat format);

}  // namespace sheaf::bundles
