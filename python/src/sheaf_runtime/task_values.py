"""``dbutils.jobs.taskValues``: small JSON values that a task leaves for later tasks.

``set`` appends one line ``key=json`` to the file named by SHEAF_TASK_VALUES, in one O_APPEND
write; the worker hands the lines over with the attempt's result, and they count only if the
attempt succeeds. ``get`` asks the scheduler. The limits are the scheduler's; checking them here
puts the error into the line of code that caused it.
"""

import os

from sheaf_runtime.task_context import current_context

MAX_KEY_BYTES = 256
MAX_VALUE_BYTES = 48 * 1024
MAX_KEYS = 250


class TaskValues:
    """Sets values of this task and reads those of upstream tasks."""

    def __init__(self):
        self._upstream = {}
        self._upstream_of = None

    def set(self, key, value):
        """Records ``value`` under ``key``; the last set of a key wins.

        Raises TypeError for a key that is no text or a value that JSON cannot express, ValueError
        beyond a limit. Outside a job run it does nothing.
        """
        context = current_context()
        if context is None:
            return
        _append_line(context.values_path, _checked_key(key), _encoded(key, value))

    def get(self, taskKey, key, default=None, debugValue=None):
        """The value that upstream task ``taskKey`` recorded under ``key``.

        If there is none: ``default``, or ValueError where that is None. Outside a job run:
        ``debugValue``, or TypeError where that is None.
        """
        context = current_context()
        if context is None:
            return _outside_a_job(debugValue)
        values = self._values_of_task(context, taskKey)
        if key in values:
            return values[key]
        if default is not None:
            return default
        raise ValueError(_missing(taskKey, key, self._upstream))

    def _values_of_task(self, context, task_key):
        """A finished upstream task changes no more, so one answer serves until a task is missing."""
        if self._upstream_of != context.run_id or task_key not in self._upstream:
            from sheaf_runtime.scheduler_api import fetch_values

            self._upstream = fetch_values(context)
            self._upstream_of = context.run_id
        return self._upstream.get(task_key, {})


def _outside_a_job(debug_value):
    if debug_value is None:
        raise TypeError(
            "taskValues.get needs a debugValue other than None when it is called outside a job run"
        )
    return debug_value


def _missing(task_key, key, upstream):
    if task_key not in upstream:
        known = ", ".join(sorted(upstream)) or "none"
        return f"no task {task_key!r} of this run has recorded task values; tasks with values: {known}"
    known = ", ".join(sorted(upstream[task_key])) or "none"
    return f"task {task_key!r} recorded no value {key!r}; its values: {known}"


def _checked_key(key):
    if not isinstance(key, str):
        raise TypeError(f"the key of a task value must be text, not {type(key).__name__}")
    encoded = key.encode("utf-8")
    if not encoded or len(encoded) > MAX_KEY_BYTES:
        raise ValueError(
            f"the key of a task value must have 1 to {MAX_KEY_BYTES} bytes, this one has {len(encoded)}"
        )
    if b"=" in encoded or b"\n" in encoded:
        raise ValueError(f"the key of a task value may hold no '=' and no line feed: {key!r}")
    return encoded


def _encoded(key, value):
    import json

    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        encoded = text.encode("utf-8")
    except TypeError as failure:
        raise TypeError(
            f"task value {key!r} is a {_type_name(value)}, which JSON cannot express: {failure}; "
            "convert it first, for example with int(), float() or .tolist()"
        ) from failure
    except (ValueError, RecursionError) as failure:
        raise ValueError(f"task value {key!r} cannot be written as JSON: {failure}") from failure
    if len(encoded) > MAX_VALUE_BYTES:
        raise ValueError(
            f"task value {key!r} is {len(encoded)} bytes of JSON, the limit is {MAX_VALUE_BYTES}; "
            "write it to a file and pass the path"
        )
    return encoded


def _type_name(value):
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _append_line(path, key, encoded):
    _check_number_of_keys(path, key)
    line = key + b"=" + encoded + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        written = os.write(descriptor, line)
    finally:
        os.close(descriptor)
    if written != len(line):
        raise OSError(f"only {written} of {len(line)} bytes could be written to {path}")


def _check_number_of_keys(path, key):
    """Counts what the file holds, so that several processes of one attempt share the limit."""
    try:
        with open(path, "rb") as values:
            keys = {line.partition(b"=")[0] for line in values}
    except FileNotFoundError:
        return
    if key not in keys and len(keys) >= MAX_KEYS:
        raise ValueError(f"a run may set {MAX_KEYS} task values; {key.decode()!r} would be one more")
