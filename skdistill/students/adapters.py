"""Adapters: each knows one way in which a student learns targets, and answers them.

An adapter says which students it `suits`, checks them, fits them and asks them. The first of
`ADAPTERS` that suits a student is taken; a new way of learning is a class there.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from .._utils.class_codes import class_weights_by_code, labels_learned
from .._utils.compat import index_rows, routing_enabled
from .._utils.estimators import (
    address_weights,
    is_classifier,
    is_regressor,
    last_step,
    predicts_proba,
    weight_keyword,
)
from .._utils.means import takes_only
from .._utils.validation import check_weights_taken, class_columns
from ..targets import Loss
from .copies import check_copies, fit_soft_labels
from .leaves import answers_by_leaf
from .objectives import (
    as_probabilities,
    check_objective,
    check_objective_of_numbers,
    check_range,
    learns_one_probability,
    takes_probabilities,
)

Array = NDArray[np.float64]
Classes = NDArray[Any]
Params = dict[str, Any]


class Adapter:
    """How a student learns; it holds nothing, so that what ships stays small."""

    #: Whether the student is a classifier, which learns labels, or a regressor.
    learns_labels: ClassVar[bool] = True

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether this is how a student learns so many classes."""
        raise NotImplementedError

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse a student that cannot learn so, or not the targets of a loss."""

    def check_soft(self, student: Any) -> None:
        """Refuse a student that learns labels, and would be misled by soft ones."""

    def check_weights(self, student: Any) -> None:
        """Refuse a student that would drop the rows' weights."""
        check_weights_taken(student, "student")

    def learns_beyond(self, student: Any) -> bool:
        """Whether the student learns targets that lie beyond labels as they are, such as −.1.

        A regressor does, unless its objective is one of probabilities.
        """
        return not self.learns_labels and not takes_probabilities(student)

    def as_fitted(self, student: Any) -> Any:
        """Return what is fitted in the place of a student."""
        return student

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Fit a clone of the student to targets, columns in the order of `classes`."""
        raise NotImplementedError

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return what the fitted student says, in the shape of its targets."""
        raise NotImplementedError

    def answers_by_leaf(self, fitted: Any, X: Any) -> tuple[Array, NDArray[np.intp]] | None:
        """Return what each leaf of the student says, and the leaf of each row, if that is cheap."""
        return None


class SoftLabels(Adapter):
    """A classifier that takes soft labels of shape (n_samples, n_classes) as y."""

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether the student, or what a Pipeline ends in, has `accepts_soft_labels`."""
        return bool(getattr(last_step(student), "accepts_soft_labels", False))

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse an adapted classifier that takes no weights."""
        _check_probabilities(student)
        adapted = getattr(last_step(student), "estimator", None)
        if adapted is not None:
            _check_label_weights(student, adapted)

    def check_soft(self, student: Any) -> None:
        """Refuse an adapted classifier that copies of rows would mislead."""
        adapted = getattr(last_step(student), "estimator", None)
        if adapted is not None:
            check_copies(adapted)

    def learns_beyond(self, student: Any) -> bool:
        """Whether it adapts no classifier, whose copies of rows cannot have negative weights."""
        return getattr(last_step(student), "estimator", None) is None

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Hand the soft labels over as they are."""
        return _fit_clone(student, X, target, params)

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return probabilities; the columns are those that it was fitted on."""
        return np.asarray(fitted.predict_proba(X))


