"""Reuse teacher probabilities between fits whose teacher, rows, labels, weights and folds agree.

joblib stores and finds them. What is ours: a fingerprint that does not change with what cannot
change the probabilities (memory layout, number of jobs), and a digest stored beside the value,
because joblib itself serves a file with a flipped bit.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_memory

Array = NDArray[np.float64]

_WITHOUT_INFLUENCE = ("n_jobs", "verbose")


def open_memory(memory: Any) -> Any:
    """Return a usable cache.

    Parameters
    ----------
    memory : None, str, Path or joblib.Memory
        Where to cache.

    Returns
    -------
    joblib.Memory
        The cache, which keeps nothing for None.

    Raises
    ------
    ValueError
        If it is none of these, or its folder cannot be written to.
    """
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


def reuse(memory: Any, key: str, compute: Callable[[], Array]) -> Array:
    """Return what is stored under a key, or compute and store it.

    An entry that is unreadable, or is not what was stored, is computed anew.
    """
    stored = memory.cache(_with_digest, ignore=["compute"])
    entry = stored.call_and_shelve(key, compute)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value, digest = entry.get()
        if joblib.hash(value) == digest:
            return np.asarray(value)
    except Exception:  # a damaged pickle can raise anything
        pass
    entry.clear()
    value, _ = stored(key, compute)
    return np.asarray(value)


def _with_digest(key: str, compute: Callable[[], Array]) -> tuple[Array, str]:
    value = compute()
    return value, joblib.hash(value)


def fingerprint(teacher: Any, X: Any, *others: Any) -> str:
    """Return a key that is equal where the probabilities must be.

    Parameters
    ----------
    teacher : classifier
        Its parameters count, but not its number of jobs, nor whether it is fitted.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Its values and types count, not their layout in memory.
    *others : object
        Whatever else matters: labels, parameters of `fit`, folds.

    Returns
    -------
    str
        The key.

    Raises
    ------
    ValueError
        If the teacher cannot be hashed.
    """
    teacher = clone(teacher)
    names = [
        name
        for name in teacher.get_params(deep=True)
        if name.rpartition("__")[2] in _WITHOUT_INFLUENCE
    ]
    try:
        # Names are sorted from outside in: a parameter's owner stays the one it was set on.
        teacher.set_params(**dict.fromkeys(names))
        return str(
            joblib.hash((sklearn.__version__, teacher, _canonical(X), [*map(_canonical, others)]))
        )
    except Exception as error:
        raise ValueError(
            "memory cannot tell this teacher or these rows from others, because they cannot be "
            f"pickled ({error}): use functions of a module instead of lambdas, or memory=None."
        ) from error


def _canonical(value: Any) -> Any:
    """Return a value whose hash does not depend on how equal values lie in memory."""
    if sparse.issparse(value):
        rows = value.tocsr().copy()
        rows.sum_duplicates()
        indices = [rows.indices.astype(np.int64), rows.indptr.astype(np.int64)]
        return (rows.shape, np.asarray(rows.data), *indices)
    if hasattr(value, "columns"):
        columns = [(str(n), str(value[n].dtype), value[n].to_numpy()) for n in value.columns]
        return [(name, kind, _canonical(values)) for name, kind, values in columns]
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).view(np.ndarray)
    if isinstance(value, dict):
        return {key: _canonical(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(entry) for entry in value]
    return value
