"""A rehearsal: both members fit and answer a few rows before any teacher is fitted for good.

Whether an estimator takes these rows, these labels, weights beside them, and answers what it
should, only the estimator knows. A few rows show it at the price of next to nothing, where the
first fold would show it after minutes, and the student after all teachers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone

from ._utils.estimators import is_frozen, last_step
from ._utils.memory import digest
from ._utils.parallel import is_by_a_signal, kind_to_raise
from ._utils.validation import is_whole_number
from ._utils.warn import quiet
from .rows import Rows
from .sources import Teacher
from .sources.answers import say
from .students import Student
from .students.student import who_prepares

Indices = NDArray[np.intp]

_FEW, _MORE = 100, 1_000
_ROWS_OF_A_CLASS = 6  # for a member that splits rows in five folds by itself
_ROUNDS = ("n_estimators", "iterations", "max_iter", "max_epochs", "epochs")
_FEW_ROUNDS = 5
# How sure the soft labels are that a student learns from: no answer of a teacher is needed.
_SURE = 0.8


def rehearse(
    rows: Rows, teacher: Teacher | None, *students: Student, unseen: Rows | None = None
) -> None:
    """Let clones of the members fit and answer a few of the rows; refuse who cannot.

    None stands for a teacher that is not fitted. Parameters of `fit` are those of all rows.
    `unseen` are further rows that all of them will be asked about.
    """
    rows = rows if rows.has_labels else rows.pretend_labels()
    parts = _parts(rows)
    asked = [] if unseen is None else [unseen.take(_some(unseen, _FEW))]
    for student in students:
        told = "" if teacher is None else who_prepares(teacher.estimator, student.estimator)
        _try("student", student, rows, parts, _play_student, asked, told)
    if teacher is not None and not is_frozen(teacher.estimator):
        _try("teacher", teacher, rows, parts, _play_teacher, asked)


def _try(
    role: str,
    member: Any,
    rows: Rows,
    parts: list[tuple[Indices, bool]],
    play: Callable[..., None],
    asked: list[Rows],
    told: str = "",
) -> None:
    """Rehearse with few rows and rounds; who fails may need more of them.

    `told` is what explains most failures.
    """
    failure: BaseException
    for part, is_short in parts:
        some = rows.take(part)
        tables = [each.X for each in (some, *asked)]
        before = [digest(table) for table in tables]
        try:
            few = member.take(rows, part)
            if is_short:
                few = replace(few, estimator=_shortened(few.estimator))
            with quiet():
                play(few, some, asked)
        except (Exception, SystemExit) as error:
            if is_by_a_signal(error):
                raise
            failure = error
            continue
        if before != [digest(table) for table in tables]:
            raise ValueError(
                f"The {role} {type(member.estimator).__name__} writes into the rows "
                "that it is given, and others learn from them: let it work on copies, as scalers "
                "do by copy=True."
            )
        return
    told = f"\n{told}" if told else ""
    raise kind_to_raise(failure)(
        f"The {role} {type(last_step(member.estimator)).__name__} cannot learn from X and y. Tried "
        f"on {len(part)} rows, before any teacher was fitted, it failed: {type(failure).__name__}: "
        f"{failure}{told}"
    ) from failure


def _play_teacher(teacher: Teacher, rows: Rows, asked: list[Rows]) -> None:
    fitted = teacher.fit(rows)
    for some in (rows, *asked):
        say(fitted, some)


def _play_student(student: Student, rows: Rows, asked: list[Rows]) -> None:
    soft = rows.outcome.soften(rows.truth, _SURE)
    shipped = student.learn(rows, student.loss.target(soft, rows.truth))
    for some in (rows, *asked):
        rows.outcome.say(shipped, some.X)


def _shortened(estimator: Any) -> Any:
    """Return a clone that takes few rounds, such as trees or epochs."""
    short = clone(estimator)
    params = short.get_params(deep=True)
    many = {
        name: _FEW_ROUNDS
        for name, value in params.items()
        if name.rpartition("__")[2] in _ROUNDS and is_whole_number(value) and value > _FEW_ROUNDS
    }
    return short.set_params(**many) if many else short


# ---- which rows --------------------------------------------------------------------------------


def _parts(rows: Rows) -> list[tuple[Indices, bool]]:
    """Return few rows, more, and all; and whether rounds are few as well."""
    some = [_some(rows, n_rows) for n_rows in (_FEW, _MORE)]
    fewer = [(part, True) for part in some if len(part) < rows.n_samples]
    return [*fewer, (np.arange(rows.n_samples), False)]


def _some(rows: Rows, n_rows: int) -> Indices:
    """Choose rows of all kinds of labels, and those on which a member may choke."""
    by_class = rows.outcome.spread(rows.y, rows.codes, np.flatnonzero(rows.weights > 0))
    _, starts, counts = np.unique(rows.codes[by_class], return_index=True, return_counts=True)
    sizes = np.maximum(_ROWS_OF_A_CLASS, n_rows * counts // counts.sum())
    # Classes of one size would hide what a member does about their sizes.
    sizes[0] += 1
    ends = starts + np.minimum(sizes, counts)
    chosen = [by_class[start:end] for start, end in zip(starts, ends, strict=True)]
    return np.unique(np.concatenate([*chosen, _awkward(rows.X)[:n_rows]]))


def _awkward(X: Any) -> Indices:
    """Return, for each column, the first row whose value is missing and the first that is huge."""
    if sparse.issparse(X):
        entries = X.tocoo() if _has_awkward(X.data) else None
        return np.empty(0, np.intp) if entries is None else entries.row[_is_awkward(entries.data)]
    if hasattr(X, "columns"):
        return _first(_is_missing_in_frame(X))
    if X.ndim != 2 or not _has_awkward(X):
        return np.empty(0, np.intp)
    return np.concatenate([_first(np.isnan(X)), _first(_is_awkward(X) & ~np.isnan(X))])


def _has_awkward(values: Any) -> bool:
    return values.dtype.kind == "f" and bool(_is_awkward(values).any())


def _is_awkward(values: Any) -> NDArray[np.bool_]:
    """Whether values are missing, infinite, or too large for those who compute in float32."""
    return np.asarray(~(np.abs(values) <= np.finfo(np.float32).max))


def _is_missing_in_frame(X: Any) -> NDArray[np.bool_]:
    if hasattr(X, "isna"):
        return np.asarray(X.isna())
    return np.column_stack([np.asarray(X[name].is_null()) for name in X.columns])


def _first(flags: NDArray[np.bool_]) -> Indices:
    """Return the first row that is flagged in each column that has one."""
    return flags.argmax(axis=0)[flags.any(axis=0)]
