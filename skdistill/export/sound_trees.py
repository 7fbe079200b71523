"""Whether the trees of a file are trees: scikit-learn follows their nodes without a look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._utils.compat import Tree


def check_trees(root: Any) -> None:
    """Refuse an object that holds a tree whose nodes lead out of it, or out of the rows."""
    for owner, width in _estimators(root):
        tree = vars(owner).get("tree_")
        if not isinstance(tree, Tree):
            continue
        reads = vars(owner).get("n_features_in_")
        if not _leads_nowhere_else(tree) or tree.n_features != reads:
            raise ValueError("a node of a tree leads out of it.")
        if width is not None and reads > width:
            raise ValueError("a tree reads columns that rows do not have.")


def _estimators(root: Any) -> Iterator[tuple[Any, int | None]]:
    """Yield all that an object is made of and that has attributes.

    Beside it comes the width of the rows that it gets: ensembles hand theirs on unchecked.
    """
    stack: list[tuple[Any, int | None]] = [(root, None)]
    seen: set[tuple[int, int | None]] = set()
    while stack:
        thing, width = stack.pop()
        if (id(thing), width) in seen:
            continue
        seen.add((id(thing), width))
        if isinstance(thing, list | tuple | set):
            stack += [(part, width) for part in thing]
        elif isinstance(thing, dict):
            stack += [(part, None) for part in thing.values()]
        elif isinstance(thing, np.ndarray) and thing.dtype == object:
            stack += [(part, width) for part in thing.ravel()]
        elif hasattr(thing, "__dict__"):
            yield thing, width
            own = vars(thing).get("n_features_in_")
            stack += [
                (part, own if name == "estimators_" else None) for name, part in vars(thing).items()
            ]


def _leads_nowhere_else(tree: Tree) -> bool:
    """Whether each node is a leaf, or splits by a column that there is into later nodes."""
    if not 0 < tree.node_count <= tree.capacity:
        return False
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = np.flatnonzero(left != -1)
    left, right, feature = left[inner], right[inner], feature[inner]
    in_tree = (np.minimum(left, right) > inner) & (np.maximum(left, right) < tree.node_count)
    return bool((in_tree & (feature >= 0) & (feature < tree.n_features)).all())
