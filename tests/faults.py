"""What the processes of test_faults.py share: members to whom something happens, and helpers."""

# ruff: noqa: F401, for the scripts import everything from here.
import faulthandler
import os
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)

# The last column is the number of a row.
_rng = np.random.default_rng(0)
X = np.column_stack([_rng.normal(size=(60, 2)), np.arange(60.0)])
y = (X[:, 0] + _rng.normal(size=60) > 0).astype(int)
FOLDS = KFold(3)


# ---- when it happens -------------------------------------------------------------------------


def always(X):
    return True


def second_fold(X):
    """Whether these are the training rows of the second of three folds."""
    return fold(X) and 25 not in X[:, -1]


def fold(X):
    """Whether these are the training rows of any of three folds."""
    return len(X) == 40


def all_rows(X):
    return len(X) == 60


# ---- what happens ----------------------------------------------------------------------------


def raises(error, *args):
    return partial(raise_it, error, args)


def raise_it(error, args, *_):
    raise error(*args)


def endless():
    endless()


class BetrayedError(Exception):
    """An error that can be pickled, but not be unpickled."""

    def __init__(self, who, whom):
        super().__init__(f"{who} betrays {whom}")


class LockedError(Exception):
    """An error that cannot be pickled."""

    def __init__(self, text):
        super().__init__(text)
        self.lock = threading.Lock()


def remove_cache():
    shutil.rmtree("cache")


def close_cache():
    """Let something stand in the cache's place that cannot be written to, even by root."""
    shutil.rmtree("cache")
    Path("cache").touch()


def hang():
    Path(f"hangs-{os.getpid()}").touch()
    time.sleep(1000)


def send_when_hanging(number, n_processes=1):
    """Send a signal to this process once something hangs in it, or in workers of it."""

    def wait():
        while len(list(Path().glob("hangs-*"))) < n_processes:
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=wait, daemon=True).start()


# ---- to whom it happens ----------------------------------------------------------------------


class Unlucky(BaseEstimator):
    """To whom something happens in some fits; `says` spoils what is answered after these."""

    def __init__(self, happens=None, when=always, says=None):
        self.happens = happens
        self.when = when
        self.says = says

    def fit(self, X, y):
        self.is_struck_ = self.when(X)
        if self.is_struck_ and self.happens is not None:
            self.happens()
        self.fitted_ = self.make().fit(X, y)
        return self

    def _spoil(self, answer):
        return self.says(answer) if self.is_struck_ and self.says is not None else answer


class Teacher(Unlucky, ClassifierMixin):
    make = GaussianNB

    @property
    def classes_(self):
        return self.fitted_.classes_

    def predict_proba(self, X):
        return self._spoil(self.fitted_.predict_proba(X))


class Student(Unlucky, RegressorMixin):
    make = Ridge

    def predict(self, X):
        return self._spoil(self.fitted_.predict(X))


class Keeper(GaussianNB):
    """A teacher that cannot be pickled once it is fitted."""

    def fit(self, X, y):
        self.lock_ = threading.Lock()
        return super().fit(X, y)


class FailsWhenTeachersEnd:
    """A callback that fails when a teacher of a fold is fitted."""

    def setup(self, estimator, context):
        pass

    teardown = on_fit_task_begin = setup

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "teachers" and not context.max_subtasks:
            raise ArithmeticError("lost count")


def tree():
    return DecisionTreeRegressor(max_depth=2, random_state=0)


def distiller(teacher=None, student=None, *, kind=CrossFitDistiller, cv=FOLDS, **params):
    return kind(teacher or GaussianNB(), student or tree(), cv=cv, **params)


def search(teacher=None, student=None, **params):
    candidates = ["labels", "cross_fit"]
    return distiller(
        teacher, student, kind=LossCorrectedDistillerCV, candidates=candidates, **params
    )


# ---- afterwards ------------------------------------------------------------------------------


def fitted_state(distiller):
    return {name: value for name, value in vars(distiller).items() if name.endswith("_")}


def fit(distiller):
    return distiller.fit(X, y)


def struck(distiller, *words, act=fit):
    """See something happen that is told in these words, and change nothing that was fitted."""
    before = fitted_state(distiller)
    try:
        act(distiller)
    except (Exception, KeyboardInterrupt) as error:
        told = f"{type(error).__name__}: {error}"
    else:
        raise AssertionError("nothing happened")
    missing = [word for word in words if word not in told]
    assert not missing, f"{missing} not in {told}"
    after = fitted_state(distiller)
    assert before.keys() == after.keys()
    assert all(after[name] is before[name] for name in before)
    assert distiller.__sklearn_is_fitted__() == bool(before)


def works_again(distiller, **params):
    """Fit once more, with nothing in the way, and find what a new distiller finds."""
    again = fit(distiller.set_params(**{"teacher": GaussianNB(), "student": tree()} | params))
    alone = {"n_jobs": None, "memory": None, "verbose": 0}
    expected = fit(clone(again).set_params(**alone))
    np.testing.assert_array_equal(again.predict_proba(X), expected.predict_proba(X))


# ---- surroundings ----------------------------------------------------------------------------


@contextmanager
def warned(words):
    """See one warning that holds these words."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    told = [str(warning.message) for warning in found]
    assert [words in message for message in told] == [True], told


@contextmanager
def limited(what, amount):
    """Have less of what the system gives."""
    soft, hard = resource.getrlimit(what)
    resource.setrlimit(what, (amount, hard))
    try:
        yield
    finally:
        resource.setrlimit(what, (soft, hard))


@contextmanager
def read_only(folder):
    """Have no right to write in a folder below; root has it whatever the mode, so be nobody."""
    user = os.geteuid()
    Path().chmod(0o755)
    Path(folder).chmod(0o555)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        Path(folder).chmod(0o755)
