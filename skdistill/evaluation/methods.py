"""The ways in which a student can come about, from labels alone to a tuned distillation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid, StratifiedKFold
from sklearn.pipeline import Pipeline

from .. import corrections
from .._utils.compat import index_rows
from .._utils.parallel import blame, run
from .._utils.progress import SILENT, Progress
from ..distillers.base import Routed, Street
from ..distillers.faces import ClassDistiller, NumberDistiller
from ..outcomes import Classes, Numbers
from ..rows import Rows
from ..sources import OutOfBag, Source
from ..students import SoftLabelClassifier, Student, prepare_regressor, prepare_student
from ..students.distilled import Shipped, nan_is_new
from ..students.objectives import check_range
from ..students.student import told_who_prepares
from ..targets import Labels, Lesson, Strategy, parse_strategy
from .measure.scores import neg_log_loss_floored

Array = NDArray[np.float64]

TEACHER = "teacher"
LABELS = "labels"
TUNED_LABELS = "tuned_labels"
IN_SAMPLE = "in_sample"
CROSS_FIT = "cross_fit"
CORRECTED = "corrected"
TUNED = "tuned"
METHODS = (LABELS, TUNED_LABELS, IN_SAMPLE, CROSS_FIT, CORRECTED, TUNED)
# Those that one set of targets makes, without a search.
DIRECT = (LABELS, IN_SAMPLE, CROSS_FIT, CORRECTED)
TITLES = {
    TEACHER: "teacher",
    LABELS: "student on labels",
    TUNED_LABELS: "student tuned on labels",
    IN_SAMPLE: "distilled in-sample",
    CROSS_FIT: "distilled cross-fit",
    CORRECTED: "distilled, corrected",
    TUNED: "distilled, tuned",
}

# A student that has all parameters of a line can be tuned on labels by this search.
_SEARCH_GRIDS: tuple[dict[str, list[Any]], ...] = (
    {"max_leaf_nodes": [16, 64, 256, None], "min_samples_leaf": [1, 5, 20, 50]},
    {"num_leaves": [4, 8, 16, 31], "learning_rate": [0.03, 0.1]},
    {"C": [0.01, 0.1, 1.0, 10.0]},
)
_SIZE_LIMITS = ("max_leaf_nodes", "num_leaves")

# ---- which -----------------------------------------------------------------------------------


class Method(NamedTuple):
    """A way in which a student comes about."""

    key: Any  # what the user calls it: a name, a share or a pair (rule, c)
    strategy: Strategy | None  # how targets are made; None for what takes a search

    @property
    def asks_outside(self) -> bool:
        """Whether it asks teachers about rows that they have not seen."""
        if self.strategy is None:
            return bool(self.key == TUNED)
        return self.strategy.needs_answers and not self.strategy.needs_inside


def title(key: Any) -> str:
    """Return what a reader is told that a method is.

    >>> [title(key) for key in ("cross_fit", 0.3, ("fast", 0.1))]
    ['distilled cross-fit', 'distilled, share 0.3', 'distilled, fast 0.1']
    """
    if isinstance(key, str):
        return TITLES[key]
    if isinstance(key, tuple):
        return f"distilled, {key[0]} {key[1]}"
    return f"distilled, share {key}" if not callable(key) else f"distilled, {key.__name__}"


def parse_methods(
    methods: Any, allowed: Sequence[str], resolve: Callable[..., Any] = corrections.resolve
) -> list[Method]:
    """Return what a user's list means: names among `allowed`, shares or pairs (rule, c).

    `resolve` knows the rules.
    """
    if isinstance(methods, str) or not isinstance(methods, Sequence) or not methods:
        raise ValueError(
            f"methods must be {'None or ' if allowed == METHODS else ''}a list with at least one "
            f"of {list(allowed)}, a share in [0, 1] or a (rule, c) pair, found {methods!r}."
        )
    parsed = [_parse_method(method, allowed, resolve) for method in methods]
    if len({repr(method.key) for method in parsed}) < len(parsed):
        raise ValueError(f"methods must differ from each other, found {methods!r}.")
    return parsed


def _parse_method(method: Any, allowed: Sequence[str], resolve: Callable[..., Any]) -> Method:
    if isinstance(method, str) and method not in allowed:
        raise ValueError(
            f"methods must hold names of {list(allowed)}, shares in [0, 1] or (rule, c) pairs, "
            f"found {method!r}."
        )
    if method in (TUNED_LABELS, TUNED):
        return Method(method, None)
    try:
        strategy = parse_strategy("residual" if method == CORRECTED else method, resolve)
    except ValueError as error:
        raise ValueError(f"methods holds {method!r}: {error}") from error
    if strategy.needs_made:
        raise ValueError(f"methods holds {method!r}: only a search makes rows, as in 'tuned'.")
    return Method(method, strategy)


# ---- students --------------------------------------------------------------------------------


class Pupil(NamedTuple):
    """A student that is to be taught in several ways, all that could be wrong checked.

    `on_labels` is the same student without a teacher, which learns as it would without this
    package: a regressor zeros and ones, a classifier labels. `teacher` is the teacher's estimator;
    whether a bag answers from outside matters to students, too.
    """

    student: Student
    on_labels: Student
    teacher: Any
    learns_from_bags: bool = False

    def lesson(self, method: Method, lesson: Lesson) -> tuple[Student, Array]:
        """Return who learns by a method, and the target that is made of teachers' answers."""
        if method.strategy is None:
            raise AssertionError(f"{method.key!r} takes a search")
        student = self.student if method.strategy.needs_answers else self.on_labels
        if method.asks_outside and self.learns_from_bags:
            student = replace(student, learns_from_bags=True)
        return student, method.strategy.target(lesson, student.loss)

    def learn(self, rows: Rows, student: Student, target: Array) -> Shipped:
        """Fit a student to a target, and return what one ships."""
        new = nan_is_new(self.teacher, student.estimator, rows.X)
        with told_who_prepares(self.teacher, student.estimator):
            return student.learn(rows, target, refuse_nan=new)


