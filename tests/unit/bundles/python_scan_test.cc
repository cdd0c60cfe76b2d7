#include "bundles/python_scan.h"

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sheaf::bundles {
namespace {

struct Row {
  const char* name;
  std::string code;
  std::vector<PythonFinding> expected;

  friend std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }
};

std::vector<PythonFinding> scanned(const std::string& code, CodeFormat format) {
  const auto findings = scan_python(code, format);
  EXPECT_TRUE(findings) << findings.error().message;
  return findings.value_or(std::vector<PythonFinding>{});
}

std::string told(const std::vector<PythonFinding>& findings) {
  std::string text;
  for (const PythonFinding& finding : findings) {
    text += std::to_string(static_cast<int>(finding.use)) + " '" + finding.name + "' " +
            std::to_string(finding.cell) + ":" + std::to_string(finding.line) + "\n";
  }
  return text;
}

PythonFinding found(PythonUse use, std::string name, int line) {
  return {.use = use, .name = std::move(name), .cell = 0, .line = line};
}

using enum PythonUse;

class Script : public testing::TestWithParam<Row> {};

TEST_P(Script, IsFoundToUse) {
  EXPECT_EQ(told(scanned(GetParam().code, CodeFormat::kScript)), told(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Imports,
    Script,
    testing::Values(
        Row{"plain",
            "import os, numpy.linalg as la; import yaml\n",
            {found(kImport, "numpy.linalg", 1),
             found(kImport, "os", 1),
             found(kImport, "yaml", 1)}},
        Row{"from",
            "from sklearn.ensemble import (\n  RandomForestRegressor as Forest,\n  b,\n)\n",
            {found(kImport, "sklearn.ensemble.RandomForestRegressor", 2),
             found(kImport, "sklearn.ensemble.b", 3)}},
        Row{"relative",
            "from . import a\nfrom ..shared.paths import *\n",
            {found(kImport, ".a", 1), found(kImport, "..shared.paths", 2)}},
        Row{"in_functions",
            "def f():\n    import pandas as pd\n    return pd\n",
            {found(kImport, "pandas", 2)}},
        Row{"behind_a_colon", "if True: import pandas\n", {found(kImport, "pandas", 1)}},
        Row{"optional",
            "try:\n    import cupy\n    import numpy\nexcept ImportError:\n    cupy = None\n",
            {}},
        Row{"tried_for_other_reasons",
            "try:\n    import cupy\nexcept ValueError:\n    pass\n",
            {found(kImport, "cupy", 2)}},
        Row{"for_checkers",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\nimport yaml\n",
            {found(kImport, "typing.TYPE_CHECKING", 1), found(kImport, "yaml", 4)}},
        Row{"yield_from", "def f(a):\n    yield from a\n    raise ValueError from a\n", {}},
        Row{"stand_ins",
            "from pyspark.dbutils import DBUtils\nfrom databricks.sdk.runtime import dbutils\n"
            "import sheaf_runtime\n",
            {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Texts,
    Script,
    testing::Values(
        Row{"comments", "# import pandas; spark.sql('select 1')\nx = 1  # /Volumes/a/b\n", {}},
        Row{"docstrings",
            "\"\"\"Reads /Volumes/a/b with spark.table.\n\nimport pandas\n\"\"\"\ndef f():\n    "
            "'dbfs:/x'\n    return 1\n",
            {}},
        Row{"code_out_of_use", "'''\nimport pandas\n'''\n", {}},
        Row{"volumes",
            "path = f\"/Volumes/{catalog}/raw\" + 'it\\'s'\nopen('/dbfs/mnt/x')\nread('dbfs:/y "
            "z')\n",
            {found(kVolume, "/Volumes/{catalog}/raw", 1),
             found(kVolume, "/dbfs/mnt/x", 2),
             found(kVolume, "dbfs:/y", 3)}},
        Row{"a_text_over_lines",
            "x = '''\n/Volumes/a\n'''\nimport yaml\n",
            {found(kVolume, "/Volumes/a", 1), found(kImport, "yaml", 4)}},
        Row{"a_quote_never_closed", "x = 'abc\nimport yaml\n", {found(kImport, "yaml", 2)}},
        Row{"continued_lines",
            "import \\\n    yaml\nx = [\n  1,\n]\nimport toml\n",
            {found(kImport, "yaml", 2), found(kImport, "toml", 6)}},
        Row{"unicode_and_carriage_returns",
            "größe = 'ü'\r\nimport yaml\r\n",
            {found(kImport, "yaml", 2)}},
        Row{"nothing", "", {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Platform,
    Script,
    testing::Values(
        Row{"spark_session",
            "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n",
            {found(kSpark, "", 1), found(kSpark, "pyspark", 1)}},
        Row{"spark_itself", "df = spark.range(10)\nself.spark.stop()\n", {found(kSpark, "", 1)}},
        Row{"a_word_of_that_name", "spark = 3\nf(spark)\nx.sparkle()\n", {}},
        Row{"tables",
            "spark.table('a.b.c')\nspark.read.table(\"d.e\")\n"
            "spark.read.format('delta').table('f.g')\ndf.write.saveAsTable('h')\n",
            {found(kSpark, "", 1),
             found(kTable, "a.b.c", 1),
             found(kTable, "d.e", 2),
             found(kTable, "f.g", 3),
             found(kTable, "h", 4)}},
        Row{"a_computed_table",
            "spark.table(name)\n",
            {found(kSpark, "", 1), found(kTable, "", 1)}},
        Row{"sql",
            "spark.sql(f\"\"\"\n  SELECT * FROM `main`.wine.red r JOIN x.y ON r.a = y.a\n\"\"\")\n"
            "spark.sql('select 1')\nspark.sql(query)\n",
            {found(kSpark, "", 1),
             found(kTable, "main.wine.red", 1),
             found(kTable, "x.y", 1),
             found(kTable, "", 5)}},
        Row{"dbutils",
            "dbutils.secrets.get('scope', 'key')\ndbutils.secrets.get(scope=s, key='k')\n"
            "dbutils.fs.ls('/x')\ndbutils.widgets.get('a')\ndbutils.jobs.taskValues.set('a', 1)\n"
            "dbutils.notebook.exit('x')\ndbutils.notebook.run('./other', 60)\n",
            {found(kSecret, "scope/key", 1),
             found(kSecret, "", 2),
             found(kFileStore, "", 3),
             found(kNotebook, "./other", 7)}},
        Row{"the_vendors_packages",
            "from databricks.sdk import WorkspaceClient\n"
            "from databricks.feature_engineering import FeatureEngineeringClient\n"
            "from databricks import sql\nimport dlt\nfrom delta.tables import DeltaTable\n",
            {found(kWorkspace, "databricks", 1),
             found(kFeatureStore, "databricks.feature_engineering", 2),
             found(kWarehouse, "databricks.sql", 3),
             found(kPipelines, "dlt", 4),
             found(kSpark, "delta", 5)}},
        Row{"mlflow",
            "import mlflow\nmlflow.set_registry_uri('databricks-uc')\n"
            "from mlflow.deployments import "
            "get_deploy_client\nmlflow.set_tracking_uri('databricks')\n",
            {found(kImport, "mlflow", 1),
             found(kModelRegistry, "databricks-uc", 2),
             found(kServing, "mlflow.deployments", 3),
             found(kModelRegistry, "databricks", 4)}},
        Row{"serving",
            "requests.post(host + '/serving-endpoints/wine/invocations')\n",
            {found(kServing, "", 1)}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ScanPython, ReadsTheLinesOfNotebooksThatAreNoPython) {
  const std::string notebook =
      "# Databricks notebook source\n"
      "# MAGIC %pip install -q scikit-learn==1.5 'Polars[all]>=1' -r ../requirements.txt\n"
      "# COMMAND ----------\n"
      "# MAGIC %run ./shared $a=\"1\"\n"
      "# COMMAND ----------\n"
      "# MAGIC %sql\n"
      "# MAGIC import of nothing\n"
      "# COMMAND ----------\n"
      "# MAGIC %md import pandas\n"
      "# COMMAND ----------\n"
      "# MAGIC %python\n"
      "# MAGIC import yaml\n"
      "# COMMAND ----------\n"
      "import toml\n";
  EXPECT_EQ(told(scanned(notebook, CodeFormat::kNotebook)),
            told({found(kRequirement, "polars", 2),
                  found(kRequirement, "scikit-learn", 2),
                  found(kRequirementsFile, "../requirements.txt", 2),
                  found(kNotebook, "./shared", 4),
                  found(kOtherLanguage, "sql", 6),
                  found(kImport, "yaml", 12),
                  found(kImport, "toml", 14)}));
}

TEST(ScanPython, CountsLinesOfAJupyterNotebookInItsCells) {
  const std::string notebook = R"x({"cells": [
    {"cell_type": "markdown", "source": "import pandas"},
    {"cell_type": "code", "source": ["%pip install yaml\n", "import os\n", "import yaml"],
     "outputs": [{"text": "import x"}]},
    {"cell_type": "code", "source": "x = a % b\n\nif x != 1:\n    spark.table('t')"},
    {"cell_type": "code", "source": "!pip install toml\n!ls\n%%sql\nselect import"}]})x";
  const auto in_cell = [](PythonFinding finding, int cell) {
    finding.cell = cell;
    return finding;
  };
  EXPECT_EQ(told(scanned(notebook, CodeFormat::kJupyter)),
            told({in_cell(found(kRequirement, "yaml", 1), 2),
                  in_cell(found(kImport, "os", 2), 2),
                  in_cell(found(kImport, "yaml", 3), 2),
                  in_cell(found(kSpark, "", 4), 3),
                  in_cell(found(kTable, "t", 4), 3),
                  in_cell(found(kRequirement, "toml", 1), 4),
                  in_cell(found(kOtherLanguage, "sql", 3), 4)}));
}

TEST(ScanPython, RefusesWhatIsNoNotebook) {
  for (const char* text : {"", "[]", "{\"cells\": 1}", "{\"cells\": [1}", "import x"}) {
    EXPECT_FALSE(scan_python(text, CodeFormat::kJupyter)) << text;
  }
  EXPECT_TRUE(scan_python("{\"cells\": [1, {}, {\"cell_type\": \"code\", \"source\": 1}]}",
                          CodeFormat::kJupyter));
}

TEST(FormatOf, LooksAtTheFirstLine) {
  EXPECT_EQ(format_of("a.py", "# Databricks notebook source\r\nx"), CodeFormat::kNotebook);
  EXPECT_EQ(format_of("a.py", "x\n# Databricks notebook source\n"), CodeFormat::kScript);
  EXPECT_EQ(format_of("a.ipynb", ""), CodeFormat::kJupyter);
}

}  // namespace
}  // namespace sheaf::bundles
