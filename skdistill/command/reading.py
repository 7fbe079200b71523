"""Reads a table with pandas; how it is written is found out, unless that is said."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._utils.names import did_you_mean, printable
from .._utils.packages import needs
from .target import NUMBER
from .terminal import BadInputError, listed, reason

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
# The first that makes most columns counts; white space only where there is none of the others.
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
WHITE_SPACE = r"\s+"
# The share of lines that must have as many cells as the header.
REGULAR = 0.9
SAMPLE_LINES = 200
# What reads a table that is no text, and the package that pandas needs for it.
READERS = {
    ".parquet": ("read_parquet", "pyarrow"),
    ".pq": ("read_parquet", "pyarrow"),
    ".xlsx": ("read_excel", "openpyxl"),
    ".xlsm": ("read_excel", "openpyxl"),
    ".xls": ("read_excel", "xlrd"),
    ".ods": ("read_excel", "odfpy"),
}
ARCHIVERS = {".zst": "zstandard"}
# More columns than this are not listed in a message.
LISTED_COLUMNS = 30
# How what is no table begins.
OTHER_FORMATS = ("{", "[{", "[[", "<")
MARK = "="
# What pandas takes for a missing value.
MISSING = frozenset(
    ("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN")
) | frozenset(("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"))


class How(NamedTuple):
    """How a table is read: what the user says of it, None for what is to be found out."""

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    fetch: bool = False
    # Whether words such as NA in the target are missing values.
    na: bool = False


class Found(NamedTuple):
    """A table as it was read, what there is to say of that, and its separator, if it is text."""

    frame: Any
    notes: list[str]
    separator: str | None = None


def file_name(path: str) -> str:
    """Return the last part of a path or URL, as it is printed."""
    return printable(os.path.basename(urlsplit(path).path if URL.match(path) else path))


def read(path: str, how: How, target: str | None = None, text: Sequence[str] = ()) -> Found:
    """Read a table. The target is kept as text: numbers might lose digits, and with them classes.

    `text` are further columns that are text whatever they look like.
    """
    try:
        import pandas  # noqa: F401
    except ImportError:
        raise BadInputError(needs("Reading a table", "pandas")) from None
    ending = os.path.splitext(urlsplit(path).path if URL.match(path) else path)[1].lower()
    place = _place(path, how.fetch)
    try:
        if ending in READERS:
            found = _read_typed(place, ending, how, target)
        else:
            found = _read_text(place, how, target, text)
        _tidy(found.frame)
        return found
    except FileNotFoundError:
        raise BadInputError(f"There is no file {path!r}.") from None
    except ImportError as error:
        package = ARCHIVERS.get(ending) or READERS.get(ending, ("", ""))[1]
        if not package:
            raise BadInputError(f"Could not read {path!r}: {reason(error)}") from None
        raise BadInputError(needs(f"Reading {ending}", package)) from None
    except BadInputError:
        raise
    except Exception as error:  # a broken archive has as many errors as there are archivers
        kind = "a table" if ending in READERS else "CSV"
        raise BadInputError(f"Could not read {path!r} as {kind}: {reason(error)}") from error


def _place(path: str, fetch: bool) -> str | bytes:
    """Return what pandas is to read; only an absolute path is never taken for a URL by it."""
    if URL.match(path):
        if fetch:
            return path
        raise BadInputError(f"{path!r} is a URL, and nothing is fetched unless --fetch is given.")
    full = os.path.abspath(path)
    try:
        mode = os.stat(full).st_mode
        # A pipe can be read only once.
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            with open(full, "rb") as file:
                return file.read()
    except (OSError, ValueError):  # pandas says what is wrong
        pass
    return full


def _opened(place: str | bytes) -> Any:
    return io.BytesIO(place) if isinstance(place, bytes) else place


# ---- text ------------------------------------------------------------------------------------


def _read_text(place: str | bytes, how: How, target: str | None, text: Sequence[str]) -> Found:
    lines, encoding = _first_lines(place, how.encoding)
    separator = how.separator or find_separator(lines, target)
    _refuse_doubled(lines, separator, target)
    frame, encoding = _read_csv(place, how, separator, encoding, target, text)
    notes = []
    if how.separator is None and separator != ",":
        notes.append(f"Separated by {SEPARATORS.get(separator, 'white space')}.")
    if how.encoding is None and encoding not in ("utf-8", "utf-8-sig"):
        notes.append(f"Read as {encoding}; --encoding says otherwise.")
    if not _is_numbered(frame):
        notes.append(
            "The rows have more cells than the header: the first are names of rows, not used."
        )
        frame = frame.reset_index(drop=True)
    return Found(frame, notes, separator)


def _is_numbered(frame: Any) -> bool:
    import pandas as pd

    return bool(frame.index.equals(pd.RangeIndex(len(frame))))


def _read_csv(
    place: str | bytes,
    how: How,
    separator: str,
    encoding: str,
    target: str | None,
    text: Sequence[str],
) -> tuple[Any, str]:
    """Read all of it; a letter far down may show that the encoding is another."""
    import pandas as pd

    raw = _as_written(target, place, separator, encoding) if target is not None else None
    # Behind a mark no word stands for a missing value.
    kept = {"converters": {raw: MARK.__add__}} if raw is not None and not how.na else {}
    # low_memory guesses a column's type chunk by chunk, and may guess differently.
    options = {"decimal": how.decimal or ".", "low_memory": False, **kept}
    as_text = [*text, *([raw] if raw is not None and how.na else [])]
    while True:
        try:
            frame = pd.read_csv(
                _opened(place),
                sep=separator,
                skipinitialspace=True,
                encoding=encoding,
                dtype=dict.fromkeys(as_text, str),
                **options,
            )
            break
        except UnicodeDecodeError:
            if how.encoding is not None or encoding == "latin-1":
                raise
            encoding = "cp1252" if encoding != "cp1252" else "latin-1"
    if kept and raw in frame.columns:
        words = frame[raw].str[len(MARK) :]
        frame[raw] = words.where(words != "")
    return frame, encoding


def _as_written(target: str, place: str | bytes, separator: str, encoding: str) -> str:
    """Return the name of the target as it stands in the header, among white space."""
    import pandas as pd

    try:
        header = pd.read_csv(_opened(place), sep=separator, encoding=encoding, nrows=0).columns
    except UnicodeDecodeError:  # the encoding is another, which is found out below
        return target
    return next((name for name in header if str(name).strip() == target), target)


def _tidy(frame: Any) -> None:
    """Take white space around names and cells for nothing, and lists within cells for text."""
    names = [str(name).strip() for name in frame.columns]
    if len(set(names)) == len(names):
        frame.columns = names
    for name in frame.columns[frame.dtypes.map(lambda kind: kind.kind) == "O"]:
        if not all(isinstance(cell, Hashable) for cell in frame[name].dropna().head(1)):
            frame[name] = frame[name].map(str, na_action="ignore")
        cells = [cell for cell in frame[name].unique() if isinstance(cell, str)]
        padded = {cell: cell.strip() or None for cell in cells if cell != cell.strip()}
        if padded:
            frame[name] = frame[name].map(lambda cell, padded=padded: padded.get(cell, cell))


def _first_lines(place: str | bytes, encoding: str | None) -> tuple[list[str], str]:
    """Return the first lines, and the encoding that they are in, if nobody has said it."""
    if encoding is not None:
        return _raw_lines(place, encoding), encoding
    lines = _raw_lines(place, "latin-1")
    data = "\n".join(lines).encode("latin-1")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _raw_lines(place, "utf-16"), "utf-16"
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding).split("\n"), encoding
        except UnicodeDecodeError:
            continue
    return lines, "latin-1"


def _raw_lines(place: str | bytes, encoding: str) -> list[str]:
    """Let pandas, which knows archives, read a few lines that it does not take apart."""
    import pandas as pd

    frame = pd.read_csv(
        _opened(place),
        sep="\x01",
        header=None,
        nrows=SAMPLE_LINES,
        quoting=csv.QUOTE_NONE,
        encoding=encoding,
        dtype=str,
        keep_default_na=False,
        on_bad_lines="skip",
    )
    return [str(line) for line in frame.iloc[:, 0]]


def find_separator(lines: list[str], target: str | None = None) -> str:
    r"""Return what makes the most columns of lines, all with as many cells.

    >>> find_separator(["a;b", "1,5;2,5"]), find_separator(["a b", "1 2"])
    (';', '\\s+')
    """
    ranks = {separator: _rank(lines, separator, target) for separator in SEPARATORS}
    best = max(ranks, key=lambda separator: ranks[separator])
    if ranks[best][1] <= 1 and _rank(lines, WHITE_SPACE, target)[1] > 1:
        return WHITE_SPACE
    return best if ranks[best][1] > 1 else ","


def _rank(lines: list[str], separator: str, target: str | None) -> tuple[bool, int]:
    """Return whether the target is in the header, and its cells, 0 if rows have others."""
    try:
        header, *rows = [row for row in _cells(lines, separator) if row]
    except (ValueError, csv.Error):  # no line at all, or no quotes
        return False, 0
    # Names of rows make them one longer than the header.
    regular = sum(len(row) - len(header) in (0, 1) for row in rows)
    if regular < REGULAR * len(rows):
        return False, 0
    return target in header and len(header) > 1, len(header)


def _cells(lines: list[str], separator: str) -> list[list[str]]:
    if separator == WHITE_SPACE:
        return [line.split() for line in lines]
    rows = csv.reader(
        (line + "\n" for line in lines), delimiter=separator[:1], skipinitialspace=True
    )
    return list(rows)


def _refuse_doubled(lines: list[str], separator: str, target: str | None) -> None:
    """Look at the header itself: pandas makes a and a.1 of two columns a."""
    try:
        rows = [row for row in _cells(lines, separator) if row]
    except csv.Error:
        return
    if rows and Counter(rows[0])[str(target)] > 1:
        raise BadInputError(f"There are several columns {target!r}: one must have another name.")


# ---- other files -----------------------------------------------------------------------------


def _read_typed(place: str | bytes, ending: str, how: How, target: str | None) -> Found:
    """Read a file whose cells have types already."""
    import pandas as pd

    if READERS[ending][0] == "read_parquet":
        frame = pd.read_parquet(_opened(place))
    else:
        # Cells as they are: the target decides for itself what is missing.
        frame = pd.read_excel(_opened(place), keep_default_na=False, na_values=[""])
    frame.columns = frame.columns.map(str)
    if target in frame.columns:
        if int((frame.columns == target).sum()) > 1:
            raise BadInputError(f"There are several columns {target!r}.")
        cells = frame[target].astype(object).map(str, na_action="ignore")
        frame[target] = cells.mask(cells.isin(MISSING)) if how.na else cells
    if ending not in (".parquet", ".pq"):
        for name in frame.columns.drop(target, errors="ignore"):
            cells = frame[name]
            frame[name] = cells.mask(cells.isin(MISSING)).infer_objects()
    return Found(frame, [])


# ---- names of columns ------------------------------------------------------------------------


def check_column(name: str, columns: Any, option: str = "") -> None:
    """Refuse a name that no column has, with what may be meant."""
    if name in columns:
        return
    where = f" ({option})" if option else ""
    message = f"There is no column {name!r}{where}"
    near = did_you_mean(name, columns)
    raise BadInputError(message + (near or f"; {named_columns(columns)}"))


def named_columns(columns: Any) -> str:
    """Return the names of columns, the first of many, and what is odd about them."""
    names = list(map(str, columns))
    if names[0].startswith(OTHER_FORMATS):
        return "the file looks like JSON or HTML, not like a table."
    told = ", ".join(map(printable, names[:LISTED_COLUMNS]))
    told += ", …" if len(names) > LISTED_COLUMNS else ""
    return f"there are: {told}" + "".join(f". {odd}" for odd in about_header(names))


def about_header(names: Sequence[str]) -> list[str]:
    """Say what is odd about a header: fractions in it, or one name alone."""
    values = [name for name in names if NUMBER.fullmatch(name) and not name.strip().isdecimal()]
    if values:
        return [f"The first line is taken for the header, though it holds {listed(values)}."]
    return ["Is the first line the header, and --sep right?"] * (len(names) == 1)
