"""What a fitted student computes, in a few kinds of plain numbers: what writers of code read.

The way of a row is a street of its own:

    values of columns → features → outputs of the learners → answers

A column is a number, or the code of a category. Each feature comes from one column, by steps. A
learner is trees or layers. What follows turns outputs into probabilities, or into a number: its
`kind` says which. A `Program` walks that street in NumPy; C and SQL are written from the same
objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from .kinds import Kind

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

#: The code of a category that was not there in fit.
UNKNOWN = -1.0


class _Part:
    """A step or an end: equal to another of its kind that holds the same.

    As in tuples, what is the same object is equal, so that `numpy.nan` is; no other NaN is held.
    A dataclass alone would ask whether NaN is equal to NaN.
    """

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def _held(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__match_args__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._held() == other._held()

    def __hash__(self) -> int:
        return hash((type(self), self._held()))


# ---- columns and features --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Fill(_Part):
    """Put a value in the place of another one, which NaN stands for where none is told."""

    value: Any
    place: Any = np.nan

    def __call__(self, x: Array) -> Array:
        """Fill values."""
        return np.where(np.isnan(x) if self.place != self.place else x == self.place, self.value, x)


@dataclass(frozen=True, slots=True, eq=False)
class Minus(_Part):
    """Subtract a number."""

    value: float

    def __call__(self, x: Array) -> Array:
        """Subtract."""
        return x - self.value


@dataclass(frozen=True, slots=True, eq=False)
class Over(_Part):
    """Divide by a number."""

    value: float

    def __call__(self, x: Array) -> Array:
        """Divide."""
        return x / self.value


@dataclass(frozen=True, slots=True, eq=False)
class Times(_Part):
    """Multiply by a number."""

    value: float

    def __call__(self, x: Array) -> Array:
        """Multiply."""
        return x * self.value


@dataclass(frozen=True, slots=True, eq=False)
class Plus(_Part):
    """Add a number."""

    value: float

    def __call__(self, x: Array) -> Array:
        """Add."""
        return x + self.value


@dataclass(frozen=True, slots=True, eq=False)
class Clip(_Part):
    """Keep within bounds."""

    low: float
    high: float

    def __call__(self, x: Array) -> Array:
        """Clip."""
        return np.clip(x, self.low, self.high)


@dataclass(frozen=True, slots=True, eq=False)
class Bin(_Part):
    """Count the edges that are not above a value."""

    edges: tuple[float, ...]

    def __call__(self, x: Array) -> Array:
        """Find bins."""
        found = np.searchsorted(self.edges, x, side="right").astype(np.float64)
        return np.where(np.isnan(x), np.nan, found)


@dataclass(frozen=True, slots=True, eq=False)
class Lookup(_Part):
    """Answer by what a value is equal to; None refuses all other values, or missing ones."""

    keys: tuple[Any, ...]
    values: tuple[float, ...]
    otherwise: float | None
    missing: float | None

    def __call__(self, x: Array) -> Array:
        """Look values up."""
        other = np.nan if self.otherwise is None else self.otherwise
        missing = np.nan if self.missing is None else self.missing
        answer = np.where(np.isnan(x), missing, other)
        for key, value in zip(self.keys, self.values, strict=True):
            answer[x == key] = value
        return answer


Step = Fill | Minus | Over | Times | Plus | Clip | Bin | Lookup
Way = tuple[int, tuple[Step, ...]]


@dataclass(frozen=True)
class Column:
    """A column of the rows: its name, and its categories in the order of their codes."""

    name: str
    categories: tuple[Any, ...] | None = None
    takes_missing: bool = True
    takes_unknown: bool = True

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.categories is None


@dataclass(frozen=True)
class Feature:
    """What a learner reads: a column after some steps.

    One of these may refuse what is missing, though no number says so: `refuses_missing`.
    """

    column: int
    steps: tuple[Step, ...] = ()
    refuses_missing: bool = False

    @property
    def way(self) -> Way:
        """Its column and steps."""
        return self.column, self.steps

    def then(self, *steps: Step) -> Feature:
        """Return the feature after further steps."""
        return replace(self, steps=self.steps + steps)

    def __call__(self, values: Array) -> Array:
        """Return the feature of values of its column."""
        for step in self.steps:
            values = step(values)
        return values


# ---- learners --------------------------------------------------------------------------------


class Tree(NamedTuple):
    """A tree as arrays over its nodes, the root first; `left` is -1 at a leaf.

    A row goes left where its feature is at most the threshold; where `group` is not negative, where
    its feature, cut to a whole number as LightGBM does, is one of that group. A missing value goes
    left where `missing_left`.
    """

    feature: Indices
    threshold: Array
    left: Indices
    right: Indices
    missing_left: NDArray[np.bool_]
    group: Indices
    groups: list[tuple[int, ...]]
    value: Array  # (n_nodes, n_outputs)
    output: int | None = None  # the only output that it adds to
    weight: Array | None = None  # how much of what it learned from came to each node

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes are leaves."""
        return self.left < 0

    def goes_left(self, nodes: Indices, values: Array) -> NDArray[np.bool_]:
        """Whether values, one for each of some nodes, go left there."""
        goes_left = values <= self.threshold[nodes]
        for k in np.flatnonzero(self.group[nodes] >= 0):
            goes_left[k] = np.trunc(values[k]) in self.groups[self.group[nodes[k]]]
        return np.where(np.isnan(values), self.missing_left[nodes], goes_left)

    def leaves_of(self, features: Array) -> Indices:
        """Return the leaf of each row of features."""
        rows = np.arange(len(features))
        node = np.zeros(len(features), dtype=np.intp)
        inner = rows[~self.is_leaf[node]]
        while len(inner):
            at = node[inner]
            goes_left = self.goes_left(at, features[inner, self.feature[at]])
            node[inner] = np.where(goes_left, self.left[at], self.right[at])
            inner = inner[~self.is_leaf[node[inner]]]
        return node


