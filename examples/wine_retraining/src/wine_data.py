"""The wines as tables, and where a run keeps its own copy of them."""

from pathlib import Path

import pandas as pd

FEATURES = [
    "fixed acidity",
    "volatile acidity",
    "citric acid",
    "residual sugar",
    "chlorides",
    "free sulfur dioxide",
    "total sulfur dioxide",
    "density",
    "pH",
    "sulphates",
    "alcohol",
]
TARGET = "quality"


def read_wines(path):
    return pd.read_csv(path, sep=";")


def write_wines(wines, path):
    """Writes `path` whole or not at all, so that a retry never meets half a table."""
    unfinished = Path(path).with_suffix(".unfinished")
    wines.to_csv(unfinished, sep=";", index=False)
    unfinished.replace(path)


def train_path(work_dir):
    return Path(work_dir) / "train.csv"


def test_path(work_dir):
    return Path(work_dir) / "test.csv"
