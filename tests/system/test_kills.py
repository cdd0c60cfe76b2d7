"""kill -9 of the daemons at any instant loses nothing and doubles nothing.

The oracle is a ledger outside Sheaf's control: every task appends its attempt, pid and phase with O_APPEND. Tasks have
max_retries 0, so whatever ran twice would show as a second line.
"""

import collections
import http.client
import os
import pathlib
import random
import signal
import subprocess
import time
import uuid

import pytest

from sheaf_daemons import BIN, ApiError, command_task, is_running, wait_for

pytestmark = pytest.mark.daemons

KILLS = int(os.environ.get("SHEAF_KILLS", "12"))
TASK_S = 0.25

SCRIPT = """
echo "$SHEAF_ATTEMPT_ID $$ start" >> {ledger}
for i in 1 2 3 4 5; do echo "line $i of $SHEAF_TASK_KEY"; sleep {pause}; done
echo "$SHEAF_TASK_KEY=$i" >> "$SHEAF_TASK_VALUES"
echo "$SHEAF_ATTEMPT_ID $$ end" >> {ledger}
"""


def job(ledger):
    script = SCRIPT.format(ledger=ledger, pause=TASK_S / 5)
    tasks = [command_task("a", "sh", "-c", script),
             command_task("b", "sh", "-c", script, depends_on=[{"task_key": "a"}]),
             command_task("c", "sh", "-c", script, depends_on=[{"task_key": "a"}]),
             command_task("d", "sh", "-c", script, depends_on=[{"task_key": "b"}, {"task_key": "c"}])]
    return {"name": "ledgered", "tasks": tasks, "max_concurrent_runs": 1}


