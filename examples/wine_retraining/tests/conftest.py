import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bundle_run import EXAMPLE, Bundle

RUNTIME = EXAMPLE.parent.parent / "python" / "src"


def _dependencies():
    file = EXAMPLE / "resources" / "wine_retraining.job.yml"
    job = yaml.safe_load(file.read_text())["resources"]["jobs"]["wine_retraining"]
    (environment,) = job["environments"]
    return environment["spec"]["dependencies"]


@pytest.fixture(scope="session")
def python(tmp_path_factory):
    """The job's environment, built from the dependencies in its YAML; the path of its Python."""
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv, "these tests build an environment with uv: put it on the PATH or set UV"
    folder = tmp_path_factory.mktemp("environment")
    settings = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": str(folder)}
    base = os.path.realpath(sys.executable)
    subprocess.run([uv, "venv", "-q", "--python", base, str(folder)], check=True, env=settings)
    subprocess.run([uv, "pip", "install", "-q", *_dependencies()], check=True, env=settings)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    shutil.copytree(RUNTIME, site_packages, dirs_exist_ok=True)
    return folder / "bin" / "python"


@pytest.fixture
def bundle(tmp_path, python):
    deployed = Bundle(tmp_path, python)
    yield deployed
    deployed.close()


@pytest.fixture
def ask_mlflow(bundle):
    """Runs an expression over `client`, an MlflowClient on the run's store; gives its JSON value."""

    def ask(expression):
        code = (
            "import json, sys; from mlflow import MlflowClient; "
            f"client = MlflowClient({bundle.variable('${var.mlflow_uri}')!r}); "
            f"print(json.dumps({expression}))"
        )
        environment = {
            "PATH": os.defpath,
            "HOME": str(bundle.folder),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONPYCACHEPREFIX": str(bundle.python.parent.parent / "byte_code"),
        }
        done = subprocess.run(
            [bundle.python, "-c", code],
            cwd=bundle.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return ask


@pytest.fixture
def serving(bundle):
    return Path(bundle.variable("${var.serving_root}"))
