"""Checks that more than one room makes."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import get_tags

from .compat import is_made_scorer
from .estimators import earlier_steps, is_frozen, last_step, weight_keyword
from .warn import quiet

Array = NDArray[np.float64]

# Probabilities stored as float32 by another tool miss 1 by up to about 1e-6 per class.
SUM_TOLERANCE = 1e-3


def is_number(value: Any) -> bool:
    """Whether a parameter is a real number, which a boolean is not."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def is_whole_number(value: Any) -> bool:
    """Whether a parameter is an integer, such as a number of folds, which a boolean is not."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def class_columns(classes: NDArray[Any], estimator: Any, proba: Any) -> Array:
    """Arrange an estimator's probabilities in the columns of `classes`.

    They are copied: a teacher may answer in the same memory again. Columns of a frame count by
    their names. A class that the estimator does not know has probability 0. Probabilities that are
    not finite, not one column per class or of a class outside `classes` are refused.
    """
    name = type(estimator).__name__
    known = np.asarray(getattr(estimator, "classes_", classes))
    names = proba if hasattr(proba, "columns") else None
    proba = np.array(proba, dtype=np.float64)
    if proba.ndim != 2 or proba.shape[1] != len(known):
        raise ValueError(
            f"{name}.predict_proba returned shape {proba.shape}, expected one column for each "
            f"of its {len(known)} classes."
        )
    if names is not None:
        proba = proba[:, places_of(names, known, f"what {name}.predict_proba returned")]
    if not np.isfinite(proba).all():
        raise ValueError(f"{name}.predict_proba returned NaN or infinite probabilities.")
    if len(known) == len(classes) and (known == classes).all():
        return proba
    unknown = [label for label in known.tolist() if label not in classes.tolist()]
    if unknown:
        raise ValueError(
            f"{name} knows classes that y does not hold: {unknown}; y holds {classes.tolist()}."
        )
    aligned = np.zeros((len(proba), len(classes)))
    aligned[:, np.searchsorted(classes, known)] = proba
    return aligned


def places_of(proba: Any, classes: NDArray[Any], name: str) -> Any:
    """Return the places of a frame's columns for the classes, if they bear their names."""
    columns, labels = list(proba.columns), classes.tolist()
    for as_key in (lambda value: value, str):  # 1.0 names the class 1, and so does "1"
        by_label = {as_key(column): place for place, column in enumerate(columns)}
        known = [label for label in labels if as_key(label) in by_label]
        if len(known) == len(labels) == len(columns):
            return [by_label[as_key(label)] for label in labels]
        if known and not all(is_number(column) for column in columns):
            raise ValueError(
                f"The columns of {name} name some classes of y, but not all: found "
                f"{columns}, y holds {labels}."
            )
    return slice(None)


def check_probabilities(proba: Array, name: str) -> Array:
    """Refuse numbers that are no probabilities: percents, logarithms, scores.

    An entry that float32 has rounded to below 0 or above 1 is no reason.
    """
    low, high = proba.min(initial=0.0), proba.max(initial=0.0)
    if not (low > -1e-6 and high < 1 + 1e-3):  # NaN fails every comparison
        raise ValueError(
            f"{name} must be probabilities in [0, 1], found values from {low:.3g} to {high:.3g}."
        )
    check_row_sums(proba, name)
    return proba


def check_row_sums(proba: Array, name: str) -> None:
    """Refuse rows that do not sum to 1."""
    off = np.abs(proba.sum(axis=1) - 1.0).max(initial=0.0)
    if off > SUM_TOLERANCE:
        raise ValueError(f"The rows of {name} must sum to 1, found one that is off by {off:.3g}.")


def check_weights_taken(estimator: Any, role: str) -> None:
    """Refuse weights for an estimator that would drop them."""
    if estimator is None or is_frozen(estimator):
        return
    if weight_keyword(estimator) is None:
        raise ValueError(
            f"sample_weight was given, but the {role} {type(last_step(estimator)).__name__} "
            f"takes none in fit: leave sample_weight out, or choose a {role} that takes it."
        )


def refuse_extra_params(estimator: Any, params: dict[str, Any]) -> None:
    """Without metadata routing nobody knows where a further fit parameter should go."""
    if params:
        raise ValueError(
            f"{type(estimator).__name__}.fit got {sorted(params)}: further fit parameters need "
            "metadata routing, sklearn.set_config(enable_metadata_routing=True), and a request "
            "by the estimator they are meant for, such as set_fit_request."
        )


