"""A student on its way: the user's estimator, how it learns, and what by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from .._utils.compat import index_params
from .._utils.estimators import is_frozen, last_step
from .._utils.probabilities import PROBA_FLOOR
from .._utils.validation import refuse_pairwise
from ..rows import Rows
from ..targets import LOSSES, Loss, make_loss
from .adapters import Adapter, choose_adapter
from .distilled import DistilledClassifier

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Student:
    """An estimator that is cloned and never modified, its adapter, its loss, and fit parameters."""

    estimator: Any
    adapter: Adapter
    loss: Loss
    params: dict[str, Any] = field(default_factory=dict)

    def learn(self, rows: Rows, target: Array, **shipped: Any) -> DistilledClassifier:
        """Fit a clone to a target of the rows, and return it as a classifier on its own.

        `shipped` is what the classifier knows beside the student.
        """
        fitted = self.adapter.fit(self.estimator, rows.X, target, rows.classes, self.params)
        return DistilledClassifier(
            fitted,
            rows.classes,
            self.loss,
            self.adapter,
            n_features=rows.n_features,
            feature_names=rows.feature_names,
            dtypes=rows.dtypes,
            **shipped,
        )

    def take(self, rows: Rows, part: NDArray[np.intp]) -> Student:
        """Return the student with the parameters of some of the rows."""
        return replace(self, params=index_params(rows.X, self.params, part))

    def with_params(self, params: dict[str, Any]) -> Student:
        """Return the student with other parameters of the estimator.

        As in a search: a value may be an estimator, which nothing may fit in place.
        """
        values = {name: clone(value, safe=False) for name, value in params.items()}
        return replace(self, estimator=clone(self.estimator).set_params(**values))


def prepare_student(
    student: Any,
    n_classes: int,
    *,
    loss: Any = "auto",
    temperature: Any = 1.0,
    proba_floor: Any = PROBA_FLOOR,
) -> Student:
    """Return a student that can learn, or say why it cannot."""
    _check_estimator(student)
    adapter = choose_adapter(student, n_classes)
    name = _choose_loss(loss, adapter, student)
    # Made without the user's numbers first, which are checked once the pair is known to fit.
    adapter.check(student, LOSSES[name](n_classes))
    made = make_loss(name, n_classes, temperature=temperature, proba_floor=proba_floor)
    return Student(student, adapter, made)


def _check_estimator(student: Any) -> None:
    """Refuse what cannot be fitted to rows."""
    if isinstance(student, type) or not hasattr(student, "fit"):
        raise ValueError(f"student must be an estimator instance, found {student!r}.")
    if is_frozen(student):
        raise ValueError("student must not be frozen: a FrozenEstimator cannot learn.")
    refuse_pairwise(student, "student")


def _choose_loss(loss: Any, adapter: Adapter, student: Any) -> str:
    """Return the loss's name for a student, or say why the two do not go together."""
    if not isinstance(loss, str) or loss not in ("auto", *LOSSES):
        raise ValueError(f"loss must be 'auto' or one of {list(LOSSES)}, found {loss!r}.")
    suited = [word for word, kind in LOSSES.items() if kind.learns_labels == adapter.learns_labels]
    if loss == "auto":
        return suited[0]
    if loss in suited:
        return loss
    name, others = type(last_step(student)).__name__, " or ".join(map(repr, suited))
    if adapter.learns_labels:
        raise ValueError(
            f"loss={loss!r} needs a regressor as student, {name} learns labels: use a regressor, "
            f"or loss={others}."
        )
    raise ValueError(
        f"loss={loss!r} needs a classifier as student, {name} is a regressor: use a "
        f"classifier, or loss={others}."
    )
