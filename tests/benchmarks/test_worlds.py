"""Simulated labels follow the stated probabilities, and risk is measured against them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.paper.simulated import excess
from benchmarks.paper.worlds import WORLDS


@pytest.mark.parametrize("name", WORLDS)
def test_labels_follow_bayes_probabilities(name):
    X, y, proba = WORLDS[name].draw(40_000, [0, 1])
    assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    assert_array_equal(proba, WORLDS[name].bayes(X))
    confidence = proba.max(axis=1)
    for part in (confidence <= np.median(confidence), confidence > np.median(confidence)):
        surprise = (np.eye(proba.shape[1])[y] - proba)[part]
        error = np.sqrt((proba * (1 - proba))[part].sum(axis=0))
        assert (np.abs(surprise.sum(axis=0)) < 4.5 * error).all()


def test_samples_repeat_by_seed_only():
    draw = WORLDS["smooth"].draw
    assert_array_equal(draw(50, [1, 2])[1], draw(50, [1, 2])[1])
    assert (draw(50, [1, 2])[0] != draw(50, [2, 2])[0]).all()


def test_excess_is_the_divergence_from_bayes():
    bayes = np.array([[0.5, 0.5], [0.9, 0.1]])
    assert excess(bayes, bayes)["excess"] == 0
    found = excess(np.array([[0.25, 0.75], [0.9, 0.1]]), bayes)["excess"]
    assert found == pytest.approx((0.5 * np.log(2) + 0.5 * np.log(2 / 3)) / 2, abs=1e-7)
