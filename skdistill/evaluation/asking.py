"""Ask a teacher once, for all students and methods that are compared.

A part is some of the rows, by their numbers; whatever is asked about a part was learned from that
part alone.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state

from ..distillers.base import Rows
from .._utils.compat import index_rows
from .._utils.estimators import is_frozen
from .._utils.validation import class_columns, is_number
from ..sources.folds import (
    Answers,
    Splits,
    ask_each,
    check_out_of_bag,
    out_of_bag,
    part_splits,
)
from .methods import Method

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


class Taught(NamedTuple):
    """A teacher fitted on a part.

    Attributes
    ----------
    teacher : classifier
        The fitted teacher.
    inside : ndarray of shape (n_part, n_classes)
        What it says about the rows that it was fitted on.
    outside : ndarray of shape (n_part, n_classes) or None
        What its members say about rows that they have not seen, of a bag that was asked so.
    fit_seconds : float
        What the fit took.
    asked_seconds : float
        What the fit and the answers from inside took.
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


def is_out_of_bag(cv: Any) -> bool:
    """Whether teachers answer out-of-bag."""
    return isinstance(cv, str) and cv == "oob"


def check_askable(teacher: Any, methods: list[Method], teacher_cv: Any) -> None:
    """Refuse a teacher that cannot answer what the methods ask.

    Parameters
    ----------
    teacher : classifier
        The teacher.
    methods : list of Method
        What is compared.
    teacher_cv : object
        Where answers about rows come from that the teacher has not seen.

    Raises
    ------
    ValueError
        If the teacher is frozen and would have to be fitted, or cannot answer out-of-bag.
    """
    outside = [method.key for method in methods if method.asks_outside]
    if outside and is_frozen(teacher):
        raise ValueError(
            f"A frozen teacher cannot be cross-fitted, as the methods {outside} need: hand over "
            "one that can be fitted, or methods=['labels', 'in_sample']."
        )
    if outside and is_out_of_bag(teacher_cv):
        check_out_of_bag(teacher)


def teach(teacher: Any, rows: Rows, part: Indices, *, out_of_bag_seed: int | None = None) -> Taught:
    """Fit a teacher on a part, and ask it about the same rows.

    Parameters
    ----------
    teacher : classifier
        It is cloned, never modified; a frozen one is asked and not fitted.
    rows : Rows
        All rows.
    part : ndarray of shape (n_part,)
        The part.
    out_of_bag_seed : int, default=None
        If given, a bag is asked out-of-bag too; it seeds the folds of rows without enough votes.

    Returns
    -------
    Taught
        The teacher and its answers.
    """
    X, y = index_rows(rows.X, part), rows.y[part]
    outside = None
    start = perf_counter()
    if out_of_bag_seed is None:
        # The clone of a frozen teacher is itself, and its fit does nothing.
        fitted = clone(teacher).fit(X, y)
    else:
        outside, (fitted,) = out_of_bag(
            teacher, X, y, rows.classes, {}, random_state=out_of_bag_seed
        )
    fit_seconds = perf_counter() - start
    inside = class_columns(rows.classes, fitted, fitted.predict_proba(X))
    return Taught(fitted, inside, outside, fit_seconds, perf_counter() - start)


def ask_outside(
    teacher: Any,
    rows: Rows,
    parts: list[Indices],
    cv: Any,
    *,
    n_jobs: int | None = None,
    seed: int = 0,
) -> list[tuple[Array, Splits]]:
    """Ask about each row of each part a teacher fitted on the part without the row's fold.

    Parameters
    ----------
    teacher : classifier
        It is cloned, never modified.
    rows : Rows
        All rows; their groups go to a splitter.
    parts : list of ndarray
        The parts.
    cv : int, splitter or iterable
        Folds within each part.
    n_jobs : int, default=None
        Number of teachers, of all parts together, that are fitted at the same time.
    seed : int, default=0
        Seeds the shuffling of a number of folds.

    Returns
    -------
    list of (ndarray of shape (n_part, n_classes), list of (ndarray, ndarray))
        For each part the out-of-fold probabilities, and the folds in numbers of the part.
    """
    folds = [_folds_within(rows, part, cv, seed) for part in parts]
    splits = [
        (part[train], part[test])
        for part, inner in zip(parts, folds, strict=True)
        for train, test in inner
    ]
    answers = iter(ask_each(teacher, rows.X, rows.y, rows.classes, {}, splits, n_jobs=n_jobs))
    found = []
    for part, inner in zip(parts, folds, strict=True):
        proba = np.zeros((len(part), len(rows.classes)))
        for _, test in inner:
            proba[test], _ = next(answers)
        found.append((proba, inner))
    return found


def _folds_within(rows: Rows, part: Indices, cv: Any, seed: int) -> Splits:
    groups = None if rows.groups is None else np.asarray(rows.groups)[part]
    return part_splits(cv, index_rows(rows.X, part), rows.y[part], groups=groups, random_state=seed)


def as_answers(part: Indices, taught: Taught, outside: tuple[Array, Splits] | None) -> Answers:
    """Put together what a teacher says about a part, from inside and from outside.

    Where nobody asked from outside, the answers from inside stand in, and no method looks at them.
    """
    if outside is not None:
        return Answers(part, outside[0], taught.inside, outside[1])
    out = taught.inside if taught.outside is None else taught.outside
    return Answers(part, out, taught.inside, None)
