"""`sheaf up`: what it starts, what it restarts, and what it leaves when it ends in whatever way."""

import json
import os
import signal
import stat

import pytest

from cli_program import Cli, Up, write_bundle
from sheaf_daemons import is_running, shell_task, wait_for

pytestmark = pytest.mark.daemons


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path / "home")


@pytest.fixture
def start_up(cli):
    started = []

    def start(*arguments, **settings):
        started.append(Up(cli, *arguments, **settings))
        return started[-1]

    yield start
    for up in started:
        if up.process.poll() is None:
            up.stop()


class WaitingTask:
    """A job whose task tells its pid and runs until it may end."""

    def __init__(self, cli, folder):
        self.cli, self.pid_file, self.gate = cli, folder / "pid", folder / "gate"
        script = f"echo $$ > {self.pid_file}.new; mv {self.pid_file}.new {self.pid_file}; " \
                 f"until test -e {self.gate}; do sleep 0.02; done; echo through the gate"
        self.bundle = write_bundle(folder / "bundle", {"waits": {"name": "waits", "tasks": [shell_task("t", script)]}})
        cli("deploy", folder=self.bundle)
        self.run_id = int(cli("run", "waits", "--no-wait", folder=self.bundle).stdout)
        self.pid = int(wait_for(lambda: self.pid_file.exists() and self.pid_file.read_text(), "the task starts"))

    def open_gate(self):
        self.gate.touch()

    def run(self):
        return self.cli.json("runs", self.run_id)

    def wait_end(self):
        return wait_for(lambda: (run := self.run())["end_time"] and run, "the run ends")


def kill(pid, sig=signal.SIGKILL):
    os.kill(pid, sig)


def test_up_writes_its_endpoint_and_takes_it_away(cli, start_up):
    up = start_up()
    file = cli.data / "endpoint.json"
    endpoint = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert endpoint["url"] == up.ready["url"] and endpoint["pid"] == up.process.pid
    assert up.ready["slots"] == 2
    assert cli.json("runs") == {"runs": []}
    assert up.stop() == 0
    assert not file.exists()
    assert not is_running(up.ready["scheduler_pid"]) and not is_running(up.ready["worker_pid"])
    cli("runs", status=3)


def test_a_second_up_names_the_first(cli, start_up):
    up = start_up()
    error = cli("up", "--port", "0", status=2).stderr
    assert str(up.process.pid) in error
    cli("runs")


def test_a_port_that_is_taken_ends_up_with_a_reason(cli, start_up, tmp_path):
    up = start_up()
    other = Cli(tmp_path / "other")
    port = up.ready["url"].rsplit(":", 1)[1]
    error = other("up", "--port", port, status=2).stderr
    assert port in error and "before it was ready" in error


def test_a_killed_scheduler_comes_back(cli, start_up, tmp_path):
    up = start_up()
    task = WaitingTask(cli, tmp_path)
    kill(up.ready["scheduler_pid"])
    wait_for(lambda: cli("runs", status=None).returncode == 0, "the scheduler is back")
    task.open_gate()
    run = task.wait_end()
    assert run["state"] == "SUCCESS" and len(run["tasks"][0]["attempts"]) == 1


def test_a_killed_worker_comes_back_and_adopts_its_tasks(cli, start_up, tmp_path):
    up = start_up()
    task = WaitingTask(cli, tmp_path)
    kill(up.ready["worker_pid"])
    wait_for(lambda: "sheaf-worker is ready again" in up.log_end(), "the worker is back")
    assert is_running(task.pid)
    task.open_gate()
    run = task.wait_end()
    assert run["state"] == "SUCCESS" and len(run["tasks"][0]["attempts"]) == 1


def test_after_kill_9_of_up_the_daemons_end_and_the_next_up_adopts_the_tasks(cli, start_up, tmp_path):
    up = start_up()
    task = WaitingTask(cli, tmp_path)
    kill(up.process.pid)
    up.process.wait()
    assert cli("runs", status=3).stderr
    start_up()
    assert not is_running(up.ready["scheduler_pid"]) and not is_running(up.ready["worker_pid"])
    assert is_running(task.pid)
    task.open_gate()
    run = task.wait_end()
    assert run["state"] == "SUCCESS" and len(run["tasks"][0]["attempts"]) == 1
    assert cli("logs", task.run_id, "t").stdout == "through the gate\n"


def test_ctrl_c_cancels_what_runs(cli, start_up, tmp_path):
    up = start_up()
    task = WaitingTask(cli, tmp_path)
    assert up.stop(signal.SIGINT) == 0
    assert not is_running(task.pid)
    start_up()
    assert task.run()["state"] == "CANCELED"


def test_with_keep_tasks_go_on_without_up(cli, start_up, tmp_path):
    up = start_up("--keep")
    task = WaitingTask(cli, tmp_path)
    assert up.stop(signal.SIGINT) == 0
    assert is_running(task.pid)
    task.open_gate()
    wait_for(lambda: not is_running(task.pid), "the task ends")
    start_up()
    assert task.wait_end()["state"] == "SUCCESS"
