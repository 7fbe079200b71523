"""What the suite adds to the fits and predictions that it needs.

Fit: `CrossFitDistiller.fit` against a hand-written loop of scikit-learn calls over the same folds.
Prediction: `predict_proba` against the bare student's `predict`, for one row and for 100,000.
Both sides alternate in one process, and what is compared is the median of their paired ratios.

    python benchmarks/speed/overhead.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller

sys.path.insert(0, str(Path(__file__).parents[1]))
from report import heading, table, write

FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def by_hand(teacher, student, X, y):
    """Do what a user would write without the suite."""
    proba = np.empty(len(y))
    for train, test in FOLDS.split(X, y):
        fitted = clone(teacher).fit(X[train], y[train])
        proba[test] = fitted.predict_proba(X[test])[:, 1]
    return clone(student).fit(X, proba)


def pairs(
    ours: Callable, theirs: Callable, repeats: int, calls: int = 1
) -> list[tuple[float, float]]:
    """Time two functions in turn, the first of each pair changing."""
    times = []
    for repeat in range(repeats):
        first, second = (ours, theirs) if repeat % 2 else (theirs, ours)
        spent = [seconds(f, calls) for f in (first, second)]
        times.append(tuple(spent) if repeat % 2 else tuple(reversed(spent)))
    return times


def seconds(function: Callable, calls: int) -> float:
    """Mean time of a call."""
    start = perf_counter()
    for _ in range(calls):
        function()
    return (perf_counter() - start) / calls


def ratio(times: list[tuple[float, float]]) -> str:
    return f"{median(ours / theirs for ours, theirs in times):.3f}"


def compare_fit(teacher, name: str, n_rows: int, repeats: int) -> list[str]:
    X, y = make_classification(n_rows, 20, n_informative=8, random_state=0)
    student = DecisionTreeRegressor(random_state=0)
    model = CrossFitDistiller(teacher, student, cv=FOLDS)
    times = pairs(lambda: model.fit(X, y), lambda: by_hand(teacher, student, X, y), repeats)
    return [f"fit, {name}, {n_rows:,} rows", ratio(times), "≤ 1.03"]


def compare_predict(loss: str, n_rows: int, repeats: int, calls: int) -> list[str]:
    X, y = make_classification(100_000, 20, n_informative=8, random_state=0)
    teacher = DecisionTreeClassifier(max_depth=8, random_state=0)
    student = DecisionTreeRegressor(min_samples_leaf=10, random_state=0)
    model = CrossFitDistiller(teacher, student, cv=FOLDS, loss=loss).fit(X, y)
    rows = X[:n_rows]
    times = pairs(
        lambda: model.predict_proba(rows), lambda: model.student_.predict(rows), repeats, calls
    )
    if n_rows == 1:
        added = median(ours - theirs for ours, theirs in times) * 1e6
        return [f"predict_proba, {loss}, 1 row", f"+{added:.1f} µs", "≤ +15 µs"]
    goal = "≤ 1.02" if loss == "squared_error" else "≤ 1.35"
    return [f"predict_proba, {loss}, {n_rows:,} rows", ratio(times), goal]


def main() -> None:
    forest = RandomForestClassifier(50, random_state=0)
    rows = [
        compare_fit(forest, "forest of 50 trees", 5_000, 9),
        compare_fit(DecisionTreeClassifier(random_state=0), "one tree", 50_000, 9),
    ]
    for loss in ("squared_error", "squared_error_logit"):
        rows.append(compare_predict(loss, 1, 100, 50))
        rows.append(compare_predict(loss, 100_000, 60, 1))
    about = (
        "What the suite adds to the scikit-learn calls that do the work: ratios of times measured "
        "in turn in one process (medians of paired ratios), and for one row the added time."
    )
    page = heading("Overhead", "python benchmarks/speed/overhead.py", about)
    write("speed/overhead.md", page + "\n" + table(["what", "ours to theirs", "goal"], rows))


if __name__ == "__main__":
    main()
