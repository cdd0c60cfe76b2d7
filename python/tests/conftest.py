"""A values route on a real socket, and environments that hold the runtime as a worker installs it."""

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"
sys.path.insert(0, str(SOURCE))

RUN_ID = "4711"
TOKEN = "token-of-this-attempt"


class ValuesRoute(BaseHTTPRequestHandler):
    """Answers as the scheduler's route does; `server.failures` makes the first answers 503."""

    def do_GET(self):  # noqa: N802 - the name is the interface
        self.server.requests.append((self.path, self.headers.get("Authorization")))
        status, body = self._answer()
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def _answer(self):
        if self.path != f"/api/sheaf/v1/runs/{RUN_ID}/values":
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": self.path}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error_code": "UNAUTHENTICATED", "message": "no valid token"}
        if self.server.failures > 0:
            self.server.failures -= 1
            return 503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": "starting"}
        return 200, {"values": self.server.values}

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def scheduler():
    server = ThreadingHTTPServer(("127.0.0.1", 0), ValuesRoute)
    server.values, server.requests, server.failures = {}, [], 0
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def task_environment(scheduler_url, values_path):
    return {
        "SHEAF_RUN_ID": RUN_ID,
        "SHEAF_JOB_ID": "12",
        "SHEAF_TASK_KEY": "compare",
        "SHEAF_TASK_VALUES": str(values_path),
        "SHEAF_API": scheduler_url,
        "DATABRICKS_HOST": scheduler_url,
        "DATABRICKS_TOKEN": TOKEN,
    }


@pytest.fixture
def in_task(scheduler, tmp_path, monkeypatch):
    """Puts this process into a task; gives the path of its values file."""
    path = tmp_path / "values"
    for name, value in task_environment(scheduler.url, path).items():
        monkeypatch.setenv(name, value)
    return path


@pytest.fixture
def outside_a_task(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("SHEAF_", "DATABRICKS_")):
            monkeypatch.delenv(name)


def _uv():
    path = os.environ.get("UV") or shutil.which("uv")
    assert path, "these tests build environments with uv: put it on the PATH or set UV"
    return path


class Environment:
    """A virtual environment with the runtime installed as a worker does it."""

    def __init__(self, folder, packages):
        quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(folder)}
        base = os.path.realpath(sys.executable)
        subprocess.run([_uv(), "venv", "-q", "--python", base, str(folder)], check=True, env=quiet)
        if packages:
            subprocess.run([_uv(), "pip", "install", "-q", *packages], check=True, env=quiet)
        self.python = folder / "bin" / "python"
        (site_packages,) = folder.glob("lib/python*/site-packages")
        shutil.copytree(SOURCE, site_packages, dirs_exist_ok=True)

    def run(self, code, environment=None):
        """Runs `code` with this environment's Python; gives its output, fails with its errors."""
        done = subprocess.run(
            [self.python, "-c", code],
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **(environment or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("plain"), [])


@pytest.fixture(scope="session")
def with_sdk(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("sdk"), ["databricks-sdk==0.156.0"])


@pytest.fixture(scope="session")
def with_spark_client(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("spark"), ["pyspark-client==4.2.0"])