def prepare_pupil(
    teacher: Any,
    student: Any,
    n_classes: int,
    loss: Any = "auto",
    source: Source | None = None,
) -> Pupil:
    """Check teacher and student, and return what can be taught."""
    Classes.check_teacher(teacher)
    return Pupil(
        prepare_student(student, n_classes, loss=loss),
        prepare_student(student, n_classes, on_labels=True),
        teacher,
        isinstance(source, OutOfBag),
    )


def prepare_pupil_of_numbers(
    teacher: Any, student: Any, rows: Rows, outcome: Numbers, source: Source | None = None
) -> Pupil:
    """Check a student of numbers, and return what can be taught."""
    prepared = prepare_regressor(student, outcome)
    check_range(student, rows.y, "y")
    return Pupil(prepared, prepared, teacher, isinstance(source, OutOfBag))


# ---- students on labels ----------------------------------------------------------------------


class _OnLabels:
    """A student that learns labels, the same way as a distilled one learns its targets."""

    student: Any
    teacher = None
    rehearse = False
    verbose = 0
    _n_steps = 1

    def _prepared(self, rows: Rows) -> Student:
        raise NotImplementedError

    def _choose(self, rows: Rows, given: Any, X_transfer: Any) -> Street:
        if given is not None or X_transfer is not None:
            raise ValueError(
                "A student on labels learns from y alone: leave "
                f"{rows.outcome.given if X_transfer is None else 'X_transfer'} out."
            )
        return Street(rows, None, [], self._prepared(rows))

    def _splitter(self) -> Any:
        return None

    def _fit(
        self, street: Street, teacher: Any, routed: Routed, progress: Progress
    ) -> dict[str, Any]:
        target = Labels(LABELS).targets(Lesson(street.rows, None), street.student.loss)
        taught: dict[str, Any] = self._teach(  # type: ignore[attr-defined]
            street.rows, street.student, target, progress
        )
        return taught


