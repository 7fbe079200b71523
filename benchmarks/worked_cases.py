"""Three cases that the honest search has to tell apart, each ending in what it chose.

A teacher that knows much more than the student finds by itself, one that knows less, and one that
is too simple. For each, the cross-validated log loss that the search saw, and the log loss on test
rows that it did not see. The user guide's page on the honest choice shows the result.

    python benchmarks/worked_cases.py
"""

from __future__ import annotations

import sys
from copy import copy
from pathlib import Path
from typing import NamedTuple

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, LossCorrectedDistillerCV
from skdistill.evaluation import student_on_labels

sys.path.insert(0, str(Path(__file__).parent))
from datasets import load_numbers
from report import heading, table, write

FLOOR = 1 / 500
ROWS = 6_000


class Case(NamedTuple):
    """A table, a teacher that is asked out-of-bag, and a student."""

    title: str
    table: str
    teacher_name: str
    teacher: RandomForestClassifier
    student_name: str
    student: LGBMRegressor | DecisionTreeRegressor


CASES = [
    Case(
        "The teacher knows much more than the student",
        "fico_heloc",
        "forest of 500",
        RandomForestClassifier(500, random_state=0),
        "unpruned tree",
        DecisionTreeRegressor(random_state=0),
    ),
    Case(
        "The teacher knows less than the student",
        "adult",
        "forest of 500",
        RandomForestClassifier(500, random_state=0),
        "LightGBM 100 × 31",
        LGBMRegressor(n_estimators=100, num_leaves=31, random_state=0, n_jobs=1, verbose=-1),
    ),
    Case(
        "The teacher is too simple",
        "magic",
        "forest of 500, depth 4",
        RandomForestClassifier(500, max_depth=4, random_state=0),
        "tree of 256 leaves",
        DecisionTreeRegressor(max_leaf_nodes=256, random_state=0),
    ),
]


def alone(case: Case) -> dict:
    """Return a distiller for each candidate that is one by itself."""
    teacher, student = case.teacher, case.student
    return {
        "labels": student_on_labels(student),
        "in_sample": Distiller(teacher, student),
        "cross_fit": CrossFitDistiller(teacher, student, cv="oob", random_state=0),
        "residual": LossCorrectedDistiller(teacher, student, cv="oob", random_state=0),
    }


def split(name: str) -> list[np.ndarray]:
    """Return training rows, capped, and test rows of a table, then their labels."""
    X, y = load_numbers(name)
    return train_test_split(X, y, train_size=ROWS, stratify=y, random_state=0)


def measure(case: Case) -> str:
    """Search, fit each candidate alone, and say what came out."""
    X, X_test, y, y_test = split(case.table)

    def on_test(model) -> float:
        return log_loss(y_test, np.clip(model.predict_proba(X_test)[:, 1], FLOOR, 1 - FLOOR))

    search = LossCorrectedDistillerCV(case.teacher, case.student, teacher_cv="oob", random_state=0)
    search.fit(X, y)
    tested = {name: on_test(model.fit(X, y)) for name, model in alone(case).items()}
    plain = copy(search.classifier_).set_params(calibration=None)
    tested[search.best_candidate_] = on_test(plain)
    found = search.cv_results_
    rows = [
        [
            f"**{name}**" if name == search.best_candidate_ else name,
            f"{-mean:.4f} ± {error:.4f}",
            f"{tested[name]:.4f}" if name in tested else "",
        ]
        for name, mean, error in zip(
            found["candidate"], found["mean_test_score"], found["se_test_score"], strict=True
        )
    ]
    teacher_loss = on_test(clone(case.teacher).fit(X, y))
    weights = ", ".join(f"{name} {w:.2f}" for name, w in search.blend_weights_.items())
    return (
        f"\n## {case.title}\n\n{case.table}, {ROWS:,} training rows and {len(y_test):,} test rows; "
        f"teacher: {case.teacher_name}, out-of-bag; student: {case.student_name}.\n\n"
        + table(["candidate", "log loss seen by the search", "on test rows"], rows)
        + f"\nThe teacher itself: {teacher_loss:.4f} on test rows. It remembers "
        f"{search.overfit_share_:.2f} of its labels' surprise. Weights of the blend: {weights}. "
        f"Chosen: **{search.best_candidate_}**{sigmoid(search, on_test(search))}.\n"
    )


def sigmoid(search: LossCorrectedDistillerCV, on_test: float) -> str:
    """Say what calibration brought, if it proved itself."""
    if search.calibration_ is None:
        return ", and no sigmoid"
    slope = search.calibration_.slope
    return f", and a sigmoid of slope {slope:.2f}, with which the student reaches {on_test:.4f}"


def main() -> None:
    about = (
        "What `LossCorrectedDistillerCV` saw and chose (default candidates, `cv=5`, "
        "`teacher_cv='oob'`) in three cases. Log loss with probabilities clipped at 1/500; the "
        "chosen candidate in bold, before a sigmoid. Tables from `SKDISTILL_DATA`."
    )
    page = heading("Three worked cases", "python benchmarks/worked_cases.py", about)
    write("worked_cases.md", page + "".join(map(measure, CASES)))


if __name__ == "__main__":
    main()
