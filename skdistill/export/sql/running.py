"""Runs a SELECT in a database of its own: rows go in, answers come out."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._utils.packages import needs
from ..program import UNKNOWN, Column
from .dialects import DIALECTS
from .query import SQLQuery

Array = NDArray[np.float64]
# Whether a column holds numbers, and what it holds, by name.
Table = dict[str, tuple[bool, list[Any]]]


def run_sql(
    query: SQLQuery, columns: Sequence[Column], values: Array
) -> tuple[NDArray[Any] | None, Array]:
    """Run a SELECT on rows as `values_of` tells them; return labels and probabilities.

    Of a student of numbers None, and the numbers in a column. What is NULL is None among the
    labels, and NaN among numbers.
    """
    if query.dialect not in _RUNNERS:
        raise ValueError(
            f"A SELECT for {query.dialect} cannot be run from here, which needs a server: "
            f"those for {' and '.join(_RUNNERS)} can."
        )
    table: Table = {
        name: (column.is_number, _cells(column, values[:, j]))
        for j, (name, column) in enumerate(zip(query.columns, columns, strict=True))
    }
    # What is passed on may be a column that is read, whatever its case.
    read = {name.casefold() for name in table}
    table |= {k: (True, [0.0] * len(values)) for k in query.keep if k.casefold() not in read}
    rows = _RUNNERS[query.dialect](query, table)
    kind, first = query.program.kind, len(query.keep)
    last = first + kind.n_columns
    answers = np.array([row[first:last] for row in rows], dtype=np.float64)
    labels = _labels([row[last] for row in rows], kind.classes) if kind.labels else None
    return labels, answers.reshape(len(rows), kind.n_columns)


def _cells(column: Column, values: Array) -> list[Any]:
    """Return values as a database holds them: None where missing, categories as text."""
    if column.categories is None:
        return [None if value != value else value for value in values.tolist()]
    texts = dict(enumerate(column.categories))
    texts[int(UNKNOWN)] = max(map(str, column.categories), key=len) + "?"
    return [None if value != value else texts[int(value)] for value in values.tolist()]


def _labels(found: list[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Return the labels that a database means by what it says."""
    label_of = {label: label for label in classes.tolist()}
    labels = [None if one is None else label_of[one] for one in found]
    return np.array(labels, dtype=object if None in labels else classes.dtype)


def _run_in_sqlite(query: SQLQuery, table: Table) -> list[tuple[Any, ...]]:
    quote = DIALECTS["sqlite"].quote
    types = [f"{quote(name)} {'REAL' if number else 'TEXT'}" for name, (number, _) in table.items()]
    marks = ", ".join("?" * len(table))
    base = sqlite3.connect(":memory:")
    try:
        base.execute(f"CREATE TABLE {quote(query.table)} ({', '.join(types)})")
        rows = zip(*(cells for _, cells in table.values()), strict=True)
        base.executemany(f"INSERT INTO {quote(query.table)} VALUES ({marks})", rows)
        return base.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        raise RuntimeError(
            f"SQLite {sqlite3.sqlite_version} of this Python cannot run the SELECT: {error}. It "
            "must be 3.35 or newer, compiled with SQLITE_ENABLE_MATH_FUNCTIONS."
        ) from error
    finally:
        base.close()


def _run_in_duckdb(query: SQLQuery, table: Table) -> list[tuple[Any, ...]]:
    try:
        import duckdb
    except ImportError as error:
        raise ImportError(needs("Running a SELECT for DuckDB", "duckdb")) from error
    quote = DIALECTS["duckdb"].quote
    kinds = ["DOUBLE" if number else "VARCHAR" for number, _ in table.values()]
    lists = [
        f"unnest(?::{kind}[]) AS {quote(name)}" for kind, name in zip(kinds, table, strict=True)
    ]
    with duckdb.connect() as base:
        cells = [cells for _, cells in table.values()]
        base.execute(f"CREATE TABLE {quote(query.table)} AS SELECT {', '.join(lists)}", cells)
        return list(base.execute(query).fetchall())


_RUNNERS = {"sqlite": _run_in_sqlite, "duckdb": _run_in_duckdb}
