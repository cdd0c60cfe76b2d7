"""Trains a forest on the training part, logs it to MLflow and registers it as a new model version."""

import argparse
import hashlib
import json

import mlflow.sklearn
import model_registry
from mlflow.models import infer_signature
from pyspark.dbutils import DBUtils
from sklearn import __version__ as sklearn_version
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from wine_data import FEATURES, TARGET, read_wines, train_path


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--work-dir", "--mlflow-uri", "--artifact-root", "--model-name", "--job-run-id"):
        parser.add_argument(name, required=True)
    parser.add_argument("--n-estimators", type=int, required=True)
    parser.add_argument("--max-depth", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--reason", required=True)
    parser.add_argument("--trigger", required=True)
    return parser.parse_args()


def fit(wines, arguments):
    # One thread: several add up the trees' votes in varying order, and the last digits with them.
    model = RandomForestRegressor(
        n_estimators=arguments.n_estimators,
        max_depth=arguments.max_depth,
        random_state=arguments.seed,
        n_jobs=1,
    )
    return model.fit(wines[FEATURES], wines[TARGET])


def training_key(arguments, train_csv):
    """Equal for two attempts of one run at the same training, different for everything else."""
    hyperparameters = [arguments.n_estimators, arguments.max_depth, arguments.seed]
    content = json.dumps([arguments.job_run_id, hyperparameters]).encode() + train_csv.read_bytes()
    return hashlib.sha256(content).hexdigest()


def registered_before(client, model_name, key):
    """The version that an earlier attempt registered before it was cut off, or None."""
    found = client.search_model_versions(f"name = '{model_name}' and tags.training_key = '{key}'")
    return found[0] if found else None


def give_up_earlier_attempts(client, experiment_id, key):
    """Ends the MLflow runs of attempts that were cut off, which would count as running for ever."""
    cut_off = f"tags.training_key = '{key}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment_id], cut_off):
        client.set_terminated(run.info.run_id, "KILLED")


def log_training(wines, arguments, experiment_id, tags):
    """Trains, and gives the logged model."""
    with mlflow.start_run(experiment_id=experiment_id, tags=tags):
        mlflow.log_params(
            {
                "n_estimators": arguments.n_estimators,
                "max_depth": arguments.max_depth,
                "seed": arguments.seed,
                "train_rows": len(wines),
            }
        )
        model = fit(wines, arguments)
        predicted = model.predict(wines[FEATURES])
        mlflow.log_metrics(
            {
                "train_rmse": root_mean_squared_error(wines[TARGET], predicted),
                "train_mae": mean_absolute_error(wines[TARGET], predicted),
                "train_r2": r2_score(wines[TARGET], predicted),
            }
        )
        return mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(wines[FEATURES], predicted),
            # MLflow's default cannot hold forests; naming the requirements spares a search by trial imports.
            serialization_format="cloudpickle",
            pip_requirements=[f"scikit-learn=={sklearn_version}"],
        )


def train(arguments, client, path, tags):
    """Trains and registers; gives the new version."""
    experiment_id = model_registry.use_experiment(client, arguments.artifact_root)
    give_up_earlier_attempts(client, experiment_id, tags["training_key"])
    logged = log_training(read_wines(path), arguments, experiment_id, tags)
    return mlflow.register_model(logged.model_uri, arguments.model_name, tags=tags)


def main():
    arguments = read_arguments()
    path = train_path(arguments.work_dir)
    tags = {
        "training_key": training_key(arguments, path),
        "job_run_id": arguments.job_run_id,
        "reason": arguments.reason,
        "trigger": arguments.trigger,
    }
    client = model_registry.connect(arguments.mlflow_uri)
    version = registered_before(client, arguments.model_name, tags["training_key"])
    if version is None:
        version = train(arguments, client, path, tags)

    values = DBUtils(None).jobs.taskValues
    values.set(key="model_version", value=int(version.version))
    values.set(key="mlflow_run_id", value=version.run_id)
    print(f"{arguments.model_name} version {version.version}, trained because: {arguments.reason}")


if __name__ == "__main__":
    main()
