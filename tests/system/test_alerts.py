"""Alerts leave the scheduler at least once, under one id, whatever happens to it or to their receiver."""

import base64
import collections
import hashlib
import hmac
import json
import os
import random
import time

import pytest

from alert_receivers import MailReceiver, MuteReceiver, WebhookReceiver
from sheaf_daemons import command_task, shell_task, wait_for

pytestmark = pytest.mark.daemons

SECRET = "whsec_" + base64.b64encode(b"what the receiver knows too").decode()


@pytest.fixture
def webhooks():
    receiver = WebhookReceiver()
    yield receiver
    receiver.close()


@pytest.fixture
def mails():
    receiver = MailReceiver()
    yield receiver
    receiver.close()


def configure(sheaf, *destinations, mail=None, **alerts):
    """Writes config.yml; JSON is YAML."""
    document = {"destinations": list(destinations),
                "alerts": {"first_wait_ms": 50, "longest_wait_ms": 200, **alerts}}
    if mail:
        document["mail"] = mail
    sheaf.data.mkdir(parents=True, exist_ok=True)
    (sheaf.data / "config.yml").write_text(json.dumps(document))
    return sheaf


def destination(receiver, **fields):
    return {"id": "ops", "type": "webhook", "url": receiver.url, **fields}


def alerted(*events, tasks=None, **fields):
    return {"name": "watched", "tasks": tasks or [command_task("t", "true")],
            "webhook_notifications": {event: [{"id": "ops"}] for event in events}, **fields}


def alerts_of(sheaf, run_id):
    return sheaf.get(f"/api/sheaf/v1/alerts?run_id={run_id}")["alerts"]


def message_id(sheaf, alert):
    """What names the alert to its receiver; no other installation says the same."""
    return f"sheaf-alert-{sheaf.scheduler.ready['scheduler_id']}-{alert['alert_id']}"


def wait_delivered(sheaf, run_id, count=1):
    def settled():
        alerts = alerts_of(sheaf, run_id)
        return len(alerts) == count and all(alert["state"] == "delivered" for alert in alerts) and alerts

    return wait_for(settled, "the alerts are delivered and recorded")


FAILING = [shell_task("t", "exit 3")]


def test_an_alert_outlives_a_receiver_that_is_down_and_a_killed_scheduler(make_sheaf, webhooks):
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    job_id = sheaf.deploy(j=alerted("on_failure", tasks=FAILING))["j"]
    run_id = sheaf.run_now(job_id)
    assert sheaf.wait_run(run_id)["state"] == "FAILED"

    def refused_twice():
        alerts = alerts_of(sheaf, run_id)
        return alerts and alerts[0]["tries"] >= 2 and alerts[0]

    alert = wait_for(refused_twice, "two tries are refused")
    assert alert["state"] == "pending"
    assert (alert["event"], alert["channel"], alert["destination"]) == ("failure", "webhook", "ops")
    assert alert["last_error"]

    sheaf.scheduler.kill()
    webhooks.status = 500
    webhooks.open()
    sheaf.scheduler.start()
    wait_for(lambda: len(webhooks.answered(500)) >= 2, "two tries are answered 500")
    assert alerts_of(sheaf, run_id)[0]["state"] == "pending"
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    webhooks.status = 200
    delivered = wait_delivered(sheaf, run_id)[0]
    assert delivered["alert_id"] == alert["alert_id"]
    assert {headers["webhook-id"] for _, _, headers, _ in webhooks.requests} == {message_id(sheaf, alert)}
    body = json.loads(webhooks.answered(200)[0][3])
    assert body["event_type"] == "jobs.on_failure"
    assert body["run"] == {"run_id": str(run_id)}
    assert body["job"] == {"job_id": str(job_id), "name": "watched"}
    assert body["sheaf"]["result"] == "FAILED"

    # Delivered is delivered: a third scheduler sends nothing.
    count = len(webhooks.requests)
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    other = sheaf.run_now(job_id)
    sheaf.wait_run(other)
    wait_delivered(sheaf, other)
    assert {headers["webhook-id"] for _, _, headers, _ in webhooks.requests[count:]} == {
        message_id(sheaf, alerts_of(sheaf, other)[0])}