@dataclass(frozen=True)
class Trees:
    """The sum of trees: (start + Σ tree) / divisor.

    `reads_float32` are those that round a feature to 32 bits before they compare.
    """

    trees: list[Tree]
    start: Array
    divisor: float = 1.0
    reads_float32: bool = True
    takes_missing: bool = True
    takes_infinity: bool = False

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.start)

    def rounded(self, features: Array) -> Array:
        """Return features as these trees compare them."""
        return features.astype(np.float32).astype(np.float64) if self.reads_float32 else features

    def __call__(self, features: Array) -> Array:
        """Return outputs of shape (n_samples, n_outputs)."""
        features = self.rounded(features)
        total = np.tile(self.start, (len(features), 1))
        for tree in self.trees:
            answer = tree.value[tree.leaves_of(features)]
            if tree.output is None:
                total += answer
            else:
                total[:, tree.output] += answer[:, 0]
        return total / self.divisor if self.divisor != 1 else total


class Layer(NamedTuple):
    """activation(x W + b), with W of shape (n_inputs, n_outputs)."""

    weights: Array
    bias: Array
    activation: str = "identity"


ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "logistic": expit,
    "exp": np.exp,
    "softmax": lambda x: softmax(x, axis=1),
}


@dataclass(frozen=True)
class Layers:
    """A linear model, or a network of several layers."""

    layers: list[Layer]
    takes_missing: bool = False
    takes_infinity: bool = False
    reads_float32: bool = False

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.layers[-1].bias)

    def __call__(self, features: Array) -> Array:
        """Return outputs of shape (n_samples, n_outputs)."""
        for weights, bias, activation in self.layers:
            features = ACTIVATIONS[activation](features @ weights + bias)
        return features


# ---- what turns outputs into answers ---------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Exp(_Part):
    """The exponential of each output."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return np.exp(x)


@dataclass(frozen=True, slots=True, eq=False)
class Logistic(_Part):
    """The logistic function of each output."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return np.asarray(expit(x))


