"""Which of the user's words means which source: the only place that reads them."""

from __future__ import annotations

from typing import Any

from .._utils.estimators import is_frozen
from .._utils.validation import is_whole_number
from .answers import Source
from .bag import OutOfBag
from .fixed import Frozen, Given, InSample
from .folds import Folds, make_splitter
from .search import LeaveTwoOut, SearchSource, Unseen, WithinParts

# A new source is a class here, made of `random_state` and `n_jobs`, and its word.
SOURCES: dict[str, Any] = {"in_sample": InSample, "oob": OutOfBag}
UNSEEN = "unseen"


def choose_source(
    cv: Any,
    *,
    random_state: Any = None,
    n_jobs: int | None = None,
    inside: bool = False,
    name: str = "cv",
) -> Source:
    """Return where answers come from; words for in-sample ones count where `inside` says so.

    `name` is what the user calls `cv`.
    """
    source = _named(cv, random_state, n_jobs, inside=inside)
    if source is not None:
        return source
    make_splitter(cv, random_state, name)
    return Folds(cv, random_state, n_jobs, name)


def settle(source: Source, teacher: Any, given: Any = None) -> Source:
    """Return a source that can ask the teacher; given and frozen ones answer for themselves."""
    if given is not None:
        return Given(given)
    source.check(teacher)
    return Frozen() if is_frozen(teacher) else source


def _named(word: Any, random_state: Any, n_jobs: int | None, *, inside: bool) -> Source | None:
    """Return the source that a word means, None for what is no such word."""
    source = SOURCES.get(word) if isinstance(word, str) else None
    if source is None or (source.answers_inside and not inside):
        return None
    made: Source = source(random_state=random_state, n_jobs=n_jobs)
    return made


def choose_search_source(
    teacher_cv: Any,
    teacher: Any,
    *,
    given: Any = None,
    random_state: Any = None,
    n_jobs: int | None = None,
) -> SearchSource:
    """Return where the answers of an honest search come from."""
    is_fixed = given is not None or is_frozen(teacher)
    if isinstance(teacher_cv, str) and teacher_cv == UNSEEN:
        if not is_fixed:
            raise ValueError(
                "teacher_cv='unseen' is for a frozen teacher or given answers; this teacher "
                "is fitted: use None, 'oob', or folds."
            )
        return Unseen(Frozen() if given is None else Given(given))
    if teacher_cv is None:
        return LeaveTwoOut(n_jobs)
    source = _named(teacher_cv, random_state, n_jobs, inside=False)
    if source is None:
        _check_teacher_cv(teacher_cv)
        source = Folds(teacher_cv, random_state, n_jobs, "teacher_cv")
    if not is_fixed:
        source.check(teacher)
    return WithinParts(source)


def _check_teacher_cv(teacher_cv: Any) -> None:
    """Refuse what splits no part of the rows."""
    if isinstance(teacher_cv, str):
        raise ValueError(
            "teacher_cv must be None, 'oob', 'unseen', a number of folds or a splitter, found "
            f"{teacher_cv!r}."
        )
    is_splitter = hasattr(teacher_cv, "split") and not isinstance(teacher_cv, type)
    if not is_whole_number(teacher_cv) and not is_splitter:
        raise ValueError(
            "teacher_cv must be None, 'oob', a number of folds or a splitter: an iterable of "
            f"rows does not fit the training part of each fold, found {teacher_cv!r}."
        )
