"""Classes: answers are probabilities, a column for each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, softmax
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array

from .. import corrections
from .._utils.estimators import last_step, predicts_proba
from .._utils.probabilities import PROBA_FLOOR, floor_proba
from .._utils.rounding import on_grid
from .._utils.simplex import least_log_loss
from .._utils.validation import (
    check_probabilities,
    check_row_sums,
    class_columns,
    judges_numbers,
    places_of,
    refuse_half_frozen,
    refuse_pairwise,
    refuse_uncloned,
)
from .._utils.warn import quiet, warn
from .base import Boosting, View, flat

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_NUMERIC_CLASSES, FEW_ROWS_OF_A_CLASS, MANY_ROWS = 50, 10, 40
FOR_QUANTITIES = (
    "For quantities, such as counts or prices, use DistillerRegressor, CrossFitDistillerRegressor, "
    "LossCorrectedDistillerRegressor or LossCorrectedDistillerRegressorCV."
)
# Means that are off by less are common among honest teachers, such as naive Bayes.
SHIFT = 0.1


@dataclass(frozen=True, eq=False)
class Classes:
    """One of several classes; answers are probabilities, a column for each class."""

    classes: NDArray[Any]

    method: ClassVar[str] = "predict_proba"
    given: ClassVar[str] = "teacher_proba"
    answers: ClassVar[str] = "probabilities"
    forest: ClassVar[Any] = RandomForestClassifier

    @property
    def n_columns(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def columns(self, y: NDArray[Any], codes: Indices) -> Array:
        """Return labels as rows of zeros and a one."""
        return np.asarray(np.eye(len(self.classes))[codes])

    def target(self, y: NDArray[Any], codes: Indices) -> NDArray[Any]:
        """Return the codes."""
        return codes

    @staticmethod
    def as_target(target: ArrayLike) -> NDArray[Any]:
        """Return codes as an array."""
        return np.asarray(target).astype(np.intp)

    def pretend(self, n_rows: int) -> tuple[NDArray[Any], Indices]:
        """Return labels of all classes, and their codes."""
        codes = np.arange(n_rows) % len(self.classes)
        return self.classes[codes], codes

    def soften(self, columns: Array, sure: float) -> Array:
        """Return answers of a teacher that is so sure of each label."""
        return sure * columns + (1 - sure) / len(self.classes)

    def spread(self, y: NDArray[Any], codes: Indices, rows: Indices) -> Indices:
        """Return the rows ordered class by class."""
        return rows[np.argsort(codes[rows], kind="stable")]

    # Who teaches, and what is said.

    @staticmethod
    def check_teacher(teacher: Any) -> None:
        """Refuse what cannot give class probabilities."""
        if teacher is None:
            raise ValueError("teacher is None: pass a classifier, or teacher_proba to fit.")
        if isinstance(teacher, type) or not hasattr(teacher, "fit"):
            raise ValueError(f"teacher must be a classifier instance, found {teacher!r}.")
        if not predicts_proba(teacher):
            raise ValueError(
                f"teacher must have predict_proba; {type(last_step(teacher)).__name__} has none. "
                "Wrap it, for instance in CalibratedClassifierCV."
            )
        refuse_pairwise(teacher, "teacher")
        refuse_uncloned(teacher, "teacher")
        refuse_half_frozen(teacher)

    def say(self, fitted: Any, X: Any) -> Any:
        """Ask a fitted estimator."""
        return fitted.predict_proba(X)

    def arrange(self, fitted: Any, said: Any) -> Array:
        """Put what it has said in the columns of the classes."""
        return class_columns(self.classes, fitted, said)

    def check_said(self, answer: Array, name: str) -> Array:
        """Refuse numbers that are no probabilities."""
        return check_probabilities(answer, name)

    def guess(self, fitted: Any, X: Any) -> NDArray[Any]:
        """Return what a teacher takes for the target of rows without labels."""
        return np.asarray(fitted.predict_proba(X).argmax(axis=1))

    def width(self, fitted: Any) -> int:
        """Return how many columns a fitted estimator answers."""
        return len(fitted.classes_)

    def places(self, member: Any) -> Indices:
        """Return the places of a bag's member's columns among those of the bag."""
        return np.asarray(member.classes_.astype(np.intp))

    def out_of_bag(self, bag: Any) -> Array:
        """Return what a bag remembers of its answers out of the bag."""
        return np.asarray(np.nan_to_num(bag.oob_decision_function_))

    def are_empty(self, answers: Array) -> NDArray[np.bool_]:
        """Mark rows about which nothing was said."""
        return np.asarray(~(answers.sum(axis=1) > 0))

    def check_given(self, given: Any, n_rows: int, name: str) -> Array:
        """Return given probabilities as an array, if they are probabilities of the right shape."""
        shape = (n_rows, len(self.classes))
        order = places_of(given, self.classes, name) if hasattr(given, "columns") else slice(None)
        try:
            values = check_array(given, dtype=np.float64, ensure_2d=False, input_name=name)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} must hold probabilities, finite ones: {error}") from error
        if values.shape != shape:
            raise ValueError(
                f"{name} must have one row per sample and one column per class in the order of "
                f"classes_, shape {shape}, found shape {values.shape}."
            )
        if values.min() < 0:
            raise ValueError(f"{name} must not be negative, found {values.min():.3g}.")
        check_row_sums(values, name)
        return np.asarray(values[:, order])

    # How rows are split.

    @staticmethod
    def splitter(n_folds: int, random_state: Any, *, grouped: bool = False) -> Any:
        """Return shuffled stratified folds."""
        kind = StratifiedGroupKFold if grouped else StratifiedKFold
        return kind(n_folds, shuffle=True, random_state=random_state)

    def check_fold_count(self, n_folds: int, codes: Indices, name: str) -> None:
        """Refuse a number of folds that stratification cannot serve."""
        present, counts = np.unique(codes, return_counts=True)
        rarest = int(counts.argmin())
        if counts[rarest] < n_folds:
            raise ValueError(
                f"{name}={n_folds} folds need at least {n_folds} rows of each class, but class "
                f"{self.classes.tolist()[present[rarest]]!r} has {counts[rarest]}: use fewer "
                "folds, or a splitter."
            )

    def warn_of_missing(self, codes: Indices, trains: list[Indices]) -> None:
        """Say which classes some folds cannot learn, by their training rows."""
        n_classes = len(self.classes)
        counts, labels = np.bincount(codes, minlength=n_classes), self.classes.tolist()
        lacking = {
            fold: [labels[k] for k in np.flatnonzero((counts > 0) & (left == 0))]
            for fold, train in enumerate(trains, start=1)
            if ((left := np.bincount(codes[train], minlength=n_classes)) == 0).any()
        }
        lacking = {fold: missing for fold, missing in lacking.items() if missing}
        if lacking:
            fold, missing = next(iter(lacking.items()))
            more = f", and so in {len(lacking) - 1} other folds" if len(lacking) > 1 else ""
            warn(
                f"Fold {fold} of {len(trains)} trains on no row of class "
                f"{', '.join(map(repr, missing))}{more}: the model of that fold gives it "
                "probability 0. Use other folds, or leave the class out."
            )

    # What labels say about answers.

    def rule(self, correction: Any, c: float | None = None) -> Any:
        """Return the γ rule that a user's `correction` and `c` mean."""
        return corrections.resolve(correction, c)

    def settle(self, rule: Any, answers: Array, truth: Array, weights: Array) -> Any:
        """Return a rule as it applies to these rows."""
        return rule

    def neutral(self, y: NDArray[Any], n_rows: int) -> Array:
        """Return answers that say nothing."""
        return np.full((n_rows, len(self.classes)), 1 / len(self.classes))

    def row_scores(self, answers: Array, target: NDArray[Any], floor: float) -> Array:
        """Return for each row how good its answer is: the logarithm of its label's probability."""
        return np.asarray(np.log(of_label(answers, target, floor)))

    def blend_weights(
        self, members: list[Array], target: NDArray[Any], weight: Array | None, floor: float
    ) -> Array:
        """Return the weights of the members' answers whose mixture has the least log loss."""
        own = [of_label(answers, target, floor) for answers in members]
        return least_log_loss(np.column_stack(own), weight)

    def warn_of_shift(self, off: Array, weight: Array) -> None:
        """Say where answers miss the share of a class by far, as those of rebalancing teachers do.

        `off` is what answers differ from labels.
        """
        moved = (weight / weight.sum())[:, None] * off
        share = moved.sum(axis=0)
        error = np.sqrt((moved**2).sum(axis=0))
        # Of two classes both are off by as much, and rounding must not choose.
        worst = int((np.abs(share) > np.abs(share).max() - 1e-9).argmax())
        if abs(share[worst]) > max(SHIFT, 5 * error[worst]):
            warn(
                f"The teacher gives class {self.classes.tolist()[worst]!r} a mean probability that "
                f"is {abs(share[worst]):.2f} {'above' if share[worst] > 0 else 'below'} its share "
                "of the rows, as teachers do that rebalance classes, and the student learns that: "
                "LossCorrectedDistiller puts it right."
            )

    # Scores, to which a model of the residual adds.

    def to_scores(self, answers: Array) -> Array:
        """Log-odds of the second of two classes, or the logarithms of more.

        On a grid: LightGBM's bins depend on which values are equal.
        """
        proba = floor_proba(answers)
        if proba.shape[1] == 2:
            return on_grid(np.log(proba[:, 1:]) - np.log(proba[:, :1]))
        return on_grid(np.log(proba))

    def from_scores(self, scores: Array) -> Array:
        """Return the probabilities that scores mean."""
        if scores.shape[1] == 1:
            positive = expit(scores)
            return np.hstack([1 - positive, positive])
        return np.asarray(softmax(scores, axis=1))

    def risk(self, scores: Array, target: NDArray[Any], weight: Array | None) -> float:
        """Return the mean log loss of scores."""
        own = of_label(self.from_scores(scores), target, None)
        return float(np.average(-np.log(own), weights=weight))

    def boosting(self, scores: Array, target: NDArray[Any]) -> Boosting:
        """Return how LightGBM learns what to add to scores."""
        if scores.shape[1] == 1:
            return Boosting(target, scores, {"objective": "binary", "boost_from_average": False})
        return Boosting(target, scores, {"objective": "multiclass", "num_class": scores.shape[1]})

    # Whether answers have seen their labels.

    objective: ClassVar[str] = "binary"

    def views(self, target: NDArray[Any], answers: Array, least: int) -> list[View]:
        """Fold the classes into two groups; those with fewer than `least` rows tell nothing."""
        return [
            View(group[target], answers[:, group].sum(axis=1))
            for group in groups(answers.shape[1])
            if np.bincount(group[target], minlength=2).min() >= least
        ]

    def fit_scale(self, answer: Array, y: NDArray[Any]) -> Any:
        """Return what puts answers on the scale of the labels: the best temperature."""
        a = _inverse_temperature(answer, y)

        def to_scale(other: Array) -> Array:
            return np.asarray(expit(a * _logit(other)))

        return to_scale

    def variance(self, mean: Array) -> Array:
        """Return the variance of a label of such a mean."""
        return np.asarray(mean * (1 - mean))

    # Scorers.

    judged: ClassVar[str] = "a classifier by its predict or predict_proba"

    def refuse_scorer(self, scoring: Any) -> None:
        """Refuse a scorer of numbers."""
        if judges_numbers(scoring):
            raise ValueError(
                f"scoring={scoring!r} judges numbers and not classes: use one for classifiers, "
                "such as 'neg_log_loss', 'roc_auc' or 'accuracy'."
            )

    def prior(self) -> Any:
        """Return who knows nothing but how often what happens, not fitted."""
        return DummyClassifier(strategy="prior")


