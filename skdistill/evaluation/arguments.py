"""What the user hands over to be compared: students, rows, budgets; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from .. import rows as rows_
from .._utils.estimators import last_step
from .._utils.validation import check_scorer, check_scorer_on_test_rows
from .._utils.warn import quiet
from ..rows import Rows
from ..students.student import check_estimator
from .kinds import FOR_CLASSES, Kind

# ---- students --------------------------------------------------------------------------------


def check_param_range(student: Any, param_name: Any, param_range: Any) -> tuple[str, list[Any]]:
    """Return a student's parameter and its values, or say what is wrong with them.

    `student__parameter` is taken too, as a search over a distiller calls it.
    """
    check_estimator(student)
    names = sorted(student.get_params()) if hasattr(student, "get_params") else []
    short = param_name.removeprefix("student__") if isinstance(param_name, str) else param_name
    if param_name not in names and short in names:
        param_name = short
    if param_name not in names:
        raise ValueError(
            f"param_name must be a parameter of the student {type(student).__name__}, found "
            f"{param_name!r}; it has: {', '.join(names)}."
        )
    if isinstance(param_range, str) or not hasattr(param_range, "__iter__"):
        raise ValueError(f"param_range must be a list of values, found {param_range!r}.")
    # Of a NumPy array Python's own numbers: some estimators take no others.
    values = param_range.tolist() if isinstance(param_range, np.ndarray) else list(param_range)
    if not values:
        raise ValueError(f"param_range must hold at least one value of {param_name!r}.")
    return param_name, values


def name_students(students: Any, param_name: Any = None, param_range: Any = None) -> dict[str, Any]:
    """Return students by name; those of one kind by the parameters in which they differ.

    >>> from sklearn.tree import DecisionTreeRegressor
    >>> list(name_students([DecisionTreeRegressor(max_depth=d) for d in (2, 3)]))
    ['DecisionTreeRegressor(max_depth=2)', 'DecisionTreeRegressor(max_depth=3)']
    >>> list(name_students(DecisionTreeRegressor(), "max_depth", [2, 3]))
    ['max_depth=2', 'max_depth=3']
    """
    if param_name is not None or param_range is not None:
        if param_name is None or param_range is None:
            raise ValueError("param_name and param_range go together: give both, or neither.")
        if isinstance(students, list | tuple | Mapping):
            raise ValueError("param_name goes with a single student, found several.")
        param_name, values = check_param_range(students, param_name, param_range)
        short = param_name.rpartition("__")[2]
        return {
            f"{short}={value}": clone(students).set_params(**{param_name: value})
            for value in values
        }
    several = list(students) if isinstance(students, list | tuple) else [students]
    for student in students.values() if isinstance(students, Mapping) else several:
        check_estimator(student, "students")
    if isinstance(students, Mapping):
        named = {str(name): student for name, student in students.items()}
        if len(named) < len(students):
            raise ValueError(f"students must differ in their names, found {list(students)}.")
    else:
        named = dict(zip(_names(several), several, strict=True))
    if not named:
        raise ValueError("students must hold at least one student, found none.")
    return named


def _names(students: list[Any]) -> list[str]:
    """Name students by their kind and, within a kind, by the parameters that differ."""
    kinds = [type(last_step(student)).__name__ for student in students]
    names = []
    for student, kind in zip(students, kinds, strict=True):
        siblings = [s for s, k in zip(students, kinds, strict=True) if k == kind]
        params = [_own_params(sibling) for sibling in siblings]
        own = _own_params(student)
        differing = [p for p in own if any(repr(o.get(p)) != repr(own[p]) for o in params)]
        inside = ", ".join(f"{p}={own[p]!r}" for p in differing)
        names.append(f"{kind}({inside})" if inside else kind)
    return [
        name if names.count(name) == 1 else f"{name} {names[: place + 1].count(name)}"
        for place, name in enumerate(names)
    ]


def _own_params(student: Any) -> dict[str, Any]:
    last = last_step(student)
    return dict(last.get_params(deep=False)) if hasattr(last, "get_params") else {}


# ---- score -----------------------------------------------------------------------------------


def score_name(scoring: Any, kind: Kind = FOR_CLASSES) -> str:
    """Return what a scorer is called."""
    if scoring is None:
        return kind.sheet.score.title
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


# ---- rows ------------------------------------------------------------------------------------


def hold_out(
    X: Any,
    y: Any,
    *,
    X_test: Any,
    y_test: Any,
    test_size: Any,
    groups: Any,
    groups_test: Any,
    bayes_proba: Any,
    scoring: Any,
    seed: int,
    true_mean: Any = None,
    kind: Kind = FOR_CLASSES,
) -> tuple[Rows, Any]:
    """Return rows to train and rows to measure on, checked; parameters as of `compare_students`."""
    rows = rows_.check(X, y, None, groups, read=kind.read)
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test go together: give both, or neither.")
    truth = {"bayes_proba": bayes_proba, "true_mean": true_mean}
    for name, known in truth.items():
        if known is not None and X_test is None:
            raise ValueError(f"{name} belongs to X_test: give that too.")
    if groups_test is not None and X_test is None:
        raise ValueError("groups_test belongs to X_test: give that too, or groups alone.")
    if X_test is None:
        rows, test = _split(rows, test_size, seed, kind)
        X_test, y_test, groups_test = test.X, test.y, test.groups
    else:
        X_test = _like(rows, rows_.check_table(None, X_test, y_test, ("X_test", "y_test")))
        rows_.check_groups(groups_test, len(y_test), "groups_test")
    y_test = kind.check_labels(y_test, rows)
    check_scorer(scoring, rows)
    check_scorer_on_test_rows(scoring, rows, y_test)
    scorer = None if scoring is None else get_scorer(scoring)
    groups_test = None if groups_test is None else np.ravel(groups_test)
    return rows, kind.judge(rows, X_test, y_test, scorer, truth, groups_test)


def _like(rows: Rows, X_test: Any) -> Any:
    """Return test rows with the categories of the training rows, if the columns are theirs."""
    names = rows_.column_names(X_test)
    if rows.feature_names is not None and names is not None:
        rows_.compare_names(rows.feature_names, names, all_needed=True, others_welcome=False)
    return rows_.restore_categories(X_test, rows.dtypes)


def _split(rows: Rows, test_size: Any, seed: int, kind: Kind) -> tuple[Rows, Rows]:
    """Hold out rows, stratified or by whole groups; the classes are those that can be learned."""
    numbers = np.arange(rows.n_samples)
    if rows.groups is None:
        train, test = train_test_split(
            numbers, test_size=test_size, stratify=kind.stratify(rows), random_state=seed
        )
    else:
        splitter = GroupShuffleSplit(1, test_size=test_size, random_state=seed)
        train, test = next(splitter.split(numbers, groups=rows.groups))
    part = rows.take(train)
    with quiet("y holds many different numbers"):  # which was said of all rows
        return rows_.check(part.X, part.y, None, part.groups, read=kind.read), rows.take(test)
