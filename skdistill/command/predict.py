"""Answers new rows by a student that was saved."""

from __future__ import annotations

import argparse
from typing import Any

from .columns import DATE_PARTS, as_numbers, date_part, mask_giants
from .loading import load
from .reading import How, check_column, read
from .terminal import BadInputError, at_work, counted, say, tell


def answer(arguments: argparse.Namespace) -> None:
    """Print a line of CSV for each row of a table."""
    import pandas as pd

    student = load(arguments.model)
    how = How(arguments.sep, arguments.decimal, arguments.encoding, arguments.fetch)
    with at_work(f"reading {arguments.table}"):
        found = read(arguments.table, how, text=student.text)
        notes = list(found.notes)
        X = mask_giants(_rows(found.frame, student.columns, student.text, found.separator), notes)
    for note in notes:
        tell(note)
    with at_work(f"answering {counted(len(X), 'row')}"):
        answers = pd.DataFrame(student.answer(X)).to_csv(index=False)
    say(answers, end="")


def _rows(frame: Any, names: list[str], text: list[str], separator: str | None) -> Any:
    """Return the columns that a student takes, in its order, with the types that it knows."""
    import pandas as pd

    columns = {
        name: frame[name].astype(object).map(str, na_action="ignore")
        if name in text and name in frame.columns
        else _numbers(frame, name, separator)
        for name in names
    }
    return pd.DataFrame(columns, index=frame.index)


def _numbers(frame: Any, name: str, separator: str | None) -> Any:
    """Return a column of numbers, or what is to be made of one of dates."""
    base, _, part = name.rpartition(" ")
    if name not in frame.columns and part in DATE_PARTS and base in frame.columns:
        numbers, wanted, name = date_part(frame[base], part), "dates", base
    else:
        check_column(name, frame.columns, f"made of {base!r}" if part in DATE_PARTS else "")
        numbers, wanted = as_numbers(frame[name], separator != ","), "numbers"
    if numbers is None:
        raise BadInputError(
            f"The column {name!r} must hold {wanted}, as in training, found "
            f"{_first_other(frame[name], separator)!r}."
        )
    return numbers.astype(float)


def _first_other(column: Any, separator: str | None) -> str:
    """Return a cell that is no number."""
    cells = column.dropna().drop_duplicates()
    for place in range(len(cells)):
        if as_numbers(cells.iloc[[place]], separator != ",") is None:
            return str(cells.iloc[place])
    return str(cells.iloc[0])