class Ledger:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def lines(self):
        return [line.split() for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def phase(self):
        """Where a run is, seen from outside."""
        marks = [mark for _, _, mark in self.lines()]
        if not marks:
            return "before the first task"
        if marks.count("end") == 4:
            return "after the last task"
        return "while a task runs" if marks.count("start") > marks.count("end") else "between tasks"

    def check(self, run):
        """Each task ran once, from start to end, in one process."""
        by_attempt = collections.defaultdict(list)
        for attempt, pid, mark in self.lines():
            by_attempt[int(attempt)].append((pid, mark))
        assert set(by_attempt) == {task["run_id"] for task in run["tasks"]}, (by_attempt, run)
        for attempt, entries in by_attempt.items():
            assert [mark for _, mark in entries] == ["start", "end"], (attempt, entries)
            assert entries[0][0] == entries[1][0], "the pid changed"


def check_run(sheaf, ledger, run):
    assert run["state"] == "SUCCESS", run
    ledger.check(run)
    for task in run["tasks"]:
        assert len(task["attempts"]) == 1
        expected = "".join(f"line {i} of {task['task_key']}\n" for i in range(1, 6))
        assert sheaf.logs(task["run_id"]).decode() == expected


def try_submit(sheaf, job_id, token):
    """The run's id, or None while the scheduler is down or not ready (503)."""
    try:
        return sheaf.run_now(job_id, token=token)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    except ApiError as error:
        if error.status != 503:
            raise
        return None


def submit(sheaf, job_id, token):
    """Submits until an answer comes; the token makes repeats harmless."""
    return wait_for(lambda: try_submit(sheaf, job_id, token), "the run is accepted")


def report(title, phases):
    print(f"\n{title}: {sum(phases.values())} kills; " + ", ".join(f"{n} {phase}" for phase, n in sorted(phases.items())))


def test_the_scheduler_is_killed_anywhere_between_submit_and_the_last_result(sheaf, tmp_path):
    seed = int(os.environ.get("SHEAF_SEED", random.randrange(1 << 30)))
    chance, phases = random.Random(seed), collections.Counter()
    print(f"\nseed {seed}")
    for number in range(KILLS):
        ledger = Ledger(tmp_path / f"ledger{number}")
        job_id = sheaf.deploy(j=job(ledger.path))["j"]
        run_id = submit(sheaf, job_id, uuid.uuid4().hex)
        time.sleep(chance.uniform(0, 3.6 * TASK_S))  # the instant of the kill is the random variable here
        phases[ledger.phase()] += 1
        sheaf.scheduler.kill()
        sheaf.scheduler.start()
        check_run(sheaf, ledger, sheaf.wait_run(run_id))
    report("scheduler", phases)
    assert phases["while a task runs"] > 0


def test_the_agent_is_killed_anywhere_and_its_tasks_go_on(sheaf, tmp_path):
    seed = int(os.environ.get("SHEAF_SEED", random.randrange(1 << 30)))
    chance, phases = random.Random(seed), collections.Counter()
    print(f"\nseed {seed}")
    for number in range(KILLS):
        ledger = Ledger(tmp_path / f"ledger{number}")
        job_id = sheaf.deploy(j=job(ledger.path))["j"]
        run_id = submit(sheaf, job_id, uuid.uuid4().hex)
        time.sleep(chance.uniform(0, 3.6 * TASK_S))
        phases[ledger.phase()] += 1
        sheaf.worker.kill()
        sheaf.worker.start()
        check_run(sheaf, ledger, sheaf.wait_run(run_id))
    report("agent", phases)
    assert phases["while a task runs"] > 0


FAILPOINTS = subprocess.run([BIN / "sheaf-scheduler", "failpoints"], capture_output=True, text=True,
                            check=False).stdout.split() if (BIN / "sheaf-scheduler").exists() else []
SCHEDULER_POINTS = [name for name in FAILPOINTS if name.split(".")[0] in ("store", "files", "engine", "workers")]
AGENT_POINTS = [name for name in FAILPOINTS if name.split(".")[0] in ("session", "runner", "logs")]


def deploy_with_filler(sheaf, ledger):
    """The job under test, and one whose runs are there to be work."""
    return sheaf.deploy(j=job(ledger.path), filler={"name": "filler", "tasks": [command_task("say", "echo", "more")]})


def die_at(sheaf, daemon, failpoint, jobs):
    """Starts the daemon armed, submits, and returns the run's id once the daemon has killed itself.

    A slow machine may do in one step what others do in three: further work comes until the point is reached.
    """
    job_id = jobs["j"]
    daemon.stop()
    token = uuid.uuid4().hex
    daemon.start(failpoint=failpoint, wait=False)
    run_id, filled = None, time.monotonic()
    end = filled + 60
    while daemon.is_alive and time.monotonic() < end:
        run_id = run_id or try_submit(sheaf, job_id, token)
        if run_id and time.monotonic() - filled > 5:
            filled = time.monotonic()
            try_submit(sheaf, jobs["filler"], uuid.uuid4().hex)
        time.sleep(0.02)
    assert daemon.wait() == -signal.SIGKILL, f"{failpoint} was not reached"
    os.close(daemon._ready_end)
    daemon.start()
    return run_id or submit(sheaf, job_id, token)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", SCHEDULER_POINTS)
def test_the_scheduler_dies_at_every_failpoint(sheaf, tmp_path, name, count):
    ledger = Ledger(tmp_path / "ledger")
    run_id = die_at(sheaf, sheaf.scheduler, f"{name}:{count}", deploy_with_filler(sheaf, ledger))
    check_run(sheaf, ledger, sheaf.wait_run(run_id))


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", AGENT_POINTS)
def test_the_agent_dies_at_every_failpoint(sheaf, tmp_path, name, count):
    ledger = Ledger(tmp_path / "ledger")
    run_id = die_at(sheaf, sheaf.worker, f"{name}:{count}", deploy_with_filler(sheaf, ledger))
    check_run(sheaf, ledger, sheaf.wait_run(run_id))


def shim_of(pid):
    """The parent of the task's process is its shim."""
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("arguments", [[], ["--no-cgroups"]], ids=["cgroup", "fallback"])
def test_a_killed_shim_loses_its_attempt_and_nothing_else(make_sheaf, tmp_path, arguments):
    """Stated outcome: the tree is ended, the attempt is LOST, and the task is repeated once its tree is gone."""
    sheaf = make_sheaf(worker_arguments=arguments).start()
    ledger = tmp_path / "ledger"
    script = f'echo "$SHEAF_ATTEMPT_ID $$" >> {ledger}; test "$(wc -l < {ledger})" -ge 2 || sleep 1000'
    job_id = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "sh", "-c", script)]})["j"]
    run_id = sheaf.run_now(job_id)
    pid = int(wait_for(lambda: ledger.exists() and ledger.read_text().split(), "the task runs")[1])
    os.kill(shim_of(pid), signal.SIGKILL)
    run = sheaf.wait_run(run_id)
    assert run["state"] == "SUCCESS"
    attempts = sheaf.task(run, "t")["attempts"]
    assert [attempt["end"] for attempt in attempts] == ["lost", "exited"]
    assert not attempts[0]["overlap_possible"]
    assert not is_running(pid)


def test_both_daemons_are_killed_at_once(sheaf, tmp_path):
    ledger = Ledger(tmp_path / "ledger")
    job_id = sheaf.deploy(j=job(ledger.path))["j"]
    run_id = sheaf.run_now(job_id)
    wait_for(lambda: ledger.phase() == "while a task runs", "a task runs")
    sheaf.worker.kill()
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    sheaf.worker.start()
    check_run(sheaf, ledger, sheaf.wait_run(run_id))


def test_the_store_verifies_after_kills(sheaf, tmp_path):
    for number in range(3):
        ledger = Ledger(tmp_path / f"ledger{number}")
        job_id = sheaf.deploy(j=job(ledger.path))["j"]
        run_id = sheaf.run_now(job_id)
        wait_for(lambda: ledger.phase() == "while a task runs", "a task runs")
        sheaf.scheduler.kill()
        sheaf.scheduler.start()
        check_run(sheaf, ledger, sheaf.wait_run(run_id))
    sheaf.worker.stop()
    sheaf.scheduler.stop()
    verified = subprocess.run([BIN / "sheaf-scheduler", "--data", sheaf.data, "verify"], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout + verified.stderr
