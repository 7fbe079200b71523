"""Boosters that learn probabilities by an objective of their own, and what these can take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils.estimators import is_classifier, is_regressor, last_step
from .._utils.means import takes_only

Array = NDArray[np.float64]

# Objectives of XGBoost's and LightGBM's regressors whose targets and answers are probabilities.
_PROBABILITY = {"binary:logistic", "reg:logistic", "cross_entropy", "xentropy"}
# Objectives that take targets in [0, 1] and answer something else, and those that are meant.
# LightGBM's "binary" makes a 1 of every positive target, without a word.
_INSTEAD = {
    "binary:logitraw": "binary:logistic",
    "binary:hinge": "binary:logistic",
    "binary": "cross_entropy",
    "cross_entropy_lambda": "cross_entropy",
    "xentlambda": "cross_entropy",
}
# What arithmetic adds to a 0 or 1; LightGBM refuses labels that are below or above by less.
ROUNDING = 1e-9


def objective_of(student: Any) -> str | None:
    """Return the objective that a student names, also within a search or a wrapper.

    XGBoost's and LightGBM's `objective`, CatBoost's `loss_function`, None for others.

    >>> from lightgbm import LGBMRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> objective_of(make_pipeline(LGBMRegressor(objective="cross_entropy")))
    'cross_entropy'
    """
    last = last_step(student)
    while hasattr(inner := getattr(last, "estimator", None), "fit"):
        last = last_step(inner)
    return _own_objective(last)


def _own_objective(booster: Any) -> str | None:
    # Attributes only: this stands in the way of every prediction, and get_params takes its time.
    name = getattr(booster, "objective", None)
    if name is None and hasattr(booster, "get_param"):
        name = booster.get_param("loss_function") or booster.get_param("objective")
    return name if isinstance(name, str) else None


def learns_one_probability(student: Any) -> bool:
    """Whether a classifier learns the probability of its second class as a number.

    This is CatBoost's cross-entropy, which CatBoost has for its classifier only.
    """
    last = last_step(student)
    return _own_objective(last) == "CrossEntropy" and is_classifier(last)


def takes_probabilities(student: Any) -> bool:
    """Whether a student learns numbers in [0, 1] only, by its objective."""
    of_regressor = objective_of(student) in _PROBABILITY and is_regressor(student)
    return of_regressor or learns_one_probability(student)


def check_objective(student: Any, *, targets_are_logarithms: bool) -> None:
    """Refuse a regressor whose objective answers no probabilities, or cannot learn logarithms."""
    if not is_regressor(student):
        return
    name, who = objective_of(student), type(last_step(student)).__name__
    if name in _INSTEAD:
        raise ValueError(
            f"The student {who} with objective={name!r} does not answer the probabilities that "
            f"it is taught: use objective={_INSTEAD[name]!r}, or a squared one."
        )
    if name in _PROBABILITY and targets_are_logarithms:
        raise ValueError(
            f"loss='squared_error_logit' makes targets of log-odds, and the student {who} with "
            f"objective={name!r} takes targets in [0, 1] only: use loss='squared_error', or give "
            "the student a squared objective."
        )


def check_objective_of_numbers(student: Any) -> None:
    """Refuse a regressor whose objective answers probabilities alone."""
    name = objective_of(student)
    if name in _INSTEAD or name in _PROBABILITY:
        raise ValueError(
            f"The student {type(last_step(student)).__name__} with objective={name!r} answers "
            "probabilities, and y holds numbers: use a squared objective."
        )


def check_range(
    student: Any, target: Array, name: str | None = None, *, zero_passes: bool = False
) -> None:
    """Refuse targets that a student's deviance does not know; `name` is what the user calls them.

    None for those that a teacher and a correction have made. `zero_passes` says that 0 is never
    learned as it is.
    """
    asked = takes_only(student)
    if asked is None:
        return
    who, zero_too = asked
    low = float(target.min())
    if low > 0 or ((zero_too or zero_passes) and low == 0):
        return
    cure = (
        "use a student of squared error."
        if name is not None
        else "use a teacher that predicts such (of the same deviance, or a "
        "TransformedTargetRegressor on a log scale), a share or no correction, for the learned one "
        "('residual', 'transfer') can move small targets below 0, or a student of squared error."
    )
    raise ValueError(
        f"The student {who} learns {'non-negative' if zero_too else 'positive'} numbers only, "
        f"found {low:.3g} in {name or 'the targets that teacher and correction make'}: {cure}"
    )


def as_probabilities(student: Any, target: Array) -> Array:
    """Return targets as a student's objective takes them, or refuse those outside [0, 1].

    The same array, but for rounding errors below 0 or above 1 that the objective would refuse.
    """
    if not takes_probabilities(student):
        return target
    low, high = target.min(), target.max()
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"The correction makes targets from {low:.3g} to {high:.3g}, and the student "
            f"{type(last_step(student)).__name__} with objective {objective_of(student)!r} takes "
            "targets in [0, 1] only: use a correction whose γ lies in [0, 1], a regressor with a "
            "squared objective, or LGBMSoftClassifier, which learns signed labels."
        )
    return np.clip(target, 0.0, 1.0)
