"""Measure whether the check of given probabilities speaks and stays silent where it should.

    SKDISTILL_DATA=/folder/of/tables python benchmarks/in_sample_check.py

writes benchmarks/results/in_sample_check.md. About 7 minutes of one core.
"""

import os
import platform
import sys
import time
import warnings
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import sklearn
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skdistill._numeric import as_numeric
from skdistill.overfit import MAX_UNEXPLAINED, MIN_SHARE, MIN_SLOPE, in_sample_evidence

RESULT = Path(__file__).parent / "results" / "in_sample_check.md"
TWO_CLASSES = ["adult", "magic", "phoneme"]
MANY_CLASSES = ["digits", "optdigits", "letter", "satimage"]
OTHERS = ["fico_heloc", "bank_additional", "online_shoppers"]
# Must speak; the other in-sample teachers may.
REQUIRED = {("forest", name) for name in TWO_CLASSES} | {("lightgbm", n) for n in TWO_CLASSES}


class HardSVC(SVC):
    """RBF-SVM whose probabilities are its decisions, a little smoothed."""

    def predict_proba(self, X):
        """Give the decided class nearly all the probability."""
        n_classes = len(self.classes_)
        return 0.95 * (self.predict(X)[:, None] == self.classes_) + 0.05 / n_classes


def make_teacher(name, seed=0):
    return {
        "forest": RandomForestClassifier(100, oob_score=True, random_state=seed),
        "shallow forest": RandomForestClassifier(50, max_depth=4, random_state=seed),
        "extra trees": ExtraTreesClassifier(100, random_state=seed),
        "lightgbm": lgb.LGBMClassifier(n_jobs=1, verbose=-1, random_state=seed),
        "1-nn": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=100)),
        "svm": make_pipeline(StandardScaler(), HardSVC(C=10)),
    }[name]


def load(name):
    if name == "digits":
        return load_digits(return_X_y=True)
    table = pd.read_csv(Path(os.environ["SKDISTILL_DATA"]) / f"{name}.csv.gz")
    if name == "bank_additional":
        table = table.drop(columns="duration")  # leaks the label
    y = np.unique(table.pop("target"), return_inverse=True)[1]
    return np.nan_to_num(as_numeric(table), nan=-99.0), y


def simulate(kind, n_rows, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 6))
    score = 2 * np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3]
    p = {"logistic": 1 / (1 + np.exp(-score)), "flips": np.where(score > 0, 0.9, 0.1)}.get(
        kind, (score > 0).astype(float)
    )
    return X, (rng.random(n_rows) < p).astype(int), np.column_stack([1 - p, p])


def ask(teacher, how, X, y, seed):
    if how == "in-sample":
        return teacher.fit(X, y).predict_proba(X)
    if how == "out-of-bag":
        return np.nan_to_num(teacher.fit(X, y).oob_decision_function_, nan=1 / (y.max() + 1))
    folds = StratifiedKFold(int(how.split("-")[0]), shuffle=True, random_state=seed)
    return cross_val_predict(teacher, X, y, cv=folds, method="predict_proba")


def sample(X, y, n_rows, seed):
    if n_rows is None or n_rows >= len(y):
        return X, y
    rows = train_test_split(np.arange(len(y)), train_size=n_rows, stratify=y, random_state=seed)
    return X[rows[0]], y[rows[0]]


def cells():
    """Give (data, rows or None for all, teacher, how, seed)."""
    for name in TWO_CLASSES:
        for n_rows in (5000, None):
            for seed in range(3):
                for teacher in ("forest", "lightgbm"):
                    yield name, n_rows, teacher, "in-sample", seed
            for teacher in ("extra trees", "1-nn", "logistic", "shallow forest"):
                yield name, n_rows, teacher, "in-sample", 0
            yield name, n_rows, "lightgbm", "5-fold", 0
            yield name, n_rows, "forest", "out-of-bag", 0
        yield name, 3000, "1-nn", "5-fold", 0
        yield name, 3000, "shallow forest", "5-fold", 0
        yield name, 3000, "forest", "10-fold", 0
    for name in MANY_CLASSES + OTHERS:
        for n_rows in (3000, None) if name != "digits" else (None,):
            yield name, n_rows, "forest", "out-of-bag", 0
            if n_rows is None and name in OTHERS:
                yield name, n_rows, "lightgbm", "5-fold", 0
                yield name, n_rows, "lightgbm", "in-sample", 0
                continue
            for teacher in ("1-nn", "svm", "logistic", "forest"):
                yield name, n_rows, teacher, "5-fold", 0
            yield name, n_rows, "forest", "in-sample", 0


def measure_tables():
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


def measure_simulations():
    for kind in ("logistic", "flips", "no noise"):
        for n_rows in (3000, 20_000):
            X, y, p0 = simulate(kind, n_rows)
            yield check(f"simulated, {kind}", "perfect", "p0", X, y, p0, 0)
            proba = ask(make_teacher("forest"), "out-of-bag", X, y, 0)
            yield check(f"simulated, {kind}", "forest", "out-of-bag", X, y, proba, 0)


def check(name, teacher, how, X, y, proba, seed):
    start = time.process_time()
    evidence = in_sample_evidence(X, y, proba, seed=seed)
    seconds = time.process_time() - start
    must_speak = how == "in-sample" and (teacher, name) in REQUIRED
    wrong = evidence.in_sample != must_speak and (how != "in-sample" or must_speak)
    row = (
        f"| {name} | {len(y)} | {teacher} | {how} | {seed} | {evidence.lower_slope:.2f} | "
        f"{evidence.share:.3f} | {evidence.unexplained:.3f} | "
        f"{'speaks' if evidence.in_sample else 'silent'}{' **wrong**' if wrong else ''} | "
        f"{seconds:.1f} |"
    )
    print(row, flush=True)
    return row


def main():
    warnings.simplefilter("ignore")
    start = time.time()
    rows = [*measure_simulations(), *measure_tables()]
    versions = ", ".join(f"{m.__name__} {m.__version__}" for m in (sklearn, lgb, np, pd))
    RESULT.write_text(
        f"""# The check of given probabilities

Machine: {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()},
{versions}. Repeat with `SKDISTILL_DATA=/folder/of/tables python benchmarks/in_sample_check.py`
({(time.time() - start) / 60:.0f} minutes).

The check speaks if the slope less two standard errors is above {MIN_SLOPE} and the share above
{MIN_SHARE}, or if the unexplained part is below {MAX_UNEXPLAINED}
(`skdistill.overfit.in_sample_evidence`). It must speak for in-sample forests and LightGBMs of
{", ".join(TWO_CLASSES)}; it may speak for other in-sample teachers; all else must be silent.
Seconds are of processor time, of the check alone.

| data | rows | teacher | probabilities | seed | lower slope | share | unexplained | verdict | s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
        + "\n".join(rows)
        + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
