"""The commands of every day, through the real programs: deploy, run, watch, read, cancel."""

import json
import os
import shlex
import signal
import subprocess

import pytest

from cli_program import Cli, write_bundle
from sheaf_daemons import BIN, command_task, is_running, shell_task, wait_for

pytestmark = pytest.mark.daemons


def deploy(cli, folder, jobs, **settings):
    bundle = write_bundle(folder, jobs, name=folder.name.replace("-", "_"), **settings)
    cli("deploy", folder=bundle)
    return bundle


@pytest.fixture
def folder(tmp_path):
    return tmp_path / tmp_path.name


def test_a_new_bundle_runs_as_it_is(cli, folder):
    created = cli.json("init", folder)["created"]
    assert [path.removeprefix(f"{folder}/") for path in created] == ["databricks.yml", ".gitignore", "src/count.py"]
    assert cli("init", folder, status=2).stderr
    spaced = folder.parent / "it's a/ü"
    assert f"cd {shlex.quote(str(spaced))} &&" in cli("init", spaced).stdout.replace("'\\''", "'\"'\"'")
    assert "Validation OK!" in cli("validate", folder=folder).stdout
    cli("validate", "--strict", folder=folder)
    deployed = cli("deploy", folder=folder)
    assert "created jobs.hello" in deployed.stdout
    done = cli("run", "hello", "--params", "who=Grace Hopper", folder=folder)
    assert "=== greet: SUCCESS" in done.stdout and "Hello, Grace Hopper!" in done.stdout
    assert "Grace Hopper has 11 letters" in done.stdout
    states = [line.split(" ", 1)[1] for line in done.stderr.splitlines() if line.startswith("20")]
    assert "greet SUCCESS" in states and "count SUCCESS" in states


def test_deploy_sends_only_what_is_new(cli, folder):
    bundle = write_bundle(folder, {"j": {"name": "j", "tasks": [command_task("t", "true")]}})
    (bundle / "big.txt").write_text("x" * 100_000)
    first = cli.json("deploy", folder=bundle)
    assert first["files"]["count"] == 2 and first["files"]["sent"] == 2 and first["jobs"][0]["change"] == "created"
    again = cli.json("deploy", folder=bundle)
    assert again["files"]["sent"] == 0 and again["jobs"][0]["change"] == "unchanged"
    assert again["version"] == first["version"]
    (bundle / "big.txt").write_text("y")
    changed = cli.json("deploy", folder=bundle)
    assert changed["files"] == {"count": 2, "sent": 1, "sent_bytes": 1}


def test_deploy_tells_which_schedules_stand_still(cli, folder):
    jobs = {"nightly": {"name": "nightly", "tasks": [command_task("t", "true")],
                        "schedule": {"quartz_cron_expression": "0 30 2 * * ?", "timezone_id": "Europe/Berlin"}}}
    bundle = write_bundle(folder, jobs, targets={"dev": {"mode": "development", "default": True}, "prod": {}})
    said = cli("deploy", folder=bundle).stderr
    assert "1 schedule is paused in target dev (mode: development); " \
           "deploy -t prod or set pause_status: UNPAUSED" in said
    assert "paused" not in cli("deploy", "-t", "prod", folder=bundle).stderr
    schedules = [entry for entry in cli.json("schedules")["schedules"] if "nightly" in entry["job_name"]]
    assert sorted(entry["paused"] for entry in schedules) == [False, True]
    assert "0 30 2 * * ?" in cli("schedules").stdout


def test_an_invalid_bundle_changes_nothing(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [command_task("t", "true")]}})
    before = cli.json("summary", folder=bundle)
    write_bundle(bundle, {"j": {"name": "j", "tasks": [command_task("t", "true", depends_on=[{"task_key": "gone"}])]}},
                 name=before["bundle"])
    refused = cli("deploy", folder=bundle, status=2)
    assert "databricks.yml:" in refused.stderr and "gone" in refused.stderr and "nothing was deployed" in refused.stderr
    assert cli.json("summary", folder=bundle) == before
    resolved = cli("validate", "-o", "json", folder=bundle, status=2)
    assert json.loads(resolved.stdout)["bundle"]["name"] == before["bundle"]


def test_a_failed_run_is_exit_status_1_and_shows_its_errors(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [
        shell_task("bad", "echo out; echo trouble >&2; exit 3"),
        command_task("after", "true", depends_on=[{"task_key": "bad"}])]}})
    done = cli("run", "j", folder=bundle, status=1)
    assert "=== bad: FAILED" in done.stdout and "exit code 3" in done.stdout
    assert "out\ntrouble\n" in done.stdout
    run = cli.json("runs", "--job", "j", "--limit", "1", folder=bundle)["runs"][0]
    assert run["state"] == "FAILED"
    shown = cli("runs", run["run_id"]).stdout
    assert "exit code 3" in shown and "UPSTREAM_FAILED" in shown and "Started by manual" in shown
    table = cli("runs", "--job", "j", folder=bundle).stdout
    assert str(run["run_id"]) in table and "manual" in table


