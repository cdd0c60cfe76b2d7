"""The model and its data: linear regression in plain Python. Put your own in its place."""

import csv
import json

FEATURES = ["cement", "water", "days"]
TARGET = "strength"
COLUMNS = [*FEATURES, TARGET]


def read_rows(path):
    with open(path, newline="") as file:
        return [{name: float(row[name]) for name in COLUMNS} for row in csv.DictReader(file)]


def write_rows(rows, path):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def vector_of(row):
    return [1.0, *(row[name] for name in FEATURES)]


def solve(matrix, right):
    """Solves matrix * x = right by elimination with pivots."""
    rows = [[*line, value] for line, value in zip(matrix, right)]
    for column in range(len(rows)):
        pivot = max(range(column, len(rows)), key=lambda index: abs(rows[index][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for index in range(len(rows)):
            if index != column:
                factor = rows[index][column] / rows[column][column]
                rows[index] = [a - factor * b for a, b in zip(rows[index], rows[column])]
    return [row[-1] / row[index] for index, row in enumerate(rows)]


def fit(rows, penalty):
    """Least squares with a penalty on large weights."""
    vectors = [vector_of(row) for row in rows]
    size = len(vectors[0])
    matrix = [[sum(v[i] * v[j] for v in vectors) + (penalty if i == j else 0) for j in range(size)] for i in range(size)]
    right = [sum(v[i] * row[TARGET] for v, row in zip(vectors, rows)) for i in range(size)]
    return {"weights": solve(matrix, right)}


def predict(model, row):
    return sum(weight * value for weight, value in zip(model["weights"], vector_of(row)))


def error_of(model, rows):
    """Root of the mean squared error."""
    return (sum((predict(model, row) - row[TARGET]) ** 2 for row in rows) / len(rows)) ** 0.5


def load(path):
    return json.loads(path.read_text())


def save(model, path):
    """Writes the file whole or not at all, so that a retry never meets half a model."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(model))
    unfinished.replace(path)
