"""Every template of `sheaf init` runs as it is: it validates without a word, deploys, and its job succeeds."""

import json
import pathlib
import shutil

import pytest


pytestmark = pytest.mark.daemons

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

# Template → its job, and how its tasks end.
JOBS = {
    "minimal": ("hello", {"count": "SUCCESS", "greet": "SUCCESS"}),
    "python-wheel": ("letters", {"count": "SUCCESS", "has_vowels": "SUCCESS"}),
    "ml-retraining": ("retrain", dict.fromkeys(["compare", "deploy", "model_update", "preprocess", "train"], "SUCCESS")),
    "notebook": ("report", {"count": "SUCCESS", "show": "SUCCESS"}),
}


def init(cli, folder, template):
    cli("init", "--template", template, folder)
    return folder


def states_of(run):
    return {task["task_key"]: task["state"] for task in run["tasks"]}


def test_the_list_names_every_template(cli):
    assert {entry["name"] for entry in cli.json("init", "--list")["templates"]} == set(JOBS)
    listed = cli("init", "--list").stdout
    assert all(name in listed for name in JOBS)
    error = cli("init", "--template", "maximal", status=2).stderr
    assert "maximal" in error and "ml-retraining" in error


def test_folders_that_no_bundle_may_be_called_get_names_of_their_own(cli, tmp_path):
    names = set()
    for folder in ["größe", "大小", "小大", "x" * 250, "x" * 249 + "y", "two words", "2026", ".hidden"]:
        init(cli, tmp_path / folder, "minimal")
        names.add(cli.json("validate", folder=tmp_path / folder)["bundle"]["name"])
    assert len(names) == 8
    assert {"two_words", "2026", "hidden"} < names
    assert max(map(len, names)) < 80


@pytest.mark.parametrize("template", JOBS)
def test_a_template_validates_without_a_word(cli, tmp_path, template):
    folder = init(cli, tmp_path / "first", template)
    done = cli("validate", "--strict", folder=folder)
    assert "Validation OK!" in done.stdout and not done.stderr
    assert cli.json("doctor", folder)["runs"]


@pytest.mark.parametrize("template", JOBS)
def test_a_template_runs_as_it_is(cli, tmp_path, template):
    folder = init(cli, tmp_path / template, template)
    options = ["--var", f"state_root={tmp_path}/state"] if template == "ml-retraining" else []
    job, states = JOBS[template]
    cli("deploy", *options, folder=folder)
    assert "0 to add, 0 to change, 0 to delete" in cli("plan", *options, folder=folder).stdout
    assert {entry["change"] for entry in cli.json("deploy", *options, folder=folder)["jobs"]} == {"unchanged"}
    cli("run", job, *options, folder=folder)
    newest = cli.json("runs", "--job", job, folder=folder)["runs"][0]
    assert states_of(cli.json("runs", newest["run_id"])) == states


def test_a_model_that_is_no_better_is_not_deployed(cli, tmp_path):
    folder = init(cli, tmp_path / "models", "ml-retraining")
    options = ["--var", f"state_root={tmp_path}/state"]
    cli("deploy", *options, folder=folder)
    for parameters in ([], ["--params", "penalty=1000000"]):
        cli("run", "retrain", *parameters, folder=folder)
    runs = cli.json("runs", "--job", "retrain", folder=folder)["runs"]
    ends = [states_of(cli.json("runs", run["run_id"]))["deploy"] for run in runs]
    assert ends == ["EXCLUDED", "SUCCESS"]
    served = json.loads((tmp_path / "state" / "serving" / "current" / "model.json").read_text())
    assert len(served["weights"]) == 4


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_a_plan_of_an_example_is_empty_once_it_is_deployed(cli, tmp_path, example):
    folder = tmp_path / example
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns(".databricks", "dist", "build", "*.egg-info"))
    for _ in range(2):
        cli("deploy", folder=folder)
        plan = cli.json("plan", folder=folder)
        assert {job["action"] for job in plan["plan"].values()} == {"unchanged"}, plan
        assert not any(plan["files"].values())
