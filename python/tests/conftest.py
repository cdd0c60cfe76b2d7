"""A scheduler's values route, and environments that hold the runtime as a worker installs it."""

import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from values_route import ValuesRoute, task_environment

SOURCE = Path(__file__).resolve().parent.parent / "src"
NOTEBOOK_PACKAGES = SOURCE.parent.parent / "common" / "model" / "python_tasks.cc"
sys.path.insert(0, str(SOURCE))


@pytest.fixture
def scheduler():
    server = ThreadingHTTPServer(("127.0.0.1", 0), ValuesRoute)
    server.values, server.requests, server.failures, server.notebooks = {}, [], 0, []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


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


@pytest.fixture(scope="session")
def with_notebooks(tmp_path_factory):
    """With the packages that Sheaf adds to every notebook task."""
    (listed,) = re.findall(r"kNotebookPackages\{([^}]*)\}", NOTEBOOK_PACKAGES.read_text())
    return Environment(tmp_path_factory.mktemp("notebooks"), re.findall(r'"([^"]+)"', listed))
