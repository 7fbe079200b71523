"""Measure what distillation gains: teacher, students with and without it, side by side.

:func:`fit_methods` fits the teacher and its students, :func:`measure` scores, weighs and times
one of them, :func:`compare_methods` does both; :func:`format_table` and :func:`describe` turn
the result into text.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from joblib import parallel_config
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr, expit
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state

from ._compat import index_rows, n_rows
from .distillers import CrossFitDistiller, Distiller, LossCorrectedDistiller
from .losses import floor_proba

Array = NDArray[np.float64]

# Every log loss here raises probabilities to this first: without a floor the single rows on which
# an unpruned tree is certain and wrong would decide every comparison.
PROBA_FLOOR = 1 / 500

TEACHER = "teacher"
ON_LABELS = "student on labels"
TUNED_ON_LABELS = "student tuned on labels"
IN_SAMPLE = "distilled in-sample"
CROSS_FIT = "distilled cross-fit"
CORRECTED = "distilled, corrected"

# A student that has all parameters of a line can be tuned on labels by this search.
_SEARCH_GRIDS: tuple[dict[str, list[Any]], ...] = (
    {"max_leaf_nodes": [16, 64, 256, None], "min_samples_leaf": [1, 5, 20, 50]},
    {"num_leaves": [4, 8, 16, 31], "learning_rate": [0.03, 0.1]},
    {"C": [0.01, 0.1, 1.0, 10.0]},
)
_SIZE_LIMITS = ("max_leaf_nodes", "num_leaves")

# ---- scores ----------------------------------------------------------------------------------


def log_losses(truth: ArrayLike, proba: ArrayLike) -> Array:
    """Return the log loss of each row, −Σ truth · log(proba), with probabilities floored.

    Probabilities are raised to at least ``PROBA_FLOOR`` (1/500) and each row is renormalised.

    Parameters
    ----------
    truth : array-like of shape (n_samples, n_classes)
        One-hot labels; or the true (Bayes) probabilities where they are known, which gives the
        loss that is expected over labels, free of their noise.
    proba : array-like of shape (n_samples, n_classes)
        Predicted probabilities.

    Returns
    -------
    ndarray of shape (n_samples,)
        The losses, in nats.

    Examples
    --------
    A certain and wrong prediction costs log(501), not infinity:

    >>> log_losses([[1, 0], [1, 0]], [[0.5, 0.5], [0.0, 1.0]]).round(3)
    array([0.693, 6.217])
    """
    floored = floor_proba(np.asarray(proba, dtype=np.float64), PROBA_FLOOR)
    return np.asarray(-(np.asarray(truth) * np.log(floored)).sum(axis=1))


def bayes_log_loss(bayes_proba: ArrayLike) -> float:
    """Return the Bayes risk: the mean log loss of the true probabilities themselves.

    Parameters
    ----------
    bayes_proba : array-like of shape (n_samples, n_classes)
        True class probabilities of each row.

    Returns
    -------
    float
        Mean entropy of the rows, in nats.

    Examples
    --------
    >>> round(bayes_log_loss([[0.5, 0.5], [0.0, 1.0]]), 3)
    0.347
    """
    return float(entr(np.asarray(bayes_proba)).sum(axis=1).mean())


def excess_log_loss(bayes_proba: ArrayLike, proba: ArrayLike) -> float:
    """Return the log loss beyond the Bayes risk, the mean of Σ p₀ (log p₀ − log q).

    It is an expectation over labels, so it needs none. Predicted probabilities q are floored as
    in :func:`log_losses`.

    Parameters
    ----------
    bayes_proba : array-like of shape (n_samples, n_classes)
        True class probabilities p₀.
    proba : array-like of shape (n_samples, n_classes)
        Predicted probabilities q.

    Returns
    -------
    float
        The excess, in nats.

    Examples
    --------
    >>> excess_log_loss([[0.2, 0.8]], [[0.2, 0.8]])
    0.0
    >>> round(excess_log_loss([[0.2, 0.8]], [[0.5, 0.5]]), 3)
    0.193
    """
    return float(log_losses(bayes_proba, proba).mean()) - bayes_log_loss(bayes_proba)


def pickled_size(classifier: Any) -> int:
    """Return the number of bytes of a pickled classifier.

    Parameters
    ----------
    classifier : object
        What one would ship; of a distiller its `classifier_`.

    Returns
    -------
    int
        Bytes.
    """
    return len(pickle.dumps(classifier))


def prediction_time(classifier: Any, X: Any, *, batch: int = 1000, repeats: int = 5) -> float:
    """Return the median time that `predict_proba` takes, in microseconds per row.

    What joblib would share out among cores runs on one, so that a forest's own parallelism does
    not hide its cost.

    Parameters
    ----------
    classifier : classifier
        A fitted classifier.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Where the rows come from.
    batch : int, default=1000
        Number of rows that are predicted at once: the first of X, all if there are fewer.
    repeats : int, default=5
        Number of timed predictions, after one that is not timed.

    Returns
    -------
    float
        Microseconds per row.
    """
    size = min(batch, n_rows(X))
    rows = index_rows(X, np.arange(size))
    seconds = []
    with parallel_config(backend="sequential"):
        classifier.predict_proba(rows)
        for _ in range(repeats):
            start = perf_counter()
            classifier.predict_proba(rows)
            seconds.append(perf_counter() - start)
    return 1e6 * median(seconds) / size


@dataclass(frozen=True)
class Measurement:
    """What was measured of one classifier.

    Attributes
    ----------
    method : str
        How the classifier came about.
    accuracy : float
        Share of rows whose most probable class is the label; its expectation where the Bayes
        probabilities are known.
    log_loss : float
        Mean of `losses`.
    excess : float or None
        Log loss beyond the Bayes risk, where that is known.
    size : int
        Bytes of the pickled classifier.
    batch_time : float
        Microseconds per row when 1,000 rows are predicted at once.
    row_time : float
        Microseconds for one row on its own.
    losses : ndarray of shape (n_samples,)
        Log loss of each test row, see :func:`log_losses`.
    """

    method: str
    accuracy: float
    log_loss: float
    excess: float | None
    size: int
    batch_time: float
    row_time: float
    losses: Array = field(repr=False, compare=False)


def measure(
    method: str, classifier: Any, X: Any, y: ArrayLike, *, bayes_proba: ArrayLike | None = None
) -> Measurement:
    """Score a fitted classifier on test rows, weigh and time it.

    Parameters
    ----------
    method : str
        Name of the measurement.
    classifier : classifier
        A fitted classifier with `predict_proba`.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Test rows.
    y : array-like of shape (n_samples,)
        Their labels, all of which the classifier knows.
    bayes_proba : array-like of shape (n_samples, n_classes), default=None
        True class probabilities, where they are known; columns in the order of the sorted
        labels. They take the place of `y`: accuracy and log loss are then those expected over
        labels, and log loss − excess is the Bayes risk.

    Returns
    -------
    Measurement
        The numbers.
    """
    proba = np.asarray(classifier.predict_proba(X))
    truth = _onehot(y, classifier.classes_) if bayes_proba is None else np.asarray(bayes_proba)
    losses = log_losses(truth, proba)
    return Measurement(
        method=method,
        accuracy=float(truth[np.arange(len(proba)), proba.argmax(axis=1)].mean()),
        log_loss=float(losses.mean()),
        excess=None if bayes_proba is None else excess_log_loss(bayes_proba, proba),
        size=pickled_size(classifier),
        batch_time=prediction_time(classifier, X),
        row_time=prediction_time(classifier, X, batch=1),
        losses=losses,
    )


# ---- what is compared ------------------------------------------------------------------------


class _NoTeacher(DummyClassifier):
    """Says the classes' shares, for a student that learns from labels alone."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # It looks at no row, so whether NaN is welcome is the student's business.
        tags.input_tags.allow_nan = True
        return tags


