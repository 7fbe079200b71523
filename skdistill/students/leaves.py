"""What a tree answers, leaf by leaf: for many rows the way back is walked once for each leaf."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


def answers_by_leaf(student: Any, X: Any) -> tuple[Array, Indices] | None:
    """Return what each node of a regression tree answers, and the node in which each row ends.

    None where that is not known to be what `predict` says, or no cheaper: for other students, rows
    that are no array of floats, fewer rows than nodes, and any that `predict` might refuse.
    """
    # A subclass may answer in a way of its own.
    if type(student) not in (DecisionTreeRegressor, ExtraTreeRegressor):
        return None
    tree = getattr(student, "tree_", None)
    if tree is None or hasattr(student, "feature_names_in_") or not _are_floats(X):
        return None
    if len(X) < tree.node_count:
        return None
    with np.errstate(all="ignore"):
        rows = X.astype(np.float32, copy=False)
        flat = rows.ravel(order="K")
        # Finite only if all rows are, also as the tree reads them; it need not look again.
        if not np.isfinite(flat @ flat):
            return None
    values = tree.value[:, :, 0]
    return values[:, 0] if values.shape[1] == 1 else values, student.apply(rows, check_input=False)


def _are_floats(X: Any) -> bool:
    is_table = type(X) is np.ndarray and X.ndim == 2
    return is_table and X.dtype in (np.dtype(np.float32), np.dtype(np.float64))
