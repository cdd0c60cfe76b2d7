"""The public SDK works unchanged."""

import os

import pytest

from sheaf_daemons import command_task, wait_for


def test_the_databricks_sdk_works_unchanged(sheaf, monkeypatch, tmp_path):
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.errors import ResourceDoesNotExist, Unauthenticated
    from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState

    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    job_id = sheaf.deploy(
        quick={"name": "quick", "parameters": [{"name": "who", "default": "nobody"}],
               "tasks": [command_task("t", "echo", "hello {{job.parameters.who}}")]})["quick"]
    slow = sheaf.deploy(bundle="slow", slow={"name": "slow", "tasks": [command_task("t", "sleep", "1000")]})["slow"]
    client = WorkspaceClient(host=sheaf.url, token=sheaf.token)

    assert client.current_user.me().user_name
    assert {job.settings.name for job in client.jobs.list()} == {"quick", "slow"}
    job = client.jobs.get(job_id)
    assert (job.job_id, job.settings.name) == (job_id, "quick")
    assert [task.task_key for task in job.settings.tasks] == ["t"]

    run = client.jobs.run_now(job_id, job_parameters={"who": "you"}).result()
    assert run.state.life_cycle_state == RunLifeCycleState.TERMINATED
    assert run.state.result_state == RunResultState.SUCCESS
    assert client.jobs.get_run_output(run.tasks[0].run_id).logs == "hello you\n"
    assert client.jobs.get_run(run.run_id).run_id == run.run_id
    again = [client.jobs.run_now(job_id, idempotency_token="once").response.run_id for _ in range(2)]
    assert again[0] == again[1] != run.run_id
    client.jobs.wait_get_run_job_terminated_or_skipped(again[0])
    assert [found.run_id for found in client.jobs.list_runs(job_id=job_id)] == [again[0], run.run_id]

    waiter = client.jobs.run_now(slow)
    wait_for(lambda: sheaf.run(waiter.run_id)["state"] == "RUNNING", "the slow run runs")
    assert [found.run_id for found in client.jobs.list_runs(active_only=True)] == [waiter.run_id]
    cancelled = client.jobs.cancel_run(waiter.run_id).result()
    assert cancelled.state.result_state == RunResultState.CANCELED

    with pytest.raises(ResourceDoesNotExist):
        client.jobs.get_run(999_999_999)
    with pytest.raises(Unauthenticated):
        WorkspaceClient(host=sheaf.url, token="wrong").jobs.get(job_id)
