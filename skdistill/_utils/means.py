"""What a regressor's loss makes of it: whether it answers a mean, and what it can learn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sklearn.pipeline import Pipeline

# Under these names a regressor says what it minimises; the last three are LightGBM's other ones.
_WORDS = ("loss", "objective", "loss_function", "criterion", "objective_type", "application", "app")
_NO_MEAN = re.compile(
    r"quantile|pinball|absolute|huber|expectile|logcosh|log_cosh|squaredlogerror"
    r"|^(mae|mape|l1|regression_l1|fair|lq)\b",
    re.IGNORECASE,
)
_NO_MEAN_BY_NAME = re.compile(r"Quantile|^(Huber|TheilSen|RANSAC)Regressor$")
# What the deviances of counts and of amounts take.
_POSITIVE = re.compile(r"gamma", re.IGNORECASE)
_NOT_NEGATIVE = re.compile(r"poisson|tweedie", re.IGNORECASE)


def members_that_answer(estimator: Any) -> Iterator[Any]:
    """Yield an estimator and, one inside the other, those whose answers become its own."""
    if isinstance(estimator, type) or estimator is None:
        return
    yield estimator
    if isinstance(estimator, Pipeline):
        yield from members_that_answer(estimator.steps[-1][1])
        return
    if hasattr(estimator, "final_estimator"):  # a stack, whose members are its columns
        yield from members_that_answer(estimator.final_estimator)
        return
    inner = [
        getattr(estimator, name, None) for name in ("estimator", "regressor", "teacher", "student")
    ]
    pairs = getattr(estimator, "estimators", None)
    if isinstance(pairs, list):
        inner += [pair[1] for pair in pairs if isinstance(pair, tuple) and len(pair) > 1]
    for member in inner:
        if hasattr(member, "fit"):
            yield from members_that_answer(member)


def answers_no_mean(estimator: Any) -> str | None:
    """Return who answers a quantile, a median or the like, and by what; None for a mean.

    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> answers_no_mean(make_pipeline(GradientBoostingRegressor(loss="quantile")))
    "GradientBoostingRegressor(loss='quantile')"
    >>> answers_no_mean(GradientBoostingRegressor()) is None
    True
    """
    for member in members_that_answer(estimator):
        name = type(member).__name__
        if _NO_MEAN_BY_NAME.search(name):
            return name
        for word, value in _losses(member):
            if _NO_MEAN.search(value):
                return f"{name}({word}={value!r})"
    return None


def takes_only(student: Any) -> tuple[str, bool] | None:
    """Return whose deviance knows no negative numbers, and whether 0 is one of them.

    None for students that learn any number.

    >>> from sklearn.linear_model import GammaRegressor
    >>> takes_only(GammaRegressor())
    ('GammaRegressor', False)
    """
    for member in members_that_answer(student):
        name = type(member).__name__
        if name == "TransformedTargetRegressor":  # its inner one learns something else
            return None
        power = getattr(member, "power", None) if name == "TweedieRegressor" else None
        if name == "GammaRegressor" or (power is not None and power >= 2):
            return name, False
        if name == "PoissonRegressor" or (power is not None and power >= 1):
            return name, True
        for word, value in _losses(member):
            told = f"{name}({word}={value!r})"
            if _POSITIVE.search(value):
                return told, False
            if _NOT_NEGATIVE.search(value):
                return told, True
    return None


def _losses(estimator: Any) -> Iterator[tuple[str, str]]:
    """Yield the words by which an estimator says what it minimises."""
    own = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else vars(estimator)
    for word in _WORDS:
        value = own.get(word)
        if isinstance(value, str):
            # XGBoost's "reg:quantileerror", CatBoost's "Quantile:alpha=0.9".
            yield word, value
