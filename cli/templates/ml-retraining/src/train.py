"""Fits a model to the training part."""

import argparse
from pathlib import Path

import model


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-folder", type=Path, required=True)
    parser.add_argument("--penalty", type=float, required=True)
    arguments = parser.parse_args()

    rows = model.read_rows(arguments.work_folder / "train.csv")
    fitted = model.fit(rows, arguments.penalty)
    model.save(fitted, arguments.work_folder / "model.json")
    print(f"error on the training part: {model.error_of(fitted, rows):.3f}")


main()
