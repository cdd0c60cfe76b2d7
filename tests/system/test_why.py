"""Why something does not run, through the real programs: by the API and by `sheaf why`."""

import json

import pytest

from cli_program import Cli
from sheaf_daemons import ApiError, shell_task, wait_for

pytestmark = pytest.mark.daemons


def why(sheaf, run, query=""):
    return sheaf.get(f"/api/sheaf/v1/runs/{run}/why{query}")


def codes(answer):
    return [reason["code"] for reason in answer["reasons"]]


@pytest.fixture
def cli(sheaf, tmp_path):
    made = Cli(tmp_path / "home")
    made.data.mkdir(parents=True)
    endpoint = made.data / "endpoint.json"
    endpoint.write_text(json.dumps({"url": sheaf.url, "token_file": str(sheaf.data / "token"),
                                    "scheduler_id": sheaf.get("/api/sheaf/v1/hello")["scheduler_id"]}))
    endpoint.chmod(0o600)
    return made


def waiting_run(sheaf):
    """A run whose first task waits for a paused pool, and a second task for the first."""
    sheaf.call("PUT", "/api/sheaf/v1/pools/licences", {"limit": 0})
    tasks = [shell_task("prepare", "true", sheaf={"pool": "licences"}),
             shell_task("train", "true", depends_on=[{"task_key": "prepare"}])]
    job = sheaf.deploy(j={"name": "j", "tasks": tasks, "queue": {"enabled": True}})["j"]
    run = sheaf.run_now(job)
    wait_for(lambda: sheaf.run(run)["tasks"][0]["state"] == "READY", "prepare waits")
    return job, run


def test_a_chain_leads_from_the_last_task_to_the_paused_pool(sheaf, cli):
    _, run = waiting_run(sheaf)
    answer = why(sheaf, run, "?task=train")
    assert answer["state"] == "BLOCKED" and codes(answer) == ["DEPENDENCY_NOT_FINISHED"]
    cause = answer["reasons"][0]["because"][0]
    assert (cause["code"], cause["pool"], cause["limit"]) == ("POOL_PAUSED", "licences", 0)
    assert cli.json("why", str(run), "train") == answer
    lines = cli("why", str(run), "train").stdout.splitlines()
    assert lines[0] == f"Run {run}, task train: BLOCKED"
    assert lines[1].startswith("└─ train waits for prepare") and lines[1].endswith("[DEPENDENCY_NOT_FINISHED]")
    assert lines[2].startswith("   └─ prepare: ") and lines[2].endswith("[POOL_PAUSED]")


def test_it_is_answered_while_queued_after_a_kill_and_when_it_is_over(sheaf, cli):
    job, run = waiting_run(sheaf)
    second = sheaf.run_now(job)
    queued = why(sheaf, second)["reasons"][0]
    assert (queued["code"], queued["position"], queued["runs"]) == ("RUN_QUEUED", 1, [run])
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    assert "POOL_PAUSED" in codes(why(sheaf, run))
    sheaf.call("PUT", "/api/sheaf/v1/pools/licences", {"limit": 5})
    assert sheaf.wait_run(second)["state"] == "SUCCESS"
    over = why(sheaf, run)
    assert over["state"] == "SUCCESS" and codes(over) == ["FINISHED"]
    assert codes(why(sheaf, run, "?task=train")) == ["FINISHED"]
    assert cli("why", str(run)).stdout.splitlines()[0] == f"Run {run}: SUCCESS"


def test_a_task_that_no_worker_can_hold_says_what_is_missing(sheaf):
    task = shell_task("t", "true", sheaf={"labels": ["nowhere"]})
    run = sheaf.run_now(sheaf.deploy(j={"name": "j", "tasks": [task]})["j"])
    answer = wait_for(lambda: why(sheaf, run, "?task=t"), "an answer")
    assert codes(answer) == ["NO_WORKER_FITS"]
    assert "no worker has the label nowhere" in answer["reasons"][0]["message"]


def test_what_depends_on_a_failure_names_it(sheaf, cli):
    tasks = [shell_task("a", "exit 3"), shell_task("b", "true", depends_on=[{"task_key": "a"}]),
             shell_task("c", "true", depends_on=[{"task_key": "b"}])]
    run = sheaf.run_now(sheaf.deploy(j={"name": "j", "tasks": tasks})["j"])
    sheaf.wait_run(run)
    reason = why(sheaf, run, "?task=c")["reasons"][0]
    assert (reason["code"], reason["task_key"], reason["through"]) == ("DEPENDENCY_FAILED", "a", ["b"])
    assert "[FINISHED]" in cli("why", str(run)).stdout


def test_a_job_tells_its_paused_schedule_and_the_hook_that_nobody_can_call(sheaf, cli):
    job = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", "true")],
                          "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC",
                                       "pause_status": "PAUSED"},
                          "sheaf": {"hooks": [{"name": "drift", "secret": "stored"}]}})["j"]
    answer = sheaf.get(f"/api/sheaf/v1/jobs/{job}/why")
    assert codes(answer) == ["SCHEDULE_PAUSED", "HOOK_WITHOUT_SECRET"]
    assert cli.json("why", "--job", str(job)) == answer
    assert "[SCHEDULE_PAUSED]" in cli("why", "--job", str(job)).stdout


def test_what_is_not_there_is_refused(sheaf, cli):
    with pytest.raises(ApiError) as refused:
        why(sheaf, 987654)
    assert refused.value.status == 404
    assert "run" in cli("why", status=2).stderr
    cli("why", "1", "--job", "2", status=2)
