"""How three databases write numbers, text and names, and where they stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


class Dialect:
    """What SQL has in common; a subclass says what a database does in its own way."""

    name: str
    #: What stands before a stage, so that it is computed once.
    stage = "AS MATERIALIZED"
    maximum = "GREATEST"
    infinity: str
    #: A column as doubles, NULL where it is missing.
    number_column: str
    #: A column as text that is compared letter by letter.
    text_column: str
    #: The most columns that one SELECT may have.
    max_columns: int | None = None
    #: How deep a CASE may stand within others, and what ends there.
    max_nesting: int | None = None
    nesting_limit = ""
    #: How long names may be, in bytes.
    max_name: int | None = None

    def number(self, value: float) -> str:
        """Write a double that is read back to the bit; NULL for NaN."""
        if math.isnan(value):
            return "NULL"
        if math.isinf(value):
            return self.infinity if value > 0 else f"-{self.infinity}"
        return self._finite(float(value))

    def _finite(self, value: float) -> str:
        raise NotImplementedError

    def text(self, value: str, where: str) -> str:
        """Write text."""
        self.check_text(value, where)
        return "'" + value.replace("'", "''") + "'"

    def check_text(self, value: str, where: str) -> None:
        """Raise if text cannot be in a SELECT."""
        is_encoded = value.encode("utf-8", "replace").decode() == value
        if "\0" in value or not is_encoded:
            raise ValueError(f"{where} must be text that SQL can hold, found {value!r}.")

    def label(self, value: Any) -> str:
        """Write the label of a class."""
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, float):
            return self.number(value)
        if isinstance(value, str):
            return self.text(value, "Class labels")
        raise ValueError(f"Class labels must be numbers, text or booleans in SQL, found {value!r}.")

    def quote(self, name: str) -> str:
        """Write the name of a column or table."""
        return '"' + name.replace('"', '""') + '"'

    def greatest(self, names: Sequence[str]) -> str:
        """Write the largest of several columns."""
        if len(names) == 1:  # the largest of all rows, else
            return names[0]
        if len(names) > 100:  # functions take no more
            parts = [self.greatest(names[k : k + 100]) for k in range(0, len(names), 100)]
            return self.greatest(parts)
        return f"{self.maximum}({', '.join(names)})"


class SQLite(Dialect):
    """SQLite 3.35 or newer, with its mathematical functions."""

    name = "sqlite"
    maximum = "max"
    infinity = "9e999"
    # A cast makes 0 of text that is no number.
    number_column = "CASE WHEN typeof({0}) IN ('integer', 'real') THEN CAST({0} AS REAL) END"
    text_column = "CAST({0} AS TEXT) COLLATE BINARY"
    max_columns = 2000
    # Newer ones have no such stack; in 3.40 it is full at 15.
    max_nesting = 12
    nesting_limit = "SQLite's parser has a stack of 100 symbols"

    def _finite(self, value: float) -> str:
        # SQLite errs in some of the numbers of 16 digits that would do, but in none of 17.
        text = repr(value)
        digits = text.split("e")[0].lstrip("-").replace(".", "").strip("0")
        text = text if len(digits) < 16 else f"{value:.17g}"
        return text if "." in text or "e" in text else f"{text}.0"


class DuckDB(Dialect):
    """DuckDB."""

    name = "duckdb"
    stage = "AS"  # it takes no stage apart to compute it several times
    infinity = "'Infinity'::DOUBLE"
    number_column = "NULLIF(CAST({0} AS DOUBLE), 'NaN'::DOUBLE)"
    text_column = 'CAST({0} AS VARCHAR) COLLATE "C"'

    def _finite(self, value: float) -> str:
        # Without an exponent it would be a DECIMAL.
        text = repr(value)
        return text if "e" in text else f"{text}e0"


class PostgreSQL(Dialect):
    """PostgreSQL 12 or newer."""

    name = "postgresql"
    infinity = "'Infinity'::float8"
    number_column = "NULLIF(CAST({0} AS float8), 'NaN'::float8)"
    text_column = 'CAST({0} AS text) COLLATE "C"'
    max_columns = 1664
    max_name = 63

    def _finite(self, value: float) -> str:
        return f"{value!r}::float8"  # it would be a numeric

    def text(self, value: str, where: str) -> str:
        """Write text; what a backslash means without the E is a setting."""
        literal = super().text(value, where)
        return "E" + literal.replace("\\", "\\\\") if "\\" in literal else literal


DIALECTS: dict[str, Dialect] = {d.name: d for d in (SQLite(), DuckDB(), PostgreSQL())}
