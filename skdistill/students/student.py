"""A student on its way: the user's estimator, how it learns, and what by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object

from .._utils.compat import index_params, index_rows, routing_enabled
from .._utils.estimators import is_frozen, last_step, weights_name, weights_of
from .._utils.means import answers_no_mean
from .._utils.parallel import kind_to_raise
from .._utils.probabilities import PROBA_FLOOR
from .._utils.rounding import on_grid, to_digits
from .._utils.validation import check_probabilities, refuse_pairwise, refuse_uncloned
from ..outcomes import Numbers
from ..rows import Rows, mean_weight, stack
from ..targets import LOSSES, ErrorOfNumbers, Loss, Targets, make_loss
from .adapters import Adapter, OneNumber, choose_adapter
from .copies import refuse_resampling
from .distilled import DistilledClassifier, Shipped
from .distilled_regressor import DistilledRegressor
from .kinds import can_shrink
from .shrinkage import SHRINKAGES, check_shrinkage, grown_trees, shrinkage_for_bags

Array = NDArray[np.float64]

_LOOKED_AT = 1_000


def _ship_classifier(fitted: Any, student: Student, rows: Rows, **shipped: Any) -> Shipped:
    """Return what ships of a student that was taught classes."""
    return DistilledClassifier(
        fitted,
        rows.classes,
        loss=student.loss.name,
        temperature=student.loss.temperature,
        adapter=type(student.adapter).__name__,
        n_features=rows.n_features,
        feature_names=rows.feature_names,
        dtypes=rows.dtypes,
        **shipped,
    )


def _ship_regressor(fitted: Any, student: Student, rows: Rows, **shipped: Any) -> Shipped:
    """Return what ships of a student that was taught numbers."""
    return DistilledRegressor(
        fitted,
        n_features=rows.n_features,
        feature_names=rows.feature_names,
        dtypes=rows.dtypes,
        **shipped,
    )


@dataclass(frozen=True)
class Student:
    """An estimator that is cloned and never modified, and how it learns.

    That is an adapter, a loss, parameters of `fit`, how strongly a tree is shrunk, in all ways
    that are tried, and the weight of a row without a label beside one that has one. One that learns
    from bags, and is told nothing else, is shrunk as that needs, if its nodes answer means. What
    nobody told is in units of what a row weighs, so that it does not matter whether weights sum
    to 1 or to a nation. `round` takes rounding errors from targets, and `ship` makes what leaves
    the distiller.
    """

    estimator: Any
    adapter: Adapter
    loss: Loss
    params: dict[str, Any] = field(default_factory=dict)
    shrinkages: tuple[float, ...] = (0.0,)
    transfer_weight: float = 1.0
    learns_from_bags: bool = False
    answers_means: bool = True
    unit: float = 1.0
    round: Callable[[Array], Array] = on_grid
    ship: Callable[..., Any] = _ship_classifier

    def learn(self, rows: Rows, target: Array | Targets, **shipped: Any) -> Any:
        """Fit a clone to targets of the rows, and return it on its own, as it is shipped.

        `shipped` is what that knows beside the student.
        """
        return next(self.learn_each(rows, target, **shipped))

    def learn_each(self, rows: Rows, target: Array | Targets, **shipped: Any) -> Iterator[Any]:
        """Fit once, and give what ships after it was shrunk in each of the ways.

        It is one object, shrunk anew in place: use it before asking for the next.
        """
        targets = target if isinstance(target, Targets) else Targets(target)
        X, target, params = self._with_further(rows, targets)
        # Equal targets grow equal trees, whichever way their last bits went.
        target = self.round(target)
        fitted = self.adapter.fit(self.estimator, X, target, rows.classes, params)
        learned = self.ship(fitted, self, rows, **shipped)
        self._look_at(fitted, rows)
        trees = None
        for strength in self.strengths:
            if strength and trees is None:
                weight = weights_of(self.estimator, params)
                weight = np.ones(len(target)) if weight is None else np.asarray(weight, float)
                trees = grown_trees(fitted, X, target, rows.classes, weight)
            for tree in trees or ():
                tree.shrink(strength)
            yield learned

    @property
    def learns_beyond(self) -> bool:
        """Whether targets may lie beyond the label."""
        return self.adapter.learns_beyond(self.estimator)

    @property
    def strengths(self) -> tuple[float, ...]:
        """How strongly it is shrunk: one way after the other."""
        # Here, where parameters that a curve varies are set.
        if self.learns_from_bags and self.answers_means:
            return (self.unit * shrinkage_for_bags(self.estimator),)
        is_told = len(self.shrinkages) == 1
        return self.shrinkages if is_told else tuple(self.unit * each for each in self.shrinkages)

    def _with_further(self, rows: Rows, targets: Targets) -> tuple[Any, Array, dict[str, Any]]:
        """Put further rows below those with labels, their targets and parameters too."""
        if not targets.further:
            return rows.X, targets.own, self.params
        X = stack([rows.X, *(X for X, _, _ in targets.further)])
        target = np.concatenate([targets.own, *(target for _, target, _ in targets.further)])
        params = self._further_params(
            rows, [(len(t), parents) for _, t, parents in targets.further]
        )
        return X, target, params

    def _further_params(
        self, rows: Rows, further: list[tuple[int, NDArray[np.intp] | None]]
    ) -> dict[str, Any]:
        """Return parameters for the rows and for further ones, which get those of their parents.

        Without a parent a row weighs as much as one with a label does in the mean.
        """
        params, name = dict(self.params), weights_name(self.estimator)
        weight = params.pop(name, None)
        orphans = [n for n, parents in further if parents is None]
        every = np.concatenate(
            [np.arange(rows.n_samples), *(np.zeros(n, int) if p is None else p for n, p in further)]
        )
        repeated = index_params(rows.X, params, every)
        of_rows = [key for key, value in params.items() if repeated[key] is not value]
        if orphans and of_rows:
            raise ValueError(
                f"X_transfer has no {of_rows}, which the student's fit takes for each row: leave "
                "one of the two out."
            )
        if weight is None and self.transfer_weight == 1:
            return dict(repeated)
        own = np.ones(rows.n_samples) if weight is None else np.asarray(weight, dtype=np.float64)
        parts = [np.full(n, mean_weight(own)) if p is None else own[p] for n, p in further]
        weights = np.concatenate([own, *(self.transfer_weight * part for part in parts)])
        return {**repeated, name: weights}

    def _look_at(self, fitted: Any, rows: Rows) -> None:
        """Refuse a student that answers no such things, by a look at rows it was fitted on.

        Once after the fit, so that no prediction has to.
        """
        part = np.linspace(0, rows.n_samples - 1, min(rows.n_samples, _LOOKED_AT)).astype(np.intp)
        X = index_rows(rows.X, part)
        answer = self.adapter.answer(fitted, X, rows.classes)
        name = f"What the student {type(last_step(self.estimator)).__name__} answers"
        if len(answer) != len(part):
            raise ValueError(f"{name} must have {len(part)} rows, as X has, found {len(answer)}.")
        if not np.isfinite(answer).all():
            raise ValueError(f"{name} must be finite, found NaN or infinity after its fit.")
        if self.adapter.learns_labels:
            check_probabilities(answer, name)

    def with_fit_params(self, params: dict[str, Any]) -> Student:
        """Return the student with what its `fit` takes beside rows and labels."""
        weight = weights_of(self.estimator, params)
        unit = mean_weight(None if weight is None else np.asarray(weight, dtype=np.float64))
        return replace(self, params=params, unit=unit)

    def check_transfer_weight(self) -> None:
        """Refuse a student that would never hear what further rows weigh."""
        self.adapter.check_weights(self.estimator)
        if not routing_enabled():
            return
        routing = get_routing_for_object(self.adapter.as_fitted(self.estimator))
        name = weights_name(self.estimator)
        if isinstance(routing, MetadataRouter) and not routing.consumes("fit", [name]):
            raise ValueError(
                f"transfer_weight={self.transfer_weight:g} needs a student that gets weights, and "
                f"with metadata routing {type(last_step(self.estimator)).__name__} must ask for "
                "them: set_fit_request(sample_weight=True)."
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


def who_prepares(teacher: Any, student: Any) -> str:
    """Say that a failed student gets rows as they are, where its teacher's Pipeline prepares them.

    Empty where that is not so.
    """
    if prepares_rows(student) or not prepares_rows(teacher):
        return ""
    return (
        "It gets X as it is, not what the teacher's Pipeline makes of it: put steps that prepare X "
        "before the student too, make_pipeline(..., student)."
    )


def prepares_rows(estimator: Any) -> bool:
    """Whether rows meet other steps before the estimator's last one."""
    return isinstance(estimator, Pipeline) and any(
        step not in (None, "passthrough") for _, step in estimator.steps[:-1]
    )


