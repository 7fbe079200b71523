"""What the columns hold, what is made of them, and which are left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from .reading import check_column
from .target import COMMA, NUMBER, THOUSANDS, TRUTH_VALUES, WITH_UNIT, Task
from .terminal import BadInputError, counted, listed

INFINITY = re.compile(r"\s*[+-]?inf(inity)?\s*", re.IGNORECASE)
# 2024-12-31, with a time or without, or 31.12.2024; with slashes nobody knows which is the month.
ISO_DATE = re.compile(r"\d{4}-\d\d(-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?")
DOTTED_DATE = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")
SLASHED_DATE = re.compile(r"\d{1,4}/\d{1,2}/\d{2,4}.*")
DATE_PARTS = ("year", "month", "day", "weekday", "hour")
# With fewer rows it means little that no two of them agree.
FEWEST_TO_DIFFER = 20
SHOWN_NAMES = 5


class Columns(NamedTuple):
    """The columns to learn from, as a frame of numbers and text, and what there is to say."""

    X: Any
    notes: list[str]


def choose_columns(
    frame: Any,
    target: str,
    *,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    comma_is_decimal: bool = False,
    task: Task = Task.CLASSES,
) -> Columns:
    """Return what can be learned from; `comma_is_decimal` is so where it separates no cells."""
    import pandas as pd

    for option, names in (("--drop", drop), ("--keep", keep)):
        for name in names:
            check_column(name, frame.columns, option)
    if target in drop:
        raise BadInputError(f"--drop {target}: that is the column to predict.")
    y = frame[target]
    frame = frame.drop(columns=[target, *drop])
    reasons = _reasons(frame, y, set(keep), TELLS[task])
    kept = frame.drop(columns=list(reasons))
    kinds: dict[str, list[str]] = {}
    parts: dict[str, Any] = {}
    for name in kept.columns:
        kind, made = _read_column(kept[name], comma_is_decimal)
        if kind == "date" and any(other in frame.columns for other in made if other != name):
            kind, made = "text", {name: _as_text(kept[name])}
        kinds.setdefault(kind, []).append(name)
        parts.update(made)
    notes = [_summary(kinds), *_remarks(kinds), *_left_out(reasons), *_suspects(kept)]
    X = mask_giants(pd.DataFrame(parts, index=kept.index), notes)
    return Columns(X.dropna(axis="columns", how="all"), notes)


# ---- one column ------------------------------------------------------------------------------


def _read_column(column: Any, comma_is_decimal: bool) -> tuple[str, dict[str, Any]]:
    """Return the kind of a column, and what it becomes: itself, or the parts of a date."""
    if column.dtype.kind == "M":
        return "date", date_parts(column)
    numbers = as_numbers(column, comma_is_decimal)
    if numbers is not None:
        kind = "number" if column.dtype.kind in "iufb" or _plain(column) else "comma"
        return kind, {column.name: numbers}
    texts = {str(cell) for cell in column.dropna().unique()}
    dates = date_parts(column) if _are_dates(texts) else {}
    if dates:
        return "date", dates
    kind = "thousands" if all(THOUSANDS.fullmatch(text) for text in texts) else "text"
    kind = "unit" if all(WITH_UNIT.fullmatch(text) for text in texts) else kind
    kind = "slashed" if all(SLASHED_DATE.fullmatch(text) for text in texts) else kind
    return kind, {column.name: _as_text(column)}


def _as_text(column: Any) -> Any:
    """Return every cell as text; where all are, the column stays as it is."""
    if all(isinstance(cell, str) for cell in column.dropna()):
        return column
    return column.astype(object).map(str, na_action="ignore")


def as_numbers(column: Any, comma_is_decimal: bool = False) -> Any:
    """Return a column of doubles, or None if a cell is no number.

    pandas takes for text what holds a number of many digits, or truth values with gaps.
    """
    if column.dtype.kind == "m":
        return column.dt.total_seconds()
    if column.dtype.kind in "iufb" and not hasattr(column.dtype, "numpy_dtype"):
        return column.astype(float) if column.dtype.kind in "bu" else column
    meant = {cell: _number(str(cell), comma_is_decimal) for cell in column.dropna().unique()}
    if None in meant.values() or not _agree(meant):
        return None
    return column.astype(object).map(meant).astype(float)


def _agree(meant: Any) -> bool:
    """Whether cells are all truth values, or none: 1 and True are not the same column."""
    return len({str(cell) in TRUTH_VALUES for cell in meant}) < 2


def _number(text: str, comma_is_decimal: bool) -> float | None:
    if NUMBER.fullmatch(text) or INFINITY.fullmatch(text):
        return float(text)
    if text in TRUTH_VALUES:
        return float(TRUTH_VALUES[text])
    # 1,234 may be a thousand and more, unless commas cannot separate thousands here.
    if COMMA.fullmatch(text) and (comma_is_decimal or not THOUSANDS.fullmatch(text)):
        return float(text.replace(",", "."))
    return None


def _plain(column: Any) -> bool:
    return not any("," in str(cell) for cell in column.dropna().unique())


# ---- dates -----------------------------------------------------------------------------------


def _are_dates(texts: Collection[str]) -> bool:
    return any(all(form.fullmatch(text) for text in texts) for form in (ISO_DATE, DOTTED_DATE))


def date_parts(column: Any) -> dict[str, Any]:
    """Return the numbers that a date is made of, those that differ; none for what is no date.

    They are named after the column, so that it is known what to make of new rows.
    """
    dates = _dates(column)
    if dates is None:
        return {}
    parts = {f"{column.name} {part}": _part(dates, part) for part in DATE_PARTS}
    return {name: part for name, part in parts.items() if part.nunique() > 1}


def date_part(column: Any, part: str) -> Any:
    """Return one part of a column of dates, None if it holds others."""
    dates = _dates(column)
    return None if dates is None else _part(dates, part)


def _part(dates: Any, part: str) -> Any:
    if part == "weekday":
        return dates.dt.day_of_week.astype(float)
    value = getattr(dates.dt, part) + (dates.dt.minute / 60 if part == "hour" else 0)
    return value.astype(float)


def _dates(column: Any) -> Any:
    import pandas as pd

    if column.dtype.kind == "M":
        return column
    texts = column.dropna().astype(str)
    dotted = len(texts) > 0 and DOTTED_DATE.fullmatch(texts.iloc[0])
    known = texts.map(_utc(texts.unique(), "%d.%m.%Y" if dotted else "ISO8601"))
    if known.isna().any():
        return None
    return pd.to_datetime(known.reindex(column.index), utc=True)


def _utc(texts: Any, form: str) -> dict[str, Any]:
    import pandas as pd

    found = pd.to_datetime(pd.Series(list(texts)), format=form, errors="coerce", utc=True)
    return dict(zip(texts, found, strict=True))


# ---- columns that are left out ---------------------------------------------------------------


def _reasons(
    frame: Any, y: Any, keep: set[str], tells: Callable[[Any, Any], bool]
) -> dict[str, str]:
    """Return why columns are left out; `tells` is whether one gives the target away."""
    found = {name: _reason(frame[name], y, tells) for name in frame.columns}
    return {
        name: why for name, why in found.items() if why and (name not in keep or why == "empty")
    }


def _reason(column: Any, y: Any, tells: Callable[[Any, Any], bool]) -> str:
    n_values = column.nunique()
    if n_values < 2:
        return "the same in every row" if n_values and column.notna().all() else _bare(column)
    if n_values == y.nunique() and column.notna().all() and tells(column, y):
        same = (column.astype(str) == y.astype(str)).all()
        return "equal to the target" if same else "gives the target away"
    if n_values < max(FEWEST_TO_DIFFER, int(column.notna().sum())):
        return ""
    if column.dtype.kind in "iu" and _counts_rows(column):
        return "row numbers"
    if column.dtype.kind not in "iufbM" and _is_name(column):
        return "differs in every row"
    return ""


def _counts_rows(column: Any) -> bool:
    """Whether whole numbers count all rows, in any order, or those of the file that are left."""
    if int(column.max()) - int(column.min()) == len(column) - 1:
        return True
    numbers, places = column.to_numpy(float), column.index.to_numpy(float)
    return bool((numbers - numbers[0] == places - places[0]).all())


def _bare(column: Any) -> str:
    """Say that a column is empty; one with a single value and gaps still tells something."""
    return "" if column.notna().any() else "empty"


def _tells(column: Any, y: Any) -> bool:
    """Whether each value of a column goes with one class, and each class with one value."""
    pairs = column.astype(str).str.cat(y.astype(str), sep="\x00")
    return bool(pairs.nunique() == y.nunique())


def _tells_number(column: Any, y: Any) -> bool:
    """Whether a column holds the target in other units: it rises, or falls, where that does.

    Where most numbers are there once, each goes with one of any other column.
    """
    numbers, target = as_numbers(column), as_numbers(y)
    if numbers is None or target is None:
        return bool((column.astype(str) == y.astype(str)).all())
    places, others = numbers.rank(), target.rank()
    rises = bool((places == others).all())
    return rises or bool((places == len(others) + 1 - others).all())


TELLS = {Task.CLASSES: _tells, Task.NUMBERS: _tells_number}


def _is_name(column: Any) -> bool:
    """Whether text is neither a number nor a date."""
    texts = {str(cell) for cell in column.dropna()}
    return as_numbers(column) is None and not _are_dates(texts)


# ---- what is said ----------------------------------------------------------------------------


def _summary(kinds: dict[str, list[str]]) -> str:
    """Say how many columns are numbers, text and dates."""
    number_of = {kind: len(names) for kind, names in kinds.items()}
    n_numbers = number_of.get("number", 0) + number_of.get("comma", 0)
    n_dates = number_of.get("date", 0)
    n_text = sum(number_of.values()) - n_numbers - n_dates
    told = [counted(n_numbers, "number")] * (n_numbers > 0)
    told += [f"{n_text:,} text"] * (n_text > 0) + [counted(n_dates, "date")] * (n_dates > 0)
    return f"Columns: {', '.join(told) or 'none'}."


def _remarks(kinds: dict[str, list[str]]) -> list[str]:
    told = {
        "comma": "Numbers with decimal commas: {}.",
        "thousands": "Taken for text, though it looks like numbers with commas: {}; --decimal , "
        "reads decimal commas.",
        "unit": "Taken for text, though it looks like numbers with a sign behind or before them: "
        "{}; write plain numbers.",
        "date": "Dates, split into year, month, day, weekday and hour where these differ: {}.",
        "slashed": "Taken for text, as days and months look alike in dates with slashes: {}; "
        "write 2024-12-31.",
    }
    return [text.format(_few(kinds[kind])) for kind, text in told.items() if kind in kinds]


def _few(names: Collection[str]) -> str:
    return listed(names, SHOWN_NAMES)


def _left_out(reasons: dict[str, str]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    if not by_reason:
        return []
    told = "; ".join(f"{_few(names)} ({why})" for why, names in by_reason.items())
    can_stay = set(by_reason) - {"empty"}
    return [f"Left out: {told}." + (" --keep NAME keeps one." if can_stay else "")]


def _suspects(frame: Any) -> list[str]:
    """Name whole numbers that differ in every row, and are used."""
    names = [
        name
        for name in frame.columns
        if frame[name].dtype.kind in "iu"
        and len(frame) >= FEWEST_TO_DIFFER
        and frame[name].nunique() == len(frame)
    ]
    return [f"Differs in every row, and is used: {_few(names)}; --drop NAME leaves one out."] * (
        len(names) > 0
    )


def mask_giants(X: Any, notes: list[str]) -> Any:
    """Put missing values in the place of what no tree of scikit-learn takes, and say so."""
    import numpy as np

    numbers = X.select_dtypes("float")
    with np.errstate(over="ignore"):
        giants = np.isinf(numbers.astype(np.float32))
    n_giants = int(giants.to_numpy().sum())
    if not n_giants:
        return X
    notes.append(
        f"Took {counted(n_giants, 'number')} for missing, infinite or beyond "
        f"±{np.finfo(np.float32).max:.1e}, the range of trees: in "
        f"{listed(giants.columns[giants.any()])}."
    )
    X = X.copy()
    X[numbers.columns] = numbers.mask(giants)
    return X