class StudentOnLabels(_OnLabels, ClassDistiller):
    """A student that learns labels of classes."""

    def __init__(self, student: Any) -> None:
        self.student = student

    def _prepared(self, rows: Rows) -> Student:
        return prepare_student(self.student, rows.n_classes, on_labels=True)


class StudentOnNumbers(_OnLabels, NumberDistiller):
    """A student that learns numbers."""

    def __init__(self, student: Any) -> None:
        self.student = student

    def _prepared(self, rows: Rows) -> Student:
        return prepare_regressor(self.student, self._outcome)


def student_on_labels(student: Any) -> StudentOnLabels:
    """Return a classifier that fits a student, classifier or regressor, to labels.

    The student learns exactly 0/1 or one-hot targets, the same way as a distilled one.

    Parameters
    ----------
    student : regressor or classifier
        The student. It is cloned, never modified.

    Returns
    -------
    StudentOnLabels
        The classifier, not fitted yet.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from skdistill.evaluation import student_on_labels
    >>> X, y = [[0.0], [1.0], [2.0]], ["a", "b", "b"]
    >>> student_on_labels(LinearRegression()).fit(X, y).predict([[2.0]])
    array(['b'], dtype='<U1')
    """
    return StudentOnLabels(student)


def search_grid(student: Any) -> list[dict[str, list[Any]]]:
    """Return the grid of parameters that tunes a student on labels, the student as it is included.

    Empty for what is no tree, forest, LightGBM model or one with a penalty `C`. It never makes the
    student larger than its own `max_leaf_nodes` or `num_leaves` allow: it is tuned within the
    budget that its distilled siblings have.

    >>> from sklearn.linear_model import LinearRegression, LogisticRegression
    >>> search_grid(LogisticRegression())
    [{}, {'C': [0.01, 0.1, 1.0, 10.0]}]
    >>> search_grid(LinearRegression())
    []
    """
    prefix = ""
    while isinstance(student, Pipeline | SoftLabelClassifier):
        inside = isinstance(student, Pipeline)
        name, student = student.steps[-1] if inside else ("estimator", student.estimator)
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
    cv: Any = 5,
    n_jobs: int | None = None,
    random_state: Any = None,
    progress: Progress = SILENT,
    on_labels: Callable[..., Any] = student_on_labels,
    score: Callable[..., float] = neg_log_loss_floored,
) -> Any:
    """Fit a student on labels with parameters chosen by cross-validation.

    :func:`search_grid` must know the student. `cv` is a number of shuffled stratified folds, or a
    list of folds. `on_labels` makes the model, and `score`, the log loss, judges it.
    """
    grid = [
        {f"student__{name}": values for name, values in part.items()}
        for part in search_grid(student)
    ]
    y, model, tried = np.asarray(y), on_labels(student), list(ParameterGrid(grid))
    if not isinstance(cv, list):
        folds = StratifiedKFold(cv, shuffle=True, random_state=random_state)
        cv = list(folds.split(np.zeros(len(y)), y))
    calls = [
        (model, params, X, y, fold, score, f"with {params} in fold {k} of {len(cv)}")
        for params in tried
        for k, fold in enumerate(cv, start=1)
    ]
    found = run(_score_on_labels, calls, n_jobs, progress, "students")
    best = np.reshape(found, (len(tried), -1)).mean(axis=1).argmax()
    return clone(model).set_params(**tried[best]).fit(X, y)


def _score_on_labels(
    model: Any,
    params: dict[str, Any],
    X: Any,
    y: NDArray[Any],
    fold: Any,
    score: Callable[..., float],
    name: str,
) -> float:
    train, test = fold
    with blame(f"The student on labels failed {name}"):
        fitted = clone(model).set_params(**params).fit(index_rows(X, train), y[train])
        return float(score(fitted, index_rows(X, test), y[test]))