def test_the_scheduler_dies_before_the_first_try(make_sheaf, webhooks):
    """The alert is of the same commit as the run's end, so no instant lies between them."""
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    job_id = sheaf.deploy(j=alerted("on_failure", tasks=[shell_task("t", "sleep 1; exit 3")]))["j"]
    run_id = sheaf.run_now(job_id)
    wait_for(lambda: sheaf.run(run_id)["state"] == "RUNNING", "the run runs")
    sheaf.scheduler.kill()  # the task ends while there is no scheduler
    webhooks.open()
    sheaf.scheduler.start()
    assert sheaf.wait_run(run_id)["state"] == "FAILED"
    wait_delivered(sheaf, run_id)
    assert len({headers["webhook-id"] for _, _, headers, _ in webhooks.requests}) == 1


def test_no_alert_is_lost_or_renamed_while_the_scheduler_is_killed_again_and_again(make_sheaf, webhooks):
    webhooks.open()
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    job_id = sheaf.deploy(j=alerted("on_failure", tasks=FAILING, max_concurrent_runs=4))["j"]
    runs, chance = [], random.Random(int(os.environ.get("SHEAF_SEED", "7")))
    for number in range(8):
        runs += [sheaf.run_now(job_id) for _ in range(3)]
        webhooks.status = 503 if number % 2 else 200
        time.sleep(chance.uniform(0, 0.6))  # the instant of the kill is the random variable here
        sheaf.scheduler.kill()
        sheaf.scheduler.start()
    webhooks.status = 200
    for run in runs:
        assert sheaf.wait_run(run)["state"] == "FAILED"
        wait_delivered(sheaf, run)
    ids = collections.defaultdict(set)
    for status, _, headers, body in webhooks.requests:
        if status == 200:
            ids[int(json.loads(body)["run"]["run_id"])].add(headers["webhook-id"])
    assert set(ids) == set(runs)
    for run in runs:
        assert ids[run] == {message_id(sheaf, alerts_of(sheaf, run)[0])}


def test_start_and_success_are_told_signed_and_with_the_bearer(make_sheaf, webhooks):
    webhooks.open()
    sheaf = configure(make_sheaf(), destination(webhooks, secret=SECRET, bearer="knock")).start()
    job_id = sheaf.deploy(j=alerted("on_start", "on_success", "on_failure"))["j"]
    run_id = sheaf.run_now(job_id)
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    wait_delivered(sheaf, run_id, 2)
    assert [json.loads(body)["event_type"] for _, _, _, body in webhooks.requests] == [
        "jobs.on_start", "jobs.on_success"]
    for _, path, headers, body in webhooks.requests:
        assert path == "/alerts"
        assert headers["authorization"] == "Bearer knock"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        mac = hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


def test_a_receiver_that_is_gone_or_unknown_ends_the_tries(make_sheaf, webhooks):
    webhooks.status = 410
    webhooks.open()
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    job = alerted("on_success")
    job["webhook_notifications"]["on_success"].append({"id": "nobody"})
    run_id = sheaf.run_now(sheaf.deploy(j=job)["j"])
    assert sheaf.wait_run(run_id)["state"] == "SUCCESS"
    alerts = wait_for(lambda: [alert for alert in alerts_of(sheaf, run_id) if alert["state"] == "dropped"][1:] and
                      alerts_of(sheaf, run_id), "both are dropped")
    errors = {alert["destination"]: alert["last_error"] for alert in alerts}
    assert "410" in errors["ops"]
    assert "nobody" in errors["nobody"] and "config.yml" in errors["nobody"]
    assert len(webhooks.requests) == 1


