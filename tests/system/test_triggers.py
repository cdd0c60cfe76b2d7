"""Deliveries of hooks start runs: each genuine one a single run, however often it arrives; a forged one none."""

import base64
import collections
import concurrent.futures
import hashlib
import hmac
import json
import threading
import time
import uuid

import pytest

from sheaf_daemons import ApiError, Sheaf, command_task, shell_task, wait_for

pytestmark = pytest.mark.daemons

SECRET = "whsec_" + base64.b64encode(b"a key that both sides hold").decode()
ENVIRONMENT = {"SHEAF_TEST_DRIFT_SECRET": SECRET, "SHEAF_TEST_BEARER": "a-bearer-for-tests"}


def sign(secret, delivery, timestamp, body):
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    text = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


class Delivery:
    """One signed delivery, to be sent as it is or after a change."""

    def __init__(self, document, secret=SECRET, delivery=None, seconds_off=0):
        self.body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.id = delivery or f"msg_{uuid.uuid4().hex}"
        timestamp = str(int(time.time()) + seconds_off)
        self.headers = {"webhook-id": self.id, "webhook-timestamp": timestamp,
                        "webhook-signature": sign(secret, self.id, timestamp, self.body)}

    def send(self, sheaf, job_id, hook="drift"):
        """(status, answer)"""
        path = f"/api/sheaf/v1/hooks/{job_id}/{hook}"
        status, _, answer = sheaf.request("POST", path, self.body, self.headers, token=False)
        return status, answer


@pytest.fixture(scope="module")
def hooked(tmp_path_factory):
    """One Sheaf for the tests that only deliver; each has a job of its own."""
    instance = Sheaf(tmp_path_factory.mktemp("hooked"), env=ENVIRONMENT).start()
    yield instance
    instance.stop()


def hook(name="drift", **fields):
    return {"name": name, **({} if "secret" in fields else {"secret_env": "SHEAF_TEST_DRIFT_SECRET"}), **fields}


def deploy_hooked(sheaf, *hooks, tasks=None, **fields):
    """A job that prints its parameter `reason`, in a bundle of its own."""
    settings = {"name": "retrain", "parameters": [{"name": "reason", "default": "none"}],
                "tasks": tasks or [command_task("t", "echo", "{{job.parameters.reason}} {{job.trigger.type}}")],
                "sheaf": {"hooks": list(hooks)}, **fields}
    return sheaf.deploy(bundle=f"b{uuid.uuid4().hex[:8]}", j=settings)["j"]


def runs_of(sheaf, job_id):
    """Oldest first."""
    return sheaf.get(f"/api/sheaf/v1/runs?job_id={job_id}&limit=100")["runs"][::-1]


def test_a_delivery_starts_one_run_and_its_repeat_gets_the_same_answer(hooked):
    job_id = deploy_hooked(hooked, hook(parameters={"reason": "alert.reason"}))
    delivery = Delivery({"alert": {"reason": "drift of alcohol"}})
    status, first = delivery.send(hooked, job_id)
    assert (status, first["status"]) == (202, "accepted")
    assert delivery.send(hooked, job_id) == (202, {"run_id": first["run_id"], "status": "duplicate"})
    run = hooked.wait_run(first["run_id"])
    assert run["state"] == "SUCCESS"
    assert run["parameters"] == {"reason": "drift of alcohol"}
    assert run["trigger"]["kind"] == "HOOK"
    assert run["trigger"]["hook"] == "drift"
    assert run["trigger"]["delivery"] == delivery.id
    output = hooked.logs(hooked.task(run, "t")["run_id"]).decode()
    assert output.startswith("drift of alcohol ")
    # After the run's end too, and signed anew, as a sender that tries again does.
    again = Delivery({"alert": {"reason": "drift of alcohol"}}, delivery=delivery.id)
    assert again.send(hooked, job_id) == (202, {"run_id": first["run_id"], "status": "duplicate"})
    assert [run["run_id"] for run in runs_of(hooked, job_id)] == [first["run_id"]]


def test_fifty_copies_at_once_are_one_run_with_one_answer(hooked):
    job_id = deploy_hooked(hooked, hook())
    delivery, barrier = Delivery({"severity": "high"}), threading.Barrier(50)

    def send(_):
        barrier.wait()
        return delivery.send(hooked, job_id)

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert {status for status, _ in answers} == {202}
    assert len({answer["run_id"] for _, answer in answers}) == 1
    assert collections.Counter(answer["status"] for _, answer in answers) == {"accepted": 1, "duplicate": 49}
    assert [run["run_id"] for run in runs_of(hooked, job_id)] == [answers[0][1]["run_id"]]


def test_two_deliveries_are_two_runs(hooked):
    job_id = deploy_hooked(hooked, hook())
    ids = [Delivery({}).send(hooked, job_id)[1]["run_id"] for _ in range(2)]
    assert [run["run_id"] for run in runs_of(hooked, job_id)] == ids


def changed(delivery, **headers):
    delivery.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return delivery


def with_body(delivery, body):
    delivery.body = body
    return delivery


