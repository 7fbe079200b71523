"""What classes are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skdistill.outcomes import Classes, read_classes
from skdistill.outcomes.classes import groups


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
