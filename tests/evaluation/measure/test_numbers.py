"""Measurements of fitted regressors against the same numbers made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import (
    get_scorer,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.tree import DecisionTreeRegressor

from skdistill.evaluation import make_noisy_numbers
from skdistill.evaluation.measure.numbers import NumbersTestRows, calibration, fidelity


@pytest.fixture(scope="module")
def numbers():
    return make_noisy_numbers(400, random_state=0)


@pytest.fixture(scope="module")
def stump(numbers):
    X, y, _ = numbers
    return DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)


def test_scores_are_scikit_learns(numbers, stump):
    X, y, _ = numbers
    said = stump.predict(X)
    m = NumbersTestRows(X, y).measure(stump, "labels")
    assert_allclose([m.score, m.r2], r2_score(y, said))
    assert_allclose(
        [m.rmse, m.mae], [root_mean_squared_error(y, said), mean_absolute_error(y, said)]
    )
    assert_allclose(1 - m.losses.mean(), m.r2)
    assert (m.excess, m.fidelity_r2, m.fidelity_rmse) == (None, 1, 0)


def test_errors_are_the_spread_over_draws():
    """Also that of the RMSE, a root."""
    X, y, _ = make_noisy_numbers(300, random_state=0)
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)
    n_draws = 100
    found = [
        NumbersTestRows(X, y).measure(tree, "labels")
        for X, y, _ in (
            make_noisy_numbers(500, random_state=seed) for seed in range(1, n_draws + 1)
        )
    ]
    # A standard deviation of n numbers is off by 1 / sqrt(2 n); three times that.
    for name in ("rmse", "mae"):
        spread = np.std([getattr(m, name) for m in found], ddof=1)
        error = np.mean([getattr(m, f"{name}_se") for m in found])
        assert_allclose(error, spread, rtol=3 / np.sqrt(2 * n_draws))


def test_scores_under_a_known_mean_are_those_expected_over_numbers(numbers, stump):
    X, _, mean = numbers
    rng = np.random.default_rng(0)
    drawn = [
        NumbersTestRows(X, mean + 2 * rng.standard_normal(len(mean))).measure(stump, "labels").rmse
        for _ in range(200)
    ]
    y = mean + 2 * np.where(np.arange(len(mean)) % 2, 1, -1)  # noise of variance 4
    known = NumbersTestRows(X, y, true_mean=mean).measure(stump, "labels")
    assert abs(known.rmse - np.mean(drawn)) < 3 * np.std(drawn) / np.sqrt(200)
    off = np.mean((mean - stump.predict(X)) ** 2)
    assert_allclose(known.excess, off / mean.var())
    assert_allclose(known.r2, 1 - (off + 4) / (mean.var() + 4))


def test_a_known_mean_takes_noise_from_differences(numbers, stump):
    X, y, mean = numbers
    flat = DecisionTreeRegressor(max_depth=1, random_state=0).fit(X, y)
    spread = [
        np.std(rows.measure(stump, "labels").losses - rows.measure(flat, "labels").losses)
        for rows in (NumbersTestRows(X, y, true_mean=mean), NumbersTestRows(X, y))
    ]
    assert spread[0] < 0.7 * spread[1]


def test_another_score_has_its_error_from_blocks(numbers, stump):
    X, y, _ = numbers
    scorer = get_scorer("neg_median_absolute_error")
    m = NumbersTestRows(X, y, scorer).measure(stump, "labels")
    assert m.score == scorer(stump, X, y)
    assert 0 < m.score_se < 0.5
    assert_allclose(m.r2, r2_score(y, stump.predict(X)))
    two = NumbersTestRows(X[:3], y[:3], scorer).measure(stump, "labels")
    assert np.isnan(two.score_se)


def test_blocks_keep_groups_whole(numbers):
    X, y, _ = numbers
    groups = np.arange(400) // 40
    blocks = NumbersTestRows(X, y, groups=groups).blocks()
    assert len(blocks) == 5
    assert sorted(g for block in blocks for g in set(groups[block])) == list(range(10))


def test_fidelity_is_to_the_teacher():
    assert fidelity(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.0])) == (1, 0)
    assert_allclose(fidelity(np.array([0.0, 2.0]), np.array([1.0, 1.0])), [0, 1])
    assert np.isnan(fidelity(np.ones(3), np.ones(3)).r2)


def test_calibration_sees_means_that_are_off(numbers):
    _, y, mean = numbers
    assert calibration(mean + 1.5, mean).error == pytest.approx(1.5)
    assert calibration(y, mean).error < 0.6  # ten bins of 40 rows, of which the noise is 0.32
