"""What the suite adds to the fits and predictions that it needs.

Fit: `CrossFitDistiller.fit`, or its sibling's for numbers, against a hand-written loop of
scikit-learn calls over the same folds. Prediction: `predict_proba`, or of numbers `predict`,
against the bare student's `predict`, for one row and for 100,000.
Both sides alternate in one process, on one core, and what is compared is the median of their paired
ratios of processor time, which other work on the machine hardly disturbs.

    python -m benchmarks.speed.overhead
"""

from statistics import median
from time import process_time
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller, CrossFitDistillerRegressor

from . import pairs, ratio, write_page

HOW = {"n_splits": 5, "shuffle": True, "random_state": 0}
CLASSES, NUMBERS = StratifiedKFold(**HOW), KFold(**HOW)


def rows(teacher: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with classes or numbers, whatever the teacher teaches."""
    if is_classifier(teacher):
        return make_classification(n_rows, 20, n_informative=8, random_state=0)
    return make_regression(n_rows, 20, n_informative=8, noise=50.0, random_state=0)


def distiller(teacher: Any, student: Any, **how: Any) -> Any:
    if is_classifier(teacher):
        return CrossFitDistiller(teacher, student, cv=CLASSES, **how)
    return CrossFitDistillerRegressor(teacher, student, cv=NUMBERS)


def by_hand(teacher, student, X, y):
    """Do what a user would write without the suite."""
    taught = np.empty(len(y))
    for train, test in (CLASSES if is_classifier(teacher) else NUMBERS).split(X, y):
        fitted = clone(teacher).fit(X[train], y[train])
        if is_classifier(teacher):
            taught[test] = fitted.predict_proba(X[test])[:, 1]
        else:
            taught[test] = fitted.predict(X[test])
    return clone(student).fit(X, taught)


def compare_fit(teacher, name: str, n_rows: int, repeats: int) -> list[str]:
    X, y = rows(teacher, n_rows)
    student = DecisionTreeRegressor(random_state=0)
    model = distiller(teacher, student)
    both = (lambda: model.fit(X, y), lambda: by_hand(teacher, student, X, y))
    times = pairs(*both, repeats, clock=process_time)
    return [f"fit, {name}, {n_rows:,} rows", ratio(times), "≤ 1.03"]


def compare_predict(
    teacher: Any, name: str, n_rows: int, repeats: int, calls: int, goal: str = "≤ 1.02", **how: Any
) -> list[str]:
    X, y = rows(teacher, 100_000)
    student = DecisionTreeRegressor(min_samples_leaf=10, random_state=0)
    model, asked = distiller(teacher, student, **how).fit(X, y), X[:n_rows]
    answer = model.predict_proba if is_classifier(teacher) else model.predict
    both = (lambda: answer(asked), lambda: model.student_.predict(asked))
    times = pairs(*both, repeats, calls, process_time)
    if n_rows == 1:
        added = median(ours - theirs for ours, theirs in times) * 1e6
        return [f"{name}, 1 row", f"+{added:.1f} µs", "≤ +15 µs"]
    return [f"{name}, {n_rows:,} rows", ratio(times), goal]


def main() -> None:
    seeded = {"random_state": 0}
    lines = [
        compare_fit(RandomForestClassifier(50, **seeded), "forest of 50 trees", 5_000, 9),
        compare_fit(DecisionTreeClassifier(**seeded), "one tree", 50_000, 9),
        # Trees that learn numbers grow until every row has a leaf of its own.
        compare_fit(RandomForestRegressor(50, **seeded), "numbers, forest of 50 trees", 2_000, 9),
        compare_fit(DecisionTreeRegressor(**seeded), "numbers, one tree", 20_000, 9),
    ]
    teacher = DecisionTreeClassifier(max_depth=8, random_state=0)
    for loss, goal in (("squared_error", "≤ 1.02"), ("squared_error_logit", "≤ 1.35")):
        name = f"predict_proba, {loss}"
        lines.append(compare_predict(teacher, name, 1, 100, 50, loss=loss))
        lines.append(compare_predict(teacher, name, 100_000, 60, 1, goal, loss=loss))
    teacher = DecisionTreeRegressor(max_depth=8, random_state=0)
    lines.append(compare_predict(teacher, "predict, numbers", 1, 100, 50))
    lines.append(compare_predict(teacher, "predict, numbers", 100_000, 60, 1))
    write_page("overhead", "Overhead", "what | ours to theirs | goal", lines)


if __name__ == "__main__":
    main()
