"""Answers new rows by a student that was saved."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from .columns import DATE_PARTS, as_numbers, date_part, mask_giants
from .models import reads_frames, text_read_by
from .reading import How, check_column, read
from .saving import load
from .terminal import BadInputError, reason, say, tell


def predict(arguments: argparse.Namespace) -> None:
    """Print a line of CSV for each row of a table."""
    import pandas as pd

    model = load(arguments.model)
    text = text_read_by(model.student)
    how = How(arguments.sep, arguments.decimal, arguments.encoding, arguments.fetch)
    found = read(arguments.table, how, text=text)
    notes = list(found.notes)
    names = [str(name) for name in model.get_params()["feature_names"]]
    X = _rows(found.frame, names, text, found.separator)
    X = mask_giants(X, notes)
    for note in notes:
        tell(note)
    columns = _classes(model, X) if hasattr(model, "classes_") else _numbers_of(model, X)
    say(pd.DataFrame(columns).to_csv(index=False), end="")


def _classes(model: Any, X: Any) -> dict[str, Any]:
    """Return class and probabilities of each row."""
    classes = model.classes_
    proba = _ask(model.predict_proba, model, X, np.empty((0, len(classes))))
    titles = [f"probability {label}" for label in classes.tolist()]
    return {"class": classes[proba.argmax(axis=1)], **dict(zip(titles, proba.T, strict=True))}


def _numbers_of(model: Any, X: Any) -> dict[str, Any]:
    """Return the number of each row."""
    return {"prediction": _ask(model.predict, model, X, np.empty(0))}


def _ask(method: Any, model: Any, X: Any, nothing: Any) -> Any:
    if not len(X):
        return nothing
    try:
        return method(X if reads_frames(model.student) else X.to_numpy(np.float64))
    except ValueError as error:
        raise BadInputError(f"The student refuses these rows: {reason(error)}") from None


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
        check_column(name, frame.columns)
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
