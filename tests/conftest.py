"""What several test files share."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_iris


@pytest.fixture(scope="session")
def data_folder():
    """The folder of real tables, or a skip."""
    folder = os.environ.get("SKDISTILL_DATA")
    if not folder:
        pytest.skip("SKDISTILL_DATA is not set: no real tables on hand")
    return Path(folder)


@pytest.fixture(scope="session")
def binary():
    """A real table of two classes with string labels."""
    X, y = load_breast_cancer(return_X_y=True)
    return X[:, :10], np.array(["malignant", "benign"])[y]


@pytest.fixture(scope="session")
def three_classes():
    """A real table of three classes with labels that are not consecutive."""
    X, y = load_iris(return_X_y=True)
    return X, np.array([3, 7, 20])[y]


def noisy(n_samples, seed, n_features=5):
    """Draw rows with known Bayes probabilities of the second of two classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features))
    p0 = expit(1.5 * X[:, 0] - X[:, 1] + X[:, 0] * X[:, 2])
    return X, (rng.random(n_samples) < p0).astype(int), p0
