"""Runs the example's job the way its YAML says, with the least of an orchestrator.

Every task is a real process in a real environment with the variables that Sheaf sets; MLflow, its SQLite
store and the serving folder are real. What stands in for Sheaf is only the order of the tasks, the
condition, the resolution of references and the route that gives upstream values.
"""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml

EXAMPLE = Path(__file__).resolve().parent.parent
TOKEN = "token-of-the-attempt"


class ValuesRoute(BaseHTTPRequestHandler):
    """GET /api/sheaf/v1/runs/<run>/values, for the runs in `server.values`."""

    def do_GET(self):
        run_id = self.path.split("/")[-2]
        authorized = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        known = run_id in self.server.values
        body = json.dumps({"values": self.server.values.get(run_id)}).encode()
        self.send_response(200 if authorized and known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


class Bundle:
    """The example, deployed into a read-only tree, with its variables resolved."""

    def __init__(self, folder, python, variables=None):
        self.folder, self.python = folder, python
        self.tree = folder / "tree"
        shutil.copytree(EXAMPLE, self.tree, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for path in [self.tree, *self.tree.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = yaml.safe_load((self.tree / "databricks.yml").read_text())
        self.variables = {name: v["default"] for name, v in root["variables"].items()}
        self.variables.update(state_root=str(folder / "state"), **(variables or {}))
        file = self.tree / "resources" / "wine_retraining.job.yml"
        self.job = yaml.safe_load(file.read_text())["resources"]["jobs"]["wine_retraining"]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), ValuesRoute)
        self.server.values = {}
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.runs = 0

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def variable(self, text):
        """`text` with every ${var.…} replaced, also those inside of values."""
        while "${var." in text:
            text = re.sub(r"\$\{var\.(\w+)\}", lambda m: str(self.variables[m[1]]), text)
        return text

    def run(self, trigger="one_time", **parameters):
        self.runs += 1
        return Run(self, str(1000 + self.runs), trigger, parameters)


class Run:
    """One run of the job; `results` holds each task's result, `values` what they published."""

    def __init__(self, bundle, run_id, trigger, parameters):
        self.bundle, self.run_id, self.trigger = bundle, run_id, trigger
        declared = {p["name"]: bundle.variable(p["default"]) for p in bundle.job["parameters"]}
        assert set(parameters) <= set(declared)
        self.parameters = {**declared, **parameters}
        self.results, self.outcomes, self.outputs, self.seconds = {}, {}, {}, {}
        self.values = bundle.server.values.setdefault(run_id, {})
        for task in bundle.job["tasks"]:
            self.results[task["task_key"]] = self.start(task)

    def resolve(self, text):
        known = {
            "job.run_id": self.run_id,
            "job.trigger.type": self.trigger,
            **{f"job.parameters.{name}": value for name, value in self.parameters.items()},
        }
        for task, values in self.values.items():
            for key, value in values.items():
                text_of_value = value if isinstance(value, str) else json.dumps(value)
                known[f"tasks.{task}.values.{key}"] = text_of_value
        return re.sub(r"\{\{(.+?)\}\}", lambda m: known[m[1]], self.bundle.variable(text))

    def start(self, task):
        for dependency in task.get("depends_on", []):
            upstream = dependency["task_key"]
            if self.results[upstream] != "SUCCESS":
                return "UPSTREAM_FAILED"
            if dependency.get("outcome", self.outcomes.get(upstream)) != self.outcomes.get(upstream):
                return "EXCLUDED"
        if "condition_task" in task:
            condition = task["condition_task"]
            assert condition["op"] == "EQUAL_TO"
            equal = self.resolve(condition["left"]) == self.resolve(condition["right"])
            self.outcomes[task["task_key"]] = "true" if equal else "false"
            return "SUCCESS"
        return self.attempt(task["task_key"], task["spark_python_task"])

    def attempt(self, key, script):
        private = self.bundle.folder / f"attempt-{self.run_id}-{key}"
        private.mkdir()
        values = private / "values"
        file = (self.bundle.tree / "resources" / script["python_file"]).resolve()
        parameters = [self.resolve(parameter) for parameter in script["parameters"]]
        started = time.monotonic()
        done = subprocess.run(
            [self.bundle.python, file, *parameters],
            cwd=file.parent,
            env=self.environment(key, values, private),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        self.seconds[key] = time.monotonic() - started
        self.outputs[key] = done.stdout
        if done.returncode != 0:
            return "FAILED"
        lines = values.read_text().splitlines() if values.exists() else []
        self.values[key] = {k: json.loads(v) for k, _, v in (line.partition("=") for line in lines)}
        return "SUCCESS"

    def environment(self, key, values, private):
        url = f"http://127.0.0.1:{self.bundle.server.server_address[1]}"
        return {
            "PATH": os.defpath,
            "HOME": str(private),
            "TMPDIR": str(private),
            "SHEAF_RUN_ID": self.run_id,
            "SHEAF_JOB_ID": "12",
            "SHEAF_TASK_KEY": key,
            "SHEAF_TASK_VALUES": str(values),
            "SHEAF_API": url,
            "DATABRICKS_HOST": url,
            "DATABRICKS_TOKEN": TOKEN,
            # Byte code is kept with the environment: the deployed tree stays as it was deployed.
            "PYTHONPYCACHEPREFIX": str(self.bundle.python.parent.parent / "byte_code"),
        }
