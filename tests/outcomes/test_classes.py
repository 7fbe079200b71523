"""What classes are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import compare_students
from skdistill.outcomes import Classes, read_classes
from skdistill.outcomes.classes import groups
from skdistill.rows import check


def test_labels_are_rows_of_zeros_and_a_one():
    y, outcome, codes = read_classes(["b", "a", "c", "a"])
    assert_array_equal(codes, [1, 0, 2, 0])
    assert_array_equal(outcome.columns(y, codes), np.eye(3)[codes])
    assert_array_equal(outcome.target(y, codes), codes)
    assert_array_equal(outcome.pretend(4)[0], ["a", "b", "c", "a"])


def test_numbers_are_sent_to_the_regressors():
    with pytest.raises(ValueError, match="For quantities, .*LossCorrectedDistillerRegressor"):
        read_classes([0.5, 1.5, 2.25])


def test_scores_mean_the_probabilities_that_they_come_from():
    for n_classes in (2, 3):
        proba = np.random.default_rng(0).dirichlet(np.full(n_classes, 9.0), 20)
        outcome = Classes(np.arange(n_classes))
        assert_allclose(outcome.from_scores(outcome.to_scores(proba)), proba, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_groupings_tell_every_two_of_four_classes_apart(n_classes):
    found = np.array(groups(n_classes))
    assert len(np.unique(found, axis=1).T) == n_classes
    assert len(found) == (1 if n_classes == 2 else 2)
    if n_classes == 4:
        assert_allclose(found.sum(axis=1), 2)


# ---- labels that look like quantities --------------------------------------------------------

REGRESSORS = (
    "use DistillerRegressor, CrossFitDistillerRegressor, LossCorrectedDistillerRegressor or "
    "LossCorrectedDistillerRegressorCV"
)
RNG = np.random.RandomState(0)


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(RNG.randint(0, 300, 2_000), id="300 integers"),
        pytest.param(RNG.poisson(500, 2_000).astype(float), id="whole floats"),
        pytest.param(1_000 * RNG.randint(50, 150, 5_000), id="round sums"),
        pytest.param(np.r_[np.arange(30), np.arange(15)], id="30 numbers in 45 rows"),
    ],
)
def test_whole_numbers_that_look_like_quantities_are_told(y):
    with pytest.warns(UserWarning, match=f"y holds many different numbers.*{REGRESSORS}") as told:
        check(np.zeros((len(y), 1)), y)
    assert len(told) == 1


@pytest.mark.parametrize(
    "y",
    [
        pytest.param(np.repeat(np.arange(1, 101), 10), id="codes of 100 well-filled classes"),
        pytest.param(np.repeat([3, 5, 8, 1_000], 5), id="few numbers"),
        pytest.param(np.arange(300).astype(str), id="text"),
        pytest.param(np.arange(8), id="few rows"),
    ],
)
def test_labels_that_may_be_classes_are_taken_without_a_word(y):
    check(np.zeros((len(y), 1)), y)


def test_quantities_that_are_not_whole_are_refused_with_what_learns_them():
    with pytest.raises(ValueError, match=f"Unknown label type.*{REGRESSORS}"):
        check(np.zeros((3, 1)), [0.5, 1.25, 3.0])
    with pytest.raises(ValueError, match="NaN") as refused:
        check(np.zeros((3, 1)), [0.0, 1.0, np.nan])
    assert "Regressor" not in str(refused.value)


def test_comparison_tells_of_quantities_once():
    X, y = np.arange(600.0)[:, None], np.repeat(7 * np.arange(60), 10)
    with pytest.warns(UserWarning, match="y holds many different numbers") as told:
        compare_students(
            GaussianNB(), DecisionTreeRegressor(max_depth=2), X, y, methods=["in_sample"]
        )
    assert len(told) == 1