@pytest.mark.parametrize("channel", ["webhook", "mail"])
def test_a_receiver_that_never_answers_does_not_hold_up_the_schedulers_end(make_sheaf, webhooks, channel):
    mute = MuteReceiver()
    try:
        if channel == "mail":
            sheaf = configure(make_sheaf(), mail={"server": f"smtp://127.0.0.1:{mute.port}", "from": "a@example.org"})
            job = {"name": "j", "tasks": FAILING, "email_notifications": {"on_failure": ["ops@example.org"]}}
        else:
            sheaf = configure(make_sheaf(), {"id": "ops", "url": f"http://127.0.0.1:{mute.port}/"})
            job = alerted("on_failure", tasks=FAILING)
        sheaf.start()
        run_id = sheaf.run_now(sheaf.deploy(j=job)["j"])
        wait_for(lambda: mute.count, "the first try begins")
        assert sheaf.wait_run(run_id)["state"] == "FAILED"
        sheaf.scheduler.process.terminate()
        assert sheaf.scheduler.wait(15) == 0  # a try may take 30 seconds
        tries = mute.count
        sheaf.scheduler.start()
        assert alerts_of(sheaf, run_id)[0]["state"] == "pending"
        wait_for(lambda: mute.count > tries, "it is tried again")
    finally:
        mute.close()


def test_tries_end_after_the_set_time(make_sheaf, webhooks):
    sheaf = configure(make_sheaf(), destination(webhooks), give_up_after_s=1).start()
    run_id = sheaf.run_now(sheaf.deploy(j=alerted("on_success"))["j"])
    wait_for(lambda: [alert for alert in alerts_of(sheaf, run_id) if alert["state"] == "dropped"], "it is dropped")
    assert alerts_of(sheaf, run_id)[0]["tries"] > 1


def test_a_receiver_cannot_put_an_alert_off_for_ever(make_sheaf, webhooks):
    webhooks.status, webhooks.headers = 503, {"Retry-After": "2000000000"}
    webhooks.open()
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    run_id = sheaf.run_now(sheaf.deploy(j=alerted("on_success"))["j"])
    alert = wait_for(lambda: [alert for alert in alerts_of(sheaf, run_id) if alert["tries"]], "a try is refused")[0]
    assert alert["state"] == "pending"
    assert 3500 < alert["next_try_time"] / 1000 - time.time() < 3601


def test_a_mail_tells_the_run_its_state_and_where_to_look(make_sheaf, mails):
    sheaf = configure(make_sheaf(), mail={"server": mails.url, "from": "sheaf@example.org"}).start()
    job = {"name": "Nächtlich", "tasks": FAILING,
           "email_notifications": {"on_failure": ["ops@example.org", "ml@example.org"],
                                   "on_success": ["x@example.org"]}}
    job_id = sheaf.deploy(j=job)["j"]
    run_id = sheaf.run_now(job_id)
    assert sheaf.wait_run(run_id)["state"] == "FAILED"
    wait_delivered(sheaf, run_id, 2)
    assert sorted(recipients for _, recipients, _ in mails.mails) == [["ml@example.org"], ["ops@example.org"]]
    ids = {message_id(sheaf, alert) for alert in alerts_of(sheaf, run_id)}
    assert {message["Message-ID"] for _, _, message in mails.mails} == {f"<{id}@sheaf>" for id in ids}
    for sender, _, message in mails.mails:
        assert sender == "sheaf@example.org"
        assert message["Subject"] == f"[Sheaf] Nächtlich: run {run_id} FAILED"
        text = message.get_content()
        assert f"Job: Nächtlich ({job_id})" in text
        assert "State: FAILED" in text
        assert f"{sheaf.url}/#job/{job_id}/run/{run_id}" in text


def alert_with(sheaf, run_id, words, count=1):
    """The run's only alert, once that many tries have failed with these words."""
    def failed():
        alerts = alerts_of(sheaf, run_id)
        return alerts and alerts[0]["tries"] >= count and words in alerts[0]["last_error"] and alerts[0]

    return wait_for(failed, f"{count} tries fail with {words}")


MAILED = {"name": "j", "tasks": FAILING, "email_notifications": {"on_failure": ["ops@example.org"]}}


