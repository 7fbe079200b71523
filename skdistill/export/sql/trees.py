"""How a tree is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..program import Tree
from .dialects import Dialect


class TreeWriter:
    """Writes a tree as a CASE, as few as can be within one another.

    Each CASE follows the branch that would be the deeper one, and a WHEN says who leaves it. So
    what stands within one another grows with the logarithm of the number of leaves, however deep
    the tree.
    """

    def __init__(
        self,
        dialect: Dialect,
        features: Mapping[int, str],
        may_miss: Callable[[int], bool],
        tree: Tree,
        leaves: Sequence[str],
    ) -> None:
        self.dialect, self.features, self.may_miss = dialect, features, may_miss
        self.tree, self.leaves = tree, leaves
        self.nesting = _nesting(tree)

    def write(self) -> str:
        """Return the CASE."""
        self._check_nesting()
        return self._case(0, "    ")

    def _check_nesting(self) -> None:
        deepest, limit = int(self.nesting[0]), self.dialect.max_nesting
        if limit is not None and deepest > limit:
            raise ValueError(
                f"A tree of {int(self.tree.is_leaf.sum())} leaves cannot be written for "
                f"dialect={self.dialect.name!r}: {deepest} CASEs would stand within one another, "
                f"and {limit} may, since {self.dialect.nesting_limit}. Take fewer leaves."
            )

    def _case(self, node: int, indent: str) -> str:
        tree = self.tree
        if tree.left[node] < 0:
            return self.leaves[node]
        lines = ["CASE"]
        while tree.left[node] >= 0:
            left, right = int(tree.left[node]), int(tree.right[node])
            goes_left = bool(self.nesting[left] <= self.nesting[right])
            aside, along = (left, right) if goes_left else (right, left)
            condition = self._condition(node, goes_left)
            lines.append(f"{indent}  WHEN {condition} THEN {self._case(aside, indent + '  ')}")
            node = along
        return "\n".join([*lines, f"{indent}  ELSE {self.leaves[node]}", f"{indent}END"])

    def _condition(self, node: int, left: bool) -> str:
        """Write which rows go left, or right; of NULL SQL says neither."""
        tree = self.tree
        feature, group = int(tree.feature[node]), int(tree.group[node])
        x = self.features[feature]
        if group >= 0:
            # SQL knows no empty lists, and no code is infinite.
            members = ", ".join(map(self.dialect.number, tree.groups[group] or (np.inf,)))
            condition = f"trunc({x}) {'' if left else 'NOT '}IN ({members})"
        else:
            sign = "<=" if left else ">"
            condition = f"{x} {sign} {self.dialect.number(tree.threshold[node])}"
        if self.may_miss(feature) and bool(tree.missing_left[node]) == left:
            return f"{condition} OR {x} IS NULL"
        return condition


def _nesting(tree: Tree) -> NDArray[np.intp]:
    """Return of each node how many CASEs stand within one another, 0 at leaves."""
    order = [0]
    for node in order:  # which grows
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    nesting = np.zeros(len(tree.left), dtype=np.intp)
    for node in reversed(order):
        if tree.left[node] >= 0:
            low, high = sorted((nesting[tree.left[node]], nesting[tree.right[node]]))
            nesting[node] = max(high, low + 1)
    return nesting
