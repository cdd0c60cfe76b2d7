"""Lets the new model and the champion predict the same held-out wines; decides which one is better."""

import argparse

import mlflow.sklearn
import model_registry
from pyspark.dbutils import DBUtils
from sklearn.metrics import root_mean_squared_error
from wine_data import FEATURES, TARGET, read_wines, test_path


def error_of(model_name, version, wines):
    model = mlflow.sklearn.load_model(f"models:/{model_name}/{version}")
    return float(root_mean_squared_error(wines[TARGET], model.predict(wines[FEATURES])))


def is_update(candidate_error, champion_error, min_improvement):
    """Whether the candidate should replace the champion; a tie keeps the champion."""
    return champion_error is None or candidate_error < champion_error - min_improvement


def record(client, run_id, candidate_error, champion_error):
    """Keeps the figures that the decision rests on with the candidate's MLflow run."""
    client.log_metric(run_id, "test_rmse", candidate_error)
    if champion_error is not None:
        client.log_metric(run_id, "champion_test_rmse", champion_error)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--work-dir", "--mlflow-uri", "--model-name"):
        parser.add_argument(name, required=True)
    parser.add_argument("--min-improvement", type=float, required=True)
    arguments = parser.parse_args()

    values = DBUtils(None).jobs.taskValues
    candidate = values.get(taskKey="train", key="model_version")
    client = model_registry.connect(arguments.mlflow_uri)
    champion = model_registry.champion_version(client, arguments.model_name)

    wines = read_wines(test_path(arguments.work_dir))
    candidate_error = error_of(arguments.model_name, candidate, wines)
    champion_error = None if champion is None else error_of(arguments.model_name, champion, wines)
    update = is_update(candidate_error, champion_error, arguments.min_improvement)

    run_id = values.get(taskKey="train", key="mlflow_run_id")
    record(client, run_id, candidate_error, champion_error)
    values.set(key="candidate_rmse", value=candidate_error)
    values.set(key="champion_rmse", value=champion_error)
    values.set(key="model_update", value=int(update))
    print(f"version {candidate}: error {candidate_error:.4f} on {len(wines)} held-out wines")
    print("no champion yet" if champion is None else f"champion, version {champion}: {champion_error:.4f}")
    print("the new model replaces the champion" if update else "the champion stays")


if __name__ == "__main__":
    main()
