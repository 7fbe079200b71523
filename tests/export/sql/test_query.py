"""A fitted student answers in the database as it does in Python."""

import pickle
import sqlite3
import sys
from contextlib import closing

import lightgbm
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import Distiller, LGBMSoftClassifier, SoftmaxRegression
from skdistill.export.reading import UnknownPartError, read_program
from skdistill.export.sql import query as query_module
from skdistill.export.sql import to_sql
from skdistill.export.thresholds import exact_threshold
from skdistill.export.values import values_of
from skdistill.students.distilled import DistilledClassifier

from ..databases import run
from ..models import amounts, regressor, regressor_of_frame

LABELS = np.array(["it's", 'a "b"', "c\\d", "-- e\nf", "ä", "g", "h", "i", "j", "k"])
COLUMNS = ["age", 'in"come', "Größe", "x' y", "select"]


def numbers(n_classes, gaps=False, n_rows=500):
    """Draw rows, some values of which are equal, and probabilities of classes."""
    rng = np.random.default_rng(n_classes)
    X = rng.normal(size=(n_rows, 5)).round(2)
    P = softmax(2 * X @ rng.normal(size=(5, n_classes)) + np.abs(X[:, :1]), axis=1)
    if gaps:
        X[rng.random(X.shape) < 0.1] = np.nan
    drawn = (P.cumsum(axis=1) < rng.random((len(P), 1))).sum(axis=1)
    return X, np.sort(LABELS[:n_classes])[drawn], P


def texts(n_classes):
    """Draw a frame of numbers and text with gaps."""
    X, y, P = numbers(n_classes, gaps=True)
    rng = np.random.default_rng(0)
    color = rng.choice(np.array(["red", "it's blue", "", None], dtype=object), len(X))
    frame = pd.DataFrame({"age": X[:, 0], 'in"come': X[:, 1], "color": color})
    return frame, y, P


def fit(student, X, y, P, **how):
    return Distiller(None, student, **how).fit(X, y, teacher_proba=P).classifier_


def calibrated(classifier):
    shift = (0.0, *np.linspace(-0.5, 0.4, len(classifier.classes) - 1).tolist())
    own = classifier.get_params()
    return DistilledClassifier(**{**own, "calibration": {"slope": 1.4, "shift": [*shift]}})


def beside_thresholds(program, X):
    """Return rows, a value of each of which is at a threshold or beside it."""
    rng = np.random.default_rng(0)
    trees = [tree for learner in program.learners for tree in getattr(learner, "trees", [])]
    splits = [
        (j, t)
        for tree in trees
        for j, t in zip(tree.feature, tree.threshold, strict=True)
        if j >= 0 and np.isfinite(t)
    ]
    splits = [splits[k] for k in rng.permutation(len(splits))[:150]]
    rows = []
    for j, threshold in splits:
        for at in (threshold, float(exact_threshold(threshold))):
            for value in (at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)):
                rows.append(X[rng.integers(len(X))].copy())
                rows[-1][j] = value
    return np.array(rows).reshape(-1, X.shape[1])


def assert_same(classifier, X, dialect, columns=None):
    query = to_sql(classifier, columns, dialect=dialect)
    program = read_program(classifier)
    labels, proba = run(query, program.columns, values_of(program, X))
    assert np.abs(proba - classifier.predict_proba(X)).max() <= 1e-9
    assert_array_equal(labels, classifier.predict(X))


def assert_same_numbers(shipped, X, dialect):
    query, program = to_sql(shipped, dialect=dialect), read_program(shipped)
    labels, found = run(query, program.columns, values_of(program, X))
    assert labels is None
    assert_allclose(found[:, 0], shipped.predict(X), rtol=1e-13)


def scorecard(last):
    return make_pipeline(KBinsDiscretizer(4, encode="onehot", strategy="uniform"), last)