def test_a_mail_waits_until_the_servers_password_is_mended(make_sheaf, mails):
    sheaf = configure(make_sheaf(), mail={"server": mails.url, "from": "sheaf@example.org", "user": "sheaf",
                                          "password": "outdated"}).start()
    mails.login_answer = b"535 5.7.8 wrong password"
    run_id = sheaf.run_now(sheaf.deploy(j=MAILED)["j"])
    assert alert_with(sheaf, run_id, "535", 2)["state"] == "pending"
    mails.login_answer = b"530 5.7.0 say STARTTLS first"
    assert alert_with(sheaf, run_id, "530", 3)["state"] == "pending"
    mails.login_answer = b"235 OK"
    wait_delivered(sheaf, run_id)
    assert len(mails.mails) == 1


def test_an_address_that_the_mail_server_refuses_ends_the_tries(make_sheaf, mails):
    mails.address_answer = b"550 5.1.1 no such mailbox"
    sheaf = configure(make_sheaf(), mail={"server": mails.url, "from": "sheaf@example.org"}).start()
    run_id = sheaf.run_now(sheaf.deploy(j=MAILED)["j"])
    alert = alert_with(sheaf, run_id, "550")
    assert (alert["state"], alert["tries"]) == ("dropped", 1)


def test_a_cancelled_run_alerts_unless_it_is_told_not_to(make_sheaf, webhooks):
    webhooks.open()
    sheaf = configure(make_sheaf(), destination(webhooks)).start()
    sleeping = [command_task("t", "sleep", "1000")]
    jobs = sheaf.deploy(
        told=alerted("on_failure", tasks=sleeping),
        quiet=alerted("on_failure", tasks=sleeping, notification_settings={"no_alert_for_canceled_runs": True}))
    runs = {key: sheaf.run_now(job_id) for key, job_id in jobs.items()}
    for run_id in runs.values():
        wait_for(lambda run_id=run_id: sheaf.run(run_id)["state"] == "RUNNING", "the run runs")
        sheaf.post("/api/2.2/jobs/runs/cancel", {"run_id": run_id})
        assert sheaf.wait_run(run_id)["state"] == "CANCELED"
    wait_delivered(sheaf, runs["told"])
    assert alerts_of(sheaf, runs["quiet"]) == []


BAD_CONFIGS = {
    "destinations:\n  - {id: ops, url: ftp://host/}\n": "2:20: url must begin with http:// or https://",
    "destinations:\n  - {id: ops, ulr: 'http://host/'}\n": '2:15: unknown key "ulr"',
    "destinations:\n  - url: http://host/\n": "2:5: id is missing",
    "destinations:\n  - {id: a, url: 'http://h/'}\n  - {id: a, url: 'http://h/'}\n":
        '3:5: destination "a" stands here twice',
    "destinations:\n  - {id: ops, url: 'http://host/', secret: whsec_nonsense!}\n":
        '2:44: secret: behind "whsec_" a webhook\'s secret must be valid base64',
    "destination: []\n": '1:1: unknown key "destination"',
    "destinations: 7\n": "1:15: destinations must be a list",
    "mail:\n  server: host:25\n  from: a@b\n": "2:11: server must begin with smtp:// or smtps://",
    "mail:\n  server: smtp://host\n": "2:3: from is missing",
    "alerts:\n  first_wait_ms: 0\n": "2:18: first_wait_ms must be above 0",
    "alerts:\n  first_wait_ms: soon\n": "2:18: ",
    "mail: {server: 'smtp://h', from: a@b, tls: perhaps}\n": "1:44: ",
    "alerts: [\n": "2:1: ",
    "- a list\n": "1:1: must be a map",
}


@pytest.mark.parametrize("text", BAD_CONFIGS)
def test_a_config_that_cannot_be_understood_names_its_place(make_sheaf, text):
    sheaf = make_sheaf()
    sheaf.data.mkdir()
    file = sheaf.data / "config.yml"
    file.write_text(text)
    assert sheaf.scheduler.start() is None
    assert sheaf.scheduler.wait() == 2
    assert f"{file}:{BAD_CONFIGS[text]}" in sheaf.scheduler.log_end()
    assert not (sheaf.data / "store").exists()
