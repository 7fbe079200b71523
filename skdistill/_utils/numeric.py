"""Any table as numbers that trees can split."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from numbers import Number
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OrdinalEncoder

Floats = NDArray[np.float64]

# Times of all units and kinds are counted in one.
_TIME, _DURATION = "datetime64[us]", "timedelta64[us]"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class NumericEncoder(TransformerMixin, BaseEstimator):
    """Turn any table into numbers that trees can split.

    Numbers, booleans and times become floats; every other column becomes ordinal codes in the
    order of its sorted values. Missing values, and values that were not there in `fit`, become
    NaN. Sparse matrices stay sparse.

    >>> X = np.array([[1, "red"], [2, "blue"], [None, "red"]], dtype=object)
    >>> encoder = NumericEncoder().fit(X)
    >>> encoder.transform(X)
    array([[ 1., 1.],
           [ 2., 0.],
           [nan, 1.]])
    >>> encoder.transform(np.array([[3, "green"]], dtype=object))
    array([[ 3., nan]])
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn which columns are numeric and the codes of those that are not."""
        X = as_table(X)
        self.n_features_in_ = X.shape[1]
        # One per column, None for a numeric one; empty for sparse matrices.
        self.encoders_: list[OrdinalEncoder | None] = []
        if not sparse.issparse(X):
            self.encoders_ = [_fit_codes(column) for column in _columns(X)]
        return self

    def transform(self, X: Any) -> Any:
        """Return rows with the columns of `fit` as floats: an array, or a CSR matrix."""
        X = as_table(X)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} columns, expected {self.n_features_in_}.")
        if sparse.issparse(X):
            return X.astype(np.float64)
        encoders = self.encoders_ or [None] * self.n_features_in_
        numeric = np.empty(X.shape, dtype=np.float64)
        for j, (column, encoder) in enumerate(zip(_columns(X), encoders, strict=True)):
            numeric[:, j] = _to_floats(column) if encoder is None else _to_codes(column, encoder)
        return numeric

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = True
        tags.input_tags.string = tags.input_tags.categorical = True
        return tags


def as_numeric(X: Any) -> Any:
    """Return a table (n_samples, n_features) as floats, missing values NaN."""
    return NumericEncoder().fit_transform(X)


def as_table(X: Any) -> Any:
    """Give a two-dimensional frame, array or CSR matrix."""
    if sparse.issparse(X):
        # LightGBM does not know sparse arrays.
        X = sparse.csr_matrix(X)
    elif not hasattr(X, "columns"):
        X = np.asarray(X)
    if len(X.shape) != 2:
        raise ValueError(
            f"X must have two dimensions, found shape {X.shape}; a learned correction "
            "(correction='residual') reads rows and columns, the other rules need none."
        )
    return X


def _columns(X: Any) -> Iterator[NDArray[Any]]:
    """Yield columns as arrays, by position: frames may repeat a name."""
    for j in range(X.shape[1]):
        column = X.iloc[:, j] if hasattr(X, "iloc") else X[:, j]
        # With a time zone they would become objects.
        is_zoned = getattr(column.dtype, "tz", None) is not None
        yield np.asarray(column, dtype=_TIME if is_zoned else None)


def _is_missing(value: Any) -> bool:
    # pandas.NA answers neither == nor bool(), and pandas is not ours to import.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _split_missing(column: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    """Give the mask of present values, and the present values, of an object column."""
    present = np.fromiter((not _is_missing(v) for v in column), dtype=bool, count=len(column))
    return present, column[present]


def _fit_codes(column: NDArray[Any]) -> OrdinalEncoder | None:
    """Fit the codes of a column; None if the column is numeric."""
    if column.dtype.kind in "biufmM":
        return None
    _, values = _split_missing(column)
    if all(_as_number(value) is not None for value in values):
        return None
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    encoder.set_output(transform="default")  # whatever the user has set for all
    # As strings: values of several types in one column have no order.
    return encoder.fit(np.array([str(v) for v in values], dtype=object).reshape(-1, 1))


def _to_codes(column: NDArray[Any], encoder: OrdinalEncoder) -> Floats:
    codes = np.full(len(column), np.nan)
    present, values = _split_missing(column)
    if present.any():
        strings = np.array([str(v) for v in values], dtype=object)
        codes[present] = encoder.transform(strings.reshape(-1, 1))[:, 0]
    return codes


def _to_floats(column: NDArray[Any]) -> Floats:
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    if column.dtype.kind in "mM":
        whole = column.astype(_TIME if column.dtype.kind == "M" else _DURATION).astype(np.int64)
        return np.where(np.isnat(column), np.nan, whole.astype(np.float64))
    floats = np.full(len(column), np.nan)
    present, values = _split_missing(column)
    # A column that was numeric in fit may bring a word later: None becomes NaN.
    floats[present] = [_as_number(value) for value in values]
    return floats


def _as_number(value: Any) -> Any:
    """Return a number as it is, a time or a duration in microseconds, None for anything else."""
    if hasattr(value, "to_timestamp"):  # a period of pandas
        value = value.to_timestamp()
    if isinstance(value, dt.time):
        value = dt.datetime.combine(_EPOCH, value, dt.UTC)
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time(0), dt.UTC)
    if isinstance(value, dt.datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=dt.UTC)) - _EPOCH
    if isinstance(value, dt.timedelta):
        return value / dt.timedelta(microseconds=1)
    return value if isinstance(value, Number | np.bool_) else None
