"""How `sheaf validate` tells what is wrong with a bundle: on a terminal, in a file, to a program."""

import json
import os
import subprocess

import pytest

from cli_program import Cli
from sheaf_daemons import BIN, DEADLINE_S

BUNDLE = """bundle:
  name: wine
resources:
  jobs:
    train:
      max_concurent_runs: 2
      schedule: {quartz_cron_expression: "0 0 25 * * ?", timezone_id: UTC}
      tasks:
        - {task_key: t, command_task: {command: [echo]}, depends_on: [{task_key: nobody}]}
"""


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    return tmp_path


def on_a_terminal(cli, folder, **variables):
    """What `sheaf validate` writes to a terminal as its stderr."""
    mine, its = os.openpty()
    process = subprocess.Popen([BIN / "sheaf", "validate"], cwd=folder, env={**cli.environment(), "TERM": "xterm", **variables},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    written = b""
    while True:
        try:
            piece = os.read(mine, 65536)
        except OSError:  # The other side is closed.
            break
        written += piece
    os.close(mine)
    assert process.wait(DEADLINE_S) == 2
    return written.decode()


def test_all_findings_are_told_in_one_run_with_their_source(cli, folder):
    done = cli("validate", folder=folder, status=2)
    assert "    |\n  6 |       max_concurent_runs: 2\n    |       ^\n" in done.stderr
    assert 'did you mean "max_concurrent_runs"' in done.stderr
    assert "  in databricks.yml:7:42\n" in done.stderr
    assert "nobody" in done.stderr
    assert "Found 2 errors and 1 warning" in done.stdout
    assert "\x1b" not in done.stderr


def test_a_terminal_gets_colours_unless_it_wants_none(cli, folder):
    assert "\x1b[1;31mError" in on_a_terminal(cli, folder)
    assert "\x1b" not in on_a_terminal(cli, folder, NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(cli, folder, TERM="dumb")


def test_a_program_gets_an_object_a_line(cli, folder):
    done = cli("validate", "-o", "json", folder=folder, status=2)
    findings = [json.loads(line) for line in done.stderr.splitlines()]
    assert [finding["severity"] for finding in findings] == ["warning", "error", "error"]
    assert findings[0]["places"] == [{"file": "databricks.yml", "line": 6, "column": 7}]
    assert findings[0]["source_line"] == "      max_concurent_runs: 2"


def test_strict_makes_errors_of_warnings(cli, tmp_path):
    (tmp_path / "databricks.yml").write_text(BUNDLE.replace("25", "5").replace(", depends_on: [{task_key: nobody}]", ""))
    cli("validate", folder=tmp_path)
    assert "Error: unknown field" in cli("validate", "--strict", folder=tmp_path, status=2).stderr
