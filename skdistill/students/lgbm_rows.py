"""Rows as LightGBM reads them, and the places of their categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_array

from .._utils.validation import is_whole_number
from ..rows import column_names


def as_lightgbm_reads(X: Any) -> Any:
    """Return pandas frames with names that LightGBM takes, all else as floats."""
    if hasattr(X, "iloc"):
        _refuse_text(X)
        return _with_neutral_names(X)
    X = check_array(
        X,
        accept_sparse=("csr", "csc"),
        # LightGBM makes float32 of integers.
        dtype=(np.float64, np.float32),
        ensure_all_finite=False,
        input_name="X",
    )
    # LightGBM does not know sparse arrays.
    return sparse.csr_matrix(X) if sparse.issparse(X) else X


def _refuse_text(frame: Any) -> None:
    is_bad = [d.kind in "OSUmM" and str(d) != "category" for d in frame.dtypes]
    bad = [str(name) for name, bad in zip(frame.columns, is_bad, strict=True) if bad]
    if bad:
        raise ValueError(
            f"X must hold numbers, booleans and categories, found other columns: {bad[:5]}. "
            "Give text the dtype 'category', or encode it and times as numbers in a Pipeline."
        )


def _with_neutral_names(frame: Any) -> Any:
    """Name columns as LightGBM names those of arrays.

    It stores its models as text and JSON: it refuses some names, and changes others, such as
    those with a space, of which two may then be equal.
    """
    frame = frame.copy(deep=False)
    frame.columns = [f"Column_{j}" for j in range(frame.shape[1])]
    return frame


def positions(columns: Any, X: Any, n_columns: int) -> Any:
    """Return the positions of categorical columns, or 'auto'."""
    if isinstance(columns, str):
        if columns == "auto":
            return columns
        columns = [columns]
    if not isinstance(columns, Sequence | np.ndarray):
        raise ValueError(f"categorical_feature must be 'auto' or a list, found {columns!r}.")
    names = [] if column_names(X) is None else list(X.columns)
    return [_position(column, names, n_columns) for column in columns]


def _position(column: Any, names: list[str], n_columns: int) -> int:
    if is_whole_number(column):
        if not 0 <= column < n_columns:
            raise ValueError(
                f"categorical_feature holds the position {column}, but X has {n_columns} columns: "
                f"positions are 0 to {n_columns - 1}."
            )
        return int(column)
    if names.count(column) != 1:
        found = "columns that X does not have" if column not in names else "several columns of X"
        raise ValueError(
            f"categorical_feature names {found}: {column!r}. "
            + (f"X has {names[:10]}." if names else "X has no names; use positions.")
        )
    return names.index(column)
