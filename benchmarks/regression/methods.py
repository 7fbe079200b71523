"""Students, teachers, and the ways in which one comes to a student."""

from typing import Any

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skdistill

from ..models import boosted, small_forest, tree
from .splits import Split

Words = tuple[int, ...]
FOLDS = 5
LEAVES = {"unpruned tree": None, "tree of 256 leaves": 256, "tree of 64 leaves": 64}
FOREST, BOOSTING = "forest of 10", "LightGBM 100×31"
RIDGE, NETWORK = "ridge", "network of 32"
STUDENTS = (*LEAVES, FOREST, BOOSTING, RIDGE, NETWORK)
TEACHERS = ("forest, out-of-bag", "LightGBM", "stacking")

# ---- students and teachers -------------------------------------------------------------------


def make_student(name: str, seed: int, words: Words) -> Any:
    """Return a student: trees read codes, linear ones and networks a column for each word."""
    if name in LEAVES:
        return tree(LEAVES[name], seed)
    if name == FOREST:
        return small_forest(10, seed)
    if name == BOOSTING:
        return boosted(LGBMRegressor, 100, 31, seed)
    return make_pipeline(columns(words), network(seed) if name == NETWORK else Ridge())


def columns(words: Words) -> ColumnTransformer:
    """Return what scales numbers and gives each frequent word a column."""
    spread = {"min_frequency": 20, "handle_unknown": "infrequent_if_exist", "sparse_output": False}
    return ColumnTransformer(
        [("words", OneHotEncoder(**spread), [*words])], remainder=StandardScaler()
    )


def network(seed: int) -> MLPRegressor:
    training = {"early_stopping": True, "max_iter": 200, "random_state": seed}
    return MLPRegressor(hidden_layer_sizes=(32,), **training)


def grid(name: str) -> dict[str, list[Any]]:
    """Return what is tried on labels: never a student larger than the one that is distilled."""
    if name == BOOSTING:
        return {"num_leaves": [4, 8, 16, 31], "learning_rate": [0.03, 0.1]}
    if name == FOREST:
        return {"max_leaf_nodes": [64, 256, None], "min_samples_leaf": [1, 5, 20]}
    if name == RIDGE:
        return {"ridge__alpha": [0.1, 1.0, 10.0, 100.0, 1_000.0]}
    if name == NETWORK:
        return {"mlpregressor__alpha": [1e-4, 1e-2, 1.0], "mlpregressor__max_iter": [30, 200]}
    most = LEAVES[name]
    leaves = [n for n in (8, 16, 32, 64, 128, 256) if most is None or n <= most]
    sizes = [*leaves, None] if most is None else leaves
    return {"max_leaf_nodes": sizes, "min_samples_leaf": [1, 5, 20, 50]}


def make_teacher(name: str, seed: int, trees: int) -> Any:
    if name == "forest, out-of-bag":
        return RandomForestRegressor(trees, random_state=seed)
    if name == "LightGBM":
        return boosted(LGBMRegressor, 100, 31, seed)
    members = [
        ("forest", RandomForestRegressor(trees // 2, random_state=seed)),
        ("boosting", HistGradientBoostingRegressor(random_state=seed)),
        ("linear", make_pipeline(StandardScaler(), Ridge())),
    ]
    return StackingRegressor(members, Ridge(), cv=3)


# ---- from labels alone -----------------------------------------------------------------------


def from_labels(name: str, seed: int, data: Split) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return test predictions of the student as it is, tuned and shrunk, and what tuning chose."""
    student = make_student(name, seed, data.words)
    tuned = tune(student, grid(name), seed).fit(data.X, data.y)
    models = {"labels": clone(student).fit(data.X, data.y), "tuned_labels": tuned}
    if name in LEAVES or name == FOREST:
        models["shrunk_labels"] = shrunk(student).fit(data.X, data.y)
    found = {method: model.predict(data.X_test) for method, model in models.items()}
    return found, tuned.best_params_


def tune(student: Any, grid: dict[str, list[Any]], seed: int) -> GridSearchCV:
    """Return a search that has the student as it is among what it tries."""
    as_it_is = {name: [student.get_params()[name]] for name in grid}
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    return GridSearchCV(student, [as_it_is, grid], scoring="neg_mean_squared_error", cv=folds)


def shrunk(student: Any) -> Any:
    """Return imodels' shrinkage of what grows on labels, with a strength of its grid by 5 folds."""
    from imodels import HSTreeRegressorCV

    return HSTreeRegressorCV(clone(student), cv=FOLDS)


# ---- from a teacher --------------------------------------------------------------------------


def distillers(teacher: Any, student: Any, *, cv: Any, seed: int, memory: str) -> dict[str, Any]:
    """Return ours: single targets without shrinkage, and the search as it is by default."""
    both, kept = (teacher, student), {"memory": memory}
    plain = {"shrinkage": 0, **kept}
    folds = {"cv": cv, "random_state": seed, **plain}
    return {
        "in_sample": skdistill.DistillerRegressor(*both, **plain),
        "cross_fit": skdistill.CrossFitDistillerRegressor(*both, **folds),
        "share": skdistill.LossCorrectedDistillerRegressor(*both, correction=0.2, **folds),
        "residual": skdistill.LossCorrectedDistillerRegressor(*both, **folds),
        "search": search(*both, cv=cv, seed=seed, **kept),
    }


def search(teacher: Any, student: Any, *, cv: Any, seed: int, **kept: Any) -> Any:
    how = {"teacher_cv": "oob" if cv == "oob" else None, "random_state": seed, **kept}
    return skdistill.LossCorrectedDistillerRegressorCV(teacher, student, **how)


def imodels_distilled(fitted_teacher: Any, student: Any) -> Any:
    """Return what imodels makes of a teacher that is fitted once for all."""
    from imodels.util.distillation import DistilledRegressor

    return DistilledRegressor(FrozenEstimator(fitted_teacher), clone(student))
