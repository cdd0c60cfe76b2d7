"""Runs through the real daemons: HTTP in, processes, HTTP out."""

import json
import time

import pytest

from sheaf_daemons import ApiError, command_task, is_running, shell_task, wait_for

pytestmark = pytest.mark.daemons


def test_a_command_task_runs_and_its_output_is_kept(sheaf):
    jobs = sheaf.deploy(hello={"name": "hello", "tasks": [command_task("greet", "echo", "hello from a task")]})
    run = sheaf.wait_run(sheaf.run_now(jobs["hello"]))
    assert run["state"] == "SUCCESS"
    task = sheaf.task(run, "greet")
    assert sheaf.logs(task["run_id"]) == b"hello from a task\n"
    output = sheaf.get(f"/api/2.2/jobs/runs/get-output?run_id={task['run_id']}")
    assert output["logs"] == "hello from a task\n"


def test_values_conditions_and_parameters_reach_the_next_task(sheaf):
    settings = {
        "name": "branches",
        "parameters": [{"name": "reason", "default": "none"}],
        "tasks": [
            shell_task("compare", 'echo "model_update=1" >> "$SHEAF_TASK_VALUES"'),
            {"task_key": "is_better", "depends_on": [{"task_key": "compare"}],
             "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.compare.values.model_update}}", "right": "1"}},
            command_task("yes", "echo", "{{job.parameters.reason}} {{tasks.compare.values.model_update}}",
                         depends_on=[{"task_key": "is_better", "outcome": "true"}]),
            command_task("no", "false", depends_on=[{"task_key": "is_better", "outcome": "false"}]),
        ],
    }
    jobs = sheaf.deploy(branches=settings)
    run = sheaf.wait_run(sheaf.run_now(jobs["branches"], reason="drift"))
    assert run["state"] == "SUCCESS"
    assert sheaf.task(run, "no")["state"] == "EXCLUDED"
    assert sheaf.logs(sheaf.task(run, "yes")["run_id"]) == b"drift 1\n"
    assert sheaf.get(f"/api/sheaf/v1/runs/{run['run_id']}/values")["values"] == {"compare": {"model_update": 1}}


def test_a_task_that_fails_twice_and_then_succeeds_has_three_attempts(sheaf, tmp_path):
    count = tmp_path / "count"
    script = f'echo x >> {count}; test "$(wc -l < {count})" -ge 3'
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", script, max_retries=2)]})
    run = sheaf.wait_run(sheaf.run_now(jobs["j"]))
    assert run["state"] == "SUCCESS"
    task = sheaf.task(run, "t")
    assert [attempt["exit_code"] for attempt in task["attempts"]] == [1, 1, 0]
    assert len({attempt["run_id"] for attempt in task["attempts"]}) == 3


# Ignores TERM, leaves the session, and leaves a child that does the same.
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for name in ("main", "child"):
    if name == "child":
        if os.fork():
            break
        os.setsid()
    with open(sys.argv[1], "a") as ledger:
        ledger.write(f"{os.getpid()}\\n")
while True:
    time.sleep(1)
