"""Pools and what workers have, through the real programs: set, shown, kept over a kill, removed."""

import json

import pytest

from cli_program import Cli
from sheaf_daemons import ApiError, shell_task, wait_for

pytestmark = pytest.mark.daemons

POOLS = "/api/sheaf/v1/pools"


def pools(sheaf):
    return {pool["name"]: pool for pool in sheaf.get(POOLS)["pools"]}


def test_a_pool_is_set_survives_a_kill_and_is_removed(sheaf):
    sheaf.call("PUT", f"{POOLS}/licences", {"limit": 2})
    sheaf.call("PUT", f"{POOLS}/paused_one", {"limit": 0})
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    assert {name: pool["limit"] for name, pool in pools(sheaf).items()} == {"licences": 2, "paused_one": 0}
    sheaf.call("DELETE", f"{POOLS}/licences")
    assert list(pools(sheaf)) == ["paused_one"]
    with pytest.raises(ApiError) as refused:
        sheaf.call("DELETE", f"{POOLS}/licences")
    assert refused.value.status == 404


def test_a_worker_tells_what_its_options_say(make_sheaf):
    sheaf = make_sheaf(worker_arguments=["--cpus", "2.5", "--memory", "3GiB", "--gpus", "2",
                                         "--label", "zone=b", "--label", "disk"]).start()
    worker = sheaf.get("/api/sheaf/v1/workers")["workers"][0]
    assert worker["cpu_millis"] == 2500
    assert worker["memory_bytes"] == 3 << 30
    assert worker["gpus"] == [0, 1]
    assert worker["labels"] == ["disk", "zone=b"]


def test_a_worker_detects_what_is_not_said(sheaf):
    worker = sheaf.get("/api/sheaf/v1/workers")["workers"][0]
    assert worker["cpu_millis"] >= 1000
    assert worker["memory_bytes"] > 1 << 20


def test_the_scheduler_packs_when_told_to(make_sheaf):
    sheaf = make_sheaf()
    sheaf.scheduler.argv += ["--placement", "pack"]
    sheaf.start()
    run = sheaf.wait_run(sheaf.run_now(sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", "true")]})["j"]))
    assert run["state"] == "SUCCESS"


def test_a_pools_limit_holds_over_jobs_and_setting_it_lets_tasks_go_on(sheaf):
    task = shell_task("t", "true", sheaf={"pool": "licences"})
    ids = sheaf.deploy(a={"name": "a", "tasks": [task]}, b={"name": "b", "tasks": [task]})
    sheaf.call("PUT", f"{POOLS}/licences", {"limit": 0})
    runs = [sheaf.run_now(job) for job in ids.values()]
    wait_for(lambda: all(sheaf.run(run)["tasks"][0]["state"] == "READY" for run in runs), "both tasks wait")
    sheaf.call("PUT", f"{POOLS}/licences", {"limit": 1})
    assert [sheaf.wait_run(run)["state"] for run in runs] == ["SUCCESS", "SUCCESS"]


def test_the_command_line_lists_sets_and_removes_pools(sheaf, tmp_path):
    cli = Cli(tmp_path / "home")
    cli.data.mkdir(parents=True)
    endpoint = cli.data / "endpoint.json"
    endpoint.write_text(json.dumps({"url": sheaf.url, "token_file": str(sheaf.data / "token"),
                                    "scheduler_id": sheaf.get("/api/sheaf/v1/hello")["scheduler_id"]}))
    endpoint.chmod(0o600)
    assert cli("pools").stdout == "No pools.\n"
    assert cli("pools", "set", "licences", "3").stdout == "Pool licences is limited to 3.\n"
    assert cli("pools", "set", "database", "0").stdout == "Pool database is paused.\n"
    assert [line.split() for line in cli("pools").stdout.splitlines()] == [
        ["POOL", "LIMIT", "USED"], ["database", "0", "(paused)", "0"], ["licences", "3", "0"]]
    cli("pools", "remove", "licences")
    assert "There is no pool" in cli("pools", "remove", "licences", status=2).stderr
    cli("pools", "set", "x", "-1", status=2)
    assert list(pools(sheaf)) == ["database"]
