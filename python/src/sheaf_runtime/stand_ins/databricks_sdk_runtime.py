"""Stands in for `databricks.sdk.runtime` where the SDK is not installed."""

from sheaf_runtime.task_namespace import namespace

globals().update(namespace())
__all__ = sorted(namespace())
