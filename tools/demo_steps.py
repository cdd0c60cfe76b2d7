"""The demo's steps, with the programs that SHEAF_BIN names: each one says what it does, does it and checks it.

Exit status: 0 if everything happened as said.
"""

import base64
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "system"))
from sheaf_up import RUN_S, SECRET_VARIABLE, SheafUp, processes_that_mention, states_of, wait_for  # noqa: E402

REASON = "alcohol has drifted, PSI 0.31"
ALL_SUCCEED = dict.fromkeys(["preprocess", "train", "compare", "model_update", "deploy"], "SUCCESS")
NO_DEPLOY = {**ALL_SUCCEED, "deploy": "EXCLUDED"}
FIRE_IN = timedelta(seconds=10)


def say(text):
    print(f"\n== {text}", flush=True)


def check(run, states, kind):
    assert run["state"] == "SUCCESS", run
    assert states_of(run) == states, states_of(run)
    assert run["trigger"]["kind"] == kind, run["trigger"]


def show(sheaf, run):
    """The run as `sheaf runs` shows it: tasks, attempts and durations."""
    sheaf.command("runs", run["run_id"])


def run_by_hand(sheaf):
    say("sheaf run wine_retraining: no champion yet, so the first model goes into service")
    sheaf.command("run", "wine_retraining", timeout=RUN_S)
    (listed,) = sheaf.ask("runs")["runs"]
    run = sheaf.ask("runs", listed["run_id"])
    check(run, ALL_SUCCEED, "ONE_TIME")
    show(sheaf, run)
    assert sheaf.champion()["version"] == 1
    assert sheaf.in_service()[0] == "1"


def run_by_hook(sheaf):
    say("a monitor's signed alert retrains; the model is no better than the champion, so deploy is EXCLUDED")
    run = sheaf.run_over(sheaf.send_alert(REASON))
    check(run, NO_DEPLOY, "HOOK")
    assert run["parameters"]["reason"] == REASON, run["parameters"]
    assert sheaf.champion()["reasons"]["2"] == REASON, sheaf.champion()
    show(sheaf, run)


def run_by_schedule(sheaf):
    fire = (datetime.now(timezone.utc) + FIRE_IN).replace(microsecond=0)
    say(f"deployed again with a schedule that fires once, at {fire:%H:%M:%S} UTC")
    quartz = f"{fire.second} {fire.minute} {fire.hour} {fire.day} {fire.month} ? {fire.year}"
    sheaf.deploy(schedule=quartz, schedule_timezone="UTC", schedule_status="UNPAUSED")
    sheaf.command("schedules")

    def fired():
        return [run for run in sheaf.ask("runs")["runs"] if run["trigger"]["kind"] == "PERIODIC"]

    (started,) = wait_for(fired, "the schedule fires")
    nominal = round(fire.timestamp() * 1000)
    assert started["trigger"]["nominal_time"] == nominal, started["trigger"]
    print(f"It started the run {started['start_time'] - nominal} ms after the time that it names.", flush=True)
    run = sheaf.run_over(started["run_id"])
    check(run, NO_DEPLOY, "PERIODIC")
    show(sheaf, run)
    assert len(fired()) == 1, "the schedule fires once"


def show_results(sheaf):
    say("what ran, and what started it")
    sheaf.command("runs")
    say("the champion, as MLflow reports it")
    champion = sheaf.champion()
    tags = champion["tags"]
    link, release = sheaf.in_service()
    print(f"wine_quality version {champion['version']}, alias champion; trained by run {tags['job_run_id']}, "
          f"started by {tags['trigger']}, because: {tags['reason']}")
    for version, reason in sorted(champion["reasons"].items(), key=lambda pair: int(pair[0])):
        print(f"  version {version} was trained because: {reason}")
    print(f"in service: {sheaf.state}/serving/current -> {link}, {release}", flush=True)
    assert champion["version"] == 1 and link == "1"
    assert sorted(champion["reasons"]) == ["1", "2", "3"]


def stop(sheaf):
    say("Ctrl-C: everything ends")
    status = sheaf.stop()
    assert status == 0, f"sheaf up ended with {status}:\n{sheaf.log_end()}"
    left = processes_that_mention(str(sheaf.folder))
    assert not left, left
    print("sheaf up ended with 0, and no process of it is left.", flush=True)


def demonstrate(sheaf):
    say("sheaf up: a scheduler and a worker")
    sheaf.start()
    print(f"ready at {sheaf.ready['url']}, data in {sheaf.data}", flush=True)
    say("sheaf validate, sheaf deploy")
    sheaf.command("validate", "-t", "dev", "--var", f"state_root={sheaf.state}")
    deployed = sheaf.deploy()
    assert [job["change"] for job in deployed["jobs"]] == ["created"], deployed
    run_by_hand(sheaf)
    run_by_hook(sheaf)
    run_by_schedule(sheaf)
    show_results(sheaf)
    stop(sheaf)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    began = time.monotonic()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sheaf-demo-"))
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    sheaf = SheafUp(folder, **{SECRET_VARIABLE: secret})
    try:
        demonstrate(sheaf)
    except BaseException:
        if sheaf.process is not None:
            sheaf.stop()
        print(f"the demo failed; what it left is in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)
    print(f"\nThe demo passed in {time.monotonic() - began:.0f} s.")


if __name__ == "__main__":
    main()
