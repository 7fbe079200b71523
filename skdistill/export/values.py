"""Rows as a program reads them: numbers, and codes of categories."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..rows import as_rows, column_names
from .columns import is_missing
from .program import UNKNOWN, Column, Program

Array = NDArray[np.float64]


def values_of(program: Program, X: Any) -> Array:
    """Return rows as numbers of shape (n_samples, n_columns).

    A missing value is NaN, a category its place among the column's, one that was not there in fit
    -1. Frames are read by name where they know the names, all else by position.
    """
    X = as_rows(X)
    X = X.toarray() if sparse.issparse(X) else X
    names = [column.name for column in program.columns]
    if hasattr(X, "columns"):
        found = column_names(X)
        by_name = found is not None and set(names) <= set(map(str, found))
        place = dict(zip(map(str, X.columns), range(X.shape[1]), strict=True))
        order = [place[name] for name in names] if by_name else None
        _check_width(X, names, by_name=by_name)
        columns = [_column(X, j if order is None else order[j]) for j in range(len(names))]
    else:
        _check_width(X, names)
        columns = [X[:, j] for j in range(len(names))]
    parts = zip(program.columns, columns, strict=True)
    if not columns:
        return np.empty((len(X), 0))
    return np.column_stack([_numbers(column, values) for column, values in parts])


def _check_width(X: Any, names: list[str], *, by_name: bool = False) -> None:
    if np.ndim(X) != 2:
        raise ValueError(f"X must have two dimensions, found {np.ndim(X)}.")
    if X.shape[1] != len(names) and not by_name:
        raise ValueError(f"X must have {len(names)} columns, found {X.shape[1]}: {names[:10]}.")


def _column(X: Any, j: int) -> NDArray[Any]:
    column = X.iloc[:, j] if hasattr(X, "iloc") else X[:, j]
    return np.asarray(column.astype(object) if hasattr(X, "iloc") else column.to_numpy())


def _numbers(column: Column, values: NDArray[Any]) -> Array:
    """Return a column's numbers, or the codes of its categories."""
    is_missing = _missing(values)
    if column.categories is None:
        numbers = np.full(len(values), np.nan)
        numbers[~is_missing] = values[~is_missing].astype(np.float64)
        return numbers
    code = {category: float(k) for k, category in enumerate(column.categories)}
    known = [code.get(value, UNKNOWN) for value in values.tolist()]
    return np.where(is_missing, np.nan, known)


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "biu":
        return np.zeros(len(values), dtype=bool)
    if values.dtype.kind == "f":
        return np.isnan(values)
    return np.array([is_missing(value) for value in values], dtype=bool)
