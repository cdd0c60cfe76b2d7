"""For-each tasks in mode stream: few processes for many iterations, and no outcome that is lost or comes twice.

The oracle is a ledger outside Sheaf's control: the script appends each index with its pid before it works on it.
"""

import collections
import gzip
import json
import os
import pathlib
import signal
import sys

import pytest

from sheaf_daemons import command_task, is_running, wait_for

pytestmark = pytest.mark.daemons

PYTHON = pathlib.Path(__file__).parents[2] / "python" / "src"

SCRIPT = """
import os, sys, time
import sheaf_runtime

def work(number):
    with open({ledger!r}, "a") as ledger:
        ledger.write(f"{{number}} {{os.getpid()}}\\n")
    time.sleep({pause})
    if number in {bad!r} and not os.path.exists({mended!r}):
        raise ValueError(f"{{number}} is bad")

print("begins", flush=True)
sheaf_runtime.run_stream(work)
print("ends", flush=True)
"""


class Stream:
    """A job whose only task is a stream over the numbers from 0."""

    def __init__(self, folder, count, concurrency=2, chunk=100, pause=0.0, bad=(), **inner):
        self.ledger_path, self.mended = folder / "ledger", folder / "mended"
        self.count = count
        script = SCRIPT.format(ledger=str(self.ledger_path), pause=pause, bad=tuple(bad), mended=str(self.mended))
        task = command_task("each", sys.executable, "-c", script, **inner)
        task["command_task"]["env"] = {"PYTHONPATH": str(PYTHON)}
        self.settings = {"name": "numbers", "tasks": [{"task_key": "numbers", "for_each_task": {
            "inputs": str(list(range(count))), "concurrency": concurrency,
            "sheaf": {"mode": "stream", "chunk": chunk}, "task": task}}]}

    def submit(self, sheaf):
        return sheaf.run_now(sheaf.deploy(j=self.settings)["j"])

    def ledger(self):
        """(number, pid) in the order of the work."""
        if not self.ledger_path.exists():
            return []
        whole = self.ledger_path.read_text().rpartition("\n")[0]
        return [tuple(map(int, line.split())) for line in whole.splitlines()]

    def times(self):
        return collections.Counter(number for number, _ in self.ledger())


def iterations(sheaf, run_id):
    """Every iteration of the stream, in order."""
    found, total = [], 1
    while len(found) < total:
        page = sheaf.get(f"/api/sheaf/v1/runs/{run_id}/tasks/numbers/iterations?first={len(found)}&limit=1000")
        found += page["iterations"]
        total = page["total"]
    return found


def recorded(sheaf, run_id):
    return {i for i, row in enumerate(iterations(sheaf, run_id)) if row["state"] == "SUCCESS"}


def counts(run):
    return run["tasks"][0]["iterations"]


def test_two_thousand_inputs_take_few_processes_and_a_repair_takes_the_failed_ones(sheaf, tmp_path):
    bad = (7, 1000, 1999)
    stream = Stream(tmp_path, 2000, chunk=500, bad=bad)
    run_id = stream.submit(sheaf)
    run = sheaf.wait_run(run_id)
    assert run["state"] == "FAILED", run
    assert counts(run) == {"total": 2000, "waiting": 0, "active": 0, "succeeded": 1997, "failed": 3}
    assert all(times == 1 for times in stream.times().values())
    assert len({pid for _, pid in stream.ledger()}) <= 6
    rows = iterations(sheaf, run_id)
    assert [i for i, row in enumerate(rows) if row["state"] != "SUCCESS"] == list(bad)
    assert rows[7]["message"] == "ValueError: 7 is bad"
    # The log of an iteration is that of its process.
    assert sheaf.logs(rows[0]["run_id"]).decode() == "begins\nends\n"
    assert b"ValueError: 7 is bad" in sheaf.logs(rows[7]["run_id"], "stderr")

    stream.mended.touch()
    before = len(stream.ledger())
    sheaf.post("/api/2.2/jobs/runs/repair", {"run_id": run_id, "rerun_all_failed_tasks": True})
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    assert sorted(number for number, _ in stream.ledger()[before:]) == list(bad)