@contextmanager
def told_who_prepares(teacher: Any, student: Any) -> Iterator[None]:
    """Raise the errors of a student's fit with what explains most of them, if that is so."""
    try:
        yield
    except Exception as error:
        told = who_prepares(teacher, student)
        if not told:
            raise
        raise kind_to_raise(error)(
            f"The student {type(student).__name__} failed: {type(error).__name__}: {error}\n{told}"
        ) from error


def prepare_student(
    student: Any,
    n_classes: int,
    *,
    loss: Any = "auto",
    temperature: Any = 1.0,
    proba_floor: Any = PROBA_FLOOR,
    shrinkage: Any = 0.0,
    transfer_weight: float = 1.0,
    on_labels: bool = False,
) -> Student:
    """Return a student that can learn soft labels, or labels alone, or say why it cannot."""
    check_estimator(student)
    adapter = choose_adapter(student, n_classes)
    name = _choose_loss(loss, adapter, student)
    # Made without the user's numbers first, which are checked once the pair is known to fit.
    adapter.check(student, LOSSES[name](n_classes))
    if not on_labels:
        adapter.check_soft(student)
    made = make_loss(name, n_classes, temperature=temperature, proba_floor=proba_floor)
    shrinkages = _choose_shrinkages(shrinkage, student)
    return Student(student, adapter, made, {}, shrinkages, float(transfer_weight))


