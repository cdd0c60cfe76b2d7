"""Checks the data and splits it into a training part and a held-out part."""

import argparse
import hashlib
from pathlib import Path

from model import COLUMNS, read_rows, write_rows

DATA = Path(__file__).parent.parent / "data" / "concrete.csv"
HELD_OUT_SHARE = 0.25


def is_held_out(row):
    """By the content: a row is on the same side in every run, so that models are compared on rows that none has seen."""
    text = ",".join(str(row[name]) for name in COLUMNS)
    return hashlib.sha256(text.encode()).digest()[0] < 256 * HELD_OUT_SHARE


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-folder", type=Path, required=True)
    arguments = parser.parse_args()

    rows = read_rows(DATA)
    arguments.work_folder.mkdir(parents=True, exist_ok=True)
    train = [row for row in rows if not is_held_out(row)]
    test = [row for row in rows if is_held_out(row)]
    if len(train) < 10 or len(test) < 3:
        raise ValueError(f"{len(rows)} rows are too few")
    write_rows(train, arguments.work_folder / "train.csv")
    write_rows(test, arguments.work_folder / "test.csv")
    print(f"{len(train)} rows to train on, {len(test)} held out")


main()