def test_run_prints_the_finished_run_as_json(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [command_task("t", "echo", "hi")]}})
    run = cli.json("run", "j", folder=bundle)
    assert run["state"] == "SUCCESS" and run["tasks"][0]["task_key"] == "t"
    by_id = cli.json("run", run["job_id"])
    assert by_id["run_id"] != run["run_id"]


def test_run_refuses_what_it_cannot_find(cli, folder):
    bundle = deploy(cli, folder, {"known": {"name": "j", "tasks": [command_task("t", "true")]}})
    assert "it has: known" in cli("run", "unknown", folder=bundle, status=2).stderr
    assert cli("run", "known", "--params", "nope", folder=bundle, status=2).stderr
    assert "sheaf deploy" in cli("run", "known", folder=write_bundle(folder / "x", {}, name="other"), status=2).stderr
    assert cli("run", "999999999", status=2).stderr
    assert cli("runs", "999999999", status=2).stderr


def test_a_number_is_a_key_first_where_there_is_a_bundle(cli, folder, tmp_path):
    task = [command_task("t", "true")]
    other = deploy(cli, folder / "other", {"j": {"name": "other", "tasks": task}})
    job_id = cli.json("summary", folder=other)["jobs"][0]["job_id"]
    hook = {"hooks": [{"name": "drift", "secret": "stored", "signature": "bearer"}]}
    here = deploy(cli, folder / "here", {str(job_id): {"name": "here", "tasks": task, "sheaf": hook}})
    own_id = cli.json("summary", folder=here)["jobs"][0]["job_id"]
    assert own_id != job_id
    assert cli.json("run", job_id, folder=here)["job_id"] == own_id
    assert {run["job_id"] for run in cli.json("runs", "--job", job_id, folder=here)["runs"]} == {own_id}
    cli("hooks", "secret", job_id, "drift", folder=here, stdin="secret-of-here")
    assert cli.json("run", own_id, folder=here)["job_id"] == own_id, "no key: an id"
    assert cli.json("run", job_id, folder=tmp_path)["job_id"] == job_id, "no bundle: an id"
    fresh = write_bundle(folder / "fresh", {str(job_id): {"name": "fresh", "tasks": task}}, name="fresh")
    assert "sheaf deploy" in cli("run", job_id, folder=fresh, status=2).stderr, "a key that is not deployed yet is no id"


def test_what_is_not_there_is_not_called_empty(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [command_task("t", "true")]}})
    run_id = cli.json("run", "j", folder=bundle)["run_id"]
    assert f"task `t` of run {run_id} has attempts 0–0" in cli("logs", run_id, "t", "--attempt", "5", status=2).stderr
    assert f"run {run_id} has attempts 0–0" in cli("logs", run_id, "--attempt", "1", "-o", "json", status=2).stderr
    assert "attempts 0–0" in cli("logs", run_id, "-f", "--attempt", "1", status=2).stderr
    assert cli("logs", run_id, "t", "--attempt", "-1", status=2).stderr
    for listed in (["runs", "--job", "99999"], ["runs", "--job", "99999", "-o", "json"]):
        refused = cli(*listed, status=2)
        assert "99999" in refused.stderr and refused.stdout == ""
    idle = deploy(cli, folder / "idle", {"j": {"name": "idle", "tasks": [command_task("t", "true")]}})
    assert cli("runs", "--job", "j", folder=idle).stdout == "No runs.\n"


def test_texts_that_are_not_utf_8_are_refused_before_they_are_sent(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "parameters": [{"name": "p", "default": "x"}],
                                        "tasks": [command_task("t", "true")], "sheaf": {
                                            "hooks": [{"name": "drift", "secret": "stored", "signature": "bearer"}]}}})
    latin = os.fsdecode(b"caf\xe9")
    assert "--params `p=caf\ufffd`: the text is not UTF-8" in cli("run", "j", "--params", f"p={latin}", folder=bundle, status=2).stderr
    assert "--var `v=caf\ufffd`: the text is not UTF-8" in cli("validate", "--var", f"v={latin}", folder=bundle, status=2).stderr
    cli.variables["HOOK_SECRET"] = latin
    assert "not UTF-8" in cli("hooks", "secret", "j", "drift", "--env", "HOOK_SECRET", folder=bundle, status=2).stderr


def test_run_and_summary_name_no_page_that_is_not_there(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [command_task("t", "true")]}})
    started = cli("run", "j", "--no-wait", folder=bundle)
    assert f"`sheaf runs {started.stdout.strip()}`" in started.stderr
    assert "http" not in started.stderr + cli("summary", folder=bundle).stdout


