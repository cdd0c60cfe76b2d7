"""Results that cannot be written are never taken for written ones."""

import os
import signal
import subprocess

import pytest

from cli_program import write_bundle
from sheaf_daemons import BIN, DEADLINE_S, shell_task

pytestmark = pytest.mark.daemons

LINES = 20_000
TEXT = f"yes 'a line of the task' | head -n {LINES}"


@pytest.fixture(scope="module")
def run_id(up, tmp_path_factory):
    """A run whose log is larger than any buffer on the way."""
    bundle = write_bundle(tmp_path_factory.mktemp("bundle") / "b", {"j": {"name": "j", "tasks": [shell_task("t", TEXT)]}})
    up.cli("deploy", folder=bundle)
    return up.cli.json("run", "j", folder=bundle)["run_id"]


def call(cli, *arguments, **streams):
    return subprocess.run([BIN / "sheaf", *map(str, arguments)], cwd=cli.home, env=cli.environment(), stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False, **streams)


COMMANDS = [["logs", "RUN"], ["logs", "RUN", "t"], ["logs", "RUN", "-f"], ["logs", "RUN", "-o", "json"], ["runs", "-o", "json"],
            ["runs", "RUN"], ["run", "JOB"], ["cron", "0 0 8 * * ?"], ["--help"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_disk_behind_stdout_is_an_error(up, run_id, command):
    job = up.cli.json("runs", run_id)["job_id"]
    arguments = [{"RUN": run_id, "JOB": job}.get(word, word) for word in command]
    with open("/dev/full", "w") as full:
        done = call(up.cli, *arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr.count("cannot write the output: No space left on device") == 1


def test_a_closed_stdout_is_an_error_and_not_the_next_socket(up, run_id):
    done = call(up.cli, "logs", run_id, preexec_fn=lambda: os.close(1))  # noqa: PLW1509 - one thread
    assert done.returncode == 2 and "cannot write the output: Bad file descriptor" in done.stderr


def test_closed_stdin_and_stderr_do_no_harm(up, run_id):
    def close_both():
        os.close(0)
        os.close(2)

    done = subprocess.run([BIN / "sheaf", "logs", str(run_id), "t"], cwd=up.cli.home, env=up.cli.environment(),
                          stdout=subprocess.PIPE, text=True, timeout=DEADLINE_S, check=False, preexec_fn=close_both)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == LINES


@pytest.mark.parametrize("restore", [True, False], ids=["default", "ignored"])
def test_a_reader_that_has_seen_enough_is_nothing_to_speak_of(up, run_id, restore):
    """As in `sheaf logs RUN | head -1`, from a shell and from a program that ignores SIGPIPE."""
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
    process = subprocess.Popen([BIN / "sheaf", "logs", str(run_id)], cwd=up.cli.home, env=up.cli.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, restore_signals=restore)
    assert process.stdout.readline().startswith(b"=== t: SUCCESS")
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(DEADLINE_S) != 0
    process.stderr.close()
