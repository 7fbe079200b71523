"""Any table becomes numbers."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone

from skdistill._utils.numeric import NumericEncoder, as_numeric


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series(["b", None, "a"]), [1, np.nan, 0]),
        (pd.Series(["b", None, "a"], dtype=object), [1, np.nan, 0]),
        (pd.Series(["b", None, "a"], dtype="category"), [1, np.nan, 0]),
        (pd.Series([2, None, 1], dtype="category"), [2, np.nan, 1]),
        (pd.Series([2, None, 1], dtype="Int64"), [2, np.nan, 1]),
        (pd.Series([0.5, None, 1], dtype="Float64"), [0.5, np.nan, 1]),
        (pd.Series([True, None, False], dtype="boolean"), [1, np.nan, 0]),
        (pd.Series([True, False, True]), [1, 0, 1]),
        (pd.Series(["b", 1, None], dtype=object), [1, 0, np.nan]),
        (pd.Series([None, None, None], dtype=object), [np.nan] * 3),
        (pl.Series(["b", None, "a"]), [1, np.nan, 0]),
        (pl.Series([2, None, 1]), [2, np.nan, 1]),
        (pl.Series([True, None, False]), [1, np.nan, 0]),
        (pl.Series(["b", None, "a"], dtype=pl.Categorical), [1, np.nan, 0]),
    ],
)
def test_encoder_columns(column, expected):
    table = column.to_frame("x")
    np.testing.assert_array_equal(as_numeric(table)[:, 0], expected)


def test_encoder_does_not_mind_what_transformers_are_told_to_return():
    with sklearn.config_context(transform_output="pandas"):
        codes = as_numeric(pd.DataFrame({"x": ["b", "a", "b"]}))
    np.testing.assert_array_equal(codes[:, 0], [1, 0, 1])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_encoder_keeps_the_order_of_times(frame):
    days = [datetime.datetime(2020, 1, d) for d in (3, 1, 2)]
    codes = as_numeric(frame({"x": days}))[:, 0]
    np.testing.assert_array_equal(np.argsort(codes), [1, 2, 0])
    assert np.isnan(as_numeric(frame({"x": [*days[:2], None]}))[2, 0])


WORDS = ["2020-01-03T04:05:06.000007", "NaT", "1960-02-03"]
NAIVE = pd.Series(np.array(WORDS, dtype="datetime64[us]"))
TIMES = {
    "nanoseconds": NAIVE.astype("datetime64[ns]"),
    "microseconds": NAIVE.astype("datetime64[us]"),
    "time zone": NAIVE.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"),
    "periods": NAIVE.dt.to_period("us"),
    "objects": pd.Series([t.to_pydatetime() for t in NAIVE], dtype=object),
    "objects with a time zone": NAIVE.dt.tz_localize("UTC").astype(object),
    "polars": pl.Series(NAIVE.to_numpy()),
    "polars, time zone": pl.Series(NAIVE.to_numpy())
    .dt.replace_time_zone("UTC")
    .dt.cast_time_unit("ms"),
}


@pytest.mark.parametrize("kind", TIMES)
def test_encoder_counts_times_of_all_kinds_in_one_unit(kind):
    known = NumericEncoder().fit(NAIVE.to_frame("x"))
    column = TIMES[kind].to_frame("x")
    found = known.transform(column)[:, 0]
    first, _, last = (np.datetime64(word, "us").astype(int) for word in WORDS)
    expected = [first, np.nan, last]
    # Milliseconds know no seven microseconds.
    np.testing.assert_allclose(
        found, expected, rtol=0, atol=7 if kind == "polars, time zone" else 0
    )
    np.testing.assert_array_equal(NumericEncoder().fit(column).transform(column)[:, 0], found)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([datetime.date(1970, 1, 2), None], [24 * 3600e6, np.nan]),
        ([datetime.time(1), datetime.time(2)], [3600e6, 7200e6]),
        ([datetime.timedelta(seconds=1), pd.Timedelta(2, "s")], [1e6, 2e6]),
    ],
)
def test_encoder_counts_days_clocks_and_durations(values, expected):
    table = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    np.testing.assert_array_equal(as_numeric(table)[:, 0], expected)
    durations = pd.DataFrame({"x": pd.to_timedelta([1, 2], unit="s")})
    np.testing.assert_array_equal(as_numeric(durations)[:, 0], [1e6, 2e6])


def test_encoder_knows_columns_by_place_even_if_names_repeat():
    table = pd.DataFrame([[1, "a"], [2, "b"]], columns=["x", "x"])
    np.testing.assert_array_equal(as_numeric(table), [[1, 0], [2, 1]])


def test_encoder_answers_missing_for_what_is_new():
    fitted = NumericEncoder().fit(pd.DataFrame({"word": ["a", "b"], "number": [1, 2]}))
    new = pd.DataFrame({"word": ["c", "b"], "number": pd.Series([3, "x"], dtype=object)})
    np.testing.assert_array_equal(fitted.transform(new), [[np.nan, 3], [1, np.nan]])
    with pytest.raises(ValueError, match="X has 1 columns, expected 2"):
        fitted.transform(new[["word"]])


def test_encoder_keeps_sparse_sparse_and_can_be_cloned():
    X = sparse.random(20, 5, density=0.2, format="csc", random_state=0)
    encoder = clone(NumericEncoder()).fit(X)
    np.testing.assert_array_equal(encoder.transform(X).toarray(), X.toarray())
    np.testing.assert_array_equal(encoder.transform(X.toarray()), X.toarray())
