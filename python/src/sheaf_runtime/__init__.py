"""What Python task code finds beside it when Sheaf runs it.

``from sheaf_runtime import dbutils`` gives the same object as the imports that job code usually
has (``pyspark.dbutils``, ``databricks.sdk.runtime``, ``WorkspaceClient().dbutils``); those are
supplied by ``import_fallback``, which the environment's start-up line installs.

Everything is loaded on first use: this module is imported at every start of an interpreter.
Standard library only, Python 3.8 and newer.
"""

__version__ = "0.1.0"
__all__ = ["DBUtils", "dbutils", "run_stream", "stream"]


def __getattr__(name):
    if name == "DBUtils":
        from sheaf_runtime.task_utilities import DBUtils

        return DBUtils
    if name == "dbutils":
        from sheaf_runtime.task_utilities import shared_dbutils

        return shared_dbutils()
    if name in ("run_stream", "stream"):
        from sheaf_runtime import streams

        return getattr(streams, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
