"""Shrunken trees: what each node of a fitted tree answers, pulled towards its ancestors.

Hierarchical shrinkage (Agarwal et al., ICML 2022), with the rows of a node in the place of those of
its parent, and on a teacher's targets. With t̄ the mean target and n the (weighted) rows of a node

    v(root) = t̄(root),    v(c) = v(parent) + n_c / (n_c + λ) · (t̄_c − t̄_parent).

It rewrites what a fitted tree's nodes answer: the tree stays a plain one, and costs what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._utils.class_codes import labels_learned
from .._utils.estimators import is_classifier, read_by_last
from .._utils.trees import Nodes, as_trees_read, nodes_of
from .kinds import can_shrink, learner_of
from .soft_labels import SoftLabelClassifier

Array = NDArray[np.float64]

#: What a search tries.
SHRINKAGES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)
_BAG_SHRINKAGE = 3.0


def shrinkage_for_bags(student: Any) -> float:
    """Return what makes up for answers out of the bag, each given by trees of the row's own.

    A single tree learns that they differ from row to row, and more trees average it away. Measured
    on nine tables (benchmarks/results/out_of_bag.md).
    """
    if not can_shrink(student):
        return 0.0
    return _BAG_SHRINKAGE / getattr(learner_of(student), "n_estimators", 1)


def check_shrinkage(student: Any) -> None:
    """Refuse a student that cannot be shrunk."""
    if not can_shrink(student):
        learner = learner_of(student)
        bound = "" if getattr(learner, "monotonic_cst", None) is None else " with monotonic_cst"
        raise ValueError(
            f"shrinkage needs a tree or forest of scikit-learn's as student, "
            f"{type(learner).__name__}{bound} is none: use shrinkage=0."
        )


# ---- nodes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class GrownTree:
    """A fitted tree, the rows that each node has seen, and their mean target."""

    tree: Any
    nodes: Nodes
    rows: Array
    mean: Array

    @classmethod
    def of(cls, estimator: Any, X: Any, target: Array, weight: Array) -> Self:
        """Let rows pass through a tree once; `X` is of type float32."""
        tree, leaf = estimator.tree_, estimator.apply(X, check_input=False)
        nodes = nodes_of(tree)
        rows = np.asarray(np.bincount(leaf, weight, tree.node_count), dtype=np.float64)
        total = np.column_stack(
            [np.bincount(leaf, weight * column, tree.node_count) for column in target.T]
        )
        nodes.add_up(rows)
        nodes.add_up(total)
        seen = rows > 0
        mean = np.divide(total, rows[:, None], out=np.zeros_like(total), where=seen[:, None])
        return cls(tree, nodes, rows, mean)

    def shrink(self, strength: float) -> None:
        """Let the nodes answer what a strength λ makes of their means."""
        value = self.mean.copy()
        for level in self.nodes.levels:
            above = self.nodes.parent[level]
            seen = self.rows[level] > 0
            kept = np.divide(
                self.rows[level], self.rows[level] + strength, out=np.zeros(len(level)), where=seen
            )
            value[level] = value[above] + kept[:, None] * (self.mean[level] - self.mean[above])
        self.tree.value[:] = value.reshape(self.tree.value.shape)


def grown_trees(
    student: Any, X: Any, target: Array, classes: NDArray[Any], weight: Array
) -> list[GrownTree]:
    """Return the trees of a fitted student, with what rows and targets tell of their nodes.

    Of a forest each tree is told of all rows, and not only of those that it drew.
    """
    student, X = read_by_last(student, X)
    if isinstance(student, SoftLabelClassifier):
        return grown_trees(student.estimator_, X, target, student.classes_, weight)
    if is_classifier(student):
        target, weight = _class_shares(student, target, classes, weight)
    X = as_trees_read(X)
    target = target.reshape(len(target), -1)
    trees = getattr(student, "estimators_", [student])
    return [GrownTree.of(tree, X, target, weight) for tree in trees]


def _class_shares(
    learner: Any, target: Array, classes: NDArray[Any], weight: Array
) -> tuple[Array, Array]:
    """Return targets as a classifier has learned them from weighted copies of rows, and weights."""
    columns = np.searchsorted(labels_learned(learner, classes), learner.classes_)
    mass = np.maximum(target[:, columns], 0.0)
    of_class = learner.class_weight if isinstance(learner.class_weight, dict) else {}
    mass *= weight[:, None] * [of_class.get(label, 1.0) for label in learner.classes_.tolist()]
    total = mass.sum(axis=1)
    share = np.divide(mass, total[:, None], out=np.zeros_like(mass), where=total[:, None] > 0)
    return share, total
