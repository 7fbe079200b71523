"""Where teacher probabilities come from: the same rows, other folds, out of the bag, frozen.

The functions here know arrays, splits and a teacher; they return probabilities of shape
(n_samples, n_classes), columns in the order of the classes, and the fitted teachers if these are
to be kept.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterator
from copy import copy
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, gen_even_slices, get_tags
from sklearn.utils.parallel import Parallel, delayed

from .._utils.compat import index_params, index_rows, n_rows
from .._utils.parallel import run
from .._utils.estimators import address_weights, is_frozen, last_step, split_params
from .._utils.progress import SILENT, Progress
from .._utils.validation import (
    check_fold_count,
    check_splits,
    class_columns,
    is_fold_count,
)

Array = NDArray[np.float64]
Labels = NDArray[Any]
Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]
Source = Literal["in_sample", "oob"] | Splits


def make_splitter(cv: Any, random_state: Any) -> Any:
    """Return what splits rows: shuffled stratified folds for a number, else `cv` itself.

    Parameters
    ----------
    cv : int, splitter or iterable
        Number of folds, an object with `split`, or pairs of training and test rows.
    random_state : int, RandomState instance or None
        Seeds the shuffling of a number of folds.

    Returns
    -------
    object
        A splitter, or the pairs.

    Raises
    ------
    ValueError
        If `cv` is none of these.
    """
    if is_fold_count(cv):
        return StratifiedKFold(max(cv, 2), shuffle=True, random_state=random_state)
    if hasattr(cv, "split") and not isinstance(cv, str | type):
        return cv
    if isinstance(cv, str | type) or not hasattr(cv, "__iter__"):
        raise ValueError(
            "cv must be a number of folds, a splitter or an iterable of (train, test) rows, or "
            f"'oob' for a bagging teacher, found {cv!r}."
        )
    return cv


def make_splits(
    cv: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    codes: NDArray[np.intp],
    *,
    random_state: Any = None,
    split_params: dict[str, Any] | None = None,
) -> Splits:
    """Split rows into folds that predict each row once.

    Parameters
    ----------
    cv : int, splitter or iterable
        As in `make_splitter`.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Their labels.
    classes : ndarray of shape (n_classes,)
        The sorted labels.
    codes : ndarray of shape (n_samples,)
        Each label's place in `classes`.
    random_state : int, RandomState instance or None, default=None
        Seeds the shuffling of a number of folds.
    split_params : dict, default=None
        What the splitter's `split` takes beyond X and y, such as groups.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test rows of each fold.

    Raises
    ------
    ValueError
        If a class has fewer rows than folds, or the folds do not predict each row once.
    """
    if is_fold_count(cv):
        check_fold_count(cv, classes, codes)
    splitter = make_splitter(cv, random_state)
    if hasattr(splitter, "split"):
        splitter = splitter.split(X, y, **(split_params or {}))
    return check_splits(list(splitter), n_rows(X))


def ask(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    source: Source,
    *,
    n_jobs: int | None = None,
    random_state: Any = None,
    keep_teachers: bool = False,
    progress: Progress = SILENT,
) -> tuple[Array, list[Any]]:
    """Ask a teacher about the rows it is given to learn from.

    Parameters
    ----------
    teacher : classifier
        It is cloned, never modified.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Their labels.
    classes : ndarray of shape (n_classes,)
        The sorted labels.
    params : dict
        What the teacher's `fit` takes beyond X and y.
    source : {"in_sample", "oob"} or list of (ndarray, ndarray)
        Whether the teacher that answers has seen the row, is a bag's members that have not, or
        was fitted on the training rows of a fold.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds of rows without enough out-of-bag votes.
    keep_teachers : bool, default=False
        Whether to return the fitted teachers.
    progress : Progress, default=SILENT
        Of which asking is a part.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    teachers : list of classifier
        The fitted teachers, if they are to be kept.
    """
    about = (teacher, X, y, classes, params)
    if source == "in_sample":
        with progress.part("teacher"):
            proba, teachers = in_sample(*about)
    elif source == "oob":
        with progress.part("teacher"):
            proba, teachers = out_of_bag(*about, n_jobs=n_jobs, random_state=random_state)
    else:
        proba, teachers = cross_fit(
            *about, source, n_jobs=n_jobs, keep_teachers=keep_teachers, progress=progress
        )
    return proba, teachers if keep_teachers else []


def in_sample(
    teacher: Any, X: Any, y: Labels, classes: Labels, params: dict[str, Any]
) -> tuple[Array, list[Any]]:
    """Fit a teacher on all rows, unless it is frozen, and ask it about the same rows."""
    if not isinstance(teacher, FrozenEstimator):
        teacher = clone(teacher).fit(X, y, **address_weights(teacher, params))
    return class_columns(classes, teacher, teacher.predict_proba(X)), [teacher]


def cross_fit(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    splits: Splits,
    *,
    n_jobs: int | None = None,
    keep_teachers: bool = False,
    progress: Progress = SILENT,
) -> tuple[Array, list[Any]]:
    """Ask about each row a teacher that was fitted without the row's fold.

    A worker sends back the probabilities of its fold, and its fitted teacher only if that is to
    be kept. A class that is missing in a fold's training part has probability 0 in that fold.
    """
    folds = ask_each(
        teacher,
        X,
        y,
        classes,
        params,
        splits,
        n_jobs=n_jobs,
        keep_teachers=keep_teachers,
        progress=progress,
    )
    proba = np.zeros((len(y), len(classes)))
    for (_, test), (fold_proba, _) in zip(splits, folds, strict=True):
        proba[test] = fold_proba
    return proba, [fitted for _, fitted in folds if keep_teachers]


def ask_each(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    splits: Splits,
    *,
    n_jobs: int | None = None,
    keep_teachers: bool = False,
    progress: Progress = SILENT,
) -> list[tuple[Array, Any]]:
    """Fit a teacher on the training rows of each split, and ask it about the test rows.

    Returns
    -------
    list of (ndarray, classifier or None)
        The probabilities of each split's test rows, and its teacher if that is to be kept.
    """
    params = address_weights(teacher, params)
    calls = [
        (
            clone(teacher),
            X,
            y,
            classes,
            params,
            split,
            f"{fold} of {len(splits)}",
            keep_teachers,
        )
        for fold, split in enumerate(splits, start=1)
    ]
    try:
        return run(_fit_fold, calls, n_jobs, progress, "teachers")
    except _FoldError as error:
        _raise_for_fold(error)


def _fit_fold(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    split: tuple[Any, Any],
    name: str,
    keep_teacher: bool,
) -> tuple[Array, Any]:
    train, test = split
    try:
        teacher.fit(index_rows(X, train), y[train], **index_params(X, params, train))
        proba = teacher.predict_proba(index_rows(X, test))
        return class_columns(classes, teacher, proba), teacher if keep_teacher else None
    except Exception as cause:
        # What a process sends back loses its traceback, so write it down.
        cause.add_note("".join(traceback.format_tb(cause.__traceback__)))
        raise _FoldError(name, cause) from cause


class _FoldError(Exception):
    """Carries a fold's name and what went wrong in it from a worker to the parent."""


