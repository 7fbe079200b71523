"""Reuse teacher probabilities between fits whose teacher, rows, labels, weights and folds agree.

A question has a fingerprint, which does not change with what cannot change the answer (memory
layout, number of jobs), and which changes with the code of the user's own functions and classes.
An answer is a file of plain arrays with a digest: reading it executes nothing, and what is damaged,
foreign or in the wrong place is computed anew.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from textwrap import shorten
from time import perf_counter
from typing import Any, Protocol

import joblib
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from .code import CodeReader, version_of
from .compat import routing_enabled
from .warn import warn

Array = NDArray[np.float64]
Parts = list[tuple[Array, Array | None]]
Shapes = list[tuple[int | None, int]]

_WITHOUT_INFLUENCE = ("n_jobs", "verbose")
_DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)


# ---- where answers are kept -------------------------------------------------------------------


class Store(Protocol):
    """What finds answers again."""

    def find(self, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
        """Return what is kept under a key, or compute and keep it."""


def open_memory(memory: Any) -> Store | None:
    """Return where answers are kept, None for None; refuse what cannot be written to."""
    store = _store(memory)
    if isinstance(store, Folder):
        try:
            store.check()
        except OSError as error:
            raise ValueError(f"memory={memory!r} cannot be written to: {error}.") from error
    return store


def reuse(memory: Any, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
    """Return what is kept under a key, or compute and keep it.

    `shapes` are what the arrays must look like: for each part the number of rows, None where it is
    not known beforehand, and the number of columns. A folder that can no longer be written to is no
    reason to fail: nobody is served worse than without memory.
    """
    store = _store(memory)
    return compute() if store is None else store.find(key, compute, shapes)


def _store(memory: Any) -> Store | None:
    if memory is None or isinstance(memory, KeptAnswers):
        return memory
    if isinstance(memory, joblib.Memory):
        if memory.backend != "local":
            raise ValueError(
                f"memory must keep its files in a folder, found a joblib.Memory whose backend is "
                f"{memory.backend!r}."
            )
        return None if memory.location is None else Folder(Path(memory.location))
    if isinstance(memory, str | Path):
        return Folder(Path(memory))
    raise ValueError(f"memory must be None, a path or a joblib.Memory, found {memory!r}.")


@dataclass(frozen=True)
class Folder:
    """Keeps answers as files in a subfolder, beside whatever joblib keeps there."""

    location: Path

    @property
    def path(self) -> Path:
        """The subfolder with our files only."""
        return self.location / "skdistill"

    def check(self) -> None:
        """Raise OSError where nothing can be written; a full disk may have room again later."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            if error.errno not in _DISK_IS_FULL:
                raise

    def find(self, key: str, compute: Callable[[], Parts], shapes: Shapes) -> Parts:
        """Return what is kept under a key, or compute and keep it.

        A file that is damaged, foreign or another key's is computed anew and replaced.
        """
        file = self.path / f"{key}.npz"
        found = _read(file, key, shapes)
        if found is None:
            found = compute()
            if _fit_together(found, shapes):  # else it would be computed anew in any case
                self._keep(file, key, found)
        return found

    def _keep(self, file: Path, key: str, parts: Parts) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _write(file, key, parts)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            warn(
                f"memory={str(self.location)!r} cannot be written to now ({reason}): the fit goes "
                "on, but what its teachers answered is not kept."
            )


def _write(file: Path, key: str, parts: Parts) -> None:
    """Write beside, then rename: who reads at the same time finds a whole file or none."""
    arrays: dict[str, Any] = _named(parts)
    arrays["digest"] = np.frombuffer(_digest(key, arrays), np.uint8)
    # Not tempfile's file: it would be hidden from the others who share the folder.
    beside = file.with_name(f"{key}.{uuid.uuid4().hex}.tmp")
    try:
        with beside.open("xb") as opened:
            np.savez(opened, **arrays)
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _read(file: Path, key: str, shapes: Shapes) -> Parts | None:
    """Return what was stored under this key; None where there is nothing, or anything else."""
    try:
        # np.load would leave a file open that it opens itself and cannot read.
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        if arrays.pop("digest").tobytes() != _digest(key, arrays):
            return None
        parts = [
            (arrays.pop(f"out{k}"), arrays.pop(f"inside{k}", None)) for k in range(len(shapes))
        ]
    except Exception:  # damage can look like anything
        return None
    return parts if _fit_together(parts, shapes) and not arrays else None


def _named(parts: Parts) -> dict[str, Array]:
    arrays = {f"out{k}": out for k, (out, _) in enumerate(parts)}
    known = {f"inside{k}": inside for k, (_, inside) in enumerate(parts) if inside is not None}
    return arrays | known


def _digest(key: str, arrays: dict[str, Array]) -> bytes:
    """Sum up the arrays, and under which key they belong."""
    digest = hashlib.sha256(repr(key).encode())
    for name, array in sorted(arrays.items()):
        digest.update(repr((name, array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.digest()


def _fit_together(parts: Parts, shapes: Shapes) -> bool:
    return len(parts) == len(shapes) and all(
        _looks_right(array, len(out) if n_rows is None else n_rows, n_columns)
        for (out, inside), (n_rows, n_columns) in zip(parts, shapes, strict=True)
        for array in (out, inside)
        if array is not None
    )


def _looks_right(array: Array, *shape: int) -> bool:
    return array.shape == shape and array.dtype.kind == "f" and bool(np.isfinite(array).all())


class KeptAnswers:
    """Keeps what teachers answered until all students are trained, and how long that took.

    To a distiller it is a `memory` that lives as long as the process. `spared_seconds` is what
    answers would have taken that were found again.
    """

    def __init__(self) -> None:
        self.spared_seconds = 0.0
        self._kept: dict[str, tuple[Any, float]] = {}

    @property
    def kept_seconds(self) -> float:
        """What the answers took that are kept."""
        return sum(seconds for _, seconds in self._kept.values())

    def find(self, key: str, compute: Callable[[], Any], shapes: Shapes | None = None) -> Any:
        """Return what is kept under a key, or compute it; nobody else can damage it."""
        if key in self._kept:
            self.spared_seconds += self._kept[key][1]
        else:
            start = perf_counter()
            value = compute()
            self._kept[key] = (value, perf_counter() - start)
        return self._kept[key][0]


# ---- the fingerprint --------------------------------------------------------------------------


def fingerprint(teacher: Any, X: Any, *others: Any, with_code: bool = True) -> str:
    """Return a key that is equal where the probabilities must be.

    Of the teacher its parameters count, with the code of the functions and classes among them, but
    not its number of jobs, nor whether it is fitted; of X its values and types, not their layout in
    memory; `others` are labels, parameters of `fit`, folds and whatever else matters. Within one
    call nobody edits code, and need not look at it.
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
        around = (version_of("sklearn"), version_of("skdistill"), routing_enabled())
        code = CodeReader().read((teacher, others)) if with_code else None
        return str(joblib.hash((around, code, teacher, _canonical(X), [*map(_canonical, others)])))
    except Exception as error:
        raise ValueError(
            "memory cannot tell this teacher or these rows from others, because they cannot be "
            f"pickled ({shorten(str(error), 200)}): use functions of a module instead of lambdas, "
            "or memory=None."
        ) from error


def digest(X: Any) -> str:
    """Return what is equal for tables of equal values and types."""
    return str(joblib.hash(_canonical(X)))


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
