import json
import subprocess
import sys
from pathlib import Path

import pytest
import sheaf_runtime

SOURCE = Path(__file__).resolve().parent.parent / "src"


@pytest.fixture
def in_stream(tmp_path, monkeypatch):
    """Puts this process into a stream of four inputs; gives what it has recorded."""
    inputs, outcomes = tmp_path / "in", tmp_path / "out"
    values = ["a", {"b": "ä\n"}, None, [1, 2.5]]
    inputs.write_text("".join(json.dumps({"index": 10 + i, "input": value}) + "\n" for i, value in enumerate(values)))
    monkeypatch.setenv("SHEAF_STREAM_INPUT", str(inputs))
    monkeypatch.setenv("SHEAF_STREAM_OUTPUT", str(outcomes))
    return lambda: [json.loads(line) for line in outcomes.read_text().splitlines()]


def ok(index):
    return {"index": index, "ok": True}


def test_the_end_of_the_body_is_a_success(in_stream):
    seen = []
    for item in sheaf_runtime.stream():
        seen.append((item.index, item.input))
        # What came before is written by now: a kill loses nothing of it.
        assert in_stream() == [{"ready": True}, *(ok(index) for index, _ in seen[:-1])]
    assert seen == [(10, "a"), (11, {"b": "ä\n"}), (12, None), (13, [1, 2.5])]
    assert in_stream() == [{"ready": True}, ok(10), ok(11), ok(12), ok(13)]


def test_the_body_may_say_how_it_ended(in_stream):
    for item in sheaf_runtime.stream():
        if item.index == 11:
            item.fail("no such ä")
        elif item.index == 12:
            item.fail(ValueError("bad"))
        else:
            item.done()
    assert in_stream()[1:] == [
        ok(10),
        {"index": 11, "ok": False, "error": "no such ä"},
        {"index": 12, "ok": False, "error": "ValueError: bad"},
        ok(13),
    ]


def test_an_exception_leaves_its_item_without_an_outcome(in_stream):
    with pytest.raises(ZeroDivisionError):
        for item in sheaf_runtime.stream():
            if item.index == 11:
                1 / 0
    assert in_stream()[1:] == [ok(10)]


def test_break_leaves_its_item_without_an_outcome(in_stream):
    for item in sheaf_runtime.stream():
        if item.index == 12:
            break
    assert in_stream()[1:] == [ok(10), ok(11)]


def test_the_first_outcome_of_an_item_counts(in_stream):
    items = sheaf_runtime.stream()
    item = next(items)
    item.done()
    with pytest.raises(RuntimeError, match="iteration 10 has an outcome already"):
        item.fail("late")


def test_run_stream_goes_on_behind_a_failed_item(in_stream, capsys):
    def function(value):
        if value is None:
            raise KeyError("missing")

    assert sheaf_runtime.run_stream(function) == 1
    assert in_stream()[1:] == [ok(10), ok(11), {"index": 12, "ok": False, "error": "KeyError: 'missing'"}, ok(13)]
    assert "Traceback" in capsys.readouterr().err


def test_a_long_error_is_cut(in_stream):
    for item in sheaf_runtime.stream():
        item.fail("x" * 5000)
    assert all(len(line["error"]) == 1024 for line in in_stream()[1:])


def test_run_stream_lets_an_exit_pass(in_stream):
    with pytest.raises(SystemExit):
        sheaf_runtime.run_stream(lambda value: sys.exit(3))
    assert in_stream() == [{"ready": True}]


def test_outside_a_stream_it_says_so(monkeypatch):
    monkeypatch.delenv("SHEAF_STREAM_INPUT", raising=False)
    with pytest.raises(RuntimeError, match="mode: stream"):
        next(iter(sheaf_runtime.stream()))


def test_a_process_that_is_killed_has_recorded_what_was_over(in_stream, tmp_path):
    code = (
        "import os, signal, sheaf_runtime\n"
        "for item in sheaf_runtime.stream():\n"
        "    if item.index == 12: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PYTHONPATH": str(SOURCE),
            "SHEAF_STREAM_INPUT": str(tmp_path / "in"),
            "SHEAF_STREAM_OUTPUT": str(tmp_path / "out"),
        },
        check=False,
        timeout=60,
    )
    assert done.returncode == -9
    assert in_stream() == [{"ready": True}, ok(10), ok(11)]
