"""Measure one regressor on test rows: how right it is, how close to a teacher, costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold, KFold

from ...outcomes import Numbers
from ...rows import Rows
from ...sources.answers import say
from .costs import pickled_size
from .measurement import MAX_BLOCKS, Judging, Measured
from .scores import Reliability, binned, mean_and_error
from .times import UNKNOWN, Timing

Array = NDArray[np.float64]

# ---- scores ----------------------------------------------------------------------------------


class Spread(NamedTuple):
    """What there is to explain in numbers, and what of it nobody can."""

    variance: float
    noise: float = 0.0


def spread_of(y: Array, true_mean: Array | None) -> Spread:
    """Return the variance of numbers, and of their noise where the true mean is known.

    >>> spread_of(np.array([0.0, 2.0]), None)
    Spread(variance=1.0, noise=0.0)
    """
    if true_mean is None:
        return Spread(float(y.var()))
    noise = float(((y - true_mean) ** 2).mean())
    return Spread(float(true_mean.var()) + noise, noise)


def squared_errors(y: Array, prediction: Array, true_mean: Array | None = None) -> Array:
    """Return the squared error of each row, expected over its number where its mean is known.

    Then it is the squared distance from the mean, and the variance of the noise, which is the same
    in every row and for every model: what two models differ by is free of noise.

    >>> squared_errors(np.array([1.0, 3.0]), np.array([1.0, 2.0])).tolist()
    [0.0, 1.0]
    """
    if true_mean is None:
        return np.asarray((y - prediction) ** 2)
    return np.asarray((true_mean - prediction) ** 2 + spread_of(y, true_mean).noise)


def relative_excess(true_mean: Array, prediction: Array) -> float:
    """Return the mean squared distance from the true mean as a share of that mean's variance."""
    variance = float(true_mean.var())
    off = float(((true_mean - prediction) ** 2).mean())
    return off / variance if variance > 0 else float("nan")


def calibration(y: ArrayLike, prediction: ArrayLike) -> Reliability:
    """Return mean predictions and mean numbers in bins of equally many rows, by prediction.

    >>> curve = calibration([1.0, 3.0], [2.0, 2.0])
    >>> curve.predicted.tolist(), curve.observed.tolist(), curve.error
    ([2.0], [2.0], 0.0)
    """
    return binned(np.asarray(prediction, float), np.asarray(y, float))


class Fidelity(NamedTuple):
    """How close a student is to its teacher."""

    r2: float  # share of the variance of the teacher's predictions that the student explains
    rmse: float  # root of the mean squared distance


def fidelity(teacher: Array, student: Array) -> Fidelity:
    """Measure how close a student's predictions are to the teacher's, for rows neither has seen.

    >>> fidelity(np.array([0.0, 2.0]), np.array([0.0, 1.0]))
    Fidelity(r2=0.5, rmse=0.7071067811865476)
    """
    off = float(((teacher - student) ** 2).mean())
    variance = float(teacher.var())
    return Fidelity(1 - off / variance if variance > 0 else float("nan"), off**0.5)


# ---- a measurement ---------------------------------------------------------------------------


@dataclass(frozen=True)
class NumbersMeasurement(Measured):
    """What was measured of one regressor."""

    student: str | None  # its name; None for the teacher
    method: Any  # how the regressor came about
    score: float
    score_se: float  # over test rows
    r2: float
    r2_se: float
    rmse: float
    rmse_se: float
    mae: float
    mae_se: float
    excess: float | None  # squared distance from the true mean, as a share of its variance
    calibration_error: float  # mean distance between predictions and numbers, over bins
    fidelity_r2: float  # these two, fidelity to the teacher on test rows: see `Fidelity`
    fidelity_rmse: float
    fit_seconds: float  # what it takes to make it on its own, the teacher's fits included
    size: float  # bytes of the pickled regressor
    losses: Array = field(repr=False, compare=False)  # of each row, 1 − R² in the mean
    reliability: Reliability = field(repr=False, compare=False)
    note: str = ""  # what else there is to say of it
    groups: NDArray[Any] | None = field(default=None, repr=False, compare=False)  # of test rows
    row: Timing = UNKNOWN  # of one row on its own
    batch: Timing = UNKNOWN  # of 10,000 rows that are predicted at once


@dataclass(frozen=True)
class NumbersTestRows(Judging):
    """Rows that nobody has learned from, and how regressors are judged on them.

    Where `true_mean`, the mean that each number was drawn about, is known, R² and RMSE are those
    expected over numbers. With `groups`, standard errors count these and not rows.
    """

    answers_by = "predict"

    X: Any
    y: Array
    scorer: Callable[..., float] | None = None  # scorer(regressor, X, y); None: R²
    true_mean: Array | None = None
    groups: NDArray[Any] | None = None

    @property
    def rows(self) -> Rows:
        """The rows as they travel."""
        return Rows(self.X, self.y, Numbers(), np.zeros(len(self.y), dtype=np.intp))

    def measure(
        self,
        regressor: Any,
        method: Any,
        *,
        student: str | None = None,
        teacher_answer: Array | None = None,
        fit_seconds: float = float("nan"),
        note: str = "",
    ) -> NumbersMeasurement:
        """Score a fitted regressor, and weigh it; it is timed beside all others, in the end.

        `teacher_answer` is what the teacher says about the rows, None for the teacher itself.
        """
        prediction = say(regressor, self.rows)[:, 0]
        errors = squared_errors(self.y, prediction, self.true_mean)
        squared, squared_se = mean_and_error(errors, self.groups)
        rmse = squared**0.5
        losses = errors / spread_of(self.y, self.true_mean).variance
        unexplained, r2_se = mean_and_error(losses, self.groups)
        r2 = (1 - unexplained, r2_se)
        score = r2 if self.scorer is None else self.score_by(self.scorer, regressor)
        curve = calibration(self.y, prediction)
        truth = self.true_mean
        teacher = prediction if teacher_answer is None else np.ravel(teacher_answer)
        return NumbersMeasurement(
            student,
            method,
            *score,
            *r2,
            rmse,
            squared_se / (2 * rmse) if rmse > 0 else 0.0,
            *mean_and_error(np.abs(self.y - prediction), self.groups),
            None if truth is None else relative_excess(truth, prediction),
            curve.error,
            *fidelity(teacher, prediction),
            fit_seconds,
            pickled_size(regressor),
            losses,
            curve,
            note,
            self.groups,
        )

    def blocks(self) -> list[NDArray[np.intp]]:
        """Divide rows in ten blocks if possible, in which groups stay whole."""
        n_drawn = len(self.y) if self.groups is None else len(np.unique(self.groups))
        n_blocks = min(MAX_BLOCKS, n_drawn // 2)  # a single number has no R²
        if n_blocks < 2:
            return []
        kind = KFold if self.groups is None else GroupKFold
        folds = kind(n_blocks, shuffle=True, random_state=0)
        return [part for _, part in folds.split(self.y, self.y, self.groups)]