def refuse_pairwise(estimator: Any, role: str) -> None:
    """Refuse an estimator that wants distances between rows in the place of rows."""
    if hasattr(estimator, "__sklearn_tags__") and get_tags(estimator).input_tags.pairwise:
        raise ValueError(
            f"The {role} {type(last_step(estimator)).__name__} wants a matrix of distances or "
            f"kernel values between rows; the {role} must take the rows themselves."
        )


def refuse_half_frozen(teacher: Any) -> None:
    """Refuse a Pipeline that would be fitted anew but for what it ends in."""
    if not is_frozen(teacher):
        return
    for step in earlier_steps(teacher):
        learns = not hasattr(step, "__sklearn_tags__") or get_tags(step).requires_fit
        if learns and not isinstance(step, FrozenEstimator):
            raise ValueError(
                f"teacher ends in a frozen estimator, and its step {type(step).__name__} is not "
                "frozen, so that it would learn from other rows: freeze the whole Pipeline, "
                "FrozenEstimator(pipeline)."
            )


def refuse_uncloned(estimator: Any, role: str) -> None:
    """Refuse an estimator that cannot be cloned: each fold fits a clone."""
    try:
        clone(estimator)
    except (RuntimeError, TypeError) as error:
        params = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
        lists = [name for name, value in params.items() if isinstance(value, list)]
        hint = (
            f" Where it copies a list, hand over a tuple, and a frame as X: {lists}."
            if lists
            else ""
        )
        raise ValueError(
            f"The {role} {type(last_step(estimator)).__name__} cannot be cloned: {error}.{hint}"
        ) from error


def check_scorer_in_folds(scoring: Any, rows: Any, folds: Any) -> None:
    """Refuse a scorer of scikit-learn's that fails on a fold, before any teacher is fitted."""
    names = [f"fold {fold} of {len(folds)}" for fold in range(1, len(folds) + 1)]
    parts = [(name, rows.y[valid]) for name, (_, valid) in zip(names, folds, strict=True)]
    _check_scorer_on(scoring, rows, parts, "folds")


def check_scorer_on_test_rows(scoring: Any, rows: Any, y_test: Any) -> None:
    """Refuse a scorer of scikit-learn's that fails on test rows, before any teacher is fitted."""
    _check_scorer_on(scoring, rows, [("the test rows", y_test)], "test rows")


def _check_scorer_on(scoring: Any, rows: Any, parts: list[tuple[str, Any]], what: str) -> None:
    """Refuse a scorer that fails on the labels of a part, for instance for want of a class.

    A user's function is not called more than it must be.
    """
    if not isinstance(scoring, str):
        return
    prior = rows.outcome.prior().fit(np.zeros((rows.n_samples, 1)), rows.y)
    for name, y in parts:
        try:
            with quiet():
                get_scorer(scoring)(prior, np.zeros((len(y), 1)), y)
        except Exception as error:
            raise ValueError(
                f"scoring={scoring!r} cannot judge {name}: {error} Use other {what}, or another "
                "score."
            ) from error


def judges_numbers(scoring: Any) -> bool:
    """Whether a scorer of scikit-learn's takes outcomes that are no classes."""
    if callable(scoring) and not is_made_scorer(scoring):
        return False
    numbers = np.array([0.25, 1.5, 2.75])
    try:
        mean = DummyRegressor().fit(numbers[:, None], numbers)
        with quiet():
            return bool(np.isfinite(get_scorer(scoring)(mean, numbers[:, None], numbers)))
    except Exception:  # it wants classes, or is none at all
        return False


def check_scorer(scoring: Any, rows: Any) -> None:
    """Refuse a scorer that cannot judge what the rows' outcome is."""
    if scoring is None:
        return
    rows.outcome.refuse_scorer(scoring)
    try:
        # It never looks at rows, but the scorer may.
        prior = rows.outcome.prior().fit(np.zeros((rows.n_samples, 1)), rows.y)
        if not np.isfinite(float(get_scorer(scoring)(prior, rows.X, rows.y))):
            raise ValueError("it gives no finite score.")
    except Exception as error:
        raise ValueError(
            f"scoring={scoring!r} cannot judge {rows.outcome.judged}: {error}"
            f"{_instead(scoring, error)}"
        ) from error


def _instead(scoring: Any, error: Exception) -> str:
    """Say what to use in place of a score that looks for a class 1."""
    if "pos_label" not in str(error):
        return ""
    of_all = f"{scoring}_macro"
    named = f"Use {of_all!r}, or" if of_all in get_scorer_names() else "Use"
    return f". {named} labels 0 and 1."
