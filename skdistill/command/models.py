"""Teachers and students by their names, and what goes before them for columns of text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from .._utils.packages import needs
from .target import Task
from .terminal import BadInputError

GIVEN = ".csv"


def _sklearn(path: str) -> Any:
    """Return a class of scikit-learn, imported now."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"sklearn.{module}"), name)


def _forest(seed: int, trees: int, task: Task) -> Any:
    return _sklearn(f"ensemble.RandomForest{task.kind}")(trees, random_state=seed, n_jobs=-1)


def _extra_trees(seed: int, trees: int, task: Task) -> Any:
    return _sklearn(f"ensemble.ExtraTrees{task.kind}")(trees, random_state=seed, n_jobs=-1)


def _hist_gradient_boosting(seed: int, trees: int, task: Task) -> Any:
    kind = _sklearn(f"ensemble.HistGradientBoosting{task.kind}")
    return kind(max_iter=trees, random_state=seed)


def _lightgbm(seed: int, trees: int, task: Task) -> Any:
    kind = _installed("lightgbm", f"LGBM{task.kind}")
    # One thread, as its prediction is timed on one core like everybody's.
    return kind(n_estimators=trees, random_state=seed, n_jobs=1, verbose=-1)


def _xgboost(seed: int, trees: int, task: Task) -> Any:
    kind = _installed("xgboost", f"XGB{task.kind}")
    return kind(n_estimators=trees, random_state=seed, n_jobs=1, verbosity=0)


def _catboost(seed: int, trees: int, task: Task) -> Any:
    kind = _installed("catboost", f"CatBoost{task.kind}")
    return kind(
        iterations=trees,
        random_seed=seed,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
    )


def _installed(package: str, name: str) -> Any:
    try:
        return getattr(import_module(package), name)
    except ImportError:
        raise BadInputError(needs(name, package)) from None


# The trees of a teacher that is not told how many.
BOOSTERS = {
    "hist_gradient_boosting": _hist_gradient_boosting,
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
}
TEACHERS: dict[str, Callable[[int, int, Task], Any]] = {
    "forest": _forest,
    "extra_trees": _extra_trees,
    **BOOSTERS,
}
STUDENTS: dict[str, Callable[[int, Task], Any]] = {
    "tree": lambda seed, _: _sklearn("tree.DecisionTreeRegressor")(random_state=seed),
    "tree256": lambda seed, _: _sklearn("tree.DecisionTreeRegressor")(
        max_leaf_nodes=256, random_state=seed
    ),
    "forest10": lambda seed, _: _sklearn("ensemble.RandomForestRegressor")(10, random_state=seed),
    "lightgbm": lambda seed, task: _lightgbm(seed, 100, task),
    "logistic": lambda seed, _: _sklearn("linear_model.LogisticRegression")(max_iter=2000),
    "ridge": lambda seed, _: _sklearn("linear_model.Ridge")(),
}
LINEAR = {"logistic": Task.CLASSES, "ridge": Task.NUMBERS}


def check_students(names: list[str], task: Task) -> None:
    """Refuse a linear model of the other kind of target."""
    wrong = [name for name in names if LINEAR.get(name, task) is not task]
    if wrong:
        other = next(name for name, own in LINEAR.items() if own is task)
        raise BadInputError(
            f"--student {wrong[0]} is for {LINEAR[wrong[0]]}, and the target holds {task}: use "
            f"--student {other}, or another."
        )


def default_trees(teacher: str) -> int:
    """Return how many trees a teacher has unless that is said."""
    return 100 if teacher in BOOSTERS else 500


def make_teacher(name: str, seed: int, trees: int, X: Any, task: Task = Task.CLASSES) -> Any:
    """Return a teacher of some rows."""
    return _for_trees(TEACHERS[name](seed, trees, task), X)


def make_student(name: str, seed: int, X: Any, task: Task = Task.CLASSES) -> Any:
    """Return a student for some rows."""
    prepare = _for_linear_model if name in LINEAR else _for_trees
    return prepare(STUDENTS[name](seed, task), X)


# ---- columns of text -------------------------------------------------------------------------


def text_columns(X: Any) -> list[str]:
    """Return the columns of text; an array has none."""
    return list(X.select_dtypes(exclude="number").columns) if hasattr(X, "columns") else []


def _for_trees(estimator: Any, X: Any) -> Any:
    """Put ordinal codes in the place of text; trees take missing values as they are."""
    import numpy as np
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    if not hasattr(X, "columns"):
        return estimator
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    text = text_columns(X)
    columns = make_column_transformer(
        (codes, text), ("passthrough", list(X.columns.drop(text))), verbose_feature_names_out=False
    )
    return make_pipeline(columns, estimator)


def _for_linear_model(estimator: Any, X: Any) -> Any:
    """Impute and scale numbers, one column for each frequent value of text."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    if not hasattr(X, "columns"):
        return make_pipeline(numbers, estimator)
    one_hot = OneHotEncoder(handle_unknown="ignore", max_categories=50)
    text = text_columns(X)
    columns = make_column_transformer((one_hot, text), (numbers, list(X.columns.drop(text))))
    return make_pipeline(columns, estimator)


def text_read_by(student: Any) -> list[str]:
    """Return the columns of text that a fitted student, made here, reads."""
    first = _first_step(student)
    return [str(name) for name in first.transformers_[0][2]] if _is_by_columns(first) else []


def reads_frames(student: Any) -> bool:
    """Whether a fitted student knows its columns by name, not by their order alone."""
    return _is_by_columns(_first_step(student))


def _is_by_columns(step: Any) -> bool:
    from sklearn.compose import ColumnTransformer

    return isinstance(step, ColumnTransformer)


def _first_step(student: Any) -> Any:
    from sklearn.pipeline import Pipeline

    while hasattr(student, "estimator_"):
        student = student.estimator_
    return student.steps[0][1] if isinstance(student, Pipeline) else student
