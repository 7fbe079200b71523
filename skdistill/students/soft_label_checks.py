"""What students that learn soft labels accept as y: one check for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_array

from .._utils.validation import SUM_TOLERANCE

Array = NDArray[np.float64]


def check_soft_labels(
    y: ArrayLike, *, signed: bool, sums_to_one: bool = True
) -> tuple[Array, NDArray[Any], bool]:
    """Return soft labels, the classes that their columns stand for, and whether y was soft.

    Class labels, also in a single column, become one-hot. `signed` lets negative entries pass,
    which a loss correction can produce; what float32 rounds away from row sums of 1 is put right,
    unless not `sums_to_one`: then rows stay as they are. Never returns the array handed over.

    >>> check_soft_labels([[0.2, 0.8], [1.1, -0.1]], signed=True)
    (array([[ 0.2,  0.8], [ 1.1, -0.1]]), array([0, 1]), True)
    >>> check_soft_labels(["no", "yes", "no"], signed=True)[0]
    array([[1., 0.], [0., 1.], [1., 0.]])
    """
    values = np.asarray(y)
    if values.ndim < 2 or values.shape[1:] == (1,):
        from ..outcomes import check_labels  # what ships learns no labels

        _refuse_probabilities(values)
        _, classes, codes = check_labels(y)
        return np.eye(len(classes))[codes], classes, False
    labels = check_array(y, dtype=np.float64, input_name="y", copy=True)
    if not signed and labels.min() < 0:
        raise ValueError(
            f"y must not be negative here, found {labels.min():.3g}: this student takes "
            "probabilities only; clip them at 0 and let each row sum to 1 again."
        )
    if sums_to_one:
        labels /= _row_sums(labels)
    elif not (labels.sum(axis=1) > 0).all():
        raise ValueError(
            "y must have a positive probability in every row, and rows of a positive sum."
        )
    return labels, np.arange(labels.shape[1]), True


def _refuse_probabilities(values: NDArray[Any]) -> None:
    """Refuse probabilities of one class, which are no class labels."""
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        return
    if ((values > 0) & (values < 1)).any():
        raise ValueError(
            "Unknown label type: continuous. If y holds probabilities of the second of two "
            "classes, pass one column per class: np.column_stack([1 - y, y])."
        )


def _row_sums(labels: Array) -> Array:
    sums = labels.sum(axis=1, keepdims=True)
    off = np.abs(sums - 1.0)
    if off.max() > SUM_TOLERANCE:
        row = int(off.argmax())
        raise ValueError(
            f"The rows of y, one column per class, must sum to 1; row {row} sums to "
            f"{sums[row, 0]:.3g}. Divide each row by its sum; if a sum says how much its row "
            "counts, pass it as sample_weight."
        )
    return np.asarray(sums)
