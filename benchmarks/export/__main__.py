"""Time, size and difference of a teacher and its students, in Python and as files.

    python -m benchmarks.export [--rows 100000] [--trees 500]

The table is MAGIC. A row's time is that of a call with one row, from Python, on one core; for many
rows it is that of one call, divided by their number. SQL is not timed for one row, as each query is
parsed.
"""

import argparse
from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np
from lightgbm import LGBMRegressor
from scipy.special import softmax
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from skdistill import Distiller, LGBMSoftClassifier, SoftmaxRegression

from ..data import split
from ..page import RESULTS, fill, heading, table, write
from .ways import Way, as_shipped, ways

CALLS, SECONDS = 2_000, 3.0
BOOSTED = {"n_estimators": 100, "num_leaves": 31, "n_jobs": 1, "verbose": -1}
STUDENTS = {
    "tree of 64 leaves": DecisionTreeRegressor(max_leaf_nodes=64, random_state=0),
    "tree of 512 leaves": DecisionTreeRegressor(max_leaf_nodes=512, random_state=0),
    "forest of 10, 256 leaves": RandomForestRegressor(10, max_leaf_nodes=256, random_state=0),
    "LightGBM 100 × 31": LGBMSoftClassifier(**BOOSTED),
    "LightGBM 100 × 31, numbers": LGBMRegressor(**BOOSTED),
    "SoftmaxRegression": SoftmaxRegression(),
    "Ridge": Ridge(),
}
SQL = ("SQLite", "DuckDB")


def percentiles(way: Way, X: np.ndarray) -> tuple[float, float]:
    """Return the median and the 99th percentile of calls with one row, in microseconds."""
    rows = [np.ascontiguousarray(X[i : i + 1], dtype=way.dtype) for i in range(min(len(X), 500))]
    times: list[float] = []
    start = perf_counter()
    while len(times) < CALLS and perf_counter() - start < SECONDS:
        row = rows[len(times) % len(rows)]
        before = perf_counter()
        way.ask(row)
        times.append(perf_counter() - before)
    return tuple(1e6 * np.percentile(times, [50, 99]))


def of_many(way: Way, X: np.ndarray) -> tuple[float, np.ndarray]:
    """Return seconds of a call with all rows, the best of three, and the answers."""
    X = np.ascontiguousarray(X, dtype=way.dtype)
    times = []
    for _ in range(1 if way.name in SQL else 3):
        before = perf_counter()
        answers = way.ask(X)
        times.append(perf_counter() - before)
    return min(times), answers


def lines(name: str, model: Any, X: np.ndarray, *, in_sql: bool) -> Iterator[list[str]]:
    """Yield one line for each way."""
    rounded = X.astype(np.float32).astype(np.float64)
    expected = {np.float64: model.predict_proba(X), np.float32: model.predict_proba(rounded)}
    for way in ways(model, X, in_sql=in_sql):
        one = ["", ""] if way.name in SQL else [f"{t:,.1f}" for t in percentiles(way, X)]
        seconds, answers = of_many(way, X)
        difference = np.abs(answers - expected[way.dtype])
        same = (answers.argmax(1) == expected[way.dtype].argmax(1)).mean()
        size = "" if np.isnan(way.size) else f"{way.size / 1e3:,.0f}"
        per_row = f"{1e6 * seconds / len(X):,.3f}"
        row = [name, way.name, size, *one, per_row, f"{difference.max():.0e}", f"{100 * same:.3f}"]
        print(row, flush=True)
        yield row


def of_three_classes(X: np.ndarray) -> Any:
    """Return a booster that learned three shares, which depend on two columns."""
    share = np.column_stack([X[:, 0], X[:, 1], np.abs(X[:, 0] - X[:, 1])])
    proba = softmax(share / share.std(axis=0), axis=1)
    student = LGBMSoftClassifier(**BOOSTED)
    return Distiller(None, student).fit(X, teacher_proba=proba).classifier_


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trees", type=int, default=500)
    options = parser.parse_args()
    X, X_test, y, _ = split("magic", 0)
    rng = np.random.default_rng(0)
    many = X_test[rng.integers(len(X_test), size=options.rows)]
    # Not the same rows over and over, which would be known to the processor's cache.
    many = many * rng.uniform(0.999, 1.001, size=many.shape)
    with threadpool_limits(1):
        forest = RandomForestClassifier(options.trees, oob_score=True, random_state=0).fit(X, y)
        teacher = f"the teacher, {options.trees} trees"
        # No database parses 500 trees without limit.
        rows = [*lines(teacher, as_shipped(forest), many, in_sql=False)]
        for name, student in STUDENTS.items():
            proba = forest.oob_decision_function_
            model = Distiller(None, student).fit(X, y, teacher_proba=proba)
            rows += lines(name, model.classifier_, many, in_sql=True)
        name = "LightGBM 100 × 31, three classes"
        rows += lines(name, of_three_classes(X), many, in_sql=True)
    header = ["model", "way", "kB", "one row, p50 (µs)", "p99", "many rows (µs a row)"]
    header += ["largest difference", "labels equal (%)"]
    page = heading(
        "Students as files", "export", fill("export", "latency", rows=f"{options.rows:,}")
    )
    write(RESULTS / "export" / "latency.md", f"{page}\n\n{table(header, rows)}")


if __name__ == "__main__":
    main()
