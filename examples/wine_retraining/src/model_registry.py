"""MLflow, set up for scripts that run unattended on a machine of their own."""

import logging
import os
from pathlib import Path

# Read while mlflow is imported: nothing about a training run is sent anywhere; a machine without git is fine.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import mlflow
from mlflow import MlflowClient

EXPERIMENT = "wine_retraining"
CHAMPION = "champion"
SQLITE = "sqlite:///"

# train.py chooses the model's format on purpose, and an environment made by uv has no pip to name.
logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
logging.getLogger("mlflow.utils.environment").setLevel(logging.ERROR)


def connect(uri):
    """Makes `uri` the tracking and registry store of this process; gives its client."""
    if uri.startswith(SQLITE):
        Path(uri[len(SQLITE) :]).parent.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return MlflowClient()


def use_experiment(client, artifact_root):
    """Gives the experiment's id; its artifacts lie below `artifact_root`, never in the working folder."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is not None:
        return experiment.experiment_id
    location = Path(artifact_root).resolve()
    location.mkdir(parents=True, exist_ok=True)
    return client.create_experiment(EXPERIMENT, artifact_location=location.as_uri())


def champion_version(client, model_name):
    """The version with the alias `champion`, or None."""
    version = client.get_registered_model(model_name).aliases.get(CHAMPION)
    return None if version is None else int(version)
