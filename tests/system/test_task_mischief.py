"""Tasks that clear away or replace the files which they are told of: each fails or succeeds by itself, and harms nobody else."""

import pathlib

import pytest

from sheaf_daemons import shell_task, wait_for

pytestmark = pytest.mark.daemons


def finish(sheaf, script, **fields):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", script, **fields)]})
    return sheaf.wait_run(sheaf.run_now(jobs["j"]))


def forgets_everything(sheaf):
    """Results are acknowledged and logs shipped: nothing of any attempt is kept."""
    wait_for(lambda: not list(sheaf.worker_data.glob("leases/*.lease")), "the worker forgets its attempts")


def test_a_pipe_in_place_of_the_values_fails_its_task_only(sheaf):
    run = finish(sheaf, "rm -f $SHEAF_TASK_VALUES; mkfifo $SHEAF_TASK_VALUES")
    assert run["state"] == "FAILED" and "not a regular file" in sheaf.task(run, "t")["message"]
    assert finish(sheaf, "true")["state"] == "SUCCESS"
    forgets_everything(sheaf)


def test_a_task_may_clear_away_all_that_it_is_told_of(sheaf):
    run = finish(sheaf, "echo out; rm -rf \"$(dirname $SHEAF_TASK_VALUES)\"; test ! -e $TMPDIR")
    assert run["state"] == "SUCCESS"
    assert sheaf.logs(sheaf.task(run, "t")["run_id"]) == b"out\n"
    forgets_everything(sheaf)


def attempt_folder_of(sheaf, script):
    return f'cd /; folder="$(dirname "$(dirname $SHEAF_TASK_VALUES)")"; {script}'


@pytest.mark.parametrize("script", [
    'rm -rf "$folder"',
    'mkdir "$folder/exit"',
    'mkdir -p "$folder/exit.part/x"',
    'echo nonsense > "$folder/started"; mkdir "$folder/exit"',
])
def test_a_task_that_destroys_its_records_is_lost_and_over(sheaf, script):
    run = finish(sheaf, attempt_folder_of(sheaf, script))
    assert run["state"] == "FAILED" and "lost" in sheaf.task(run, "t")["message"]
    assert finish(sheaf, "true")["state"] == "SUCCESS"
    forgets_everything(sheaf)


def test_an_attempt_without_folder_does_not_run_twice_at_once(sheaf, tmp_path):
    """The next agent finds no folder of what it launched: it ends what still runs before anything is repeated."""
    ledger = tmp_path / "ledger"
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", attempt_folder_of(
        sheaf, f'echo "start $$" >> {ledger}; rm -rf "$folder"; sleep 30; echo "end $$" >> {ledger}'))]})
    run = sheaf.run_now(jobs["j"])
    wait_for(lambda: ledger.exists() and ledger.read_text(), "the task runs")
    first = int(ledger.read_text().split()[1])
    sheaf.worker.kill()
    sheaf.worker.start()
    wait_for(lambda: len(ledger.read_text().splitlines()) > 1, "the task is repeated")
    assert not pathlib.Path(f"/proc/{first}").exists()
    assert "end" not in ledger.read_text()
    sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run})
    sheaf.wait_run(run)
