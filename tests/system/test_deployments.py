"""Deployments are all or nothing, and a blob is what its name says."""

import hashlib
import uuid

import pytest

from sheaf_daemons import ApiError, Sheaf, command_task, wait_for

pytestmark = pytest.mark.daemons


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """One scheduler for all of these tests; each has a bundle of its own."""
    instance = Sheaf(tmp_path_factory.mktemp("deployed"))
    instance.scheduler.start()
    yield instance
    instance.stop()


def deployed_state(sheaf):
    return [sheaf.get(path) for path in ("/api/sheaf/v1/deployments", "/api/2.2/jobs/list?limit=100",
                                         "/api/sheaf/v1/schedules", "/api/sheaf/v1/hooks")]


def wait_armed(sheaf):
    """A schedule's next time is known a moment after its deployment."""
    wait_for(lambda: all(schedule["next_time"] for schedule in sheaf.get("/api/sheaf/v1/schedules")["schedules"]),
             "the schedules are armed")


def manifest(*lines):
    return ("\n".join(["sheaf-manifest 1", *lines]) + "\n").encode()


def put(sheaf, content):
    digest = hashlib.sha256(content).hexdigest()
    sheaf.put_blob(digest, content)
    return digest


ABSENT = hashlib.sha256(b"never uploaded").hexdigest()
JOB = {"name": "j", "tasks": [command_task("t", "true")],
       "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"}}

BAD_DEPLOYMENTS = {
    "no manifest": lambda sheaf: {"manifest_digest": ABSENT},
    "no blob": lambda sheaf: {"manifest_digest": put(sheaf, manifest(f"{ABSENT} 14 - a.py"))},
    "not a manifest": lambda sheaf: {"manifest_digest": put(sheaf, b"#!/bin/sh\n")},
    "a path upwards": lambda sheaf: {"manifest_digest": put(sheaf, manifest(f"{put(sheaf, b'x')} 1 - ../a.py"))},
    "an absolute path": lambda sheaf: {"manifest_digest": put(sheaf, manifest(f"{put(sheaf, b'x')} 1 - /a.py"))},
    "not a digest": lambda sheaf: {"manifest_digest": "../../token"},
    "a bad job beside a good one": lambda sheaf: {"jobs": {"j": JOB, "k": {"name": "k", "tasks": [
        {**command_task("a", "true"), "depends_on": [{"task_key": "nobody"}]}]}}},
    "a bad schedule": lambda sheaf: {"jobs": {"j": {**JOB, "schedule": {"quartz_cron_expression": "0 0 3 * *",
                                                                        "timezone_id": "UTC"}}}},
}


@pytest.mark.parametrize("name", BAD_DEPLOYMENTS)
def test_a_deployment_that_is_refused_changes_nothing(deployed, name):
    bundle = f"b{uuid.uuid4().hex[:8]}"
    deployed.deploy(bundle=bundle, j=JOB)
    wait_armed(deployed)
    fields = BAD_DEPLOYMENTS[name](deployed)
    before = deployed_state(deployed)
    for body in ({"bundle": bundle, "target": "dev", "jobs": {"j": {**JOB, "name": "other"}}, **fields},
                 {"bundle": bundle + "n", "target": "dev", "jobs": {"new": JOB}, **fields}):
        with pytest.raises(ApiError) as refusal:
            deployed.post("/api/sheaf/v1/deployments", body)
        assert (refusal.value.status, refusal.value.body["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert deployed_state(deployed) == before
    if name == "no blob":
        assert ABSENT in refusal.value.body["message"] or "a.py" in refusal.value.body["message"]


def test_a_deployment_over_another_version_is_refused(deployed):
    bundle = f"b{uuid.uuid4().hex[:8]}"
    deployed.deploy(bundle=bundle, j=JOB)
    version = deployed.get(f"/api/sheaf/v1/deployments/{bundle}/dev")["version"]
    changed = {"bundle": bundle, "target": "dev", "jobs": {"j": {**JOB, "name": "other"}}}
    assert deployed.post("/api/sheaf/v1/deployments", {**changed, "expected_version": version})["version"] > version
    wait_armed(deployed)
    before = deployed_state(deployed)
    with pytest.raises(ApiError) as refusal:
        deployed.post("/api/sheaf/v1/deployments", {**changed, "expected_version": version, "jobs": {}})
    assert refusal.value.status == 409
    assert deployed_state(deployed) == before


def test_a_blob_is_what_its_name_says(deployed):
    digest = hashlib.sha256(b"the right bytes").hexdigest()
    assert deployed.request("PUT", f"/api/sheaf/v1/blobs/{digest}", b"the wrong bytes")[0] == 400
    assert deployed.post("/api/sheaf/v1/blobs/missing", {"digests": [digest]}) == {"missing": [digest]}
    assert deployed.request("GET", f"/api/sheaf/v1/blobs/{digest}")[0] == 404
    assert deployed.request("PUT", f"/api/sheaf/v1/blobs/{digest}", b"the right bytes")[0] == 201
    assert deployed.request("PUT", f"/api/sheaf/v1/blobs/{digest}", b"the right bytes")[0] == 200
    assert deployed.post("/api/sheaf/v1/blobs/missing", {"digests": [digest]}) == {"missing": []}


def test_a_parameter_that_no_process_can_take_is_refused_by_name(deployed):
    job = {"name": "n", "parameters": [{"name": "p", "default": ""}], "tasks": [command_task("t", "true")]}
    (job_id,) = deployed.deploy(bundle="nul", n=job).values()
    with pytest.raises(ApiError) as refused:
        deployed.run_now(job_id, p="a\0b")
    assert refused.value.status == 400 and "job_parameters.p" in refused.value.body["message"]
    assert deployed.get(f"/api/2.2/jobs/runs/list?job_id={job_id}").get("runs", []) == []
