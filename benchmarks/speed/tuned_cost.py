"""The honest search on one out-of-bag teacher against the paper's whole recipe: time and accuracy.

The paper fits ten teachers of 500 trees one after the other, and then searches nine constants c of
its correction by a 5-fold GridSearchCV of the student on the probabilities they gave.
`LossCorrectedDistillerCV(cv=3, teacher_cv="oob")` fits three teachers (two thirds of the rows
each), and one on all rows, and chooses among five kinds of target. Both teach the same student, and
run in turn in one process on one core; what counts is CPU time, which other work on the machine
does not lengthen.

    python benchmarks/speed/tuned_cost.py [--tables magic adult] [--seeds 3] [--trees 500]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    train_test_split,
)

from skdistill import LossCorrectedDistillerCV, corrections

sys.path.insert(0, str(Path(__file__).parents[1]))
from datasets import load_numbers
from report import heading, table, write

CONSTANTS = np.logspace(-5, 3, 9)
FLOOR = 1 / 500


class CorrectedForest(RandomForestRegressor):
    """A forest that learns the paper's corrected targets; `y` holds answers and labels."""

    def __init__(self, n_estimators=100, *, c=1.0, random_state=None, n_jobs=None):
        super().__init__(n_estimators, random_state=random_state, n_jobs=n_jobs)
        self.c = c

    def fit(self, X, y):
        """Fit to p̂ + γ (y − p̂)."""
        proba, labels = y.T
        gamma = corrections.fast(proba, labels, c=self.c, link="identity", variance="realized")
        return super().fit(X, proba + gamma * (labels - proba))


def label_loss(model: CorrectedForest, X: np.ndarray, y: np.ndarray) -> float:
    """Score a student on the labels."""
    return -log_loss(y[:, 1], np.clip(model.predict(X), FLOOR, 1 - FLOOR))


def paper(X, y, trees: int, size: int, seed: int):
    """Fit ten teachers, then search c; return what predicts probabilities."""
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    teacher = RandomForestClassifier(trees, random_state=seed)
    proba = cross_val_predict(teacher, X, y, cv=folds, method="predict_proba")[:, 1]
    search = GridSearchCV(
        CorrectedForest(size, random_state=seed), {"c": CONSTANTS}, scoring=label_loss, cv=5
    )
    return search.fit(X, np.column_stack([proba, y])).predict


def ours(X, y, trees: int, size: int, seed: int):
    """Search honestly on out-of-bag answers; return what predicts probabilities."""
    teacher = RandomForestClassifier(trees, random_state=seed)
    student = RandomForestRegressor(size, random_state=seed)
    model = LossCorrectedDistillerCV(
        teacher, student, cv=3, teacher_cv="oob", random_state=seed
    ).fit(X, y)
    return lambda rows: model.predict_proba(rows)[:, 1]


def measure(name: str, size: int, seed: int, trees: int) -> dict[str, tuple[float, float, float]]:
    """Fit both ways; return seconds, test AUC and test log loss of each."""
    X, y = load_numbers(name)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    result = {}
    for way in (paper, ours) if seed % 2 else (ours, paper):
        start = process_time()
        predict = way(X, y, trees, size, seed)
        spent = process_time() - start
        proba = np.clip(predict(X_test), FLOOR, 1 - FLOOR)
        result[way.__name__] = (spent, roc_auc_score(y_test, proba), log_loss(y_test, proba))
    return result


def summarise(name: str, size: int, runs: list[dict]) -> list[object]:
    """Return a line of the table."""
    values = {way: np.array([run[way] for run in runs]).T for way in ("paper", "ours")}
    ratios = values["paper"][0] / values["ours"][0]
    cells = [name, "1 tree" if size == 1 else f"{size} trees", len(runs)]
    cells += [f"{values[way][0].mean():.0f} s" for way in values]
    cells.append(f"{np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})")
    for k in (1, 2):
        difference = values["ours"][k] - values["paper"][k]
        cells += [f"{values[way][k].mean():.4f}" for way in values]
        error = difference.std(ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.nan
        cells.append(f"{difference.mean():+.4f}" + (f" ± {error:.4f}" if len(runs) > 1 else ""))
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=["magic", "adult"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[1, 10])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=500)
    options = parser.parse_args()
    cells = [(name, size) for name in options.tables for size in options.sizes]
    runs = {cell: [] for cell in cells}
    for seed in range(options.seeds):
        for name, size in cells:
            runs[name, size].append(measure(name, size, seed, options.trees))
            print(name, size, seed, runs[name, size][-1], flush=True)
            write("speed/tuned_cost.md", page({k: v for k, v in runs.items() if v}, options.trees))


def page(runs: dict[tuple[str, int], list[dict]], trees: int) -> str:
    """Lay out what was measured so far."""
    about = (
        f"The same students, taught by forests of {trees} trees: by the paper's whole recipe (ten "
        "folds, then a 5-fold GridSearchCV over nine c of `fast_realized`), and by "
        "`LossCorrectedDistillerCV(cv=3, teacher_cv='oob')`. CPU time on one core (ratio: median "
        "and range), test AUC and log loss with probabilities clipped at 1/500, means over splits "
        "70/30. Tables from `SKDISTILL_DATA`."
    )
    header = ["table", "student", "splits", "paper", "ours", "times faster"]
    header += ["AUC, paper", "ours", "difference", "log loss, paper", "ours", "difference"]
    rows = [summarise(name, size, found) for (name, size), found in runs.items()]
    text = heading("Cost of tuning", "python benchmarks/speed/tuned_cost.py", about)
    return text + "\n" + table(header, rows)


if __name__ == "__main__":
    main()
