#include "bundles/needs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kVolumeCure =
    "Sheaf mounts neither volumes nor DBFS. Use a folder of the worker, or storage that the task "
    "reads itself.";

// `named` where there is a name, else `unnamed`.
std::string told(std::string_view named, const std::string& name, std::string_view unnamed) {
  return name.empty() ? std::string(unnamed) : std::string(named) + " " + name;
}

using Row = std::pair<std::string_view, std::string_view>;

constexpr auto kKinds = std::to_array<Row>({
    {"agentic_task", "agents of the vendor"},
    {"ai_runtime_task", "the vendor's GPU runtime"},
    {"alert_task", "a SQL warehouse"},
    {"clean_rooms_notebook_task", "clean rooms"},
    {"dashboard_task", "dashboards"},
    {"dbt_cloud_task", "dbt Cloud"},
    {"dbt_platform_task", "dbt Cloud"},
    {"dbt_task", "dbt and a warehouse"},
    {"gen_ai_compute_task", "the vendor's GPU runtime"},
    {"genie_task", "Genie"},
    {"pipeline_task", "declarative pipelines"},
    {"power_bi_task", "Power BI"},
    {"spark_jar_task", "Spark"},
    {"spark_submit_task", "Spark"},
    {"sql_task", "a SQL warehouse"},
});

Need need_of_spark(const PythonFinding& finding) {
  return {
      .subject = "Spark",
      .summary = told("import", finding.name, "a Spark session"),
      .cure =
          "Sheaf has no Spark. Read and write with pandas, polars or DuckDB, or put pyspark into "
          "the environment and Java on the worker for a session of your own."};
}

Need need_of_table(const PythonFinding& finding) {
  return {.subject = "tables",
          .summary = told("table", finding.name, "a table whose name is computed"),
          .cure =
              "Sheaf has no tables. Keep the data in files, or in a database that the task "
              "connects to itself."};
}

Need need_of_secret(const PythonFinding& finding) {
  return {.subject = "secrets",
          .summary = told("secret", finding.name, "dbutils.secrets"),
          .cure =
              "Sheaf has no secret scopes. Read the secret from a file of the worker that only "
              "tasks can read."};
}

Need need_of_serving(const PythonFinding& finding) {
  return {.subject = "serving",
          .summary = told("import", finding.name, "a serving endpoint"),
          .cure = "Sheaf serves no models. Load the model in the task, or call a server of yours."};
}

Need need_of_registry(const PythonFinding& finding) {
  return {.subject = "the workspace's MLflow",
          .summary = "\"" + finding.name + "\"",
          .cure =
              "Name a tracking and registry store of your own: set_tracking_uri(\"sqlite:///…\") "
              "or the address of an MLflow server."};
}

}  // namespace

std::optional<Need> need_of(const PythonFinding& finding) {
  switch (finding.use) {
    case PythonUse::kImport:
    case PythonUse::kRequirement:
    case PythonUse::kRequirementsFile:
      return std::nullopt;
    case PythonUse::kNotebook:
      return Need{.subject = "another notebook",
                  .summary = "there is no notebook " + finding.name + " in the bundle",
                  .cure = "Put it into the bundle; its path starts at the notebook that runs it."};
    case PythonUse::kSpark:
      return need_of_spark(finding);
    case PythonUse::kTable:
      return need_of_table(finding);
    case PythonUse::kVolume:
      return Need{.subject = "volumes", .summary = finding.name, .cure = std::string(kVolumeCure)};
    case PythonUse::kSecret:
      return need_of_secret(finding);
    case PythonUse::kFileStore:
      return Need{.subject = "dbutils.fs",
                  .summary = "dbutils.fs",
                  .cure = "Use pathlib, shutil or fsspec in place of dbutils.fs."};
    case PythonUse::kWorkspace:
      return Need{.subject = "a workspace",
                  .summary = "import " + finding.name,
                  .cure = "Of the workspace's API Sheaf answers the Jobs API only."};
    case PythonUse::kFeatureStore:
      return Need{.subject = "a feature store",
                  .summary = "import " + finding.name,
                  .cure = "Sheaf has no feature store. Keep the features in files or a database."};
    case PythonUse::kServing:
      return need_of_serving(finding);
    case PythonUse::kVectorSearch:
      return Need{.subject = "vector search",
                  .summary = "import " + finding.name,
                  .cure = "Sheaf has no vector search. Use an index of your own, such as faiss."};
    case PythonUse::kWarehouse:
      return Need{.subject = "a SQL warehouse",
                  .summary = "import " + finding.name,
                  .cure = "Sheaf has no warehouse. Connect to a database of your own."};
    case PythonUse::kModelRegistry:
      return need_of_registry(finding);
    case PythonUse::kPipelines:
      return Need{.subject = "declarative pipelines",
                  .summary = "import " + finding.name,
                  .cure = "Sheaf runs no pipelines. Make tasks of their steps."};
    case PythonUse::kOtherLanguage:
      return Need{.subject = "Spark",
                  .summary = "a cell in %" + finding.name,
                  .cure =
                      "Sheaf's notebooks run Python. Write the cell in Python, or make a task "
                      "of its own of it."};
  }
  check_failed(__FILE__, __LINE__, "use", "not a PythonUse");
}

std::string_view need_of_kind(std::string_view kind) {
  const auto* row = std::ranges::find(kKinds, kind, &Row::first);
  return row == kKinds.end() ? std::string_view() : row->second;
}

std::optional<Need> need_of_text(std::string_view text) {
  for (const std::string_view start : {"/Volumes/", "dbfs:/", "/dbfs/"}) {
    const std::size_t at = text.find(start);
    if (at != std::string_view::npos) {
      return Need{.subject = "volumes",
                  .summary = std::string(text.substr(at)),
                  .cure = std::string(kVolumeCure)};
    }
  }
  return std::nullopt;
}

}  // namespace sheaf::bundles
