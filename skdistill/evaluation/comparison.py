"""One table of what there is to choose from: the teacher, and each student in each way."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils import parameters
from .._utils.estimators import is_frozen
from .._utils.memory import KeptAnswers
from ..distillers import LossCorrectedDistillerCV
from ..rehearsal import rehearse as rehearse_members
from ..rows import Rows
from ..sources import Answers, Source, Splits, Teacher
from ..targets import Lesson
from .arguments import hold_out, name_students, score_name
from .measure.costs import pickled_size
from .measure.measurement import Measurement, TestRows
from .measure.scores import probabilities
from .methods import (
    IN_SAMPLE,
    METHODS,
    TEACHER,
    TUNED,
    TUNED_LABELS,
    Method,
    Pupil,
    parse_methods,
    prepare_pupil,
    search_grid,
    tune_on_labels,
)
from .show.results import Comparison
from .teaching import (
    Taught,
    as_answers,
    as_seed,
    ask_outside,
    check_askable,
    outside_source,
    teach,
    warn_if_judged_on_known_rows,
)

Array = NDArray[np.float64]


def compare_students(
    teacher: Any,
    students: Any,
    X: Any,
    y: ArrayLike,
    *,
    param_name: str | None = None,
    param_range: Any = None,
    methods: Any = None,
    X_test: Any = None,
    y_test: ArrayLike | None = None,
    test_size: float = 0.3,
    bayes_proba: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    groups_test: ArrayLike | None = None,
    cv: Any = 5,
    teacher_cv: Any = None,
    scoring: Any = None,
    loss: str = "auto",
    max_latency: float | None = None,
    max_size: float | None = None,
    latency_batch: int = 1,
    n_jobs: int | None = None,
    random_state: Any = None,
    rehearse: bool = True,
) -> Comparison:
    """Compare a teacher with one or more students, each trained in every way, on held-out rows.

    The teacher is asked once, whatever the number of students: it is fitted on all training rows,
    in each fold, and in each pair of folds for the tuned distillation.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified.
    students : estimator, list or dict of estimators
        What learns from it: any regressor, or a classifier whose `fit` takes `sample_weight`, see
        :ref:`students`. The keys of a dict are the students' names. They are cloned, never
        modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels.
    param_name : str, default=None
        A parameter of the one student that is given, which makes a student of each value of
        `param_range`.
    param_range : array-like of shape (n_values,), default=None
        The values.
    methods : sequence, default=None
        How each student comes about. None is all of these that teacher and student can do:

        - `"labels"`: without a teacher, a regressor by squared error on 0 and 1.
        - `"tuned_labels"`: the same, its own parameters chosen by a small search: what
          distillation gains beyond this is its own. For trees, forests, LightGBM and models with
          a penalty `C`, never larger than the student itself.
        - `"in_sample"`: by :class:`~skdistill.Distiller`.
        - `"cross_fit"`: by :class:`~skdistill.CrossFitDistiller`.
        - `"corrected"`: by :class:`~skdistill.LossCorrectedDistiller`.
        - `"tuned"`: by :class:`~skdistill.LossCorrectedDistillerCV`.

        Also a share in [0, 1], or a pair (rule, c) of `correction` and `c` of
        :class:`~skdistill.LossCorrectedDistiller`.
    X_test : {array-like, sparse matrix, frame} of shape (n_test, n_features), default=None
        Rows to measure on; None holds out some of X.
    y_test : array-like of shape (n_test,), default=None
        Their labels.
    test_size : float, default=0.3
        Share of the rows that is held out, stratified, where `X_test` is None.
    bayes_proba : array-like of shape (n_test, n_classes), default=None
        True class probabilities of `X_test`, columns in the order of the sorted labels or, in
        a frame, named after them, where these are known, as for simulated rows. Scores are then
        those expected over labels.
    groups : array-like of shape (n_samples,), default=None
        Group of each row: no group is both trained and tested on, in no fold either. They
        exclude `teacher_cv="oob"`, as bags ignore groups. Standard errors count groups and not
        rows.
    groups_test : array-like of shape (n_test,), default=None
        Group of each row of `X_test`, for the standard errors. Without it each of these rows
        counts as drawn on its own.
    cv : int, splitter or iterable, default=5
        Folds of the training rows, for the teacher's out-of-fold answers and for both searches.
        An int means stratified folds, shuffled by `random_state`.
    teacher_cv : None, int, splitter or "oob", default=None
        Where the teacher's answers come from about rows that it has not seen; see
        :class:`~skdistill.LossCorrectedDistillerCV`. None is the folds of `cv`; `"oob"` is much
        cheaper for a teacher that bags.
    scoring : str, callable or None, default=None
        The score, beside the log loss; None is the accuracy.
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What distilled students minimise: `"squared_error"` on probabilities or
        `"squared_error_logit"` on log-odds, both for regressors, or `"cross_entropy"` of soft
        labels, for classifiers. `"auto"` is the first for regressors, the last for classifiers.
    max_latency : float, default=None
        The most microseconds per row that fit your budget.
    max_size : float, default=None
        The most bytes of a pickled classifier that fit it.
    latency_batch : {1, 10_000}, default=1
        Number of rows predicted at once in the time that counts for `max_latency`, the Pareto
        front and the picture.
    n_jobs : int, default=None
        Number of teachers, and of students in a search, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the choice of rows and the folds; teacher and students have their own.
    rehearse : bool, default=True
        Whether clones of teacher and students are tried on a few rows, before any teacher is
        fitted; see :class:`~skdistill.Distiller`.

    Returns
    -------
    Comparison
        A table in print and in notebooks. It has `table` (a DataFrame where pandas is installed),
        `plot`, `plot_reliability`, `classifiers` (what you would ship) and `measurements`.

    Raises
    ------
    ValueError
        If anything cannot be used; no teacher has been fitted then.

    See Also
    --------
    distillation_curve : One score against a parameter, by cross-validation.
    diagnose_teacher : Which distiller a teacher calls for.

    Notes
    -----
    All is measured on the same test rows, so that the best of many lines is a little worse than
    it looks; `"tuned"` was chosen without them. Log loss floors probabilities at 1/500.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import compare_students
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> comparison = compare_students(
    ...     RandomForestClassifier(50, random_state=0),
    ...     {"small tree": DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)},
    ...     X,
    ...     y,
    ...     methods=["labels", "cross_fit"],
    ...     random_state=0,
    ... )
    >>> [(m.student, m.method) for m in comparison.measurements]
    [(None, 'teacher'), ('small tree', 'labels'), ('small tree', 'cross_fit')]
    >>> comparison.classifiers["small tree", "cross_fit"].predict(X[:2])
    array([0, 0])
    """
    parameters.check("compare_students", locals())
    named = name_students(students, param_name, param_range)
    seed = as_seed(random_state)
    train, test = hold_out(
        X, y, X_test, y_test, test_size, groups, groups_test, bayes_proba, scoring, seed
    )
    plan = _Plan(teacher, train, test, cv, teacher_cv, loss, n_jobs, seed)
    plan.check(named, methods)
    if rehearse:
        members = [entry.pupil.student for entry in plan.entries]
        rehearse_members(train, Teacher(teacher), *members, unseen=test.rows)
    return Comparison(
        *plan.carry_out(),
        score_name=score_name(scoring),
        n_test=len(test.y),
        n_classes=len(train.classes),
        max_latency=max_latency,
        max_size=max_size,
        latency_batch=latency_batch,
    )


# ---- what is done ----------------------------------------------------------------------------


class _Entry(NamedTuple):
    """A student that is to be trained."""

    name: str
    student: Any
    pupil: Pupil
    methods: list[Method]


class _Plan:
    """What is trained and measured, and in which order."""

    def __init__(
        self,
        teacher: Any,
        train: Rows,
        test: TestRows,
        cv: Any,
        teacher_cv: Any,
        loss: str,
        n_jobs: int | None,
        seed: int,
    ) -> None:
        self.teacher = teacher
        self.train = train
        self.test = test
        self.cv = cv
        self.teacher_cv = teacher_cv
        self.loss = loss
        self.n_jobs = n_jobs
        self.seed = seed

    # ---- validation --------------------------------------------------------------------------

    def check(self, named: dict[str, Any], methods: Any) -> None:
        """Find what is wrong before any teacher is fitted."""
        own = None if self.teacher_cv is None else self._outside(self.teacher_cv, "teacher_cv")
        self.entries = [self._entry(*item, methods, own) for item in named.items()]
        every = [method for entry in self.entries for method in entry.methods]
        check_askable(self.teacher, every, own)
        # The search for the tuned distillation asks teachers of its own.
        self.asks_outside = any(m.asks_outside and m.key != TUNED for m in every)
        searches = any(m.key in (TUNED, TUNED_LABELS) for m in every)
        self.folds = self._folds() if self.asks_outside or searches else []
        self.source = self._outside(self.folds) if own is None else own
        tunes = any(m.key == TUNED for m in every)
        if tunes and self.teacher_cv is None and len(self.folds) < 3:
            raise ValueError(
                f"cv must give at least 3 folds for the method 'tuned' with teacher_cv=None, found "
                f"{len(self.folds)}."
            )
        if any(method.asks_outside for method in every):
            # It finds what is wrong with rows and groups.
            self.source.split(self.train)

    def _outside(self, cv: Any, name: str = "cv") -> Source:
        return outside_source(cv, seed=self.seed, n_jobs=self.n_jobs, name=name)

    def _entry(self, name: str, student: Any, methods: Any, source: Source | None) -> _Entry:
        pupil = prepare_pupil(self.teacher, student, self.train.n_classes, self.loss, source)
        chosen = parse_methods(METHODS if methods is None else methods, METHODS)
        if methods is None and is_frozen(self.teacher):
            chosen = [method for method in chosen if not method.asks_outside]
        if not search_grid(student):
            if methods is not None and any(method.key == TUNED_LABELS for method in chosen):
                raise ValueError(
                    f"methods holds 'tuned_labels', but there is no search for the student {name}: "
                    "leave it out, or hand over a search, such as GridSearchCV, as a student."
                )
            chosen = [method for method in chosen if method.key != TUNED_LABELS]
        return _Entry(name, student, pupil, chosen)

    def _folds(self) -> Splits:
        return self._outside(self.cv).split(self.train) or []

    # ---- teaching ----------------------------------------------------------------------------

    def carry_out(self) -> tuple[list[Measurement], dict[tuple[str | None, Any], Any]]:
        """Train and measure everything; return measurements and fitted classifiers."""
        taught, answers, outside_seconds = self._ask()
        teacher_proba = probabilities(taught.teacher, self.test.X, self.test.classes)
        warn_if_judged_on_known_rows(self.teacher, self.test.rows, teacher_proba)
        measured = [self.test.measure(taught.teacher, TEACHER, fit_seconds=taught.fit_seconds)]
        classifiers: dict[tuple[str | None, Any], Any] = {(None, TEACHER): taught.teacher}
        memory = self._memory()
        for entry in self.entries:
            for method in entry.methods:
                note = ""
                if method.key == TUNED:
                    classifier, seconds, note = self._tune(entry, memory)
                elif method.key == TUNED_LABELS:
                    classifier, seconds = self._tune_on_labels(entry)
                else:
                    classifier, seconds = self._learn(entry, method, answers)
                    seconds += outside_seconds if method.asks_outside else 0.0
                    seconds += taught.asked_seconds if method.key == IN_SAMPLE else 0.0
                classifiers[entry.name, method.key] = classifier
                measured.append(
                    self.test.measure(
                        classifier,
                        method.key,
                        student=entry.name,
                        teacher_proba=teacher_proba,
                        fit_seconds=seconds,
                        note=note,
                    )
                )
        return measured, classifiers

    def _ask(self) -> tuple[Taught, Answers, float]:
        """Ask the teacher, and return how long the answers from outside took."""
        source = self.source if self.asks_outside else None
        start = perf_counter()
        # First the folds: they find what is wrong with the rows.
        outside = None if source is None else ask_outside(self.teacher, self.train, source)
        seconds = perf_counter() - start
        taught = teach(self.teacher, self.train, source)
        if source is not None and source.needs_one_fit:
            seconds = taught.fit_seconds
        return taught, as_answers(taught, outside), seconds

    def _learn(self, entry: _Entry, method: Method, answers: Answers) -> tuple[Any, float]:
        start = perf_counter()
        lesson = Lesson(self.train, answers, random_state=self.seed)
        classifier = entry.pupil.learn(self.train, *entry.pupil.lesson(method, lesson))
        return classifier, perf_counter() - start

    def _tune_on_labels(self, entry: _Entry) -> tuple[Any, float]:
        start = perf_counter()
        tuned = tune_on_labels(
            entry.student, self.train.X, self.train.y, cv=self.folds, n_jobs=self.n_jobs
        )
        return tuned.classifier_, perf_counter() - start

    def _tune(self, entry: _Entry, memory: KeptAnswers | None) -> tuple[Any, float, str]:
        model = LossCorrectedDistillerCV(
            self.teacher,
            entry.student,
            cv=self.folds,
            teacher_cv=self.teacher_cv,
            loss=self.loss,
            n_jobs=self.n_jobs,
            random_state=self.seed,
            memory=memory,
            rehearse=False,
        )
        spared = 0.0 if memory is None else -memory.spared_seconds
        start = perf_counter()
        model.fit(self.train.X, self.train.y, groups=self.train.groups)
        seconds = perf_counter() - start
        spared += 0.0 if memory is None else memory.spared_seconds
        return model.classifier_, seconds + spared, str(model.best_candidate_)

    def _memory(self) -> KeptAnswers | None:
        """Return where the tuned distillers of several students find their teacher's answers."""
        # A teacher that cannot be pickled cannot be told from others either.
        several = len(self.entries) > 1 and np.isfinite(pickled_size(self.teacher))
        return KeptAnswers() if several else None
