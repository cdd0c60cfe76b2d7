"""Stands in for `pyspark.dbutils`."""

from sheaf_runtime.task_utilities import DBUtils

__all__ = ["DBUtils"]