def text_pipeline(encoder, last):
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    parts = [("numbers", scaled, ["age", 'in"come']), ("text", encoder, ["color"])]
    return make_pipeline(ColumnTransformer(parts), last)


BOOSTED = {"n_estimators": 20, "num_leaves": 15, "verbose": -1, "n_jobs": 1, "min_data_in_leaf": 5}
STUDENTS = {
    "tree": DecisionTreeRegressor(max_leaf_nodes=64, random_state=0),
    "forest": RandomForestRegressor(10, max_leaf_nodes=12, random_state=0),
    "boosted": lightgbm.LGBMRegressor(**BOOSTED),
    "histogram": HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=8),
    "soft boosted": LGBMSoftClassifier(**BOOSTED),
    "tree of votes": DecisionTreeClassifier(max_leaf_nodes=32, random_state=0),
    "softmax": SoftmaxRegression(),
    "ridge": Ridge(),
    "scorecard": scorecard(Ridge()),
    "scorecard of classes": scorecard(LogisticRegression()),
}
TAKES_GAPS = {"tree", "forest", "boosted", "histogram", "soft boosted", "tree of votes"}
CLASSIFIERS = {"soft boosted", "tree of votes", "softmax", "scorecard of classes"}
LOSSES = ("squared_error", "squared_error_logit")
CELLS = [
    (name, n_classes, loss)
    for name in STUDENTS
    for n_classes in (2, 3, 10)
    for loss in (("cross_entropy",) if name in CLASSIFIERS else LOSSES)
]


@pytest.mark.once
@pytest.mark.parametrize(("name", "n_classes", "loss"), CELLS)
def test_students_answer_the_same(dialect, fitted, name, n_classes, loss):
    classifier, X = fitted(name, n_classes, loss)
    assert_same(classifier, X, dialect, COLUMNS)
    assert_same(calibrated(classifier), X, dialect)


@pytest.fixture(scope="module")
def fitted():
    """Fit a student once for all databases; add rows at thresholds and beside them."""
    known = {}

    def fitted(*cell):
        if cell not in known:
            name, n_classes, loss = cell
            X, y, P = numbers(n_classes, gaps=name in TAKES_GAPS)
            how = {"temperature": 2.0} if name == "softmax" else {}
            model = fit(STUDENTS[name], X, y, P, loss=loss, **how)
            more = beside_thresholds(read_program(model), X)
            known[cell] = model, np.vstack([X, more])
        return known[cell]

    return fitted


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "student",
    [
        text_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge()),
        text_pipeline(
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            DecisionTreeRegressor(max_leaf_nodes=20, random_state=0),
        ),
        text_pipeline(
            OneHotEncoder(min_frequency=150, handle_unknown="infrequent_if_exist"),
            MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=0),
        ),
    ],
    ids=["one-hot", "ordinal", "network"],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_with_gaps(dialect, student, n_classes):
    X, y, P = texts(n_classes)
    model = fit(student, X, y, P)
    new = pd.DataFrame({"age": [1.0, np.nan], 'in"come': [np.nan, 0.0], "color": ["new", "Red"]})
    assert_same(model, pd.concat([X, new], ignore_index=True), dialect)


OF_NUMBERS = ["tree", "forest", "histogram of amounts", "LightGBM of amounts", "Poisson", "network"]


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_are_the_same(dialect, name):
    assert_same_numbers(regressor(name), amounts()[0], dialect)


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_numbers_of_any_size(dialect, unit):
    assert_same_numbers(regressor("ridge", unit), amounts()[0], dialect)


@pytest.mark.parametrize("name", ["tree", "ridge"])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_numbers_of_text_with_gaps(dialect, name):
    shipped, rows = regressor_of_frame(name)
    rows = rows.astype({"category": object, "flag": float})
    assert_same_numbers(shipped, rows.replace({"town": {"Oslo": "Lima"}}), dialect)


