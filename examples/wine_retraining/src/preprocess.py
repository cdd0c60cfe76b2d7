"""Checks the wines and splits them into a training part and a held-out part."""

import argparse
import hashlib
from pathlib import Path

from pyspark.dbutils import DBUtils
from wine_data import FEATURES, TARGET, read_wines, test_path, train_path, write_wines

HELD_OUT_SHARE = 0.2
FEWEST_WINES = 500


def check(wines):
    """Refuses a table that would train nonsense; says what is wrong with it."""
    missing = [name for name in [*FEATURES, TARGET] if name not in wines.columns]
    if missing:
        raise ValueError(f"columns are missing: {', '.join(missing)}")
    table = wines[[*FEATURES, TARGET]]
    texts = [name for name in table.columns if table[name].dtype.kind not in "fi"]
    if texts:
        raise ValueError(f"columns that are not numbers: {', '.join(texts)}")
    gaps = table.columns[table.isna().any()]
    if len(gaps):
        raise ValueError(f"columns with missing values: {', '.join(gaps)}")
    if not table[TARGET].between(0, 10).all() or not table["pH"].between(0, 14).all():
        raise ValueError("a quality outside 0..10 or a pH outside 0..14")
    if len(table) < FEWEST_WINES:
        raise ValueError(f"{len(table)} wines are too few, {FEWEST_WINES} are needed")
    return table


def is_held_out(wines):
    """Decides by the content of a row.

    A wine is on the same side in every run and for every seed, also when others are added: a champion of
    an earlier run has never seen the wines that it is compared on. Copies of a wine stay together too.
    """
    limit = int(HELD_OUT_SHARE * 2**32)
    rows = wines.to_csv(index=False, header=False).splitlines()
    return [int.from_bytes(hashlib.sha256(row.encode()).digest()[:4], "big") < limit for row in rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--work-dir", required=True)
    arguments = parser.parse_args()

    wines = check(read_wines(arguments.data))
    held_out = wines.index[is_held_out(wines)]
    train, test = wines.drop(index=held_out), wines.loc[held_out]
    Path(arguments.work_dir).mkdir(parents=True, exist_ok=True)
    write_wines(train, train_path(arguments.work_dir))
    write_wines(test, test_path(arguments.work_dir))

    values = DBUtils(None).jobs.taskValues
    values.set(key="train_rows", value=len(train))
    values.set(key="test_rows", value=len(test))
    print(f"{len(wines)} wines: {len(train)} to train on, {len(test)} held out")


if __name__ == "__main__":
    main()
