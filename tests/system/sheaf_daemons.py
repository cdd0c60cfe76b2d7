"""The real daemons under a test's control: start, kill, restart, and speak HTTP to them.

Everything waits on a condition with a deadline; nothing sleeps and hopes. A daemon is killed by its own pid only.
"""

import hashlib
import http.client
import json
import os
import pathlib
import select
import signal
import subprocess
import time
import urllib.parse
import uuid

BIN = pathlib.Path(os.environ.get("SHEAF_BIN", pathlib.Path(__file__).parents[2] / "build" / "dev" / "bin"))
DEADLINE_S = float(os.environ.get("SHEAF_TEST_DEADLINE_S", "60"))


def wait_for(condition, what, deadline_s=DEADLINE_S):
    """Returns the first truthy result of `condition`; polls, since a test looks from outside."""
    end = time.monotonic() + deadline_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(0.01)


def is_running(pid):
    """Neither gone nor a zombie (who reaps an orphan, and when, is the machine's business)."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


class ApiError(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Daemon:
    """One process with a readiness pipe; its log goes to a file."""

    def __init__(self, name, argv, log_path, env=None):
        self.name, self.argv, self.log_path = name, argv, pathlib.Path(log_path)
        self.env = env or {}
        self.process = None
        self.ready = None

    def start(self, failpoint=None, wait=True):
        read_end, write_end = os.pipe()
        env = dict(os.environ, **self.env)
        env.pop("SHEAF_FAILPOINT", None)
        if failpoint:
            env["SHEAF_FAILPOINT"] = failpoint
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*map(str, self.argv), "--ready-fd", str(write_end)],
                pass_fds=[write_end], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(write_end)
        self._ready_end = read_end
        if wait:
            return self.wait_ready()
        return None

    def wait_ready(self, deadline_s=DEADLINE_S):
        """The readiness line, or None when the daemon ended before it was ready."""
        text, end = b"", time.monotonic() + deadline_s
        while not text.endswith(b"\n"):
            readable, _, _ = select.select([self._ready_end], [], [], max(0, end - time.monotonic()))
            if not readable:
                raise AssertionError(f"{self.name} is not ready; its log ends:\n{self.log_end()}")
            piece = os.read(self._ready_end, 65536)
            if not piece:
                break
            text += piece
        os.close(self._ready_end)
        self.ready = json.loads(text) if text else None
        return self.ready

    def kill(self, sig=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
        return self.wait()

    def wait(self, deadline_s=DEADLINE_S):
        return self.process.wait(deadline_s) if self.process else None

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            status = self.wait()
            assert status == 0, f"{self.name} ended with {status}; its log ends:\n{self.log_end()}"

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def log_end(self, size=4000):
        return self.log_path.read_text(errors="replace")[-size:] if self.log_path.exists() else ""


class Sheaf:
    """A scheduler and one worker in a folder of their own, on free ports."""

    def __init__(self, folder, slots=2, worker_arguments=(), env=None):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.worker_data = self.folder / "worker"
        self.scheduler = Daemon(
            "scheduler",
            [BIN / "sheaf-scheduler", "--data", self.data, "--listen", "127.0.0.1:0"],
            self.folder / "scheduler.log", env)
        self.worker = Daemon(
            "worker",
            [BIN / "sheaf-worker", "--data", self.worker_data, "--scheduler-data", self.data, "--name", "local",
             "--slots", str(slots), *worker_arguments],
            self.folder / "worker.log", env)
        self.folder.mkdir(parents=True, exist_ok=True)

    def start(self):
        self.scheduler.start()
        self.worker.start()
        return self

    def stop(self):
        for run in self.active_runs() if self.scheduler.is_alive else []:
            self.post("/api/2.2/jobs/runs/cancel", {"run_id": run})
        if self.scheduler.is_alive and self.worker.is_alive:
            wait_for(lambda: not self.active_runs(), "all runs end")
        self.worker.stop()
        self.scheduler.stop()

    def active_runs(self):
        try:
            return [run["run_id"] for run in self.get("/api/sheaf/v1/runs?active_only=true&limit=100")["runs"]]
        except (OSError, ApiError):
            return []

    # ---- HTTP
    @property
    def url(self):
        return json.loads((self.data / "workers.json").read_text())["url"]

    @property
    def token(self):
        return (self.data / "token").read_text().strip()

    def request(self, method, path, body=None, headers=None, token=True, raw=False):
        """(status, headers, body); JSON unless raw."""
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=DEADLINE_S)
        all_headers = dict(headers or {})
        if token:
            all_headers.setdefault("Authorization", f"Bearer {self.token}")
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            all_headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=all_headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if raw:
            return answer.status, dict(answer.getheaders()), content
        return answer.status, dict(answer.getheaders()), json.loads(content) if content else None

    def call(self, method, path, body=None):
        status, _, answer = self.request(method, path, body)
        if not 200 <= status < 300:
            raise ApiError(status, answer)
        return answer

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body):
        return self.call("POST", path, body)

    # ---- Deployments and runs
    def put_files(self, files):
        """Uploads {path: bytes}; returns the manifest's digest."""
        lines = ["sheaf-manifest 1"]
        for path, content in sorted(files.items()):
            digest = hashlib.sha256(content).hexdigest()
            self.put_blob(digest, content)
            lines.append(f"{digest} {len(content)} - {path}")
        manifest = ("\n".join(lines) + "\n").encode()
        digest = hashlib.sha256(manifest).hexdigest()
        self.put_blob(digest, manifest)
        return digest

    def put_blob(self, digest, content):
        status, _, answer = self.request("PUT", f"/api/sheaf/v1/blobs/{digest}", content)
        assert status in (200, 201), answer

    def deploy(self, bundle="b", target="dev", files=None, **jobs):
        """Deploys jobs (settings by resource key); returns {resource key: job id}."""
        body = {"bundle": bundle, "target": target, "jobs": jobs}
        if files:
            body["manifest_digest"] = self.put_files(files)
            body["file_path"] = f"/Workspace/Users/test/.bundle/{bundle}/{target}/files"
        answer = self.post("/api/sheaf/v1/deployments", body)
        return {job["resource_key"]: job["job_id"] for job in answer["jobs"] if job["change"] != "removed"}

    def run_now(self, job_id, token=None, **parameters):
        body = {"job_id": job_id, "idempotency_token": token or uuid.uuid4().hex}
        if parameters:
            body["job_parameters"] = parameters
        return self.post("/api/2.2/jobs/run-now", body)["run_id"]

    def run(self, run_id):
        return self.get(f"/api/sheaf/v1/runs/{run_id}")

    def wait_run(self, run_id, deadline_s=DEADLINE_S):
        """The run once it is over; long polls, and outlives a restart of the scheduler."""
        end, version = time.monotonic() + deadline_s, 0
        while time.monotonic() < end:
            try:
                run = self.get(f"/api/sheaf/v1/runs/{run_id}?wait_ms=2000&version={version}")
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if run["state"] in ("SUCCESS", "SUCCESS_WITH_FAILURES", "FAILED", "TIMEDOUT", "CANCELED", "SKIPPED"):
                return run
            version = run["version"]
        raise AssertionError(f"run {run_id} does not end; the worker's log ends:\n{self.worker.log_end()}")

    def task(self, run, key):
        return next(task for task in run["tasks"] if task["task_key"] == key)

    def logs(self, attempt_id, stream="stdout"):
        """The whole log, once complete."""
        content, offset, end = b"", 0, time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            status, headers, piece = self.request(
                "GET", f"/api/sheaf/v1/attempts/{attempt_id}/logs/{stream}?offset={offset}&wait_ms=1000", raw=True)
            assert status == 200, piece
            content += piece
            lower = {name.lower(): value for name, value in headers.items()}
            offset = int(lower["x-sheaf-offset"])
            if lower["x-sheaf-complete"] == "true":
                return content
        raise AssertionError(f"the log of attempt {attempt_id} is not complete")


def command_task(key, *command, **fields):
    return {"task_key": key, "command_task": {"command": list(command)}, **fields}


def shell_task(key, script, **fields):
    return command_task(key, "sh", "-c", script, **fields)