def test_unknown_categories_that_the_encoder_refuses_have_null(dialect):
    X, y, P = texts(2)
    model = fit(text_pipeline(OneHotEncoder(), Ridge()), X, y, P)
    program = read_program(model)
    new = X.head(2).assign(color=["new", "red"])
    with pytest.raises(ValueError, match="unknown categories"):
        model.predict(new)
    query = to_sql(model, dialect=dialect)
    labels, proba = run(query, program.columns, values_of(program, new))
    assert_array_equal(np.isnan(proba), [[True, True], [False, False]])
    assert labels[0] is None
    assert labels[1] == model.predict(new.tail(1))[0]


@pytest.mark.parametrize("labels", [[3, 7], [False, True], [1.0, 2.0], [-1, 1]])
def test_labels_of_any_kind(dialect, labels):
    X, y, P = numbers(2)
    y = np.array(labels)[(y == np.unique(y)[1]).astype(int)]
    model = fit(Ridge(), X, y, P)
    assert_same(model, X, dialect)


def test_categories_of_a_frame(dialect):
    X, y, P = numbers(3)
    words = pd.Categorical(np.array(["low", "mid", "high"])[(np.abs(X[:, 0]) * 2).astype(int) % 3])
    frame = pd.DataFrame({"level": words, "b": X[:, 1], "c": X[:, 2]})
    model = fit(lightgbm.LGBMRegressor(**BOOSTED), frame, y, P)
    assert_same(model, frame, dialect)
    new = frame.assign(level=frame["level"].astype(object))
    new.loc[:2, "level"] = ["highest", None, "low"]
    assert_same(model, new, dialect)


# ---- what a table may be like ----------------------------------------------------------------


@pytest.fixture
def tree():
    """A tree of a table with two columns, which takes missing values."""
    X, y, P = numbers(2, gaps=True)
    return fit(DecisionTreeRegressor(max_leaf_nodes=8, random_state=0), X[:, :2], y, P)


def ask(query, create, rows, select="SELECT * FROM scored"):
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(create)
        base.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(rows[0]))})", rows)
        base.execute(f"CREATE VIEW scored AS {query}")
        return base.execute(select).fetchall()


def test_columns_that_are_kept_come_first(tree):
    query = to_sql(tree, ["a", "b"], dialect="sqlite", keep=["id", "a"])
    rows = [(0.5, 7, 1.5), (None, 8, -1.0)]
    found = ask(query, "CREATE TABLE rows (a, id, b)", rows)
    p = tree.predict_proba(np.array([[0.5, 1.5], [np.nan, -1.0]]))
    labels = tree.predict(np.array([[0.5, 1.5], [np.nan, -1.0]]))
    assert [row[:2] for row in found] == [(7, 0.5), (8, None)]
    assert np.abs(np.array([row[2:4] for row in found]) - p).max() <= 1e-12
    assert [row[4] for row in found] == labels.tolist()


def test_a_number_comes_after_columns_that_are_kept_and_is_null_where_it_is_refused():
    X, shipped = amounts()[0], regressor("ridge")
    names = list("abcdef")
    query = to_sql(shipped, names, dialect="sqlite", keep=["id", "a"], X=X[:9])
    assert not len(query.classes)
    rows = [(7, *X[0].tolist()), (8, None, *X[0, 1:].tolist())]
    found = ask(query, f"CREATE TABLE rows (id, {', '.join(names)})", rows)
    assert found == [(7, X[0, 0], pytest.approx(shipped.predict(X[:1])[0])), (8, None, None)]
    with pytest.raises(ValueError, match="keep must not hold 'prediction'"):
        to_sql(shipped, names, dialect="sqlite", keep=["prediction"])


@pytest.mark.parametrize("name", ["label", "PROBABILITY_0", "best", "output_0"])
def test_columns_that_are_kept_and_made_would_be_mixed_up(tree, name):
    with pytest.raises(ValueError, match=f"keep must not hold '{name}'"):
        to_sql(tree, dialect="sqlite", keep=[name])


