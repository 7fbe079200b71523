"""Trees of any fitted ensemble as flat arrays, and as one node of an ONNX graph.

ONNX Runtime compares in float64 here, and adds leaves up in float64, as Python does: thresholds
rounded to float32 would send rows beside them to the other side.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._utils.compat import baseline_of, predictors_of

Array = NDArray[np.float64]


#: What stands for missing text in a file, as ONNX's text has no missing values.
MISSING_TEXT = ""


class CannotExportError(ValueError):
    """What cannot become a file that says the same."""


class Tree(NamedTuple):
    """A tree's nodes; a leaf has -1 as its left child. Rows go left where they are <= threshold."""

    feature: NDArray[np.intp]
    threshold: Array
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    missing_left: NDArray[np.bool_]
    value: Array  # (n_nodes, n), what leaves answer
    output: int = 0  # the first output that the values are for


class Ensemble(NamedTuple):
    """Trees whose sum, over the divisor, and a start are the outputs."""

    trees: list[Tree]
    start: Array  # (n_outputs,)
    divisor: float = 1.0
    reads_float32: bool = True


# ---- scikit-learn ----------------------------------------------------------------------------


def of_trees(learner: Any) -> Ensemble:
    """Read a tree, or a forest, which answers the mean of its trees."""
    members = getattr(learner, "estimators_", [learner])
    trees = [_tree(member.tree_) for member in members]
    return Ensemble(trees, np.zeros(trees[0].value.shape[1]), len(trees))


def _tree(tree: Any) -> Tree:
    value = tree.value.reshape(tree.node_count, -1)
    missing_left = tree.missing_go_to_left.astype(bool)
    return Tree(
        tree.feature, tree.threshold, tree.children_left, tree.children_right, missing_left, value
    )


def of_histograms(learner: Any) -> Ensemble:
    """Read histogram gradient boosting."""
    if np.any(learner.is_categorical_):
        raise CannotExportError(
            "Histogram gradient boosting with categorical features cannot be exported: encode "
            "them in a Pipeline before it."
        )
    rounds = predictors_of(learner)
    trees = [_histogram_tree(tree.nodes, k) for one in rounds for k, tree in enumerate(one)]
    return Ensemble(trees, np.ravel(baseline_of(learner)).astype(float), reads_float32=False)


def _histogram_tree(nodes: Any, output: int) -> Tree:
    is_leaf = nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, -1, nodes[side].astype(np.intp)) for side in ("left", "right"))
    missing_left = nodes["missing_go_to_left"].astype(bool)
    value = nodes["value"][:, None]
    return Tree(
        nodes["feature_idx"], nodes["num_threshold"], left, right, missing_left, value, output
    )


# ---- LightGBM --------------------------------------------------------------------------------

# What the text of a model says of a split, in bits.
_IS_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_ZERO_IS_MISSING, _NAN_IS_MISSING = 1, 2
# What is not larger than that, either way, is 0 to LightGBM.
_ZERO = float(np.float32(1e-35))


def of_lightgbm(booster: Any) -> tuple[Ensemble, str]:
    """Read a booster's raw scores, and the objective that its text names, "" for none.

    From LightGBM's text of the model, whose numbers are exact.
    """
    head, *blocks = booster.model_to_string().split("end of trees")[0].split("\nTree=")
    if "linear_tree=1" in head or any("is_linear=1" in block for block in blocks):
        raise CannotExportError("LightGBM's linear_tree cannot be exported.")
    n_outputs = int(_field(head, "num_tree_per_iteration"))
    trees = [_lightgbm_tree(block, k % n_outputs) for k, block in enumerate(blocks)]
    averages = re.search(r"^average_output$", head, re.MULTILINE) is not None
    divisor = len(trees) / n_outputs if averages else 1.0
    ensemble = Ensemble(trees, np.zeros(n_outputs), divisor, reads_float32=False)
    return ensemble, _field(head, "objective")


