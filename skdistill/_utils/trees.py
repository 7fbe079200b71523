"""The nodes of a fitted tree of scikit-learn's."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.utils import check_array

Indices = NDArray[np.intp]

FORESTS = (
    RandomForestRegressor,
    RandomForestClassifier,
    ExtraTreesRegressor,
    ExtraTreesClassifier,
)


class Nodes(NamedTuple):
    """A tree's nodes below the root: level by level, and the parent of every node."""

    levels: list[Indices]
    parent: Indices

    def add_up(self, values: NDArray[Any]) -> None:
        """Add to each node, in place, what its descendants hold."""
        for level in reversed(self.levels):
            np.add.at(values, self.parent[level], values[level])


def nodes_of(tree: Any) -> Nodes:
    """Return the nodes of what an estimator calls its `tree_`."""
    left, right = tree.children_left, tree.children_right
    parent = np.zeros(tree.node_count, dtype=np.intp)
    levels, inner = [], np.flatnonzero(left[:1] >= 0)
    while len(inner):
        below = np.concatenate([left[inner], right[inner]])
        parent[below] = np.tile(inner, 2)
        levels.append(below)
        inner = below[left[below] >= 0]
    return Nodes(levels, parent)


def as_trees_read(X: Any) -> Any:
    """Return rows as trees read them, once for all trees."""
    return check_array(X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False)
