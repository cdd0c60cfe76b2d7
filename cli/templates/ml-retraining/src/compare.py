"""Lets the new model and the one in service predict the held-out rows, and decides which one is better."""

import argparse
from pathlib import Path

import model
from databricks.sdk.runtime import dbutils


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-folder", type=Path, required=True)
    parser.add_argument("--serving-folder", type=Path, required=True)
    parser.add_argument("--min-improvement", type=float, required=True)
    arguments = parser.parse_args()

    rows = model.read_rows(arguments.work_folder / "test.csv")
    candidate = model.error_of(model.load(arguments.work_folder / "model.json"), rows)
    in_service = arguments.serving_folder / "current" / "model.json"
    champion = model.error_of(model.load(in_service), rows) if in_service.exists() else None
    is_better = champion is None or candidate < champion - arguments.min_improvement
    # For the condition: {{tasks.compare.values.model_update}}
    dbutils.jobs.taskValues.set(key="model_update", value=int(is_better))
    print(f"error on held-out rows: {candidate:.3f}; of the model in service: {champion}; update: {is_better}")


main()
