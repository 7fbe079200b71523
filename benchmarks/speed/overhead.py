"""What the suite adds to the fits and predictions that it needs.

Fit: `CrossFitDistiller.fit` against a hand-written loop of scikit-learn calls over the same folds.
Prediction: `predict_proba` against the bare student's `predict`, for one row and for 100,000.
Both sides alternate in one process, and what is compared is the median of their paired ratios.

    python -m benchmarks.speed.overhead
"""

from statistics import median

import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller

from . import pairs, ratio, write_page

FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def by_hand(teacher, student, X, y):
    """Do what a user would write without the suite."""
    proba = np.empty(len(y))
    for train, test in FOLDS.split(X, y):
        fitted = clone(teacher).fit(X[train], y[train])
        proba[test] = fitted.predict_proba(X[test])[:, 1]
    return clone(student).fit(X, proba)


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
    model, rows = CrossFitDistiller(teacher, student, cv=FOLDS, loss=loss).fit(X, y), X[:n_rows]
    both = (lambda: model.predict_proba(rows), lambda: model.student_.predict(rows))
    times = pairs(*both, repeats, calls)
    if n_rows == 1:
        added = median(ours - theirs for ours, theirs in times) * 1e6
        return [f"predict_proba, {loss}, 1 row", f"+{added:.1f} µs", "≤ +15 µs"]
    goal = "≤ 1.02" if loss == "squared_error" else "≤ 1.35"
    return [f"predict_proba, {loss}, {n_rows:,} rows", ratio(times), goal]


def main() -> None:
    forest = RandomForestClassifier(50, random_state=0)
    rows = [compare_fit(forest, "forest of 50 trees", 5_000, 9)]
    rows.append(compare_fit(DecisionTreeClassifier(random_state=0), "one tree", 50_000, 9))
    for loss in ("squared_error", "squared_error_logit"):
        rows.append(compare_predict(loss, 1, 100, 50))
        rows.append(compare_predict(loss, 100_000, 60, 1))
    write_page("overhead", "Overhead", "what | ours to theirs | goal", rows)


if __name__ == "__main__":
    main()
