"""Stands in for `dbruntime`, from which databricks-sdk takes `dbutils` and its companions."""


class UserNamespaceInitializer:
    """Gives the names that a notebook would find in its namespace."""

    @classmethod
    def getOrCreate(cls):
        return cls()

    def get_namespace_globals(self):
        from sheaf_runtime.task_namespace import namespace

        return namespace()