def other_signature(document):
    delivery = Delivery(document)
    signature = delivery.headers["webhook-signature"]
    return changed(delivery, webhook_signature=signature[:5] + ("A" if signature[5] != "A" else "B") + signature[6:])


def unsigned(document):
    delivery = Delivery(document)
    del delivery.headers["webhook-signature"]
    return delivery


FORGERIES = {
    "wrong signature": other_signature,
    "no signature": unsigned,
    "empty signature": lambda document: changed(Delivery(document), webhook_signature="v1,"),
    "another secret": lambda document: Delivery(document, secret="whsec_" + base64.b64encode(b"not the key").decode()),
    "the secret undecoded": lambda document: Delivery(document, secret=SECRET[6:]),
    "a changed byte": lambda document: with_body(Delivery(document), json.dumps(document).encode() + b" "),
    "another id": lambda document: changed(Delivery(document), webhook_id="msg_other"),
    "six minutes old": lambda document: Delivery(document, seconds_off=-360),
    "six minutes ahead": lambda document: Delivery(document, seconds_off=360),
    "a redated timestamp": lambda document: changed(Delivery(document, seconds_off=-360),
                                                    webhook_timestamp=str(int(time.time()))),
    "not JSON and not signed": lambda document: with_body(Delivery(document), b"{"),
}


def state_of(sheaf):
    """All that a delivery could have changed."""
    return [sheaf.get(path) for path in ("/api/sheaf/v1/runs?limit=100", "/api/2.2/jobs/list?limit=100",
                                         "/api/sheaf/v1/hooks", "/api/sheaf/v1/deployments")]


def quiet_state_of(sheaf):
    wait_for(lambda: not sheaf.active_runs(), "all runs end")
    return state_of(sheaf)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_delivery_is_refused_and_leaves_no_trace(hooked, name):
    job_id = deploy_hooked(hooked, hook())
    before = quiet_state_of(hooked)
    forged = FORGERIES[name]({"severity": "high"})
    status, answer = forged.send(hooked, job_id)
    assert status == 401
    assert answer["error_code"] == "UNAUTHENTICATED"
    assert state_of(hooked) == before
    # Nor did it use up the delivery's id.
    assert Delivery({}, delivery=forged.id).send(hooked, job_id)[1]["status"] == "accepted"


def test_unknown_jobs_and_hooks_answer_as_forgeries_do(hooked):
    job_id = deploy_hooked(hooked, hook())
    forged = other_signature({}).send(hooked, job_id)
    assert Delivery({}).send(hooked, job_id, "other") == forged
    assert Delivery({}).send(hooked, 999_999_999) == forged
    assert Delivery({}).send(hooked, "x")[0] in (400, 401, 404)


def test_five_minutes_less_a_little_is_fresh(hooked):
    job_id = deploy_hooked(hooked, hook())
    for seconds_off in (-270, 270):
        assert Delivery({}, seconds_off=seconds_off).send(hooked, job_id)[0] == 202


def test_bodies_that_do_not_match_are_ignored(hooked):
    job_id = deploy_hooked(hooked, hook(match={"field": "alert.severity", "equals": "high"}))
    for document in ({"alert": {"severity": "low"}}, {"alert": {}}, {}, [], {"alert": "high"}):
        assert Delivery(document).send(hooked, job_id) == (200, {"status": "ignored"})
    assert runs_of(hooked, job_id) == []
    assert Delivery({"alert": {"severity": "high"}}).send(hooked, job_id)[0] == 202


def test_a_mapped_field_that_is_missing_is_refused(hooked):
    job_id = deploy_hooked(hooked, hook(parameters={"reason": "alert.reason"}))
    delivery = Delivery({"alert": {"severity": "high"}})
    status, answer = delivery.send(hooked, job_id)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "alert.reason" in answer["message"]
    assert runs_of(hooked, job_id) == []
    assert Delivery(b'{"alert": ').send(hooked, job_id)[0] == 400
    assert Delivery({"alert": {"reason": "later"}}, delivery=delivery.id).send(hooked, job_id)[0] == 202


def test_bodies_beyond_the_limits_are_refused(hooked):
    job_id = deploy_hooked(hooked, hook())
    mebibyte = 1 << 20
    filler = b'{"a": "' + b"x" * (mebibyte - 9) + b'"}'
    assert len(filler) == mebibyte
    assert Delivery(filler).send(hooked, job_id)[0] == 202
    assert Delivery(filler + b" ").send(hooked, job_id)[0] == 413
    for broken in (b"[" * 100_000, b'{"a": 1, "a": 2}', b"", b'{"a": "\xff"}', b"NaN"):
        assert Delivery(broken).send(hooked, job_id)[0] == 400, broken[:20]
    assert len(runs_of(hooked, job_id)) == 1


def test_a_field_of_the_body_may_name_the_delivery(hooked):
    job_id = deploy_hooked(hooked, hook(deduplication_key="alert.id"))
    first = Delivery({"alert": {"id": 7}, "try": 1}).send(hooked, job_id)[1]
    assert Delivery({"alert": {"id": 7}, "try": 2}).send(hooked, job_id)[1] == {**first, "status": "duplicate"}
    assert Delivery({"alert": {"id": 8}}).send(hooked, job_id)[1]["run_id"] != first["run_id"]


