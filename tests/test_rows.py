"""Rows are converted once, the same in fit and predict."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    compare_students,
    distillation_targets,
)
from skdistill.rows import (
    as_rows,
    check,
    check_alike,
    column_names,
    compare_names,
    dtypes_of,
    pick_by_column,
    plain_dtypes,
    restore_categories,
    stack,
)


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


def test_a_single_number_is_shown_as_it_is():
    with pytest.raises(ValueError, match=r"X must be a table, found 5\."):
        check(np.array(5), [0, 1])
    with pytest.raises(ValueError, match=r"y must hold a label for each row, found 5\."):
        check([[1.0], [2.0]], 5)


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


def test_column_of_labels_is_told_at_the_users_line(binary):
    X, y = binary
    with pytest.warns(DataConversionWarning, match="column-vector") as told:
        Distiller(GaussianNB(), DecisionTreeRegressor()).fit(X, y[:, None])
    assert told[0].filename == __file__


# ---- categories ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zones():
    rng = np.random.RandomState(0)
    zone, size = rng.choice([10, 20, 30, 40], 800), rng.randn(800)
    frame = pd.DataFrame({"zone": pd.Categorical(zone), "size": size})
    return frame, np.column_stack([zone, size]), np.isin(zone, [20, 40]).astype(int)


def boosted():
    return LGBMSoftClassifier(n_estimators=20, min_child_samples=5)


@pytest.mark.parametrize("distilled", [False, True])
def test_arrays_answer_a_model_of_categories_by_value(zones, distilled):
    frame, array, y = zones
    model = boosted()
    if distilled:
        teacher = HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype")
        model = CrossFitDistiller(teacher, model, cv=3, random_state=0)
    model.fit(frame, y)
    assert model.score(frame, y) == 1.0
    others = frame.assign(zone=pd.Categorical(frame["zone"], categories=[40, 30, 20, 10]))
    for rows in (array, array.tolist(), frame.assign(zone=array[:, 0]), others):
        assert_array_equal(model.predict_proba(rows), model.predict_proba(frame))


def test_comparison_knows_the_categories_of_test_rows(zones):
    frame, array, y = zones
    comparison = compare_students(
        HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype"),
        boosted(),
        frame,
        y,
        X_test=array,
        y_test=y,
        methods=["labels"],
        random_state=0,
    )
    assert comparison.measurements[1].score == 1.0
    with pytest.raises(ValueError, match="feature names should match"):
        compare_students(GaussianNB(), boosted(), frame, y, X_test=frame.add_prefix("x"), y_test=y)


def test_category_that_is_new_is_missing_and_another_kind_of_value_refused(zones):
    frame, _, _ = zones
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    new = restore_categories(pd.DataFrame({"zone": [50, 10], "size": [0.0, 0.0]}), dtypes)
    assert new["zone"].isna().tolist() == [True, False]
    words = pd.DataFrame({"zone": ["10", "20"], "size": [0.0, 0.0]})
    with pytest.raises(ValueError, match=r"no known category in column 'zone': it had \[10, 20"):
        restore_categories(words, dtypes)
    with pytest.raises(ValueError, match="X must have 2 columns, as in fit"):
        restore_categories(np.zeros((3, 5)), dtypes)


DTYPES = {
    "text": pd.CategoricalDtype(["b", "a"]),
    "ordered": pd.CategoricalDtype(["low", "high"], ordered=True),
    "whole": pd.CategoricalDtype([3, 1]),
    "number": pd.CategoricalDtype([0.5, -1.5]),
    "truth": pd.CategoricalDtype([True, False]),
    "mixed": pd.CategoricalDtype([1, "a"]),
    "nullable": pd.Int64Dtype(),
    "float": np.dtype(float),
    "string": pd.StringDtype(),
}


def test_types_of_columns_are_said_in_plain_words_and_understood():
    plain = plain_dtypes(DTYPES)
    assert json.loads(json.dumps(plain)) == plain
    again = dtypes_of(plain)
    assert again == DTYPES
    assert [list(again[name].categories) for name in ("text", "ordered")] == [
        ["b", "a"],
        ["low", "high"],
    ]
    assert plain_dtypes(None) is dtypes_of(None) is None


def test_types_that_have_no_plain_words_stay_as_they_are():
    ranges = pd.cut(pd.Series(np.arange(10.0)), 3).dtype
    odd = {"ranges": ranges, "times": pd.CategoricalDtype(pd.to_datetime(["2020-01-02"]))}
    assert dtypes_of(plain_dtypes(odd)) == odd


# ---- rows ------------------------------------------------------------------------------------


def test_part_of_the_rows_keeps_what_belongs_to_each(binary):
    X, y = binary
    rows = check(X, y, np.arange(len(y)) + 1.0, np.arange(len(y)) // 10)
    part = rows.take(np.array([30, 10]))
    assert_array_equal(part.X, X[[30, 10]])
    assert_array_equal(part.sample_weight, [31, 11])
    assert_array_equal(part.groups, [3, 1])
    assert_array_equal(part.truth, rows.truth[[30, 10]])
    assert list(part.classes) == list(rows.classes)


def test_targets_elsewhere_check_rows_as_distillers_do(binary):
    X, y = binary
    with pytest.raises(ValueError, match="at least 2 classes"):
        distillation_targets(GaussianNB(), X, np.zeros(len(y)))


def test_columns_are_counted_and_named_also_where_no_estimator_wants_to_know():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    rows = check(X, [0, 1])
    assert rows.n_features == 2
    assert_array_equal(rows.feature_names, ["a", "b"])
    for frame in (X, pl.from_pandas(X)):
        assert column_names(frame).dtype == object
    plain = check(X.to_numpy(), [0, 1])
    assert plain.n_features == 2
    assert plain.feature_names is None


def test_polars_frames_answer_a_model_of_categories_by_value():
    dtypes = {"colour": pd.CategoricalDtype(["red", "green"]), "x": np.dtype(float)}
    found = restore_categories(pl.DataFrame({"colour": ["green", "red"], "x": [1.0, 2.0]}), dtypes)
    assert found["colour"].dtype == dtypes["colour"]
    assert found["colour"].tolist() == ["green", "red"]


@pytest.mark.parametrize(("n_names", "more"), [(5, False), (6, True)])
def test_of_columns_that_are_missing_five_are_named(n_names, more):
    fitted = np.array([f"c{k}" for k in range(n_names)], dtype=object)
    with pytest.raises(ValueError, match="yet now missing") as told:
        compare_names(fitted, fitted[:0], all_needed=True, others_welcome=False)
    assert str(told.value).count("- c") == 5
    assert ("- ..." in str(told.value)) == more


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
        (FRAME.assign(b=FRAME["b"].cat.remove_categories("w")), "'b' is category"),
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
