"""plan, deploy --plan, deploy --select, rollback and destroy against a real scheduler."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import time

import pytest

from cli_program import write_bundle
from sheaf_daemons import BIN, shell_task

pytestmark = pytest.mark.daemons


def job(name, **more):
    return {"name": name, "tasks": [shell_task("t", f"echo {name}")], **more}


@pytest.fixture
def folder(tmp_path, request):
    """A bundle of its own for each test."""
    return tmp_path / request.node.name.replace("[", "_").replace("]", "")


def write(folder, jobs, files=None):
    write_bundle(folder, jobs, name=folder.name)
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return folder


def test_a_plan_tells_what_deploy_then_does_and_is_empty_afterwards(cli, folder):
    write(folder, {"a": job("a"), "b": job("b")})
    assert cli("plan", folder=folder).stdout.splitlines()[-1] == "Plan: 2 to add, 0 to change, 0 to delete, 0 unchanged"
    cli("deploy", folder=folder)
    assert cli("plan", folder=folder).stdout == "Plan: 0 to add, 0 to change, 0 to delete, 2 unchanged\n"
    write(folder, {"a": job("a", max_concurrent_runs=3), "c": job("c")})
    told = cli("plan", folder=folder).stdout
    assert "update jobs.a\n" in told and "    max_concurrent_runs: 1 → 3\n" in told
    assert "create jobs.c\n" in told and "delete jobs.b\n" in told
    assert "Files: 0 to add, 1 to change, 0 to delete\n    ~ databricks.yml\n" in told
    assert told.endswith("Plan: 1 to add, 1 to change, 1 to delete, 0 unchanged\n")
    plan = cli.json("plan", folder=folder)
    changes = plan["plan"]["jobs.a"]["changes"]
    assert {"path": "max_concurrent_runs", "before": 1, "after": 3} in changes
    assert plan["summary"] == {"create": 1, "update": 1, "recreate": 0, "delete": 1, "unchanged": 0}
    deployed = cli.json("deploy", folder=folder)
    assert {j["resource_key"]: j["change"] for j in deployed["jobs"]} == {"a": "updated", "b": "removed", "c": "created"}


def test_a_stale_plan_is_refused(cli, folder):
    write(folder, {"a": job("a")})
    plan = folder.parent / "plan.json"
    plan.write_text(cli("plan", "-o", "json", folder=folder).stdout)
    write(folder, {"a": job("a2")})
    assert "the bundle has changed since the plan was made" in cli("deploy", "--plan", plan, folder=folder, status=2).stderr
    write(folder, {"a": job("a")})
    cli("deploy", "--plan", plan, folder=folder)
    # The same plan again: it was made for version 0.
    refused = cli("deploy", "--plan", plan, folder=folder, status=2).stderr
    assert "the deployment is at version 1, not 0" in refused and "admin deployed it meanwhile, at 20" in refused
    # Made of now, and edited: it would show its reader something else than is done.
    shown = cli.json("plan", folder=folder)
    shown["plan"]["jobs.a"]["action"] = "create"
    plan.write_text(json.dumps(shown))
    assert "the plan was edited" in cli("deploy", "--plan", plan, folder=folder, status=2).stderr
    plan.write_text("{}")
    assert "no plan; give what `sheaf plan -o json` printed" in cli("deploy", "--plan", plan, folder=folder, status=2).stderr


def test_a_selected_job_is_deployed_and_the_others_stay_as_they_are(cli, folder):
    write(folder, {"a": job("a"), "b": job("b")})
    cli("deploy", folder=folder)
    write(folder, {"a": job("a2"), "b": job("b2"), "c": job("c")})
    deployed = cli.json("deploy", "--select", "jobs.a", folder=folder)
    assert {j["resource_key"]: j["change"] for j in deployed["jobs"]} == {"a": "updated", "b": "unchanged"}
    assert json.loads(cli("plan", "-o", "json", folder=folder).stdout)["plan"]["jobs.c"]["action"] == "create"
    assert "the bundle has no such job" in cli("deploy", "--select", "nobody", folder=folder, status=2).stderr


def test_a_rollback_brings_settings_and_files_back(cli, folder):
    task = {"task_key": "t", "command_task": {"command": ["cat", "word.txt"]}}
    write(folder, {"a": {"name": "a", "tasks": [task]}}, {"word.txt": "first\n"})
    cli("deploy", folder=folder)
    write(folder, {"a": {"name": "a2", "tasks": [task]}}, {"word.txt": "second\n"})
    cli("deploy", folder=folder)
    assert "second" in cli("run", "a", folder=folder).stdout
    assert "is at version 3" in cli("rollback", folder=folder).stdout
    assert "first" in cli("run", "a", folder=folder).stdout
    table = cli("rollback", "--list", folder=folder).stdout.splitlines()
    assert [line.split()[0] for line in table] == ["VERSION", "3", "2", "1"]
    assert "known are 1 to 3" in cli("rollback", "--to", 8, folder=folder, status=2).stderr


def test_destroy_asks_first_and_removes_all(cli, folder):
    write(folder, {"a": job("a")})
    cli("deploy", folder=folder)
    assert "give --auto-approve" in cli("destroy", folder=folder, status=2).stderr
    cli("summary", folder=folder)
    assert "removed jobs.a" in cli("destroy", "--auto-approve", folder=folder).stdout
    assert "is not deployed" in cli("summary", folder=folder, status=2).stderr
    assert "is not deployed" in cli("destroy", "--auto-approve", folder=folder, status=2).stderr
    cli("deploy", folder=folder)


def names(cli, folder):
    """The jobs of the deployment as they stand."""
    plan = cli.json("summary", folder=folder)
    return sorted(entry["name"] for entry in plan["jobs"])


def test_a_deploy_that_is_killed_leaves_the_old_state_or_the_new_one(cli, folder):
    write(folder, {f"j{i}": job(f"0-{i}") for i in range(20)})
    began = time.monotonic()
    cli("deploy", folder=folder)
    usual = time.monotonic() - began
    chance = random.Random(5)
    for attempt in range(1, 21):
        before = names(cli, folder)
        write(folder, {f"j{i}": job(f"{attempt}-{i}") for i in range(20)},
              {f"file-{i}": f"{attempt} {i}" for i in range(50)})
        process = cli.start("deploy", folder=folder)
        time.sleep(chance.uniform(0, usual))
        process.kill()
        process.communicate()
        after = names(cli, folder)
        new = sorted(f"{attempt}-{i}" for i in range(20))
        assert after in (before, new)
    cli("deploy", folder=folder)
    assert cli.json("plan", folder=folder)["summary"]["unchanged"] == 20


def test_of_two_deploys_at_once_each_is_whole(cli, folder, tmp_path):
    write(folder, {f"j{i}": job(f"left-{i}") for i in range(20)})
    other = write(tmp_path / "other" / folder.name, {f"j{i}": job(f"right-{i}") for i in range(20)})
    for _ in range(5):
        left, right = cli.start("deploy", folder=folder), cli.start("deploy", folder=other)
        told = [process.communicate()[1] for process in (left, right)]
        statuses = [left.returncode, right.returncode]
        assert 0 in statuses
        for status, text in zip(statuses, told):
            assert status == 0 or (status == 2 and "deployed it meanwhile" in text), text
        sides = {name.split("-")[0] for name in names(cli, folder)}
        assert len(sides) == 1


def test_a_script_of_the_bundle_runs_here_with_the_variables_of_the_deployment(cli, folder):
    document = {"bundle": {"name": folder.name}, "variables": {"who": {}},
                "resources": {"jobs": {"a": job("a ${var.who}")}},
                "scripts": {"greet": {"content": "echo hello ${var.who}; pwd; exit $STATUS"}}}
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(json.dumps(document))
    cli("deploy", folder=folder, status=2)
    cli("deploy", "--var", "who=Ann", folder=folder)
    assert cli("run", "greet", folder=folder).stdout == f"hello Ann\n{folder}\n"
    assert "hello Bob" in cli("run", "greet", "--var", "who=Bob", folder=folder).stdout
    assert "a Ann" in cli("run", "a", folder=folder).stdout
    assert "it has: a; scripts: greet" in cli("run", "nothing", folder=folder, status=2).stderr
    # What is remembered counts least, and only for what is still declared; it may be secret.
    cli.variables["BUNDLE_VAR_who"] = "Eve"
    assert "hello Eve" in cli("run", "greet", folder=folder).stdout
    del cli.variables["BUNDLE_VAR_who"]
    assert (folder / ".databricks/bundle/default/deployed-variables.json").stat().st_mode & 0o777 == 0o600
    undeclared = {**document, "variables": {}, "scripts": {"greet": {"content": "echo hello"}},
                  "resources": {"jobs": {"a": job("a")}}}
    (folder / "databricks.yml").write_text(json.dumps(undeclared))
    assert cli("run", "greet", folder=folder).stdout == "hello\n"
    (folder / "databricks.yml").write_text(json.dumps(document))
    # A plan is of what deploy would do with the same arguments.
    assert "who" in cli("plan", folder=folder, status=2).stderr
    assert cli("plan", "--var", "who=Ann", folder=folder).stdout.startswith("Plan: 0 to add, 0 to change")
    cli.variables["STATUS"] = "3"
    try:
        cli("run", "greet", folder=folder, status=1)
        assert "is a script" in cli("run", "greet", "--no-wait", folder=folder, status=2).stderr
    finally:
        del cli.variables["STATUS"]


def test_scripts_run_around_a_deployment_and_can_stop_it(cli, folder):
    def bundle(before):
        return {"bundle": {"name": folder.name}, "resources": {"jobs": {"a": job("a")}},
                "experimental": {"scripts": {"predeploy": before, "postdeploy": "echo after >> ../log"}}}
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(json.dumps(bundle("echo before >> ../log; exit 4")))
    assert "predeploy ended with status 4" in cli("deploy", folder=folder, status=2).stderr
    assert "is not deployed" in cli("summary", folder=folder, status=2).stderr
    (folder / "databricks.yml").write_text(json.dumps(bundle("echo before >> ../log; date +%N > written")))
    assert json.loads(cli("deploy", "-o", "json", folder=folder).stdout)["version"] == 1
    assert (folder.parent / "log").read_text() == "before\nbefore\nafter\n"
    # A failing script after it takes nothing back, and what was done is said.
    after = bundle("true")
    after["experimental"]["scripts"]["postdeploy"] = "exit 5"
    (folder / "databricks.yml").write_text(json.dumps(after))
    done = cli("deploy", "-o", "json", folder=folder, status=2)
    assert json.loads(done.stdout)["version"] == 2 and "is deployed, but" in done.stderr
    (folder / "databricks.yml").write_text(json.dumps(bundle("date +%N > written")))
    cli("deploy", folder=folder)
    # What the script writes travels.
    assert cli.json("plan", folder=folder)["files"] == {"added": [], "changed": [], "removed": []}


def test_what_cannot_be_deployed_is_refused_or_left_out_when_that_is_allowed(cli, folder):
    document = {"bundle": {"name": folder.name},
                "resources": {"jobs": {"a": job("a")}, "pipelines": {"lake": {"name": "lake"}}}}
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(json.dumps(document))
    assert "lake" in cli("deploy", folder=folder, status=2).stderr
    done = cli("deploy", "--allow-unsupported", folder=folder)
    assert "Warning" in done.stderr and "lake" in done.stderr and "created jobs.a" in done.stdout


def test_a_deployed_job_that_is_left_out_now_stays(cli, folder):
    write(folder, {"a": job("a"), "b": job("b")})
    cli("deploy", folder=folder)
    lake = {"name": "b", "tasks": [{"task_key": "t", "pipeline_task": {"pipeline_id": "1"}}]}
    write(folder, {"a": job("a"), "b": lake})
    assert "1 to change, 0 to delete, 1 unchanged" in cli("plan", "--allow-unsupported", folder=folder).stdout
    done = cli("deploy", "--allow-unsupported", folder=folder)
    assert "jobs.b stays as it is deployed" in done.stderr and "removed" not in done.stdout
    assert {j["resource_key"] for j in cli.json("summary", folder=folder)["jobs"]} == {"a", "b"}
    assert "0 to delete, 2 unchanged" in cli("plan", "--allow-unsupported", folder=folder).stdout


def test_a_job_that_stays_keeps_those_that_it_starts(cli, folder):
    caller = {"name": "a", "tasks": [{"task_key": "t", "run_job_task": {"job_id": "${resources.jobs.b.id}"}}]}
    write(folder, {"a": caller, "b": job("b")})
    cli("deploy", folder=folder)
    write(folder, {"c": job("c"), "a": {"name": "a", "tasks": [{"task_key": "t", "pipeline_task": {"pipeline_id": "1"}}]}})
    refused = cli("deploy", "--allow-unsupported", folder=folder, status=2).stderr
    assert 'jobs.a: a run_job_task starts the job "b"' in refused


def test_a_rollback_to_files_that_are_lost_is_refused(cli, folder):
    write(folder, {"a": job("a")}, {"one": "of the first version"})
    cli("deploy", folder=folder)
    (folder / "one").write_text("of the second version")
    cli("deploy", folder=folder)
    digest = hashlib.sha256(b"of the first version").hexdigest()
    [blob] = [path for path in cli.data.rglob(f"*{digest[4:]}") if path.is_file()]
    blob.unlink()
    assert "manifest_digest" in cli("rollback", folder=folder, status=2).stderr
    assert cli.json("summary", folder=folder)["version"] == 2


def test_scripts_stop_a_deployment_also_where_ends_of_children_are_ignored(cli, folder):
    document = {"bundle": {"name": folder.name}, "resources": {"jobs": {"a": job("a")}},
                "experimental": {"scripts": {"predeploy": "exit 4"}}}
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(json.dumps(document))
    done = subprocess.run(["sh", "-c", 'trap "" CHLD; exec "$0" deploy', BIN / "sheaf"], cwd=folder, env=cli.environment(),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "predeploy ended with status 4" in done.stderr


def test_names_do_not_steer_the_terminal(cli, folder):
    folder.mkdir(parents=True)
    (folder / "databricks.yml").write_text(json.dumps(
        {"bundle": {"name": folder.name}, "resources": {"jobs": {"a\x1b[31m": job("a"), "": job("b"), "c\x9b31m": job("c")}}}))
    refused = cli("deploy", folder=folder, status=2).stderr
    assert refused.count("not a key of a resource") == 3 and "\x1b" not in refused and "\x9b" not in refused
    assert "\x1b" not in cli("summary", "-t", "x\x1b[31m", folder=folder, status=2).stderr


def test_a_file_name_that_is_no_utf8_makes_no_broken_json(cli, folder):
    write(folder, {"a": job("a")})
    pathlib.Path(os.fsdecode(bytes(folder) + b"/n\xff.txt")).write_text("x")
    assert "n\ufffd.txt" in cli.json("plan", folder=folder)["files"]["added"]
    cli("deploy", folder=folder)
    assert cli("plan", folder=folder).stdout == "Plan: 0 to add, 0 to change, 0 to delete, 1 unchanged\n"
