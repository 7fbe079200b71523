"""Rows to train and to test on: of the built-in tables, or the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from .columns import choose_columns
from .models import text_columns
from .reading import How, about_header, check_column, file_name, named_columns, read
from .target import (
    TEST_SHARE,
    Task,
    check_classes,
    classes_of,
    find_task,
    numbers_of,
    tell_numbers,
)
from .terminal import BadInputError, counted

SIMULATED_ROWS = 2_000
SIMULATED_TEST_ROWS = 10_000
# With these, and 20 columns, two cores compare in less than 5 minutes.
MOST_ROWS = 20_000
# What is said of words that often stand for missing values.
MISSING_WORDS = ("NA", "None", "nan", "NaN", "null", "NULL", "N/A", "n/a")


class Table(NamedTuple):
    """Rows to train and to test on, and the test rows' Bayes probabilities where known."""

    name: str
    X_train: Any
    X_test: Any
    y_train: NDArray[Any]
    y_test: NDArray[Any]
    bayes_proba: NDArray[np.float64] | None = None
    # The columns of the features, where they have names, and what there is to say of the table.
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    # The rows of the file, of which those without a label, or not drawn, are left out.
    n_read: int = 0
    task: Task = Task.CLASSES


class Wanted(NamedTuple):
    """What the user wants of a table of their own; `rows` 0 is all of them."""

    path: str
    target: str | None
    how: How = How()
    rows: int | None = None
    seed: int = 0
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    task: str | None = None
    # Whether rows keep their names, by which a teacher that was asked before knows them.
    named_rows: bool = False


def split(name: str, X: Any, y: NDArray[Any], seed: int, task: Task = Task.CLASSES) -> Table:
    """Hold out rows, of each class if it is classes."""
    strata = y if task is Task.CLASSES else None
    parts = train_test_split(X, y, test_size=TEST_SHARE, stratify=strata, random_state=seed)
    return Table(name, *parts)._replace(task=task)


# ---- built-in tables -------------------------------------------------------------------------


def digits(rows: int | None, seed: int) -> Table:
    """Return scikit-learn's digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    if rows and rows < len(y):
        chosen = np.random.RandomState(seed).permutation(len(y))[:rows]
        X, y = X[chosen], y[chosen]
    check_classes(y)
    return split("Handwritten digits", X, y, seed)


def simulated(rows: int | None, seed: int) -> Table:
    """Return a noisy table whose true probabilities are known."""
    from ..evaluation import make_noisy_table

    X, y, _ = make_noisy_table(rows or SIMULATED_ROWS, random_state=seed)
    X_test, y_test, bayes_proba = make_noisy_table(SIMULATED_TEST_ROWS, random_state=seed + 1)
    return Table("Simulated noisy table", X, X_test, y, y_test, bayes_proba)


# ---- the user's own table --------------------------------------------------------------------


def own_table(wanted: Wanted) -> Table:
    """Read a table, choose its columns, and hold out rows."""
    found = read(wanted.path, wanted.how, wanted.target)
    target = _check_target(found.frame, wanted.target)
    notes = [*found.notes, *about_header(list(found.frame.columns))]
    frame, gaps = _without_gaps(found.frame, target)
    notes += gaps
    comma = found.separator != ","
    texts = frame[target].unique().tolist()
    task = find_task(texts, wanted.task, comma_is_decimal=comma)
    numeric = task is Task.NUMBERS
    notes += tell_numbers(texts, target, wanted.task) if numeric else _words(frame[target])
    drawn = _draw(frame[target], wanted, notes)
    try:
        y, spellings = _labels(drawn, task, comma)
    except BadInputError as error:
        raise BadInputError(" ".join([str(error), *gaps])) from None
    chosen = choose_columns(
        frame,
        target,
        drop=wanted.drop,
        keep=wanted.keep,
        comma_is_decimal=comma,
        task=task,
    )
    notes += [*chosen.notes, *spellings]
    X = chosen.X.loc[drawn.index]
    if not X.shape[1]:
        why = " ".join(note for note in chosen.notes if not note.startswith("Columns"))
        raise BadInputError(f"No column beside {target!r} has a value to predict it from. {why}")
    columns = tuple(map(str, X.columns))
    if not text_columns(X) and not wanted.named_rows:
        X = X.to_numpy(np.float64)
    table = split(file_name(wanted.path), X, y, wanted.seed, task)
    return table._replace(columns=columns, notes=tuple(notes), n_read=len(found.frame))


def _check_target(frame: Any, target: str | None) -> str:
    if target is None:
        raise BadInputError(
            "Say with --target which column to predict; " + named_columns(frame.columns)
        )
    check_column(target, frame.columns)
    if not len(frame):
        raise BadInputError("There is a header, and no row below it.")
    if frame.shape[1] < 2:
        raise BadInputError(f"There is no column beside {target!r} to predict it from.")
    return target


def _without_gaps(frame: Any, target: str) -> tuple[Any, list[str]]:
    """Leave out rows without a label, and say so."""
    missing = int(frame[target].isna().sum())
    if missing == len(frame):
        raise BadInputError(f"{target!r} is missing in every row.")
    gaps = [f"Left out {counted(missing, 'row')} whose {target!r} is missing."] * (missing > 0)
    return frame[frame[target].notna()], gaps


def _words(labels: Any) -> list[str]:
    """Say what is taken for a class, and may not be one."""
    words = [word for word in MISSING_WORDS if word in set(labels)]
    if not words:
        return []
    told = ", ".join(map(repr, words))
    return [f"Of {labels.name!r}, {told} is a class; --na takes it for a missing value."]


def _labels(target: Any, task: Task, comma_is_decimal: bool) -> tuple[NDArray[Any], list[str]]:
    """Return classes or numbers, and what there is to say of their spellings."""
    if task is Task.NUMBERS:
        return numbers_of(target, comma_is_decimal=comma_is_decimal), []
    y, spellings = classes_of(target)
    check_classes(y)
    return y, spellings


def _draw(labels: Any, wanted: Wanted, notes: list[str]) -> Any:
    """Draw rows at random, if there are more than are wanted."""
    most = MOST_ROWS if wanted.rows is None else wanted.rows
    if not most or most >= len(labels):
        return labels
    if wanted.rows is None:
        notes.append(
            f"Drew {most:,} of {len(labels):,} rows at random, for an answer within minutes; "
            "--rows all takes all of them."
        )
    return labels.sample(most, random_state=wanted.seed)
