import json
import math
import socket
import threading

import pytest
from sheaf_runtime import dbutils, scheduler_api
from sheaf_runtime.task_context import current_context
from sheaf_runtime.task_utilities import DBUtils


@pytest.fixture
def task_values():
    return DBUtils().jobs.taskValues


def recorded(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(line.partition("=")[0], json.loads(line.partition("=")[2])) for line in lines]


def test_set_appends_one_line_a_value(in_task, task_values):
    task_values.set("model_update", 1)
    task_values.set(key="metrics", value={"rmse": 0.5, "names": ["Ä", "a\nb"]})
    task_values.set("model_update", True)
    assert recorded(in_task) == [
        ("model_update", 1),
        ("metrics", {"rmse": 0.5, "names": ["Ä", "a\nb"]}),
        ("model_update", True),
    ]
    assert in_task.read_bytes().endswith(b"model_update=true\n")


@pytest.mark.parametrize(
    ("key", "value", "error", "words"),
    [
        ("", 1, ValueError, "1 to 256 bytes"),
        ("k" * 257, 1, ValueError, "257"),
        ("a=b", 1, ValueError, "'='"),
        ("a\nb", 1, ValueError, "line feed"),
        (7, 1, TypeError, "must be text, not int"),
        ("k", {1, 2}, TypeError, "'k' is a set"),
        ("k", math.nan, ValueError, "'k' cannot be written as JSON"),
        ("k", "x" * (48 * 1024), ValueError, "49154 bytes of JSON, the limit is 49152"),
        ("k", "\ud800", ValueError, "'k' cannot be written as JSON"),
    ],
)
def test_set_refuses_what_the_scheduler_would(in_task, task_values, key, value, error, words):
    with pytest.raises(error, match=words):
        task_values.set(key, value)
    assert not in_task.exists()


def test_set_accepts_the_largest_value(in_task, task_values):
    task_values.set("k" * 256, "x" * (48 * 1024 - 2))
    assert len(recorded(in_task)) == 1


def test_set_refuses_the_251st_key_but_not_a_known_one(in_task, task_values):
    for index in range(250):
        task_values.set(f"key{index}", index)
    with pytest.raises(ValueError, match="250"):
        task_values.set("one_more", 1)
    task_values.set("key7", "again")
    assert len(recorded(in_task)) == 251


def test_lines_of_many_threads_stay_whole(in_task, task_values):
    def publish(name):
        for index in range(20):
            task_values.set(name, [index] * 200)

    threads = [threading.Thread(target=publish, args=(f"key{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorded(in_task)) == 160


def test_get_reads_values_of_upstream_tasks(in_task, scheduler, task_values):
    scheduler.values = {"train": {"model_version": "3", "rmse": 0.5, "empty": None}}
    assert task_values.get("train", "model_version") == "3"
    assert task_values.get(taskKey="train", key="rmse", debugValue=9) == 0.5
    assert task_values.get("train", "empty", default=1) is None
    assert len(scheduler.requests) == 1


def test_get_asks_again_for_a_task_that_was_missing(in_task, scheduler, task_values):
    scheduler.values = {"train": {"a": 1}}
    assert task_values.get("train", "a") == 1
    scheduler.values = {"train": {"a": 1}, "other": {"b": 2}}
    assert task_values.get("other", "b") == 2


def test_get_of_what_is_missing_gives_the_default_or_says_what_there_is(in_task, scheduler, task_values):
    scheduler.values = {"train": {"rmse": 0.5}}
    assert task_values.get("train", "nothing", default=0) == 0
    assert task_values.get("nobody", "rmse", default="") == ""
    with pytest.raises(ValueError, match="recorded no value 'nothing'; its values: rmse"):
        task_values.get("train", "nothing", debugValue=1)
    with pytest.raises(ValueError, match="no task 'nobody'.*tasks with values: train"):
        task_values.get("nobody", "rmse")


def test_outside_a_job_set_does_nothing_and_get_wants_a_debug_value(outside_a_task, task_values):
    task_values.set("k", object())
    assert task_values.get("train", "k", debugValue=5) == 5
    assert task_values.get("train", "k", default=1, debugValue=0) == 0
    with pytest.raises(TypeError, match="debugValue"):
        task_values.get("train", "k", default=1)


def test_get_waits_for_a_scheduler_that_is_starting(in_task, scheduler, task_values):
    scheduler.failures = 2
    scheduler.values = {"train": {"a": 1}}
    assert task_values.get("train", "a") == 1
    assert len(scheduler.requests) == 3


def test_get_gives_up_on_a_scheduler_that_stays_away(in_task, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SHEAF_API", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(scheduler_api.SchedulerError, match="did not answer within 0.3 s"):
            scheduler_api.fetch_values(current_context(), total_wait_seconds=0.3)


def test_a_refused_token_is_final(in_task, scheduler, task_values, monkeypatch):
    monkeypatch.setenv("DATABRICKS_TOKEN", "of another attempt")
    with pytest.raises(scheduler_api.SchedulerError, match="401.*no valid token"):
        task_values.get("train", "a", default=1)
    assert len(scheduler.requests) == 1


def test_the_token_does_not_pass_through_a_proxy(in_task, scheduler, task_values, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    scheduler.values = {"train": {"a": 1}}
    assert task_values.get("train", "a") == 1


@pytest.mark.parametrize("url", ["", "127.0.0.1:7437", "file:///etc/passwd"])
def test_an_address_that_is_no_scheduler_is_named(in_task, task_values, monkeypatch, url):
    monkeypatch.setenv("SHEAF_API", url)
    monkeypatch.setenv("DATABRICKS_HOST", url)
    with pytest.raises(scheduler_api.SchedulerError, match="not the URL"):
        task_values.get("train", "a")


@pytest.mark.parametrize(
    "use",
    [
        lambda: dbutils.fs.ls("/"),
        lambda: dbutils.secrets.get("scope", "key"),
        lambda: dbutils.widgets.get("name"),
        lambda: dbutils.notebook.exit("done"),
        lambda: dbutils.library.restartPython(),
    ],
)
def test_parts_that_sheaf_does_not_offer_say_so(use):
    with pytest.raises(NotImplementedError, match="not available in Sheaf"):
        use()


def test_an_unknown_part_is_an_attribute_error():
    assert not hasattr(dbutils, "nonsense")
