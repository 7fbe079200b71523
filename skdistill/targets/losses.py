"""What a student learns from class probabilities, and the way back.

A loss is a link (what the student's target is on), a target (the linked teacher probabilities,
moved by a correction towards the label) and the way back from what a fitted student answers to
class probabilities. The losses here know arrays only, no estimators.

Notation: ``proba`` holds the teacher's probabilities and ``onehot`` the labels, both of shape
(n_samples, n_classes); γ is what a correction returns (see :mod:`skdistill.corrections`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from .._utils.probabilities import PROBA_FLOOR, floor_proba
from .._utils.validation import is_number

Array = NDArray[np.float64]
Correction = Callable[..., Array]


def _normalise(proba: Array) -> Array:
    """Scale rows to sum to one; a row without any mass becomes uniform."""
    total = proba.sum(axis=1, keepdims=True)
    empty = total <= 0
    if empty.any():
        proba = np.where(empty, 1.0, proba)
        total = proba.sum(axis=1, keepdims=True)
    return np.asarray(proba / total)


def _two_columns(positive: Array) -> Array:
    """Probabilities of both classes from those of the second one."""
    proba = np.empty((positive.shape[0], 2))
    proba[:, 1] = positive
    np.subtract(1.0, proba[:, 1], out=proba[:, 0])
    return proba


@dataclass(frozen=True)
class Loss:
    """What all losses are made of, and what they need unless they say otherwise.

    A new loss is a subclass with `target` and `probabilities`, and its word in `LOSSES`.
    """

    n_classes: int
    proba_floor: float = PROBA_FLOOR
    temperature: float = 1.0

    #: Whether the student is a classifier, which learns labels, or a regressor.
    learns_labels: ClassVar[bool] = False
    #: Whether its targets are logarithms, which no objective on [0, 1] can learn.
    targets_are_logarithms: ClassVar[bool] = False
    #: Whether a logarithm of the teacher's probabilities is taken, for which these are floored.
    takes_logarithm: ClassVar[bool] = True
    has_temperature: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """Its word."""
        return next(word for word, kind in LOSSES.items() if kind is type(self))

    def target(self, proba: Array, onehot: Array, correction: Correction | None = None) -> Array:
        """Return what the student learns, one column for two classes where it is a number."""
        raise NotImplementedError

    def labels(self, onehot: Array) -> Array:
        """Return the target of a student that learns from labels alone."""
        return self.target(onehot, onehot)

    def probabilities(self, output: Array) -> Array:
        """Return the class probabilities of what a student answers."""
        raise NotImplementedError


class SquaredError(Loss):
    """Squared error on class probabilities: t = p̂ + γ (y − p̂)."""

    takes_logarithm = False

    def target(self, proba: Array, onehot: Array, correction: Correction | None = None) -> Array:
        """Return what the student learns, one column for two classes."""
        if self.n_classes == 2:
            proba, onehot = proba[:, 1], onehot[:, 1]
        if correction is None:
            return np.array(proba)
        # Teachers that normalise by rounding answer 1 + 2e-16 now and then.
        gamma = correction(np.clip(proba, 0.0, 1.0), onehot, link="identity")
        return _between(proba, onehot, gamma)

    def probabilities(self, output: Array) -> Array:
        """Clip a student's predictions to [0, 1] and let each row sum to one."""
        # For one row the two calls take a fifth of the time of np.clip.
        clipped = np.minimum(np.maximum(output, 0.0), 1.0)
        return _two_columns(clipped) if self.n_classes == 2 else _normalise(clipped)


def _between(answer: Array, label: Array, gamma: Array) -> Array:
    # This form returns the answer for γ = 0, and the label for γ = 1, to the last bit.
    return np.asarray((1.0 - gamma) * answer + gamma * label)


class SquaredErrorLogit(Loss):
    """Squared error on log-odds (two classes) or centred log-probabilities (more classes)."""

    targets_are_logarithms = True

    def target(self, proba: Array, onehot: Array, correction: Correction | None = None) -> Array:
        """Return what the student learns, one column for two classes."""
        proba = floor_proba(proba, self.proba_floor)
        if self.n_classes == 2:
            target = np.log(proba[:, 1]) - np.log(proba[:, 0])
            return _corrected(target, proba[:, 1], onehot[:, 1], correction, "logit")
        # γ acts on the uncentred scale; then the whole target is centred.
        target = _corrected(np.log(proba), proba, onehot, correction, "log")
        return np.asarray(target - target.mean(axis=1, keepdims=True))

    def probabilities(self, output: Array) -> Array:
        """Turn predicted log-odds, or log-probabilities, into probabilities."""
        if self.n_classes == 2:
            return _two_columns(expit(output))
        return np.asarray(softmax(output, axis=1))


