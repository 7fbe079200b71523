"""Many small trees at once for one row, in NumPy: what is quick where there is no compiler.

QuickScorer (Lucchese et al. 2015, "QuickScorer: a fast algorithm to rank documents with additive
ensembles of regression trees", SIGIR): a tree of at most 64 leaves is a word of 64 bits, one for
each leaf that a row may still come to, from left to right. Where a row goes right, the leaves on
the left are ruled out. It goes right at those splits on a feature whose threshold is below its
value, so what they leave together is known beforehand for each interval between thresholds. Of
what all features leave, the first leaf is the one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from .program import Tree

Array = NDArray[np.float64]
Words = NDArray[np.uint64]

MOST_LEAVES = 64
#: Fewer trees are walked down as quickly.
FEWEST_TREES = 20
MOST_BYTES = 2**28


def suits(trees: Sequence[Tree]) -> bool:
    """Whether trees are many, small, of one output each, and split by thresholds alone."""
    small = all(
        tree.is_leaf.sum() <= MOST_LEAVES and tree.value.shape[1] == 1 and (tree.group < 0).all()
        for tree in trees
    )
    n_splits = sum(int((~tree.is_leaf).sum()) for tree in trees)
    return small and len(trees) >= FEWEST_TREES and 8 * len(trees) * n_splits <= MOST_BYTES


class QuickScorer:
    """The sum of trees, to the bit as by adding one after the other to `start`."""

    def __init__(self, trees: Sequence[Tree], thresholds: Sequence[Array], start: Array) -> None:
        self._features, self._words = _intervals(_splits(trees, thresholds), len(trees))
        self._places = MOST_LEAVES * np.arange(len(trees))
        values = [tree.value[_leaves(tree, 0), 0] for tree in trees]
        self._values = np.concatenate([np.pad(v, (0, MOST_LEAVES - len(v))) for v in values])
        outputs = np.array([tree.output or 0 for tree in trees])
        self._outputs = [(start[k], np.flatnonzero(outputs == k)) for k in range(len(start))]

    def __call__(self, features: list[float]) -> list[float]:
        """Return outputs for the features of a row."""
        found = [first + bisect_left(edges, features[j]) for j, edges, first in self._features]
        left = np.bitwise_and.reduce(self._words.take(found, axis=0), axis=0)
        # The first bit alone is a power of two, whose logarithm is exact.
        leaf = np.log2(left & -left).astype(np.intp)
        values = self._values.take(self._places + leaf)
        # A sum of NumPy's would add in pairs.
        return [
            float(np.add.accumulate(np.append(start, values[trees]))[-1])
            for start, trees in self._outputs
        ]


def _leaves(tree: Tree, node: int) -> list[int]:
    """Return the leaves below a node, from left to right."""
    found, waiting = [], [node]
    while waiting:
        node = waiting.pop()
        if tree.left[node] < 0:
            found.append(node)
        else:
            waiting += [int(tree.right[node]), int(tree.left[node])]
    return found


def _splits(
    trees: Sequence[Tree], thresholds: Sequence[Array]
) -> Iterator[tuple[int, float, int, np.uint64]]:
    """Yield feature, threshold, tree, and the bits that are left where a row goes right."""
    for i, (tree, threshold) in enumerate(zip(trees, thresholds, strict=True)):
        place = {leaf: bit for bit, leaf in enumerate(_leaves(tree, 0))}
        for node in np.flatnonzero(~tree.is_leaf):
            ruled_out = sum(1 << place[leaf] for leaf in _leaves(tree, int(tree.left[node])))
            yield int(tree.feature[node]), float(threshold[node]), i, ~np.uint64(ruled_out)


def _intervals(
    splits: Iterator[tuple[int, float, int, np.uint64]], n_trees: int
) -> tuple[list[tuple[int, list[float], int]], Words]:
    """Return (feature, its thresholds, its first word), and the words of all intervals."""
    everything = np.full(n_trees, 2**64 - 1, dtype=np.uint64)
    left: dict[int, dict[float, Words]] = {}
    for feature, threshold, tree, bits in splits:
        words = left.setdefault(feature, {}).setdefault(threshold, everything.copy())
        words[tree] &= bits
    features: list[tuple[int, list[float], int]] = []
    intervals: list[Words] = []
    for feature in sorted(left):
        thresholds = sorted(left[feature])
        features.append((feature, thresholds, len(intervals)))
        # Below all thresholds nothing is ruled out.
        words_in_order = (everything, *(left[feature][t] for t in thresholds))
        intervals += accumulate(words_in_order, np.bitwise_and)
    return features, np.array(intervals or [everything])
