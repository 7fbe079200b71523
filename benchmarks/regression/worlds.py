"""Simulated tables, of which the truth is known: the mean of the target without its noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import make_friedman1, make_friedman2, make_friedman3

Array = np.ndarray
World = Callable[[int, np.random.RandomState], tuple[Array, Array, Array]]


def _friedman(make: Callable[..., Any], noise: float, **size: int) -> World:
    """Return a world with normal noise."""

    def world(n: int, rng: np.random.RandomState) -> tuple[Array, Array, Array]:
        X, truth = make(n, random_state=rng, **size)
        return X, truth + noise * rng.standard_normal(n), truth

    return world


def _heteroscedastic(n: int, rng: np.random.RandomState) -> tuple[Array, Array, Array]:
    """Let the noise grow tenfold along a column that also matters for the mean."""
    X, truth = make_friedman1(n, random_state=rng)
    return X, truth + (0.5 + 4.5 * X[:, 3]) * rng.standard_normal(n), truth


def _skewed(n: int, rng: np.random.RandomState) -> tuple[Array, Array, Array]:
    """Multiply by log-normal noise of mean 1: right-skewed, and positive where the mean is."""
    X, truth = make_friedman1(n, random_state=rng)
    return X, truth * np.exp(0.4 * rng.standard_normal(n) - 0.4**2 / 2), truth


WORLDS: dict[str, World] = {
    "Friedman 1": _friedman(make_friedman1, 1.0),
    "Friedman 2": _friedman(make_friedman2, 125.0),
    "Friedman 3": _friedman(make_friedman3, 0.1),
    "heteroscedastic": _heteroscedastic,
    "skewed": _skewed,
    "sparse": _friedman(make_friedman1, 2.0, n_features=50),
}


def draw(name: str, n: int, seed: int) -> tuple[Array, Array, Array]:
    """Return features, target and truth of a world."""
    return WORLDS[name](n, np.random.RandomState(seed))
