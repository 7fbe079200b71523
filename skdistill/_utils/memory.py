"""Reuse teacher probabilities between fits whose teacher, rows, labels, weights and folds agree.

joblib stores and finds them. What is ours: a fingerprint that does not change with what cannot
change the probabilities (memory layout, number of jobs), and a digest stored beside the value,
because joblib itself serves a file with a flipped bit.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from copy import deepcopy
from numbers import Integral
from pathlib import Path
from textwrap import shorten
from time import perf_counter
from typing import Any, NamedTuple

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_memory

from .compat import routing_enabled
from .warn import warn

_WITHOUT_INFLUENCE = ("n_jobs", "verbose")


def open_memory(memory: Any) -> Any:
    """Return a usable cache, which keeps nothing for None; refuse what cannot be written to."""
    if isinstance(memory, Path):
        memory = str(memory)
    try:
        opened = check_memory(memory)
        folder = getattr(opened, "location", None)
        if isinstance(folder, str):
            Path(folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise ValueError(f"memory={memory!r} cannot be written to: {error}.") from error
    except ValueError as error:
        raise ValueError(
            f"memory must be None, a path or a joblib.Memory, found {memory!r}."
        ) from error
    return opened


def reuse(memory: Any, key: str, compute: Callable[[], Any]) -> Any:
    """Return what is stored under a key, or compute and store it.

    An entry that is unreadable, or is not what was stored, is computed anew.
    """
    stored = memory.cache(_with_digest, ignore=["compute"])
    entry = stored.call_and_shelve(key, compute)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value, digest = entry.get()
        if _digest(value) == digest:
            return value
    except Exception:  # a damaged pickle can raise anything
        pass
    entry.clear()
    value, _ = stored(key, compute)
    return value


def _with_digest(key: str, compute: Callable[[], Any]) -> tuple[Any, str]:
    value = compute()
    return value, _digest(value)


def _digest(value: Any) -> str:
    # A cache that maps its files into memory returns another kind of array.
    return str(joblib.hash(_canonical(value)))


def fingerprint(teacher: Any, X: Any, *others: Any) -> str:
    """Return a key that is equal where the probabilities must be.

    Of the teacher its parameters count, but not `n_jobs` nor whether it is fitted; of X its values
    and types, not their layout; `others` are labels, fit parameters, folds and what else matters.
    """
    # Some estimators are their own clones.
    teacher = deepcopy(clone(teacher))
    names = [
        name
        for name in teacher.get_params(deep=True)
        if name.rpartition("__")[2] in _WITHOUT_INFLUENCE
    ]
    for part in [teacher, *teacher.get_params(deep=True).values()]:
        # clone hands callbacks on, and who watches has no influence either.
        if hasattr(part, "set_callbacks") and not isinstance(part, type):
            part.set_callbacks()
    try:
        teacher.set_params(**dict.fromkeys(names))
        # Whoever requests metadata gets them with routing only.
        around = (_versions(teacher), routing_enabled())
        return str(joblib.hash((around, teacher, _canonical(X), [*map(_canonical, others)])))
    except Exception as error:
        raise ValueError(
            "memory cannot tell this teacher or these rows from others, because they cannot be "
            f"pickled ({shorten(str(error), 200)}): use functions of a module instead of lambdas, "
            "or memory=None."
        ) from error


def _versions(teacher: Any) -> dict[str, Any]:
    """Return the versions of the packages that a teacher and its parts come from, and of ours."""
    parts = [teacher, *teacher.get_params(deep=True).values()]
    packages = {type(part).__module__.partition(".")[0] for part in parts}
    packages |= {"sklearn", "skdistill"}
    return {name: getattr(sys.modules.get(name), "__version__", None) for name in sorted(packages)}


def _canonical(value: Any) -> Any:
    """Return a value whose hash does not depend on how equal values lie in memory."""
    if sparse.issparse(value):
        rows = value.tocsr().copy()
        rows.sum_duplicates()
        indices = [rows.indices.astype(np.int64), rows.indptr.astype(np.int64)]
        return (rows.shape, np.asarray(rows.data), *indices)
    if hasattr(value, "columns"):
        columns = (
            value.iloc[:, j] if hasattr(value, "iloc") else value[:, j]
            for j in range(value.shape[1])
        )
        return [
            (str(name), _kind(column.dtype), _canonical(column.to_numpy()))
            for name, column in zip(value.columns, columns, strict=True)
        ]
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).view(np.ndarray)
    if isinstance(value, dict):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    return value


def _kind(dtype: Any) -> Any:
    """Describe a column's type: of categories also their order, which codes depend on."""
    categories: Any = getattr(dtype, "categories", None)
    listed = [str(c) for c in categories] if hasattr(categories, "__iter__") else None
    return str(dtype), listed, getattr(dtype, "ordered", None)


def warn_of_unseeded_folds(memory: Any, splitter: Any) -> None:
    """Warn where no two fits have equal folds, so that nothing could be found again."""
    unseeded = getattr(splitter, "shuffle", False) and not isinstance(
        splitter.random_state, Integral
    )
    if memory is not None and unseeded:
        warn(
            "memory has no effect, because the folds are shuffled anew in every fit: give "
            "random_state an int."
        )


# ---- kept in the process ----------------------------------------------------------------------


class KeptAnswers:
    """A `memory` like :class:`joblib.Memory` that keeps answers until all students are trained.

    `spared_seconds` is what answers would have taken that were found again.
    """

    def __init__(self) -> None:
        self.spared_seconds = 0.0
        self._kept: dict[str, tuple[Any, float]] = {}

    def cache(self, function: Any, ignore: Any = None) -> _KeptFunction:
        """Return a function of a key, and of how to compute, that computes once for each key."""
        return _KeptFunction(self, function)

    def find(self, function: Any, key: str, compute: Any) -> Any:
        """Return what is kept under a key, or compute it."""
        if key in self._kept:
            self.spared_seconds += self._kept[key][1]
        else:
            start = perf_counter()
            value = function(key, compute)
            self._kept[key] = (value, perf_counter() - start)
        return self._kept[key][0]


class _KeptFunction(NamedTuple):
    owner: KeptAnswers
    function: Any

    def call_and_shelve(self, key: str, compute: Any) -> _KeptValue:
        return _KeptValue(self.owner.find(self.function, key, compute))

    def __call__(self, key: str, compute: Any) -> Any:
        return self.function(key, compute)


class _KeptValue(NamedTuple):
    value: Any

    def get(self) -> Any:
        return self.value

    def clear(self) -> None:
        """Keep it: nothing else can change it."""
