"""Tables of any kind: converted by one function in fit and predict, put below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .._utils.compat import package_of
from .categories import is_category

Indices = NDArray[np.intp]


def as_rows(X: Any, name: str = "X") -> Any:
    """Return rows that can be indexed: frames, arrays and sparse matrices as they are.

    Lists become arrays, mixed ones and text of type object: NumPy would make text of the numbers
    beside text.
    """
    if isinstance(X, np.ndarray):
        return np.asarray(X) if isinstance(X, np.matrix) else X
    if sparse.issparse(X):
        return X if X.format in ("csr", "csc") else X.tocsr()
    package = package_of(X)
    if package == "pyarrow":
        return X.to_pandas()
    if package == "polars" and not hasattr(X, "row"):
        raise ValueError(f"{name} must hold rows, found a polars LazyFrame: call its collect().")
    if hasattr(X, "columns"):
        return X
    return _as_array(X, name)


def _as_array(X: Any, name: str) -> NDArray[Any]:
    try:
        array = np.asarray(X)
        is_text = array.dtype.kind in "US" and not hasattr(X, "__array__")
        return np.array(X, dtype=object) if is_text else array
    except ValueError as error:
        raise ValueError(
            f"{name} must be a table, whose rows are of one length: {error}"
        ) from error


def check_shape(X: Any, name: str) -> None:
    """Refuse what is no table, of rows as they are indexed."""
    shape, kind = X.shape, getattr(getattr(X, "dtype", None), "kind", "O")
    if not shape:
        raise ValueError(
            f"{name} must be a table, found {shown(X)}. Expected 2D array, got scalar array "
            "instead. Reshape your data."
        )
    if kind in "cV":
        raise ValueError(
            f"{name} must hold numbers or text, found {X.dtype}. Complex data not supported, nor "
            "are structured arrays: hand over a frame, or an array of real numbers."
        )
    if len(shape) == 1 and kind not in "OUST":
        raise ValueError(
            f"{name} must be a table of shape (n_samples, n_features), found shape {shape}. "
            "Expected 2D array, got 1D array instead. Reshape your data: "
            f"{name}.reshape(-1, 1) for one column."
        )
    if 0 in shape:
        raise ValueError(
            f"{name} must hold rows and columns: found array with {shape[0]} sample(s) and "
            f"{shape[-1]} feature(s) (shape={shape}) while a minimum of 1 is required."
        )
    names = list(getattr(X, "columns", ()))
    if len({*map(str, names)}) < len(names):
        twice = next(column for column in names if [*map(str, names)].count(str(column)) > 1)
        raise ValueError(f"{name} must have columns of different names, found {twice!r} twice.")


def shown(value: Any) -> str:
    """Return the beginning of how a value is written."""
    return repr(value.item() if isinstance(value, np.ndarray) and not value.ndim else value)[:100]


def check_alike(X: Any, like: Any, name: str) -> Any:
    """Return rows that can stand below others, or say how they differ from X."""
    X = as_rows(X, name)
    check_shape(X, name)
    if _kind_of_table(X) != _kind_of_table(like):
        raise ValueError(
            f"{name} must be of the kind of X, {_kind_of_table(like)}, found {_kind_of_table(X)}."
        )
    if X.shape[1:] != like.shape[1:]:
        raise ValueError(
            f"{name} must have {like.shape[1:]} columns, as X has, found {X.shape[1:]}."
        )
    if not hasattr(X, "columns"):
        kinds = [_kind_of_values(table.dtype) for table in (X, like)]
        if kinds[0] != kinds[1]:
            raise ValueError(f"{name} must hold {kinds[1]}, as X does, found {kinds[0]}.")
        return X
    if list(X.columns) != list(like.columns):
        raise ValueError(
            f"{name} must have the columns of X, in their order: {list(like.columns)}, found "
            f"{list(X.columns)}."
        )
    for column, own, known in zip(X.columns, X.dtypes, like.dtypes, strict=True):
        if _kind_of_values(own) != _kind_of_values(known):
            # Two sets of categories are called the same.
            found, wanted = (own, known) if str(own) != str(known) else (repr(own), repr(known))
            raise ValueError(
                f"{name} must have columns of the types of X, but {column!r} is {found} and not "
                f"{wanted}."
            )
    return X


def _kind_of_table(X: Any) -> str:
    if sparse.issparse(X):
        return "a sparse matrix"
    return f"a {package_of(X)} frame" if hasattr(X, "columns") else "an array"


def _kind_of_values(dtype: Any) -> Any:
    """Return what tells types that can stand below each other from others."""
    kind = getattr(dtype, "kind", None)
    # Categories must be the same, and so must time zones; polars is strict.
    if is_category(dtype) or kind is None or getattr(dtype, "tz", None) is not None:
        return dtype
    kinds = {"numbers": "iuf", "truth values": "b", "text": "OUST", "times": "M", "durations": "m"}
    return next((word for word, letters in kinds.items() if kind in letters), kind)


def stack(tables: Sequence[Any]) -> Any:
    """Put tables of one kind below each other."""
    first = tables[0]
    if len(tables) == 1:
        return first
    if sparse.issparse(first):
        # SciPy before 1.12 makes matrices of arrays.
        return type(first)(sparse.vstack(tables, format=first.format))
    package = package_of(first)
    if package == "pandas":
        import pandas as pd  # the rows are its frames

        return pd.concat(tables, ignore_index=True)
    if package == "polars":
        for table in tables[1:]:
            first = first.vstack(table)
        return first
    return np.concatenate(tables)


def pick_by_column(X: Any, picks: Iterable[Indices]) -> Any:
    """Return a table of the kind of X whose columns take their values from rows of their own.

    `picks` are for each column the numbers of the rows.
    """
    if sparse.issparse(X):
        columns = sparse.csc_matrix(X)
        made = [columns[:, [j]][pick] for j, pick in enumerate(picks)]
        return type(X)(sparse.hstack(made, format=X.format))
    if package_of(X) == "polars":
        return type(X)({name: X[name][pick] for name, pick in zip(X.columns, picks, strict=True)})
    if hasattr(X, "iloc"):
        picked = {j: X.iloc[:, j].array.take(pick) for j, pick in enumerate(picks)}
        return type(X)(picked).set_axis(X.columns, axis=1)
    return np.column_stack([X[pick, j] for j, pick in enumerate(picks)]).astype(X.dtype, copy=False)
