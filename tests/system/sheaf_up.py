"""Sheaf as a user has it: `sheaf up` in a data folder of its own, and the commands of `sheaf` beside it.

Standard library only, since the demo uses it too. Everything waits on a condition with a deadline.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("SHEAF_BIN", ROOT / "build" / "dev" / "bin")).resolve()
EXAMPLE = ROOT / "examples" / "wine_retraining"
SECRET_VARIABLE = "WINE_DRIFT_SECRET"
READY_S, COMMAND_S, RUN_S = 120, 60, 1200

# What MLflow's registry says of the champion, and what the run that trained it was told.
ASK_CHAMPION = """
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
champion = client.get_model_version_by_alias("wine_quality", "champion")
versions = client.search_model_versions("name = 'wine_quality'")
reasons = {v.version: client.get_run(v.run_id).data.tags["reason"] for v in versions}
print(json.dumps({
    "version": int(champion.version),
    "tags": client.get_run(champion.run_id).data.tags,
    "reasons": {str(version): reason for version, reason in reasons.items()},
}))
"""


def wait_for(condition, what, deadline_s=READY_S):
    """The first truthy result of `condition`."""
    end = time.monotonic() + deadline_s
    while not (result := condition()):
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        time.sleep(0.1)
    return result


def processes_that_mention(text):
    """Command lines of living processes; a zombie's is empty."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command and path.parent.name != str(os.getpid()):
            found.append(command.strip())
    return found


class SheafUp:
    """`sheaf up` on a free port, its data and the bundles' state below `folder`."""

    def __init__(self, folder, **variables):
        self.folder = pathlib.Path(folder)
        self.data, self.state = self.folder / "data", self.folder / "state"
        self.bundle = self.folder / "wine_retraining"
        self.log = self.folder / "up.log"
        # A bundle's tooling may have named hosts; compiled files save each task seconds.
        unwanted = ("DATABRICKS_", "MLFLOW_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment.update(variables)
        self.process = None
        self.ready = None

    def start(self):
        shutil.copytree(EXAMPLE, self.bundle, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        return self.start_again()

    def start_again(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BIN / "sheaf", "up", "-o", "json", "--port", "0", "--slots", "2", "--data", self.data],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        readable, _, _ = select.select([self.process.stdout], [], [], READY_S)
        line = self.process.stdout.readline() if readable else b""
        assert line, f"sheaf up is not ready; its log ends:\n{self.log_end()}"
        self.ready = json.loads(line)
        return self

    def log_end(self):
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self):
        """As Ctrl-C does; gives the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(READY_S)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its daemons end with it
            return self.process.wait()
        finally:
            self.process.stdout.close()

    # ---- Commands
    def command(self, *arguments, expect=0, timeout=COMMAND_S, **settings):
        """Runs `sheaf …` in the bundle's folder; gives the finished process."""
        done = subprocess.run(
            [BIN / "sheaf", *map(str, arguments), "--data", self.data], cwd=self.bundle, env=self.environment,
            stdin=subprocess.DEVNULL, text=True, timeout=timeout, **settings)
        assert done.returncode == expect, f"sheaf {arguments} ended with {done.returncode}: {done.stderr}"
        return done

    def ask(self, *arguments, **settings):
        """A command's answer as JSON."""
        return json.loads(self.command(*arguments, "-o", "json", capture_output=True, **settings).stdout)

    def deploy(self, **variables):
        pairs = {"state_root": self.state, **variables}
        given = [argument for name, value in pairs.items() for argument in ("--var", f"{name}={value}")]
        return self.ask("deploy", "-t", "dev", *given)

    def run(self, **parameters):
        """Runs the job and waits; gives the run, whatever its result."""
        given = [argument for name, value in parameters.items() for argument in ("--params", f"{name}={value}")]
        return self.ask("run", "wine_retraining", *given, timeout=RUN_S)

    def run_over(self, run_id):
        """The run once it is over."""
        def ended():
            run = self.ask("runs", run_id)
            return run if "result" in run else None
        return wait_for(ended, f"run {run_id} ends", RUN_S)

    def send_alert(self, reason):
        """Signs a drift alert, sends it to the bundle's hook, and gives the id of the run that it started."""
        (hook,) = self.ask("hooks")["hooks"]
        sent = subprocess.run(
            [self.bundle / "tools" / "send_drift_alert.py", "--url", self.ready["url"] + hook["url_path"],
             "--secret-env", SECRET_VARIABLE, "--reason", reason],
            env=self.environment, capture_output=True, text=True, timeout=COMMAND_S)
        assert sent.returncode == 0, sent.stdout + sent.stderr
        return json.loads(sent.stdout.split(" ", 1)[1])["run_id"]

    # ---- The model in service
    def champion(self):
        """What MLflow says of the champion, asked from the environment that the worker built."""
        pythons = sorted(self.data.glob("worker/environments/*/bin/python"))
        assert pythons, "the worker has built no environment"
        done = subprocess.run(
            [pythons[0], "-c", ASK_CHAMPION, f"sqlite:///{self.state}/mlflow.db"], cwd=self.folder,
            env={**self.environment, "MLFLOW_DISABLE_TELEMETRY": "true"}, capture_output=True, text=True, timeout=COMMAND_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def in_service(self):
        """Where `current` points, and the version that its release says it is."""
        current = self.state / "serving" / "current"
        release = json.loads((current / "release.json").read_text())
        return current.readlink().name, release


def states_of(run):
    return {task["task_key"]: task["state"] for task in run["tasks"]}
