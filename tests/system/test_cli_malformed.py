"""What `deploy` refuses it refuses whole: with the golden text of its place and cure, and nothing on the scheduler moves."""

import json
import os
import pathlib
import pwd
import shutil
import urllib.request

import pytest
import yaml

from cli_program import Cli, Up, write_bundle
from sheaf_daemons import DEADLINE_S, command_task

pytestmark = pytest.mark.daemons

MALFORMED = pathlib.Path(__file__).resolve().parents[1] / "bundles" / "malformed"
# Whom the golden texts take for the user.
GOLDEN_USER = "ann.b@example.org"


def options_of(bundle):
    """Arguments and environment that a case of the golden tests asks for in load_options.yml."""
    path = bundle / "load_options.yml"
    given = yaml.safe_load(path.read_text()) if path.exists() else {}
    arguments = [word for name, value in given.get("variables", {}).items() for word in ("--var", f"{name}={value}")]
    arguments += ["--target", str(given["target"])] if "target" in given else []
    arguments += [flag for key, flag in (("strict", "--strict"), ("allow_unsupported", "--allow-unsupported")) if key in given]
    return arguments, {name: str(value) for name, value in given.get("environment", {}).items()}


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    """A scheduler that has a job and files already, by the name that a refused bundle might take."""
    started = Up(Cli(tmp_path_factory.mktemp("up") / "home"))
    bundle = write_bundle(tmp_path_factory.mktemp("first") / "b", {"wine": {"name": "wine", "tasks": [command_task("t", "true")]}})
    started.cli("deploy", folder=bundle)
    yield started
    started.stop()


def get(up, path):
    token = (up.cli.data / "token").read_text().strip()
    request = urllib.request.Request(up.ready["url"] + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        return json.load(answer)


def state(up):
    """Everything a deployment may touch: jobs with their settings, deployments, schedules, hooks, and the blobs on disk."""
    views = [get(up, path) for path in ("/api/2.2/jobs/list?limit=100&expand_tasks=true", "/api/sheaf/v1/deployments",
                                       "/api/sheaf/v1/schedules", "/api/sheaf/v1/hooks")]
    blobs = sorted(path.relative_to(up.cli.data) for path in up.cli.data.rglob("blobs/**/*") if path.is_file())
    assert blobs, "no blob of the first deployment is there: the place is wrong"
    return views, blobs


@pytest.mark.parametrize("name", sorted(path.name for path in MALFORMED.iterdir()))
def test_nothing_of_a_malformed_bundle_reaches_the_scheduler(up, tmp_path, monkeypatch, name):
    bundle = shutil.copytree(MALFORMED / name, tmp_path / name)
    expected = (bundle / "expected.txt").read_text().replace(GOLDEN_USER, pwd.getpwuid(os.geteuid()).pw_name)
    before = state(up)
    arguments, environment = options_of(bundle)
    monkeypatch.setattr(up.cli, "variables", environment)
    refused = up.cli("deploy", *arguments, folder=bundle, status=2)
    assert expected.strip() in refused.stderr
    assert state(up) == before
