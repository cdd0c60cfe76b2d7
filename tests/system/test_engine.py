"""Control flow through the real daemons: run_if, for-each, run-job, queue and repair."""

import json
import time

import pytest

from sheaf_daemons import ApiError, command_task, shell_task, wait_for

pytestmark = pytest.mark.daemons


def states(run):
    return {task["task_key"]: task["state"] for task in run["tasks"]}


def test_the_sides_of_a_diamond_decide_what_the_end_of_it_does_under_each_run_if(sheaf):
    rules = ["ALL_SUCCESS", "AT_LEAST_ONE_SUCCESS", "NONE_FAILED", "ALL_DONE", "AT_LEAST_ONE_FAILED", "ALL_FAILED"]
    expected = {  # by exit statuses of the two sides, in the order of the rules
        (0, 0): ["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS", "EXCLUDED", "EXCLUDED"],
        (0, 1): ["UPSTREAM_FAILED", "SUCCESS", "UPSTREAM_FAILED", "SUCCESS", "SUCCESS", "EXCLUDED"],
        (1, 1): ["UPSTREAM_FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", "SUCCESS", "SUCCESS", "SUCCESS"],
    }
    jobs = {}
    for sides in expected:
        tasks = [command_task("top", "true")]
        tasks += [shell_task(name, f"exit {status}", depends_on=[{"task_key": "top"}])
                  for name, status in zip(("left", "right"), sides)]
        tasks += [command_task(f"end_{rule}", "true", run_if=rule,
                               depends_on=[{"task_key": "left"}, {"task_key": "right"}]) for rule in rules]
        jobs[f"d{sides[0]}{sides[1]}"] = {"name": str(sides), "tasks": tasks}
    ids = sheaf.deploy(**jobs)
    runs = {sides: sheaf.run_now(ids[f"d{sides[0]}{sides[1]}"]) for sides in expected}
    for sides, ends in expected.items():
        ended = states(sheaf.wait_run(runs[sides]))
        assert [ended[f"end_{rule}"] for rule in rules] == ends, sides


def for_each(key, inputs, task, concurrency=None, **fields):
    loop = {"inputs": inputs if isinstance(inputs, str) else json.dumps(inputs), "task": task}
    if concurrency:
        loop["concurrency"] = concurrency
    return {"task_key": key, "for_each_task": loop, **fields}


def test_a_for_each_of_a_thousand_with_three_failures_is_repaired(make_sheaf, tmp_path):
    sheaf = make_sheaf(slots=50).start()
    fixed, ran = tmp_path / "fixed", tmp_path / "ran"
    script = (f'echo "$1" >> {ran}; case "$1" in 7|500|999) test -e {fixed};; esac')
    settings = {"name": "j", "tasks": [
        for_each("loop", list(range(1000)), command_task("each", "sh", "-c", script, "sh", "{{input}}"), 50),
        command_task("after", "true", depends_on=[{"task_key": "loop"}])]}
    jobs = sheaf.deploy(j=settings)
    run_id = sheaf.run_now(jobs["j"])
    run = sheaf.wait_run(run_id, 300)
    assert run["state"] == "FAILED"
    loop = sheaf.task(run, "loop")
    assert loop["iterations"] == {"total": 1000, "waiting": 0, "active": 0, "succeeded": 997, "failed": 3}
    assert loop["message"] == "3 of 1000 iterations did not succeed"
    assert sheaf.task(run, "after")["state"] == "UPSTREAM_FAILED"
    public = sheaf.get(f"/api/2.2/jobs/runs/get?run_id={loop['run_id']}")
    assert len(public["iterations"]) == 100 and public["next_page_token"] == "100"
    statistics = public["tasks"][0]["for_each_task"]["stats"]["task_run_stats"]
    assert (statistics["failed_iterations"], statistics["total_iterations"]) == (3, 1000)
    listed = sheaf.get(f"/api/sheaf/v1/runs/{run_id}/tasks/loop/iterations?first=0&limit=1000")["iterations"]
    assert [entry["index"] for entry in listed if entry["state"] != "SUCCESS"] == [7, 500, 999]
    assert sorted(map(int, ran.read_text().split())) == list(range(1000))

    fixed.touch()
    repair = sheaf.post("/api/2.2/jobs/runs/repair", {"run_id": run_id, "rerun_all_failed_tasks": True})
    run = sheaf.wait_run(run_id)
    assert run["state"] == "SUCCESS"
    assert sheaf.task(run, "loop")["iterations"]["succeeded"] == 1000
    assert sorted(map(int, ran.read_text().split()[1000:])) == [7, 500, 999]
    history = sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run_id}&include_history=true")["repair_history"]
    assert [entry["type"] for entry in history] == ["ORIGINAL", "REPAIR"]
    assert history[1]["id"] == repair["repair_id"]
    assert history[0]["state"]["result_state"] == "FAILED" and history[1]["state"]["result_state"] == "SUCCESS"


