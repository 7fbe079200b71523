"""What all outcomes share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils.validation import column_or_1d

from .._utils.warn import warn

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


class Boosting(NamedTuple):
    """How LightGBM learns what is to be added to scores: its labels, start and parameters.

    Its answers count in `unit`.
    """

    labels: NDArray[Any]
    start: Array | None
    params: dict[str, Any]
    unit: float = 1.0


class View(NamedTuple):
    """An outcome of one column, and what teachers say about it."""

    y: NDArray[Any]
    answer: Array


def flat(y: ArrayLike, name: str) -> NDArray[Any]:
    """Return labels as a flat array, of a column with a warning; `name` is what they are."""
    if np.asarray(y).shape[1:] == (1,):
        warn(
            "A column-vector y was passed when a 1d array was expected: y is taken as flat "
            f"{name}.",
            DataConversionWarning,
        )
    dtype = getattr(y, "dtype", None)
    if hasattr(dtype, "numpy_dtype") and not y.isna().any():  # type: ignore[union-attr]
        # pandas' own types of numbers and truth values would become floats.
        y = y.to_numpy(dtype.numpy_dtype)  # type: ignore[union-attr]
    return np.asarray(column_or_1d(y))
