"""The example through the real command line, daemons, MLflow and serving folder."""

import base64

import pytest

from sheaf_up import SECRET_VARIABLE, SheafUp, processes_that_mention, states_of

REASON = "alcohol has drifted, PSI 0.31"
WEAK = {"n_estimators": 5, "max_depth": 1}
WORSE = {"n_estimators": 5, "max_depth": 2}
ALL_SUCCEED = dict.fromkeys(["preprocess", "train", "compare", "model_update", "deploy"], "SUCCESS")
NO_DEPLOY = {**ALL_SUCCEED, "deploy": "EXCLUDED"}


@pytest.fixture
def deployed(tmp_path):
    sheaf = SheafUp(tmp_path, **{SECRET_VARIABLE: "whsec_" + base64.b64encode(b"k" * 32).decode()})
    try:
        sheaf.start()
        sheaf.deploy()
        yield sheaf
    finally:
        if sheaf.process is not None:
            sheaf.stop()


def assert_states(run, expected):
    assert (run["state"], states_of(run)) == ("SUCCESS", expected), run


def test_a_better_model_replaces_the_champion_and_a_worse_one_does_not(deployed):
    weak = deployed.run(**WEAK, reason="a first model")
    assert_states(weak, ALL_SUCCEED)
    first = deployed.champion()
    assert (first["version"], first["tags"]["reason"]) == (1, "a first model")
    assert first["tags"]["job_run_id"] == str(weak["run_id"])
    assert deployed.in_service()[0] == "1"

    drifted = deployed.run_over(deployed.send_alert(REASON))
    assert_states(drifted, ALL_SUCCEED)
    assert drifted["trigger"]["hook"] == "drift"
    second = deployed.champion()
    assert (second["version"], second["tags"]["reason"]) == (2, REASON)
    assert second["tags"]["job_run_id"] == str(drifted["run_id"])
    assert second["tags"]["trigger"] != first["tags"]["trigger"]
    link, release = deployed.in_service()
    assert (link, int(release["version"])) == ("2", 2)

    worse = deployed.run(**WORSE, reason="a worse model")
    assert_states(worse, NO_DEPLOY)
    third = deployed.champion()
    assert (third["version"], third["reasons"]["3"]) == (2, "a worse model")
    assert deployed.in_service() == (link, release)

    assert deployed.stop() == 0
    assert processes_that_mention(str(deployed.folder)) == []


@pytest.mark.slow
def test_an_interrupted_retraining_leaves_the_champion_in_service_and_the_next_up_goes_on(deployed):
    assert_states(deployed.run(**WEAK), ALL_SUCCEED)
    before = deployed.in_service()
    (job,) = deployed.deploy()["jobs"]
    started = deployed.ask("run", job["job_id"], "--no-wait")["run_id"]
    assert deployed.stop() == 0, deployed.log_end()
    assert processes_that_mention(str(deployed.folder)) == []
    assert deployed.in_service() == before

    deployed.start_again()
    assert deployed.ask("runs", started)["state"] == "CANCELED"
    assert_states(deployed.run(), ALL_SUCCEED)
    assert deployed.champion()["version"] > 1
    assert deployed.in_service() != before