def test_inputs_of_a_file_and_of_a_task_value_reach_the_iterations(sheaf):
    files = {"inputs.jsonl": b'{"name": "a", "n": 1}\n{"name": "b", "n": 2}\n'}
    settings = {"name": "j", "tasks": [
        {"task_key": "file", "for_each_task": {"sheaf": {"inputs_file": "inputs.jsonl"},
                                               "task": command_task("one", "echo", "{{input.name}}={{input.n}}")}},
        shell_task("list", "echo 'regions=[\"eu\", \"us\"]' >> \"$SHEAF_TASK_VALUES\""),
        for_each("value", "{{tasks.list.values.regions}}", command_task("region", "echo", "to {{input}}"),
                 depends_on=[{"task_key": "list"}])]}
    jobs = sheaf.deploy(files=files, j=settings)
    run = sheaf.wait_run(sheaf.run_now(jobs["j"]))
    assert run["state"] == "SUCCESS", run
    written = {}
    for task in ("file", "value"):
        listed = sheaf.get(f"/api/sheaf/v1/runs/{run['run_id']}/tasks/{task}/iterations")["iterations"]
        written[task] = [sheaf.logs(entry["run_id"]) for entry in listed]
    assert written == {"file": [b"a=1\n", b"b=2\n"], "value": [b"to eu\n", b"to us\n"]}


def test_who_follows_a_large_run_costs_a_small_part_of_a_thread(sheaf):
    iterations = 100_000
    settings = {"name": "j", "tasks": [{"task_key": "loop", "for_each_task": {
        "sheaf": {"inputs_file": "inputs"}, "concurrency": 2, "task": command_task("one", "true")}}]}
    jobs = sheaf.deploy(files={"inputs": b"1\n" * iterations}, j=settings)
    run = sheaf.run_now(jobs["j"])

    def seconds_of(question):
        begin = time.monotonic()
        version = sheaf.get(f"/api/sheaf/v1/runs/{run}{question}")["version"]
        return time.monotonic() - begin, version

    cost = min(seconds_of("")[0] for _ in range(3))
    first, version = seconds_of("?wait_ms=20000&version=0")
    second, _ = seconds_of(f"?wait_ms=20000&version={version}")
    assert min(first, second) > 4 * cost, (first, second, cost)
    sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run})
    assert sheaf.wait_run(run)["state"] == "CANCELED"


def started_runs(sheaf, job):
    return [run["run_id"] for run in sheaf.get(f"/api/sheaf/v1/runs?job_id={job}&limit=100")["runs"]]


