"""Starts a python_wheel_task: ``python -m sheaf_runtime.wheel_task PACKAGE ENTRY_POINT [PARAMETER...]``.

The entry point is one of the distribution's metadata, in any group; else ``PACKAGE.ENTRY_POINT()``.
Its result has no meaning: a task fails by an exception or by ``sys.exit``.
"""

import importlib
import importlib.metadata
import os
import sys


def find_entry_point(package, name):
    """The function to call. Raises LookupError, saying what there is, where there is none."""
    try:
        entry_points = importlib.metadata.distribution(package).entry_points
    except importlib.metadata.PackageNotFoundError:
        entry_points = []
    for entry_point in entry_points:
        if entry_point.name == name:
            return entry_point.load()
    return _attribute(package, name, sorted({entry_point.name for entry_point in entry_points}))


def _attribute(package, name, known):
    module_name = package.replace("-", "_")
    try:
        found = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name != module_name.partition(".")[0]:
            raise
        raise LookupError(
            f"package {package!r} is not installed in the task's environment: add its wheel to the task's "
            "`libraries` or to the `dependencies` of its environment"
        ) from None
    for segment in name.replace(":", ".").split("."):
        found = _member(found, segment, package, name, known)
    if not callable(found):
        raise LookupError(f"{name!r} of package {package!r} is no function, but a {type(found).__name__}")
    return found


def _member(parent, segment, package, name, known):
    try:
        return getattr(parent, segment)
    except AttributeError:
        pass
    module_name = f"{getattr(parent, '__name__', '')}.{segment}"
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name != module_name:
            raise
    raise LookupError(
        f"package {package!r} has neither an entry point nor a function {name!r}; "
        f"its entry points: {', '.join(known) or 'none'}"
    )


def main(arguments):
    package, name, *parameters = arguments
    # `python -m` puts the working folder first; a folder there must not stand before the installed package.
    if sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    sys.argv = [package, *parameters]
    try:
        function = find_entry_point(package, name)
    except LookupError as error:
        sys.exit(str(error))
    function()


if __name__ == "__main__":
    main(sys.argv[1:])
