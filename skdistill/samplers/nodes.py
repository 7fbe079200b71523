"""Rows made inside the nodes of trees: no distance, no noise, no value that was not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.tree import BaseDecisionTree
from sklearn.utils.validation import check_is_fitted

from .._utils.estimators import last_step, read_by_last
from .._utils.numeric import NumericEncoder
from .._utils.trees import FORESTS, as_trees_read, nodes_of
from ..outcomes import Classes, Numbers, check_labels
from ..rows import pick_by_column
from .base import BaseSampler

Indices = NDArray[np.intp]

#: How many rows a node must hold for values to change places in it, and how often a row takes one.
LEAST, SHARE = 20, 0.5
_TREES = 3
#: So that sums of float32 stay finite.
_LARGEST = 1e30


@dataclass(frozen=True)
class Trees:
    """Fitted trees, and how rows of the user's become those that they read."""

    estimators: list[Any]
    prepare: Callable[[Any], Any]

    def nodes(self, read: Any, place: int) -> Indices:
        """Return for each row, as it is read, the smallest node with enough of the rows.

        One tree is asked after the other, by its place, and then the first again.
        """
        estimator = self.estimators[place % len(self.estimators)]
        return smallest_nodes(estimator.tree_, estimator.apply(read, check_input=False))

    def read(self, X: Any) -> Any:
        """Return rows as the trees read them."""
        return as_trees_read(self.prepare(X))


def own_trees(fitted: Any) -> Trees | None:
    """Return the trees of a fitted tree or forest, also at the end of a Pipeline; None without."""
    fitted = _thawed(fitted)
    last = _thawed(last_step(fitted))

    def prepare(X: Any) -> Any:
        return read_by_last(fitted, X)[1]

    if isinstance(last, FORESTS):
        return Trees(list(last.estimators_), prepare)
    return Trees([last], prepare) if isinstance(last, BaseDecisionTree) else None


def _thawed(estimator: Any) -> Any:
    return estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator


class _TreeEncoder(NumericEncoder):
    """Numbers that trees of scikit-learn's can split: none beyond float32."""

    def transform(self, X: Any) -> Any:
        numeric = super().transform(X)
        return numeric if hasattr(numeric, "tocsr") else np.clip(numeric, -_LARGEST, _LARGEST)


def grow_trees(
    X: Any,
    target: NDArray[Any],
    sample_weight: Any = None,
    seed: Any = None,
    outcome: type[Classes] | type[Numbers] = Classes,
) -> Trees:
    """Fit a small forest to labels, for teachers that have no trees of their own."""
    encoder = _TreeEncoder().fit(X)
    forest = outcome.forest(_TREES, min_samples_leaf=LEAST, random_state=seed)
    forest.fit(encoder.transform(X), target, sample_weight=sample_weight)
    return Trees(list(forest.estimators_), encoder.transform)


def _are_numbers(y: Any) -> bool:
    """Whether labels are finite numbers with fractions, and so no classes."""
    values = np.asarray(y)
    is_flat = values.ndim == 1 and values.dtype.kind == "f"
    return is_flat and bool(np.isfinite(values).all() and (values != np.rint(values)).any())


def smallest_nodes(tree: Any, leaf: Indices, least: int = LEAST) -> Indices:
    """Return for each row the smallest node on its path that holds at least so many rows."""
    nodes = nodes_of(tree)
    count = np.bincount(leaf, minlength=tree.node_count)
    nodes.add_up(count)
    found = leaf.astype(np.intp)
    while (small := (count[found] < least) & (found > 0)).any():
        found[small] = nodes.parent[found[small]]
    return found


def mix_within(
    X: Any, nodes: Indices, rng: np.random.Generator, share: float = SHARE, wanted: Any = None
) -> Any:
    """Return a copy of rows in which values have changed places with those of rows in their node.

    In each column by itself the values of a node are permuted, and a row takes its new one with
    probability `share`. `wanted` are the numbers of the rows that are returned.
    """
    wanted = np.arange(len(nodes)) if wanted is None else wanted
    return pick_by_column(X, picks_within(nodes, X.shape[1], rng, share, wanted))


def picks_within(
    nodes: Indices, n_columns: int, rng: np.random.Generator, share: float, wanted: Indices
) -> Iterator[Indices]:
    """Yield for each column of such a copy the rows whose values are taken."""
    groups = np.unique(nodes, return_inverse=True)[1]
    if groups.max() < 2**16:
        groups = groups.astype(np.uint16)  # which NumPy sorts in linear time
    here = np.argsort(groups, kind="stable")
    own = np.arange(len(nodes))
    for _ in range(n_columns):
        order = rng.permutation(len(nodes))
        picked = np.empty_like(own)
        picked[here] = order[np.argsort(groups[order], kind="stable")]
        yield np.where(rng.random(len(nodes)) < share, picked, own)[wanted]


