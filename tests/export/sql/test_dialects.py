import sqlite3
from contextlib import closing

import numpy as np
import pytest

from skdistill.export.sql.dialects import DIALECTS

TEXTS = ["plain", "it's", '"', "back\\slash", "two\nlines", "-- no comment", "ä€😀", "", "{0} %s"]


def ask(dialect, expressions):
    select = "SELECT " + ", ".join(expressions)
    if dialect == "sqlite":
        with closing(sqlite3.connect(":memory:")) as base:
            return base.execute(select).fetchone()
    return pytest.importorskip("duckdb").connect().execute(select).fetchone()


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
def test_doubles_are_read_back_to_the_bit(dialect):
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.integers(-30, 30, 1500)
    near_float32 = rng.normal(size=500).astype(np.float32).astype(np.float64)
    values = [*rng.normal(size=1500) * sizes, *near_float32, *rng.integers(-999, 999, 200) / 100]
    values += [0.0, 1.0, -1.0, 1e22, 1e300, 5e-324, np.inf, -np.inf, 12345678901234567.0]
    number = DIALECTS[dialect].number
    parts = [values[k : k + 1000] for k in range(0, len(values), 1000)]
    found = [value for part in parts for value in ask(dialect, map(number, part))]
    assert found == list(map(float, values))
    assert all(type(value) is float for value in found)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
def test_nan_is_null(dialect):
    assert ask(dialect, [DIALECTS[dialect].number(np.nan)]) == (None,)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
def test_text_is_read_back(dialect):
    d = DIALECTS[dialect]
    assert ask(dialect, [d.text(text, "text") for text in TEXTS]) == tuple(TEXTS)


def test_backslashes_mean_themselves_in_postgresql_whatever_its_settings():
    text = DIALECTS["postgresql"].text
    assert text("a'b", "text") == "'a''b'"
    assert text("a\\'b", "text") == "E'a\\\\''b'"


@pytest.mark.parametrize("value", ["a\0b", "a\ud800"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_that_sql_cannot_hold_is_refused(dialect, value):
    with pytest.raises(ValueError, match="Class labels must be text that SQL can hold"):
        DIALECTS[dialect].label(value)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"])
@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 250])
def test_the_largest_of_any_number_of_values(dialect, n):
    values = np.random.default_rng(n).permutation(n) / 4
    d = DIALECTS[dialect]
    assert ask(dialect, [d.greatest(list(map(d.number, values)))]) == (values.max(),)