def student_on_labels(student: Any) -> LossCorrectedDistiller:
    """Return a classifier that fits a student, classifier or regressor, to labels.

    The orthogonal correction turns whatever a teacher says into the label itself, so none is
    needed: the student learns exactly 0/1 or one-hot targets, the same way as a distilled one.

    Parameters
    ----------
    student : regressor or classifier
        The student. It is cloned, never modified.

    Returns
    -------
    LossCorrectedDistiller
        The classifier, not fitted yet.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> X, y = [[0.0], [1.0], [2.0]], ["a", "b", "b"]
    >>> student_on_labels(LinearRegression()).fit(X, y).predict([[2.0]])
    array(['b'], dtype='<U1')
    """
    return LossCorrectedDistiller(_NoTeacher(), student, correction="orthogonal", cv="in_sample")


def search_grid(student: Any) -> list[dict[str, list[Any]]]:
    """Return the search that tunes a student on labels, as a grid of its parameters.

    It never makes the student larger than its own `max_leaf_nodes` or `num_leaves` allow: it is
    tuned within the budget that its distilled siblings have.

    Parameters
    ----------
    student : estimator
        The student, or a Pipeline that ends in it.

    Returns
    -------
    list of dict
        What :class:`~sklearn.model_selection.ParameterGrid` takes, the student as it is included;
        empty for a student without a known search: not a tree, forest, LightGBM model or one
        with a penalty `C`.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression, LogisticRegression
    >>> search_grid(LogisticRegression())
    [{}, {'C': [0.01, 0.1, 1.0, 10.0]}]
    >>> search_grid(LinearRegression())
    []
    """
    prefix = ""
    while isinstance(student, Pipeline):
        name, student = student.steps[-1]
        prefix += f"{name}__"
    own = student.get_params(deep=False)
    for grid in _SEARCH_GRIDS:
        if own.keys() >= grid.keys():
            return [{}, {prefix + name: _within(own, name, grid[name]) for name in grid}]
    return []


