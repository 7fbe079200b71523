"""A program for one row, in Python's own numbers: what is quick where there is no compiler."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .c.features import EDGE
from .program import (
    Calibrated,
    Clip,
    Clipped,
    End,
    Exp,
    Feature,
    Fill,
    Layers,
    Logistic,
    Lookup,
    Minus,
    Normalised,
    Over,
    Plus,
    Program,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    Step,
    Times,
    Tree,
    Trees,
    TwoColumns,
)
from .quick_scorer import QuickScorer, suits
from .thresholds import exact_threshold

Row = list[float]

# Beyond it an exponential is infinite, at which Python raises.
_MOST = math.log(sys.float_info.max)


class OneRow:
    """What a program says about one row of finite numbers."""

    def __init__(self, program: Program) -> None:
        self._features = [_feature(feature) for feature in program.features]
        is_plain = [f.column for f in program.features] == list(range(len(program.columns)))
        self._is_plain = is_plain and not any(f.steps for f in program.features)
        self._learners = [_learner(learner) for learner in program.learners]
        self._ends = [_end(end) for end in program.ends]

    def __call__(self, row: Row) -> Row | None:
        """Return what is said about a row, None for one that wants a closer look.

        That is one with missing, infinite or very large values, or one that a step refuses.
        """
        # NaN is not below anything.
        if not sum(map(abs, row)) < EDGE:
            return None
        features = row if self._is_plain else [f(row) for f in self._features]
        if not self._is_plain and not sum(map(abs, features)) < EDGE:
            return None
        answer: Row = []
        for learner in self._learners:
            answer += learner(features)
        for end in self._ends:
            answer = end(answer)
        return answer


def _feature(feature: Feature) -> Callable[[Row], float]:
    """Return a function of a row that computes a feature."""
    column, steps = feature.column, [_step(step) for step in feature.steps]

    def compute(row: Row) -> float:
        value = row[column]
        for step in steps:
            value = step(value)
        return value

    return compute


def _step(step: Step) -> Callable[[float], float]:
    match step:
        case Minus(number):
            return lambda x: x - number
        case Over(number):
            return lambda x: x / number
        case Times(number):
            return lambda x: x * number
        case Plus(number):
            return lambda x: x + number
        case Clip(low, high):
            return lambda x: min(max(x, low), high)
        case Fill(number, place):
            return lambda x: number if x == place else x  # nothing is missing here
        case Lookup(keys, values, otherwise, _):
            told = dict(zip(keys, values, strict=True))
            # NaN for what is refused: the sum of features then tells.
            other = math.nan if otherwise is None else otherwise
            return lambda x: told.get(x, other)
    return lambda x: float(step(np.array([x]))[0])


# ---- learners --------------------------------------------------------------------------------


def _learner(learner: Trees | Layers) -> Callable[[Row], Row]:
    if isinstance(learner, Layers):
        return lambda features: learner(np.array([features]))[0].tolist()
    add_up, divisor = _sum_of(learner), learner.divisor
    return add_up if divisor == 1 else lambda row: [value / divisor for value in add_up(row)]


def _sum_of(learner: Trees) -> Callable[[Row], Row]:
    """Return a function of features that adds up what the trees say."""
    exact = exact_threshold if learner.reads_float32 else np.asarray
    thresholds = [exact(tree.threshold) for tree in learner.trees]
    if suits(learner.trees):
        return QuickScorer(learner.trees, thresholds, learner.start)
    start = learner.start.tolist()
    finders = [
        (tree.output, _find_by_threshold if (tree.group < 0).all() else _find, _nested(tree, edges))
        for tree, edges in zip(learner.trees, thresholds, strict=True)
    ]

    def add_up(features: Row) -> Row:
        total = start[:]
        for output, find, nodes in finders:
            leaf = find(nodes, features)
            if output is None:
                total = [a + b for a, b in zip(total, leaf, strict=True)]
            else:
                total[output] += leaf[0]
        return total

    return add_up


def _find_by_threshold(node: Any, features: Row) -> Row:
    """Return the values of the leaf to which a row comes."""
    while len(node) == 4:
        feature, threshold, left, right = node
        node = left if features[feature] <= threshold else right
    return node[0]


def _find(node: Any, features: Row) -> Row:
    """Do the same where some nodes split by groups of whole numbers."""
    while len(node) == 4:
        feature, split, left, right = node
        value = features[feature]
        goes_left = int(value) in split if split.__class__ is frozenset else value <= split
        node = left if goes_left else right
    return node[0]


def _nested(tree: Tree, threshold: NDArray[np.float64]) -> Any:
    """Return the root: (feature, split, left, right) of nodes, of a leaf its values alone."""
    made: dict[int, Any] = {}
    # Nodes come after those above them.
    for node in reversed(_top_down(tree)):
        if tree.left[node] < 0:
            made[node] = (tree.value[node].tolist(),)
            continue
        group = tree.group[node]
        split = float(threshold[node]) if group < 0 else frozenset(tree.groups[group])
        left, right = made.pop(tree.left[node]), made.pop(tree.right[node])
        made[node] = (int(tree.feature[node]), split, left, right)
    return made[0]


def _top_down(tree: Tree) -> list[int]:
    order = [0]
    for node in order:
        if tree.left[node] >= 0:
            order += [int(tree.left[node]), int(tree.right[node])]
    return order


# ---- the way back ----------------------------------------------------------------------------


def _end(end: End) -> Callable[[Row], Row]:
    match end:
        case Exp():
            return lambda v: [_exp(x) for x in v]
        case Logistic():
            return lambda v: [_sigmoid(x) for x in v]
        case Clipped():
            return lambda v: [min(max(x, 0.0), 1.0) for x in v]
        case Sigmoid():
            return lambda v: _two(_sigmoid(v[0]))
        case TwoColumns():
            return lambda v: _two(v[0])
        case Softmax():
            return _softmax
        case Normalised():
            return _normalised
        case Spread(columns, n_classes):
            return lambda v: _spread(v, columns, n_classes)
        case Sharpened(power):
            return lambda v: _softmax([power * (math.log(x) if x > 0 else -math.inf) for x in v])
        case Calibrated(slope, shift, floor):
            return lambda v: _softmax(
                [
                    slope * math.log(floor + (1 - len(v) * floor) * x) + s
                    for x, s in zip(v, shift, strict=True)
                ]
            )
    raise TypeError(f"Nobody knows how to compute {end!r}.")


def _exp(x: float) -> float:
    return math.exp(x) if x < _MOST else math.inf


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > 0 else math.exp(x) / (1.0 + math.exp(x))


def _two(positive: float) -> Row:
    return [1.0 - positive, positive]


def _softmax(v: Row) -> Row:
    most = max(v)
    powers = [math.exp(x - most) for x in v]
    total = sum(powers)
    return [x / total for x in powers]


def _normalised(v: Row) -> Row:
    total = sum(v)
    return [x / total for x in v] if total > 0 else [1.0 / len(v)] * len(v)


def _spread(v: Row, columns: Sequence[int], n_classes: int) -> Row:
    wide = [0.0] * n_classes
    for column, value in zip(columns, v, strict=True):
        wide[column] = value
    return wide
