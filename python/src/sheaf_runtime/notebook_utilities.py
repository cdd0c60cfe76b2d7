"""The parts of ``dbutils`` that only a notebook has: widgets, how it ends, other notebooks, a new Python."""

import os
import subprocess
import sys


class NotebookExit(BaseException):
    """Ends the notebook as a success; no ``except Exception`` stands in its way."""


class PythonRestart(BaseException):
    """Asks the launcher for a new kernel."""


class InputWidgetNotDefined(Exception):
    """The widget has no value: no parameter of its name, and no declaration before."""


_given = {}
_declared = {}


def is_prepared():
    return bool(os.environ.get("SHEAF_NOTEBOOK")) and "IPython" in sys.modules


def add_widget_values(values):
    _given.update(values)


class Widgets:
    """``dbutils.widgets``: parameters of the run come before what a notebook declares. All are text."""

    def text(self, name, defaultValue="", label=None):
        self._declare(name, defaultValue)

    def dropdown(self, name, defaultValue, choices, label=None):
        self._declare(name, defaultValue, choices)

    def combobox(self, name, defaultValue, choices=(), label=None):
        self._declare(name, defaultValue)

    def multiselect(self, name, defaultValue, choices, label=None):
        self._declare(name, defaultValue, choices)

    @staticmethod
    def _declare(name, value, choices=None):
        if not isinstance(name, str) or not name:
            raise TypeError("the name of a widget is a text that is not empty")
        if choices is not None and str(value) not in [str(choice) for choice in choices]:
            raise ValueError(f"the default {value!r} of widget {name!r} is none of its choices")
        _declared[name] = str(value)

    def get(self, name):
        if name in _given:
            return _given[name]
        if name in _declared:
            return _declared[name]
        known = ", ".join(sorted({**_declared, **_given})) or "none"
        raise InputWidgetNotDefined(f"no input widget named {name} is defined; known: {known}")

    def getArgument(self, name, defaultValue=None):
        try:
            return self.get(name)
        except InputWidgetNotDefined:
            if defaultValue is None:
                raise
            return str(defaultValue)

    def getAll(self):
        return {**_declared, **_given}

    def remove(self, name):
        _declared.pop(name, None)
        _given.pop(name, None)

    def removeAll(self):
        _declared.clear()
        _given.clear()

    def __repr__(self):
        return "<dbutils.widgets of Sheaf>"


class Notebook:
    """``dbutils.notebook``."""

    def exit(self, value=""):
        with open(os.environ["SHEAF_NOTEBOOK_RESULT"], "w", encoding="utf-8") as file:
            file.write(str(value))
        raise NotebookExit(str(value)[:1000])

    def run(self, path, timeout_seconds=0, arguments=None):
        """Runs another notebook in a process of its own; gives what it handed to ``exit``."""
        result = os.path.join(os.environ["TMPDIR"], f"result-{os.getpid()}-{os.urandom(6).hex()}")
        pairs = [str(text) for pair in (arguments or {}).items() for text in pair]
        target = path if os.path.isabs(path) else os.path.join(os.getcwd(), path)
        process = subprocess.Popen(
            [sys.executable, "-m", "sheaf_runtime.notebook_task", target, *pairs], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.environ.get("SHEAF_FILES") or None,
            env={**os.environ, "SHEAF_NOTEBOOK_RESULT": result, "SHEAF_NOTEBOOK_IS_NESTED": "1"})
        try:
            out, _ = process.communicate(timeout=timeout_seconds or None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise TimeoutError(f"the notebook {path} did not end within {timeout_seconds} s") from None
        sys.stdout.write(out.decode("utf-8", "replace"))
        if process.returncode != 0:
            last = out.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise RuntimeError(f"the notebook {path} failed: {last}")
        try:
            with open(result, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @property
    def entry_point(self):
        return _EntryPoint()

    def getContext(self):
        return _Context()

    def __repr__(self):
        return "<dbutils.notebook of Sheaf>"


class _EntryPoint:
    """``dbutils.notebook.entry_point.getDbutils().notebook().getContext()``, as job code asks it."""

    def getDbutils(self):
        return self

    def notebook(self):
        return self

    def getContext(self):
        return _Context()


class _Option:
    def __init__(self, value):
        self._value = value

    def get(self):
        if self._value is None:
            raise ValueError("None.get")
        return self._value

    def getOrElse(self, default):
        return default if self._value is None else self._value

    def isDefined(self):
        return self._value is not None

    def toString(self):
        return "None" if self._value is None else f"Some({self._value})"

    __str__ = toString


class _Tags(dict):
    def get(self, name, default=None):
        return _Option(dict.get(self, name, default))

    def apply(self, name):
        return self[name]


class _Context:
    def _tags(self):
        environment = os.environ
        tags = {"jobId": environment.get("SHEAF_JOB_ID"), "jobName": environment.get("SHEAF_JOB_NAME"),
                "multitaskParentRunId": environment.get("SHEAF_RUN_ID"), "runId": environment.get("SHEAF_ATTEMPT_ID"),
                "taskKey": environment.get("SHEAF_TASK_KEY")}
        return {name: value for name, value in tags.items() if value}

    def tags(self):
        return _Tags(self._tags())

    def notebookPath(self):
        return _Option(os.environ.get("SHEAF_NOTEBOOK"))

    def apiUrl(self):
        return _Option(os.environ.get("SHEAF_API"))

    def apiToken(self):
        return _Option(os.environ.get("DATABRICKS_TOKEN"))

    def currentRunId(self):
        return _Option(os.environ.get("SHEAF_ATTEMPT_ID"))

    def jobId(self):
        return _Option(os.environ.get("SHEAF_JOB_ID"))

    def toJson(self):
        import json

        return json.dumps({"tags": self._tags(), "currentRunId": {"id": os.environ.get("SHEAF_ATTEMPT_ID")},
                           "extraContext": {"notebook_path": os.environ.get("SHEAF_NOTEBOOK")}})

    safeToJson = toJson


class Library:
    """``dbutils.library``."""

    def restartPython(self):
        raise PythonRestart("the kernel is started anew")
