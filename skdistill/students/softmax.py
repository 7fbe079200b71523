"""A linear classifier that learns class probabilities, signed ones included."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from .._utils.compat import Interval, check_parameters
from .._utils.warn import warn
from ..rows import check_table, check_weights
from .soft_label_checks import check_soft_labels
from .softmax_loss import pose
from .softmax_search import Found, search

Array = NDArray[np.float64]

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
        problem = pose(X, labels, weights, self.C, self.fit_intercept)
        found = search(problem, self.tol, self.max_iter)
        if not found.converged:
            self._warn(found)
        self.coef_, self.intercept_, self.n_iter_ = found.coef, found.intercept, found.n_iter
        return self

    def _warn(self, found: Found) -> None:
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
