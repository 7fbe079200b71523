"""Fits whose results must be the same in every process: prints their digests as JSON.

`python -m tests.digests BACKEND N_JOBS CONTAINER...` with a backend of joblib, for
`test_determinism.py`.
"""

import json
import sys
import warnings
from contextlib import ExitStack, contextmanager
from hashlib import sha256

import joblib
import numpy as np
import pandas as pd
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
    SoftmaxRegression,
    compare_students,
    diagnose_teacher,
)
from skdistill._utils.simplex import least_log_loss
from skdistill.selection import standard_error
from skdistill.students.calibration import fit_calibration

CONTAINERS = {
    "array": np.ascontiguousarray,
    "columns first": np.asfortranarray,
    "frame": lambda X: pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])]),
}


def table(n_classes):
    """Draw rows whose sums over a frame and over an array differ in the last bits."""
    X, y = make_classification(
        300, 12, n_informative=6, n_redundant=4, n_classes=n_classes, flip_y=0.1, random_state=3
    )
    return np.round(2 * X), y


def digest(*found):
    parts = [
        np.ascontiguousarray(part).tobytes() if hasattr(part, "dtype") else repr(part).encode()
        for part in found
    ]
    return sha256(b"|".join(parts)).hexdigest()[:12]


def forest(n_jobs):
    return RandomForestClassifier(15, min_samples_leaf=3, random_state=0, n_jobs=n_jobs)


def teacher_tree():
    return DecisionTreeClassifier(max_depth=4, random_state=0)


def tree():
    return DecisionTreeRegressor(max_leaf_nodes=12, random_state=0)


def booster():
    return LGBMSoftClassifier(n_estimators=15, num_leaves=7, random_state=0)


def distillers(n_jobs):
    """What is fitted, by name: members that are deterministic to the last bit."""
    how = {"cv": 3, "random_state": 0, "n_jobs": n_jobs}
    return {
        "in-sample": Distiller(teacher_tree(), tree()),
        "in-sample forest": Distiller(forest(n_jobs), tree()),
        "folds": CrossFitDistiller(forest(None), tree(), **how),
        "out-of-bag": CrossFitDistiller(forest(n_jobs), tree(), **(how | {"cv": "oob"})),
        "fast": LossCorrectedDistiller(teacher_tree(), tree(), correction="fast", **how),
        "share": LossCorrectedDistiller(
            teacher_tree(), tree(), correction=0.3, loss="squared_error_logit", **how
        ),
        "residual": LossCorrectedDistiller(teacher_tree(), tree(), **how),
        "boosted": CrossFitDistiller(teacher_tree(), booster(), **how),
        "copies": LossCorrectedDistiller(
            teacher_tree(), DecisionTreeClassifier(max_depth=4, random_state=0), **how
        ),
        "search out-of-bag": LossCorrectedDistillerCV(
            forest(None), tree(), teacher_cv="oob", **how
        ),
    }


def rounding(n_jobs):
    """Return what sums by BLAS, or in the order in which rows lie: other last bits elsewhere."""
    how = {"cv": 3, "random_state": 0, "n_jobs": n_jobs}
    logistic = LogisticRegression(max_iter=1000)
    return {
        "softmax": CrossFitDistiller(teacher_tree(), SoftmaxRegression(), **how),
        "logistic": LossCorrectedDistiller(logistic, tree(), **how),
        "logistic search": LossCorrectedDistillerCV(logistic, logistic, **how),
        "naive Bayes search": LossCorrectedDistillerCV(GaussianNB(), tree(), **how),
    }


def exact(n_jobs, containers):
    """Yield names and digests that must be equal to the last bit."""
    for n_classes in (2, 3):
        X, y = table(n_classes)
        for name, model in distillers(n_jobs).items():
            yield f"{name}, {n_classes} classes", digest(model.fit(X, y).predict_proba(X))
        search = LossCorrectedDistillerCV(
            teacher_tree(), tree(), cv=3, random_state=0, n_jobs=n_jobs
        )
        for container, put in containers.items():
            found = search.fit(put(X), y).predict_proba(put(X))
            choice = str(search.best_candidate_), str(getattr(search, "blend_weights_", None))
            yield f"search, {n_classes} classes, {container}", digest(found, *choice)
    yield from numbers(n_jobs, containers)
    yield from alone(containers)
    yield from evaluation(n_jobs)
    yield from many_rows()


def numbers(n_jobs, containers):
    """Yield fits to numbers, of members that are deterministic to the last bit."""
    X, y = table(2)
    y = y + X[:, 0]
    how = {"random_state": 0, "n_jobs": n_jobs}
    bag = RandomForestRegressor(15, min_samples_leaf=3, random_state=0)
    models = {
        "folds": LossCorrectedDistillerRegressor(tree(), tree(), cv=3, **how),
        "search": LossCorrectedDistillerRegressorCV(bag, tree(), cv=3, teacher_cv="oob", **how),
    }
    for name, model in models.items():
        for container, put in containers.items():
            yield f"{name} of numbers, {container}", digest(model.fit(put(X), y).predict(put(X)))


def alone(containers):
    """Yield our own students on soft labels."""
    X, _ = table(3)
    P = np.random.default_rng(0).dirichlet(np.ones(3), len(X))
    for container, put in containers.items():
        yield f"booster, {container}", digest(booster().fit(put(X), P).predict_proba(put(X)))


def evaluation(n_jobs):
    """Yield a table of students without its times and sizes, and a diagnosis."""
    X, y = table(2)
    how = {"cv": 3, "random_state": 0, "n_jobs": n_jobs}
    students = {"tree": tree()}
    methods = ["labels", "in_sample", "cross_fit", "corrected", "tuned"]
    compared = compare_students(teacher_tree(), students, X, y, methods=methods, **how)
    for m in compared.measurements:
        yield f"table, {m.method}", digest(m.score, m.score_se, m.losses, m.agreement, m.note)
    # As printed: threads sum up what a forest answers in any order.
    yield "diagnosis", digest(str(diagnose_teacher(forest(None), X, y, student=tree(), **how)))


def many_rows():
    """Yield what a search computes itself, with so many rows that BLAS would use its threads."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 20_000)
    proba = rng.dirichlet(np.ones(3), 20_000)
    members = rng.uniform(0.05, 0.95, size=(20_000, 4))
    yield "blend", digest(least_log_loss(members, proba[:, 0]))
    yield "calibration", digest(fit_calibration(proba, codes, proba[:, 0]))
    yield "standard error", digest(standard_error(members[:, 0], proba[:, 0]))


def near(n_jobs, containers):
    """Yield names and digests of choices and labels, where members differ in the last bits."""
    for n_classes in (2, 3):
        X, y = table(n_classes)
        for name, model in rounding(n_jobs).items():
            for container, put in containers.items():
                labels = model.fit(put(X), y).predict(put(X))
                choice = getattr(model, "best_candidate_", None)
                yield f"{name}, {n_classes} classes, {container}", digest(labels, choice)


@contextmanager
def backend(name):
    """Let joblib use a backend, dask's with a cluster of threads."""
    with ExitStack() as stack:
        if name == "dask":
            import distributed

            cluster = distributed.LocalCluster(
                1, threads_per_worker=2, processes=False, dashboard_address=":0"
            )
            stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        stack.enter_context(joblib.parallel_config(backend=name))
        yield


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with backend(sys.argv[1]):
        jobs, asked = int(sys.argv[2]), {name: CONTAINERS[name] for name in sys.argv[3:]}
        print(json.dumps({"exact": dict(exact(jobs, asked)), "near": dict(near(jobs, asked))}))
