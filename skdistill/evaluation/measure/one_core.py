"""Let a fitted classifier predict on one core, whatever library it is of, and leave it as it was.

Three things share work out among cores, and each listens to a word of its own: joblib, to its
backend; OpenMP and BLAS, to threadpoolctl; and boosters, to a number of threads of theirs that goes
before both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from functools import cache, wraps
from inspect import signature
from types import MethodType
from typing import Any

from joblib import parallel_config
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

# What estimators call their number of threads, LightGBM's aliases among them.
THREADS = (
    "n_jobs",
    "num_threads",
    "num_thread",
    "nthread",
    "nthreads",
    "n_threads",
    "thread_count",
)
ANSWERS = ("predict_proba", "predict_log_proba", "predict", "decision_function", "transform")


@contextmanager
def on_one_core(classifier: Any) -> Iterator[Any]:
    """Make everything that predicts use one core; afterwards all is as it was.

    Yields the classifier, or a shallow copy of it that shares what was fitted and has one thread.
    """
    with ExitStack() as stack:
        stack.enter_context(parallel_config(backend="sequential"))
        stack.enter_context(threadpool_limits(1))
        yield _Twins(stack).of(classifier)


class _Twins:
    """Makes shallow copies with one thread of what has several, and of what holds such a thing."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.made: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """Return the value itself, if nothing in it has to change."""
        if not (_is_plain(value) or isinstance(value, dict) or _is_estimator(value)):
            return value
        if id(value) not in self.made:
            self.made[id(value)] = value  # what holds itself is not followed for ever
            self.made[id(value)] = self._make(value)
        return self.made[id(value)]

    def _make(self, value: Any) -> Any:
        if isinstance(value, dict):
            changes = self._changes(value)
            twin = copy(value) if changes else value
            twin.update(changes)
            return twin
        if _is_plain(value):
            parts = [self.of(part) for part in value]
            same = all(part is old for part, old in zip(parts, value, strict=True))
            return value if same else type(value)(parts)
        if hasattr(type(value), "save_config"):
            self._limit(value)
        return self._twin(value)

    def _changes(self, named: dict[Any, Any]) -> dict[Any, Any]:
        made = {name: 1 if name in THREADS else self.of(old) for name, old in named.items()}
        return {name: new for name, new in made.items() if new is not named[name]}

    def _twin(self, estimator: Any) -> Any:
        kind: Any = type(estimator)
        if not (hasattr(estimator, "__dict__") and _has_plain_state(kind)):
            return estimator
        changes = self._changes(vars(estimator))
        keywords = _thread_keywords(kind)
        if not changes and not keywords:
            return estimator
        try:
            # Not copy.copy: CatBoost's writes the whole model, scikit-learn's checks its version.
            twin = object.__new__(kind)
        except TypeError:  # made in C, with a state of its own
            return estimator
        told = {name: MethodType(_told(kind, name, word), twin) for name, word in keywords.items()}
        vars(twin).update(vars(estimator) | changes | told)
        return twin

    def _limit(self, booster: Any) -> None:
        """Give a booster of XGBoost, which cannot be copied cheaply, one thread for the time."""
        before = json.loads(booster.save_config())["learner"]["generic_param"]["nthread"]
        self.stack.callback(booster.set_param, {"nthread": before})
        booster.set_param({"nthread": 1})


def _is_plain(value: Any) -> bool:
    return type(value) in (list, tuple)


def _has_plain_state(kind: type) -> bool:
    """Whether all that an object knows is in its `__dict__`, and nothing is freed when it goes.

    LightGBM's Booster frees its memory; it follows OpenMP's limit.
    """
    slots = any(getattr(parent, "__slots__", ()) for parent in kind.__mro__)
    return not slots and not hasattr(kind, "__del__")


def _told(kind: type, method: str, keyword: str) -> Callable[..., Any]:
    """Return a method that has one thread unless its caller says otherwise."""
    own = getattr(kind, method)

    @wraps(own)
    def ask(estimator: Any, *args: Any, **params: Any) -> Any:
        return own(estimator, *args, **{keyword: 1, **params})

    return ask


def _is_estimator(value: Any) -> bool:
    # FrozenEstimator finds its answers when it is asked.
    return any(hasattr(type(value), method) for method in ("fit", *ANSWERS))


@cache
def _thread_keywords(kind: type) -> dict[str, str]:
    """Return the methods that are told their threads when they are called, as CatBoost's are."""
    words = {name: _thread_keyword(getattr(kind, name, None)) for name in ANSWERS}
    return {name: word for name, word in words.items() if word is not None}


def _thread_keyword(method: Any) -> str | None:
    try:
        names = signature(method).parameters
    except (TypeError, ValueError):  # none, or made in C
        return None
    return next((name for name in names if name in THREADS), None)
