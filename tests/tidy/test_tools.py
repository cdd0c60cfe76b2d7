"""The scripts of tools/ that other tests rely on."""

import pathlib
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"

PASSED = '<testsuite><testcase classname="a" name="one"/></testsuite>'
FAILED = '<testsuite><testcase classname="a" name="two"><failure>no</failure></testcase></testsuite>'
SKIPPED = '<testsuites><testsuite><testcase classname="a" name="three"><skipped/></testcase></testsuite></testsuites>'


@pytest.mark.parametrize(
    ("reports", "line", "status"),
    [
        ([PASSED, SKIPPED], "1 passed, 0 failed, 1 skipped", 0),
        ([PASSED, FAILED, PASSED], "2 passed, 1 failed, 0 skipped", 1),
        ([SKIPPED], "0 passed, 0 failed, 1 skipped", 1),
        ([], "0 passed, 0 failed, 0 skipped", 1),
    ],
)
def test_closing_line_counts_every_report(reports, line, status, tmp_path):
    for number, report in enumerate(reports):
        (tmp_path / f"{number}.xml").write_text(report, encoding="utf-8")
    command = [sys.executable, TOOLS / "count_results.py", tmp_path]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.stdout.splitlines()[-1], ended.returncode) == (line, status)


@pytest.mark.parametrize("script", ["bootstrap", "check", "demo", "environment.sh", "test", "../.ci/run"])
def test_script_parses(script):
    assert subprocess.run(["bash", "-n", TOOLS / script], check=False).returncode == 0


@pytest.mark.parametrize("script", ["bootstrap", "check", "demo", "test", "../.ci/run"])
def test_script_is_executable(script):
    assert (TOOLS / script).stat().st_mode & 0o111


def test_unknown_option_is_refused():
    ended = subprocess.run([TOOLS / "test", "--no-such"], capture_output=True, text=True, check=False)
    assert ended.returncode == 64
    assert "tools/test [--all]" in ended.stderr
