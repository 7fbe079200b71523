"""Draw the picture of the README and of the landing page, on a desk and on a phone.

Times are part of it, so run it on a machine that does nothing else:

    python docs/make_picture.py
"""

from __future__ import annotations

import os
from pathlib import Path

# Times are those of one core.
os.environ["OMP_NUM_THREADS"] = "1"

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor

from skdistill import compare_students
from skdistill.evaluation import Comparison

IMAGES = Path(__file__).parent / "images"


def compare() -> Comparison:
    """Teach one tree and ten trees whether diabetes got worse than for half of the patients."""
    X, progression = load_diabetes(return_X_y=True)
    students = {
        "one tree": DecisionTreeRegressor(random_state=0),
        "ten trees": RandomForestRegressor(10, random_state=0),
    }
    return compare_students(
        RandomForestClassifier(500, random_state=0),
        students,
        X,
        (progression > np.median(progression)).astype(int),
        methods=["labels", "tuned_labels", "in_sample", "cross_fit", "corrected"],
        scoring="roc_auc",
        test_size=0.5,
        teacher_cv="oob",
        random_state=0,
    )


def draw(comparison: Comparison) -> None:
    """Store the picture, with its key beside it and, for a phone, below."""
    title = f"diabetes, {comparison.n_test} test patients"
    fig, ax = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
    comparison.plot(ax).set(title=title, ylabel="test AUC")
    fig.savefig(IMAGES / "accuracy_and_time.png", dpi=200, facecolor="white")

    fig, ax = plt.subplots(figsize=(4.4, 5.6), layout="constrained")
    comparison.plot(ax).set(title=title, ylabel="test AUC", xlabel="µs for one row, one core")
    handles = ax.get_legend().legend_handles
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    ax.get_legend().remove()
    shown = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
    fig.legend(*zip(*shown, strict=True), loc="outside lower center", ncols=2, frameon=False)
    fig.savefig(IMAGES / "accuracy_and_time_phone.png", dpi=200, facecolor="white")


if __name__ == "__main__":
    found = compare()
    print(found)
    draw(found)
