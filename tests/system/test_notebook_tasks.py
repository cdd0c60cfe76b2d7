"""Notebooks and the wheel that they import, from the bundle's folder to a process: examples/coffee_orders."""

import json
import os
import pathlib
import shutil
import subprocess
import urllib.request

import pytest

from cli_program import Cli, Up
from sheaf_daemons import is_running, wait_for

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "coffee_orders"
RUN_S = 300

FAILING = """# Databricks notebook source
print("the first cell")

# COMMAND ----------
# DBTITLE 1,Divide
def share(cups):
    return 1 / cups

share(0)

# COMMAND ----------
print("never reached")
"""

ODD = """# Databricks notebook source
# MAGIC %sql
# MAGIC SELECT 1
"""

LOUD = """# Databricks notebook source
displayHTML("<script src=http://elsewhere/a.js></script><img src=http://elsewhere/a.png onerror=act()><b onclick=act()>bold</b>")
"""

UNBALANCED = """# Databricks notebook source
print("before it")

# COMMAND ----------
# MAGIC %pip install 'torch
"""

CHILD = """# Databricks notebook source
print("asked for", dbutils.widgets.get("drink"))
dbutils.notebook.exit(dbutils.widgets.get("drink").upper())
"""

PARENT = """# Databricks notebook source
result = dbutils.notebook.run("./child", 120, {"drink": "mocha"})
context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()
tags = json.loads(context.toJson())["tags"] if "json" in globals() else None

# COMMAND ----------
import json, os
assert context.currentRunId().get() == os.environ["SHEAF_ATTEMPT_ID"]
assert dbutils.widgets.getArgument("absent", "x") == "x"
print("left over:", "leftover" in globals())
leftover = 1

# COMMAND ----------
dbutils.library.restartPython()

# COMMAND ----------
assert "leftover" not in globals()
assert dbutils.widgets.get("day") == "friday"
dbutils.notebook.exit("restarted")
"""

SLEEPING = """# Databricks notebook source
import os, time
print("kernel", os.getpid(), flush=True)
time.sleep(600)
"""


def notebook_job(name, **settings):
    task = {"task_key": "t", "notebook_task": {"notebook_path": f"../notebooks/{name}.py", **settings}}
    task["libraries"] = [{"whl": "../dist/*.whl"}]
    return {"name": name, "tasks": [task]}