def test_run_waits_through_a_restart_of_the_scheduler(up, cli, folder, tmp_path):
    gate = tmp_path / "gate"
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [
        shell_task("t", f"until test -e {gate}; do sleep 0.02; done; echo done")]}})
    waiting = cli.start("run", "j", folder=bundle)
    line = waiting.stderr.readline()
    run_id = int(line.split()[1].rstrip(":"))
    wait_for(lambda: cli.json("runs", run_id)["tasks"][0]["state"] == "RUNNING", "the task runs")
    os.kill(scheduler_pid(up), signal.SIGKILL)
    wait_for(lambda: cli("runs", status=None).returncode == 0, "the scheduler is back")
    gate.touch()
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, err
    assert "done" in out


def scheduler_pid(up):
    return json.loads((up.cli.data / "workers.json").read_text())["pid"]


def test_logs_show_an_attempt_all_and_follow(cli, folder, tmp_path):
    count, gate = tmp_path / "count", tmp_path / "gate"
    script = f'echo x >> {count}; echo try $(wc -l < {count}); echo note >&2; test "$(wc -l < {count})" -ge 2 || exit 1; ' \
             f"until test -e {gate}; do sleep 0.02; done; printf 'no newline at the end'"
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [shell_task("t", script, max_retries=1)]}})
    run_id = cli("run", "j", "--no-wait", folder=bundle).stdout.strip()
    wait_for(lambda: count.exists() and len(count.read_text()) == 4, "the second attempt starts")
    following = cli.start("logs", run_id, "-f")
    assert following.stdout.readline() == "t | try 2\n"
    gate.touch()
    out, err = following.communicate(timeout=60)
    assert out == "t | no newline at the end\n" and err == "t | note\n"
    assert cli("logs", run_id, "t", "--attempt", "0").stdout == "try 1\n"
    raw = cli("logs", run_id, "t")
    assert raw.stdout == "try 2\nno newline at the end" and raw.stderr == "note\n"
    document = cli.json("logs", run_id)["logs"]
    assert [(log["attempt_number"], log["stdout"]) for log in document] == [(1, "try 2\nno newline at the end")]
    assert "t" in cli("logs", run_id, "unknown", status=2).stderr


def test_cancel_waits_until_the_processes_are_gone(cli, folder, tmp_path):
    pid_file = tmp_path / "pid"
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [
        shell_task("t", f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; sleep 1000")]}})
    run_id = cli("run", "j", "--no-wait", folder=bundle).stdout.strip()
    pid = int(wait_for(lambda: pid_file.exists() and pid_file.read_text(), "the task starts"))
    assert cli.json("cancel", run_id, "--wait") == {"run_id": int(run_id), "state": "CANCELED"}
    assert not is_running(pid)
    assert cli("cancel", "no-number", status=2).stderr


def test_hooks_list_and_set_a_secret_that_nothing_shows(cli, folder):
    bundle = deploy(cli, folder, {"j": {"name": "j", "tasks": [command_task("t", "true")], "sheaf": {
        "hooks": [{"name": "drift", "secret": "stored", "signature": "bearer"}]}}})
    hook = next(hook for hook in cli.json("summary", folder=bundle)["jobs"][0]["hooks"])
    assert hook["secret"] == "missing"
    said = cli("hooks", "secret", "j", "drift", "--from-stdin", folder=bundle, stdin="very-secret-text\n")
    listed = cli("hooks", "list")
    assert "drift" in listed.stdout and "stored" in listed.stdout
    cli.variables["HOOK_SECRET"] = "very-secret-text"
    cli("hooks", "secret", "j", "drift", "--env", "HOOK_SECRET", folder=bundle)
    shown = said.stdout + said.stderr + listed.stdout + cli("hooks", "-o", "json").stdout
    assert "very-secret-text" not in shown
    assert cli("hooks", "secret", "j", "unknown", "--env", "HOOK_SECRET", folder=bundle, status=2).stderr


def test_cron_lists_instants_without_a_scheduler(tmp_path):
    alone = Cli(tmp_path / "alone")
    arguments = ["cron", "0 0 8 LW * ?", "--zone", "UTC", "--from", "2026-01-15T00:00:00Z", "--count", "3"]
    expected = ["2026-01-30T08:00:00Z", "2026-02-27T08:00:00Z", "2026-03-31T08:00:00Z"]
    assert alone.json(*arguments) == expected
    assert alone(*arguments).stdout.splitlines() == expected
    quartz = ["cron", "0 30 2 * * ?", "--zone", "America/New_York", "--from", "2026-03-07T12:00:00Z", "--count", "1"]
    assert alone.json(*quartz, "--dst", "quartz") == ["2026-03-09T06:30:00Z"]
    assert alone.json(*quartz, "--dst", "wall_clock") == ["2026-03-08T07:00:00Z"]
    for wrong in (["cron", "0 0 8 * *"], [*arguments[:2], "--zone", "Nowhere"], [*arguments, "--dst", "x"]):
        assert alone(*wrong, status=2).stderr


def test_the_program_tells_its_version_and_refuses_unknown_commands():
    assert subprocess.run([BIN / "sheaf", "--version"], capture_output=True, text=True, check=True).stdout == "0.1.0\n"
    assert subprocess.run([BIN / "sheaf", "unknown"], capture_output=True, check=False).returncode == 2
