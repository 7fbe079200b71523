"""The minimum of the loss of softmax regression, by L-BFGS in coordinates that suit it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import eigh, svd
from scipy.optimize import minimize
from sklearn.utils.sparsefuncs import mean_variance_axis

from .softmax_loss import Problem

Array = NDArray[np.float64]

# Up to here a round costs less than the iterations that rotating the columns saves.
MAX_ROTATED_FEATURES = 500
# Iterations until the curvature is measured anew; each round is twice as long as the last.
FIRST_ROUND = 10
# Relative decrease of the loss that is rounding and no progress; scikit-learn uses the same.
ROUNDING = 64 * float(np.finfo(np.float64).eps)
# With a gradient above this a search that rounding ended was lost, on a loss without a minimum.
LOOSE = 1e-4


class Found(NamedTuple):
    """Where the search ended."""

    coef: Array
    intercept: Array
    n_iter: int
    largest: float
    converged: bool


@dataclass(frozen=True)
class Coordinates:
    """Coordinates around a point, in which the Hessian there is about the identity.

    The Hessian in the coefficients is approximated by H ⊗ S + penalty · I, with H the mean
    Hessian in the scores and S the covariance of the columns, each row counted by its share of
    the curvature. In the axes of H and S it is diagonal, and as a rotation leaves the penalty as
    it is, so are both together. A point (u, v) moves the model by

        Δcoef = outputs (u / scale) axesᵀ
        Δintercept = outputs (v / intercept_scale) − Δcoef centre

    where the last term centres the columns, without which coefficients and intercept would be
    entangled. This changes the way to the solution, and not the solution.
    """

    outputs: Array  # (n_outputs, n_outputs), axes of H
    axes: Array | None  # (n_features, n_features), axes of S; None leaves the columns alone
    centre: Array  # (n_features,)
    scale: Array  # (n_outputs, n_features)
    intercept_scale: Array  # (n_outputs,)

    @classmethod
    def around(cls, problem: Problem, coef: Array, intercept: Array) -> Self:
        """Take the curvature at a point."""
        hessian, shares = problem.curvature(coef, intercept)
        bend, outputs = eigh(hessian)
        # Softmax is flat along equal shifts of all scores, and rounding makes that negative.
        bend = np.maximum(bend, max(1e-8 * bend[-1], 1e-12))
        spread, axes, centre = _spread(problem, shares)
        scale = np.sqrt(np.outer(bend, spread**2) + problem.penalty)
        # A constant column without penalty has no curvature, and no gradient either.
        scale[scale == 0] = 1.0
        return cls(outputs, axes, centre, scale, np.sqrt(bend))

    def step(self, u: Array) -> tuple[Array, Array]:
        """Return what a point of these coordinates adds to coefficients and intercepts."""
        n_coef = self.scale.size
        coef = self.outputs @ (u[:n_coef].reshape(self.scale.shape) / self.scale)
        if self.axes is not None:
            coef = coef @ self.axes.T
        return coef, self.outputs @ (u[n_coef:] / self.intercept_scale) - coef @ self.centre

    def slope(self, coef: Array, intercept: Array) -> Array:
        """Return the gradient in these coordinates of that in coefficients and intercepts."""
        coef = self.outputs.T @ (coef - np.outer(intercept, self.centre))
        if self.axes is not None:
            coef = coef @ self.axes
        intercept = (self.outputs.T @ intercept) / self.intercept_scale
        return np.append(coef / self.scale, intercept)


def _spread(problem: Problem, shares: Array) -> tuple[Array, Array | None, Array]:
    """Return the standard deviations along the axes of the columns, the axes, and the means.

    Without intercept deviations are from 0.
    """
    X, n_features = problem.X, problem.X.shape[1]
    with np.errstate(over="ignore", invalid="ignore"):
        if not problem.fit_intercept:
            centre = np.zeros(n_features)
            variance = (X.multiply(X) if sparse.issparse(X) else X**2).T @ shares
        elif sparse.issparse(X):
            centre, variance = mean_variance_axis(X, axis=0, weights=shares)
        else:
            centre = shares @ X
            variance = shares @ (X - centre) ** 2
    if not np.isfinite(variance).all():
        raise ValueError(
            "X holds numbers that are too large to be squared, above 1e150: scale the columns."
        )
    # Rounding may leave less than nothing of a constant sparse column.
    deviation = np.sqrt(np.maximum(variance, 0.0))
    # Else a constant column without penalty would count as one of a tiny scale.
    deviation[deviation <= problem.noise] = 0.0
    if n_features > MAX_ROTATED_FEATURES:
        return deviation, None, centre
    return *_axes(_covariance(X, shares, centre), deviation), centre


def _covariance(X: Any, shares: Array, centre: Array) -> Array:
    if sparse.issparse(X):
        product = (X.multiply(shares[:, None])).T @ X
        return np.asarray(product.toarray()) - np.outer(centre, centre)
    centred = (X - centre) * np.sqrt(shares)[:, None]
    return np.asarray(centred.T @ centred)


def _axes(covariance: Array, deviation: Array) -> tuple[Array, Array]:
    """Return standard deviations along principal axes, and the axes.

    By way of the correlation, because the eigenvalues of a covariance drown in rounding where
    the scales of columns differ by 1e8.
    """
    unit = np.where(deviation > 0, deviation, 1.0)
    values, vectors = eigh(covariance / np.outer(unit, unit))
    root = np.sqrt(np.maximum(values, 1e-10))[:, None] * vectors.T * deviation
    _, spread, axes = svd(root)
    return spread, axes.T


def search(problem: Problem, tol: float, max_iter: int) -> Found:
    """Minimise the loss, in rounds of L-BFGS that each begin with fresh coordinates."""
    problem, shift = _centred(problem)
    coef, intercept = np.zeros((problem.n_outputs, problem.X.shape[1])), _start(problem)
    before = problem.loss(coef, intercept)[0]
    n_iter, length, largest, ended = 0, FIRST_ROUND, np.inf, False
    while not ended and n_iter < max_iter:
        here = Coordinates.around(problem, coef, intercept)
        most = min(length, max_iter - n_iter)
        u, loss, largest, used = _round(problem, here, coef, intercept, tol, most)
        step, intercept_step = here.step(u)
        coef, intercept, n_iter = coef + step, intercept + intercept_step, n_iter + used
        # A round that lowers the loss by no more than rounding, or to NaN, shows that nothing
        # is below that numbers of this precision can tell.
        idle = not before - loss > ROUNDING * max(abs(loss), 1.0)
        ended = largest <= tol or idle
        before, length = loss, 2 * length
    converged = largest <= (max(tol, LOOSE) if ended else tol)
    if problem.n_outputs > 1:
        coef, intercept = coef - coef.mean(axis=0), intercept - intercept.mean()
    return Found(coef, intercept - coef @ shift, n_iter, largest, bool(converged))


def _round(
    problem: Problem, here: Coordinates, coef: Array, intercept: Array, tol: float, most: int
) -> tuple[Array, float, float, int]:
    """Return the point, loss, largest component of the gradient and iterations of one round."""

    def loss(u: Array) -> tuple[float, Array]:
        step, intercept_step = here.step(u)
        value, *slopes = problem.loss(coef + step, intercept + intercept_step)
        return value, here.slope(*slopes)

    found = minimize(
        loss,
        np.zeros(here.scale.size + here.intercept_scale.size),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": most, "maxfun": 50 * most, "gtol": tol, "ftol": ROUNDING, "maxls": 50},
    )
    return found.x, float(found.fun), float(np.abs(found.jac).max()), int(found.nit)


def _centred(problem: Problem) -> tuple[Problem, Array]:
    """Return the problem with centred columns, and what was subtracted.

    It keeps digits where columns lie far from 0. Sparse columns stay as they are.
    """
    X, n_samples = problem.X, problem.X.shape[0]
    if not problem.fit_intercept:
        return problem, np.zeros(X.shape[1])
    mean = np.asarray(problem.share @ X)
    problem = replace(problem, noise=ROUNDING * np.sqrt(n_samples) * np.abs(mean))
    if sparse.issparse(X):
        return problem, np.zeros(X.shape[1])
    return replace(problem, X=X - mean), mean


def _start(problem: Problem) -> Array:
    """Return the intercepts that are best while all coefficients are 0."""
    if not problem.fit_intercept:
        return np.zeros(problem.n_outputs)
    # A class without weight has its best intercept at −∞; this is near enough.
    mean = np.maximum(problem.share @ problem.target, 1e-10)
    if problem.n_outputs == 1:
        mean = np.minimum(mean, 1.0 - 1e-10)
        return np.asarray(np.log(mean) - np.log1p(-mean))
    return np.asarray(np.log(mean) - np.log(mean).mean())