class NodeSampler(BaseSampler):
    """Synthetic rows made inside the nodes of trees.

    For each tree in turn a copy of the rows is made: in each column by itself, the values of rows
    that share a node (the smallest with at least `min_rows` of them) are permuted, and a row takes
    its new value with probability `share`. There is no distance, no noise and no value that was
    not there: codes, integers, text and missing values stay what they are, and so do the types of
    a frame.

    Parameters
    ----------
    forest : estimator or None, default=None
        A fitted tree or forest of scikit-learn's, also at the end of a Pipeline. A clone keeps it
        as it is. None grows three trees with at least 20 rows a leaf, for which `fit` needs
        labels. Trees know the labels that they were grown on: in a search leave it None, so
        that none knows those of validation rows.
    min_rows : int, default=20
        Least number of rows in a node.
    share : float, default=0.5
        Probability that a row takes a new value, in each column.
    random_state : int, RandomState instance or None, default=None
        Seeds trees and permutations.

    Attributes
    ----------
    parents_ : ndarray of int of shape (n_samples,)
        The row of `fit` that each row of the last `sample` was made of.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X had names that are all strings.

    See Also
    --------
    MungeSampler : Values of a row's nearest other one, by distance.
    LossCorrectedDistiller : Its `transfer="nodes"` uses the teacher's own trees.

    Notes
    -----
    O(n log n) for each column and copy; beside the rows that it returns it keeps the rows of `fit`
    and a few numbers for each of them and each tree.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skdistill import NodeSampler
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> sampler = NodeSampler(random_state=0).fit(X, y)
    >>> rows = sampler.sample(1000)
    >>> rows.shape, set(rows["petal width (cm)"]) <= set(X["petal width (cm)"])
    ((1000, 4), True)
    """

    def __init__(
        self,
        forest: Any = None,
        *,
        min_rows: int = LEAST,
        share: float = SHARE,
        random_state: Any = None,
    ) -> None:
        self.forest = forest
        self.min_rows = min_rows
        self.share = share
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the nodes that rows fall in.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,), default=None
            Labels to grow trees on, where `forest` is None: classes, or numbers with fractions.

        Returns
        -------
        NodeSampler
            The fitted sampler itself.

        Raises
        ------
        ValueError
            If there is neither a forest nor labels, what is given has no trees, or it was fitted
            on other columns.
        """
        return self._fit_to(X, y)

    def _fit_to(self, X: Any, y: Any, outcome: type[Classes] | type[Numbers] | None = None) -> Self:
        """Find nodes, of labels of which it may be known what they are."""
        X = self._take_in(X, y)
        trees = self._trees(X, y, outcome)
        read = trees.read(X)
        if read.shape[1] != (known := trees.estimators[0].n_features_in_):
            raise ValueError(
                f"X must have {known} columns, as forest knows, found {read.shape[1]}."
            )
        leaves = [tree.apply(read, check_input=False) for tree in trees.estimators]
        pairs = zip(trees.estimators, leaves, strict=True)
        nodes = [smallest_nodes(tree.tree_, leaf, self.min_rows) for tree, leaf in pairs]
        return self._keep(X, _nodes=nodes)

    def __sklearn_clone__(self) -> Self:
        """Keep the forest, which would lose its trees."""
        return type(self)(**self.get_params(deep=False))

    def _trees(self, X: Any, y: Any, outcome: type[Classes] | type[Numbers] | None) -> Trees:
        if self.forest is None:
            if y is None:
                raise ValueError("NodeSampler needs a fitted forest, or y in fit to grow trees on.")
            seed = int(self._rng.integers(2**31))
            outcome = outcome or (Numbers if _are_numbers(y) else Classes)
            target = check_labels(y)[2] if outcome is Classes else np.asarray(y, dtype=np.float64)
            return grow_trees(X, target, seed=seed, outcome=outcome)
        if not isinstance(_thawed(last_step(_thawed(self.forest))), (*FORESTS, BaseDecisionTree)):
            raise ValueError(
                "forest must be a fitted tree or forest of scikit-learn's, found "
                f"{self.forest!r}: leave it out, and hand y over in fit."
            )
        check_is_fitted(self.forest)
        trees = own_trees(self.forest)
        assert trees is not None
        return trees

    def _copy(self, place: int, wanted: Indices) -> Any:
        nodes = self._nodes[place % len(self._nodes)]
        return mix_within(self._X, nodes, self._rng, self.share, wanted)