def groups(n_classes: int) -> list[NDArray[np.bool_]]:
    """Give ways to fold the classes into two groups: the last two bits of the class code.

    An honest teacher of the classes is an honest teacher of the groups, and two groups cost the
    same for two classes as for a hundred.
    """
    codes = np.arange(n_classes)
    return [codes % 2 == 1] if n_classes == 2 else [codes % 2 == 1, codes // 2 % 2 == 1]


def of_label(proba: Array, codes: NDArray[Any], floor: float | None) -> Array:
    """Return the floored probability that each row's own label gets."""
    return np.asarray(floor_proba(proba, floor)[np.arange(len(codes)), codes])


def _logit(proba: Array) -> Array:
    return np.asarray(logit(np.clip(proba, PROBA_FLOOR, 1 - PROBA_FLOOR)))


def _inverse_temperature(proba: Array, y: NDArray[np.bool_]) -> float:
    """Give a > 0 for which expit(a logit(proba)) has the smallest log loss."""
    signed = np.where(y, 1.0, -1.0) * _logit(proba)

    def log_loss(log_a: float) -> float:
        return float(np.logaddexp(0, -np.exp(log_a) * signed).mean())

    return float(np.exp(minimize_scalar(log_loss, bounds=(-3, 3), method="bounded").x))


def check_labels(y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any], Indices]:
    """Return labels as an array, the sorted classes, and each label's place among them."""
    labels = flat(y, "labels")
    try:
        assert_all_finite(labels, input_name="y")
        # What newer versions say of many classes is said below.
        with quiet("The number of unique classes"):
            check_classification_targets(labels)
        classes, codes = np.unique(labels, return_inverse=True)
    except (TypeError, ValueError) as error:
        meant = f" {FOR_QUANTITIES}" if is_continuous(labels) else ""
        raise ValueError(
            f"y must hold labels of one kind, and none missing (rows without one go to "
            f"X_transfer), found {labels[:5].tolist()} ...: {error}{meant}"
        ) from error
    if look_like_quantities(classes, codes):
        warn(
            f"y holds many different numbers, each of which is a class of its own here. "
            f"{FOR_QUANTITIES} If they are classes, hand them over as text: y.astype(str)."
        )
    if len(classes) < 2:
        raise ValueError(
            f"y must hold at least 2 classes to learn from, found one class: {classes.tolist()}."
        )
    return labels, classes, codes


def is_continuous(labels: NDArray[Any]) -> bool:
    """Whether labels are numbers, finite ones, and not all whole."""
    return labels.dtype.kind == "f" and bool(
        np.isfinite(labels).all() and (labels != np.trunc(labels)).any()
    )


def look_like_quantities(classes: NDArray[Any], codes: Indices) -> bool:
    """Whether labels may be counts or sums: many numbers, and not the codes of well-filled classes.

    Codes are all numbers from 0 or 1 on, and what stands for a class stands in many rows.
    """
    many = len(classes) > MOST_NUMERIC_CLASSES or 2 * len(classes) > len(codes) > MANY_ROWS
    if classes.dtype.kind not in "iuf" or not many:
        return False
    are_codes = classes[0] in (0, 1) and classes[-1] - classes[0] == len(classes) - 1
    return not (are_codes and np.bincount(codes).min() >= FEW_ROWS_OF_A_CLASS)


def read_classes(y: ArrayLike) -> tuple[NDArray[Any], Classes, Indices]:
    """Return labels, what they are, and their codes."""
    labels, classes, codes = check_labels(y)
    return labels, Classes(classes), codes