def test_a_run_job_task_three_levels_deep_is_cancelled_from_the_top(sheaf, tmp_path):
    pid_file = tmp_path / "pid"

    def call(key):
        return {"task_key": "call", "run_job_task": {"job_id": "${resources.jobs." + key + ".id}"}}

    jobs = sheaf.deploy(
        top={"name": "top", "tasks": [call("middle")]},
        middle={"name": "middle", "tasks": [call("lower")]},
        lower={"name": "lower", "tasks": [call("bottom")]},
        bottom={"name": "bottom", "tasks": [shell_task("work", f"echo $$ > {pid_file}; exec sleep 600")]})
    top = sheaf.run_now(jobs["top"])
    wait_for(lambda: pid_file.exists() and pid_file.read_text().strip(), "the deepest task runs")
    (bottom,) = started_runs(sheaf, jobs["bottom"])
    assert sheaf.run(bottom)["trigger"]["kind"] == "RUN_JOB_TASK"
    sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": top})
    for run_id in [top] + [started_runs(sheaf, jobs[key])[0] for key in ("middle", "lower", "bottom")]:
        assert sheaf.wait_run(run_id)["state"] == "CANCELED"


def test_a_run_job_task_hands_its_parameters_down_and_gives_the_run_it_started(sheaf):
    jobs = sheaf.deploy(
        parent={"name": "parent", "parameters": [{"name": "region", "default": "eu"}],
                "tasks": [{"task_key": "call", "run_job_task": {
                    "job_id": "${resources.jobs.child.id}", "job_parameters": {"asked_by": "{{job.run_id}}"}}}]},
        child={"name": "child", "parameters": [{"name": "region", "default": "us"}, {"name": "asked_by", "default": ""}],
               "tasks": [command_task("say", "echo", "{{job.parameters.region}} {{job.parameters.asked_by}}")]})
    run = sheaf.wait_run(sheaf.run_now(jobs["parent"]))
    assert run["state"] == "SUCCESS"
    child = sheaf.run(sheaf.task(run, "call")["child_run_id"])
    assert sheaf.logs(sheaf.task(child, "say")["run_id"]) == f"eu {run['run_id']}\n".encode()
    output = sheaf.get(f"/api/2.2/jobs/runs/get-output?run_id={sheaf.task(run, 'call')['run_id']}")
    assert output["run_job_output"] == {"run_id": child["run_id"]}


def test_runs_wait_behind_max_concurrent_runs_over_a_restart_in_their_order(sheaf, tmp_path):
    gate = tmp_path / "gate"
    jobs = sheaf.deploy(j={"name": "j", "tasks": [shell_task("t", f"until test -e {gate}; do sleep 0.02; done")]})
    runs = [sheaf.run_now(jobs["j"]) for _ in range(4)]
    wait_for(lambda: sheaf.run(runs[0])["tasks"][0]["state"] == "RUNNING", "the first run is under way")
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    assert [sheaf.run(run)["state"] for run in runs] == ["RUNNING", "QUEUED", "QUEUED", "QUEUED"]
    assert sheaf.run(runs[3])["queue_position"] == 3
    gate.touch()
    ended = [sheaf.wait_run(run) for run in runs]
    assert [run["state"] for run in ended] == ["SUCCESS"] * 4
    starts = [run["start_time"] for run in ended]
    assert starts == sorted(starts)


def test_a_repair_after_a_fix_was_deployed_runs_the_fix(sheaf):
    def settings(script):
        return {"name": "j", "tasks": [shell_task("prep", "echo prepared"),
                                       shell_task("train", script, depends_on=[{"task_key": "prep"}]),
                                       shell_task("deploy", "echo deployed", depends_on=[{"task_key": "train"}])]}

    jobs = sheaf.deploy(j=settings("echo broken; exit 3"))
    run_id = sheaf.run_now(jobs["j"])
    before = sheaf.wait_run(run_id)
    assert states(before) == {"prep": "SUCCESS", "train": "FAILED", "deploy": "UPSTREAM_FAILED"}
    sheaf.deploy(j=settings("echo fixed"))
    sheaf.post("/api/2.2/jobs/runs/repair", {"run_id": run_id, "rerun_all_failed_tasks": True})
    after = sheaf.wait_run(run_id)
    assert states(after) == {"prep": "SUCCESS", "train": "SUCCESS", "deploy": "SUCCESS"}
    assert sheaf.task(after, "prep")["run_id"] == sheaf.task(before, "prep")["run_id"]
    assert sheaf.task(after, "train")["run_id"] != sheaf.task(before, "train")["run_id"]
    assert sheaf.logs(sheaf.task(after, "train")["run_id"]) == b"fixed\n"
    with pytest.raises(ApiError) as refused:
        sheaf.post("/api/2.2/jobs/runs/repair", {"run_id": run_id, "rerun_tasks": ["train"]})
    assert refused.value.status == 409 and "latest_repair_id" in refused.value.body["message"]


