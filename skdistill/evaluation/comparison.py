"""One table of what there is to choose from: the teacher, and each student in each way."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from .._utils import parameters
from .._utils.progress import Progress
from .arguments import hold_out, name_students, score_name
from .kinds import kind_of
from .plan import Plan
from .show.results import Comparison
from .teaching import as_seed


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
    true_mean: ArrayLike | None = None,
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
    verbose: int = 0,
) -> Comparison:
    """Compare a teacher with one or more students, each trained in every way, on held-out rows.

    The teacher is asked once, whatever the number of students: it is fitted on all training rows,
    in each fold, and in each pair of folds for the tuned distillation.

    Parameters
    ----------
    teacher : classifier or regressor
        Any classifier with `predict_proba`, which teaches classes, or any regressor whose answer is
        a mean, which teaches numbers. It is cloned, never modified.
    students : estimator, list or dict of estimators
        What learns from it: any regressor, or for classes a classifier whose `fit` takes
        `sample_weight`, see :ref:`students`. The keys of a dict are the students' names. They are
        cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Rows.
    y : array-like of shape (n_samples,)
        Labels, or numbers for a regressor as teacher.
    param_name : str, default=None
        A parameter of the one student that is given, which makes a student of each value of
        `param_range`.
    param_range : array-like of shape (n_values,), default=None
        The values.
    methods : sequence, default=None
        How each student comes about. None is all of these that teacher and student can do:

        - `"labels"`: without a teacher, a regressor by squared error on 0 and 1, or on numbers by
          its own loss.
        - `"tuned_labels"`: the same, its own parameters chosen by a small search, by log loss or
          squared error: what distillation gains beyond this is its own. For trees, forests,
          LightGBM and models with a penalty `C`, never larger than the student itself.
        - `"in_sample"`: by :class:`~skdistill.Distiller`.
        - `"cross_fit"`: by :class:`~skdistill.CrossFitDistiller`.
        - `"corrected"`: by :class:`~skdistill.LossCorrectedDistiller`.
        - `"tuned"`: by :class:`~skdistill.LossCorrectedDistillerCV`.

        Also a share in [0, 1], or a pair (rule, c) of `correction` and `c` of
        :class:`~skdistill.LossCorrectedDistiller`. Numbers are taught by the siblings of these,
        such as :class:`~skdistill.DistillerRegressor`.
    X_test : {array-like, sparse matrix, frame} of shape (n_test, n_features), default=None
        Rows to measure on; None holds out some of X.
    y_test : array-like of shape (n_test,), default=None
        Their labels.
    test_size : float or int, default=0.3
        Share or number of the rows that are held out, of classes stratified, where `X_test` is
        None.
    bayes_proba : array-like of shape (n_test, n_classes), default=None
        True class probabilities of `X_test`, columns in the order of the sorted labels or, in
        a frame, named after them, where these are known, as for simulated rows. Scores are then
        those expected over labels.
    true_mean : array-like of shape (n_test,), default=None
        The mean about which each number of `y_test` was drawn, where it is known, as for simulated
        rows. R² and RMSE are then those expected over numbers, so that what two models differ by
        is free of noise, and the table tells the relative excess: the mean squared distance from
        the true mean, as a share of that mean's variance.
    groups : array-like of shape (n_samples,), default=None
        Group of each row: no group is both trained and tested on, in no fold either. They
        exclude `teacher_cv="oob"`, as bags ignore groups. Standard errors count groups and not
        rows.
    groups_test : array-like of shape (n_test,), default=None
        Group of each row of `X_test`, for the standard errors. Without it each of these rows
        counts as drawn on its own.
    cv : int, splitter or iterable, default=5
        Folds of the training rows, for the teacher's out-of-fold answers and for both searches.
        An int means folds shuffled by `random_state`, of classes stratified.
    teacher_cv : None, int, splitter or "oob", default=None
        Where the teacher's answers come from about rows that it has not seen; see
        :class:`~skdistill.LossCorrectedDistillerCV`. None is the folds of `cv`; `"oob"` is much
        cheaper for a teacher that bags.
    scoring : str, callable or None, default=None
        The score, beside the log loss or the RMSE; None is the accuracy, or R².
    loss : {"auto", "squared_error", "squared_error_logit", "cross_entropy"}, default="auto"
        What distilled students minimise: `"squared_error"` on probabilities or
        `"squared_error_logit"` on log-odds, both for regressors, or `"cross_entropy"` of soft
        labels, for classifiers. `"auto"` is the first for regressors, the last for classifiers.
        Students of numbers minimise their own loss, and this stays `"auto"`.
    max_latency : float, default=None
        The most microseconds per row that fit your budget; see also `Comparison.under`.
    max_size : float, default=None
        The most bytes of a pickled model that fit it.
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
    verbose : int, default=0
        1 prints on the stream of errors what has been fitted, each model's scores as soon as it is
        there, and about how long the rest will take.

    Returns
    -------
    Comparison
        A table in print and in notebooks. It has `table` (a DataFrame where pandas is installed),
        `plot`, `plot_reliability`, `classifiers` (of numbers `regressors`), `best` (the one you
        would ship) and `measurements`.

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

    Of numbers the best has the lowest RMSE, and differences are told in R²: those of the mean
    squared error, as a share of the variance of the test rows' numbers. Fidelity is R² and RMSE
    between the student and the teacher. A teacher or student that answers a quantile, a median or
    the like is refused, as all of this judges means; `distillation_curve` takes the loss that is
    meant as `scoring`.

    Times are CPU time on one core, whatever the library. All classifiers are timed in the end, in
    turn, so that all meet the same machine: the median of ten passes (three, if one call takes
    long) of the quickest call in each. Two whose times differ by less than two standard errors
    over passes, or by less than a tenth, count as equally fast. What a Pipeline's steps before its
    model take is told apart. It is often most of it: for a tree an `OrdinalEncoder` is cheaper than
    a `OneHotEncoder`, which no tree needs, and `compiled()` of a distilled classifier spares the
    detour by frames and arrays altogether.

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

    The best distilled student, here the only one, is what you would ship:

    >>> comparison.best_key
    ('small tree', 'cross_fit')
    >>> comparison.best.predict(X[:2])
    array([0, 0])

    A regressor teaches numbers:

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> comparison = compare_students(
    ...     RandomForestRegressor(50, random_state=0),
    ...     DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
    ...     X,
    ...     y,
    ...     methods=["labels", "cross_fit"],
    ...     teacher_cv="oob",
    ...     random_state=0,
    ... )
    >>> comparison.regressors["distilled cross-fit"].predict(X[:2]).shape
    (2,)
    """
    parameters.check("compare_students", locals())
    named = name_students(students, param_name, param_range)
    seed, kind = as_seed(random_state), kind_of(teacher)
    train, test = hold_out(
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        test_size=test_size,
        groups=groups,
        groups_test=groups_test,
        bayes_proba=bayes_proba,
        scoring=scoring,
        seed=seed,
        true_mean=true_mean,
        kind=kind,
    )
    with Progress.of_call("compare_students", verbose) as progress:
        plan = Plan(
            teacher,
            train,
            test,
            cv=cv,
            teacher_cv=teacher_cv,
            loss=loss,
            n_jobs=n_jobs,
            seed=seed,
            kind=kind,
            score_name=score_name(scoring, kind),
            progress=progress,
        )
        plan.check(named, methods)
        if rehearse:
            plan.rehearse()
        found = plan.carry_out()
    return Comparison(
        *found,
        score_name=plan.sheet.score.title,
        n_test=len(test.y),
        n_classes=len(train.classes),
        max_latency=max_latency,
        max_size=max_size,
        latency_batch=latency_batch,
        sheet=kind.sheet,
    )
