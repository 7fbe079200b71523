"""Teachers, students and distillers that several benchmarks use."""

from copy import copy
from typing import Any

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill.evaluation import student_on_labels


def forest(
    trees: int, seed: int = 0, depth: int | None = None, **how: Any
) -> RandomForestClassifier:
    """Build a forest that teaches."""
    return RandomForestClassifier(trees, max_depth=depth, random_state=seed, **how)


def small_forest(trees: int, seed: int = 0) -> RandomForestRegressor:
    """Build a forest that learns."""
    return RandomForestRegressor(trees, random_state=seed)


def tree(leaves: int | None = None, seed: int = 0) -> DecisionTreeRegressor:
    """Build a tree that learns."""
    return DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=seed)


def boosted(kind: type, n_estimators: int, num_leaves: int, seed: int) -> Any:
    """Build a LightGBM that gives the same trees whenever it is asked."""
    size = {"n_estimators": n_estimators, "num_leaves": num_leaves, "random_state": seed}
    return kind(**size, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1)


def scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def distillers(
    teacher: Any, student: Any, *, cv: Any = 5, seed: int = 0, memory: str | None = None
) -> dict[str, Any]:
    """Return the student on labels, and what each distiller with its defaults makes of it."""
    both, kept = (teacher, student), {"memory": memory}
    how = {"cv": cv, "random_state": seed, **kept}
    search = {"teacher_cv": "oob" if cv == "oob" else None, "random_state": seed, **kept}
    return {
        "labels": student_on_labels(student),
        "in_sample": skdistill.Distiller(*both, **kept),
        "cross_fit": skdistill.CrossFitDistiller(*both, store_teacher_proba=True, **how),
        "residual": skdistill.LossCorrectedDistiller(*both, **how),
        "ours": skdistill.LossCorrectedDistillerCV(*both, **search),
    }


def without_calibration(search: Any) -> Any:
    """Return a search's fitted classifier as it is before calibration."""
    classifier = copy(search.classifier_)
    classifier.calibration = None  # of the copy: the one that ships stays as it is
    return classifier
