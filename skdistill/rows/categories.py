"""Categories of columns: kept from fit, and given back to rows that come without them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from .._utils.compat import package_of


def category_dtypes(X: Any) -> dict[str, Any] | None:
    """Return the types of the columns of a pandas frame with categories, None of other rows."""
    if package_of(X) != "pandas" or not hasattr(X, "dtypes"):
        return None
    dtypes = dict(zip(X.columns, X.dtypes, strict=True))
    return dtypes if any(is_category(dtype) for dtype in dtypes.values()) else None


def is_category(dtype: Any) -> bool:
    """Whether a type of a column is one of categories."""
    return hasattr(dtype, "categories")


def plain_dtypes(dtypes: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return types of columns as words and lists, which any format of files can hold.

    One that would not come back the same, such as of categories that are intervals, stays.
    """
    if dtypes is None:
        return None
    plain = {name: _as_plain(dtype) for name, dtype in dtypes.items()}
    again = dtypes_of(plain) or {}
    return {name: plain[name] if again[name] == dtypes[name] else dtypes[name] for name in dtypes}


def _as_plain(dtype: Any) -> Any:
    if not is_category(dtype):
        return str(dtype)
    categories = dtype.categories
    return {
        "categories": categories.tolist(),
        "dtype": str(categories.dtype),
        "ordered": bool(dtype.ordered),
    }


def dtypes_of(plain: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the types that :func:`plain_dtypes` has put in words."""
    if plain is None:
        return None
    import pandas as pd  # the rows of fit were its frame

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            categories = pd.Index(value["categories"], dtype=value["dtype"])
            return pd.CategoricalDtype(categories, value["ordered"])
        return pd.api.types.pandas_dtype(value)

    return {name: read(value) for name, value in plain.items()}


def restore_categories(X: Any, dtypes: dict[str, Any] | None) -> Any:
    """Give rows the categories that columns had in fit, by their values.

    Members that read categories read codes, and an array, or a frame that knows the values as
    numbers or text, has none: its values would be taken for codes.
    """
    if dtypes is None:
        return X
    if package_of(X) == "polars":
        X = X.to_pandas()
    if not hasattr(X, "columns"):
        X = _as_frame(X, dtypes)
    wrong = {
        name: dtype
        for name, dtype in dtypes.items()
        if is_category(dtype) and name in X.columns and X[name].dtype != dtype
    }
    return X.assign(**{name: _as_category(X[name], dtype) for name, dtype in wrong.items()})


def _as_category(column: Any, dtype: Any) -> Any:
    """Return a column with the categories of fit; values that were not among them are missing."""
    values = column.astype(object)
    known = values.isin(list(dtype.categories))
    present = values[column.notna()]
    if not known.any() and len(present) and _is_text(present) != _is_text(dtype.categories):
        raise ValueError(
            f"X holds no known category in column {column.name!r}: it had "
            f"{dtype.categories.tolist()[:5]} in fit, found {present.iloc[0]!r}."
        )
    return values.where(known, None).astype(dtype)


def _is_text(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _as_frame(X: Any, dtypes: dict[str, Any]) -> Any:
    import pandas as pd  # the rows of fit were its frame

    array = X.toarray() if sparse.issparse(X) else np.asarray(X)
    if array.ndim != 2 or array.shape[1] != len(dtypes):
        raise ValueError(f"X must have {len(dtypes)} columns, as in fit, found {array.shape}.")
    frame = pd.DataFrame(array, columns=list(dtypes))
    return frame.astype({name: d for name, d in dtypes.items() if not is_category(d)})
