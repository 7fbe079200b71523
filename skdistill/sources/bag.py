"""Out-of-bag: one fit of a bagging teacher; members answer about rows that they did not see."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, gen_even_slices, get_tags
from sklearn.utils.parallel import Parallel, delayed

from .._utils.compat import index_rows, n_rows
from .._utils.estimators import earlier_steps, is_frozen, last_step, read_by_last, split_params
from .._utils.progress import SILENT, Progress
from .._utils.trees import FORESTS, as_trees_read
from .._utils.warn import quiet, warn
from ..outcomes import Outcome
from ..rows import Rows
from .answers import Answers, Splits, Teacher, say, say_about
from .folds import cross_fit, quiet_folds
from .transfer import NOTHING, Asked, Further, Wanted, tell_all

Array = NDArray[np.float64]

# A mean over fewer members that did not see the row is too noisy to learn from.
_ENOUGH_VOTES = 5
_FALLBACK_FOLDS = 5
_TREES_AT_A_TIME = 50


@dataclass(frozen=True)
class OutOfBag:
    """A bag is fitted once; rows with too few votes are answered by teachers of folds.

    `random_state` seeds those folds.
    """

    random_state: Any = None
    n_jobs: int | None = None
    splitter = None
    answers_inside = False
    fits_teachers = True
    needs_one_fit = True

    @property
    def key(self) -> Any:
        """What tells its answers from others."""
        return ("out_of_bag", self.random_state)

    def check(self, teacher: Any) -> None:
        """Refuse a teacher that has no out-of-bag answers."""
        check_out_of_bag(teacher)

    def split(self, rows: Rows, params: dict[str, Any] | None = None) -> Splits | None:
        """Return None: a bag has no folds, and cannot keep groups together."""
        if rows.groups is not None:
            raise ValueError(
                "groups was given, but bags ignore groups, so that members would have seen the "
                "siblings of the rows that they answer about: use folds, such as "
                "cv=GroupKFold(), or leave groups out."
            )
        return None

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
        """Fit once, and ask out of the bag, and in it if in-sample answers are wanted.

        Rows with fewer than 5 members that have not seen them are predicted by teachers of 5
        stratified folds, with one warning that counts them. The transformers of a Pipeline are
        fitted without y.
        """
        asked = wanted.of(rows)
        with progress.part("teacher"):
            fitted, out, votes, known = _fit_and_ask(teacher, rows, inside=inside, keep=keep)
            further = _say_further(fitted, rows, asked)
            out = self._fill_few(teacher, rows, out, votes)
        return Answers(out, known, None, (fitted,) if keep else (), further)

    def _fill_few(
        self, teacher: Teacher, rows: Rows, proba: Array, votes: NDArray[np.intp]
    ) -> Array:
        """Have teachers of folds answer for the rows that too few members have not seen."""
        few = (votes < _ENOUGH_VOTES) | rows.outcome.are_empty(proba)
        if not few.any():
            return proba
        warn(
            f"{int(few.sum())} of {len(few)} rows have fewer than {_ENOUGH_VOTES} out-of-bag "
            f"votes; teachers of {_FALLBACK_FOLDS} folds predict them instead. More members, or "
            "weights that differ less, avoid that."
        )
        splits = _fallback_splits(rows, few, self.random_state)
        by_folds = cross_fit(teacher, rows, splits, n_jobs=self.n_jobs)
        proba[few] = by_folds[few]
        return proba


def _fit_and_ask(
    teacher: Teacher, rows: Rows, *, inside: bool, keep: bool
) -> tuple[Any, Array, NDArray[np.intp], Array | None]:
    """Return the fitted teacher, its answers out of the bag, their votes, and answers inside.

    The trees of a forest are asked once for both kinds, by as many threads as fit it.
    """
    outcome = rows.outcome
    if inside and not keep and isinstance(last_step(teacher.estimator), FORESTS):
        fitted, forest, X = _fit_bagging(
            clone(teacher.estimator), rows, teacher.params, score=False
        )
        out, votes, known = _ask_trees(forest, X, outcome)
        return fitted, outcome.arrange(forest, out), votes, outcome.arrange(forest, known)
    fitted, bag, X = _fit_bagging(clone(teacher.estimator), rows, teacher.params)
    out = outcome.arrange(bag, outcome.out_of_bag(bag))
    votes = np.zeros(n_rows(X), dtype=np.intp)
    for unseen in _unseen(bag, len(votes)):
        votes += unseen
    return fitted, out, votes, say(fitted, rows) if inside else None


def check_out_of_bag(teacher: Any) -> None:
    """Refuse a teacher that is frozen, does not bag, or whose earlier steps learn from y.

    Such a step would have seen the label of each row.
    """
    last = last_step(teacher)
    name = type(last).__name__
    if is_frozen(teacher):
        raise ValueError(
            "cv='oob' cannot serve a frozen teacher: use Distiller, or "
            "LossCorrectedDistiller(cv='in_sample'), or the regressors of these names, which "
            "ask it as it is."
        )
    bagging = {"bootstrap", "oob_score"} <= set(last.get_params(deep=False))
    if not bagging:
        raise ValueError(
            f"cv='oob' needs a bagging teacher (a random forest, Bagging, or ExtraTrees with "
            f"bootstrap=True); {name} does not bag: use folds."
        )
    if not last.bootstrap:
        raise ValueError(f"cv='oob' needs {name}(bootstrap=True), found bootstrap=False.")
    if "sampling_strategy" in last.get_params(deep=False):
        raise ValueError(
            f"cv='oob' cannot serve {name}, which resamples rows before it bags, so that nobody "
            "can tell which rows its members have seen: use folds."
        )
    for step in earlier_steps(teacher):
        if get_tags(step).target_tags.required:
            raise ValueError(
                f"cv='oob' cannot serve a Pipeline whose step {type(step).__name__} learns from "
                "y: it would have seen the label of each row. Use folds."
            )


def _ask_trees(forest: Any, X: Any, outcome: Outcome) -> tuple[Array, NDArray[np.intp], Array]:
    """Return a forest's out-of-bag answers, by how many trees each was given, and its answers."""
    X = as_trees_read(X)
    n_trees, n_threads = len(forest.estimators_), effective_n_jobs(forest.n_jobs)
    sums = Parallel(n_threads, require="sharedmem")(
        delayed(_add_trees)(forest, X, part, outcome)
        for part in gen_even_slices(n_trees, min(n_threads, n_trees))
    )
    out, votes, every = (sum(parts) for parts in zip(*sums, strict=True))
    return out / np.maximum(votes, 1)[:, None], votes, every / n_trees


