"""Tables for people: plain text, HTML, and what stands in for a DataFrame without pandas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..._utils.names import NO_MATHEMATICS, as_html, printable

# ---- cells -----------------------------------------------------------------------------------


def format_size(size: float) -> str:
    """Write a number of bytes for people.

    Parameters
    ----------
    size : float
        Bytes.

    Returns
    -------
    str
        The size in bytes, kB, MB or GB, each 1,000 of the one before; a dash for NaN.

    Examples
    --------
    >>> [format_size(size) for size in (999, 21_400, 5_310_000)]
    ['999 bytes', '21.4 kB', '5.3 MB']
    """
    if math.isnan(size):
        return "–"
    if size < 1000:
        return f"{size:.0f} bytes"
    value, units = size / 1000, ["kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}"


def format_quantity(value: float) -> str:
    """Write seconds or microseconds for people: two decimals below 1, one below 10, then none.

    Examples
    --------
    >>> [format_quantity(value) for value in (0.123, 8.04, 12_345.6)]
    ['0.12', '8.0', '12,346']
    """
    if math.isnan(value):
        return "–"
    return f"{value:,.{2 if value < 1 else 1 if value < 10 else 0}f}"


def format_score(value: float, error: float | None = None, *, digits: int = 3) -> str:
    """Write a score, with its standard error if there is one.

    Examples
    --------
    >>> format_score(0.91234, 0.0123), format_score(0.5)
    ('0.912 ± 0.012', '0.500')
    """
    return _with_error(value, error, f".{digits}f")


def format_amount(value: float, error: float | None = None, *, digits: int = 3) -> str:
    """Write an amount in anybody's units, one digit more of it than are asked for of a score.

    Examples
    --------
    >>> format_amount(53.1234, 2.345), format_amount(48_123.4), format_amount(0.00123456)
    ('53.12 ± 2.35', '48,123', '0.001235')
    """
    decimals = 0
    if value and math.isfinite(value):
        decimals = min(max(0, digits - math.floor(math.log10(abs(value)))), 12)
    return _with_error(value, error, f",.{decimals}f")


def _with_error(value: float, error: float | None, form: str) -> str:
    if math.isnan(value):
        return "–"
    told = "" if error is None or math.isnan(error) else f" ± {error:{form}}"
    return f"{value:{form}}{told}"


def format_percent(part: float, whole: float) -> str:
    """Write a ratio for people, small ones with two digits.

    Examples
    --------
    >>> format_percent(1, 240), format_percent(3, 2)
    ('0.42 %', '150 %')
    """
    percent = 100 * part / whole
    return f"{percent:.2g} %" if percent < 99.5 else f"{percent:,.0f} %"


# ---- tables ----------------------------------------------------------------------------------


def text_table(columns: Mapping[str, Sequence[str]], *, left: int = 1) -> str:
    """Lay cells out as a plain text table; each is made printable.

    Parameters
    ----------
    columns : mapping of {str: sequence of str}
        Titles and cells; a column without any cell is left out.
    left : int, default=1
        Number of columns, from the first, that are aligned left.

    Returns
    -------
    str
        Lines of equal width.

    Examples
    --------
    >>> print(text_table({"method": ["teacher", "student"], "log loss": ["0.25", "0.3"]}))
    method   log loss
    -----------------
    teacher      0.25
    student       0.3
    """
    padded = [
        _pad(name, list(cells), left=place < left)
        for place, (name, cells) in enumerate(columns.items())
        if cells
    ]
    lines = ["  ".join(cells) for cells in zip(*padded, strict=True)]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _pad(name: str, cells: list[str], *, left: bool) -> list[str]:
    shown = [printable(cell) for cell in [name, *cells]]
    width = max(map(len, shown))
    return [cell.ljust(width) if left else cell.rjust(width) for cell in shown]


def html_table(
    columns: Mapping[str, Sequence[str]],
    *,
    left: int = 1,
    bold: Sequence[bool] = (),
    faint: Sequence[bool] = (),
) -> str:
    """Lay cells out as an HTML table, everything printable and escaped.

    Parameters
    ----------
    columns : mapping of {str: sequence of str}
        Titles and cells; a column without any cell is left out.
    left : int, default=1
        Number of columns, from the first, that are aligned left.
    bold, faint : sequence of bool, default=()
        Which lines stand out, and which stand back.

    Returns
    -------
    str
        A `table` element, its looks in `style` attributes: notebooks drop style sheets.

    Examples
    --------
    >>> html_table({"a<b": ["1"]}).count("a&lt;b")
    1
    """
    shown = {name: cells for name, cells in columns.items() if cells}
    sides = ["left" if place < left else "right" for place in range(len(shown))]
    cell = "text-align:{}; padding:0.2em 0.7em; white-space:nowrap"
    head = "".join(
        f'<th style="{cell.format(side)}; border-bottom:1px solid">{as_html(name)}</th>'
        for name, side in zip(shown, sides, strict=True)
    )
    lines = []
    for place, texts in enumerate(zip(*shown.values(), strict=True)):
        look = "font-weight:bold" if place < len(bold) and bold[place] else ""
        look = f"{look}; opacity:0.5" if place < len(faint) and faint[place] else look
        cells = "".join(
            f'<td style="{cell.format(side)}">{as_html(text)}</td>'
            for text, side in zip(texts, sides, strict=True)
        )
        lines.append(f'<tr style="{look}">{cells}</tr>')
    return (
        f"<table {NO_MATHEMATICS} "
        'style="border-collapse:collapse; font-variant-numeric:tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


class PlainTable:
    """A table of numbers that can be printed, where pandas is not installed.

    Parameters
    ----------
    columns : dict of {str: list}
        Its columns.

    Attributes
    ----------
    columns : dict of {str: list}
        The same.

    Examples
    --------
    >>> print(PlainTable({"method": ["teacher"], "score": [0.91234]}))
    method    score
    ---------------
    teacher  0.9123
    """

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns = columns

    def __getitem__(self, name: str) -> list[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def _texts(self) -> dict[str, list[str]]:
        return {name: [_plain(v) for v in values] for name, values in self.columns.items()}

    def __str__(self) -> str:
        return text_table(self._texts())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(self._texts())


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def as_frame(columns: dict[str, list[Any]]) -> Any:
    """Return a DataFrame where pandas is installed, a :class:`PlainTable` otherwise."""
    try:
        import pandas as pd
    except ImportError:
        return PlainTable(columns)
    return pd.DataFrame(columns)
