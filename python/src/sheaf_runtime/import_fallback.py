"""Makes the imports of unmodified job code work where no real package answers them.

    from pyspark.dbutils import DBUtils            open-source pyspark has no such module
    from databricks.sdk.runtime import dbutils     the SDK takes it from package `dbruntime`
    WorkspaceClient().dbutils                      likewise

Two mechanisms, both of which leave a real module alone:
1. A finder at the end of sys.meta_path, asked only when all others have failed, supplies
   `dbruntime` and, inside a real `pyspark`, `pyspark.dbutils`.
2. Where the parent package is missing (no pyspark, no databricks-sdk), no finder would be asked
   for the child. Then the child stands in sys.modules from the start, and fills itself on first
   use. The parent stays missing on purpose: `try: import pyspark` is how libraries find out.

Runs at every start of an interpreter in the environment: it must stay within a millisecond or two.
"""

import importlib.machinery
import os
import sys
import types

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_ins")
_FILES = {
    "dbruntime": "dbruntime/__init__.py",
    "dbruntime.databricks_repl_context": "dbruntime/databricks_repl_context.py",
    "pyspark.dbutils": "pyspark_dbutils.py",
    "databricks.sdk.runtime": "databricks_sdk_runtime.py",
}
_CHILDREN_OF_OTHERS = ("pyspark.dbutils", "databricks.sdk.runtime")


class FallbackFinder:
    """Answers for the stand-ins; for every other name it is one look into a table."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        del path, target
        return _spec_of(name) if name in _FILES else None


def _spec_of(name):
    file = os.path.join(_FOLDER, *_FILES[name].split("/"))
    spec = importlib.machinery.ModuleSpec(
        name,
        importlib.machinery.SourceFileLoader(name, file),
        origin=file,
        is_package=file.endswith("__init__.py"),
    )
    spec.has_location = True
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations.append(os.path.dirname(file))
    return spec


class _Unfilled(types.ModuleType):
    """A module that runs its file when something is first taken from it."""

    def __getattr__(self, attribute):
        # Whoever walks over sys.modules asks for __file__, __path__ and the like.
        if attribute.startswith("__") and attribute != "__all__":
            raise AttributeError(attribute)
        self.__class__ = types.ModuleType
        self.__spec__.loader.exec_module(self)
        return getattr(self, attribute)


def _is_importable(name):
    """Whether a real package answers for dotted `name`, found without importing anything."""
    path = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        prefix = ".".join(parts[:depth])
        spec = importlib.machinery.PathFinder.find_spec(prefix, path)
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return True


def install():
    """Installs both mechanisms, once."""
    if any(finder is FallbackFinder for finder in sys.meta_path):
        return
    sys.meta_path.append(FallbackFinder)
    for name in _CHILDREN_OF_OTHERS:
        parent = name.rpartition(".")[0]
        if name in sys.modules or _is_importable(parent):
            continue
        module = _Unfilled(name)
        module.__spec__ = _spec_of(name)
        sys.modules[name] = module