def _corrected(
    target: Array, proba: Array, onehot: Array, correction: Correction | None, link: str
) -> Array:
    if correction is None:
        return target
    return np.asarray(target + correction(proba, onehot, link=link) * (onehot - proba))


class CrossEntropy(Loss):
    """Annealed cross-entropy: the student learns softmax(log p̂ / T) as soft labels."""

    learns_labels = True
    has_temperature = True

    def target(self, proba: Array, onehot: Array, correction: Correction | None = None) -> Array:
        """Return soft labels of shape (n_samples, n_classes); a correction can sign them.

        With a = y/p̂ − 1 and ρ = γ/φ' on the probability scale (where φ' = 1) they are
        w + w/T · (ρ a − Σ w ρ a), which sums to one and is exact to first order for every T.
        """
        proba = floor_proba(proba, self.proba_floor)
        labels = self._annealed(proba)
        if correction is None:
            return labels
        rho = correction(proba, onehot, link="identity")
        if self.temperature == 1:
            # The same as below for w = p̂, written so that ρ = 1 gives the label to the last bit:
            # Σ ρ (y − p̂) is −Σ (ρ − ρ_label) p̂, which is an exact 0 for equal ρ.
            of_label = (rho * onehot).sum(axis=1, keepdims=True)
            drift = ((rho - of_label) * proba).sum(axis=1, keepdims=True)
            return np.asarray((1.0 - rho) * proba + rho * onehot + proba * drift)
        push = rho * (onehot / proba - 1.0)
        mean_push = (labels * push).sum(axis=1, keepdims=True)
        return np.asarray(labels + labels * (push - mean_push) / self.temperature)

    def labels(self, onehot: Array) -> Array:
        """Return the target of a student that learns from labels alone."""
        return onehot if self.temperature == 1 else self.target(onehot, onehot)

    def _annealed(self, proba: Array) -> Array:
        if self.temperature == 1:
            return proba
        return np.asarray(softmax(np.log(proba) / self.temperature, axis=1))

    def probabilities(self, output: Array) -> Array:
        """Undo the temperature: q^T, normalised, with q the student's probabilities."""
        if self.temperature == 1:
            return output
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(log_softmax(self.temperature * np.log(output), axis=1)))


class ErrorOfNumbers(Loss):
    """Any loss whose best answer is the mean of numbers: t = m̂ + γ (y − m̂).

    All Bregman losses, squared error and the deviances of Poisson, Gamma and Tweedie among them,
    have this target, so that a student may minimise its own.
    """

    takes_logarithm = False

    def target(self, proba: Array, onehot: Array, correction: Correction | None = None) -> Array:
        """Return what the student learns, of predictions and numbers in one column each."""
        prediction, y = proba[:, 0], onehot[:, 0]
        if correction is None:
            return np.array(prediction)
        return _between(prediction, y, correction(prediction, y, link="identity"))

    def probabilities(self, output: Array) -> Array:
        """Return predictions as they are."""
        return output


LOSSES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "squared_error_logit": SquaredErrorLogit,
    "cross_entropy": CrossEntropy,
}


def make_loss(
    name: str, n_classes: int, *, temperature: Any = 1.0, proba_floor: Any = PROBA_FLOOR
) -> Loss:
    """Build the loss called `name`, one of ``LOSSES``, if its numbers can be used."""
    kind = LOSSES[name]
    temperature = _check_temperature(temperature, name, kind)
    return kind(n_classes, _check_proba_floor(proba_floor, n_classes, kind), temperature)


@cache
def way_back(name: str, n_classes: int, temperature: float) -> Callable[[Array], Array]:
    """Return what makes probabilities of what a student answers that learned by the loss `name`."""
    if name not in LOSSES:
        raise ValueError(f"loss must be one of {list(LOSSES)}, found {name!r}.")
    return LOSSES[name](n_classes, temperature=temperature).probabilities


def _check_temperature(temperature: Any, name: str, kind: type[Loss]) -> float:
    if temperature != 1 and not kind.has_temperature:
        warm = " or ".join(repr(word) for word, loss in LOSSES.items() if loss.has_temperature)
        raise ValueError(
            f"temperature must be 1 with loss={name!r}, found {temperature!r}: only "
            f"{warm} has a temperature."
        )
    return float(temperature)


def _check_proba_floor(proba_floor: Any, n_classes: int, kind: type[Loss]) -> float:
    """Return the floor, which must leave room for every class.

    Where no logarithm is taken the default must not refuse 500 classes.
    """
    is_idle = not kind.takes_logarithm and proba_floor == PROBA_FLOOR
    if not is_idle and not (is_number(proba_floor) and 0 < proba_floor < 1 / n_classes):
        raise ValueError(
            f"proba_floor must lie between 0 and 1 / n_classes = {1 / n_classes:.3g}, both "
            f"excluded, found {proba_floor!r}."
        )
    return float(proba_floor)
