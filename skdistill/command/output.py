"""What is printed of a comparison, and written as a report."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from textwrap import fill
from typing import Any

import numpy as np

from .._utils.names import printable
from ..evaluation.measure.measurement import LARGE_BATCH, Measured
from ..evaluation.measure.scores import bayes_log_loss
from ..evaluation.show.pictures import pyplot
from ..evaluation.show.report import Section, html_report, write_page
from ..evaluation.show.results import Comparison, student_names
from ..evaluation.show.tables import format_quantity, format_size, text_table
from .tables import Table
from .target import Task
from .terminal import BadInputError, counted, reason, say

LINE_WIDTH = 94
# Four digits of a share of fewer rows would be noise.
ROWS_FOR_FOUR_DIGITS = 1_000
FEW_ROWS = 100
# From here on six digits are no longer those before the point.
LARGE = 1e6


# ---- text ------------------------------------------------------------------------------------


def heading(table: Table, teacher: str, students: list[str]) -> list[str]:
    """Return what the table is, what is compared, and how to read the excess."""
    n_train, n_features = table.X_train.shape
    lines = [
        f"{table.name}: {n_train:,} rows to train and {len(table.y_test):,} to test, "
        f"{counted(n_features, 'feature')}, {_held(table)}.",
        *table.notes,
    ]
    if len(table.y_test) < FEW_ROWS:
        lines.append(
            f"Only {len(table.y_test)} rows to test: the figures are rough, and small differences "
            "mean nothing."
        )
    lines.append(f"Teacher: {teacher}. Student: {', '.join(students)}.")
    if table.bayes_proba is not None:
        lines[-1] += f" Bayes risk {bayes_log_loss(table.bayes_proba):.4f}:"
        lines.append(
            "the log loss of the true probabilities; excess is what a model loses beyond it."
        )
    return [printable(line) for line in lines]


def _held(table: Table) -> str:
    """Say what the target holds."""
    if table.task is Task.CLASSES:
        return f"{len(np.unique(table.y_train))} classes"
    y = table.y_train
    form = ",.0f" if (y == y.round()).all() or abs(y).max() >= LARGE else ",.6g"
    return f"numbers from {y.min():{form}} to {y.max():{form}}"


def text_of(comparison: Comparison, *, teacher_is_given: bool = False) -> str:
    """Return what fits on a terminal, and the sentence."""
    found = comparison.measurements
    several = len(student_names(found)) > 1
    has_budget = comparison.max_latency is not None or comparison.max_size is not None
    digits = _digits(comparison.n_test)

    def cost(m: Measured, text: str, instead: str = "–") -> str:
        return instead if teacher_is_given and m.is_teacher else text

    table = text_table(
        {
            **({"student": [m.student or "" for m in found]} if several else {}),
            "method": [m.title for m in found],
            **comparison.sheet.brief(found, digits),
            "size": [cost(m, format_size(m.size)) for m in found],
            f"µs/row, {LARGE_BATCH:,} rows": [
                cost(m, format_quantity(m.batch_time)) for m in found
            ],
            "µs, one row": [cost(m, format_quantity(m.row_time)) for m in found],
            "budget": [
                cost(m, "" if fit else "over", "")
                for m, fit in zip(found, comparison.fits_budget, strict=True)
            ]
            * has_budget,
        },
        left=1 + several,
    )
    sentence = comparison.describe()
    if teacher_is_given:
        # Its size and time are those of a file.
        sentence = re.sub(r", at [\d.,]+ % of the teacher's size and .*", ".", sentence)
    return table + "\n\n" + fill(sentence, width=LINE_WIDTH)


def _digits(n_test: int) -> int:
    if n_test >= ROWS_FOR_FOUR_DIGITS or not n_test:
        return 4
    return 3 if n_test >= FEW_ROWS else 2


# ---- the report ------------------------------------------------------------------------------


def check_report(path: str | None, table: str | None) -> None:
    """Refuse what cannot or must not be written, before anything is fitted."""
    if path is None:
        return
    check_place(path, table, "report")
    try:
        # No window is opened, and some that matplotlib is told to open need a screen.
        pyplot("A report").switch_backend("agg")
    except (ImportError, ValueError) as error:
        raise BadInputError(reason(error)) from None


def write_report(path: str, sections: list[Section]) -> None:
    """Write the page, whole or not at all."""
    try:
        write_page(path, html_report("What distillation gains", sections))
    except Exception as error:  # of the disk, or of matplotlib under the user's own settings
        raise BadInputError(f"Could not write the report: {reason(error)}") from error
    say(f"Wrote {printable(path)}.")


# ---- places ----------------------------------------------------------------------------------


def check_place(path: str, table: str | None, what: str) -> None:
    """Refuse a path to which nothing can be written, or that is the table itself."""
    if table is not None and _are_same_file(path, table):
        raise BadInputError(f"The {what} {path!r} would overwrite the table that it is about.")
    if not _is_writable(path):
        raise BadInputError(f"Could not write a {what} to {path!r}.")


def _are_same_file(path: str, other: str) -> bool:
    """Follow links, hard ones too."""
    with suppress(OSError, ValueError):  # one of them is not there, or can be no name of a file
        return os.path.samefile(path, other)
    return False


def _is_writable(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):  # such as a name that is too long
        return False
    folder = os.path.dirname(os.path.realpath(path))
    into = os.path.basename(path) != "" and os.path.isdir(folder) and os.access(folder, os.W_OK)
    if not os.path.exists(path):
        return into
    # Nothing is put beside a device or a pipe.
    into = into or not os.path.isfile(path)
    return into and os.access(path, os.W_OK) and not os.path.isdir(path)


def section(table: Table, lines: list[str], comparison: Any) -> Section:
    """Return a part of the report."""
    return Section(table.name, " ".join(lines), comparison)
