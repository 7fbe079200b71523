"""Where teacher probabilities come from: the same rows, other folds, a frozen teacher, the caller.

The functions here know arrays, splits and a teacher; they return probabilities of shape
(n_samples, n_classes), columns in the order of the classes, and the fitted teachers if these are
to be kept.
"""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.parallel import Parallel, delayed

from ._compat import index_params, index_rows, n_rows
from ._pipelines import address_weights
from ._validation import (
    check_fold_count,
    check_splits,
    class_columns,
    is_fold_count,
)

Array = NDArray[np.float64]
Labels = NDArray[Any]
Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


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
    if hasattr(cv, "split") and not isinstance(cv, str):
        return cv
    if isinstance(cv, str) or not hasattr(cv, "__iter__"):
        raise ValueError(
            "cv must be a number of folds, a splitter or an iterable of (train, test) rows, "
            f"found {cv!r}."
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
) -> tuple[Array, list[Any]]:
    """Ask about each row a teacher that was fitted without the row's fold.

    A worker sends back the probabilities of its fold, and its fitted teacher only if that is to
    be kept. A class that is missing in a fold's training part has probability 0 in that fold.
    """
    params = address_weights(teacher, params)
    try:
        folds = Parallel(n_jobs=n_jobs)(
            delayed(_fit_fold)(
                clone(teacher),
                X,
                y,
                classes,
                params,
                split,
                f"{fold + 1} of {len(splits)}",
                keep_teachers,
            )
            for fold, split in enumerate(splits)
        )
    except _FoldError as error:
        _raise_for_fold(error)
    proba = np.empty((len(y), len(classes)))
    for (_, test), (fold_proba, _) in zip(splits, folds, strict=True):
        proba[test] = fold_proba
    return proba, [fitted for _, fitted in folds if keep_teachers]


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


def _raise_for_fold(error: _FoldError) -> None:
    name, cause = error.args
    kind = next((k for k in (ValueError, TypeError) if isinstance(cause, k)), RuntimeError)
    raise kind(f"The teacher failed in fold {name}: {type(cause).__name__}: {cause}") from cause
