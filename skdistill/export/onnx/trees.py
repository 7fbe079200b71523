"""How trees are written: all nodes of an ensemble as one node of the graph.

ONNX Runtime compares in float64 here, and adds leaves up in float64, as Python does: thresholds
rounded to float32 would send rows beside them to the other side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..program import Tree, Trees, tree_of
from ..thresholds import exact_threshold
from .graph import Graph

# A split by order, which adds 0: where all nodes ask for equality, as those of categories do,
# ONNX Runtime 1.21 and 1.22 send rows anywhere.
_NOTHING = tree_of([0, 0, 0], 0.0, [1, -1, -1], [2, -1, -1], np.zeros(3))


def write_trees(graph: Graph, learner: Trees, x: str, *, to_digits: bool = False) -> str:
    """Write the sum of trees of features x.

    ONNX Runtime rounds the sum to float32 in the end. `to_digits` leaves the mean of each tree out
    of it, and adds these afterwards.
    """
    if not to_digits:
        return _sum(graph, learner, x)
    rest, common = _centred(learner)
    return graph.node("Add", _sum(graph, rest, x), graph.constant(common))


def _centred(learner: Trees) -> tuple[Trees, NDArray[np.float64]]:
    """Return trees that answer 0 in the mean of their rows, and what their sum lacks."""
    trees, common = [], learner.start.copy()
    for tree in learner.trees:
        weight = None if tree.weight is None else tree.weight[tree.is_leaf]
        mean = np.average(tree.value[tree.is_leaf], axis=0, weights=weight)
        common[slice(None) if tree.output is None else [tree.output]] += mean
        trees.append(tree._replace(value=tree.value - mean))
    rest = replace(learner, trees=trees, start=np.zeros(learner.n_outputs))
    return rest, common / learner.divisor


def _sum(graph: Graph, learner: Trees, x: str) -> str:
    from onnx.numpy_helper import from_array

    trees = [*learner.trees, *[_NOTHING] * any((t.group >= 0).any() for t in learner.trees)]
    grouped = np.unique([j for t in trees for j in t.feature[(t.group >= 0) & ~t.is_leaf]])
    x = _with_whole(graph, x, grouped)
    parts = [_attributes(k, tree, learner, grouped) for k, tree in enumerate(trees)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    tensors = {
        "nodes_values_as_tensor": from_array(joined.pop("nodes_values")),
        "target_weights_as_tensor": from_array(joined.pop("target_weights") / learner.divisor),
    }
    if learner.start.any():
        tensors["base_values_as_tensor"] = from_array(learner.start / learner.divisor)
    lists = {name: values.tolist() for name, values in joined.items()}
    n_targets = learner.n_outputs
    total = graph.node("TreeEnsembleRegressor", x, n_targets=n_targets, **lists, **tensors)
    return graph.cast(total, "DOUBLE")


def _with_whole(graph: Graph, x: str, grouped: NDArray[Any]) -> str:
    """Put some features, cut to whole numbers, before all of them."""
    if not len(grouped):
        return x
    some = graph.node("Gather", x, graph.constant(grouped.astype(np.int64)), axis=1)
    is_below = graph.node("Less", some, graph.constant([0.0]))
    whole = graph.node("Where", is_below, graph.node("Ceil", some), graph.node("Floor", some))
    return graph.beside([whole, x])


def _attributes(
    k: int, tree: Tree, learner: Trees, grouped: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Return nodes and leaves of a tree in ONNX's words."""
    origin, value, right = _without_groups(tree, learner)
    leaf, n_values = tree.is_leaf[origin], tree.value.shape[1]
    leaves = np.flatnonzero(leaf)
    in_group, feature = tree.group[origin] >= 0, tree.feature[origin]
    column = np.where(in_group, np.searchsorted(grouped, feature), feature + len(grouped))
    return {
        "nodes_treeids": np.full(len(origin), k),
        "nodes_nodeids": np.arange(len(origin)),
        "nodes_featureids": np.where(leaf, 0, column),
        "nodes_modes": np.where(leaf, "LEAF", np.where(in_group, "BRANCH_EQ", "BRANCH_LEQ")),
        "nodes_values": np.where(leaf, 0.0, value),
        "nodes_truenodeids": np.where(leaf, 0, tree.left[origin]),
        "nodes_falsenodeids": np.where(leaf, 0, right),
        "nodes_missing_value_tracks_true": (tree.missing_left[origin] & ~leaf).astype(int),
        "target_treeids": np.full(len(leaves) * n_values, k),
        "target_nodeids": np.repeat(leaves, n_values),
        "target_ids": np.tile(np.arange(n_values) + (tree.output or 0), len(leaves)),
        "target_weights": tree.value[leaves].ravel(),
    }


def _without_groups(tree: Tree, learner: Trees) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return nodes with one member of a group each: a row that is not that one goes to the next.

    That is, of which node each is made, the value that it compares with, and where others go.
    """
    value = exact_threshold(tree.threshold) if learner.reads_float32 else tree.threshold.copy()
    n, right = len(value), tree.right.copy()
    origin, values, rights = [np.arange(n)], [value], [right]
    for node in np.flatnonzero((tree.group >= 0) & ~tree.is_leaf):
        # An empty group is left by all, as nothing is equal to NaN.
        first, *others = tree.groups[tree.group[node]] or (np.nan,)
        following = n + np.arange(len(others))
        origin.append(np.full(len(others), node))
        values.append(np.array(others, dtype=np.float64))
        rights.append(np.append(following[1:], right[node])[: len(others)])
        value[node], right[node] = first, following[0] if others else right[node]
        n += len(others)
    return np.concatenate(origin), np.concatenate(values), np.concatenate(rights)
