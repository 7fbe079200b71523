"""What LGBMSoftClassifier costs, and how well it does, beside LightGBM's own classifier.

Both learn the same class labels, one as one-hot soft labels; signed soft labels of two classes,
which LightGBM's own objectives refuse, are set beside the same classifier. Fits alternate in one
process, and what is compared is the median of their paired ratios.

    python benchmarks/speed/soft_boosting.py [threads]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skdistill import LGBMSoftClassifier

sys.path.insert(0, str(Path(__file__).parents[1]))
from datasets import TableNotFoundError, load_numbers
from overhead import pairs, ratio
from report import heading, table, write


def made(n_rows: int, n_classes: int):
    X, y = make_classification(
        n_rows, 20, n_informative=10, n_classes=n_classes, flip_y=0.1, random_state=0
    )
    return f"{n_classes} classes, {n_rows:,} × 20, made", X, y


def real(name: str):
    X, y = load_numbers(name)
    return f"{name}: {y.max() + 1} classes, {X.shape[0]:,} × {X.shape[1]}", X, y


def compare(case, n_trees: int, threads: int, *, signed: bool = False, repeats: int = 7):
    name, X, y = case
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)
    soft = np.eye(y.max() + 1)[y]
    if signed:
        soft[0] = [1.001, -0.001]
    params = {"n_estimators": n_trees, "n_jobs": threads, "random_state": 0, "verbose": -1}
    ours, theirs = LGBMSoftClassifier(**params), LGBMClassifier(**params)
    fits = pairs(lambda: ours.fit(X, soft), lambda: theirs.fit(X, y), repeats)
    answers = pairs(
        lambda: ours.predict_proba(X_test), lambda: theirs.predict_proba(X_test), repeats
    )
    losses = [log_loss(y_test, m.predict_proba(X_test)) for m in (ours, theirs)]
    return [
        name + (", signed" if signed else ""),
        f"{n_trees}",
        ratio(fits),
        ratio(answers),
        f"{losses[0]:.4f}",
        f"{losses[1]:.4f}",
        f"{100 * (losses[0] / losses[1] - 1):+.2f} %",
    ]


def main(threads: int = 1) -> None:
    rows = [
        compare(made(50_000, 2), 100, threads),
        compare(made(50_000, 2), 100, threads, signed=True),
        compare(made(20_000, 10), 50, threads),
    ]
    for name, n_trees in (("adult", 100), ("optdigits", 50)):
        try:
            rows.append(compare(real(name), n_trees, threads))
        except TableNotFoundError as error:
            print(error)
    about = (
        "Ratios of LGBMSoftClassifier's times to LGBMClassifier's (goal of fits: ≤ 1.15), measured "
        f"in turn in one process with {threads} thread(s), medians of paired ratios; and log "
        "losses on the 30 % of rows that neither saw (goal: within 1 %). Trees are per class. "
        "Tables from SKDISTILL_DATA or OpenML."
    )
    header = ["data", "trees", "fit", "predict_proba", "loss, ours", "loss, LightGBM's", "apart"]
    page = heading("Soft-label boosting", "python benchmarks/speed/soft_boosting.py", about)
    write("speed/soft_boosting.md", page + "\n" + table(header, rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
