"""How a student learns targets: a regressor one output or many, a classifier by weighted copies."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from .objectives import as_probabilities, learns_one_probability
from .._utils.estimators import address_weights, last_step
from .._utils.validation import accepts_soft_labels, check_weights_taken
from .soft_labels import fit_soft_labels

Array = NDArray[np.float64]


def student_kind(student: Any) -> Literal["soft_labels", "classifier", "regressor"]:
    """Say how a student learns: soft labels as they are, weighted labels, or linked targets."""
    if accepts_soft_labels(student):
        return "soft_labels"
    return "classifier" if is_classifier(student) else "regressor"


def fit_student(
    student: Any, X: Any, target: Array, classes: NDArray[Any], params: dict[str, Any]
) -> Any:
    """Fit a clone of a student to targets.

    Parameters
    ----------
    student : regressor or classifier
        The student, or a Pipeline that ends in it.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Training rows.
    target : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What a loss made of the teacher's probabilities.
    classes : ndarray of shape (n_classes,)
        The label that each column stands for.
    params : dict
        Parameters of the student's `fit`.

    Returns
    -------
    estimator
        The fitted student.
    """
    student = clone(student)
    kind = student_kind(student)
    if kind == "classifier":
        return fit_soft_labels(student, X, target, classes, params)
    if learns_one_probability(student):
        target = target[:, 1]
    target = as_probabilities(student, target)
    if target.ndim == 2 and kind == "regressor":
        student = many_outputs(student)
    elif target.ndim == 1 and not get_tags(last_step(student)).target_tags.single_output:
        # MultiOutputRegressor and its like know columns only.
        target = target[:, None]
    return student.fit(X, target, **address_weights(student, params))


def many_outputs(student: Any) -> Any:
    """Let a regressor of one output learn several, by one regressor each.

    In a Pipeline only the last step is repeated, so that what goes before is fitted once.
    """
    if get_tags(last_step(student)).target_tags.multi_output:
        return student
    if not isinstance(student, Pipeline):
        return MultiOutputRegressor(student)
    name, last = student.steps[-1]
    student.steps = [*student.steps[:-1], (name, many_outputs(last))]
    return student


def check_one_by_one(student: Any, n_classes: int) -> None:
    """Refuse a student of one output that cannot learn several classes."""
    last = last_step(student)
    if n_classes > 2 and learns_one_probability(student):
        raise ValueError(
            f"The student {type(last).__name__} with the objective 'CrossEntropy' learns two "
            f"classes, y holds {n_classes}: use 'MultiClass'."
        )
    if n_classes == 2 or student_kind(student) != "regressor" or hasattr(last, "predict"):
        return
    raise ValueError(
        f"The student {type(last).__name__} learns one class at a time, and must have predict "
        "before it is fitted: give it a final_estimator."
    )


def check_student_weights(student: Any, n_classes: int) -> None:
    """Refuse weights that a student would drop, or that one regressor per class could not take."""
    check_weights_taken(student, "student")
    if n_classes == 2 or student_kind(student) != "regressor":
        return
    last = last_step(student)
    one_by_one = not get_tags(last).target_tags.multi_output
    if one_by_one and not has_fit_parameter(last, "sample_weight"):
        raise ValueError(
            f"The student {type(last).__name__} learns one class at a time, and its fit does not "
            "name sample_weight: leave sample_weight out, or use another student."
        )