"""


def alive(ledger):
    pids = [int(line) for line in ledger.read_text().split()]
    return pids, [pid for pid in pids if is_running(pid)]


@pytest.fixture(params=["cgroup", "fallback"])
def sheaf_both(request, make_sheaf):
    """The cgroup path and the one without."""
    arguments = [] if request.param == "cgroup" else ["--no-cgroups"]
    return make_sheaf(worker_arguments=arguments).start()


def test_a_hanging_task_is_timed_out_with_its_whole_tree(sheaf_both, tmp_path):
    ledger = tmp_path / "pids"
    task = command_task("t", "python3", "-c", STUBBORN, str(ledger), timeout_seconds=2)
    jobs = sheaf_both.deploy(j={"name": "j", "tasks": [task]})
    run = sheaf_both.wait_run(sheaf_both.run_now(jobs["j"]))
    assert sheaf_both.task(run, "t")["state"] == "TIMEDOUT"
    pids, running = alive(ledger)
    assert len(pids) == 2 and running == []


def test_a_cancelled_task_is_gone_with_its_whole_tree(sheaf_both, tmp_path):
    ledger = tmp_path / "pids"
    jobs = sheaf_both.deploy(j={"name": "j", "tasks": [command_task("t", "python3", "-c", STUBBORN, str(ledger))]})
    run_id = sheaf_both.run_now(jobs["j"])
    wait_for(lambda: ledger.exists() and len(ledger.read_text().split()) == 2, "both processes run")
    sheaf_both.post("/api/2.2/jobs/runs/cancel", {"run_id": run_id})
    run = sheaf_both.wait_run(run_id)
    assert run["state"] == "CANCELED"
    assert sheaf_both.task(run, "t")["state"] == "CANCELED"
    pids, running = alive(ledger)
    assert len(pids) == 2 and running == []


def test_an_attempt_that_cut_its_own_log_short_is_forgotten_all_the_same(sheaf, tmp_path):
    gate = tmp_path / "gate"
    script = f"echo a long complaint >&2; while ! test -e {gate}; do sleep 0.05; done; echo x > /dev/stderr"
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", script)]})
    run_id = sheaf.run_now(jobs["j"])
    attempt = wait_for(lambda: sheaf.task(sheaf.run(run_id), "t").get("run_id"), "the attempt is there")
    log = f"/api/sheaf/v1/attempts/{attempt}/logs/stderr?offset=0"
    wait_for(lambda: sheaf.request("GET", log, raw=True)[2] == b"a long complaint\n", "the log is shipped")
    gate.touch()
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    assert sheaf.logs(attempt, "stderr") == b"a long complaint\n"
    attempts = sheaf.worker_data / "attempts"
    wait_for(lambda: not list(attempts.iterdir()), "the worker forgets the attempt")


def test_runs_of_a_job_queue_and_the_queue_outlives_the_scheduler(sheaf, tmp_path):
    gate = tmp_path / "gate"
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", f"while ! test -e {gate}; do sleep 0.05; done")]})
    first, second, third = (sheaf.run_now(jobs["j"]) for _ in range(3))
    assert [sheaf.run(run)["state"] for run in (second, third)] == ["QUEUED", "QUEUED"]
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    assert [sheaf.run(run)["state"] for run in (second, third)] == ["QUEUED", "QUEUED"]
    gate.touch()
    ended = [sheaf.wait_run(run) for run in (first, second, third)]
    assert [run["state"] for run in ended] == ["SUCCESS"] * 3
    assert ended[0]["end_time"] <= ended[1]["start_time"] <= ended[1]["end_time"] <= ended[2]["start_time"]


def test_a_program_that_is_not_there_is_a_task_error_that_names_it(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "no-such-program")]})
    run = sheaf.wait_run(sheaf.run_now(jobs["j"]))
    assert run["state"] == "FAILED"
    assert "no-such-program" in sheaf.task(run, "t")["message"]


def test_a_task_value_whose_key_is_not_utf8_fails_the_task(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", r"printf 'caf\351=1\n' >> $SHEAF_TASK_VALUES")]})
    run = sheaf.wait_run(sheaf.run_now(jobs["j"]))
    assert run["state"] == "FAILED"
    assert "line 1: has a key that is not UTF-8" in sheaf.task(run, "t")["message"]


def test_a_deployment_is_whole_or_not_at_all(sheaf):
    before = sheaf.deploy(good={"name": "good", "tasks": [command_task("t", "true")]})
    with pytest.raises(ApiError) as refused:
        sheaf.deploy(good={"name": "changed", "tasks": [command_task("t", "true")]},
                     bad={"name": "bad", "tasks": [command_task("t", "true", depends_on=[{"task_key": "nobody"}])]})
    assert refused.value.status == 400
    assert "jobs.bad.tasks[0].depends_on[0]" in refused.value.body["message"]
    assert sheaf.get(f"/api/2.2/jobs/get?job_id={before['good']}")["settings"]["name"] == "good"
    assert len(sheaf.get("/api/2.2/jobs/list")["jobs"]) == 1


def test_an_idempotency_token_finds_the_same_run(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "true")]})
    first = sheaf.run_now(jobs["j"], token="once")
    assert sheaf.run_now(jobs["j"], token="once") == first
    sheaf.wait_run(first)
    assert sheaf.run_now(jobs["j"], token="once") == first


def test_python_files_of_a_deployment_run_in_their_folder_with_task_values(sheaf):
    script = (b"import os, sys\n"
              b"from pyspark.dbutils import DBUtils\n"
              b"from sheaf_runtime import dbutils\n"
              b"assert os.path.exists('data.txt'), os.listdir('.')\n"
              b"DBUtils().jobs.taskValues.set('n', 41)\n"
              b"print(sys.argv[1:], os.environ['SHEAF_TASK_KEY'])\n")
    reader = (b"from databricks.sdk.runtime import dbutils\n"
              b"print(dbutils.jobs.taskValues.get('write', 'n') + 1)\n")
    base = "/Workspace/Users/test/.bundle/b/dev/files/src"
    settings = {"name": "py", "tasks": [
        {"task_key": "write", "spark_python_task": {"python_file": f"{base}/write.py", "parameters": ["a b", "{{job.id}}"]}},
        {"task_key": "read", "depends_on": [{"task_key": "write"}],
         "spark_python_task": {"python_file": f"{base}/read.py"}}]}
    jobs = sheaf.deploy(files={"src/write.py": script, "src/read.py": reader, "src/data.txt": b"x"}, py=settings)
    run = sheaf.wait_run(sheaf.run_now(jobs["py"]))
    assert run["state"] == "SUCCESS", json.dumps(run, indent=1)
    assert sheaf.logs(sheaf.task(run, "write")["run_id"]).decode() == f"['a b', '{jobs['py']}'] write\n"
    assert sheaf.logs(sheaf.task(run, "read")["run_id"]) == b"42\n"


def test_an_environment_that_cannot_be_built_is_a_task_error_with_the_resolvers_text(sheaf):
    base = "/Workspace/Users/test/.bundle/b/dev/files"
    settings = {"name": "py",
                "environments": [{"environment_key": "e", "spec": {
                    "environment_version": "2", "dependencies": ["./no-such-folder/no_such_package-1.0-py3-none-any.whl"]}}],
                "tasks": [{"task_key": "t", "environment_key": "e",
                           "spark_python_task": {"python_file": f"{base}/t.py"}}]}
    jobs = sheaf.deploy(files={"t.py": b"print(1)\n"}, py=settings)
    run = sheaf.wait_run(sheaf.run_now(jobs["py"]))
    assert run["state"] == "FAILED"
    assert "no_such_package" in sheaf.task(run, "t")["message"]


def test_long_polls_answer_as_soon_as_the_run_changes(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", "sleep 1")]})
    run = sheaf.run(sheaf.run_now(jobs["j"]))
    begin = time.monotonic()
    while run["state"] != "SUCCESS":
        run = sheaf.get(f"/api/sheaf/v1/runs/{run['run_id']}?wait_ms=20000&version={run['version']}")
    assert time.monotonic() - begin < 15