def test_a_bearer_hook_takes_its_bearer_alone(hooked):
    job_id = deploy_hooked(hooked, {"name": "ci", "signature": "bearer", "secret_env": "SHEAF_TEST_BEARER"})
    path = f"/api/sheaf/v1/hooks/{job_id}/ci"

    def send(**headers):
        return hooked.request("POST", path, {}, headers, token=False)[0]

    right = ENVIRONMENT["SHEAF_TEST_BEARER"]
    for wrong in (right + "x", right[:-1], right.upper(), "", hooked.token):
        assert send(Authorization=f"Bearer {wrong}") == 401, wrong
    assert send() == 401
    assert send(Authorization=right) == 401
    assert hooked.request("POST", path, Delivery({}).body, Delivery({}).headers, token=False)[0] == 401
    assert runs_of(hooked, job_id) == []
    assert send(Authorization=f"Bearer {right}") == 202
    assert len(runs_of(hooked, job_id)) == 1


def test_a_stored_secret_is_never_told(hooked):
    job_id = deploy_hooked(hooked, hook(secret="stored"), hook("other", secret_env="SHEAF_TEST_NOT_SET"))

    def sources():
        return {entry["name"]: entry["secret"] for entry in hooked.get("/api/sheaf/v1/hooks")["hooks"]
                if entry["job_id"] == job_id}

    assert sources() == {"drift": "missing", "other": "missing"}
    secret = "whsec_" + base64.b64encode(uuid.uuid4().bytes).decode()
    assert Delivery({}, secret=secret).send(hooked, job_id)[0] == 401
    assert Delivery({}, secret="").send(hooked, job_id)[0] == 401
    path = f"/api/sheaf/v1/hooks/{job_id}/drift/secret"
    assert hooked.call("PUT", path, {"secret": secret}) == {}
    assert sources() == {"drift": "stored", "other": "missing"}
    assert Delivery({}, secret=secret).send(hooked, job_id)[0] == 202
    for where in ("/api/sheaf/v1/hooks", f"/api/2.2/jobs/get?job_id={job_id}", "/api/sheaf/v1/deployments",
                  "/api/sheaf/v1/runs"):
        assert secret not in json.dumps(hooked.get(where))
    assert hooked.request("GET", path)[0] == 405
    clear, decoded = secret.encode(), base64.b64decode(secret[6:])
    for file in [hooked.folder / "scheduler.log", *hooked.data.rglob("*")]:
        if file.is_file():
            content = file.read_bytes()
            assert clear not in content and decoded not in content, file
    other = "whsec_" + base64.b64encode(uuid.uuid4().bytes).decode()
    hooked.call("PUT", path, {"secret": other})
    assert Delivery({}, secret=secret).send(hooked, job_id)[0] == 401
    assert Delivery({}, secret=other).send(hooked, job_id)[0] == 202


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_not base64!", "x" * 2000, 12345678, None])
def test_a_secret_that_cannot_be_used_is_refused(hooked, secret):
    job_id = deploy_hooked(hooked, hook(secret="stored"))
    with pytest.raises(ApiError) as refusal:
        hooked.call("PUT", f"/api/sheaf/v1/hooks/{job_id}/drift/secret", {"secret": secret})
    assert refusal.value.status == 400
    if secret and secret != "whsec_":  # the message itself says where base64 is expected
        assert str(secret) not in str(refusal.value.body)


def test_a_delivery_during_a_run_queues_over_a_killed_scheduler(make_sheaf, tmp_path):
    sheaf = make_sheaf(env=ENVIRONMENT).start()
    gate = tmp_path / "gate"
    script = f'echo "{{{{job.parameters.reason}}}}"; until test -e {gate}; do sleep 0.05; done'
    job_id = deploy_hooked(sheaf, hook(parameters={"reason": "reason"}), tasks=[shell_task("t", script)])
    nightly = sheaf.run_now(job_id)
    wait_for(lambda: sheaf.run(nightly)["state"] == "RUNNING", "the nightly run runs")
    deliveries = [Delivery({"reason": f"drift {number}"}) for number in range(2)]
    queued = [delivery.send(sheaf, job_id)[1]["run_id"] for delivery in deliveries]
    assert [sheaf.run(run)["state"] for run in queued] == ["QUEUED", "QUEUED"]
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    assert [sheaf.run(run)["state"] for run in queued] == ["QUEUED", "QUEUED"]
    assert deliveries[0].send(sheaf, job_id) == (202, {"run_id": queued[0], "status": "duplicate"})
    gate.touch()
    runs = [sheaf.wait_run(run) for run in (nightly, *queued)]
    assert [run["state"] for run in runs] == ["SUCCESS"] * 3
    for earlier, later in zip(runs, runs[1:]):
        assert earlier["end_time"] <= later["start_time"]
    assert sheaf.logs(sheaf.task(runs[2], "t")["run_id"]) == b"drift 1\n"
    assert len(runs_of(sheaf, job_id)) == 3
