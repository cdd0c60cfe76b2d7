"""What `sheaf doctor` says of a bundle that was written for somewhere else."""

import pytest

from cli_program import Cli

BUNDLE = """bundle:
  name: wine
targets:
  prod: {}
  dev: {}
include: [jobs.yml]
"""
JOBS = """resources:
  pipelines:
    lake: {name: lake}
  jobs:
    wine:
      trigger: {periodic: {interval: 1, unit: DAYS}}
      tasks:
        - task_key: train
          spark_python_task: {python_file: src/train.py}
        - task_key: clean
          spark_python_task: {python_file: src/clean.py}
        - task_key: report
          sql_task: {warehouse_id: "1"}
        - task_key: show
          notebook_task: {notebook_path: src/show}
    other:
      tasks:
        - {task_key: t, command_task: {command: [echo]}}
"""
CLEAN = '''"""Reads /Volumes/x and import pandas."""
import os
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()  # dbutils.fs
spark.table("main.wine.red").toPandas().to_csv("/Volumes/main/wine/red.csv")
'''
NOTEBOOK = '{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "dbutils.secrets.get(\\"a\\", \\"b\\")"]}]}'


@pytest.fixture
def cli(tmp_path):
    return Cli(tmp_path / "home")


@pytest.fixture
def folder(tmp_path):
    bundle = tmp_path / "bundle"
    (bundle / "src").mkdir(parents=True)
    (bundle / "databricks.yml").write_text(BUNDLE)
    (bundle / "jobs.yml").write_text(JOBS)
    (bundle / "src" / "train.py").write_text("import json\nimport sklearn.svm\n")
    (bundle / "src" / "clean.py").write_text(CLEAN)
    (bundle / "src" / "show.ipynb").write_text(NOTEBOOK)
    return bundle


def task_of(report, job, key):
    tasks = next(entry for entry in report["jobs"] if entry["key"] == job)["tasks"]
    return next(task for task in tasks if task["key"] == key)


def test_every_task_gets_a_verdict_with_its_reasons_and_their_places(cli, folder):
    report = cli.json("doctor", folder, status=2)
    assert (report["bundle"], report["target"], report["runs"]) == ("wine", "prod", False)
    assert [finding["path"] for finding in report["findings"]] == ["resources.pipelines.lake"]
    wine = report["jobs"][1] if report["jobs"][0]["key"] == "other" else report["jobs"][0]
    assert (wine["verdict"], wine["reasons"][0]["place"]["line"]) == ("refused", 6)
    assert task_of(report, "wine", "train")["text"] == "runs with dependencies: [scikit-learn]"
    clean = task_of(report, "wine", "clean")
    assert clean["text"] == "needs Spark, tables, volumes"
    places = {reason["summary"]: (reason["place"]["file"], reason["place"]["line"]) for reason in clean["reasons"]}
    assert places["table main.wine.red"] == ("src/clean.py", 6)
    assert places["/Volumes/main/wine/red.csv"] == ("src/clean.py", 6)
    assert task_of(report, "wine", "report")["text"] == "needs a SQL warehouse"
    show = task_of(report, "wine", "show")
    secret = next(reason for reason in show["reasons"] if reason["summary"] == "secret a/b")
    assert secret["place"] == {"file": "src/show.ipynb", "line": 2, "cell": 1}
    assert task_of(report, "other", "t")["verdict"] == "runs"


def test_people_get_a_table_and_what_to_do(cli, folder):
    done = cli("doctor", folder, status=2)
    assert "No target is the default one: looking at the first, prod." in done.stderr
    assert "pipelines" in done.stderr
    assert "`trigger` is not supported" in done.stdout and "`trigger` is not supported" not in done.stderr
    assert "src/train.py:2" in done.stdout and "src/show.ipynb:cell 1:2" in done.stdout
    assert "What to do:" in done.stdout and "5 tasks: 1 as it is" in done.stdout


def test_a_target_may_be_named_and_the_folder_left_out(cli, folder):
    done = cli("doctor", "-t", "dev", folder=folder / "src", status=2)
    assert "Target: dev" in done.stdout and "default" not in done.stderr


def test_status_0_when_everything_runs_apart_from_packages(cli, folder):
    (folder / "jobs.yml").write_text(
        "resources: {jobs: {wine: {tasks: [{task_key: t, spark_python_task: {python_file: src/train.py}}]}}}\n")
    assert "runs with dependencies: [scikit-learn]" in cli("doctor", folder).stdout


def test_a_bundle_that_cannot_be_read_is_its_findings(cli, folder):
    (folder / "databricks.yml").write_text("bundle: [\n")
    assert "Error: " in cli("doctor", folder, status=2).stderr
    assert cli.json("doctor", folder, status=2)["findings"]
    assert "databricks.yml" in cli("doctor", folder.parent, status=2).stderr


def test_control_characters_of_a_foreign_bundle_do_not_steer_the_terminal(cli, folder):
    (folder / "src" / "train.py").write_text('spark.table("a\\x1b[31m")\nspark.table("b\x1b[31m")\n')
    assert "\x1b" not in cli("doctor", folder, status=2).stdout


def test_code_that_is_no_utf8_makes_no_broken_json(cli, folder):
    (folder / "src" / "train.py").write_bytes(b'# coding: latin-1\nspark.table("wine_\xff")\n')
    assert "table wine_\ufffd" in str(cli.json("doctor", folder, status=2))


@pytest.mark.parametrize("code, problem", [
    (b"\xef\xbb\xbfprint(1)\n", None),
    (b"# -*- coding: latin-1 -*-\nprint('\xe9')\n", None),
    (b"print('\xe9')\n", "it is not UTF-8 and names no other encoding"),
    ("print(1)\n".encode("utf-16"), "it holds null bytes and is no Python source"),
])
def test_a_file_that_python_would_not_take_does_not_run(cli, folder, code, problem):
    (folder / "databricks.yml").write_text(
        "bundle: {name: one}\nresources: {jobs: {j: {tasks: [{task_key: t, spark_python_task: {python_file: src/a.py}}]}}}\n")
    (folder / "src" / "a.py").write_bytes(code)
    report = cli.json("doctor", folder, status=2 if problem else 0)
    assert report["runs"] == (problem is None)
    assert (problem or "") in str(report)
