"""The names that `from databricks.sdk.runtime import *` promises.

`dbutils` works. Spark's names stand for the session of an installed pyspark, made on first use:
most task code that imports them all never touches Spark.
"""

from sheaf_runtime.task_utilities import shared_dbutils


class _Spark:
    """The Spark session, made when something is first asked of it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_session(), name)

    def __repr__(self):
        return "<spark: made on first use>"


def _session():
    try:
        from pyspark.sql import SparkSession
    except ImportError as missing:
        raise RuntimeError(
            "`spark` was used, but pyspark is not among the dependencies of this task's environment"
        ) from missing
    return SparkSession.builder.getOrCreate()


def _sql(*arguments, **named):
    return _session().sql(*arguments, **named)


def _table(name):
    return _session().table(name)


def _udf(*arguments, **named):
    from pyspark.sql.functions import udf

    return udf(*arguments, **named)


def _display(*values, **_options):
    for value in values:
        print(value)


def _get_argument(name, default=None):
    del default
    raise NotImplementedError(
        f"getArgument({name!r}) is not available in Sheaf; pass job parameters as parameters of "
        "the task: {{job.parameters.<name>}}"
    )


def namespace():
    """Every name of `databricks.sdk.runtime`, so that a star import finds what it was promised."""
    return {
        "dbutils": shared_dbutils(),
        "display": _display,
        "displayHTML": _display,
        "getArgument": _get_argument,
        "sc": None,
        "spark": _Spark(),
        "sql": _sql,
        "sqlContext": None,
        "table": _table,
        "udf": _udf,
    }
