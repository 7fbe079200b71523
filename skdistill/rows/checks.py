"""What `fit` refuses: tables, weights and groups that are none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import indexable, validate_data

from .._utils.compat import n_rows
from .names import column_names
from .tables import as_rows, check_shape, shown

Array = NDArray[np.float64]


class Table(ClassifierMixin, BaseEstimator):
    """Stands in where no estimator wants to know the columns."""


def check_table(estimator: Any, X: Any, y: Any, names: tuple[str, str] = ("X", "y")) -> Any:
    """Make X indexable, leave frames, arrays and sparse matrices otherwise alone.

    Sets `n_features_in_` and `feature_names_in_` of `estimator`, where one is given. `names` are
    what the user calls the two.
    """
    X = as_rows(X, names[0])
    check_shape(X, names[0])
    if n_rows(X) != (n_labels := _count(y, names[1])):
        raise ValueError(
            f"{names[0]} and {names[1]} have inconsistent numbers of samples: {n_rows(X)} rows and "
            f"{n_labels} labels."
        )
    estimator = Table() if estimator is None else estimator
    validate_data(estimator, X, y, skip_check_array=True)
    columns = column_names(X)
    if columns is not None:
        # scikit-learn 1.6 does not see the names of polars 2.
        estimator.feature_names_in_ = columns
    X, _ = indexable(X, y)
    return X


def _count(y: Any, name: str) -> int:
    """Return how many labels there are; what is no list of labels is refused."""
    if y is None:
        raise ValueError(
            f"This requires y to be passed, but the target {name} is None: only what learns from a "
            "frozen teacher alone, or from given answers (teacher_proba, teacher_prediction), "
            "needs no labels."
        )
    if not hasattr(y, "shape"):
        y = np.asarray(y, dtype=object)
    if not len(y.shape):
        raise ValueError(f"{name} must hold a label for each row, found {shown(y)}.")
    return int(y.shape[0])


def check_weights(sample_weight: ArrayLike | None, n_samples: int) -> Array | None:
    """Return usable sample weights, or None."""
    if sample_weight is None:
        return None
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must hold numbers: {error}") from error
    if weights.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have one weight per row, shape ({n_samples},), found shape "
            f"{weights.shape}."
        )
    assert_all_finite(weights, input_name="sample_weight")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to sample_weight: weights must be >= 0.")
    if not weights.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number: sample_weight is all zero."
        )
    return np.asarray(weights)


def check_groups(groups: Any, n_samples: int, name: str = "groups") -> Any:
    """Return groups, one for each row and a column of them as a list, or None."""
    shape = (n_samples,) if groups is None else np.shape(groups)
    if shape not in ((n_samples,), (n_samples, 1)):
        raise ValueError(
            f"{name} must have one entry per row, shape ({n_samples},), found shape {shape}."
        )
    return groups if len(shape) == 1 else np.asarray(groups).ravel()


def mean_weight(weights: Array | None) -> float:
    """Return what a row weighs in the mean, of those that are there; 1 without weights."""
    there = np.ones(1) if weights is None else weights[weights > 0]
    return float(there.mean()) if len(there) else 1.0