def test_a_repaired_run_goes_on_after_the_scheduler_was_killed(sheaf, tmp_path):
    gate, fixed = tmp_path / "gate", tmp_path / "fixed"
    script = f"test -e {fixed} || exit 1; until test -e {gate}; do sleep 0.02; done"
    jobs = sheaf.deploy(j={"name": "j", "tasks": [
        for_each("loop", [1, 2, 3], shell_task("each", script), 2), command_task("end", "true", depends_on=[{"task_key": "loop"}])]})
    run_id = sheaf.run_now(jobs["j"])
    assert sheaf.wait_run(run_id)["state"] == "FAILED"
    fixed.touch()
    sheaf.post("/api/2.2/jobs/runs/repair", {"run_id": run_id, "rerun_all_failed_tasks": True})
    wait_for(lambda: sheaf.task(sheaf.run(run_id), "loop")["iterations"]["active"] == 2, "iterations run again")
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    gate.touch()
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"


def test_only_the_selected_tasks_run(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [
        command_task("a", "true"), command_task("b", "true", depends_on=[{"task_key": "a"}]),
        command_task("c", "true", depends_on=[{"task_key": "b"}])]})
    run_id = sheaf.post("/api/2.2/jobs/run-now", {"job_id": jobs["j"], "only": ["b+"]})["run_id"]
    assert states(sheaf.wait_run(run_id)) == {"a": "DISABLED", "b": "SUCCESS", "c": "SUCCESS"}
    with pytest.raises(ApiError) as refused:
        sheaf.post("/api/2.2/jobs/run-now", {"job_id": jobs["j"], "only": ["bb"]})
    assert refused.value.status == 400 and 'no task "bb"' in refused.value.body["message"]


def test_one_task_of_a_run_is_cancelled(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [
        command_task("slow", "sleep", "600"), command_task("next", "true", depends_on=[{"task_key": "slow"}]),
        command_task("clean", "true", run_if="ALL_DONE", depends_on=[{"task_key": "slow"}])]})
    run_id = sheaf.run_now(jobs["j"])
    slow = wait_for(lambda: next((task for task in sheaf.run(run_id)["tasks"] if task["state"] == "RUNNING"), None), "it runs")
    sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": slow["run_id"]})
    assert states(sheaf.wait_run(run_id)) == {"slow": "CANCELED", "next": "UPSTREAM_CANCELED", "clean": "SUCCESS"}


def test_a_one_time_run_needs_no_job_and_its_token_starts_one(sheaf):
    body = {"run_name": "once", "idempotency_token": "once-1", "tasks": [command_task("t", "echo", "once")]}
    first, second = (sheaf.post("/api/2.2/jobs/runs/submit", body)["run_id"] for _ in range(2))
    assert first == second
    run = sheaf.wait_run(first)
    assert run["state"] == "SUCCESS" and sheaf.logs(sheaf.task(run, "t")["run_id"]) == b"once\n"
    assert sheaf.get(f"/api/2.2/jobs/runs/get?run_id={first}")["run_type"] == "SUBMIT_RUN"
    sheaf.post("/api/2.2/jobs/runs/delete", {"run_id": first})
    with pytest.raises(ApiError) as gone:
        sheaf.run(first)
    assert gone.value.status == 404
    with pytest.raises(ApiError) as refused:
        sheaf.post("/api/2.2/jobs/runs/submit", body)
    assert refused.value.status == 409


