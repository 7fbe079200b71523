"""The loss of softmax regression: penalised mean cross-entropy of a linear model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Penalised mean cross-entropy of a linear model.

    Two classes have one output, the log-odds of the second: with two outputs, whose coefficients
    would be half of them each with opposite signs, the penalty would be half as strong.
    """

    X: Any  # (n_samples, n_features), dense or sparse
    target: Array  # (n_samples, n_outputs)
    share: Array  # (n_samples,), weights that sum to 1
    penalty: float
    fit_intercept: bool
    noise: Array | float = 0.0  # (n_features,), what rounding makes of the spread of a constant

    @property
    def n_outputs(self) -> int:
        """Number of scores of a row."""
        return self.target.shape[1]

    def scores(self, coef: Array, intercept: Array) -> Array:
        """Return the scores of all rows."""
        return np.asarray(self.X @ coef.T + intercept)

    def proba(self, scores: Array) -> tuple[Array, Array]:
        """Return probabilities, and the logarithm of what the exponentials were divided by."""
        if self.n_outputs == 1:
            return expit(scores), np.logaddexp(0.0, scores[:, 0])
        # scipy's softmax and logsumexp would each take the exponentials: most of the time.
        largest = scores.max(axis=1, keepdims=True)
        proba = np.exp(scores - largest)
        total = proba.sum(axis=1, keepdims=True)
        proba /= total
        return proba, (largest + np.log(total))[:, 0]

    def loss(self, coef: Array, intercept: Array) -> tuple[float, Array, Array]:
        """Return the loss and its gradient in coefficients and intercepts."""
        scores = self.scores(coef, intercept)
        error, log_total = self.proba(scores)
        losses = log_total - np.einsum("ij,ij->i", self.target, scores)
        error -= self.target
        error *= self.share[:, None]
        value = float(self.share @ losses + self.penalty / 2 * (coef**2).sum())
        slope = np.asarray(self.X.T @ error).T + self.penalty * coef
        return value, slope, error.sum(axis=0) * self.fit_intercept

    def curvature(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Return the mean Hessian in the scores, and each row's share of its trace."""
        proba, _ = self.proba(self.scores(coef, intercept))
        if self.n_outputs == 1:
            hessian = proba * (1.0 - proba)
            return (self.share @ hessian)[None, :], self._shares(hessian[:, 0])
        mean = self.share @ proba
        hessian = np.diag(mean) - (proba * self.share[:, None]).T @ proba
        return hessian, self._shares(1.0 - (proba**2).sum(axis=1))

    def _shares(self, trace: Array) -> Array:
        # Where a model is sure of all rows the curvature of each rounds to 0.
        raised = self.share * np.maximum(trace, 1e-10)
        return np.asarray(raised / raised.sum())


def pose(X: Any, labels: Array, weights: Array, C: float, fit_intercept: bool) -> Problem:
    """Return the loss of soft labels, with the penalty that C means."""
    target = labels[:, 1:] if labels.shape[1] == 2 else labels
    total = weights.sum()
    return Problem(X, target, weights / total, 1.0 / (C * total), fit_intercept)