def test_a_column_that_is_read_and_kept_is_compared_as_it_is(tree):
    X, _, _ = numbers(2, gaps=True)
    assert to_sql(tree, ["a", "b"], dialect="sqlite", keep=["A", "id"], X=X[:50, :2])


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"], indirect=True)
@pytest.mark.parametrize("table", ["given", "OUTPUTS", "ranked", 'my "table"'])
def test_tables_may_be_called_as_a_stage(dialect, tree, table):
    X, _, _ = numbers(2, gaps=True)
    assert to_sql(tree, ["accepted", "output_0"], dialect=dialect, table=table, X=X[:50, :2])


def test_a_column_that_is_not_there_is_an_error(tree):
    query = to_sql(tree, ["a", "b"], dialect="sqlite")
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        ask(query, "CREATE TABLE rows (a)", [(1.0,)])


def test_whole_numbers_are_divided_as_others(tree):
    X, y, P = numbers(2)
    model = fit(make_pipeline(StandardScaler(), Ridge()), X.round(), y, P)
    whole = X[:50].round().astype(int)
    query = to_sql(model, list("abcde"), dialect="sqlite")
    found = ask(query, "CREATE TABLE rows (a, b, c, d, e)", whole.tolist())
    assert (
        np.abs(np.array([row[1] for row in found]) - model.predict_proba(whole)[:, 1]).max() < 1e-9
    )


def test_text_among_numbers_is_missing_in_sqlite(tree):
    query = to_sql(tree, ["a", "b"], dialect="sqlite")
    found = ask(query, "CREATE TABLE rows (a, b)", [("", 1.0), ("unknown", 1.0), (None, 1.0)])
    assert found[0] == found[1] == found[2]
    assert found[0] != ask(query, "CREATE TABLE rows (a, b)", [(0.0, 1.0)])[0]


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb"], indirect=True)
@pytest.mark.parametrize("declared", ["TEXT", "TEXT COLLATE NOCASE"])
def test_text_is_compared_letter_by_letter_however_it_is_declared(dialect, declared):
    X, y, P = texts(2)
    model = fit(text_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge()), X, y, P)
    query = to_sql(model, ["a", "b", "c"], dialect=dialect)
    create = f"CREATE TABLE rows (a REAL, b REAL, c {declared})"
    insert = "INSERT INTO rows VALUES (1.0, 1.0, 'Red'), (1.0, 1.0, 'other')"
    base = sqlite3.connect(":memory:") if dialect == "sqlite" else sys.modules["duckdb"].connect()
    base.execute(create)
    base.execute(insert)
    first, second = base.execute(query).fetchall()
    base.close()
    assert first == second


def test_nan_is_missing_in_duckdb(tree):
    duckdb = pytest.importorskip("duckdb")
    base = duckdb.connect()
    base.execute("CREATE TABLE rows AS SELECT 'NaN'::DOUBLE a, 1.0::FLOAT b")
    base.execute("INSERT INTO rows VALUES (NULL, 1.0)")
    first, second = base.execute(to_sql(tree, ["a", "b"], dialect="duckdb")).fetchall()
    assert first == second


# ---- the file, and what is refused -----------------------------------------------------------


def test_the_file_is_never_overwritten_unasked(tree, tmp_path):
    path = tmp_path / "student.sql"
    query = to_sql(tree, dialect="sqlite", path=path)
    assert path.read_text(encoding="utf-8") == query + "\n"
    with pytest.raises(FileExistsError, match=r"student.sql.*overwrite=True"):
        to_sql(None, dialect="sqlite", path=path)
    other = to_sql(tree, dialect="postgresql", path=path, overwrite=True)
    assert path.read_text(encoding="utf-8") == other + "\n"