@pytest.mark.parametrize("field, value", [
    ("schedule", {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC"}),
    ("sheaf", {"hooks": [{"name": "drift", "secret": "stored"}]}),
    ("run_name", "a\0b"),
])
def test_a_one_time_run_refuses_what_it_could_not_heed(sheaf, field, value):
    with pytest.raises(ApiError) as refused:
        sheaf.post("/api/2.2/jobs/runs/submit", {"run_name": "once", "tasks": [command_task("t", "true")], field: value})
    assert refused.value.status == 400
    assert refused.value.body["message"].startswith({"sheaf": "sheaf.hooks", "run_name": "name"}.get(field, field) + ":")


def test_all_runs_of_a_job_are_cancelled(sheaf):
    jobs = sheaf.deploy(j={"name": "j", "tasks": [command_task("t", "sleep", "600")]})
    runs = [sheaf.run_now(jobs["j"]) for _ in range(3)]
    sheaf.post("/api/2.2/jobs/runs/cancel-all", {"job_id": jobs["j"]})
    assert [sheaf.wait_run(run)["state"] for run in runs] == ["CANCELED"] * 3


def test_a_retry_waits_with_back_off_and_only_for_the_ends_that_it_names(sheaf, tmp_path):
    count = tmp_path / "count"
    retry = {"retry": {"backoff": {"initial_seconds": 1, "max_seconds": 1}, "only_on": [3]}}
    jobs = sheaf.deploy(
        j={"name": "j", "tasks": [shell_task("t", f"echo x >> {count}; exit 3", max_retries=2, sheaf=retry)]},
        k={"name": "k", "tasks": [shell_task("t", "exit 4", max_retries=2, sheaf=retry)]})
    run = sheaf.wait_run(sheaf.run_now(jobs["j"]))
    assert len(sheaf.task(run, "t")["attempts"]) == 3 and count.read_text() == "x\n" * 3
    run = sheaf.wait_run(sheaf.run_now(jobs["k"]))
    assert len(sheaf.task(run, "t")["attempts"]) == 1


def test_resolved_values_are_told_of_what_has_begun(sheaf):
    parent = {"name": "parent", "parameters": [{"name": "level", "default": "7"}], "tasks": [
        shell_task("first", 'echo "n=5" >> "$SHEAF_TASK_VALUES"'),
        {"task_key": "big", "depends_on": [{"task_key": "first"}],
         "condition_task": {"op": "GREATER_THAN", "left": "{{tasks.first.values.n}}", "right": "{{job.parameters.level}}"}},
        command_task("never", "true", depends_on=[{"task_key": "big", "outcome": "true"}]),
        command_task("told", "echo", "{{tasks.first.values.n}}", "{{job.run_id}}", depends_on=[{"task_key": "first"}]),
        {"task_key": "each", "for_each_task": {"inputs": '["a", "b"]', "concurrency": 2,
                                               "task": command_task("one", "echo", "{{input}}-{{job.parameters.level}}")}},
    ]}
    jobs = sheaf.deploy(parent=parent)
    run = sheaf.wait_run(sheaf.run_now(jobs["parent"]))
    run_id = run["run_id"]

    def resolved(answer, key="tasks"):
        return {task["task_key"]: task.get("resolved_values") for task in answer[key]}

    answer = sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run_id}&include_resolved_values=true")
    found = resolved(answer)
    assert found["big"] == {"condition_task": {"left": "5", "right": "7"}}
    assert found["told"] == {"command_task": {"command": ["echo", "5", str(run_id)]}}
    assert found["never"] is None and found["each"] is None
    assert "resolved_values" not in sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run_id}")["tasks"][3]
    each = next(task["run_id"] for task in answer["tasks"] if task["task_key"] == "each")
    iterations = sheaf.get(f"/api/2.2/jobs/runs/get?run_id={each}&include_resolved_values=true")["iterations"]
    assert [entry["resolved_values"]["command_task"]["command"][1] for entry in iterations] == ["a-7", "b-7"]
    with pytest.raises(ApiError) as refused:
        sheaf.get(f"/api/2.2/jobs/runs/get?run_id={run_id}&include_resolved_values=maybe")
    assert refused.value.status == 400