def _raise_for_fold(error: _FoldError) -> NoReturn:
    name, cause = error.args
    kind = next((k for k in (ValueError, TypeError) if isinstance(cause, k)), RuntimeError)
    raise kind(f"The teacher failed in fold {name}: {type(cause).__name__}: {cause}") from cause


# ---- out-of-bag ------------------------------------------------------------------------------

# A mean over fewer members that did not see the row is too noisy to learn from.
_ENOUGH_VOTES = 5
_FALLBACK_FOLDS = 5
_TREES_AT_A_TIME = 50
_FORESTS = (RandomForestClassifier, ExtraTreesClassifier)


def check_out_of_bag(teacher: Any) -> None:
    """Refuse a teacher that has no out-of-bag probabilities.

    Parameters
    ----------
    teacher : classifier
        The teacher, or a Pipeline that ends in it.

    Raises
    ------
    ValueError
        If it is frozen, does not bag, or has bagging switched off; or if a step before it
        learns from y, because that step would have seen the label of each row.
    """
    last = last_step(teacher)
    name = type(last).__name__
    if is_frozen(teacher):
        raise ValueError(
            "cv='oob' cannot serve a frozen teacher: use Distiller, or "
            "LossCorrectedDistiller(cv='in_sample'), which ask it as it is."
        )
    bagging = {"bootstrap", "oob_score"} <= set(last.get_params(deep=False))
    if not bagging:
        raise ValueError(
            f"cv='oob' needs a bagging teacher (RandomForestClassifier, BaggingClassifier, or "
            f"ExtraTreesClassifier with bootstrap=True); {name} does not bag: use folds."
        )
    if not last.bootstrap:
        raise ValueError(f"cv='oob' needs {name}(bootstrap=True), found bootstrap=False.")
    for step in _transformers(teacher):
        if get_tags(step).target_tags.required:
            raise ValueError(
                f"cv='oob' cannot serve a Pipeline whose step {type(step).__name__} learns from "
                "y: it would have seen the label of each row. Use folds."
            )


