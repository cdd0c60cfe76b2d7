"""Each import that job code uses, in fresh interpreters of environments as workers build them."""

import json

import pytest
from values_route import task_environment

SET_AND_GET = """
version = dbutils.jobs.taskValues.get(taskKey="train", key="model_version")
dbutils.jobs.taskValues.set(key="seen", value=version)
"""
DBUTILS_OF_PYSPARK = "from pyspark.dbutils import DBUtils; dbutils = DBUtils(None)"
DBUTILS_WITHOUT_SESSION = "from pyspark.dbutils import DBUtils; dbutils = DBUtils()"
DBUTILS_OF_SDK = "from databricks.sdk.runtime import dbutils"
STAR_OF_SDK = "from databricks.sdk.runtime import *"
DBUTILS_OF_CLIENT = "from databricks.sdk import WorkspaceClient; dbutils = WorkspaceClient().dbutils"
DBUTILS_OF_SHEAF = "from sheaf_runtime import dbutils"

EVERYWHERE = [
    DBUTILS_OF_PYSPARK,
    DBUTILS_WITHOUT_SESSION,
    DBUTILS_OF_SDK,
    STAR_OF_SDK,
    DBUTILS_OF_SHEAF,
]


def set_and_get(environment, how, scheduler, tmp_path):
    scheduler.values = {"train": {"model_version": "7"}}
    values = tmp_path / "values"
    environment.run(how + "\n" + SET_AND_GET, task_environment(scheduler.url, values))
    assert values.read_bytes() == b'seen="7"\n'


@pytest.mark.parametrize("how", EVERYWHERE)
def test_task_values_without_any_package(plain, scheduler, tmp_path, how):
    set_and_get(plain, how, scheduler, tmp_path)


@pytest.mark.parametrize("how", [*EVERYWHERE, DBUTILS_OF_CLIENT])
def test_task_values_beside_the_real_databricks_sdk(with_sdk, scheduler, tmp_path, how):
    set_and_get(with_sdk, how, scheduler, tmp_path)


@pytest.mark.parametrize("how", EVERYWHERE)
def test_task_values_beside_the_real_pyspark_client(with_spark_client, scheduler, tmp_path, how):
    set_and_get(with_spark_client, how, scheduler, tmp_path)


def test_the_real_sdk_runs_its_own_runtime_module(with_sdk):
    file = with_sdk.run("import databricks.sdk.runtime as r; print(r.__file__)")
    assert "stand_ins" not in file
    assert file.strip().endswith("databricks/sdk/runtime/__init__.py")


def test_the_real_pyspark_stays_itself(with_spark_client):
    report = with_spark_client.run(
        "import pyspark, pyspark.dbutils; print(pyspark.__version__, pyspark.dbutils.__file__)"
    )
    version, file = report.split()
    assert version == "4.2.0"
    assert "stand_ins" in file


def test_missing_packages_stay_missing(plain):
    plain.run(
        """
for name in ("pyspark", "pyspark.sql", "databricks", "databricks.sdk", "databricks.connect"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise SystemExit(f"{name} can be imported")
"""
    )


def test_a_module_of_that_name_that_exists_wins(plain, tmp_path):
    package = tmp_path / "pyspark"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "dbutils.py").write_text("DBUtils = 'the real one'\n")
    output = plain.run("from pyspark.dbutils import DBUtils; print(DBUtils)", {"PYTHONPATH": str(tmp_path)})
    assert output == "the real one\n"


def test_spark_says_what_is_missing_only_when_it_is_used(plain):
    output = plain.run(
        """
from databricks.sdk.runtime import spark
try:
    spark.sql("select 1")
except RuntimeError as error:
    print(error)
"""
    )
    assert "pyspark is not among the dependencies" in output


def test_the_context_that_mlflow_reads(plain, scheduler, tmp_path):
    code = """
import json
from dbruntime.databricks_repl_context import get_context
context = get_context()
print(json.dumps(context and vars(context)))
"""
    in_task = json.loads(plain.run(code, task_environment(scheduler.url, tmp_path / "values")))
    assert (in_task["jobId"], in_task["idInJob"], in_task["isInJob"]) == ("12", "4711", True)
    assert in_task["replId"] is None
    assert json.loads(plain.run(code)) is None


def test_start_of_an_interpreter_loads_no_more_than_the_fallback(plain):
    loaded = plain.run("import sys; print(*sorted(m for m in sys.modules if 'sheaf' in m))").split()
    assert loaded == ["sheaf_runtime", "sheaf_runtime.import_fallback"]


def test_walking_over_loaded_modules_fills_nothing(plain):
    plain.run(
        """
import sys
for module in list(sys.modules.values()):
    getattr(module, "__file__", None), getattr(module, "__path__", None)
assert "sheaf_runtime.task_utilities" not in sys.modules
"""
    )