class OneProbability(Adapter):
    """CatBoost's classifier with its cross-entropy: y is the probability of the second class."""

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether the student's own objective is that."""
        return learns_one_probability(student)

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse more than two classes."""
        _check_probabilities(student)
        if loss.n_classes > 2:
            raise ValueError(
                f"The student {type(last_step(student)).__name__} with the objective "
                f"'CrossEntropy' learns two classes, y holds {loss.n_classes}: use 'MultiClass'."
            )

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Hand over the second column."""
        return _fit_clone(student, X, as_probabilities(student, target[:, 1]), params)

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return the probabilities of both classes."""
        return np.asarray(fitted.predict_proba(X))


class WeightedCopies(Adapter):
    """Any other classifier: each row once per class, weighted by the class's probability."""

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether the student is a classifier."""
        return is_classifier(student)

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse a classifier that takes no weights."""
        _check_probabilities(student)
        _check_label_weights(student, last_step(student))

    def check_soft(self, student: Any) -> None:
        """Refuse a classifier that copies of rows would mislead."""
        check_copies(student)

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Fit to weighted copies of the rows, labelled 0 … K − 1 if the student wants that."""
        try:
            return fit_soft_labels(clone(student), X, target, classes, params)
        except ValueError:
            coded = _fit_to_codes(clone(student), X, target, classes, params)
            if coded is None:
                raise
            return coded

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return probabilities; a class that it was never shown has none."""
        return class_columns(labels_learned(fitted, classes), fitted, fitted.predict_proba(X))