def test_the_query_knows_what_it_is_for(tree):
    query = to_sql(tree, ["a", "b"], dialect="sqlite", table="t", keep=["id"])
    for each in (query, pickle.loads(pickle.dumps(query))):
        assert (each.dialect, each.columns, each.table, each.keep) == (
            "sqlite",
            ("a", "b"),
            "t",
            ("id",),
        )
        assert_array_equal(each.classes, tree.classes)


def test_a_distiller_and_its_classifier_are_written_alike():
    X, y, P = numbers(2)
    model = Distiller(None, Ridge()).fit(X, y, teacher_proba=P)
    assert to_sql(model, dialect="sqlite") == to_sql(model.classifier_, dialect="sqlite")


@pytest.mark.parametrize("what", ["probabilities", "labels"])
def test_a_query_that_differs_is_not_handed_over(monkeypatch, tree, tmp_path, what):
    def wrong(*given):
        text = right(*given)
        if what == "labels":
            return text.replace("CASE best\n    WHEN probability_0", "CASE best\n    WHEN 1 - best")
        return text.replace(" AS probability_0", " + 1e-5 AS probability_0", 1)

    right = query_module.write_select
    monkeypatch.setattr(query_module, "write_select", wrong)
    X, _, _ = numbers(2, gaps=True)
    path = tmp_path / "student.sql"
    with pytest.raises(ValueError, match="does not answer as the model does: of"):
        to_sql(tree, dialect="sqlite", X=X[:, :2], path=path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"dialect": "oracle"},
            "dialect must be one of sqlite, duckdb, postgresql, found 'oracle'",
        ),
        ({"columns": ["a"]}, "columns must name the 2 features of the model, found 1 names"),
        ({"columns": "ab"}, "columns must be a list of names, found 'ab'"),
        ({"columns": ["a", None]}, "columns must be names, found None"),
        ({"columns": ["a", ""]}, "columns must be names, found ''"),
        ({"columns": ["a", "b\0"]}, "columns must be text that SQL can hold"),
        ({"columns": ["Ä", "ä"]}, r"columns must have different names.*'Ä', 'ä'"),
        ({"columns": ["a", "a"]}, r"columns must have different names.*'a', 'a'"),
        ({"columns": ["a", "b" * 64], "dialect": "postgresql"}, "at most 63 bytes"),
        ({"table": ""}, "table must be names, found ''"),
        ({"keep": ["id", "ID"]}, "keep must have different names"),
        ({"keep": "id"}, "keep must be a list of names, found 'id'"),
        ({"X": np.ones((3, 2)), "dialect": "postgresql"}, "cannot be run from here"),
        ({"X": np.ones((3, 3))}, "X has 3 features, but .* is expecting 2"),
    ],
)
def test_bad_calls(tree, how, message):
    with pytest.raises(ValueError, match=message):
        to_sql(tree, **({"dialect": "sqlite"} | how))


def test_students_that_nobody_can_write_are_refused():
    X, y, P = numbers(2)
    with pytest.raises(UnknownPartError, match="GaussianNB cannot be exported: students that can"):
        to_sql(fit(GaussianNB(), X, y, P), dialect="sqlite")


def test_labels_that_sql_has_no_words_for_are_refused(tree):
    own = tree.get_params() | {"classes": np.array(["2020-01-01", "2021-01-01"], "M8[D]")}
    with pytest.raises(ValueError, match="Class labels must be numbers, text or booleans in SQL"):
        to_sql(DistilledClassifier(**own), dialect="sqlite")


def test_what_to_install_is_said(monkeypatch, tree):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match="needs duckdb: pip install duckdb$"):
        to_sql(tree, dialect="duckdb", X=np.ones((3, 2)))


def test_what_sqlite_must_be_able_to_is_said(monkeypatch, tree):
    monkeypatch.setattr(query_module, "write_select", lambda *given: "SELECT no_such_function(1)")
    with pytest.raises(RuntimeError, match="no_such_function.*SQLITE_ENABLE_MATH_FUNCTIONS"):
        to_sql(tree, dialect="sqlite", X=np.ones((3, 2)))