class Bundle:
    def __init__(self, up, folder):
        self.up, self.cli, self.folder = up, up.cli, folder

    def deploy(self):
        return self.cli.json("deploy", folder=self.folder)

    def run(self, key, *arguments, status=0):
        """The finished run, as `sheaf runs` shows it."""
        done = subprocess_run(self.cli, self.folder, "run", key, *arguments)
        assert done.returncode == status, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    def get(self, path):
        token = (self.cli.data / "scheduler" / "token")
        found = token if token.exists() else next(self.cli.data.rglob("token"))
        request = urllib.request.Request(self.up.ready["url"] + path, headers={"Authorization": f"Bearer {found.read_text().strip()}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def output(self, task):
        return self.get(f"/api/2.2/jobs/runs/get-output?run_id={task['run_id']}")

    def page(self, task):
        (view,) = self.get(f"/api/2.2/jobs/runs/export?run_id={task['run_id']}")["views"]
        return view["content"]


def subprocess_run(cli, folder, *arguments):
    from sheaf_daemons import BIN
    return subprocess.run([BIN / "sheaf", *arguments, "-o", "json"], cwd=folder, env=cli.environment(), capture_output=True,
                          text=True, timeout=RUN_S, stdin=subprocess.DEVNULL)


def task_of(run, key="t"):
    (task,) = [task for task in run["tasks"] if task["task_key"] == key]
    return task


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    cli = Cli(tmp_path_factory.mktemp("nb") / "home")
    cli.variables["UV_CACHE_DIR"] = os.environ.get("UV_CACHE_DIR", str(pathlib.Path.home() / ".cache" / "uv"))
    up = Up(cli)
    folder = tmp_path_factory.mktemp("bundle") / "coffee_orders"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("dist", ".databricks", "__pycache__"))
    sources = {"failing": FAILING, "odd": ODD, "child": CHILD, "parent": PARENT, "sleeping": SLEEPING, "loud": LOUD,
               "unbalanced": UNBALANCED}
    for name, text in sources.items():
        (folder / "notebooks" / f"{name}.py").write_text(text)
    jobs = {name: notebook_job(name) for name in ("failing", "odd", "parent", "sleeping", "loud", "unbalanced")}
    jobs["parent"]["parameters"] = [{"name": "day", "default": "friday"}]
    (folder / "resources" / "more.job.yml").write_text(json.dumps({"resources": {"jobs": jobs}}))
    made = Bundle(up, folder)
    made.first = made.deploy()
    yield made
    up.stop()


def test_a_wheel_and_notebooks_run_with_parameters_and_values(bundle):
    run = bundle.run("coffee_orders", "--params", "day=tuesday")
    assert run["state"] == "SUCCESS", run
    orders = bundle.output(task_of(run, "orders"))
    assert orders["notebook_output"] == {"result": "2 orders", "truncated": False}
    assert "orders of tuesday" in orders["logs"] and "the shell stands in notebooks" in orders["logs"]
    assert "nothing catches" not in orders["logs"] and "error" not in orders
    assert "tuesday: 2 orders, 18 in total" in bundle.output(task_of(run, "total"))["logs"]
    report = bundle.output(task_of(run, "report"))
    assert report["notebook_output"]["result"] == "18"
    (view,) = bundle.get(f"/api/2.2/jobs/runs/export?run_id={task_of(run, 'report')['run_id']}")["views"]
    assert (view["name"], view["type"]) == ("report.ipynb", "NOTEBOOK")
    assert "<td>18</td>" in view["content"] and "<script" not in view["content"]
    page = bundle.folder.parent / "report.html"
    bundle.cli("logs", str(run["run_id"]), "report", "--notebook", page)
    assert page.read_text() == view["content"]


def test_what_did_not_change_is_not_sent_again(bundle):
    again = bundle.deploy()
    assert again["files"]["sent"] == 0, again
    assert {job["change"] for job in again["jobs"]} == {"unchanged"}


def test_a_failing_cell_is_named_and_its_traceback_shown(bundle):
    run = bundle.run("failing", status=1)
    output = bundle.output(task_of(run))
    assert output["error"] == "ZeroDivisionError: division by zero"
    assert "cell 2 of failing.py (Divide) failed" in output["error_trace"]
    assert "share(0)" in output["error_trace"] and "return 1 / cups" in output["error_trace"]
    assert "the first cell" in output["logs"] and "never reached" not in output["logs"]
    assert "notebook_output" not in output
    assert "ZeroDivisionError" in bundle.page(task_of(run))


def test_the_page_of_a_notebook_runs_no_script_and_fetches_nothing(bundle):
    page = bundle.page(task_of(bundle.run("loud")))
    assert "<em>[script left out]</em><em>[image left out]</em><b>bold</b>" in page
    assert "Content-Security-Policy" in page and "<script" not in page and "<img" not in page


def test_pip_with_a_quote_that_does_not_end_fails_its_cell_and_leaves_a_page(bundle):
    run = bundle.run("unbalanced", status=1)
    output = bundle.output(task_of(run))
    assert output["error"] == "ValueError: %pip install 'torch: No closing quotation"
    assert "cell 2 of unbalanced.py failed" in output["error_trace"]
    page = bundle.page(task_of(run))
    assert "before it" in page and "No closing quotation" in page


def test_a_cell_of_another_language_fails_with_what_to_do_instead(bundle):
    output = bundle.output(task_of(bundle.run("odd", status=1)))
    assert output["error"].startswith("NotImplementedError: %sql cells are not run by Sheaf")


def test_a_notebook_runs_another_one_and_starts_python_anew(bundle):
    output = bundle.output(task_of(bundle.run("parent")))
    assert output["notebook_output"]["result"] == "restarted"
    assert "asked for mocha" in output["logs"] and "left over: False" in output["logs"]


def test_notebook_params_of_a_run_come_before_base_parameters(bundle):
    job = next(job["job_id"] for job in bundle.first["jobs"] if job["resource_key"] == "coffee_orders")
    body = json.dumps({"job_id": job, "notebook_params": {"cups": "5"}, "only": ["orders"]}).encode()
    token = next(bundle.cli.data.rglob("token")).read_text().strip()
    request = urllib.request.Request(bundle.up.ready["url"] + "/api/2.2/jobs/run-now", body,
                                     {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        run_id = json.load(answer)["run_id"]
    run = wait_for(lambda: (found := bundle.cli.json("runs", run_id)).get("result") and found, "the run ends", RUN_S)
    assert "'cups': 5" in bundle.output(task_of(run, "orders"))["logs"]


def test_cancelling_leaves_no_kernel(bundle):
    started = bundle.cli.json("run", "sleeping", "--no-wait", folder=bundle.folder)["run_id"]

    def kernel():
        text = bundle.cli("logs", started, "t", status=None).stdout
        return int(text.split()[1]) if text.startswith("kernel ") else None

    pid = wait_for(kernel, "the kernel runs", RUN_S)
    bundle.cli("cancel", started)
    wait_for(lambda: not is_running(pid), "the kernel ends")


def test_a_changed_wheel_of_the_same_version_is_what_runs_next(bundle):
    source = bundle.folder / "src" / "coffee_orders" / "__init__.py"
    source.write_text(source.read_text().replace('"espresso": 2', '"espresso": 20'))
    assert bundle.deploy()["files"]["sent"] > 0
    run = bundle.run("coffee_orders")
    assert bundle.output(task_of(run, "report"))["notebook_output"]["result"] == "72"


def test_the_page_goes_with_its_run(bundle):
    run = bundle.run("failing", status=1)
    [page] = bundle.cli.data.rglob(f"notebooks/{run['run_id']}/*.html")
    bundle.cli("delete", run["run_id"])
    assert not page.exists()
