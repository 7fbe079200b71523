"""Sizes and times of what was made to be weighed and timed."""

import pickle
import time

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill.evaluation.measure.costs import (
    MAX_REPEATS,
    MIN_REPEATS,
    pickled_size,
    prediction_time,
)


class Watched:
    """Notes how many rows each prediction asked about, and takes its time."""

    def __init__(self, seconds=0.0):
        self.batches = []
        self.seconds = seconds

    def predict_proba(self, X):
        self.batches.append(len(X))
        time.sleep(self.seconds)
        return np.full((len(X), 2), 0.5)


def test_size_is_that_of_the_pickle():
    fitted = DecisionTreeRegressor().fit([[0.0], [1.0]], [0, 1])
    assert pickled_size(fitted) == len(pickle.dumps(fitted))


def test_size_of_what_cannot_be_pickled_is_unknown():
    assert np.isnan(pickled_size(FunctionTransformer(lambda X: X)))


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_prediction_time_asks_about_one_batch_after_a_warm_up(batch):
    watched = Watched()
    assert prediction_time(watched, np.zeros((7, 1)), batch=batch) > 0
    assert watched.batches[0] == min(batch, 100)
    assert set(watched.batches[1:]) == {batch}
    assert MIN_REPEATS < len(watched.batches) - 1 <= MAX_REPEATS


def test_slow_predictions_are_timed_a_few_times_only():
    watched = Watched(seconds=0.1)
    microseconds = prediction_time(watched, np.zeros((7, 1)), batch=10)
    assert len(watched.batches) == 1 + MIN_REPEATS
    assert microseconds >= 10_000


def test_prediction_time_by_another_clock():
    """A clock that goes on by a second whenever it is asked: one second a call."""
    ticks = iter(range(1_000))
    microseconds = prediction_time(
        Watched(), np.zeros((7, 1)), batch=10, clock=lambda: float(next(ticks))
    )
    assert microseconds == 1e5


def test_one_row_is_asked_about_at_a_time_unless_it_is_said_otherwise():
    watched = Watched()
    prediction_time(watched, np.zeros((5, 2)), clock=time.process_time)
    assert set(watched.batches) == {1}
