"""The whole job, for real: weak champion, better model, equal model, worse model."""

import json

import pytest

WEAK = {"n_estimators": "5", "max_depth": "1"}
BETTER = {"n_estimators": "60", "max_depth": "10"}
WORSE = {"n_estimators": "5", "max_depth": "2"}
A_WINE = {
    "fixed acidity": 7.4,
    "volatile acidity": 0.7,
    "citric acid": 0.0,
    "residual sugar": 1.9,
    "chlorides": 0.076,
    "free sulfur dioxide": 11.0,
    "total sulfur dioxide": 34.0,
    "density": 0.9978,
    "pH": 3.51,
    "sulphates": 0.56,
    "alcohol": 9.4,
}
ALIASES = "{a: str(v) for a, v in client.get_registered_model('wine_quality').aliases.items()}"


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def assert_results(run, **expected):
    assert run.results == expected, "\n".join(run.outputs.values())


@pytest.mark.slow
def test_a_better_model_replaces_the_champion_and_others_do_not(bundle, serving, ask_mlflow):
    before = files_of(bundle.tree)
    everything = dict.fromkeys(["preprocess", "train", "compare", "model_update", "deploy"], "SUCCESS")
    no_deploy = {**everything, "deploy": "EXCLUDED"}

    first = bundle.run(**WEAK)
    assert_results(first, **everything)
    assert first.values["compare"]["champion_rmse"] is None
    assert ask_mlflow(ALIASES) == {"champion": "1"}
    assert str((serving / "current").readlink()) == "1"

    second = bundle.run("periodic", **BETTER)
    assert_results(second, **everything)
    compared = second.values["compare"]
    assert compared["champion_rmse"] == first.values["compare"]["candidate_rmse"]
    assert compared["candidate_rmse"] < compared["champion_rmse"] - 0.002
    assert ask_mlflow(ALIASES) == {"champion": "2"}
    assert str((serving / "current").readlink()) == "2"

    again = bundle.run("hook", **BETTER, reason="alcohol has drifted, PSI 0.31")
    assert_results(again, **no_deploy)
    assert again.values["compare"]["candidate_rmse"] == compared["candidate_rmse"]

    worse = bundle.run(**WORSE)
    assert_results(worse, **no_deploy)
    assert worse.values["compare"]["candidate_rmse"] > compared["candidate_rmse"]
    assert ask_mlflow(ALIASES) == {"champion": "2"}
    assert str((serving / "current").readlink()) == "2"
    assert sorted(path.name for path in serving.iterdir()) == ["1", "2", "current"]

    tags = "{str(v.version): [v.tags['reason'], v.tags['trigger'], v.tags['job_run_id']] "
    versions = ask_mlflow(tags + "for v in client.search_model_versions(\"name = 'wine_quality'\")}")
    assert versions == {
        "1": ["routine", "one_time", "1001"],
        "2": ["routine", "periodic", "1002"],
        "3": ["alcohol has drifted, PSI 0.31", "hook", "1003"],
        "4": ["routine", "one_time", "1004"],
    }
    run_id = again.values["train"]["mlflow_run_id"]
    run = ask_mlflow(f"client.get_run('{run_id}').to_dictionary()")
    assert run["data"]["tags"]["reason"] == "alcohol has drifted, PSI 0.31"
    assert run["data"]["tags"]["mlflow.databricks.jobRunID"] == "1003"
    assert run["data"]["params"]["max_depth"] == "10"
    assert run["data"]["metrics"]["test_rmse"] == again.values["compare"]["candidate_rmse"]
    assert run["info"]["status"] == "FINISHED"

    release = json.loads((serving / "current" / "release.json").read_text())
    assert release["version"] == 2
    assert release["test_rmse"] == compared["candidate_rmse"]
    load = f"__import__('mlflow.pyfunc').pyfunc.load_model({str(serving / 'current' / 'model')!r})"
    (quality,) = ask_mlflow(f"list({load}.predict(__import__('pandas').DataFrame([{A_WINE}])))")
    assert 4 < quality < 7
    assert files_of(bundle.tree) == before


@pytest.mark.slow
def test_a_repeated_attempt_changes_nothing(bundle, serving, ask_mlflow):
    run = bundle.run(**WEAK)
    published = json.dumps(run.values, sort_keys=True)
    tasks = {task["task_key"]: task for task in bundle.job["tasks"]}
    for key in ("train", "compare", "deploy"):
        (bundle.folder / f"attempt-{run.run_id}-{key}").rename(bundle.folder / f"first-{key}")
        assert run.start(tasks[key]) == "SUCCESS", run.outputs[key]
    # What compare sees has changed: the model that it judges is the champion by now.
    assert run.values["compare"].pop("champion_rmse") == run.values["compare"]["candidate_rmse"]
    assert run.values["compare"].pop("model_update") == 0
    expected = json.loads(published)
    del expected["compare"]["champion_rmse"], expected["compare"]["model_update"]
    assert run.values == expected
    assert ask_mlflow("len(client.search_model_versions(\"name = 'wine_quality'\"))") == 1
    assert ask_mlflow(ALIASES) == {"champion": "1"}


@pytest.mark.slow
def test_a_train_attempt_that_was_cut_off_does_not_count_as_running(bundle, ask_mlflow):
    run = bundle.run(**WEAK)
    (key,) = ask_mlflow("[v.tags['training_key'] for v in client.search_model_versions()]")
    experiment = "client.get_experiment_by_name('wine_retraining').experiment_id"
    cut_off = ask_mlflow(f"client.create_run({experiment}, tags={{'training_key': '{key}'}}).info.run_id")
    ask_mlflow("client.delete_model_version('wine_quality', '1')")

    (bundle.folder / f"attempt-{run.run_id}-train").rename(bundle.folder / "first-train")
    (task,) = [task for task in bundle.job["tasks"] if task["task_key"] == "train"]
    assert run.start(task) == "SUCCESS", run.outputs["train"]
    assert run.values["train"]["mlflow_run_id"] != cut_off
    assert ask_mlflow(f"client.get_run('{cut_off}').info.status") == "KILLED"


def test_a_deploy_that_died_half_way_is_finished_by_the_next(bundle, serving, ask_mlflow):
    (serving / ".unfinished-abc" / "model").mkdir(parents=True)
    (serving / "current.new").symlink_to("7")
    run = bundle.run(**WEAK)
    assert run.results["deploy"] == "SUCCESS", run.outputs["deploy"]
    assert sorted(path.name for path in serving.iterdir()) == ["1", "current"]
    assert str((serving / "current").readlink()) == "1"
    assert ask_mlflow(ALIASES) == {"champion": "1"}


def test_data_that_would_train_nonsense_fails_the_run(bundle, tmp_path):
    lines = (bundle.tree / "data" / "winequality-red.csv").read_text().splitlines()
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join([lines[0], *(line.replace(";9.4;", ";;", 1) for line in lines[1:])]))
    bundle.variables["data_path"] = str(broken)
    run = bundle.run()
    assert run.results["preprocess"] == "FAILED"
    assert "columns with missing values: alcohol" in run.outputs["preprocess"]
    assert run.results["deploy"] == "UPSTREAM_FAILED"
