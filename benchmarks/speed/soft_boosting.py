"""What LGBMSoftClassifier costs, and how well it does, beside LightGBM's own classifier.

Both learn the same class labels, one as one-hot soft labels; signed soft labels of two classes,
which LightGBM's own objectives refuse, are set beside the same classifier. Fits alternate in one
process, and what is compared is the median of their paired ratios.

    python -m benchmarks.speed.soft_boosting [threads]
"""

import sys

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skdistill import LGBMSoftClassifier

from ..data import load_numbers, why_absent
from . import pairs, ratio, write_page


def made(n_rows: int, n_classes: int) -> tuple:
    how = {"n_informative": 10, "n_classes": n_classes, "flip_y": 0.1, "random_state": 0}
    return f"{n_classes} classes, {n_rows:,} × 20, made", *make_classification(n_rows, 20, **how)


def real(name: str) -> tuple:
    X, y = load_numbers(name)
    return f"{name}: {y.max() + 1} classes, {X.shape[0]:,} × {X.shape[1]}", X, y


def compare(case: tuple, n_trees: int, threads: int, *, signed: bool = False) -> list[str]:
    name, X, y = case
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    soft = np.eye(y.max() + 1)[y]
    if signed:
        soft[0] = [1.001, -0.001]
    params = {"n_estimators": n_trees, "n_jobs": threads, "random_state": 0, "verbose": -1}
    ours, theirs = LGBMSoftClassifier(**params), LGBMClassifier(**params)
    fits = pairs(lambda: ours.fit(X, soft), lambda: theirs.fit(X, y), 7)
    answers = pairs(lambda: ours.predict_proba(X_test), lambda: theirs.predict_proba(X_test), 7)
    own, other = (log_loss(y_test, m.predict_proba(X_test)) for m in (ours, theirs))
    losses = [f"{own:.4f}", f"{other:.4f}", f"{100 * (own / other - 1):+.2f} %"]
    return [name + ", signed" * signed, f"{n_trees}", ratio(fits), ratio(answers), *losses]


def main(threads: int = 1) -> None:
    rows = [
        compare(made(50_000, 2), 100, threads),
        compare(made(50_000, 2), 100, threads, signed=True),
        compare(made(20_000, 10), 50, threads),
    ]
    for name, n_trees in (("adult", 100), ("optdigits", 50)):
        if reason := why_absent(name):
            print(reason)
        else:
            rows.append(compare(real(name), n_trees, threads))
    header = "data | trees | fit | predict_proba | loss, ours | loss, LightGBM's | apart"
    write_page("soft_boosting", "Soft-label boosting", header, rows, threads=threads)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
