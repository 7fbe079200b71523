"""What kind of learner a student ends in, as far as that decides how it is taught."""

from __future__ import annotations

from typing import Any

from sklearn.tree import BaseDecisionTree

from .._utils.estimators import last_step
from .._utils.trees import FORESTS
from .soft_labels import SoftLabelClassifier


def learner_of(student: Any) -> Any:
    """Return what learns at the end of a student."""
    last = last_step(student)
    return learner_of(last.estimator) if isinstance(last, SoftLabelClassifier) else last


def is_one_tree(student: Any) -> bool:
    """Whether a student ends in a single tree."""
    return isinstance(learner_of(student), BaseDecisionTree)


def can_shrink(student: Any) -> bool:
    """Whether a student ends in a tree or forest whose nodes may answer anything."""
    learner = learner_of(student)
    is_tree = isinstance(learner, (BaseDecisionTree, *FORESTS))
    return is_tree and getattr(learner, "monotonic_cst", None) is None


def gains_from_made_rows(student: Any) -> bool:
    """Whether a student ends in a tree, a forest or a network of scikit-learn's.

    They gain from rows that are made of those there are, and others from a blend; neither gains
    from the other's. Measured on tables apart (benchmarks/results/auto_candidates.md).
    """
    return can_shrink(student) or is_network(student)


def is_network(student: Any) -> bool:
    """Whether a student ends in a network of scikit-learn's, on whatever scale of the numbers."""
    from sklearn.compose import TransformedTargetRegressor  # both take time
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    learner = learner_of(student)
    if isinstance(learner, TransformedTargetRegressor):
        return is_network(learner.regressor)
    return isinstance(learner, (MLPClassifier, MLPRegressor))
