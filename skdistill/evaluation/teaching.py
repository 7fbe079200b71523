"""Ask a teacher once, for all students and methods that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .._utils.estimators import holds_fitted, is_frozen
from .._utils.progress import SILENT, Progress
from .._utils.validation import is_number
from ..rows import Rows
from ..sources import Answers, Source, Splits, Teacher, ask, choose_source
from ..sources.answers import say
from ..sources.overfit import JUDGED_MESSAGE, warn_if_in_sample
from .methods import Method

Array = NDArray[np.float64]


class Taught(NamedTuple):
    """A teacher fitted on rows, what it says about them from inside, and what that took.

    `outside` are a bag's out-of-bag answers where it was asked so; `fit_seconds` the fit alone,
    `asked_seconds` the fit and the answers from inside.
    """

    teacher: Any
    inside: Array
    outside: Array | None
    fit_seconds: float
    asked_seconds: float


def as_seed(random_state: Any) -> int:
    """Return a seed that gives the same folds whenever it is used."""
    if is_number(random_state):
        return int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def outside_source(
    cv: Any, *, seed: int, n_jobs: int | None, name: str = "cv", others: Sequence[str] = ()
) -> Source:
    """Return where answers come from about rows that the teacher has not seen."""
    return choose_source(cv, random_state=seed, n_jobs=n_jobs, name=name, others=others)


def check_askable(teacher: Any, methods: list[Method], source: Source | None) -> None:
    """Refuse a teacher that cannot answer what the methods ask."""
    outside = [method.key for method in methods if method.asks_outside]
    if outside and is_frozen(teacher):
        raise ValueError(
            f"A frozen teacher cannot be cross-fitted, as the methods {outside} need: hand over "
            "one that can be fitted, or methods=['labels', 'in_sample']."
        )
    if outside and source is not None:
        source.check(teacher)


def teach(
    teacher: Any, rows: Rows, source: Source | None = None, progress: Progress = SILENT
) -> Taught:
    """Fit a teacher on rows, and ask it about them; a bag, if that is the source, out of it too."""
    start = perf_counter()
    if source is not None and source.needs_one_fit:
        answers = source.ask(Teacher(teacher), rows, keep=True, progress=progress)
        fitted, outside = answers.teachers[0], answers.out
    else:
        with progress.part("teacher"):
            fitted, outside = Teacher(teacher).fit(rows), None
    fit_seconds = perf_counter() - start
    inside = say(fitted, rows)
    return Taught(fitted, inside, outside, fit_seconds, perf_counter() - start)


def ask_outside(
    teacher: Any,
    rows: Rows,
    source: Source,
    splits: Splits | None = None,
    progress: Progress = SILENT,
) -> Answers | None:
    """Ask teachers of folds about rows; None for a bag, which answers when it is taught."""
    if source.needs_one_fit:
        return None
    if splits is None:
        return ask(source, Teacher(teacher), rows, progress=progress)
    return source.ask(Teacher(teacher), rows, splits, progress=progress)


def warn_if_judged_on_known_rows(teacher: Any, rows: Rows, proba: Array) -> None:
    """Look at the answers about test rows of what was fitted before, and may have seen them."""
    if is_frozen(teacher) or holds_fitted(teacher):
        warn_if_in_sample(rows, proba, JUDGED_MESSAGE)


def as_answers(taught: Taught, outside: Answers | None) -> Answers:
    """Put together what a teacher says about rows, from inside and from outside.

    Where nobody asked from outside, the answers from inside stand in, and no method looks at them.
    """
    if outside is not None:
        return Answers(outside.out, taught.inside, outside.splits)
    return Answers(taught.inside if taught.outside is None else taught.outside, taught.inside)
