"""The databases at hand: PostgreSQL where SKDISTILL_POSTGRESQL says what psql is to connect to."""

import csv
import io
import os
import subprocess

import numpy as np

from skdistill.export.sql import run_sql

POSTGRESQL = os.environ.get("SKDISTILL_POSTGRESQL")
AT_HAND = ["sqlite", "duckdb", *(["postgresql"] if POSTGRESQL else [])]


def run(query, columns, values):
    """Run a query in its database on rows as `values_of` tells them."""
    if query.dialect != "postgresql":
        return run_sql(query, columns, values)
    cells = [_cells(column, values[:, j]) for j, column in enumerate(columns)]
    kinds = ["float8" if column.is_number else "text" for column in columns]
    names = ['"' + name.replace('"', '""') + '"' for name in query.columns]
    table = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
    # Rows with gaps are shorter, and PostgreSQL puts them where there is room.
    rows = "\n".join(f"{k},{','.join(row)}" for k, row in enumerate(zip(*cells, strict=True)))
    answer = psql(
        f"CREATE TEMP TABLE given (row_number int, {table});\n"
        f"COPY given FROM STDIN WITH (FORMAT csv);\n{rows}\n\\.\n"
        f"CREATE TEMP VIEW rows AS SELECT * FROM given ORDER BY row_number;\n{query};\n"
    )
    found = list(csv.reader(io.StringIO(answer)))
    n_columns = query.program.kind.n_columns
    proba = np.array([[float(p or "nan") for p in row[:n_columns]] for row in found])
    if not len(query.classes):
        return None, proba
    is_null = np.isnan(proba).any(axis=1)
    label_of = {_said(label): label for label in query.classes.tolist()}
    labels = [None if null else label_of[row[-1]] for null, row in zip(is_null, found, strict=True)]
    return np.array(labels, dtype=object if None in labels else query.classes.dtype), proba


def psql(statements):
    """Return what statements select."""
    command = ["psql", POSTGRESQL, "-qAtX", "--csv", "-v", "ON_ERROR_STOP=1"]
    done = subprocess.run(command, input=statements, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _cells(column, values):
    if column.is_number:
        return ["" if v != v else repr(v) for v in values.tolist()]
    texts = dict(enumerate(column.categories)) | {-1: "none of them"}
    return ["" if v != v else '"' + texts[int(v)].replace('"', '""') + '"' for v in values]


def _said(label):
    if isinstance(label, bool):
        return "t" if label else "f"
    return str(int(label)) if isinstance(label, float) else str(label)
