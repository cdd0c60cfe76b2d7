"""Schedules start runs: each nominal time has one run or one entry among the skipped, whatever happens meanwhile."""

import os
import random
import time

import pytest

from sheaf_daemons import command_task, wait_for

pytestmark = pytest.mark.daemons

TWO_SECONDS = {"quartz_cron_expression": "0/2 * * * * ?", "timezone_id": "UTC"}


def runs_of(sheaf, job_id):
    """Oldest first."""
    return sheaf.get(f"/api/sheaf/v1/runs?job_id={job_id}&limit=100")["runs"][::-1]


def scheduled(**fields):
    return {"name": "nightly", "tasks": [command_task("t", "true")], "max_concurrent_runs": 100,
            "schedule": {**TWO_SECONDS, **fields}}


def schedule_of(sheaf, job_id):
    return next(entry for entry in sheaf.get("/api/sheaf/v1/schedules")["schedules"] if entry["job_id"] == job_id)


def nominal_times(sheaf, job_id):
    return [run["trigger"]["nominal_time"] for run in runs_of(sheaf, job_id)]


def check_grid(sheaf, job_id):
    """Every second second has a run or stands among the skipped, never both, never twice."""
    runs = nominal_times(sheaf, job_id)
    skipped = [fire["nominal_time"] for fire in schedule_of(sheaf, job_id)["skipped"]
               if fire["nominal_time"] <= runs[-1]]
    both = sorted(runs + skipped)
    assert both == list(range(both[0], both[0] + 2000 * len(both), 2000))
    assert both[0] % 2000 == 0


def pause(sheaf, **jobs):
    """So that the test ends in peace."""
    sheaf.deploy(**{key: {**settings, "schedule": {**settings["schedule"], "pause_status": "PAUSED"}}
                    for key, settings in jobs.items()})


def test_each_nominal_time_has_one_run_also_over_a_redeployment(sheaf):
    jobs = {"going": scheduled(), "paused": scheduled(pause_status="PAUSED")}
    ids = sheaf.deploy(**jobs)
    wait_for(lambda: len(runs_of(sheaf, ids["going"])) >= 2, "two fires")
    before = schedule_of(sheaf, ids["going"])
    assert sheaf.deploy(**jobs) == ids
    after = schedule_of(sheaf, ids["going"])
    assert after["trigger_id"] == before["trigger_id"]
    assert after["settled_time"] >= before["settled_time"]
    wait_for(lambda: len(runs_of(sheaf, ids["going"])) >= 4, "two fires more")
    check_grid(sheaf, ids["going"])
    going = schedule_of(sheaf, ids["going"])
    assert not going["paused"]
    assert going["next_time"] % 2000 == 0
    assert schedule_of(sheaf, ids["paused"])["paused"]
    assert runs_of(sheaf, ids["paused"]) == []
    run = sheaf.wait_run(runs_of(sheaf, ids["going"])[0]["run_id"])
    assert run["state"] == "SUCCESS"
    assert run["trigger"]["kind"] == "PERIODIC"
    assert run["submitted_time"] >= run["trigger"]["nominal_time"]

    pause(sheaf, **jobs)
    at_pause = nominal_times(sheaf, ids["going"])
    other = sheaf.deploy(bundle="clock", going=scheduled())["going"]
    wait_for(lambda: len(runs_of(sheaf, other)) >= 2, "another schedule fires twice")
    assert nominal_times(sheaf, ids["going"]) == at_pause
    pause_settings = scheduled(pause_status="PAUSED")
    sheaf.deploy(bundle="clock", going=pause_settings)


def test_unpausing_makes_up_for_nothing(sheaf):
    job = scheduled()
    job_id = sheaf.deploy(j=job)["j"]
    wait_for(lambda: runs_of(sheaf, job_id), "a fire")
    pause(sheaf, j=job)
    last = nominal_times(sheaf, job_id)[-1]
    since = time.time()
    wait_for(lambda: time.time() > since + 5, "two fire times pass")
    assert sheaf.deploy(j=job)["j"] == job_id
    unpaused = time.time() * 1000
    new = wait_for(lambda: [time for time in nominal_times(sheaf, job_id) if time > last], "it fires again")
    assert new[0] > unpaused - 1000  # the deployment was a moment before that
    assert [fire for fire in schedule_of(sheaf, job_id)["skipped"] if fire["nominal_time"] < unpaused - 1000] == []
    pause(sheaf, j=job)


@pytest.mark.slow
def test_killed_again_and_again_each_nominal_time_has_one_run_or_one_entry(sheaf):
    job = scheduled()
    job_id = sheaf.deploy(j=job)["j"]
    wait_for(lambda: runs_of(sheaf, job_id), "a fire")
    chance = random.Random(int(os.environ.get("SHEAF_SEED", "11")))
    for _ in range(10):
        # Around a fire time, where the commit of the run is.
        wait_for(lambda: time.time() % 2 < 0.1, "a fire time")
        time.sleep(chance.uniform(0, 0.1))  # the instant of the kill is the random variable here
        sheaf.scheduler.kill()
        sheaf.scheduler.start()
    last = nominal_times(sheaf, job_id)[-1]
    wait_for(lambda: nominal_times(sheaf, job_id)[-1] > last, "the schedule goes on")
    check_grid(sheaf, job_id)
    pause(sheaf, j=job)
    for run in runs_of(sheaf, job_id):
        assert sheaf.wait_run(run["run_id"])["state"] == "SUCCESS"


def test_times_missed_while_the_scheduler_is_down_have_one_run(sheaf):
    job = scheduled()
    job_id = sheaf.deploy(j=job)["j"]
    wait_for(lambda: runs_of(sheaf, job_id), "a fire")
    sheaf.scheduler.kill()
    down = time.time()
    wait_for(lambda: time.time() > down + 9, "four fire times pass")
    sheaf.scheduler.start()

    def made_up():
        return next((run for run in runs_of(sheaf, job_id) if run["submitted_time"] > (down + 9) * 1000), None)

    run = wait_for(made_up, "the missed times are made up for")
    nominal = run["trigger"]["nominal_time"]
    skipped = [fire for fire in schedule_of(sheaf, job_id)["skipped"] if fire["covered_by"] == run["run_id"]]
    times = sorted(fire["nominal_time"] for fire in skipped)
    assert len(times) >= 3
    assert times == list(range(nominal - 2000 * len(times), nominal, 2000))
    assert nominal <= run["submitted_time"] < nominal + 4000
    assert all(fire["reason"] for fire in skipped)
    assert schedule_of(sheaf, job_id)["settled_time"] >= nominal
    wait_for(lambda: nominal_times(sheaf, job_id)[-1] > nominal, "the schedule goes on")
    check_grid(sheaf, job_id)
    # Nothing is made up for twice.
    sheaf.scheduler.kill()
    sheaf.scheduler.start()
    last = nominal_times(sheaf, job_id)[-1]
    wait_for(lambda: nominal_times(sheaf, job_id)[-1] > last, "a fire after the second restart")
    check_grid(sheaf, job_id)
    pause(sheaf, j=job)
