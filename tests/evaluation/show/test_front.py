"""The front of made-up scores and times."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.evaluation.show.front import pareto_front


def by_brute_force(scores, times):
    return [
        not any(
            (s >= score and t * 1.1 < time) or (s > score and t <= time * 1.1)
            for s, t in zip(scores, times, strict=True)
        )
        for score, time in zip(scores, times, strict=True)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_front_is_what_no_other_beats(seed):
    rng = np.random.default_rng(seed)
    scores, times = rng.integers(0, 6, 30) / 6, 10 ** rng.normal(size=30)
    front = pareto_front(scores, times)
    assert_array_equal(front, by_brute_force(scores, times))
    assert front[scores == scores.max()].any()


def test_times_that_hardly_differ_are_one():
    assert_array_equal(pareto_front([0.9, 0.8], [1.05, 1.0]), [True, False])
    assert_array_equal(pareto_front([0.9, 0.8], [1.2, 1.0]), [True, True])


def test_equal_members_are_all_on_the_front():
    assert_array_equal(pareto_front([0.9, 0.9], [1.0, 1.0]), [True, True])


def test_times_within_their_noise_are_one():
    """Two standard errors of the difference are 2 √2 there, and the gap is 2 or 3."""
    assert_array_equal(pareto_front([0.9, 0.8], [12, 10], [1, 1]), [True, False])
    assert_array_equal(pareto_front([0.9, 0.8], [13, 10], [1, 1]), [True, True])
    assert_array_equal(pareto_front([0.8, 0.8], [12, 10], [1, 1]), [True, True])
    assert_array_equal(pareto_front([0.8, 0.8], [13, 10], [1, 1]), [False, True])
