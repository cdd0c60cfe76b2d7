"""The ``dbutils`` object of task code.

``jobs.taskValues`` works, and in notebooks ``widgets``, ``notebook`` and ``library``; of the rest every use says clearly that Sheaf does not offer it, instead
of doing something that looks like success.
"""

from sheaf_runtime.task_values import TaskValues

_INSTEAD = {
    "fs": "use ordinary file functions",
    "secrets": "pass secrets through the task's environment",
    "widgets": "in a script, pass job parameters as its parameters: {{job.parameters.<name>}}",
    "notebook": "end a script normally, and publish results with jobs.taskValues",
    "library": "declare dependencies in the job's environments",
    "credentials": "pass credentials through the task's environment",
    "data": "use pandas' describe()",
}


class _NotOffered:
    """Stands where a part of dbutils would be."""

    def __init__(self, name):
        self._name = name

    def __getattr__(self, member):
        if member.startswith("__"):
            raise AttributeError(member)
        raise NotImplementedError(
            f"dbutils.{self._name}.{member} is not available in Sheaf; {_INSTEAD[self._name]}"
        )

    def __repr__(self):
        return f"<dbutils.{self._name}: not available in Sheaf>"


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self):
        self.taskValues = TaskValues()


class DBUtils:
    """What job code calls ``dbutils``; the Spark session it is usually given is not needed."""

    def __init__(self, spark=None):
        del spark
        self.jobs = Jobs()

    def __getattr__(self, name):
        if name in ("library", "notebook", "widgets"):
            from sheaf_runtime import notebook_utilities

            if notebook_utilities.is_prepared():
                return getattr(notebook_utilities, name.capitalize())()
        if name in _INSTEAD:
            return _NotOffered(name)
        raise AttributeError(f"dbutils has no part {name!r}")

    def __repr__(self):
        return "<dbutils of Sheaf>"


_shared = []


def shared_dbutils():
    """The one object behind every ``import dbutils``."""
    if not _shared:
        _shared.append(DBUtils())
    return _shared[0]