def _within(own: dict[str, Any], name: str, values: list[Any]) -> list[Any]:
    if name not in _SIZE_LIMITS or own[name] is None:
        return values
    return [value for value in values if value is not None and value <= own[name]] or [own[name]]


def tune_on_labels(
    student: Any,
    X: Any,
    y: ArrayLike,
    *,
    cv: int = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> Any:
    """Fit a student to labels, with parameters chosen by cross-validated log loss.

    Parameters
    ----------
    student : regressor or classifier
        The student; :func:`search_grid` must know it. It is cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int, default=5
        Number of shuffled stratified folds.
    n_jobs : int, default=None
        Number of fits at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds.

    Returns
    -------
    LossCorrectedDistiller
        The classifier of :func:`student_on_labels`, fitted.
    """
    grid = [
        {f"student__{name}": values for name, values in part.items()}
        for part in search_grid(student)
    ]
    search = GridSearchCV(
        student_on_labels(student),
        grid,
        scoring=_minus_log_loss,
        cv=StratifiedKFold(cv, shuffle=True, random_state=random_state),
        n_jobs=n_jobs,
        error_score="raise",
    )
    return search.fit(X, y).best_estimator_


def _minus_log_loss(classifier: Any, X: Any, y: ArrayLike) -> float:
    truth = _onehot(y, classifier.classes_)
    return -float(log_losses(truth, classifier.predict_proba(X)).mean())


def _onehot(y: ArrayLike, classes: NDArray[Any]) -> Array:
    return (np.asarray(y)[:, None] == classes).astype(np.float64)


def fit_methods(
    teacher: Any,
    student: Any,
    X: Any,
    y: ArrayLike,
    *,
    cv: int = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> dict[str, Any]:
    """Fit a teacher, its student on labels, and its student distilled in every way.

    The teacher is fitted ``cv + 1`` times: once on all rows, for itself and the in-sample
    student, and once in each fold, for the cross-fit and the corrected student.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified.
    student : regressor or classifier
        What learns from it; see :class:`~skdistill.Distiller`. It is cloned, never modified.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,)
        Labels.
    cv : int, default=5
        Number of shuffled stratified folds, of the teacher and of the search on labels.
    n_jobs : int, default=None
        Number of the folds' teachers, and of the search's students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds.

    Returns
    -------
    dict of str to classifier
        The fitted classifiers, students free of their teacher. The student tuned on labels is
        left out where :func:`search_grid` knows no search for it.
    """
    # First the folds: they find what is wrong with the rows before any teacher is fitted.
    cross_fit = CrossFitDistiller(
        teacher,
        student,
        cv=cv,
        n_jobs=n_jobs,
        random_state=random_state,
        store_teacher_proba=True,
    ).fit(X, y)
    in_sample = Distiller(teacher, student, store_teachers=True).fit(X, y)
    corrected = LossCorrectedDistiller(None, student, random_state=random_state)
    corrected.fit(X, y, teacher_proba=cross_fit.teacher_proba_)
    fitted = {TEACHER: in_sample.teachers_[0]}
    fitted[ON_LABELS] = student_on_labels(student).fit(X, y).classifier_
    if search_grid(student):
        tuned = tune_on_labels(student, X, y, cv=cv, n_jobs=n_jobs, random_state=random_state)
        fitted[TUNED_ON_LABELS] = tuned.classifier_
    fitted[IN_SAMPLE] = in_sample.classifier_
    fitted[CROSS_FIT] = cross_fit.classifier_
    fitted[CORRECTED] = corrected.classifier_
    return fitted


def compare_methods(
    teacher: Any,
    student: Any,
    X_train: Any,
    y_train: ArrayLike,
    X_test: Any,
    y_test: ArrayLike,
    *,
    bayes_proba: ArrayLike | None = None,
    cv: int = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
) -> list[Measurement]:
    """Fit a teacher and its students by :func:`fit_methods`, and measure each on test rows.

    Parameters
    ----------
    teacher : classifier
        Any classifier with `predict_proba`. It is cloned, never modified.
    student : regressor or classifier
        What learns from it. It is cloned, never modified.
    X_train : {array-like, sparse matrix, frame} of shape (n_train, n_features)
        Training rows.
    y_train : array-like of shape (n_train,)
        Their labels.
    X_test : {ndarray, sparse matrix, frame} of shape (n_test, n_features)
        Test rows.
    y_test : array-like of shape (n_test,)
        Their labels.
    bayes_proba : array-like of shape (n_test, n_classes), default=None
        True class probabilities of the test rows, where they are known; see :func:`measure`.
    cv : int, default=5
        Number of folds.
    n_jobs : int, default=None
        Number of the folds' teachers, and of the search's students, fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Seeds the folds.

    Returns
    -------
    list of Measurement
        One for the teacher and one for each student.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill.evaluation import compare_methods, make_noisy_table
    >>> X_train, y_train, _ = make_noisy_table(200, random_state=0)
    >>> X_test, y_test, bayes_proba = make_noisy_table(500, random_state=1)
    >>> forest = RandomForestClassifier(20, random_state=0)
    >>> tree = DecisionTreeRegressor(random_state=0)
    >>> measured = compare_methods(
    ...     forest, tree, X_train, y_train, X_test, y_test, bayes_proba=bayes_proba, random_state=0
    ... )
    >>> [m.method for m in sorted(measured, key=lambda m: m.excess)][-1]
    'student on labels'
    """
    fitted = fit_methods(
        teacher, student, X_train, y_train, cv=cv, n_jobs=n_jobs, random_state=random_state
    )
    return [
        measure(method, classifier, X_test, y_test, bayes_proba=bayes_proba)
        for method, classifier in fitted.items()
    ]


def make_noisy_table(
    n_samples: int, *, n_features: int = 10, random_state: Any = None
) -> tuple[Array, NDArray[np.intp], Array]:
    """Draw a table of two classes whose true probabilities are known.

    The features are standard normal. The log-odds of class 1 are
    x₀ + x₁ + x₀ x₁ − x₂; the other features are noise.

    Parameters
    ----------
    n_samples : int
        Number of rows.
    n_features : int, default=10
        Number of columns, at least 3.
    random_state : int, RandomState instance or None, default=None
        Seeds the draw.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The rows.
    y : ndarray of shape (n_samples,)
        Labels, 0 or 1.
    bayes_proba : ndarray of shape (n_samples, 2)
        The probabilities that the labels were drawn from.
    """
    rng = check_random_state(random_state)
    X = rng.standard_normal((n_samples, n_features))
    positive = expit(X[:, 0] + X[:, 1] + X[:, 0] * X[:, 1] - X[:, 2])
    y = (rng.random_sample(n_samples) < positive).astype(np.intp)
    return X, y, np.column_stack([1 - positive, positive])


# ---- what the reader sees --------------------------------------------------------------------


def format_table(measurements: Sequence[Measurement]) -> str:
    """Lay measurements out as a plain text table, one line each.

    Parameters
    ----------
    measurements : sequence of Measurement
        The lines; the column of the excess is left out if no line has one.

    Returns
    -------
    str
        Lines of equal width. Times are microseconds per row, for 1,000 rows at once and for one
        row on its own.

    Examples
    --------
    >>> m = Measurement("teacher", 0.9, 0.25, None, 1_500_000, 8.04, 12_345.6, np.zeros(1))
    >>> print(format_table([m]))
    method   accuracy  log loss    size  µs/row, 1,000 rows  µs, one row
    --------------------------------------------------------------------
    teacher    0.9000    0.2500  1.5 MB                 8.0       12,346
    """
    columns = {
        "method": [m.method for m in measurements],
        "accuracy": [f"{m.accuracy:.4f}" for m in measurements],
        "log loss": [f"{m.log_loss:.4f}" for m in measurements],
        "excess": [f"{m.excess:.4f}" for m in measurements if m.excess is not None],
        "size": [format_size(m.size) for m in measurements],
        "µs/row, 1,000 rows": [_format_time(m.batch_time) for m in measurements],
        "µs, one row": [_format_time(m.row_time) for m in measurements],
    }
    padded = [_pad(title, cells) for title, cells in columns.items() if cells]
    lines = ["  ".join(cells) for cells in zip(*padded, strict=True)]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _pad(title: str, cells: list[str]) -> list[str]:
    width = max(map(len, [title, *cells]))
    left = title == "method"
    return [cell.ljust(width) if left else cell.rjust(width) for cell in [title, *cells]]


def _format_time(microseconds: float) -> str:
    return f"{microseconds:.1f}" if microseconds < 10 else f"{microseconds:,.0f}"


def format_size(size: int) -> str:
    """Write a number of bytes for people.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
        The size in bytes, kB, MB or GB, each 1,000 of the one before.

    Examples
    --------
    >>> [format_size(size) for size in (999, 21_400, 5_310_000)]
    ['999 bytes', '21.4 kB', '5.3 MB']
    """
    if size < 1000:
        return f"{size} bytes"
    value, units = size / 1000, ["kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}"


def describe(measurements: Sequence[Measurement]) -> str:
    """Say in one sentence what distillation gained, or that it did not.

    The distilled student of lowest log loss is held against the student tuned on labels (or,
    without that one, the student on labels) and the teacher, with the standard error of the
    difference over test rows. A difference below two standard errors counts as none.

    Parameters
    ----------
    measurements : sequence of Measurement
        As from :func:`compare_methods`.

    Returns
    -------
    str
        The sentence.
    """
    by_method = {m.method: m for m in measurements}
    best = min((by_method[m] for m in (IN_SAMPLE, CROSS_FIT, CORRECTED)), key=lambda m: m.log_loss)
    teacher = by_method[TEACHER]
    rival = by_method.get(TUNED_ON_LABELS, by_method[ON_LABELS])
    return (
        f"Of the distilled students, '{best.method}' has the lowest log loss, "
        f"{best.log_loss:.3f}: {_difference(best, rival)}, and {_difference(best, teacher)}, "
        f"at {_percent(best.size, teacher.size)} of the teacher's size and "
        f"{_percent(best.row_time, teacher.row_time)} of its time for one row."
    )


def _difference(one: Measurement, other: Measurement) -> str:
    per_row = one.losses - other.losses
    mean = float(per_row.mean())
    error = float(per_row.std(ddof=1)) / np.sqrt(len(per_row)) if len(per_row) > 1 else np.inf
    amount = f"{abs(mean):.3f} ± {error:.3f}"
    if abs(mean) < 2 * error or mean == 0:
        return f"no clear difference from the {other.method} ({amount})"
    return f"{amount} {'below' if mean < 0 else 'above'} the {other.method}"


def _percent(part: float, whole: float) -> str:
    percent = 100 * part / whole
    return f"{percent:.2g} %" if percent < 99.5 else f"{percent:,.0f} %"
