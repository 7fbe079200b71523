"""A teacher that can be asked, and the only shape in which its answers return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator

from .._utils.class_codes import class_weights_by_code
from .._utils.compat import index_params, index_rows, n_rows
from .._utils.estimators import address_weights, holds_fitted
from .._utils.memory import KeptAnswers, fingerprint, reuse
from .._utils.progress import SILENT, Progress
from ..outcomes import Outcome
from ..rows import Rows
from .overfit import warn_if_in_sample
from .transfer import NOTHING, Further, Wanted, pack, packed_shapes, unpack

Array = NDArray[np.float64]
Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


def parts_of(rows: Rows, folds: Splits) -> list[NDArray[np.intp]]:
    """Return the numbers of each fold's training rows, then those of all rows."""
    return [*(train for train, _ in folds), np.arange(rows.n_samples)]


@dataclass(frozen=True)
class Answers:
    """What teachers say about some rows, all of it learned from these rows alone.

    `out` are answers of teachers that have not seen the row, shape (n_samples, n_columns):
    probabilities of classes, or a column of numbers. A source that has one kind of answer puts it
    there, in-sample or not. `inside` are in-sample ones, None where nobody asked. `splits` are the
    teachers' folds, None where they had none, `teachers` the fitted teachers that are kept, and
    `further` rows without labels, with what is said about them.
    """

    out: Array
    inside: Array | None = None
    splits: Splits | None = None
    teachers: tuple[Any, ...] = ()
    further: tuple[Further, ...] = ()


@dataclass(frozen=True)
class Teacher:
    """A teacher as the user handed it over, and what its `fit` takes beyond rows and labels."""

    estimator: Any
    params: dict[str, Any] = field(default_factory=dict)

    def fit(self, rows: Rows) -> Any:
        """Return a fitted clone; what is frozen stays as it is."""
        if isinstance(self.estimator, FrozenEstimator):
            return self.estimator
        params = address_weights(self.estimator, self.params)
        try:
            return clone(self.estimator).fit(rows.X, rows.y, **params)
        except ValueError:
            encoded = _fit_to_codes(clone(self.estimator), rows, params)
            if encoded is None:
                raise
            return encoded

    def take(self, rows: Rows, part: NDArray[np.intp]) -> Teacher:
        """Return the teacher with the parameters of some of the rows."""
        return Teacher(self.estimator, index_params(rows.X, self.params, part))


class FittedToCodes(ClassifierMixin, BaseEstimator):
    """A fitted classifier that wanted labels 0 … K − 1, and answers for those that were given.

    scikit-learn's scorers ask it what it is.
    """

    def __init__(self, estimator: Any, classes: NDArray[Any]) -> None:
        self.estimator = estimator
        self.classes = classes

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels that were given."""
        return self.classes

    def predict_proba(self, X: Any) -> Array:
        """Return probabilities, columns in the order of `classes_`."""
        return np.asarray(self.estimator.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the labels that were given, not their codes."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def _fit_to_codes(estimator: Any, rows: Rows, params: dict[str, Any]) -> FittedToCodes | None:
    """Fit to labels 0 … K − 1, which some want; None if that is not what was wrong.

    The classes of these rows count: a fold may lack one in the middle, and then the weight that the
    teacher gives it is of no use. Numbers have no codes.
    """
    present, codes = np.unique(rows.codes, return_inverse=True)
    if len(present) < 2:
        return None
    classes = rows.classes[present]
    weights = class_weights_by_code(estimator, rows.classes, classes)
    if weights is None or (not weights and np.array_equal(classes, np.arange(len(present)))):
        return None
    try:
        fitted = estimator.set_params(**weights).fit(rows.X, codes, **params)
        return FittedToCodes(fitted, classes)
    except Exception:  # the first one is told
        return None


def say(fitted: Any, rows: Rows, part: NDArray[np.intp] | None = None) -> Array:
    """Return what a fitted teacher says about rows, or some of them, by their numbers."""
    return say_about(fitted, rows.X if part is None else index_rows(rows.X, part), rows.outcome)


def say_about(fitted: Any, X: Any, outcome: Outcome) -> Array:
    """Return what a fitted teacher says about a table, in the columns of the outcome."""
    answer = outcome.arrange(fitted, outcome.say(fitted, X))
    teacher = fitted.estimator if isinstance(fitted, FittedToCodes) else fitted
    name = f"What {type(teacher).__name__}.{outcome.method} answers"
    if len(answer) != n_rows(X):
        raise ValueError(f"{name} must have {n_rows(X)} rows, as X has, found {len(answer)}.")
    return outcome.check_said(answer, name)


class Source(Protocol):
    """Where answers come from, see :mod:`skdistill.sources`."""

    answers_inside: bool  # whether about rows that the teacher has seen
    fits_teachers: bool
    needs_one_fit: bool  # whether a teacher of all rows gives all answers

    @property
    def splitter(self) -> Any:
        """What splits rows in folds, None without folds."""

    @property
    def key(self) -> Any:
        """What tells its answers from another source's, beside rows, teacher and folds."""

    def check(self, teacher: Any) -> None:
        """Refuse a teacher that it cannot ask."""

    def split(self, rows: Rows, params: dict[str, Any] | None = None) -> Splits | None:
        """Return its folds of some rows; `params` are those of the splitter."""

    def ask(
        self,
        teacher: Teacher,
        rows: Rows,
        splits: Splits | None = None,
        *,
        inside: bool = False,
        keep: bool = False,
        wanted: Wanted = NOTHING,
        progress: Progress = SILENT,
    ) -> Answers:
        """Ask about the rows that the teacher is given to learn from, and further ones."""