def _transformers(teacher: Any) -> list[Any]:
    """Return the estimators that come before the last step of a Pipeline."""
    if not isinstance(teacher, Pipeline):
        return []
    steps = [step for _, step in teacher.steps[:-1]]
    steps = [step for step in steps if step is not None and step != "passthrough"]
    return steps + _transformers(teacher.steps[-1][1])


def out_of_bag(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    *,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> tuple[Array, list[Any]]:
    """Fit a bagging teacher once, and average for each row the members that did not see it.

    Rows with fewer than 5 such members are predicted by teachers of 5 stratified folds, with one
    warning that counts them. The transformers of a Pipeline are fitted without y.
    """
    fitted, bag, rows = _fit_bagging(clone(teacher), X, y, params)
    proba = class_columns(classes, bag, np.nan_to_num(bag.oob_decision_function_))
    votes = np.zeros(n_rows(rows), dtype=np.intp)
    for unseen in _unseen(bag, len(votes)):
        votes += unseen
    asked = (teacher, X, y, classes, params)
    return _fill_few(proba, votes, asked, n_jobs=n_jobs, random_state=random_state), [fitted]


def in_and_out_of_bag(
    teacher: Any, X: Any, y: Labels, classes: Labels, params: dict[str, Any], **how: Any
) -> tuple[Array, Array]:
    """Fit a bagging teacher once; return its out-of-bag and its in-sample answers.

    The trees of a forest are asked once for both, by as many threads as fit it.
    """
    if not isinstance(last_step(teacher), _FORESTS):
        out, (fitted,) = out_of_bag(teacher, X, y, classes, params, **how)
        return out, class_columns(classes, fitted, fitted.predict_proba(X))
    _, forest, rows = _fit_bagging(clone(teacher), X, y, params, oob_score=False)
    out, votes, inside = _ask_trees(forest, rows)
    asked = (teacher, X, y, classes, params)
    out = _fill_few(class_columns(classes, forest, out), votes, asked, **how)
    return out, class_columns(classes, forest, inside)


def _ask_trees(forest: Any, X: Any) -> tuple[Array, NDArray[np.intp], Array]:
    """Return a forest's out-of-bag answers, by how many trees each was given, and its answers."""
    X = check_array(X, accept_sparse="csr", dtype=np.float32, ensure_all_finite=False)
    n_trees, n_threads = len(forest.estimators_), effective_n_jobs(forest.n_jobs)
    sums = Parallel(n_threads, require="sharedmem")(
        delayed(_add_trees)(forest, X, part)
        for part in gen_even_slices(n_trees, min(n_threads, n_trees))
    )
    out, votes, every = (sum(parts) for parts in zip(*sums, strict=True))
    return out / np.maximum(votes, 1)[:, None], votes, every / n_trees


def _add_trees(forest: Any, X: Any, part: slice) -> tuple[Array, NDArray[np.intp], Array]:
    """Add up what some trees say about rows that they have not seen, their number, and all."""
    out, every = np.zeros((2, X.shape[0], len(forest.classes_)))
    votes = np.zeros(X.shape[0], dtype=np.intp)
    trees = copy(forest)
    trees.estimators_ = forest.estimators_[part]
    for tree, unseen in zip(trees.estimators_, _unseen(trees, len(votes)), strict=True):
        proba = tree.predict_proba(X)
        every += proba
        out[unseen] += proba[unseen]
        votes += unseen
    return out, votes, every


def _fill_few(
    proba: Array,
    votes: NDArray[np.intp],
    asked: tuple[Any, Any, Labels, Labels, dict[str, Any]],
    *,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> Array:
    """Have teachers of folds answer for the rows that too few members have not seen.

    `asked` is what the bag was asked by: teacher, rows, labels, classes and parameters.
    """
    few = (votes < _ENOUGH_VOTES) | ~(proba.sum(axis=1) > 0)
    if not few.any():
        return proba
    warnings.warn(
        f"{int(few.sum())} of {len(few)} rows have fewer than {_ENOUGH_VOTES} out-of-bag "
        f"votes; teachers of {_FALLBACK_FOLDS} folds predict them instead. More members, or "
        "weights that differ less, avoid that.",
        UserWarning,
        stacklevel=3,
    )
    _, _, y, *_ = asked
    by_folds, _ = cross_fit(*asked, _fallback_splits(y, few, random_state), n_jobs=n_jobs)
    proba[few] = by_folds[few]
    return proba


def _fit_bagging(
    teacher: Any, X: Any, y: Labels, params: dict[str, Any], *, oob_score: bool = True
) -> tuple[Any, Any, Any]:
    """Fit in place; return the teacher, what it ends in, and the rows that this has seen."""
    if not isinstance(teacher, Pipeline):
        with warnings.catch_warnings():
            # Rows without votes are our business, and Bagging divides by their number.
            warnings.filterwarnings("ignore", message="Some inputs do not have OOB scores")
            warnings.filterwarnings("ignore", message="invalid value encountered in divide")
            return teacher, teacher.set_params(oob_score=oob_score).fit(X, y, **params), X
    head, (name, last) = teacher[:-1], teacher.steps[-1]
    head_params, last_params = split_params(teacher, params)
    if head.steps:
        X = _transform_without_labels(head, X, head_params)
    last, bag, rows = _fit_bagging(last, X, y, last_params, oob_score=oob_score)
    teacher.steps = [*head.steps, (name, last)]
    return teacher, bag, rows


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
    if not isinstance(bag, _FORESTS):
        yield from bag.estimators_samples_
        return
    part = copy(bag)
    for start in range(0, len(bag.estimators_), _TREES_AT_A_TIME):
        part.estimators_ = bag.estimators_[start : start + _TREES_AT_A_TIME]
        yield from part.estimators_samples_


def quiet_folds(y: Labels, random_state: Any, n_folds: int = _FALLBACK_FOLDS) -> Splits:
    """Split in shuffled stratified folds of our own choice, fewer where a class is small."""
    rarest = np.unique(y, return_counts=True)[1].min()
    folds = StratifiedKFold(
        int(np.clip(rarest, 2, n_folds)), shuffle=True, random_state=random_state
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(folds.split(np.zeros(len(y)), y))


def _fallback_splits(y: Labels, few: NDArray[np.bool_], random_state: Any) -> Splits:
    """Split in folds that predict only the few rows, and leave out folds without any."""
    splits = [(train, test[few[test]]) for train, test in quiet_folds(y, random_state)]
    return [(train, test) for train, test in splits if len(test)]


# ---- for an honest search --------------------------------------------------------------------


class Answers(NamedTuple):
    """What teachers say about some rows, all of it learned from these rows alone.

    `rows` are their numbers, `out` the out-of-fold or out-of-bag probabilities, `inside` the
    in-sample ones where they were asked for, and `splits` the teachers' folds within `rows`, None
    where they had none.
    """

    rows: NDArray[np.intp]
    out: Array
    inside: Array | None
    splits: Splits | None


def leave_two_out(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    folds: Splits,
    *,
    inside: bool,
    n_jobs: int | None = None,
    progress: Progress = SILENT,
) -> list[tuple[Array, Array | None]]:
    """Ask teachers fitted without each pair of folds, and without each fold.

    The teacher without folds j and k serves fold j while k validates, and fold k while j does; the
    teacher without fold k serves k in the end, and knows k's training rows from inside. For K
    folds that is K (K + 1) / 2 teachers in all.

    Returns
    -------
    list of (ndarray, ndarray or None)
        For each fold out-of-fold and, if asked for, in-sample probabilities of its training rows;
        then, for all rows, the out-of-fold ones and the mean of what the teachers that saw a row
        say of it.
    """
    pairs = [(j, k) for k in range(len(folds)) for j in range(k)]
    splits = [
        (np.intersect1d(folds[j][0], folds[k][0]), np.concatenate([folds[j][1], folds[k][1]]))
        for j, k in pairs
    ]
    splits += [(train, np.concatenate([test, train]) if inside else test) for train, test in folds]
    found = ask_each(teacher, X, y, classes, params, splits, n_jobs=n_jobs, progress=progress)
    answers = [proba for proba, _ in found]
    out = np.zeros((len(folds) + 1, len(y), len(classes)))
    for (j, k), proba in zip(pairs, answers, strict=False):
        out[k, folds[j][1]], out[j, folds[k][1]] = np.split(proba, [len(folds[j][1])])
    known = []
    for (_, test), proba in zip(folds, answers[len(pairs) :], strict=True):
        out[-1, test], knows = np.split(proba, [len(test)])
        known.append(knows)
    if not inside:
        return [*((out[k, train], None) for k, (train, _) in enumerate(folds)), (out[-1], None)]
    parts = [(out[k, train], known[k]) for k, (train, _) in enumerate(folds)]
    return [*parts, (out[-1], _mean_inside(known, folds, out[-1].shape))]


def _mean_inside(known: list[Array], folds: Splits, shape: tuple[int, ...]) -> Array:
    """Average what the fold teachers say about the rows that they were fitted on."""
    total, times = np.zeros(shape), np.zeros((shape[0], 1))
    for knows, (train, _) in zip(known, folds, strict=True):
        total[train] += knows
        times[train] += 1
    return np.asarray(total / np.maximum(times, 1))


def ask_parts(
    teacher: Any,
    X: Any,
    y: Labels,
    classes: Labels,
    params: dict[str, Any],
    parts: list[NDArray[np.intp]],
    sources: list[Source],
    *,
    inside: bool,
    n_jobs: int | None = None,
    random_state: Any = None,
    progress: Progress = SILENT,
) -> list[tuple[Array, Array | None]]:
    """Ask about each part of the rows teachers fitted on that part alone.

    A bag ("oob") answers in both ways after one fit; with folds of its own a part needs one more
    fit for the in-sample answers.

    Returns
    -------
    list of (ndarray, ndarray or None)
        For each part out-of-bag or out-of-fold probabilities, and in-sample ones if asked for.
    """
    with progress.part("teachers", len(parts)) as step:
        return [
            _ask_part(
                teacher,
                (index_rows(X, rows), y[rows], classes, index_params(X, params, rows)),
                source,
                inside=inside,
                n_jobs=n_jobs,
                random_state=random_state,
                progress=step,
            )
            for rows, source in zip(parts, sources, strict=True)
        ]


def _ask_part(
    teacher: Any, part: tuple[Any, ...], source: Source, *, inside: bool, **how: Any
) -> tuple[Array, Array | None]:
    X, y, classes, params = part
    if source == "oob" and inside:
        with how.pop("progress").part("teacher"):
            return in_and_out_of_bag(teacher, X, y, classes, params, **how)
    out, _ = ask(teacher, X, y, classes, params, source, **how)
    return out, in_sample(teacher, X, y, classes, params)[0] if inside else None


def splits_within(folds: Splits, part: NDArray[np.intp], n_samples: int) -> Splits:
    """Return the folds that lie in a part of the rows, in numbers of that part."""
    place = np.full(n_samples, -1)
    place[part] = np.arange(len(part))
    inner = [(place[train], place[test]) for train, test in folds]
    inner = [(train[train >= 0], test[test >= 0]) for train, test in inner]
    return [(train, test) for train, test in inner if len(test)]


def part_splits(
    cv: Any, X: Any, y: Labels, *, groups: Any = None, random_state: Any = None
) -> Splits:
    """Split a part of the rows, which may lack a class, in the folds of its own teachers."""
    present, codes = np.unique(y, return_inverse=True)
    # A number of folds means stratified ones, which know no groups.
    params = {} if groups is None or is_fold_count(cv) else {"groups": groups}
    return make_splits(cv, X, y, present, codes, random_state=random_state, split_params=params)
