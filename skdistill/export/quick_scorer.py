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
        slots = _slots(trees, len(start))
        values = np.zeros((slots.size, MOST_LEAVES))
        values[:: slots.shape[1], 0] = start
        places = [0] * len(trees)
        for place, i in enumerate(slots.ravel().tolist()):
            if i >= 0:
                places[i] = place
                leaves = _leaves(trees[i], 0)
                values[place, : len(leaves)] = trees[i].value[leaves, 0]
        splits = _splits(trees, thresholds, places)
        self._features, self._words = _intervals(splits, slots.size)
        self._values, self._shape = values.ravel(), slots.shape
        self._first = MOST_LEAVES * np.arange(slots.size)

    def __call__(self, features: list[float]) -> list[float]:
        """Return outputs for the features of a row."""
        found = [first + bisect_left(edges, features[j]) for j, edges, first in self._features]
        left = np.bitwise_and.reduce(self._words.take(found, axis=0), axis=0)
        # The first bit alone is a power of two, whose logarithm is exact.
        leaf = np.log2(left & -left).astype(np.intp)
        values = self._values.take(self._first + leaf).reshape(self._shape)
        # A sum of NumPy's would add in pairs.
        return np.add.accumulate(values, axis=1)[:, -1].tolist()


def _slots(trees: Sequence[Tree], n_outputs: int) -> NDArray[np.intp]:
    """Return trees in a line for each output, -1 for the start before them and for no tree."""
    of_output = [
        [i for i, tree in enumerate(trees) if (tree.output or 0) == output]
        for output in range(n_outputs)
    ]
    slots = np.full((n_outputs, 1 + max(map(len, of_output))), -1)
    for line, numbers in zip(slots, of_output, strict=True):
        line[1 : 1 + len(numbers)] = numbers
    return slots


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
    trees: Sequence[Tree], thresholds: Sequence[Array], places: Sequence[int]
) -> Iterator[tuple[int, float, int, np.uint64]]:
    """Yield feature, threshold, place of the tree, and the bits left where a row goes right."""
    for tree, threshold, place in zip(trees, thresholds, places, strict=True):
        bit = {leaf: 1 << i for i, leaf in enumerate(_leaves(tree, 0))}
        for node in np.flatnonzero(~tree.is_leaf):
            ruled_out = sum(bit[leaf] for leaf in _leaves(tree, int(tree.left[node])))
            yield int(tree.feature[node]), float(threshold[node]), place, ~np.uint64(ruled_out)


def _intervals(
    splits: Iterator[tuple[int, float, int, np.uint64]], n_places: int
) -> tuple[list[tuple[int, list[float], int]], Words]:
    """Return (feature, its thresholds, its first word), and the words of all intervals."""
    everything = np.full(n_places, 2**64 - 1, dtype=np.uint64)
    left: dict[int, dict[float, Words]] = {}
    for feature, threshold, place, bits in splits:
        words = left.setdefault(feature, {}).setdefault(threshold, everything.copy())
        words[place] &= bits
    features: list[tuple[int, list[float], int]] = []
    intervals: list[Words] = []
    for feature in sorted(left):
        thresholds = sorted(left[feature])
        features.append((feature, thresholds, len(intervals)))
        # Below all thresholds nothing is ruled out.
        words_in_order = (everything, *(left[feature][t] for t in thresholds))
        intervals += accumulate(words_in_order, np.bitwise_and)
    return features, np.array(intervals or [everything])
