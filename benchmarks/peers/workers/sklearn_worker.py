"""scikit-learn alone: the student learns labels, as it is or with its size tuned."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from serving import Fitted, Job, serve
from sizes import LEAVES, classifier
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skdistill.evaluation import neg_log_loss_floored

SMALLEST_LEAVES = [1, 5, 20, 80]


def grid(student: str) -> dict[str, list[Any]]:
    """Return what is tried: never more than the student's own size."""
    if student == "lgbm":
        return {"num_leaves": [8, 16, 31], "learning_rate": [0.05, 0.1]}
    if student == "forest10":
        return {"max_leaf_nodes": [128, 512, None], "min_samples_leaf": [1, 5, 20]}
    most = LEAVES[student]
    leaves = [32, 128, 512, None] if most is None else [most // 4, most // 2, most]
    return {"max_leaf_nodes": leaves, "min_samples_leaf": SMALLEST_LEAVES}


def search(job: Job, student: str) -> GridSearchCV:
    """Return a search that both scores are read from."""
    scoring = {
        "log_loss": neg_log_loss_floored,
        "auc": "roc_auc" if job.n_classes == 2 else "roc_auc_ovr",
    }
    folds = StratifiedKFold(5, shuffle=True, random_state=job.seed)
    model = classifier(student, job.seed)
    found = GridSearchCV(model, grid(student), scoring=scoring, cv=folds, refit=False)
    return found.fit(job.X, job.y)


def labels(job: Job, student: str) -> Fitted:
    return Fitted(classifier(student, job.seed).fit(job.X, job.y))


def tuned(job: Job, student: str, *, score: str) -> Fitted:
    """Fit the student with the parameters of the best score."""
    found, seconds = job.aside(("search", student), lambda: search(job, student))
    results = found.cv_results_
    best = results["params"][int(np.argmax(results[f"mean_test_{score}"]))]
    model = clone(found.estimator).set_params(**best).fit(job.X, job.y)
    chosen = ", ".join(f"{name}={value}" for name, value in best.items())
    return Fitted(model, search_seconds=seconds, notes=chosen)


METHODS = {
    "labels": labels,
    "tuned_log_loss": partial(tuned, score="log_loss"),
    "tuned_auc": partial(tuned, score="auc"),
}

if __name__ == "__main__":
    serve(METHODS, ("lightgbm",))
