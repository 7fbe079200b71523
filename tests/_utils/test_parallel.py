"""Backends: the same bits everywhere, and a clear word when a worker is lost."""

import os
import signal
import sys
import threading
import time
from functools import partial

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill._utils.parallel import blame, run


def models():
    forest = RandomForestClassifier(10, random_state=0)
    return [
        CrossFitDistiller(forest, DecisionTreeRegressor(random_state=0), random_state=0),
        CrossFitDistiller(
            DecisionTreeClassifier(max_depth=3, random_state=0),
            DecisionTreeClassifier(max_depth=3, random_state=0),
            random_state=0,
        ),
        LossCorrectedDistiller(
            RandomForestClassifier(40, random_state=0),
            DecisionTreeRegressor(random_state=0),
            cv="oob",
            random_state=0,
        ),
    ]


def answers(X, y):
    return [model.fit(X, y).predict_proba(X) for model in models()]


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_same_bits_on_every_backend(three_classes, backend):
    expected = answers(*three_classes)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        for ours, theirs in zip(answers(*three_classes), expected, strict=True):
            assert_array_equal(ours, theirs)


def kind_and_bytes(X):
    return type(X).__name__, X.tobytes()


def test_large_rows_are_mapped_into_the_workers():
    X = np.random.default_rng(0).normal(size=(60_000, 4))
    for kind, content in run(kind_and_bytes, [(X,), (X,)], n_jobs=2):
        assert kind == "memmap"
        assert content == X.tobytes()


def fail_first(folder, number):
    if number == 0:
        with blame("It failed"):
            raise KeyError(number)
    time.sleep(0.3)
    (folder / str(number)).touch()


def test_pool_of_python_is_not_ended_while_its_workers_work(tmp_path):
    """It would wait for ever for one that is ended while it sends its answer."""
    with (
        joblib.parallel_config("multiprocessing", n_jobs=2),
        pytest.raises(RuntimeError, match="It failed: KeyError: 0"),
    ):
        run(fail_first, [(tmp_path, number) for number in range(3)], None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_calls_after_a_failing_one_are_spared_where_there_is_one_process(tmp_path):
    with (
        joblib.parallel_config("multiprocessing"),
        pytest.raises(RuntimeError, match="It failed: KeyError: 0"),
    ):
        run(fail_first, [(tmp_path, number) for number in range(3)], None)
    assert not list(tmp_path.iterdir())


# ---- ends and signals ------------------------------------------------------------------------


class Ends(GaussianNB):
    """A teacher in whose fit something ends the program."""

    def __init__(self, how):
        self.how = how

    def fit(self, X, y):
        self.how()


def ring():
    signal.raise_signal(signal.SIGUSR1)
    for _ in range(1000):  # Python looks for signals between steps
        pass


def ring_elsewhere(rings):
    if rings:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
    time.sleep(0.2)


class Handler:
    def end(self, number, frame):
        del number
        sys.exit(7)


def end(number, frame):
    signal.signal(number, signal.SIG_IGN)
    Handler().end(number, frame)


def out_of_time(*_):
    raise TimeoutError("a minute is over")


@pytest.fixture
def bell():
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handler: signal.signal(signal.SIGUSR1, handler)
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("rehearse", [True, False])
@pytest.mark.parametrize(
    ("handler", "error", "told"),
    [
        (end, SystemExit, "7"),
        (Handler().end, SystemExit, "7"),
        (partial(lambda code, *_: sys.exit(code), 7), SystemExit, "7"),
        (out_of_time, TimeoutError, "^a minute is over$"),
    ],
)
def test_what_a_signal_raises_in_a_member_passes_as_it_is(
    binary, bell, handler, error, told, rehearse
):
    bell(handler)
    model = CrossFitDistiller(Ends(ring), DecisionTreeRegressor(), rehearse=rehearse)
    with pytest.raises(error, match=told):
        model.fit(*binary)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_what_a_signal_raises_while_workers_are_waited_for_passes_as_it_is(bell):
    bell(out_of_time)
    with (
        joblib.parallel_config(backend="threading", n_jobs=2),
        pytest.raises(TimeoutError, match="^a minute is over$"),
    ):
        run(ring_elsewhere, [(True,), (False,)], None)


@pytest.mark.parametrize(
    ("rehearse", "told"),
    [
        (True, "The teacher Ends cannot learn from X and y.*SystemExit: 3"),
        (False, "The teacher failed in fold 1 of 5: SystemExit: 3"),
    ],
)
def test_member_that_ends_the_program_by_itself_is_told(binary, rehearse, told):
    model = CrossFitDistiller(
        Ends(partial(sys.exit, 3)), DecisionTreeRegressor(), rehearse=rehearse
    )
    with pytest.raises(RuntimeError, match=told):
        model.fit(*binary)


# ---- a real cluster --------------------------------------------------------------------------


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.filterwarnings("default")
def test_same_bits_on_a_dask_cluster(three_classes, cluster):
    expected = answers(*three_classes)
    with joblib.parallel_config(backend="dask"):
        for ours, theirs in zip(answers(*three_classes), expected, strict=True):
            assert_array_equal(ours, theirs)


class KillsItsWorker(ClassifierMixin, BaseEstimator):
    """A teacher whose worker dies in the middle of a fit."""

    def __init__(self, parent=None):
        self.parent = parent

    def fit(self, X, y):
        time.sleep(0.5)
        if os.getpid() != self.parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return self

    def predict_proba(self, X):
        raise AssertionError("its worker should be dead")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("n_samples", [20, 20_000])
def test_lost_worker_is_named(cluster, n_samples):
    """With few rows none is lost with a worker, and dask would try again and again."""
    addresses = list(cluster.ncores())
    X, y = np.random.default_rng(0).normal(size=(n_samples, 5)), np.arange(n_samples) % 2
    teacher = KillsItsWorker(os.getpid())
    model = CrossFitDistiller(teacher, DecisionTreeRegressor(), cv=2, rehearse=False)
    with (
        joblib.parallel_config(backend="dask"),
        pytest.raises(RuntimeError, match=r"lost dask worker tcp://") as caught,
    ):
        model.fit(X, y)
    assert any(address in str(caught.value) for address in addresses)