def test_the_shell_script_of_the_documentation_checks_files(sheaf, tmp_path):
    page = (pathlib.Path(__file__).parents[2] / "docs" / "streams.md").read_text()
    script = page.partition("```sh\n")[2].partition("```")[0]
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(gzip.compress(b"content"))
    (tmp_path / "bad").write_bytes(b"content")
    paths = [str(tmp_path / name) for name in ("one", "bad", "two")]
    task = {"task_key": "numbers", "for_each_task": {
        "inputs": json.dumps(paths), "sheaf": {"mode": "stream"}, "concurrency": 1,
        "task": command_task("each", "sh", "-c", script)}}
    run_id = sheaf.run_now(sheaf.deploy(j={"name": "shell", "tasks": [task]})["j"])
    assert sheaf.wait_run(run_id)["state"] == "FAILED"
    assert [row["state"] for row in iterations(sheaf, run_id)] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert iterations(sheaf, run_id)[1]["message"] == "damaged"


def test_the_death_of_the_process_is_charged_to_the_item_at_hand(sheaf, tmp_path):
    stream = Stream(tmp_path, 200, concurrency=1, chunk=200, pause=0.005)
    run_id = stream.submit(sheaf)
    wait_for(lambda: len(stream.ledger()) >= 50, "some work is done")
    pid = stream.ledger()[-1][1]
    os.kill(pid, signal.SIGKILL)
    run = sheaf.wait_run(run_id)
    assert counts(run)["succeeded"] == 199 and counts(run)["failed"] == 1, run
    (failed,) = (i for i, row in enumerate(iterations(sheaf, run_id)) if row["state"] == "FAILED")
    last = max(number for number, of in stream.ledger() if of == pid)
    assert failed in (last, last + 1)  # It may have died between two of them.
    # Nothing that the dead process had said was worked on again; the item at hand had its one attempt.
    assert all(times == 1 for times in stream.times().values())


def test_a_retry_takes_the_item_at_hand_again(sheaf, tmp_path):
    stream = Stream(tmp_path, 100, concurrency=1, chunk=100, pause=0.005, max_retries=1)
    run_id = stream.submit(sheaf)
    wait_for(lambda: len(stream.ledger()) >= 30, "some work is done")
    pid = stream.ledger()[-1][1]
    os.kill(pid, signal.SIGKILL)
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    last = max(number for number, of in stream.ledger() if of == pid)
    assert set(stream.times()) == set(range(100))
    assert [number for number, times in stream.times().items() if times > 1] in ([], [last])


@pytest.mark.parametrize("victim", ["scheduler", "worker", "both"])
def test_daemons_die_in_the_middle_and_every_input_is_worked_on_once(sheaf, tmp_path, victim):
    stream = Stream(tmp_path, 600, chunk=150, pause=0.005)
    run_id = stream.submit(sheaf)
    for goal in (100, 250, 400):
        wait_for(lambda: len(stream.ledger()) >= goal, "some work is done")  # noqa: B023
        for name in ("scheduler", "worker") if victim == "both" else (victim,):
            getattr(sheaf, name).kill()
        for name in ("scheduler", "worker") if victim == "both" else (victim,):
            getattr(sheaf, name).start()
    run = sheaf.wait_run(run_id)
    assert run["state"] == "SUCCESS", run
    assert counts(run)["succeeded"] == 600
    assert stream.times() == dict.fromkeys(range(600), 1)


def test_what_is_recorded_outlives_the_process_the_agent_and_the_scheduler(sheaf, tmp_path):
    stream = Stream(tmp_path, 300, concurrency=1, chunk=300, pause=0.01, max_retries=3)
    run_id = stream.submit(sheaf)
    durable = wait_for(lambda: len(found := recorded(sheaf, run_id)) >= 30 and found, "outcomes are recorded")
    pid = stream.ledger()[-1][1]
    sheaf.worker.kill()
    os.kill(pid, signal.SIGKILL)
    sheaf.scheduler.kill()
    wait_for(lambda: not is_running(pid), "the process is gone")
    before = len(stream.ledger())
    sheaf.scheduler.start()
    sheaf.worker.start()
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    assert not durable & {number for number, _ in stream.ledger()[before:]}
    assert set(stream.times()) == set(range(300))
    assert sum(stream.times().values()) <= 301


def test_a_cancel_stops_the_processes_and_keeps_what_was_recorded(sheaf, tmp_path):
    stream = Stream(tmp_path, 2000, pause=0.01)
    run_id = stream.submit(sheaf)
    durable = wait_for(lambda: len(found := recorded(sheaf, run_id)) >= 10 and found, "outcomes are recorded")
    sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run_id})
    assert sheaf.wait_run(run_id)["state"] == "CANCELED"
    assert not any(is_running(pid) for _, pid in stream.ledger())
    assert durable <= recorded(sheaf, run_id)
