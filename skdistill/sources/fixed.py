"""One kind of answer: in-sample, of a frozen teacher, or given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._utils.compat import index_rows, n_rows
from .._utils.estimators import is_frozen, last_step
from .._utils.progress import SILENT, Progress
from ..rows import Rows
from .answers import Answers, Splits, Teacher, say, say_about
from .transfer import NOTHING, Asked, Further, Wanted, tell_all

Array = NDArray[np.float64]


class _WithoutFolds:
    """A source that splits no rows."""

    splitter = None
    key: Any = None
    answers_inside = False
    fits_teachers = False
    needs_one_fit = True

    def check(self, teacher: Any) -> None:
        """Ask whatever teacher there is."""

    def split(self, rows: Rows, params: dict[str, Any] | None = None) -> Splits | None:
        """Return None: there are no folds."""
        return None


@dataclass(frozen=True)
class InSample(_WithoutFolds):
    """The teacher is fitted on all rows, and asked about the same rows."""

    random_state: Any = None  # taken as by all sources that have a word, and not needed
    n_jobs: int | None = None
    key = "all_rows"
    answers_inside = True
    fits_teachers = True

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
        """Fit once; the answers stand for both kinds."""
        asked = wanted.of(rows)
        with progress.part("teacher"):
            fitted = teacher.fit(rows)
            proba = say(fitted, rows)
            further = _say_further(fitted, rows, asked)
        return Answers(proba, proba, None, (fitted,) if keep else (), further)


@dataclass(frozen=True)
class Frozen(_WithoutFolds):
    """The teacher is asked as it is, and never fitted."""

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
        """Ask."""
        fitted = Teacher(teacher.estimator).fit(rows)
        further = _say_further(fitted, rows, wanted.of(rows))
        # Of copies: a Pipeline that was fitted elsewhere may compute within the rows.
        every = np.arange(rows.n_samples)
        return Answers(say(fitted, rows, every), None, None, (fitted,) if keep else (), further)

    def further(self, teacher: Teacher, rows: Rows, wanted: Wanted) -> tuple[Further, ...]:
        """Ask about further rows alone."""
        return _say_further(Teacher(teacher.estimator).fit(rows), rows, wanted.of(rows))


def _say_further(fitted: Any, rows: Rows, asked: Asked) -> tuple[Further, ...]:
    """Let the only teacher that there is answer, whatever it has seen."""

    def answer(X: Any, parents: Any) -> Array:
        return say_about(fitted, index_rows(X, np.arange(n_rows(X))), rows.outcome)

    return tell_all(fitted, rows, asked, answer)


@dataclass(frozen=True)
class Given(_WithoutFolds):
    """Answers that were made elsewhere."""

    answers: Any

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
        """Check what was given."""
        outcome = rows.outcome
        return Answers(outcome.check_given(self.answers, rows.n_samples, outcome.given))

    def further(self, teacher: Teacher, rows: Rows, wanted: Wanted) -> tuple[Further, ...]:
        """Say nothing: nobody can be asked."""
        return ()


def known_classes(teacher: Any, teacher_proba: Any) -> NDArray[Any] | None:
    """Return the classes where there are no labels; None where labels are needed."""
    if not is_frozen(teacher):
        return None if teacher_proba is None else _named_classes(teacher_proba)
    if teacher_proba is None:
        check_is_fitted(last_step(teacher), msg="The frozen teacher is not fitted yet.")
    classes = getattr(teacher, "classes_", None)
    if classes is None:
        return None if teacher_proba is None else _named_classes(teacher_proba)
    if len(classes) < 2:
        raise ValueError(
            f"teacher must know at least 2 classes, found {np.asarray(classes).tolist()}."
        )
    return np.unique(classes)


def _named_classes(proba: Any) -> NDArray[Any]:
    """Return the classes that the columns of given probabilities name, or their numbers."""
    if np.ndim(proba) != 2 or np.shape(proba)[1] < 2:
        raise ValueError(
            "teacher_proba must have a column for each of at least 2 classes, found shape "
            f"{np.shape(proba)}."
        )
    if not hasattr(proba, "columns"):
        return np.arange(np.shape(proba)[1])
    names = list(proba.columns)
    try:
        classes = np.unique(np.asarray(proba.columns))
    except TypeError:
        classes = np.empty(0)
    if len(classes) < len(names):
        raise ValueError(
            "The columns of teacher_proba must have names of one kind, each its own: they are the "
            f"classes where y is None, found {names}."
        )
    return classes
