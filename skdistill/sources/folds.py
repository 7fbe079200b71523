"""Folds: each row is answered by a teacher that was fitted without the row's fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from .._utils.estimators import is_frozen
from .._utils.parallel import blame, run
from .._utils.progress import SILENT, Progress
from .._utils.validation import is_whole_number
from .._utils.warn import quiet
from ..outcomes import Classes, Numbers
from ..rows import Rows
from .answers import Answers, Splits, Teacher, say, say_about
from .transfer import NOTHING, Further, Order, Wanted, tell

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Folds:
    """Folds of the rows, each predicted by a teacher fitted on the others.

    `cv` is a number of folds, shuffled by `random_state` and stratified by classes where there are
    any, a splitter, or pairs of training and test rows.
    """

    cv: Any
    random_state: Any = None
    n_jobs: int | None = None
    name: str = "cv"  # what the user calls it
    key = None  # the folds themselves tell all
    answers_inside = False
    fits_teachers = True
    needs_one_fit = False

    @property
    def splitter(self) -> Any:
        """What splits the rows."""
        return make_splitter(self.cv, self.random_state, self.name)

    def check(self, teacher: Any) -> None:
        """Refuse a teacher that is not fitted anew in each fold."""
        if is_frozen(teacher):
            raise ValueError(
                "A frozen teacher cannot be cross-fitted: use Distiller, or "
                "LossCorrectedDistiller(cv='in_sample'), or the regressors of these names, which "
                "ask it as it is."
            )

    def split(self, rows: Rows, params: dict[str, Any] | None = None) -> Splits:
        """Split in folds that predict each row once, and tear no group apart.

        `params` are those of the splitter; by default it gets the groups.
        """
        splits = check_splits(self.pairs(rows, params), rows.n_samples, self.name)
        check_groups_kept(splits, rows)
        warn_of_missing_classes(splits, rows)
        return splits

    def pairs(self, rows: Rows, params: dict[str, Any] | None = None) -> Splits:
        """Return pairs of training and test rows, also such that predict some rows never."""
        return _as_pairs(self._pairs(rows, params), rows.n_samples, self.name)

    def _pairs(self, rows: Rows, params: dict[str, Any] | None) -> Any:
        """Return pairs as they come; a number of folds knows groups."""
        if is_whole_number(self.cv):
            check_fold_count(self.cv, rows, self.name)
            folds = rows.outcome.splitter(
                self.cv, self.random_state, grouped=rows.groups is not None
            )
            if rows.groups is not None:
                return folds.split(rows.X, rows.y, rows.groups)
            splitter = folds
        else:
            splitter = self.splitter
        if params is None:
            params = {} if rows.groups is None else {"groups": rows.groups}
        return splitter.split(rows.X, rows.y, **params) if hasattr(splitter, "split") else splitter

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
        """Fit a teacher for each fold, and one more on all rows if in-sample answers are wanted."""
        splits, asked = splits or [], wanted.of(rows)
        orders = [asked.orders(test) for _, test in splits]
        found = ask_each(
            teacher, rows, splits, orders, n_jobs=self.n_jobs, keep=keep, progress=progress
        )
        known = say(teacher.fit(rows), rows) if inside else None
        teachers = tuple(told.teacher for told in found if keep)
        further = asked.gather([told.further for told in found])
        return Answers(_put_together(rows, splits, found), known, splits, teachers, further)


def make_splitter(cv: Any, random_state: Any, name: str = "cv", words: Sequence[str] = ()) -> Any:
    """Return what splits rows: shuffled folds for a number, else `cv` itself.

    To whoever asks before rows are known, folds that take groups stand for all that are shuffled.
    `words` are what else may stand there, for the message.
    """
    if is_whole_number(cv):
        return StratifiedGroupKFold(max(cv, 2), shuffle=True, random_state=random_state)
    if hasattr(cv, "split") and not isinstance(cv, str | type):
        return cv
    if isinstance(cv, str | type) or not hasattr(cv, "__iter__"):
        allowed = [*words, "a number of folds", "a splitter", "an iterable of (train, test) rows"]
        meant = " A bagging teacher gives its out-of-bag answers with teacher_cv='oob'."
        meant = meant if isinstance(cv, str) and not words else ""
        raise ValueError(
            f"{name} must be {', '.join(allowed[:-1])} or {allowed[-1]}, found {cv!r}.{meant}"
        )
    return cv


# ---- fits of folds ---------------------------------------------------------------------------


class Told(NamedTuple):
    """What the teacher of a fold sends back: itself only if it is kept."""

    out: Array
    teacher: Any
    further: list[Further]


def cross_fit(teacher: Teacher, rows: Rows, splits: Splits, **how: Any) -> Array:
    """Ask about each row the teacher of its fold.

    A class that is missing in a fold's training part has probability 0 in that fold, and so have
    all classes of a row that no fold predicts.
    """
    return _put_together(rows, splits, ask_each(teacher, rows, splits, **how))


def _put_together(rows: Rows, splits: Splits, found: list[Told]) -> Array:
    out = np.zeros((rows.n_samples, rows.n_columns))
    for (_, test), told in zip(splits, found, strict=True):
        out[test] = told.out
    return out


def ask_each(
    teacher: Teacher,
    rows: Rows,
    splits: Splits,
    orders: Sequence[Sequence[Order]] | None = None,
    *,
    n_jobs: int | None = None,
    keep: bool = False,
    progress: Progress = SILENT,
) -> list[Told]:
    """Fit a teacher on the training rows of each split, and ask it about the test rows.

    And about its orders of further rows, if there are any.
    """
    orders = [()] * len(splits) if orders is None else orders
    calls = [
        (teacher, rows, split, own, f"{fold} of {len(splits)}", keep)
        for fold, (split, own) in enumerate(zip(splits, orders, strict=True), start=1)
    ]
    return run(_fit_fold, calls, n_jobs, progress, "teachers")


def _fit_fold(
    teacher: Teacher,
    rows: Rows,
    split: tuple[Any, Any],
    orders: Sequence[Order],
    name: str,
    keep: bool,
) -> Told:
    train, test = split
    with blame(f"The teacher failed in fold {name}"):
        fitted = teacher.take(rows, train).fit(rows.take(train))
        out = say(fitted, rows, test)
        further = tell(fitted, rows, train, orders, lambda X, _: say_about(fitted, X, rows.outcome))
        return Told(out, fitted if keep else None, further)


# ---- checks ----------------------------------------------------------------------------------


def check_fold_count(cv: int, rows: Rows, name: str) -> None:
    """Refuse a number of folds that the rows cannot serve."""
    if cv < 2:
        raise ValueError(f"{name} must be at least 2 folds, found {cv}.")
    rows.outcome.check_fold_count(cv, rows.codes, name)


def _as_pairs(splits: Any, n_samples: int, name: str) -> Splits:
    """Return what splits rows as pairs of index arrays."""
    checked = []
    for split in splits:
        try:
            train, test = split
        except (TypeError, ValueError):
            raise ValueError(
                f"{name} must give pairs of training and test rows, found {split!r}."
            ) from None
        checked.append((_as_indices(train, n_samples, name), _as_indices(test, n_samples, name)))
    return checked


def check_splits(splits: Splits, n_samples: int, name: str = "cv") -> Splits:
    """Return splits that predict every row once, from other rows."""
    tests = [test for _, test in splits]
    times = np.bincount(np.concatenate([np.empty(0, int), *tests]), minlength=n_samples)
    if (times != 1).any():
        raise ValueError(
            f"{name} must predict every row exactly once: "
            f"{int((times == 0).sum())} rows are never predicted, "
            f"{int((times > 1).sum())} more than once."
        )
    for fold, (train, test) in enumerate(splits, start=1):
        if not len(train) or np.isin(test, train).any():
            raise ValueError(
                f"{name} must train on other rows than it predicts; fold {fold} does not."
            )
        if not len(test):
            raise ValueError(f"{name} must predict rows in each fold; fold {fold} predicts none.")
    return splits


def _as_indices(rows: Any, n_samples: int, name: str) -> NDArray[np.intp]:
    rows = np.asarray(rows)
    if rows.dtype == bool:
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ValueError(
            f"{name} must give row numbers, one array each for training and test rows."
        )
    if len(rows) and not (rows.min() >= 0 and rows.max() < n_samples):
        raise ValueError(f"{name} must give row numbers from 0 to {n_samples - 1}.")
    return rows.astype(np.intp, copy=False)


def check_groups_kept(splits: Splits, rows: Rows) -> None:
    """Refuse folds whose teachers have seen the siblings of a row that they answer about."""
    if rows.groups is None:
        return
    groups = np.asarray(rows.groups)
    for fold, (train, test) in enumerate(splits, start=1):
        torn = np.intersect1d(groups[train], groups[test])
        if len(torn):
            raise ValueError(
                f"groups was given, but cv trains and predicts in fold {fold} on rows of one "
                f"group, {torn.tolist()[0]!r}: use a splitter that keeps groups together, such as "
                "GroupKFold(), or leave groups out."
            )


def warn_of_missing_classes(splits: Splits, rows: Rows) -> None:
    """Say which classes some folds cannot learn."""
    rows.outcome.warn_of_missing(rows.codes, [train for train, _ in splits])


# ---- folds of our own ------------------------------------------------------------------------


def fall_at_random(rows: Rows, *cvs: Any) -> bool:
    """Whether rows fall into folds at random: by no groups, and into none that the user made.

    `cvs` are the user's words; where one is no number, nor a splitter, the folds are of our own
    choice.
    """
    own = all(cv is None or isinstance(cv, str) or is_whole_number(cv) for cv in cvs)
    return own and rows.groups is None


def quiet_folds(
    codes: NDArray[Any],
    random_state: Any,
    n_folds: int = 5,
    groups: Any = None,
    outcome: type[Classes] | type[Numbers] = Classes,
) -> Splits:
    """Split in shuffled folds of our own choice, fewer where a class is small.

    For what needs folds where the teachers have none. Groups stay together.
    """
    if groups is not None:
        n_groups = len(np.unique(np.asarray(groups)))
        if n_groups < 2:
            raise ValueError("groups must hold at least 2 groups, found one.")
        splitter = outcome.splitter(min(n_folds, n_groups), random_state, grouped=True)
        found = splitter.split(np.zeros(len(codes)), codes, groups)
        return [(train, test) for train, test in found if len(test) and len(train)]
    rarest = np.unique(codes, return_counts=True)[1].min()
    folds = outcome.splitter(int(np.clip(rarest, 2, n_folds)), random_state)
    with quiet("The least populated class"):
        return list(folds.split(np.zeros(len(codes)), codes))
