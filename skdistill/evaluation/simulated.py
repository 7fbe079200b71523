"""Simulated tables whose true probabilities, or means, are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.utils import check_random_state

from .._utils import parameters

Array = NDArray[np.float64]


def make_noisy_table(
    n_samples: int, *, n_features: int = 10, random_state: Any = None
) -> tuple[Array, NDArray[np.intp], Array]:
    """Draw a table of two classes whose true probabilities are known.

    The features are standard normal. The log-odds of class 1 are
    x₀ + x₁ + x₀ x₁ − x₂; the other features are noise.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    n_features : int, default=10
        Number of columns, at least 3.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Labels, 0 or 1.
    bayes_proba : ndarray of shape (n_samples, 2)
        The probabilities that the labels were drawn from.

    Examples
    --------
    >>> from skdistill.evaluation import make_noisy_table
    >>> X, y, bayes_proba = make_noisy_table(1000, random_state=0)
    >>> X.shape, y.shape, bayes_proba.shape
    ((1000, 10), (1000,), (1000, 2))

    Not even the truth predicts every label:

    >>> accuracy = (bayes_proba.argmax(axis=1) == y).mean()
    >>> bool(0.7 < accuracy < 0.9)
    True
    """
    parameters.check("make_noisy_table", locals())
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    positive = expit(X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] - X[:, 2])
    y = (rng.random_sample(n_samples) < positive).astype(np.intp)
    return X, y, np.column_stack([1 - positive, positive])


def make_noisy_numbers(
    n_samples: int, *, n_features: int = 10, random_state: Any = None
) -> tuple[Array, Array, Array]:
    """Draw a table of noisy numbers whose true means are known.

    The features are standard normal. The mean is x₀ + x₁ + x₀ x₁ − x₂, the noise normal with a
    standard deviation of 2, as large as that of the mean; the other features are noise.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    n_features : int, default=10
        Number of columns, at least 3.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Numbers.
    true_mean : ndarray of shape (n_samples,)
        The means about which they were drawn.

    Examples
    --------
    >>> from skdistill.evaluation import make_noisy_numbers
    >>> X, y, true_mean = make_noisy_numbers(1000, random_state=0)
    >>> X.shape, y.shape, true_mean.shape
    ((1000, 10), (1000,), (1000,))

    Not even the truth explains more than half of the variance:

    >>> from sklearn.metrics import r2_score
    >>> bool(0.4 < r2_score(y, true_mean) < 0.6)
    True
    """
    parameters.check("make_noisy_numbers", locals())
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    true_mean = X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] - X[:, 2]
    return X, true_mean + 2 * rng.standard_normal(n_samples), true_mean
