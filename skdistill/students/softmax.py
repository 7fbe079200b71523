"""A linear classifier that learns class probabilities, signed ones included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import eigh, svd
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted, validate_data

from .._utils.compat import Interval, check_parameters
from .._utils.warn import warn
from ..rows import check_table, check_weights
from .soft_label_checks import check_soft_labels

Array = NDArray[np.float64]

# Up to here a round costs less than the iterations that rotating the columns saves.
MAX_ROTATED_FEATURES = 500
# Iterations until the curvature is measured anew; each round is twice as long as the last.
FIRST_ROUND = 10
# Relative decrease of the loss that is rounding and no progress; scikit-learn uses the same.
ROUNDING = 64 * float(np.finfo(np.float64).eps)
# With a gradient above this a search that rounding ended was lost, on a loss without a minimum.
LOOSE = 1e-4
# A mean target below 0 by less is a 0.
MEAN_TOLERANCE = 1e-9


class SoftmaxRegression(ClassifierMixin, BaseEstimator):
    """Linear classifier that learns class probabilities: softmax regression with an L2 penalty.

    It is scikit-learn's `LogisticRegression` for soft labels: the same model, the same penalty,
    and with class labels the same coefficients. What it learns may also be the signed soft
    labels that a loss correction makes. Used as a student, it gets its targets as they are.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the penalty, above 0, with the meaning it has in
        `LogisticRegression`: the fit minimises C Σ_i s_i ℓ_i + ½ ‖coef_‖², with s_i the sample
        weights and ℓ_i the cross-entropy of row i. ``np.inf`` means no penalty.
    fit_intercept : bool, default=True
        Whether to learn an intercept, which is not penalised.
    tol : float, default=1e-7
        The search ends when no component of the gradient of the mean loss is larger, in
        coordinates in which the loss has a curvature of about 1, or when rounding hides any
        further decrease of the loss. By the first, no coefficient is further from the best than
        about ``tol * sqrt(n_samples)`` of its standard errors.
    max_iter : int, default=1000
        Largest number of iterations.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients: of the second class for two classes, else of each class, with sum 0 over
        the classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts; 0 without `fit_intercept`.
    classes_ : ndarray of shape (n_classes,)
        The class labels; ``0 .. n_classes - 1`` after fitting on soft labels.
    n_iter_ : int
        Number of iterations.
    n_features_in_ : int
        Number of features seen during `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen during `fit`, where X had names that are all strings.

    See Also
    --------
    SoftLabelClassifier : Lets any classifier that takes weights learn class probabilities.
    skdistill.CrossFitDistiller : Teaches a student such as this one.

    Notes
    -----
    For soft labels t_i with sum 1 and scores f_i = coef_ x_i + intercept_ the loss of a row is
    log Σ_k exp f_ik − t_i · f_i, with gradient softmax(f_i) − t_i. It is linear in the labels,
    and convex whatever their signs. With negative labels it is no longer bounded below by 0. The
    penalty, which grows with the square of the coefficients, bounds the sum below; the intercept
    is free of it, so the weighted mean of each column of labels must not be negative, which
    `fit` checks. Without penalty a row that a linear model can single out may drive the
    coefficients to infinity: then a ConvergenceWarning says so.

    The search is L-BFGS in coordinates that are whitened by the curvature of the loss, which is
    measured anew now and then; the penalty stays on the coefficients of the columns as they are.
    So the scale of columns, and correlation between them, hardly slow it down. Above 500
    features, correlation is left alone. Sparse rows stay sparse; dense ones are copied once.

    Examples
    --------
    >>> import numpy as np
    >>> from skdistill import SoftmaxRegression
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> P = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    >>> student = SoftmaxRegression(C=1e6).fit(X, P)
    >>> student.predict_proba(X).round(3)
    array([[0.9, 0.1],
           [0.5, 0.5],
           [0.1, 0.9]])
    >>> student.coef_.round(3)  # the logarithm of .9 / .1
    array([[2.197]])
    """

    accepts_soft_labels = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "C": [Interval(Real, 0, None, closed="right")],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        C: float = 1.0,
        fit_intercept: bool = True,
        tol: float = 1e-7,
        max_iter: int = 1000,
    ) -> None:
        self.C = C
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the coefficients to soft or hard labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, all numbers.
        y : array-like of shape (n_samples, n_classes) or (n_samples,)
            Soft labels, one column per class, whose rows sum to 1 and may hold negative
            entries; or class labels of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each row.

        Returns
        -------
        SoftmaxRegression
            The fitted classifier itself.

        Raises
        ------
        ValueError
            If a parameter is out of range, `X` holds NaN, `y` holds NaN, rows that do not sum
            to 1 or (with an intercept) a column of negative mean, or `sample_weight` is not
            usable.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations did not suffice, or the loss has no minimum.
        """
        check_parameters(self._parameter_constraints, self.get_params(), type(self).__name__)
        X = check_table(None, X, y)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=np.float64)
        labels, self.classes_, _ = check_soft_labels(y, signed=True)
        weights = check_weights(sample_weight, X.shape[0])
        weights = np.ones(X.shape[0]) if weights is None else weights
        if self.fit_intercept:
            _check_mean_labels(weights @ labels / weights.sum())
        found = _search(_pose(X, labels, weights, self.C, self.fit_intercept), self)
        if not found.converged:
            self._warn(found)
        self.coef_, self.intercept_, self.n_iter_ = found.coef, found.intercept, found.n_iter
        return self

    def _warn(self, found: _Found) -> None:
        warn(
            f"SoftmaxRegression did not converge in {found.n_iter} iterations, with max_iter="
            f"{self.max_iter}: the largest component of the gradient is {found.largest:.1e}, "
            f"above tol={self.tol:g}. Raise max_iter, lower C (signed labels may need it), or "
            "change the columns: bring them to one scale, for instance by StandardScaler, and "
            "drop those that repeat others.",
            ConvergenceWarning,
        )

    def decision_function(self, X: Any) -> Array:
        """Return linear scores.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Log-odds of the second class for two classes, else one score per class.
        """
        scores = self._scores(X)
        return scores.ravel() if scores.shape[1] == 1 else scores

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: Any) -> Array:
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        scores = self._scores(X)
        if scores.shape[1] == 1:
            return np.asarray(expit(np.hstack([-scores, scores])))
        return np.asarray(softmax(scores, axis=1))

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithm of class probabilities, finite also where they round to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Log-probabilities in the order of `classes_`.
        """
        scores = self._scores(X)
        if scores.shape[1] == 1:
            return np.asarray(log_expit(np.hstack([-scores, scores])))
        return np.asarray(log_softmax(scores, axis=1))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        ndarray of shape (n_samples,)
            Class labels.
        """
        scores = self._scores(X)
        codes = scores.ravel() > 0 if scores.shape[1] == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[codes.astype(np.intp)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _check_mean_labels(mean: Array) -> None:
    """Refuse a class whose intercept, which no penalty holds, would go to minus infinity."""
    worst = int(mean.argmin())
    if mean[worst] < -MEAN_TOLERANCE:
        raise ValueError(
            f"The weighted mean of column {worst} of y must not be negative, found "
            f"{mean[worst]:.3g}: the loss is unbounded below in the intercept of that class. Use "
            "a smaller correction or a temperature nearer to 1, or fit_intercept=False."
        )


# ---- the loss --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Problem:
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
        return self.target.shape[1]

    def scores(self, coef: Array, intercept: Array) -> Array:
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


def _pose(X: Any, labels: Array, weights: Array, C: float, fit_intercept: bool) -> _Problem:
    target = labels[:, 1:] if labels.shape[1] == 2 else labels
    total = weights.sum()
    return _Problem(X, target, weights / total, 1.0 / (C * total), fit_intercept)


# ---- the search ------------------------------------------------------------------------------


class _Found(NamedTuple):
    """Where the search ended."""

    coef: Array
    intercept: Array
    n_iter: int
    largest: float
    converged: bool


@dataclass(frozen=True)
class _Coordinates:
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
    def around(cls, problem: _Problem, coef: Array, intercept: Array) -> Self:
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


def _spread(problem: _Problem, shares: Array) -> tuple[Array, Array | None, Array]:
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


def _search(problem: _Problem, settings: SoftmaxRegression) -> _Found:
    """Minimise the loss, in rounds of L-BFGS that each begin with fresh coordinates."""
    problem, shift = _centred(problem)
    coef, intercept = np.zeros((problem.n_outputs, problem.X.shape[1])), _start(problem)
    before = problem.loss(coef, intercept)[0]
    n_iter, length, largest, ended = 0, FIRST_ROUND, np.inf, False
    while not ended and n_iter < settings.max_iter:
        here = _Coordinates.around(problem, coef, intercept)
        most = min(length, settings.max_iter - n_iter)
        u, loss, largest, used = _round(problem, here, coef, intercept, settings.tol, most)
        step, intercept_step = here.step(u)
        coef, intercept, n_iter = coef + step, intercept + intercept_step, n_iter + used
        # A round that lowers the loss by no more than rounding, or to NaN, shows that nothing
        # is below that numbers of this precision can tell.
        idle = not before - loss > ROUNDING * max(abs(loss), 1.0)
        ended = largest <= settings.tol or idle
        before, length = loss, 2 * length
    converged = largest <= (max(settings.tol, LOOSE) if ended else settings.tol)
    if problem.n_outputs > 1:
        coef, intercept = coef - coef.mean(axis=0), intercept - intercept.mean()
    return _Found(coef, intercept - coef @ shift, n_iter, largest, bool(converged))


def _round(
    problem: _Problem, here: _Coordinates, coef: Array, intercept: Array, tol: float, most: int
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


def _centred(problem: _Problem) -> tuple[_Problem, Array]:
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


def _start(problem: _Problem) -> Array:
    """Return the intercepts that are best while all coefficients are 0."""
    if not problem.fit_intercept:
        return np.zeros(problem.n_outputs)
    # A class without weight has its best intercept at −∞; this is near enough.
    mean = np.maximum(problem.share @ problem.target, 1e-10)
    if problem.n_outputs == 1:
        mean = np.minimum(mean, 1.0 - 1e-10)
        return np.asarray(np.log(mean) - np.log1p(-mean))
    return np.asarray(np.log(mean) - np.log(mean).mean())