def _field(text: str, name: str) -> str:
    found = re.search(rf"^{name}=(.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def _lightgbm_tree(block: str, output: int) -> Tree:
    """Return a tree with its splits first and its leaves after them."""

    def numbers(name: str, kind: Any = np.intp) -> NDArray[Any]:
        return np.array(_field(block, name).split(), dtype=kind)

    leaves = numbers("leaf_value", np.float64)
    n_splits = len(leaves) - 1
    threshold = numbers("threshold", np.float64)[:n_splits]
    left, right, feature = (
        numbers(name)[:n_splits] for name in ("left_child", "right_child", "split_feature")
    )
    missing_left = _missing_goes_left(numbers("decision_type")[:n_splits], threshold)
    no_split = np.zeros(len(leaves), dtype=np.intp)
    return Tree(
        np.append(feature, no_split),
        np.append(_around_zero(threshold), no_split.astype(float)),
        # LightGBM counts leaves as -1, -2, ...
        np.append(np.where(left < 0, n_splits - 1 - left, left), no_split - 1),
        np.append(np.where(right < 0, n_splits - 1 - right, right), no_split - 1),
        np.append(missing_left, no_split.astype(bool)),
        np.append(np.zeros(n_splits), leaves)[:, None],
        output,
    )


def _around_zero(threshold: Array) -> Array:
    """Return thresholds that part a row's own values as others part what is rounded to 0."""
    beside = np.where(threshold >= 0, _ZERO, np.nextafter(-_ZERO, -1.0))
    return np.where(np.abs(threshold) <= _ZERO, beside, threshold)


def _missing_goes_left(decision: NDArray[np.intp], threshold: Array) -> NDArray[np.bool_]:
    if (decision & _IS_CATEGORICAL).any():
        raise CannotExportError(
            "LightGBM with categorical features cannot be exported: encode them in a Pipeline "
            "before it."
        )
    missing = decision >> 2 & 3
    if (missing == _ZERO_IS_MISSING).any():
        raise CannotExportError("LightGBM's zero_as_missing cannot be exported.")
    goes_left = (decision & _DEFAULT_LEFT) > 0
    # Where training knew nothing missing, it is read as 0.
    return np.where(missing == _NAN_IS_MISSING, goes_left, threshold >= 0)


# ---- one node --------------------------------------------------------------------------------


def tree_attributes(ensemble: Ensemble) -> dict[str, Any]:
    """Return the attributes of ONNX's TreeEnsembleRegressor, with float64 numbers."""
    from onnx.numpy_helper import from_array

    parts = [_attributes(k, tree) for k, tree in enumerate(ensemble.trees)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    values, weights = joined.pop("nodes_values"), joined.pop("target_weights")
    return {
        **{name: value.tolist() for name, value in joined.items()},
        "nodes_values_as_tensor": from_array(values, "nodes_values"),
        "target_weights_as_tensor": from_array(weights, "target_weights"),
        "n_targets": len(ensemble.start),
        "aggregate_function": "SUM",
        "post_transform": "NONE",
    }


def _attributes(k: int, tree: Tree) -> dict[str, NDArray[Any]]:
    is_leaf = tree.left < 0
    nodes, n_values = np.arange(len(is_leaf)), tree.value.shape[1]
    leaves = np.repeat(np.flatnonzero(is_leaf), n_values)
    targets = tree.output + np.tile(np.arange(n_values), is_leaf.sum())
    return {
        "nodes_treeids": np.full(len(nodes), k),
        "nodes_nodeids": nodes,
        "nodes_featureids": np.where(is_leaf, 0, tree.feature),
        "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ"),
        "nodes_values": np.where(is_leaf, 0.0, tree.threshold),
        "nodes_truenodeids": np.where(is_leaf, 0, tree.left),
        "nodes_falsenodeids": np.where(is_leaf, 0, tree.right),
        "nodes_missing_value_tracks_true": (tree.missing_left & ~is_leaf).astype(int),
        "target_treeids": np.full(len(leaves), k),
        "target_nodeids": leaves,
        "target_ids": targets,
        "target_weights": tree.value[is_leaf].ravel(),
    }
