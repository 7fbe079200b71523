"""Measure whether the check of given probabilities speaks and stays silent where it should.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.in_sample_check

writes benchmarks/results/in_sample_check.md. About 7 minutes of one core.
"""

import itertools
import os
import platform
import time
import warnings
from collections.abc import Iterator
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import sklearn
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdistill import teacher_probabilities

from .data import read
from .ours import MAX_UNEXPLAINED, MIN_SHARE, MIN_SLOPE, as_numeric, in_sample_evidence
from .page import RESULTS, fill, table, write

TWO_CLASSES = ["adult", "magic", "phoneme"]
MANY_CLASSES = ["digits", "optdigits", "letter", "satimage"]
OTHERS = ["fico_heloc", "bank_additional", "online_shoppers"]
HEADER = ["data", "rows", "teacher", "probabilities", "seed", "lower slope", "share"]
HEADER += ["unexplained", "verdict", "s"]


class HardSVC(SVC):
    """RBF-SVM whose probabilities are its decisions, a little smoothed."""

    def predict_proba(self, X):
        """Give the decided class nearly all the probability."""
        n_classes = len(self.classes_)
        return 0.95 * (self.predict(X)[:, None] == self.classes_) + 0.05 / n_classes


def make_teacher(name: str, seed: int = 0) -> Any:
    return {
        "forest": RandomForestClassifier(100, oob_score=True, random_state=seed),
        "shallow forest": RandomForestClassifier(50, max_depth=4, random_state=seed),
        "extra trees": ExtraTreesClassifier(100, random_state=seed),
        "lightgbm": lgb.LGBMClassifier(n_jobs=1, verbose=-1, random_state=seed),
        "1-nn": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=100)),
        "svm": make_pipeline(StandardScaler(), HardSVC(C=10)),
    }[name]


def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a table as the distillers see it: words as codes of their own, gaps as a number."""
    if name == "digits":
        return load_digits(return_X_y=True)
    rows = read(name).drop(columns="duration", errors="ignore")  # leaks the label of the bank
    y = np.unique(rows.pop("target"), return_inverse=True)[1]
    return np.nan_to_num(as_numeric(rows), nan=-99.0), y


def simulate(kind: str, n_rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 6))
    score = 2 * np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3]
    known = {"logistic": 1 / (1 + np.exp(-score)), "flips": np.where(score > 0, 0.9, 0.1)}
    p = known.get(kind, (score > 0).astype(float))
    return X, (rng.random(n_rows) < p).astype(int), np.column_stack([1 - p, p])


def ask(teacher: Any, how: str, X, y, seed: int) -> np.ndarray:
    """Return what a teacher says about its rows."""
    if how == "out-of-bag":
        return np.nan_to_num(teacher.fit(X, y).oob_decision_function_, nan=1 / (y.max() + 1))
    cv: Any = "in_sample" if how == "in-sample" else int(how.partition("-")[0])
    return teacher_probabilities(teacher, X, y, cv=cv, random_state=seed)


def sample(X, y, n_rows: int | None, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if n_rows is None or n_rows >= len(y):
        return X, y
    rows = train_test_split(np.arange(len(y)), train_size=n_rows, stratify=y, random_state=seed)
    return X[rows[0]], y[rows[0]]


def cells() -> Iterator[tuple]:
    """Give (data, rows or None for all, teacher, how, seed)."""
    for name in TWO_CLASSES:
        for n_rows in (5000, None):
            for seed, teacher in itertools.product(range(3), ("forest", "lightgbm")):
                yield name, n_rows, teacher, "in-sample", seed
            for teacher in ("extra trees", "1-nn", "logistic", "shallow forest"):
                yield name, n_rows, teacher, "in-sample", 0
            yield name, n_rows, "lightgbm", "5-fold", 0
            yield name, n_rows, "forest", "out-of-bag", 0
        for teacher, how in (("1-nn", 5), ("shallow forest", 5), ("forest", 10)):
            yield name, 3000, teacher, f"{how}-fold", 0
    for name in MANY_CLASSES + OTHERS:
        for n_rows in (3000, None) if name != "digits" else (None,):
            few = n_rows is None and name in OTHERS
            yield name, n_rows, "forest", "out-of-bag", 0
            for teacher in ("lightgbm",) if few else ("1-nn", "svm", "logistic", "forest"):
                yield name, n_rows, teacher, "5-fold", 0
            yield name, n_rows, "lightgbm" if few else "forest", "in-sample", 0


def measure_tables() -> Iterator[list]:
    tables = {name: load(name) for name in TWO_CLASSES + MANY_CLASSES + OTHERS}
    for name, n_rows, teacher, how, seed in cells():
        X, y = sample(*tables[name], n_rows, seed)
        proba = ask(make_teacher(teacher, seed), how, X, y, seed)
        yield check(name, teacher, how, X, y, proba, seed)
    for name, teacher in (("letter", "svm"), ("letter", "forest"), ("magic", "lightgbm")):
        X, y = tables[name]
        X, X_new, y, y_new = train_test_split(X, y, test_size=2000, stratify=y, random_state=0)
        proba = make_teacher(teacher).fit(X, y).predict_proba(X_new)
        yield check(name, teacher, "frozen, other rows", X_new, y_new, proba, 0)


def measure_simulations() -> Iterator[list]:
    for kind in ("logistic", "flips", "no noise"):
        for n_rows in (3000, 20_000):
            X, y, p0 = simulate(kind, n_rows)
            yield check(f"simulated, {kind}", "perfect", "p0", X, y, p0, 0)
            proba = ask(make_teacher("forest"), "out-of-bag", X, y, 0)
            yield check(f"simulated, {kind}", "forest", "out-of-bag", X, y, proba, 0)


def check(name: str, teacher: str, how: str, X, y, proba: np.ndarray, seed: int) -> list:
    """Return a line of the table: what the check saw, and whether that is right."""
    start = time.process_time()
    found = in_sample_evidence(X, y, proba, seed=seed)
    seconds = time.process_time() - start
    # The other in-sample teachers may be spoken of.
    must_speak = how == "in-sample" and teacher in ("forest", "lightgbm") and name in TWO_CLASSES
    wrong = found.in_sample != must_speak and (how != "in-sample" or must_speak)
    numbers = [f"{found.lower_slope:.2f}", f"{found.share:.3f}", f"{found.unexplained:.3f}"]
    verdict = ("speaks" if found.in_sample else "silent") + " **wrong**" * wrong
    row = [name, len(y), teacher, how, seed, *numbers, verdict, f"{seconds:.1f}"]
    print(*row, sep=" | ", flush=True)
    return row


def main() -> None:
    warnings.simplefilter("ignore")
    start = time.time()
    rows = [*measure_simulations(), *measure_tables()]
    text = fill(
        "in_sample_check",
        "page",
        machine=platform.machine(),
        cores=os.cpu_count(),
        python=platform.python_version(),
        versions=", ".join(f"{m.__name__} {m.__version__}" for m in (sklearn, lgb, np, pd)),
        minutes=(time.time() - start) / 60,
        min_slope=MIN_SLOPE,
        min_share=MIN_SHARE,
        max_unexplained=MAX_UNEXPLAINED,
        required=", ".join(TWO_CLASSES),
        table=table(HEADER, rows),
    )
    write(RESULTS / "in_sample_check.md", text)


if __name__ == "__main__":
    main()
