"""One kind of answer: in-sample, of a frozen teacher, or given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from .._utils.estimators import is_frozen
from .._utils.progress import SILENT, Progress
from .._utils.validation import is_number
from ..rows import Rows
from .answers import Answers, Splits, Teacher, say, say_about
from .further import NOTHING, Asked, Further, Wanted, tell_all

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
        return Answers(say(fitted, rows), None, None, (fitted,) if keep else (), further)

    def further(self, teacher: Teacher, rows: Rows, wanted: Wanted) -> tuple[Further, ...]:
        """Ask about further rows alone."""
        return _say_further(Teacher(teacher.estimator).fit(rows), rows, wanted.of(rows))


def _say_further(fitted: Any, rows: Rows, asked: Asked) -> tuple[Further, ...]:
    """Let the only teacher that there is answer, whatever it has seen."""
    return tell_all(fitted, rows, asked, lambda X, _: say_about(fitted, X, rows.classes))


@dataclass(frozen=True)
class Given(_WithoutFolds):
    """Probabilities that were made elsewhere."""

    teacher_proba: Any

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
        return Answers(check_given(self.teacher_proba, rows))

    def further(self, teacher: Teacher, rows: Rows, wanted: Wanted) -> tuple[Further, ...]:
        """Say nothing: nobody can be asked."""
        return ()


def known_classes(teacher: Any, teacher_proba: Any) -> NDArray[Any] | None:
    """Return the classes where there are no labels; None where labels are needed."""
    if is_frozen(teacher) and hasattr(teacher, "classes_"):
        return np.unique(teacher.classes_)
    if teacher_proba is None:
        return None
    if hasattr(teacher_proba, "columns"):
        return np.unique(np.asarray(teacher_proba.columns))
    return np.arange(np.shape(teacher_proba)[-1] if np.ndim(teacher_proba) else 0)


def check_given(proba: Any, rows: Rows, *, name: str = "teacher_proba") -> Array:
    """Return given probabilities as an array, if they are probabilities of the right shape.

    A frame whose columns bear the classes' names is put in the order of the classes. `name` is
    what the user calls them.
    """
    shape = (rows.n_samples, rows.n_classes)
    if hasattr(proba, "columns"):
        proba = _in_order(proba, rows.classes, name)
    try:
        values = check_array(proba, dtype=np.float64, ensure_2d=False, input_name=name)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold probabilities, finite ones: {error}") from error
    if values.shape != shape:
        raise ValueError(
            f"{name} must have one row per sample and one column per class in the order of "
            f"classes_, shape {shape}, found shape {values.shape}."
        )
    if values.min() < 0:
        raise ValueError(f"{name} must not be negative, found {values.min():.3g}.")
    off = np.abs(values.sum(axis=1) - 1.0).max()
    # Probabilities stored as float32 by another tool miss 1 by up to about 1e-6 per class.
    if off > 1e-3:
        raise ValueError(f"The rows of {name} must sum to 1, found one that is off by {off:.3g}.")
    return np.asarray(values)


def _in_order(proba: Any, classes: NDArray[Any], name: str) -> Any:
    """Put the columns of a frame in the order of the classes, if they bear their names."""
    columns, labels = list(proba.columns), classes.tolist()
    for as_key in (lambda value: value, str):  # 1.0 names the class 1, and so does "1"
        by_label = {as_key(column): column for column in columns}
        known = [label for label in labels if as_key(label) in by_label]
        if len(known) == len(labels) == len(columns):
            return proba[[by_label[as_key(label)] for label in labels]]
        if known and not all(is_number(column) for column in columns):
            raise ValueError(
                f"The columns of {name} name some classes of y, but not all: found "
                f"{columns}, y holds {labels}."
            )
    return proba