@dataclass(frozen=True, slots=True, eq=False)
class Sigmoid(_Part):
    """Probabilities of two classes from the log-odds of the second."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return TwoColumns()(expit(x))


@dataclass(frozen=True, slots=True, eq=False)
class Softmax(_Part):
    """Probabilities of classes from their logarithms up to a constant."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return np.asarray(softmax(x, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Clipped(_Part):
    """Each output within [0, 1]."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return np.clip(x, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class TwoColumns(_Part):
    """Probabilities of two classes from that of the second."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        return np.column_stack([1.0 - x[:, 0], x[:, 0]])


@dataclass(frozen=True, slots=True, eq=False)
class Normalised(_Part):
    """Outputs over their sum, all alike where that is none."""

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        total = x.sum(axis=1, keepdims=True)
        return np.where(total > 0, x, 1.0) / np.where(total > 0, total, x.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class Spread(_Part):
    """Outputs in their columns of all classes; the others have 0."""

    columns: tuple[int, ...]
    n_classes: int

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        wide = np.zeros((len(x), self.n_classes))
        wide[:, list(self.columns)] = x
        return wide


@dataclass(frozen=True, slots=True, eq=False)
class Sharpened(_Part):
    """Probabilities to a power, normalised: what undoes a temperature."""

    power: float

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        with np.errstate(divide="ignore"):
            return np.exp(log_softmax(self.power * np.log(x), axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated(_Part):
    """softmax(slope · log(floor + (1 − K floor) p) + shift)."""

    slope: float
    shift: tuple[float, ...]
    floor: float

    def __call__(self, x: Array) -> Array:
        """Transform outputs."""
        logs = np.log(self.floor + (1 - x.shape[1] * self.floor) * x)
        return np.asarray(softmax(self.slope * logs + np.array(self.shift), axis=1))


End = (
    Exp
    | Logistic
    | Sigmoid
    | Softmax
    | Clipped
    | TwoColumns
    | Normalised
    | Spread
    | Sharpened
    | Calibrated
)


@dataclass(frozen=True)
class Program:
    """A student: columns, the features made of them, learners side by side, and what follows."""

    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    learners: tuple[Trees | Layers, ...]
    ends: tuple[End, ...]
    kind: Kind

    @property
    def reads_float32(self) -> bool:
        """Whether its learners round what they read to 32 bits."""
        return any(learner.reads_float32 for learner in self.learners)

    def compute_features(self, values: Array) -> Array:
        """Return features of values of columns, of shape (n_samples, n_features)."""
        if not self.features:
            return np.empty((len(values), 0))
        return np.column_stack([f(values[:, f.column]) for f in self.features])

    def __call__(self, values: Array) -> Array:
        """Return what is answered about values of columns, a row each."""
        features = self.compute_features(values)
        answer = np.concatenate([learner(features) for learner in self.learners], axis=1)
        for end in self.ends:
            answer = end(answer)
        return answer


def tree_of(
    feature: Sequence[int] | Indices,
    threshold: Any,
    left: Any,
    right: Any,
    value: Array,
    *,
    missing_left: Any = False,
    group: Any = -1,
    groups: list[tuple[int, ...]] | None = None,
    output: int | None = None,
    weight: Array | None = None,
) -> Tree:
    """Return a tree; what is one for all nodes may be told as a number."""
    n_nodes = len(feature)

    def each(given: Any, kind: type) -> Any:
        return np.array(np.broadcast_to(given, n_nodes), dtype=kind)

    return Tree(
        each(feature, np.intp),
        each(threshold, np.float64),
        each(left, np.intp),
        each(right, np.intp),
        each(missing_left, np.bool_),
        each(group, np.intp),
        groups or [],
        np.asarray(value, dtype=np.float64).reshape(n_nodes, -1),
        output,
        weight,
    )
