"""Stands in for `dbruntime.databricks_repl_context`.

MLflow reads it for the tags of a run (`mlflow.databricks.jobID`, `…jobRunID`). `workspaceUrl` is
None because clients put https:// before it, `replId` because MLflow would otherwise go looking
for a Spark context.
"""


class ReplContext:
    """The names are the interface; a name that is missing here makes clients look elsewhere."""

    def __init__(self, task):
        self.isInJob = True
        self.isInNotebook = False
        self.isInCluster = False
        self.jobId = task.job_id
        self.idInJob = task.run_id
        self.jobTaskType = None
        self.apiUrl = task.api_url
        self.apiToken = task.token
        self.workspaceUrl = None
        self.workspaceId = None
        self.notebookId = None
        self.notebookPath = None
        self.replId = None
        self.browserHostName = None


def get_context():
    """The context of this task, or None outside a job run."""
    from sheaf_runtime.task_context import current_context

    task = current_context()
    return None if task is None else ReplContext(task)