def _add_trees(
    forest: Any, X: Any, part: slice, outcome: Outcome
) -> tuple[Array, NDArray[np.intp], Array]:
    """Add up what some trees say about rows that they have not seen, their number, and all."""
    out, every = np.zeros((2, X.shape[0], outcome.width(forest)))
    votes = np.zeros(X.shape[0], dtype=np.intp)
    trees = copy(forest)
    trees.estimators_ = forest.estimators_[part]
    for tree, unseen in zip(trees.estimators_, _unseen(trees, len(votes)), strict=True):
        proba = outcome.say(tree, X)
        every += proba
        out[unseen] += proba[unseen]
        votes += unseen
    return out, votes, every


# ---- further rows ----------------------------------------------------------------------------


def _say_further(fitted: Any, rows: Rows, asked: Asked) -> tuple[Further, ...]:
    """Let members answer about a row that have not seen its parent; all of them without one."""

    def answer(X: Any, parents: NDArray[np.intp] | None) -> Array:
        if parents is None:
            return say_about(fitted, X, rows.outcome)
        return _say_unseen(fitted, rows, X, parents)

    return tell_all(fitted, rows, asked, answer)


def _say_unseen(fitted: Any, rows: Rows, X: Any, parents: NDArray[np.intp]) -> Array:
    """Average what members say that have not seen the rows' parents, NaN where these are few."""
    fitted, X = read_by_last(fitted, X)
    X = as_trees_read(X) if isinstance(fitted, FORESTS) else _as_bags_read(X)
    n_members = len(fitted.estimators_)
    n_threads = min(effective_n_jobs(fitted.n_jobs), n_members)
    sums = Parallel(n_threads, require="sharedmem")(
        delayed(_add_unseen)(fitted, X, parents, rows, part)
        for part in gen_even_slices(n_members, n_threads)
    )
    total, votes = (sum(parts) for parts in zip(*sums, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / np.where(votes < _ENOUGH_VOTES, np.nan, votes)[:, None]
    known = np.isfinite(mean).all(axis=1)
    out = np.full((len(mean), rows.n_columns), np.nan)
    out[known] = rows.outcome.arrange(fitted, mean[known])
    return out


def _add_unseen(
    bag: Any, X: Any, parents: NDArray[np.intp], rows: Rows, part: slice
) -> tuple[Array, NDArray[np.intp]]:
    """Add up what some members say about rows whose parents they have not seen, and how many."""
    outcome = rows.outcome
    total = np.zeros((n_rows(X), outcome.width(bag)))
    votes = np.zeros(n_rows(X), dtype=np.intp)
    members = copy(bag)
    members.estimators_ = bag.estimators_[part]
    columns = getattr(bag, "estimators_features_", [None] * len(bag.estimators_))[part]
    if hasattr(bag, "_seeds"):
        members._seeds = bag._seeds[part]
    for member, own, unseen in zip(
        members.estimators_, columns, _unseen(members, rows.n_samples), strict=True
    ):
        asked = np.flatnonzero(unseen[parents])
        if not len(asked):
            continue
        some = index_rows(X, asked)
        said = _say_of_member(member, some if own is None else some[:, own], outcome)
        total[np.ix_(asked, outcome.places(member))] += said
        votes[asked] += 1
    return total, votes


def _as_bags_read(X: Any) -> Any:
    """Return rows as Bagging hands them to its members: never as a frame."""
    return check_array(X, accept_sparse=["csr", "csc"], dtype=None, ensure_all_finite=False)


def _say_of_member(member: Any, X: Any, outcome: Outcome) -> Array:
    """Ask a member of a bag; one without probabilities votes, as in Bagging's own answers."""
    if hasattr(member, outcome.method):
        return np.asarray(outcome.say(member, X))
    return np.asarray(member.predict(X)[:, None] == member.classes_, dtype=np.float64)


def _fit_bagging(
    teacher: Any, rows: Rows, params: dict[str, Any], *, score: bool = True
) -> tuple[Any, Any, Any]:
    """Fit in place; return the teacher, what it ends in, and the rows that this has seen."""
    X = rows.X
    if not isinstance(teacher, Pipeline):
        # Rows without votes are our business, and Bagging divides by their number.
        with quiet("Some inputs do not have OOB scores"), quiet("invalid value encountered in div"):
            return teacher, teacher.set_params(oob_score=score).fit(X, rows.y, **params), X
    head, (name, last) = teacher[:-1], teacher.steps[-1]
    head_params, last_params = split_params(teacher, params)
    if head.steps:
        X = _transform_without_labels(head, X, head_params)
    last, bag, X = _fit_bagging(last, replace(rows, X=X), last_params, score=score)
    teacher.steps = [*head.steps, (name, last)]
    return teacher, bag, X


def _transform_without_labels(head: Pipeline, X: Any, params: dict[str, Any]) -> Any:
    """Fit transformers without y: whatever their tags say, none can learn from it."""
    try:
        return head.fit_transform(X, **params)
    except Exception as error:
        raise ValueError(
            "cv='oob' fits what comes before the bagging teacher without y, because a step that "
            "learns from y would have seen the label of each row. That failed, so use folds "
            f"unless it is another matter: {type(error).__name__}: {error}"
        ) from error


def _unseen(bag: Any, n_samples: int) -> Iterator[NDArray[np.bool_]]:
    """Mark for each member the rows that it has not seen."""
    for seen in _bags(bag):
        unseen = np.ones(n_samples, dtype=bool)
        unseen[seen] = False
        yield unseen


def _bags(bag: Any) -> Iterator[NDArray[np.intp]]:
    """Yield the rows that each member has seen, of a forest for a few trees at a time.

    The property makes them anew for all members at once: n_estimators × n_samples numbers.
    """
    if not isinstance(bag, FORESTS):
        yield from bag.estimators_samples_
        return
    part = copy(bag)
    for start in range(0, len(bag.estimators_), _TREES_AT_A_TIME):
        part.estimators_ = bag.estimators_[start : start + _TREES_AT_A_TIME]
        yield from part.estimators_samples_


def _fallback_splits(rows: Rows, few: NDArray[np.bool_], random_state: Any) -> Splits:
    """Split in folds that predict only the few rows, and leave out folds without any."""
    folds = quiet_folds(rows.codes, random_state, _FALLBACK_FOLDS, outcome=type(rows.outcome))
    splits = [(train, test[few[test]]) for train, test in folds]
    return [(train, test) for train, test in splits if len(test)]
