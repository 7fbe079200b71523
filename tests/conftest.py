"""What several test files share."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer, load_iris


def same_draws():
    """Let what has no seed draw the same in each run, so that a test passes always or never."""
    np.random.seed(0)  # noqa: NPY002, for scikit-learn draws from these where it is given None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    same_draws()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call():
    # Once more, as a fixture that several tests share draws for the first of them alone.
    same_draws()


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
