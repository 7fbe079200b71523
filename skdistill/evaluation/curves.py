"""Scores of a teacher and its students against a parameter of the student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer

from .. import rows as rows_
from .._utils import parameters
from .._utils.parallel import blame, run
from .._utils.progress import Progress
from .._utils.validation import check_scorer, check_scorer_in_folds
from ..rehearsal import rehearse as rehearse_members
from ..rows import Rows
from ..sources import Answers, Folds, Source, Splits, Teacher, fall_at_random
from ..sources.answers import say
from ..sources.folds import check_groups_kept, warn_of_missing_classes
from ..students import Student
from ..targets import Lesson
from .arguments import check_param_range
from .kinds import kind_of
from .methods import DIRECT, Method, Pupil, parse_methods
from .teaching import (
    as_answers,
    as_seed,
    ask_outside,
    check_askable,
    outside_source,
    teach,
    warn_if_judged_on_known_rows,
)

Array = NDArray[np.float64]


def distillation_curve(
    teacher: Any,
    student: Any,
    X: Any,
    y: ArrayLike,
    *,
    param_name: str,
    param_range: Any,
    methods: Any = DIRECT,
    groups: ArrayLike | None = None,
    cv: Any = 5,
    teacher_cv: Any = 5,
    scoring: Any = None,
    loss: str = "auto",
    n_jobs: int | None = None,
    random_state: Any = None,
    rehearse: bool = True,
    verbose: int = 0,
) -> tuple[Array, dict[Any, Array]]:
    """Score a teacher, and its student for each value of a parameter, by cross-validation.

    Where :func:`~sklearn.model_selection.validation_curve` has one curve for an estimator, this
    has one for each way in which the student can come about. In each outer fold the teacher is
    asked once, about training rows alone, and all values and all methods share its answers.

    Parameters
    ----------
    teacher : classifier or regressor
        Any classifier with `predict_proba`, which teaches classes, or any regressor, which teaches
        numbers. It is cloned, never modified.
    student : regressor or classifier
        What learns from it: any regressor, or for classes a classifier whose `fit` takes
        `sample_weight`, see :ref:`students`. It is cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels, or numbers for a regressor as teacher.
    param_name : str
        A parameter of the student, `step__parameter` in a Pipeline. `student__parameter`, as in a
        search over a distiller, is taken too.
    param_range : array-like of shape (n_values,)
        The values it takes, of any type.
    methods : sequence, default=("labels", "in_sample", "cross_fit", "corrected")
        How students come about:

        - `"labels"`: without a teacher, a regressor by squared error on 0 and 1, or on numbers by
          its own loss.
        - `"in_sample"`: as by :class:`~skdistill.Distiller`.
        - `"cross_fit"`: as by :class:`~skdistill.CrossFitDistiller`.
        - `"corrected"`: as by :class:`~skdistill.LossCorrectedDistiller`.
        - a share in [0, 1], or a pair (rule, c): the `correction` and `c` of
          :class:`~skdistill.LossCorrectedDistiller`.

        Numbers are taught as by the siblings of these, such as
        :class:`~skdistill.DistillerRegressor`.
    groups : array-like of shape (n_samples,), default=None
        Group of each row, for splitters.
    cv : int, splitter or iterable, default=5
        Outer folds, whose test rows give the scores. An int means folds shuffled by
        `random_state`, of classes stratified; elsewhere in scikit-learn an int does not shuffle.
    teacher_cv : int, splitter or "oob", default=5
        Where the teacher's answers come from within the training part of an outer fold; as
        `cv` of :class:`~skdistill.CrossFitDistiller`.
    scoring : str, callable or None, default=None
        What is measured; None is the accuracy, or R². For log loss take
        :func:`~skdistill.evaluation.neg_log_loss_floored`: `"neg_log_loss"` has no floor, and an
        unpruned tree that is certain and wrong once scores worse than nothing. A teacher or
        student that answers a quantile, a median or the like needs the loss that is meant, such as
        `make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)`.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What distilled students minimise: `"squared_error"` on probabilities or
        `"squared_error_logit"` on log-odds, both for regressors, or `"cross_entropy"` of soft
        labels, for classifiers. `"auto"` is the first for regressors, the last for classifiers.
        Students of numbers minimise their own loss, and this stays `"auto"`.
    n_jobs : int, default=None
        Number of teachers, and of students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds; teacher and student have their own.
    rehearse : bool, default=True
        Whether clones of teacher and student, of this one for each value, are tried on a few rows,
        before any teacher is fitted; see :class:`~skdistill.Distiller`.
    verbose : int, default=0
        1 prints on the stream of errors what has been fitted, and about how long the rest of it
        will take.

    Returns
    -------
    teacher_scores : ndarray of shape (n_folds,)
        Score of the teacher in each outer fold.
    student_scores : dict of {object: ndarray of shape (n_values, n_folds)}
        For each method the score of each value's student.

    Raises
    ------
    ValueError
        If the student lacks the parameter, the range is empty, a method is unknown, or the scorer
        cannot judge classifiers, or regressors; nothing has been fitted then.

    See Also
    --------
    skdistill.DistillationCurveDisplay : Draws the curve.
    skdistill.compare_students : All scores and costs of a few students.

    References
    ----------
    .. [1] Dao, Kamath, Syrgkanis, Mackey, "Knowledge Distillation as Semiparametric
       Inference", ICLR 2021, whose figures are such curves.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import distillation_curve
    >>> from skdistill.evaluation import make_noisy_table
    >>> X, y, _ = make_noisy_table(400, random_state=0)
    >>> teacher_scores, student_scores = distillation_curve(
    ...     RandomForestClassifier(30, random_state=0),
    ...     DecisionTreeRegressor(random_state=0),
    ...     X,
    ...     y,
    ...     param_name="max_leaf_nodes",
    ...     param_range=[4, 16, 64],
    ...     cv=3,
    ...     random_state=0,
    ... )
    >>> teacher_scores.shape
    (3,)
    >>> {method: scores.shape for method, scores in student_scores.items()}
    {'labels': (3, 3), 'in_sample': (3, 3), 'cross_fit': (3, 3), 'corrected': (3, 3)}
    """
    parameters.check("distillation_curve", locals())
    kind, seed = kind_of(teacher), as_seed(random_state)
    chosen = parse_methods(methods, DIRECT, kind.resolve)
    param_name, values = check_param_range(student, param_name, param_range)
    rows = rows_.check(X, y, None, groups, read=kind.read)
    source = outside_source(teacher_cv, seed=seed, n_jobs=None, name="teacher_cv")
    pupil = kind.prepare(teacher, student, rows, loss, source)
    kind.check_methods(teacher, student, chosen)
    if scoring is None:
        kind.check_judged(teacher, [student], "scoring=None")
    check_askable(teacher, chosen, source)
    check_scorer(scoring, rows)
    folds = _outer_folds(rows, cv, seed)
    check_scorer_in_folds(scoring, rows, folds)
    asked = source if any(method.asks_outside for method in chosen) else None
    # First these: they find what is wrong with the folds.
    splits = [None if asked is None else asked.split(rows.take(train)) for train, _ in folds]
    scorer = get_scorer(kind.scoring if scoring is None else scoring)
    with Progress.of_call("distillation_curve", verbose) as progress:
        task = _Task(rows, folds, scorer, n_jobs, progress)
        if rehearse:
            with progress.part("rehearsal"):
                students = [pupil.student.with_params({param_name: value}) for value in values]
                rehearse_members(rows, Teacher(teacher), *students)
        teacher_scores, answers = task.ask(teacher, splits, asked)
        are_drawn = fall_at_random(rows, teacher_cv)
        lessons = [
            Lesson(rows, about, part=train, random_state=seed, folds_are_drawn=are_drawn)
            for about, (train, _) in zip(answers, folds, strict=True)
        ]
        scores = task.teach(pupil, chosen, param_name, values, lessons)
    return teacher_scores, {m.key: s for m, s in zip(chosen, scores, strict=True)}


def _outer_folds(rows: Rows, cv: Any, seed: int) -> Splits:
    folds = Folds(cv, seed).pairs(rows)
    if not folds or any(not len(train) or not len(test) for train, test in folds):
        raise ValueError(f"cv must give folds with training and test rows, found cv={cv!r}.")
    check_groups_kept(folds, rows)
    warn_of_missing_classes(folds, rows)
    return folds


@dataclass(frozen=True)
class _Task:
    """Rows, and outer folds in which a teacher is asked and students are scored."""

    rows: Rows
    folds: Splits
    scorer: Any
    n_jobs: int | None
    progress: Progress

    def ask(
        self, teacher: Any, splits: list[Splits | None], source: Source | None
    ) -> tuple[Array, list[Answers]]:
        """Return the teacher's score in each fold, and what it says about the training rows."""
        names = [f"fold {k} of {len(self.folds)}" for k in range(1, len(self.folds) + 1)]
        calls = [
            (teacher, self.rows, fold, source, own, self.scorer, name, self.progress.within(name))
            for fold, own, name in zip(self.folds, splits, names, strict=True)
        ]
        found = run(_ask_in_fold, calls, self.n_jobs, self.progress, "teachers")
        scores, tested, answers = zip(*found, strict=True)
        numbers = np.concatenate([test for _, test in self.folds])
        warn_if_judged_on_known_rows(teacher, self.rows.take(numbers), np.concatenate(tested))
        return np.array(scores), list(answers)

    def teach(
        self,
        pupil: Pupil,
        methods: list[Method],
        param_name: str,
        values: list[Any],
        lessons: list[Lesson],
    ) -> Array:
        """Return the scores of students, by method, value of the parameter and fold."""
        targets = [[pupil.lesson(method, lesson) for method in methods] for lesson in lessons]
        calls = [
            (
                pupil,
                {param_name: value},
                self.rows,
                fold,
                *targets[k][m],
                self.scorer,
                f"for {method.key!r} with {param_name}={value!r} in fold {k + 1} of {len(targets)}",
            )
            for m, method in enumerate(methods)
            for value in values
            for k, fold in enumerate(self.folds)
        ]
        scores = run(_score_student, calls, self.n_jobs, self.progress, "students")
        return np.reshape(scores, (len(methods), len(values), -1))


def _ask_in_fold(
    teacher: Any,
    rows: Rows,
    fold: Any,
    source: Source | None,
    splits: Splits | None,
    scorer: Any,
    name: str,
    progress: Progress,
) -> tuple[float, Array, Answers]:
    train, test = fold
    part, unseen = rows.take(train), rows.take(test)
    with blame(f"The teacher failed in {name}"):
        outside = None if source is None else ask_outside(teacher, part, source, splits, progress)
        taught = teach(teacher, part, source, progress)
        tested = say(taught.teacher, unseen)
    with blame(f"scoring failed for the teacher in {name}"):
        score = float(scorer(taught.teacher, unseen.X, unseen.y))
    # The fitted teacher stays here: a worker does not send a forest back.
    return score, tested, as_answers(taught, outside)


def _score_student(
    pupil: Pupil,
    params: dict[str, Any],
    rows: Rows,
    fold: Any,
    student: Student,
    target: Array,
    scorer: Any,
    name: str,
) -> float:
    train, test = fold
    unseen = rows.take(test)
    with blame(f"The student failed {name}"):
        model = pupil.learn(rows.take(train), student.with_params(params), target)
    with blame(f"scoring failed {name}"):
        return float(scorer(model, unseen.X, unseen.y))