# ---- asking, with what every door owes: the memory, and the look for answers from inside ------


def ask(
    source: Source,
    teacher: Teacher,
    rows: Rows,
    *,
    split_params: dict[str, Any] | None = None,
    inside: bool = False,
    keep: bool = False,
    wanted: Wanted = NOTHING,
    memory: Any = None,
    progress: Progress = SILENT,
    rehearse: Callable[[], None] | None = None,
) -> Answers:
    """Ask about rows, or find in `memory` what was answered before.

    `rehearse` is called before any teacher is fitted.
    """
    splits = source.split(rows, split_params)

    def compute() -> list[Answers]:
        return [
            source.ask(
                teacher, rows, splits, inside=inside, keep=keep, wanted=wanted, progress=progress
            )
        ]

    (answers,) = _recall(
        teacher,
        rows,
        _after(rehearse if source.fits_teachers else None, compute),
        memory=None if keep or not source.fits_teachers else memory,
        how=(source.key, splits, inside),
        wanted=wanted,
        parts=[np.arange(rows.n_samples)],
        splits=[splits],
    )
    _warn_of_seen_labels(source, teacher, rows, answers)
    return answers


def ask_parts(
    source: Any,
    teacher: Teacher,
    rows: Rows,
    folds: Splits,
    *,
    inside: bool = False,
    wanted: Wanted = NOTHING,
    memory: Any = None,
    progress: Progress = SILENT,
    rehearse: Callable[[], None] | None = None,
) -> list[Answers]:
    """Ask a source of a search about the training rows of each fold, and about all rows."""
    splits = source.split(rows, folds)

    def compute() -> list[Answers]:
        return source.ask(
            teacher, rows, folds, splits, inside=inside, wanted=wanted, progress=progress
        )

    answers = _recall(
        teacher,
        rows,
        _after(rehearse if source.fits_teachers else None, compute),
        memory=memory if source.fits_teachers else None,
        how=("selection", source.key, folds, splits, inside),
        wanted=wanted,
        parts=parts_of(rows, folds),
        splits=splits,
    )
    _warn_of_seen_labels(source, teacher, rows, answers[-1])
    return answers


def _after(
    rehearse: Callable[[], None] | None, compute: Callable[[], list[Answers]]
) -> Callable[[], list[Answers]]:
    """Let the members rehearse before teachers are fitted, which what is recalled spares both."""

    def rehearsed() -> list[Answers]:
        if rehearse is not None:
            rehearse()
        return compute()

    return rehearsed


def _recall(
    teacher: Teacher,
    rows: Rows,
    compute: Callable[[], list[Answers]],
    *,
    memory: Any,
    how: Any,
    wanted: Wanted,
    parts: list[NDArray[np.intp]],
    splits: list[Splits | None],
) -> list[Answers]:
    """Find in `memory` what was said of some parts of the rows before, or compute it."""
    in_process = isinstance(memory, KeptAnswers)
    # A folder holds arrays alone, and a sampler may make anything.
    is_lost = wanted.sampler is not None and not wanted.makes_in_nodes and not in_process
    if memory is None or is_lost:
        return compute()
    how = (how, wanted.X, wanted.sampler, wanted.seed) if wanted else how
    labels = (rows.classes.tolist(), rows.target)
    key = fingerprint(
        teacher.estimator, rows.X, labels, teacher.params, how, with_code=not in_process
    )
    if in_process:
        kept: list[Answers] = memory.find(key, compute)
        return kept
    # Each row is in one test part; without folds only the last part, of all rows, is known.
    counts = [None if own is None else sum(len(test) for _, test in own) for own in splits]
    shapes = [(count, rows.n_columns) for count in [*counts[:-1], rows.n_samples]]
    further_shapes = packed_shapes(wanted, rows.n_columns, rows.n_features) * len(parts)

    def packed() -> list[tuple[Array, Array | None]]:
        answers = compute()
        own = [(a.out, a.inside) for a in answers]
        return own + [(packed, None) for a in answers for f in a.further for packed in pack(f)]

    found = reuse(memory, key, packed, [*shapes, *further_shapes])
    own, rest = found[: len(parts)], iter([array for array, _ in found[len(parts) :]])
    return [
        Answers(out, known, folds, further=unpack(rest, wanted, rows, part))
        for (out, known), folds, part in zip(own, splits, parts, strict=True)
    ]


def _warn_of_seen_labels(source: Any, teacher: Teacher, rows: Rows, answers: Answers) -> None:
    """Look at answers that should come from outside, where they may not."""
    meant = getattr(source, "answers_inside", False) or not rows.has_labels
    if not meant and (not source.fits_teachers or holds_fitted(teacher.estimator)):
        warn_if_in_sample(rows, answers.out)
