"""Draw the pictures of accuracy and time that stand in the README and on the pages.

Times are part of them, so run it on a machine that does nothing else, for some minutes:

    python docs/make_picture.py              # all
    python docs/make_picture.py start        # one of them
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Times are those of one core.
os.environ["OMP_NUM_THREADS"] = "1"

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes, make_hastie_10_2
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import compare_students
from skdistill.evaluation import Comparison

IMAGES = Path(__file__).parent / "images"
TRAINED = 4_000
ONE_TREE = {"one tree": DecisionTreeRegressor(random_state=0)}
TEN_TREES = {"ten trees": RandomForestRegressor(10, random_state=0)}


def compare(trees: int, students: dict[str, Any], X: Any, y: Any, **options: Any) -> Comparison:
    """Let a forest teach the students in every way."""
    forest = RandomForestClassifier(trees, random_state=0)
    return compare_students(
        forest, students, X, y, scoring="roc_auc", teacher_cv="oob", random_state=0, **options
    )


def draw(comparison: Comparison, title: str, name: str) -> None:
    """Store a picture with its key beside it."""
    fig, ax = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
    comparison.plot(ax).set(title=title, ylabel="test AUC")
    fig.savefig(IMAGES / f"{name}.png", dpi=200, facecolor="white")


def draw_narrow(comparison: Comparison, title: str, name: str) -> None:
    """Store a picture with its key below, which can be read on a phone."""
    ax = comparison.plot()
    ax.set(title=title, ylabel="test AUC")
    ax.figure.savefig(IMAGES / f"{name}.png", dpi=200, facecolor="white")


def landing() -> Comparison:
    """Ten normal columns, two classes divided by a sphere: Hastie, Tibshirani, Friedman (10.2)."""
    X, y = make_hastie_10_2(24_000, random_state=0)
    found = compare(
        500,
        ONE_TREE | TEN_TREES,
        X[:TRAINED],
        y[:TRAINED],
        X_test=X[TRAINED:],
        y_test=y[TRAINED:],
    )
    title = f"Hastie et al., {TRAINED:,} rows to learn from, {found.n_test:,} to test"
    draw(found, title, "accuracy_and_time")
    draw_narrow(found, "Hastie et al., 20,000 test rows", "accuracy_and_time_phone")
    return found


def diabetes(trees: int, students: dict[str, Any], name: str) -> Comparison:
    """Whether diabetes got worse by more than in half of the patients, as on the page `start`."""
    X, progression = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    y = (progression > progression.median()).map({True: "worse", False: "stable"})
    found = compare(trees, students, X, y, test_size=0.5)
    draw_narrow(found, f"diabetes, {found.n_test} test patients", name)
    return found


PICTURES: dict[str, Callable[[], Comparison]] = {
    "landing": landing,
    "start": lambda: diabetes(100, ONE_TREE, "start"),
    "no_gain": lambda: diabetes(500, ONE_TREE | TEN_TREES, "no_gain"),
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or PICTURES:
        print(PICTURES[wanted]())