def _fit_to_codes(student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
    """Fit to labels 0 … K − 1, all of them shown; None if that is not what was wrong."""
    codes = np.arange(len(classes))
    weights = class_weights_by_code(student, classes, classes)
    if weights is None or (np.array_equal(classes, codes) and (target > 0).any(axis=0).all()):
        return None
    try:
        student.set_params(**weights)
        return fit_soft_labels(student, X, target, codes, params, show_all=True)
    except Exception:  # the first one is told
        return None


def _check_probabilities(student: Any) -> None:
    if not predicts_proba(student):
        raise ValueError(
            f"A classifier as student must have predict_proba; {type(last_step(student)).__name__} "
            "has none: use one that has it, or a regressor."
        )


def _check_label_weights(student: Any, learner: Any) -> None:
    """Refuse a classifier that soft labels cannot reach as weights; `learner` takes them."""
    if weight_keyword(learner) is None:
        raise ValueError(
            f"The student {type(last_step(student)).__name__} takes no sample_weight in fit, so "
            "it cannot learn class probabilities: use a classifier that does, or a regressor."
        )
    if not routing_enabled():
        return
    routing = get_routing_for_object(learner)
    if isinstance(routing, MetadataRouter) and not routing.consumes("fit", ["sample_weight"]):
        raise ValueError(
            f"The student {type(learner).__name__} learns class probabilities by weights, and "
            "with metadata routing what it wraps must ask for them: "
            "set_fit_request(sample_weight=True)."
        )


class OneOutput(Adapter):
    """A regressor of two classes: one number a row."""

    learns_labels = False

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether the student is a regressor, and there are two classes."""
        return is_regressor(student) and n_classes == 2

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse an objective that cannot learn the targets."""
        check_objective(student, targets_are_logarithms=loss.targets_are_logarithms)

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Hand over a flat target, or a column where the student knows columns only."""
        return self._fit(student, X, as_probabilities(student, target), params)

    def _fit(self, student: Any, X: Any, target: Array, params: Params) -> Any:
        if not get_tags(last_step(student)).target_tags.single_output:
            # MultiOutputRegressor and its like.
            return _fit_clone(student, X, target[:, None], params)
        fitted = _fit_clone(student, X, target, params)
        if np.ndim(fitted.predict(index_rows(X, np.arange(1)))) < 2:
            return fitted
        # A network that answers a column has compared each row of it with all flat targets.
        return _fit_clone(student, X, target[:, None], params)

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return one number a row."""
        return np.asarray(fitted.predict(X)).ravel()

    def answers_by_leaf(self, fitted: Any, X: Any) -> tuple[Array, NDArray[np.intp]] | None:
        """Return what the leaves of a tree say, one number each."""
        return answers_by_leaf(fitted, X)


def _fit_clone(student: Any, X: Any, target: Array, params: Params) -> Any:
    student = clone(student)
    return student.fit(X, target, **address_weights(student, params))


class OneNumber(OneOutput):
    """A regressor whose outcome is a number, and no probability."""

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse an objective that answers probabilities alone."""
        check_objective_of_numbers(student)

    def learns_beyond(self, student: Any) -> bool:
        """Whether the deviance knows all numbers."""
        return takes_only(student) is None

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Hand over a flat target that the student's deviance knows."""
        check_range(student, target)
        return self._fit(student, X, target, params)

    def answer(self, fitted: Any, X: Any, classes: Classes | None = None) -> Array:
        """Return one number a row."""
        return np.asarray(fitted.predict(X), dtype=np.float64).ravel()


class SeveralOutputs(Adapter):
    """A regressor of more classes: one output each, by its own support or one regressor each."""

    learns_labels = False

    @staticmethod
    def suits(student: Any, n_classes: int) -> bool:
        """Whether the student is a regressor, and there are more than two classes."""
        return is_regressor(student) and n_classes > 2

    def check(self, student: Any, loss: Loss) -> None:
        """Refuse an objective that cannot learn the targets, or what cannot be repeated."""
        check_objective(student, targets_are_logarithms=loss.targets_are_logarithms)
        if not hasattr(last_step(student), "predict"):
            raise ValueError(
                f"The student {type(last_step(student)).__name__} learns one class at a time, "
                "and must have predict before it is fitted: give it a final_estimator."
            )

    def check_weights(self, student: Any) -> None:
        """Refuse weights that one regressor per class could not take."""
        super().check_weights(student)
        last = last_step(student)
        one_by_one = not _learns_several(last)
        if one_by_one and not has_fit_parameter(last, "sample_weight"):
            raise ValueError(
                f"The student {type(last).__name__} learns one class at a time, and its fit does "
                "not name sample_weight: leave sample_weight out, or use another student."
            )

    def as_fitted(self, student: Any) -> Any:
        """Return a clone that learns several outputs."""
        return many_outputs(clone(student))

    def fit(self, student: Any, X: Any, target: Array, classes: Classes, params: Params) -> Any:
        """Hand over all columns."""
        target = as_probabilities(student, target)
        student = self.as_fitted(student)
        return student.fit(X, target, **address_weights(student, params))

    def answer(self, fitted: Any, X: Any, classes: Classes) -> Array:
        """Return one number for each class."""
        return np.asarray(fitted.predict(X))

    def answers_by_leaf(self, fitted: Any, X: Any) -> tuple[Array, NDArray[np.intp]] | None:
        """Return what the leaves of a tree say, one number for each class."""
        return answers_by_leaf(fitted, X)


def _learns_several(regressor: Any) -> bool:
    """Whether one regressor learns several outputs by itself."""
    from sklearn.neural_network import MLPRegressor  # takes time, and predictions do without

    # Its tags say that it cannot. One network is also a third as large as three.
    return isinstance(regressor, MLPRegressor) or get_tags(regressor).target_tags.multi_output


def many_outputs(student: Any) -> Any:
    """Let a regressor of one output learn several, by one regressor each.

    In a Pipeline only the last step is repeated, so that what goes before is fitted once.
    """
    if _learns_several(last_step(student)):
        return student
    if not isinstance(student, Pipeline):
        return MultiOutputRegressor(student)
    name, last = student.steps[-1]
    student.steps = [*student.steps[:-1], (name, many_outputs(last))]
    return student


ADAPTERS: list[type[Adapter]] = [
    SoftLabels,
    OneProbability,
    WeightedCopies,
    OneOutput,
    SeveralOutputs,
]


def choose_adapter(student: Any, n_classes: int) -> Adapter:
    """Return how a student learns, or say that nobody knows."""
    for kind in ADAPTERS:
        if kind.suits(student, n_classes):
            return kind()
    raise ValueError(
        f"student must be a regressor or a classifier; {type(last_step(student)).__name__} is "
        "neither."
    )


@cache
def adapter_called(name: str) -> Adapter:
    """Return how a student answers, by the name of the class."""
    for kind in ADAPTERS:
        if kind.__name__ == name:
            return kind()
    raise ValueError(
        f"adapter must be one of {[kind.__name__ for kind in ADAPTERS]}, found {name!r}."
    )
