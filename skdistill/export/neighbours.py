"""Rows on which a student turns: beside every threshold, and with every category."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils.compat import index_rows
from .columns import another, is_missing, keys_of
from .program import Bin, Feature, Lookup, Program, Trees

Array = NDArray[np.float64]


def rows_beside(program: Program, X: Any, dtype: Any = np.float64) -> Iterator[Any]:
    """Yield rows of X, column by column, whose value lies just beside each threshold.

    For numbers these are the last value that goes left, and the next one, in numbers of `dtype`;
    for categories each of them, numbers between those that a booster groups, and one that was not
    there in fit and a missing one where the student takes them.
    """
    for j in sorted({feature.column for feature in program.features}):
        values = _values(program, j, np.dtype(dtype))
        if len(values):
            yield _with_values(X, _place(program, X, j), values)


def _values(program: Program, j: int, dtype: np.dtype[Any]) -> list[Any]:
    """Return what a column is given."""
    column = program.columns[j]
    found: list[Any] = []
    if column.categories is not None:
        found += column.categories
        found += [another(column.categories)] * column.takes_unknown
        return found + [np.nan] * column.takes_missing
    for k, feature in enumerate(program.features):
        if feature.column == j:
            read = np.float32 if program.reads_float32 else np.float64
            found += _edges(feature, _thresholds(program, k), dtype, read)
            found += [] if feature.steps else _members(program, k)
    keys = keys_of(feature for feature in program.features if feature.column == j)
    found += [another(keys)] * (column.takes_unknown and bool(keys))
    return list(dict.fromkeys(found)) + [np.nan] * (column.takes_missing and bool(found))


def _thresholds(program: Program, k: int) -> Array:
    """Return the thresholds that a feature meets, as the trees read it."""
    found = [
        tree.threshold[(tree.feature == k) & ~tree.is_leaf & (tree.group < 0)]
        for learner in program.learners
        if isinstance(learner, Trees)
        for tree in learner.trees
    ]
    return np.unique(np.concatenate(found)) if found else np.empty(0)


def _members(program: Program, k: int) -> list[float]:
    """Return what groups of categories hold that a feature meets, and numbers between these."""
    found = {
        member
        for learner in program.learners
        if isinstance(learner, Trees)
        for tree in learner.trees
        for group in tree.group[(tree.feature == k) & ~tree.is_leaf & (tree.group >= 0)]
        for member in tree.groups[group]
    }
    return [float(number) for member in sorted(found) for number in (member, member + 0.5)]


def _edges(feature: Feature, thresholds: Array, dtype: np.dtype[Any], read: Any) -> list[float]:
    """Return values of a column beside where its feature crosses thresholds."""
    looks = [step for step in feature.steps if isinstance(step, Lookup | Bin)]
    if looks:
        return [e for step in looks for e in (step.edges if isinstance(step, Bin) else step.keys)]
    if not len(thresholds):
        return []
    left = last_at_most(feature, thresholds, dtype, read)
    return np.concatenate([left, np.nextafter(left, dtype.type(np.inf))]).tolist()


def last_at_most(
    feature: Feature, thresholds: Array, dtype: np.dtype[Any], read: Any, bound: float = 1e30
) -> NDArray[Any]:
    """Return the largest values, within a bound, whose feature, as it is read, is at most some.

    Steps before a tree keep the order of values, so that bisection finds them, over numbers as
    they lie in memory.
    """
    whole = np.int32 if dtype == np.float32 else np.int64
    low = np.full(len(thresholds), _rank(np.array(-bound, dtype), whole))
    high = np.full(len(thresholds), _rank(np.array(bound, dtype), whole))
    while (low + 1 < high).any():
        # Their mean, whose sum may be too large a number.
        middle = (low & high) + ((low ^ high) >> 1)
        values = _unrank(middle, dtype)
        goes_left = feature(values.astype(np.float64)).astype(read) <= thresholds
        low, high = np.where(goes_left, middle, low), np.where(goes_left, high, middle)
    return _unrank(low, dtype)


def _rank(values: NDArray[Any], whole: Any) -> Any:
    """Return whole numbers in the order of floating-point ones."""
    bits = values.view(whole).astype(np.int64)
    lowest = np.int64(np.iinfo(whole).min)
    return np.where(bits < 0, lowest - bits, bits)


def _unrank(ranks: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    whole = np.int32 if dtype == np.float32 else np.int64
    lowest = np.int64(np.iinfo(whole).min)
    return np.where(ranks < 0, lowest - ranks, ranks).astype(whole).view(dtype)


def _place(program: Program, X: Any, j: int) -> int:
    """Return where a column of a program stands in rows: by its name, or by its number."""
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else []
    name = program.columns[j].name
    return names.index(name) if name in names else j


def _with_values(X: Any, j: int, values: list[Any]) -> Any:
    """Return rows of X in turn, with the values in a column."""
    rows = index_rows(X, np.arange(len(values)) % _n_rows(X))
    # Encoders tell objects that are numbers from NumPy's numbers.
    numbers = not _holds_objects(X, j) and all(isinstance(value, float) for value in values)
    if not numbers:
        values = [_gap(X, j) if value != value else value for value in values]
    column = np.array(values, dtype=np.float64 if numbers else object)
    if hasattr(rows, "assign"):
        # A Series keeps the type, which pandas would guess of an array.
        own = type(rows.iloc[:, j])(column, index=rows.index, dtype=column.dtype)
        return rows.assign(**{rows.columns[j]: own})
    if hasattr(rows, "with_columns"):
        return rows.with_columns(_of_polars(X, j, column.tolist()))
    rows = rows.toarray() if hasattr(rows, "toarray") else np.array(rows)
    if numbers and rows.dtype.kind in "biu":
        rows = rows.astype(np.float64)
    rows[:, j] = column
    return rows


def _of_polars(X: Any, j: int, values: list[Any]) -> Any:
    """Return a column of a polars frame with other values."""
    import polars

    own = X[X.columns[j]]
    if own.dtype == polars.Boolean and own.null_count():
        # Encoders meet objects in it, and cannot compare them with numbers of NumPy.
        values = [None if value != value else bool(value) for value in values]
    return polars.Series(own.name, values)


def _holds_objects(X: Any, j: int) -> bool:
    """Whether a column of rows is of type object."""
    column = X.iloc[:, j] if hasattr(X, "iloc") else X
    return getattr(column, "dtype", None) == np.dtype(object)


def _gap(X: Any, j: int) -> Any:
    """Return what stands for missing in a column of objects: scikit-learn tells NaN from None."""
    if hasattr(X, "with_columns"):
        return None
    values = X.iloc[:, j] if hasattr(X, "iloc") else X[:, j]
    return next((v for v in np.asarray(values, dtype=object) if is_missing(v)), np.nan)


def _n_rows(X: Any) -> int:
    return int(X.shape[0])
