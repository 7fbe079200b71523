"""A sigmoid on a student's probabilities, fitted to its honest out-of-fold predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from .._utils.probabilities import floor_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """Probabilities softmax(a log p + b), with a > 0, so that one class keeps its order of rows.

    Probabilities of 0 are mixed with a little of everything before: p becomes (1 − Kε) p + ε with
    ε = 1/500. Raising only those below ε to it would make ties, and move the AUC.
    """

    slope: float  # a, below 1 for a student that is too sure
    shift: tuple[float, ...]  # b, one number for each class, the first of them 0

    def __call__(self, proba: Array) -> Array:
        """Calibrate probabilities of shape (n_samples, n_classes)."""
        return calibrated(proba, self.slope, self.shift)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as what ships holds them."""
        return {"slope": self.slope, "shift": list(self.shift)}


def calibrated(proba: Array, slope: float, shift: Sequence[float]) -> Array:
    """Return probabilities of shape (n_samples, n_classes) after a sigmoid."""
    return np.asarray(softmax(slope * _logs(proba) + np.array(shift), axis=1))


def _logs(proba: Array) -> Array:
    n_classes = proba.shape[1]
    floor = floor_of(n_classes)
    return np.asarray(np.log(floor + (1 - n_classes * floor) * proba))


def fit_calibration(
    proba: Array, codes: NDArray[np.intp], sample_weight: Array | None = None
) -> Calibration:
    """Fit the slope and shifts of least log loss to predictions for rows that were not seen.

    For two classes this is Platt's sigmoid of the log-odds. A student that says .9 and is right in
    three of four cases:

    >>> proba = np.tile([0.1, 0.9], (4, 1))
    >>> fit_calibration(proba, np.array([0, 1, 1, 1]))(proba[:1]).round(2)
    array([[0.25, 0.75]])
    """
    logs = _logs(proba)
    n_samples, n_classes = logs.shape
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    weight = weight / weight.sum()
    onehot = np.eye(n_classes)[codes]

    def risk(parameters: Array) -> tuple[float, Array]:
        slope = np.exp(parameters[0])
        log_p = log_softmax(slope * logs + np.append(0.0, parameters[1:]), axis=1)
        error = weight[:, None] * (np.exp(log_p) - onehot)
        gradient = np.append((error * logs).sum() * slope, error.sum(axis=0)[1:])
        return -float((weight * (onehot * log_p).sum(axis=1)).sum()), gradient

    # Bounds that only rows without any information reach.
    bounds = [(-5.0, 5.0)] + [(-20.0, 20.0)] * (n_classes - 1)
    found = minimize(risk, np.zeros(n_classes), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Calibration(float(np.exp(found[0])), (0.0, *map(float, found[1:])))
