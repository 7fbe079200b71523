"""The best mixture of members."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from skdistill._utils.simplex import least_log_loss, least_squares


def test_blend_weights_find_the_best_mixture():
    rng = np.random.default_rng(0)
    members = rng.uniform(0.05, 0.95, size=(500, 3))
    weights = least_log_loss(members)
    best = np.log(members @ weights).mean()
    for _ in range(200):
        other = rng.dirichlet(np.ones(3))
        assert np.log(members @ other).mean() <= best + 1e-5
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)


def test_blend_weights_tell_members_apart_that_are_almost_alike():
    """Against all mixtures of two on a grid; equal weights are worse by much less than 1e-3."""
    rng = np.random.default_rng(0)
    proba = rng.beta(0.5, 0.5, size=5_000)
    labels = rng.random(5_000) < proba
    logits = np.log(proba / (1 - proba))[:, None] + rng.normal(size=(5_000, 2)) * [0.05, 0.15]
    members = np.dstack([expit(logits), expit(-logits)]).clip(1 / 500)
    label_proba = np.where(labels[:, None], members[..., 0], members[..., 1])
    weights = least_log_loss(label_proba)

    def risk(w):
        return -np.log(label_proba @ w).mean()

    grid = min(risk(np.array([w, 1 - w])) for w in np.linspace(0, 1, 1_001))
    assert risk(weights) < grid + 1e-8
    assert risk(np.full(2, 0.5)) > grid + 1e-6


def test_weights_of_rows_count_as_repetitions():
    members = np.random.default_rng(0).uniform(0.05, 0.95, size=(60, 2))
    times = np.random.default_rng(1).integers(0, 3, 60)
    assert_allclose(
        least_log_loss(members, times.astype(float)),
        least_log_loss(np.repeat(members, times, axis=0)),
        atol=1e-3,
    )


def test_blend_weights_are_thousandths_that_rounding_does_not_move():
    rng = np.random.default_rng(0)
    members = rng.uniform(0.05, 0.95, size=(200, 4))
    weights = least_log_loss(members)
    assert_allclose(weights, np.rint(1000 * weights) / 1000, atol=2e-3)
    for _ in range(5):
        shaken = members * (1 + 1e-15 * rng.normal(size=members.shape))
        assert_array_equal(least_log_loss(shaken), weights)


def test_least_squares_find_the_best_mean():
    rng = np.random.default_rng(0)
    y = rng.normal(size=400)
    members = y[:, None] + rng.normal(size=(400, 3)) * [0.5, 0.6, 2.0]
    weights = least_squares(members, y)
    best = ((members @ weights - y) ** 2).mean()
    for _ in range(200):
        assert best <= ((members @ rng.dirichlet(np.ones(3)) - y) ** 2).mean() + 1e-5
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e12])
def test_least_squares_do_not_depend_on_the_unit(size):
    rng = np.random.default_rng(0)
    y = rng.normal(size=400)
    members = y[:, None] + rng.normal(size=(400, 2)) * [0.5, 0.6]
    assert_allclose(least_squares(size * members, size * y), least_squares(members, y), atol=2e-3)


def test_least_squares_of_a_member_that_is_right():
    y = np.arange(5.0)
    assert_allclose(least_squares(np.column_stack([y + 1, y]), y), [0, 1], atol=1e-3)


def test_least_squares_weigh_rows():
    members, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0.0, 0.0])
    assert_allclose(least_squares(members, y, np.array([1.0, 1.0])), [0.5, 0.5], atol=2e-3)
    assert least_squares(members, y, np.array([9.0, 1.0]))[0] == pytest.approx(0.9, abs=2e-3)
