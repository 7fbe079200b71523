"""The simulated table is what its docstring says."""

import numpy as np
from numpy.testing import assert_allclose
from scipy.special import expit

from skdistill.evaluation import make_noisy_numbers, make_noisy_table


def test_noisy_table_draws_labels_from_its_probabilities():
    X, y, bayes = make_noisy_table(20_000, random_state=0)
    assert X.shape == (20_000, 10)
    assert_allclose(bayes[:, 1], expit(X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] - X[:, 2]))
    assert_allclose(bayes.sum(axis=1), 1)
    standard_error = np.sqrt((bayes[:, 0] * bayes[:, 1]).mean() / len(y))
    assert abs((y - bayes[:, 1]).mean()) < 4 * standard_error


def test_noisy_numbers_are_drawn_about_their_means():
    X, y, mean = make_noisy_numbers(20_000, random_state=0)
    assert X.shape == (20_000, 10)
    assert_allclose(mean, X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] - X[:, 2])
    noise = y - mean
    assert abs(noise.mean()) < 4 * 2 / np.sqrt(len(y))
    assert_allclose([noise.std(), mean.std()], 2, rtol=0.05)
