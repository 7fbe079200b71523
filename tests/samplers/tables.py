"""Tables of every kind, and what may be asked of a table whatever its kind."""

from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

N = 120
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(N, 4))
Y = np.array(["no", "yes"])[(NUMBERS[:, 0] + NUMBERS[:, 1] > 0).astype(int)]


def mixed():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=N),
            "short": rng.normal(size=N).astype(np.float32),
            "gaps": np.where(rng.random(N) < 0.2, np.nan, rng.normal(size=N)),
            "nullable": pd.array(rng.normal(size=N), dtype="Float64"),
            "whole": rng.integers(0, 5, N),
            "dummy": rng.integers(0, 2, N).astype(float),
            "count": pd.array(rng.integers(0, 9, N), dtype="Int64"),
            "flag": rng.random(N) < 0.5,
            "kind": pd.Categorical(rng.choice(list("abc"), N), categories=list("dcba")),
            "when": pd.date_range("2024-02-28", periods=N),
            "text": rng.choice(["x", "y", None], N),
        },
        index=np.arange(N) + 1000,
    )
    for row, name in enumerate(["nullable", "count", "kind", "when"]):
        frame.loc[1000 + row, name] = pd.NaT if name == "when" else None
    return frame


#: Columns of numbers with fractions, for which numbers may be drawn.
DRAWN = ["number", "short", "gaps", "nullable"]


def _objects():
    table = np.empty((N, 2), dtype=object)
    table[:, 0], table[:, 1] = NUMBERS[:, 0], np.resize(["a", "b", None], N)
    return table


SPARSE = sparse.random(N, 6, 0.3, random_state=0, format="csr")
TABLES = {
    "pandas": mixed(),
    "polars": pl.from_pandas(mixed()),
    "floats": NUMBERS,
    "short floats": NUMBERS.astype(np.float32),
    "missing": np.where(NUMBERS > 1, np.nan, NUMBERS),
    "integers": RNG.integers(0, 5, (N, 3)),
    "truth values": RNG.random((N, 3)) < 0.5,
    "objects": _objects(),
    "text": RNG.choice(["red", "green"], (N, 2)),
    "times": np.arange(N).astype("datetime64[D]")[:, None],
    "csr_matrix": SPARSE,
    "csr_array": sparse.csr_array(SPARSE),
    "short csr": sparse.csr_array(SPARSE).astype(np.float32),
    "counts": sparse.csr_array((SPARSE > 0.5).astype(int)),
}


def kind_of(X):
    """Return what must stay as it was."""
    types = [str(t) for t in X.dtypes] if hasattr(X, "dtypes") else str(X.dtype)
    categories = [list(t.categories) for t in getattr(X, "dtypes", []) if str(t) == "category"]
    return type(X), types, list(getattr(X, "columns", [])), categories


def columns(X):
    """Return columns as lists in which equal values are equal, missing ones too."""
    X = X.toarray() if sparse.issparse(X) else X
    listed = [X.iloc[:, j] if hasattr(X, "iloc") else X[:, j] for j in range(X.shape[1])]
    return [
        [
            "missing" if value is None or value != value or value is pd.NA else value
            for value in _plain(column)
        ]
        for column in listed
    ]


def _plain(column):
    if str(column.dtype) in ("Int64", "Float64", "category") or "datetime" in str(column.dtype):
        return [None if pd.isna(value) else value for value in list(column)]
    return column.tolist() if hasattr(column, "tolist") else column.to_list()


def assert_equal(first, second):
    assert columns(first) == columns(second)


def differ(parts):
    return any(columns(first) != columns(second) for first, second in pairwise(parts))
