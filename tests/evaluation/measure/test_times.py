"""Times of classifiers that take what they are told to take, by clocks that the test winds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller
from skdistill.evaluation.measure import times
from skdistill.evaluation.measure.times import (
    MAX_CALLS,
    MIN_PASSES,
    PASSES,
    SECONDS,
    prediction_time,
    steps_before,
    time_predictions,
)


class Clocks:
    """CPU time and time on the wall, which go on when somebody works or waits."""

    def __init__(self):
        self.cpu = self.wall = 0.0

    def pass_by(self, seconds, waiting=0.0):
        self.cpu += seconds
        self.wall += seconds + waiting

    @property
    def both(self):
        return {"clock": lambda: self.cpu, "wall_clock": lambda: self.wall}


class Timed:
    """Takes some seconds for a call, the next of a list each time; the last is for all others."""

    def __init__(self, clocks, *seconds, waiting=0.0, calls=None):
        self.clocks = clocks
        self.seconds = list(seconds)
        self.waiting = waiting
        self.batches = []
        self.calls = [] if calls is None else calls

    def predict_proba(self, X):
        seconds = self.seconds[min(len(self.batches), len(self.seconds) - 1)]
        self.batches.append(len(X))
        self.calls.append(self)
        self.clocks.pass_by(seconds, self.waiting)
        return np.full((len(X), 2), 0.5)


ROWS = np.zeros((7, 1))
A_PASS = 1.01 * SECONDS / PASSES  # a call that fills one


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_one_batch_is_asked_about_after_a_warm_up(batch):
    clocks = Clocks()
    timed = Timed(clocks, 0.001)
    (timing,) = time_predictions([timed], ROWS, batch=batch, **clocks.both)
    assert timed.batches[0] == min(batch, 100)
    assert set(timed.batches[1:]) == {batch}
    assert_allclose(timing[:3], [1_000 / batch, 0, 1_000 / batch], atol=1e-6)


@pytest.mark.parametrize(
    ("seconds", "n_calls"),
    [(1.0, MIN_PASSES), (A_PASS, PASSES), (1e-6, PASSES * MAX_CALLS)],
)
def test_slow_predictions_are_timed_a_few_times_only(seconds, n_calls):
    clocks = Clocks()
    timed = Timed(clocks, seconds)
    time_predictions([timed], ROWS, **clocks.both)
    assert len(timed.batches) == 1 + n_calls


def test_classifiers_are_called_in_turn():
    clocks, calls = Clocks(), []
    first, second = (Timed(clocks, A_PASS, calls=calls) for _ in range(2))
    time_predictions([first, second], ROWS, **clocks.both)
    assert calls == [first, second] * (1 + PASSES)


def test_quickest_call_of_a_pass_counts_and_the_median_of_passes():
    clocks = Clocks()
    # A warm-up, and in each of three passes one call.
    (timing,) = time_predictions([Timed(clocks, 9, 1, 2, 6)], ROWS, **clocks.both)
    assert_allclose(timing.microseconds, 2e6)
    assert_allclose(timing.error, 1.25e6 * np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    # Not the second of the quickest pass, less than CPU time, as if it worked on several cores.
    assert_allclose(timing.wall, 2e6)
    cold = Timed(clocks, 9, *([0.004, 0.001] + [0.005] * 3) * PASSES)
    (timing,) = time_predictions([cold], ROWS, **clocks.both)
    assert_allclose(timing.microseconds, 1_000)


def test_cpu_time_counts_and_time_on_the_wall_is_told_beside_it():
    clocks = Clocks()
    waiting, working = Timed(clocks, 0.1, waiting=0.3), Timed(clocks, 0.1)
    slow, quick = time_predictions([waiting, working], ROWS, **clocks.both)
    assert_allclose([slow.microseconds, quick.microseconds], 1e5)
    assert_allclose([slow.wall, quick.wall], [4e5, 1e5])


def test_clock_of_cpu_time_that_goes_on_in_large_steps_gives_way_to_the_wall():
    clocks = Clocks()
    coarse = clocks.both | {"clock": lambda: clocks.cpu // 10}
    (timing,) = time_predictions([Timed(clocks, 0.001)], ROWS, **coarse)
    assert_allclose(timing.microseconds, 1_000)


def test_time_of_one_classifier_by_a_clock():
    clocks = Clocks()
    clock = clocks.both["clock"]
    assert_allclose(prediction_time(Timed(clocks, 0.5), ROWS, batch=10, clock=clock), 5e4)


def test_steps_before_the_model_are_timed_apart(monkeypatch):
    clocks = Clocks()

    def prepare(X):
        clocks.pass_by(0.3)
        return X

    class Model(GaussianNB):
        def predict_proba(self, X):
            clocks.pass_by(0.1)
            return super().predict_proba(X)

    X, y = np.arange(8.0)[:, None], [0, 1] * 4
    model = make_pipeline(FunctionTransformer(prepare), Model()).fit(X, y)
    bare = Model().fit(X, y)
    whole, alone = time_predictions([model, bare], X, **clocks.both)
    assert_allclose([whole.microseconds, whole.preparing], [4e5, 3e5])
    assert_allclose([alone.microseconds, alone.preparing], [1e5, 0])


def test_steps_before_the_model_are_found_where_a_pipeline_is_held():
    X, y = np.arange(8.0)[:, None], np.array([0, 1] * 4)
    pipeline = make_pipeline(StandardScaler(), GaussianNB())
    student = make_pipeline(make_column_transformer((StandardScaler(), [0])), LinearRegression())
    search = GridSearchCV(pipeline, {"gaussiannb__var_smoothing": [1e-9]}, cv=2)
    held = [
        pipeline.fit(X, y),
        FrozenEstimator(pipeline),
        search.fit(X, y),
        Distiller(GaussianNB(), student).fit(X, y).classifier_,
    ]
    for classifier in held:
        assert steps_before(classifier).transform(X).shape == X.shape
    bare = Distiller(GaussianNB(), DecisionTreeRegressor()).fit(X, y).classifier_
    idle = make_pipeline("passthrough", GaussianNB()).fit(X, y)
    for classifier in (GaussianNB().fit(X, y), bare, idle):
        assert steps_before(classifier) is None


def test_times_are_real_without_other_clocks(monkeypatch):
    monkeypatch.setattr(times, "SECONDS", 0.0)
    model = GaussianNB().fit(np.arange(8.0)[:, None], [0, 1] * 4)
    for timing in time_predictions([model, model], np.arange(8.0)[:, None], batch=10):
        assert timing.microseconds > 0
        assert timing.wall > 0
