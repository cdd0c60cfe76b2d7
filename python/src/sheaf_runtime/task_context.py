"""What the worker tells a task through its environment."""

import os


class TaskContext:
    """The attempt that this process belongs to; every field is text, as the worker set it."""

    def __init__(self, environment):
        self.run_id = environment["SHEAF_RUN_ID"]
        self.values_path = environment["SHEAF_TASK_VALUES"]
        self.job_id = environment.get("SHEAF_JOB_ID")
        self.task_key = environment.get("SHEAF_TASK_KEY")
        self.attempt_id = environment.get("SHEAF_ATTEMPT_ID")
        self.api_url = environment.get("SHEAF_API") or environment.get("DATABRICKS_HOST")
        self.token = environment.get("DATABRICKS_TOKEN")


def current_context():
    """The context of this process, or None outside a job run.

    Read from the environment at each call: test code changes it, and it costs nothing.
    """
    if os.environ.get("SHEAF_RUN_ID") and os.environ.get("SHEAF_TASK_VALUES"):
        return TaskContext(os.environ)
    return None