def prepare_regressor(
    student: Any,
    outcome: Numbers,
    *,
    shrinkage: Any = 0.0,
    transfer_weight: float = 1.0,
) -> Student:
    """Return a student that can learn numbers, or say why it cannot."""
    check_estimator(student)
    outcome.refuse_classifier(student, "student")
    loss, adapter = ErrorOfNumbers(outcome.n_columns), OneNumber()
    adapter.check(student, loss)
    no_mean = answers_no_mean(student)
    if no_mean and not isinstance(shrinkage, str) and shrinkage:
        raise ValueError(
            f"shrinkage makes nodes answer means, and {no_mean} as student answers none: use "
            "shrinkage=0."
        )
    shrinkages = (0.0,) if no_mean else _choose_shrinkages(shrinkage, student)
    return Student(
        student,
        adapter,
        loss,
        {},
        shrinkages,
        float(transfer_weight),
        answers_means=no_mean is None,
        round=to_digits,
        ship=_ship_regressor,
    )


def _choose_shrinkages(shrinkage: Any, student: Any) -> tuple[float, ...]:
    """Return what is tried: a number, or for "auto" several where the student can be shrunk."""
    if isinstance(shrinkage, str):
        return SHRINKAGES if can_shrink(student) else (0.0,)
    if shrinkage:
        check_shrinkage(student)
    return (float(shrinkage),)


def check_estimator(student: Any, name: str = "student") -> None:
    """Refuse what cannot be fitted to rows; `name` is what the user calls it."""
    if isinstance(student, type) or not hasattr(student, "fit"):
        raise ValueError(f"{name} must be an estimator instance, found {student!r}.")
    if is_frozen(student):
        raise ValueError("student must not be frozen: a FrozenEstimator cannot learn.")
    refuse_pairwise(student, "student")
    refuse_uncloned(student, "student")
    refuse_resampling(student)


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
