"""Simulated tables whose Bayes probabilities p0(x) are known."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import expit, softmax

N_CLASSES = 6  # of the world of many classes


class World(NamedTuple):
    """A distribution of rows and labels."""

    title: str
    n_features: int
    bayes: Callable[[np.ndarray], np.ndarray]

    def draw(self, n_samples: int, seed: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, labels drawn from p0, and p0."""
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((n_samples, self.n_features))
        proba = self.bayes(X)
        below = rng.uniform(size=(n_samples, 1)) > np.cumsum(proba, axis=1)
        y = np.minimum(below.sum(axis=1), proba.shape[1] - 1)
        return X, y, proba


def _two_classes(positive: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - positive, positive])


def _surface(X: np.ndarray) -> np.ndarray:
    """Curves, a product and a threshold of five features."""
    return np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3] ** 2 + (X[:, 4] > 0.5) - 0.8


def _smooth(X: np.ndarray) -> np.ndarray:
    return _two_classes(expit(1.5 * _surface(X)))


def _sparse(X: np.ndarray) -> np.ndarray:
    return _two_classes(expit(2 * X[:, 0] + 1.5 * X[:, 1] - X[:, 2] + X[:, 3] * X[:, 4]))


def _imbalanced(X: np.ndarray) -> np.ndarray:
    return _two_classes(expit(1.2 * _surface(X) - 5))


def _noisy(X: np.ndarray) -> np.ndarray:
    """Return a clear boundary, and a third of the labels flipped."""
    return _two_classes(1 / 3 + expit(8 * _surface(X)) / 3)


def _many(X: np.ndarray) -> np.ndarray:
    """Return classes around points, more of a class where two features agree."""
    centres = np.random.default_rng(0).standard_normal((N_CLASSES, X.shape[1]))
    scores = X @ centres.T + np.outer(X[:, 0] * X[:, 1], centres[:, 0])
    return softmax(scores, axis=1)


WORLDS = {
    "smooth": World("smooth: 10 features, curves and an interaction", 10, _smooth),
    "sparse": World("sparse: 50 features, 5 of them matter", 50, _sparse),
    "imbalanced": World("imbalanced: few rows of the second class", 10, _imbalanced),
    "noisy": World("label noise: a clear boundary, a third of the labels flipped", 10, _noisy),
    "classes": World(f"many classes: {N_CLASSES}, mixtures in 10 features", 10, _many),
}
