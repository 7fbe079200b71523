"""A student as a SELECT: for SQLite, DuckDB and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils.packages import needs
from .dialects import DIALECTS, Dialect
from .files import refuse_existing, write_new
from .program import UNKNOWN, Column, Program
from .reading import read_program
from .select import write_select

Array = NDArray[np.float64]


class SQLQuery(str):
    """A SELECT, with what one must know to run it.

    `columns` are those of the `table` in the order of the model's features, `classes` the labels in
    the order of the probabilities, and `keep` columns that it passes on, the first that it answers.
    """

    dialect: str
    columns: tuple[str, ...]
    classes: NDArray[Any]
    table: str
    keep: tuple[str, ...]
    program: Program


def to_sql(
    model: Any,
    columns: Sequence[str] | None = None,
    *,
    dialect: str,
    X: Any = None,
    table: str = "rows",
    keep: Sequence[str] = (),
    path: Any = None,
    overwrite: bool = False,
) -> SQLQuery:
    """Write a distilled classifier as a SELECT.

    It answers one row for each row of the table: `probability_0`, `probability_1`, … in the order
    of `classes_`, and `label`, the most probable class. Each stage of its WITH does one thing: the
    columns, the features made of them, the trees or layers, and the way back to probabilities,
    calibration included.

    Missing values are NULL (NaN counts as one). Where the model refuses a row, since a value is
    missing or a category is unknown, all that it answers is NULL. In SQLite, whose columns may hold
    anything, text among numbers counts as missing.

    Trees may be of any depth, and databases take hundreds of them, but then they think for seconds
    before the first row. For forests in PostgreSQL, ``SET jit = off`` helps much.

    Parameters
    ----------
    model : distiller or DistilledClassifier
        The fitted distiller, or its `classifier_`.
    columns : sequence of str or None, default=None
        The columns of the table, in the order of the model's features. None: named as they are.
    dialect : {"sqlite", "duckdb", "postgresql"}
        The database. SQLite must be 3.35 or newer and have its mathematical functions, PostgreSQL
        12 or newer, where truth values must be cast to numbers before.
    X : {array-like, frame} of shape (n_samples, n_features) or None, default=None
        Rows on which the SELECT is run in the database, and compared with the model. For SQLite
        and DuckDB.
    table : str, default="rows"
        The table, or a view of those rows that are asked about: a view of the SELECT itself would
        compute all of them.
    keep : sequence of str, default=()
        Columns of the table that are passed on, such as a key.
    path : path-like or None, default=None
        A file to write the SELECT to.
    overwrite : bool, default=False
        Whether the file may be there already.

    Returns
    -------
    SQLQuery
        The SELECT: a str, which knows its `dialect`, `columns`, `classes`, `table`
        and `keep`.

    Raises
    ------
    ValueError
        If a part of the student is none that can be exported, the database cannot name a column or
        hold a label, the student is too large for it, or it answers about `X` otherwise than the
        model, see :func:`verify`.
    FileExistsError
        If the file is there, and must not be overwritten.

    Examples
    --------
    >>> import sqlite3
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import Distiller
    >>> from skdistill.export import to_sql
    >>> X, y = load_iris(return_X_y=True)
    >>> X = X[:, 2:]
    >>> model = Distiller(GaussianNB(), DecisionTreeRegressor(max_leaf_nodes=4)).fit(X, y)
    >>> names = ["petal length", "petal width"]
    >>> query = to_sql(model, names, dialect="sqlite", X=X, table="flowers", keep=["id"])

    A view of it reads like a table:

    >>> base = sqlite3.connect(":memory:")
    >>> _ = base.execute('CREATE TABLE flowers (id, "petal length", "petal width")')
    >>> _ = base.execute("INSERT INTO flowers VALUES (7, 1.4, 0.2), (8, 4.7, 1.4)")
    >>> _ = base.execute(f"CREATE VIEW scored AS {query}")
    >>> base.execute("SELECT id, label, round(probability_1, 2) FROM scored").fetchall()
    [(7, 0, 0.0), (8, 1, 0.98)]
    """
    writer = _dialect(dialect)
    paths = [] if path is None else [Path(path)]
    refuse_existing(paths, overwrite=overwrite)
    program = read_program(model)
    columns = _check_columns(columns, program, writer)
    _check_name(table, "table", writer)
    keep = _check_names(keep, "keep", writer)
    query = SQLQuery(write_select(program, columns, writer, table, keep))
    query.dialect, query.columns, query.classes = dialect, columns, program.classes
    query.table, query.keep, query.program = table, keep, program
    if X is not None:
        from .verification import refuse_different

        refuse_different(model, query, X)
    write_new(dict.fromkeys(paths, query + "\n"), overwrite=overwrite)
    return query


# ---- checks ----------------------------------------------------------------------------------


def _dialect(word: Any) -> Dialect:
    if word not in DIALECTS:
        raise ValueError(f"dialect must be one of {', '.join(DIALECTS)}, found {word!r}.")
    return DIALECTS[word]


def _check_columns(columns: Any, program: Program, dialect: Dialect) -> tuple[str, ...]:
    names = [c.name for c in program.columns] if columns is None else columns
    names = _check_names(names, "columns", dialect)
    if len(names) != len(program.columns):
        raise ValueError(
            f"columns must name the {len(program.columns)} features of the model, "
            f"found {len(names)} names."
        )
    return names


def _check_names(names: Any, parameter: str, dialect: Dialect) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"{parameter} must be a list of names, found {names!r}.")
    names = tuple(names)
    for name in names:
        _check_name(name, parameter, dialect)
    folded = [name.casefold() for name in names]
    twice = [name for name, key in zip(names, folded, strict=True) if folded.count(key) > 1]
    if twice:
        raise ValueError(
            f"{parameter} must have different names, whatever their case: found {twice[:10]}."
        )
    return names


def _check_name(name: Any, parameter: str, dialect: Dialect) -> None:
    if not isinstance(name, str) or not name:
        raise ValueError(f"{parameter} must be names, found {name!r}, which SQL cannot say.")
    dialect.check_text(name, parameter)
    if dialect.max_name is not None and len(name.encode()) > dialect.max_name:
        raise ValueError(
            f"{parameter} must be names of at most {dialect.max_name} bytes, where {dialect.name} "
            f"cuts them: found {name!r}."
        )


# ---- running it ------------------------------------------------------------------------------


def run_sql(
    query: SQLQuery, columns: Sequence[Column], values: Array
) -> tuple[NDArray[Any], Array]:
    """Run a SELECT on rows as `values_of` tells them; return labels and probabilities.

    What is NULL is None among the labels, and NaN among the probabilities.
    """
    if query.dialect not in _RUNNERS:
        raise ValueError(
            f"A SELECT for {query.dialect} cannot be run from here, which needs a server: "
            f"those for {' and '.join(_RUNNERS)} can."
        )
    cells = [_cells(column, values[:, j]) for j, column in enumerate(columns)]
    names = [*query.columns, *query.keep]
    cells += [[0.0] * len(values) for _ in query.keep]
    is_number = [column.is_number for column in columns] + [True] * len(query.keep)
    known = {name: (number, c) for name, number, c in zip(names, is_number, cells, strict=True)}
    rows = _RUNNERS[query.dialect](query, known)
    n_classes = len(query.classes)
    proba = np.array([row[-1 - n_classes : -1] for row in rows], dtype=np.float64)
    label_of = {label: label for label in query.classes.tolist()}
    labels = [None if row[-1] is None else label_of[row[-1]] for row in rows]
    return _array(labels, query.classes.dtype), proba.reshape(len(rows), n_classes)


def _cells(column: Column, values: Array) -> list[Any]:
    """Return values as a database holds them: None where missing, categories as text."""
    if column.categories is None:
        return [None if value != value else value for value in values.tolist()]
    texts = dict(enumerate(column.categories))
    texts[int(UNKNOWN)] = max(map(str, column.categories), key=len) + "?"
    return [None if value != value else texts[int(value)] for value in values.tolist()]


def _array(labels: list[Any], dtype: Any) -> NDArray[Any]:
    return np.array(labels, dtype=object if None in labels else dtype)


Table = dict[str, tuple[bool, list[Any]]]


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
