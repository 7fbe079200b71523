"""Two crossings of the street alone, for students that are trained elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import rows as rows_
from .._utils import parameters
from .._utils.memory import open_memory, warn_of_unseeded_folds
from .._utils.probabilities import PROBA_FLOOR
from .._utils.validation import check_weights_taken
from ..outcomes import Classes
from ..rehearsal import rehearse as rehearse_members
from ..rows import Rows
from ..sources import Answers, Source, Teacher, ask, choose_source, fall_at_random, settle
from ..targets import LOSSES, CrossFit, Lesson, Strategy, corrected_by, make_loss

Array = NDArray[np.float64]


def teacher_probabilities(
    teacher: Any,
    X: Any,
    y: ArrayLike,
    *,
    cv: Any = 5,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    memory: Any = None,
    rehearse: bool = True,
) -> Array:
    """Ask a teacher about each row, by default one that has not seen the row.

    It is what :class:`CrossFitDistiller` asks, for students that are trained elsewhere: networks,
    boosters by their own interface, programs in other languages. Beyond
    :func:`~sklearn.model_selection.cross_val_predict` it knows out-of-bag answers, keeps a column
    for a class that a fold lacks, passes weights on, and remembers.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified. A
        :class:`~sklearn.frozen.FrozenEstimator` needs `cv="in_sample"`, and is asked as it is.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int, splitter, iterable, "oob" or "in_sample", default=5
        Which teacher answers about a row. Each row must be predicted exactly once.

        - int: number of stratified folds, shuffled by `random_state`; with `groups` they keep
          these together. Elsewhere in scikit-learn an int does not shuffle.
        - splitter: an object with `split`, such as :class:`~sklearn.model_selection.GroupKFold`.
        - iterable: pairs of training and test rows.
        - `"oob"`: no folds; of a bagging teacher the members that have not seen the row. That is
          :class:`~sklearn.ensemble.RandomForestClassifier`,
          :class:`~sklearn.ensemble.BaggingClassifier`, or
          :class:`~sklearn.ensemble.ExtraTreesClassifier` with `bootstrap=True`. One fit, for as
          good a student. The teacher may end a Pipeline whose other steps do not learn from y.
          Rows with fewer than 5 such members are predicted by teachers of 5 folds, with a
          warning that counts them.
        - `"in_sample"`: the teacher is fitted on all rows, unless it is frozen, and asked about the
          same rows.

        A class that is missing from a fold's training part has probability 0 in that fold.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows, for the teacher.
    groups : array-like of shape (n_samples,), default=None
        Group of each row, for the splitter.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; the teacher has its own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the answers for further calls. Of a `joblib.Memory` only the location is used.
    rehearse : bool, default=True
        Whether a clone of the teacher is tried on a few rows, before any teacher is fitted.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        Probabilities, columns in the order of the sorted labels.

    Raises
    ------
    ValueError
        If anything cannot be used; no teacher has been fitted then.
    ValueError, TypeError or RuntimeError
        If the teacher fails: of the cause's kind where that is one of the first two. It names the
        fold, and keeps the cause.

    See Also
    --------
    distillation_targets : What a student should learn, corrected and linked.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 4 (cross-fitting).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdistill import teacher_probabilities
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(60, random_state=0)
    >>> teacher_probabilities(forest, X, y, cv="oob").shape
    (150, 3)
    """
    parameters.check("teacher_probabilities", locals())
    rows = rows_.check(X, y, sample_weight, groups)
    source = _source(teacher, cv, rows, None, random_state, n_jobs, memory)
    _check_groups(rows, source, uses_groups=False)
    return _answers(source, teacher, rows, memory, rehearse=rehearse).out


def distillation_targets(
    teacher: Any,
    X: Any,
    y: ArrayLike,
    *,
    loss: str = "cross_entropy",
    correction: Any = "residual",
    c: float | None = None,
    temperature: float = 1.0,
    proba_floor: float = PROBA_FLOOR,
    cv: Any = 5,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    teacher_proba: ArrayLike | None = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    memory: Any = None,
    rehearse: bool = True,
) -> Array:
    """Return what a student should learn that is trained elsewhere.

    It is what :class:`LossCorrectedDistiller` hands to its student.

    Parameters
    ----------
    teacher : classifier or None
        Any classifier with `predict_proba`. It is cloned, never modified. A
        :class:`~sklearn.frozen.FrozenEstimator` needs `cv="in_sample"`, and is asked as it is. None
        where `teacher_proba` is given.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels.
    loss : {"cross_entropy", "squared_error", "squared_error_logit"}, default="cross_entropy"
        What the student minimises.
    correction : str, float, callable or None, default="residual"
        How the labels correct the teacher; None does not. `"residual"`: a model learns where the
        teacher is wrong, and the share `c` of the orthogonal correction is applied to what it
        says. `"fast"`, `"slow"`, `"fast_realized"`, `"slow_realized"`, `"relative"`, `"absolute"`,
        `"power"`, `"orthogonal"`: a rule of :mod:`skdistill.corrections`, which says what each is
        for. A number in [0, 1]: this share of the orthogonal correction. A callable
        `f(proba, y, *, link)` returns γ.
    c : float, default=None
        Positive constant of the rule; None is its own default (`fast`, `slow` and `absolute` 0.1,
        `relative` 0.5, `power` 2). For `"residual"` a share in [0, 1], 0.2 by default. Not used by
        None, `"orthogonal"`, a number or a callable.
    temperature : float, default=1.0
        Temperature T of `"cross_entropy"`, from 1e-4 to 1e4: a student with logits f minimises the
        cross-entropy of softmax(f / T). Another loss takes 1 alone.
    proba_floor : float, default=0.002
        Lowest teacher probability where a logarithm is taken.
    cv : int, splitter, iterable, "oob" or "in_sample", default=5
        Which teacher answers about a row. Each row must be predicted exactly once.

        - int: number of stratified folds, shuffled by `random_state`; with `groups` they keep
          these together. Elsewhere in scikit-learn an int does not shuffle.
        - splitter: an object with `split`, such as :class:`~sklearn.model_selection.GroupKFold`.
        - iterable: pairs of training and test rows.
        - `"oob"`: no folds; of a bagging teacher the members that have not seen the row. That is
          :class:`~sklearn.ensemble.RandomForestClassifier`,
          :class:`~sklearn.ensemble.BaggingClassifier`, or
          :class:`~sklearn.ensemble.ExtraTreesClassifier` with `bootstrap=True`. One fit, for as
          good a student. The teacher may end a Pipeline whose other steps do not learn from y.
          Rows with fewer than 5 such members are predicted by teachers of 5 folds, with a
          warning that counts them.
        - `"in_sample"`: the teacher is fitted on all rows, unless it is frozen, and asked about the
          same rows.

        A class that is missing from a fold's training part has probability 0 in that fold.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights of the rows, for the teacher and the learned correction; hand them to
        the student too.
    groups : array-like of shape (n_samples,), default=None
        Group of each row, for the splitter.
    teacher_proba : array-like of shape (n_samples, n_classes), default=None
        Probabilities made elsewhere, which should be out-of-fold.
    n_jobs : int, default=None
        Number of folds that are fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; the teacher has its own.
    memory : None, str, Path or joblib.Memory, default=None
        Where to keep the teacher's answers for further calls.
    rehearse : bool, default=True
        Whether a clone of the teacher is tried on a few rows, before any teacher is fitted.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_classes)
        For `"cross_entropy"` soft labels whose rows sum to 1, with a correction signed
        ones, columns in the order of the sorted labels. For `"squared_error"` probabilities and
        for `"squared_error_logit"` log-odds or centred log-probabilities, of two classes of the
        second one alone. The distillers round them to multiples of 2⁻⁴⁰ before a student learns
        them, so that no tie of a tree is decided by rounding errors.

    Raises
    ------
    ValueError
        If anything cannot be used; no teacher has been fitted then.
    ValueError, TypeError or RuntimeError
        If the teacher fails: of the cause's kind where that is one of the first two. It names the
        fold, and keeps the cause.

    See Also
    --------
    teacher_probabilities : What the teacher says, as it is.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, section 5 (loss correction).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skdistill import distillation_targets
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> soft = distillation_targets(GaussianNB(), X, y, random_state=0)
    >>> soft.shape, soft.sum(axis=1).round(6).tolist()[:2]
    ((569, 2), [1.0, 1.0])
    """
    parameters.check("distillation_targets", locals())
    rows = rows_.check(X, y, sample_weight, groups)
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ValueError(f"loss must be one of {list(LOSSES)}, found {loss!r}.")
    made = make_loss(loss, rows.n_classes, temperature=temperature, proba_floor=proba_floor)
    strategy: Strategy = CrossFit(None) if correction is None else corrected_by(correction, c)
    strategy.check(rows, made)
    source = _source(teacher, cv, rows, teacher_proba, random_state, n_jobs, memory)
    _check_groups(rows, source, uses_groups=strategy.uses_groups)
    answers = _answers(source, teacher, rows, memory, rehearse=rehearse)
    lesson = Lesson(
        rows,
        answers,
        random_state=random_state,
        n_jobs=n_jobs,
        folds_are_drawn=fall_at_random(rows, cv),
    )
    return strategy.target(lesson, made)


def _source(
    teacher: Any,
    cv: Any,
    rows: Rows,
    teacher_proba: Any,
    random_state: Any,
    n_jobs: int | None,
    memory: Any,
) -> Source:
    """Return where answers come from, and find what is wrong before anything is fitted."""
    if teacher_proba is None:
        Classes.check_teacher(teacher)
    own = choose_source(cv, random_state=random_state, n_jobs=n_jobs, inside=True)
    source = settle(own, teacher, teacher_proba)
    open_memory(memory)
    if rows.sample_weight is not None and source.fits_teachers:
        check_weights_taken(teacher, "teacher")
    warn_of_unseeded_folds(memory, source.splitter)
    return source


def _check_groups(rows: Rows, source: Source, *, uses_groups: bool) -> None:
    if rows.groups is not None and source.splitter is None and not uses_groups:
        raise ValueError(
            "groups was given, but no rows are split here (bags ignore groups): leave it out, or "
            "use folds, such as cv=GroupKFold()."
        )


def _answers(source: Source, teacher: Any, rows: Rows, memory: Any, *, rehearse: bool) -> Answers:
    weight = rows.sample_weight
    params = {} if weight is None or not source.fits_teachers else {"sample_weight": weight}
    asked = Teacher(teacher, params)
    rehearsal = partial(rehearse_members, rows, asked) if rehearse else None
    return ask(source, asked, rows, memory=memory, rehearse=rehearsal)
