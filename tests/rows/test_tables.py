"""Rows are converted once, the same in fit and predict; tables of a kind stand below each other."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller
from skdistill.rows import as_rows, check_alike, pick_by_column, stack


def coded(estimator):
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), estimator)


@pytest.fixture
def mixed():
    """Rows of a number and a word, as a list, and their labels."""
    rng = np.random.RandomState(0)
    floor, colour = rng.randint(0, 4, 600), rng.choice(["red", "green", "blue"], 600)
    rows = [[int(f), str(c)] for f, c in zip(floor, colour, strict=True)]
    return rows, ((floor >= 2) ^ (colour == "red")).astype(int)


@pytest.mark.parametrize("distiller", [Distiller, LossCorrectedDistiller])
def test_lists_that_mix_numbers_and_text_are_what_they_say(mixed, distiller):
    rows, y = mixed
    table = np.empty((600, 2), dtype=object)
    table[:] = rows
    model = distiller(
        coded(LogisticRegression()), coded(DecisionTreeRegressor(random_state=0))
    ).fit(rows, y)
    assert_array_equal(model.predict_proba(rows), model.predict_proba(table))
    assert_array_equal(model.classifier_.predict_proba(rows), model.predict_proba(table))
    if distiller is LossCorrectedDistiller:
        assert model.score(rows, y) == 1.0


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([[1, "a"], [2, "b"]], "O"),
        ([["a", "b"], ["c", "d"]], "O"),
        ([[1, 2.5], [3, 4]], "f"),
        ([[True, 2], [False, 4]], "i"),
    ],
)
def test_lists_become_arrays_of_what_is_in_them(given, kind):
    rows = as_rows(given)
    assert type(rows) is np.ndarray
    assert rows.dtype.kind == kind


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_becomes_an_array():
    assert type(as_rows(np.matrix([[1, 2], [3, 4]]))) is np.ndarray


def test_rows_of_several_lengths_and_lazy_frames_are_refused():
    with pytest.raises(ValueError, match="X must be a table, whose rows are of one length"):
        as_rows([[1, 2], [3]])
    with pytest.raises(ValueError, match=r"X must hold rows, found a polars LazyFrame: call its"):
        as_rows(pl.LazyFrame({"a": [1]}))


def _nullable(frame):
    return frame.astype({"a": "Float64", "b": "Int64"})


def _of_arrow(frame):
    pytest.importorskip("pyarrow")
    return frame.astype({"a": "double[pyarrow]", "b": "int64[pyarrow]"})


def _as_table(frame):
    return pytest.importorskip("pyarrow").Table.from_pandas(frame)


@pytest.mark.parametrize(
    "convert",
    [np.asarray, pl.from_pandas, _nullable, _of_arrow, _as_table, pd.DataFrame.to_records],
)
def test_containers_of_the_same_numbers_agree(convert):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "b": rng.integers(0, 9, 200)})
    y = (frame["a"] * frame["b"] > 1).astype(int).to_numpy()
    model = LossCorrectedDistiller(
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        DecisionTreeRegressor(max_leaf_nodes=10, random_state=0),
        random_state=0,
    )
    expected = model.fit(frame, y).predict_proba(frame)
    other = convert(frame)
    if convert is pd.DataFrame.to_records:
        with pytest.raises(ValueError, match="structured arrays"):
            model.fit(other, y)
        return
    assert_array_equal(model.fit(other, y).predict_proba(other), expected)
    assert_array_equal(model.predict_proba(other[:9]), expected[:9])


@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "dok", "dia", "lil", "bsr"])
def test_sparse_rows_of_every_format(binary, form):
    X, y = binary
    X = np.where(X.mean(axis=0) < X, X, 0)
    model = CrossFitDistiller(
        RandomForestClassifier(10, random_state=0),
        DecisionTreeRegressor(max_depth=4, random_state=0),
        random_state=0,
    )
    found = model.fit(sparse.csr_array(X).asformat(form), y)
    proba = found.predict_proba(sparse.csr_array(X).asformat(form))
    assert_array_equal(proba, model.fit(sparse.csr_array(X), y).predict_proba(X))


# ---- rows below rows, and columns of several rows ---------------------------------------------

FRAME = pd.DataFrame(
    {
        "a": [1.5, 2.5, np.nan],
        "b": pd.Categorical(["x", "y", "x"], categories=["y", "x", "w"]),
        "c": pd.array([1, None, 3], dtype="Int64"),
        "d": pd.to_datetime(["2024-01-01", "2024-01-02", None]),
        "e": ["one", None, "two"],
    },
    index=[7, 8, 9],
)
TABLES = [
    FRAME,
    pl.from_pandas(FRAME),
    np.arange(6.0, dtype=np.float32).reshape(3, 2),
    np.array([["a", 1], [None, 2], ["c", 3]], dtype=object),
    np.array([["a", "b"], ["c", "d"], ["e", "f"]]),
    np.array([[True, False], [False, False], [True, True]]),
    sparse.csr_matrix(np.array([[0, 1.5], [2.5, 0], [0, 0]])),
    sparse.csr_array(np.array([[0, 1], [2, 0], [0, 0]])),
    sparse.csc_array(np.array([[0, 1], [2, 0], [0, 0]])),
]


def cells(table):
    if hasattr(table, "to_pandas"):
        table = table.to_pandas()
    table = table.toarray() if sparse.issparse(table) else table
    return pd.DataFrame(table).astype(object).map(str).to_numpy()


def types(table):
    return type(table), str(getattr(table, "dtypes", getattr(table, "dtype", None)))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_tables_of_a_kind_stand_below_each_other(table):
    made = stack([table, table, table])
    assert types(made) == types(table)
    assert_array_equal(cells(made), np.tile(cells(table), (3, 1)))
    assert stack([table]) is table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_each_column_takes_its_values_from_rows_of_its_own(table):
    picks = [np.array([(j + k) % 3 for k in range(4)]) for j in range(table.shape[1])]
    made = pick_by_column(table, iter(picks))
    assert types(made) == types(table)
    expected = np.column_stack([cells(table)[pick, j] for j, pick in enumerate(picks)])
    assert_array_equal(cells(made), expected)
    none = pick_by_column(table, [np.zeros(0, dtype=int)] * table.shape[1])
    assert none.shape == (0, table.shape[1])
    assert types(none) == types(table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: type(table).__name__)
def test_a_table_is_like_itself(table):
    assert check_alike(table, table, "rows") is table


def test_numbers_of_several_types_are_alike_and_lists_are_arrays():
    whole = np.arange(6).reshape(3, 2)
    assert check_alike(whole + 0.5, whole, "rows").dtype == float
    assert_array_equal(check_alike(whole.tolist(), whole, "rows"), whole)
    frame = pd.DataFrame(whole, columns=["a", "b"])
    for other in (frame.astype(float), frame.astype("Int64"), frame.astype(np.int8)):
        assert check_alike(other, frame, "rows") is other
    dense = sparse.csr_array(whole)
    assert check_alike(dense.tocsc(), dense, "rows").format == "csc"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (FRAME.drop(columns="a"), r"rows must have \(5,\) columns, as X has, found \(4,\)"),
        (FRAME[["b", "a", "c", "d", "e"]], "must have the columns of X, in their order"),
        (FRAME.assign(a="x"), "'a' is (object|str) and not float64"),
        (FRAME.assign(a=True), "'a' is bool and not float64"),
        (FRAME.assign(d=1), "'d' is int64 and not datetime64"),
        (
            FRAME.assign(b=FRAME["b"].cat.remove_categories("w")),
            "'b' is CategoricalDtype.* and not CategoricalDtype.*'w'",
        ),
        (FRAME.assign(b="x"), "'b' is (object|str) and not category"),
        (TABLES[1], "must be of the kind of X, a pandas frame, found a polars frame"),
        (TABLES[2], "a pandas frame, found an array"),
        (TABLES[6], "a pandas frame, found a sparse matrix"),
        (FRAME.iloc[:0], "rows must hold rows and columns"),
    ],
)
def test_other_tables_are_not_alike(other, message):
    with pytest.raises(ValueError, match=message):
        check_alike(other, FRAME, "rows")
