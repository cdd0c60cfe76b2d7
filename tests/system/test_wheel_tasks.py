"""python_wheel_task and libraries, from the bundle's folder to a process in an environment."""

import json
import os
import pathlib

import pytest

from cli_program import Cli, Up

pytestmark = pytest.mark.daemons

PYPROJECT = """[build-system]
requires = ["uv_build>=0.9,<1"]
build-backend = "uv_build"

[project]
name = "tally-marks"
version = "2.0"
requires-python = ">=3.9"

[project.entry-points."any.group"]
marks = "tally_marks:main"
"""

MODULE = """import sys


def main():
    print("main", *sys.argv)
    if "fail" in sys.argv:
        raise ValueError("asked to")


def other():
    print("other", *sys.argv)
"""

SCRIPT = """import tally_marks
print("imported", tally_marks.__file__.rpartition("/")[2])
"""


def wheel_task(key, entry_point, **settings):
    return {"task_key": key, "libraries": [{"whl": "./dist/*.whl"}],
            "python_wheel_task": {"package_name": "tally-marks", "entry_point": entry_point, **settings}}


JOBS = {"tally": {
    "name": "tally",
    "parameters": [{"name": "day", "default": "monday"}],
    "tasks": [
        wheel_task("listed", "marks", parameters=["--run", "{{job.parameters.day}}"]),
        wheel_task("named", "marks", named_parameters={"day": "own", "size": "{{task.name}}"}),
        wheel_task("function", "other"),
        wheel_task("failing", "marks", parameters=["fail"]),
        wheel_task("absent", "nothing"),
        {"task_key": "script", "libraries": [{"whl": "./dist/*.whl"}],
         "spark_python_task": {"python_file": "script.py"}},
        {"task_key": "environment", "environment_key": "e", "spark_python_task": {"python_file": "script.py"}},
    ],
    "environments": [{"environment_key": "e", "spec": {"environment_version": "2", "dependencies": ["./dist/*.whl"]}}],
}}


def write(folder, artifacts=None, jobs=JOBS):
    (folder / "src" / "tally_marks").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "tally_marks" / "__init__.py").write_text(MODULE)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "script.py").write_text(SCRIPT)
    document = {"bundle": {"name": "tally"}, "resources": {"jobs": jobs}}
    if artifacts is not None:
        document["artifacts"] = artifacts
    (folder / "databricks.yml").write_text(json.dumps(document, indent=1))
    return folder


BUILD = {"tally": {"type": "whl", "build": "uv build --wheel -q", "path": "."}}


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    made = Cli(tmp_path_factory.mktemp("w") / "home")
    made.variables["UV_CACHE_DIR"] = os.environ.get("UV_CACHE_DIR", str(pathlib.Path.home() / ".cache" / "uv"))
    started = Up(made)
    yield started
    started.stop()


def test_entry_points_parameters_and_libraries_reach_the_process(cli, tmp_path):
    folder = write(tmp_path / "tally", BUILD)
    assert cli.json("deploy", folder=folder)["files"]["sent"] > 0
    run = json.loads(cli("run", "tally", "-o", "json", folder=folder, status=1).stdout)
    states = {task["task_key"]: task["state"] for task in run["tasks"]}
    assert states == {**dict.fromkeys(["listed", "named", "function", "script", "environment"], "SUCCESS"),
                      "failing": "FAILED", "absent": "FAILED"}

    def log(task):
        return cli("logs", run["run_id"], task)

    assert log("listed").stdout == "main tally-marks --run monday\n"
    assert log("named").stdout == "main tally-marks --day=monday --size=named\n"
    assert log("function").stdout == "other tally-marks\n"
    assert log("script").stdout == log("environment").stdout == "imported __init__.py\n"
    assert log("failing").stderr.endswith("ValueError: asked to\n")
    assert "neither an entry point nor a function 'nothing'; its entry points: marks" in log("absent").stderr
    assert cli.json("deploy", folder=folder)["files"]["sent"] == 0


def test_validate_builds_nothing_and_finds_what_no_artifact_builds(cli, tmp_path):
    folder = write(tmp_path / "tally", BUILD)
    assert "Validation OK!" in cli("validate", folder=folder).stdout
    assert not (folder / "dist").exists()
    write(folder)
    errors = cli("validate", folder=folder, status=None).stderr
    assert 'no wheel matches "./dist/*.whl"' in errors and "databricks.yml:" in errors
    write(folder, {"tally": {"type": "jar"}})
    assert 'Sheaf builds no artifact of type "jar"' in cli("validate", folder=folder, status=None).stderr


def test_a_build_that_fails_shows_its_command_status_and_output_and_takes_nothing_away(cli, tmp_path):
    folder = write(tmp_path / "odd [x]", {"tally": {"type": "whl"}})
    assert cli.json("deploy", folder=folder)["files"]["sent"] > 0
    [wheel] = (folder / "dist").glob("*.whl")
    (folder / "pyproject.toml").write_text("[")
    assert "uv build --wheel" in cli("plan", folder=folder, status=2).stderr
    assert wheel.exists()
    folder = write(folder, {"tally": {"type": "whl", "build": "echo half way; echo broken >&2; exit 7"}})
    done = cli("deploy", folder=folder, status=2)
    assert "artifact tally" in done.stderr and "`echo half way; echo broken >&2; exit 7` ended with status 7" in done.stderr
    assert "half way" in done.stderr and "broken" in done.stderr


@pytest.mark.parametrize(("library", "reason"), [
    ({"jar": "a.jar"}, "Sheaf runs no JVM tasks"), ({"maven": {"coordinates": "a:b:1"}}, "Sheaf runs no JVM tasks"),
    ({"cran": {"package": "ada"}}, "Sheaf runs no R tasks"), ({"egg": "a.egg"}, "Build a wheel"),
    ({"pypi": {"package": "a", "repo": "https://b"}}, "UV_DEFAULT_INDEX"), ({"whl": "/Volumes/a.whl"}, "is not a file of the bundle"),
])
def test_libraries_that_cannot_be_installed_are_refused_with_a_reason(cli, tmp_path, library, reason):
    job = {"name": "j", "tasks": [{"task_key": "t", "libraries": [library], "spark_python_task": {"python_file": "script.py"}}]}
    folder = write(tmp_path / "tally", BUILD, {"j": job})
    done = cli("validate", folder=folder, status=None)
    assert done.returncode != 0 and reason in done.stderr
