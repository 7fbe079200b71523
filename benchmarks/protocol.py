"""How the paper measures, for every benchmark that wants its numbers beside ours.

    T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, "Knowledge Distillation as Semiparametric
    Inference", ICLR 2021

splits each table 70/30, teaches random forests of a few trees what a forest of 500 knows, and
compares by test AUC.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from datasets import load_numbers
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

FIRST_SEED = 2357  # the paper's, for its only split; ours goes on to 2358, 2359, ...
TEST_SHARE = 0.3
FOLDS = 10
PROBA_FLOOR = 1 / 500  # the smallest share of votes but 0 in a forest of 500
TUNING_GRID = {"max_leaf_nodes": [32, 128, 512, None], "min_samples_leaf": [1, 5, 20, 80]}


def split(table: str, seed: int) -> list[np.ndarray]:
    """Return training rows, test rows, and their labels."""
    X, y = load_numbers(table)
    return train_test_split(X, y, test_size=TEST_SHARE, random_state=seed)


def tune_on_labels(student: Any, X, y, seed: int, n_jobs: int | None = None) -> dict:
    """Find the leaves that suit a regressor best, by cross-validated AUC on labels."""
    search = GridSearchCV(
        student,
        TUNING_GRID,
        scoring=make_scorer(roc_auc_score),
        cv=StratifiedKFold(5, shuffle=True, random_state=seed),
        n_jobs=n_jobs,
        refit=False,
    )
    return search.fit(X, y).best_params_


def standard_error(numbers: np.ndarray) -> float:
    """Return the standard error of a mean, NaN for a single number."""
    return float(np.std(numbers, ddof=1) / np.sqrt(len(numbers))) if len(numbers) > 1 else np.nan


def mean_and_error(numbers: np.ndarray) -> str:
    """Write mean ± standard error."""
    if len(numbers) < 2:
        return f"{np.mean(numbers):.4f}"
    return f"{np.mean(numbers):.4f} ± {standard_error(numbers):.4f}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a stopped run leaves the old or the new one, never half of it."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def written_by_hand(page: Path, heading: str) -> str:
    """Return what a person wrote under the last heading of a page, to keep it."""
    return page.read_text(encoding="utf-8").partition(heading)[2] if page.exists() else ""
