"""A program says what its classifier does, or a part is refused by name."""

from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose
from sklearn.compose import make_column_transformer
from sklearn.ensemble import VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, TweedieRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
)
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, CrossFitDistillerRegressor, Distiller
from skdistill.export import rules, to_c, to_sql, verify
from skdistill.export.columns import UnknownPartError
from skdistill.export.reading import read_estimator, read_program
from skdistill.export.values import values_of

from .models import (
    OF_NUMBERS,
    SMALL,
    STUDENTS,
    amounts,
    classifiers,
    frame,
    of_frame,
    regressor,
    regressor_of_frame,
    table,
)


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("name", STUDENTS)
def test_program_answers_as_the_classifier(name, n_classes):
    X = table(n_classes)[0]
    for classifier in classifiers(name, n_classes):
        program = read_program(classifier)
        found = program(values_of(program, X))
        assert_allclose(found, classifier.predict_proba(X), rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_program_answers_as_the_regressor(name):
    X = amounts()[0]
    program = read_program(regressor(name))
    assert_allclose(program(values_of(program, X))[:, 0], regressor(name).predict(X), rtol=1e-13)


@pytest.mark.parametrize(("power", "link"), [(0, "auto"), (1.5, "identity"), (0, "log")])
def test_the_link_of_a_tweedie_regressor_is_the_one_that_it_takes(power, link):
    X, y = amounts()
    fitted = TweedieRegressor(power=power, link=link, tol=1.0).fit(X, y)
    assert_allclose(read_estimator(fitted)(X)[:, 0], fitted.predict(X), rtol=1e-14)


@pytest.mark.parametrize(
    ("read", "name"),
    [(of_frame, name) for name in ("tree", "ridge", "rare", "dropped", "booster", "histogram")]
    + [(regressor_of_frame, name) for name in ("tree", "ridge", "booster", "histogram")],
)
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_text_gaps_and_categories(read, name):
    shipped, rows = read(name)
    rows = rows.copy()
    program = read_program(shipped)
    rows["category"] = rows["category"].astype(object)
    rows.loc[:3, "category"] = ["Paris", None, np.nan, "Oslo"]
    rows.loc[4:8, "gaps"] = np.nan
    if "town" in rows:
        rows.loc[9, "town"] = "Paris"
    found, expected = program(values_of(program, rows)), program.kind.ask(shipped, rows)
    assert_allclose(found, expected, rtol=1e-14, atol=1e-14)


def test_other_containers_of_the_same_rows():
    classifier, rows = of_frame("tree")
    program = read_program(classifier)
    expected = values_of(program, rows)
    polars = pytest.importorskip("polars")
    for other in (rows[rows.columns[::-1]], rows.convert_dtypes(), polars.from_pandas(rows)):
        assert_allclose(values_of(program, other), expected, equal_nan=True)
    with pytest.raises(ValueError, match="X must have 6 columns, found 5"):
        values_of(program, rows.to_numpy(dtype=object)[:, :5])


def test_what_columns_take():
    classifier, _ = of_frame("tree")
    town, kind = (read_program(classifier).columns[j] for j in (1, 3))
    assert town.takes_missing
    assert town.takes_unknown
    assert set(town.categories) == {"Bern", "Oslo", "Rome"}
    # An ordinal code that was never there is -1 for the tree, but nothing is said of gaps.
    assert kind.is_number
    rows, y, proba = frame()
    strict = make_pipeline(OneHotEncoder(), Ridge())
    model = Distiller(None, strict).fit(rows[["kind", "flag"]].astype(str), y, teacher_proba=proba)
    assert not any(c.takes_unknown or c.takes_missing for c in read_program(model).columns)


def test_a_number_that_is_no_category_may_be_refused():
    rows, y, proba = frame()
    numbers = (rows[["kind"]] - 2).astype(float)  # -1 and 1
    student = make_pipeline(OneHotEncoder(), DecisionTreeRegressor())
    model = Distiller(None, student).fit(numbers, y, teacher_proba=proba)
    assert not read_program(model).columns[0].takes_unknown


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ],
)
def test_unknown_ids_beyond_2_53_are_none_of_the_known(encoder):
    ids = 2**57 + 32 * np.arange(4)
    rows = pd.DataFrame({"id": np.tile(ids, 10)})
    proba = np.eye(2)[(rows["id"] == ids[3]).astype(int)]
    student = make_pipeline(encoder, DecisionTreeRegressor())
    model = Distiller(None, student).fit(rows, proba[:, 1] > 0, teacher_proba=proba)
    unknown = pd.DataFrame({"id": [5, ids[3] + 32, ids[3] + 320, ids[3]]})
    program = read_program(model)
    assert_allclose(program(values_of(program, unknown)), model.predict_proba(unknown))
    assert_allclose(model.predict_proba(unknown)[:, 1], [0, 0, 0, 1])


def of_categories(values, student=None, *, imputer="passthrough", dtype=None):
    """Return a model of one column that tells its first value from all others, and the column."""
    rows = pd.DataFrame({"age": pd.Series([*values] * 20, dtype=dtype)})
    encoder = make_pipeline(imputer, OneHotEncoder(handle_unknown="ignore"))
    encodes = make_pipeline(make_column_transformer((encoder, ["age"])), DecisionTreeRegressor())
    is_first = np.arange(len(rows)) % len(values) == 0
    proba = np.column_stack([~is_first, is_first]).astype(float)
    return Distiller(None, student or encodes).fit(rows, is_first, teacher_proba=proba), rows


STRANGE = {
    "intervals": pd.cut(pd.Series([1, 40, 60]), [0, 30, 50, 100]),
    "dates": [date(2024, 1, day) for day in (1, 2, 3)],
    "stamps": pd.date_range("2024-01-01", periods=3),
    "spans": pd.to_timedelta([1, 2, 3], unit="h").to_numpy(),
    "decimals": [Decimal("0.1"), Decimal("0.2")],
}


@pytest.mark.parametrize("kind", STRANGE)
def test_categories_that_are_neither_text_nor_numbers_are_refused_by_name(kind):
    model, rows = of_categories(STRANGE[kind])
    message = "The column 'age' has categories that are neither text nor plain numbers, such as "
    to_sqlite = partial(to_sql, dialect="sqlite")
    for write in (to_c, to_sqlite, rules, lambda model: model.classifier_.compiled()):
        with pytest.raises(UnknownPartError, match=message):
            write(model)
    # Which needs no program.
    assert verify(model, model.classifier_, rows).agrees


@pytest.mark.parametrize(
    ("student", "dtype"),
    [(None, "int64"), (LGBMRegressor(min_child_samples=5, **SMALL), "category")],
    ids=["encoder", "LightGBM"],
)
def test_ids_that_are_one_double_are_refused(student, dtype):
    ids = [2**53 + 1, 2**53, 2**53 + 2]
    model, rows = of_categories(ids, student, dtype=dtype)
    assert verify(model, model.classifier_, rows).agrees
    with pytest.raises(UnknownPartError, match=f"'age' has whole numbers .*, such as {ids[0]}: "):
        model.classifier_.compiled()


def test_gaps_that_an_imputer_leaves_alone_are_refused():
    values = [None, "b", "b", "a"]
    imputer = SimpleImputer(strategy="most_frequent")
    model, _ = of_categories(values, imputer=imputer, dtype=object)
    message = r"'age' has None among its categories, .* \(missing_values=None\)"
    with pytest.raises(UnknownPartError, match=message):
        read_program(model)
    imputer.set_params(missing_values=None)
    model, rows = of_categories(values, imputer=imputer, dtype=object)
    assert verify(model, model.classifier_.compiled(), rows).agrees


def test_two_kinds_of_gaps_are_refused():
    model, _ = of_categories([np.nan, None, "a"], dtype=object)
    with pytest.raises(UnknownPartError, match="'age' has None and nan among its categories"):
        read_program(model)


def test_searches_and_selections_inside_a_student():
    X, y, proba = table(2)
    inner = GridSearchCV(DecisionTreeRegressor(random_state=0), {"max_depth": [2, 3]}, cv=2)
    model = Distiller(None, inner).fit(X, y, teacher_proba=proba)
    program = read_program(model)
    assert_allclose(program(values_of(program, X)), model.predict_proba(X))


@pytest.mark.parametrize(
    ("student", "message"),
    [
        (GaussianNB(), "GaussianNB cannot be exported: students that can are .*Ridge"),
        (VotingRegressor([("a", Ridge())]), "VotingRegressor cannot be exported"),
        (make_pipeline(PolynomialFeatures(), Ridge()), "PolynomialFeatures cannot be exported"),
        (make_pipeline(FunctionTransformer(np.exp), Ridge()), "function .* is Python"),
        (LogisticRegression(solver="liblinear"), "One model against the rest"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using the 'liblinear' solver")
def test_what_nobody_can_write_is_named(student, message):
    X, y, proba = table(3 if "rest" in message else 2)
    try:
        model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    except ValueError:
        pytest.skip("this scikit-learn has no such model of several classes")
    with pytest.raises(UnknownPartError, match=message):
        read_program(model)


@pytest.mark.parametrize(
    ("student", "objectives"),
    [
        (LGBMClassifier, ["binary", "cross_entropy"]),
        (LGBMRegressor, ["binary", "cross_entropy", "poisson", "huber", "regression"]),
    ],
    ids=["classifier", "regressor"],
)
def test_objectives_of_lightgbm(student, objectives):
    X, y, _ = table(2)
    for objective in objectives:
        fitted = student(objective=objective, n_estimators=3, verbose=-1, n_jobs=1).fit(X, y == "a")
        program = read_estimator(fitted)
        if student is LGBMClassifier:
            expected = fitted.predict_proba(X)
        else:
            expected = fitted.predict(X)[:, None]
        assert_allclose(program(X), expected, rtol=0, atol=1e-14)
    other = LGBMClassifier(objective="cross_entropy_lambda", n_estimators=2, verbose=-1)
    with pytest.raises(UnknownPartError, match=r"'cross_entropy_lambda' .* binary, cross_entropy"):
        read_estimator(other.fit(X, y == "a"))


def test_a_student_of_categories_is_not_read_without_them():
    rows, y, _ = frame()
    student = LGBMClassifier(n_estimators=2, verbose=-1).fit(rows[["size", "category"]], y)
    with pytest.raises(UnknownPartError, match="export the distiller that taught it"):
        read_estimator(student)


@pytest.mark.parametrize(
    ("steps", "takes_missing"),
    [
        ([SelectKBest(f_regression, k=2)], False),
        ([VarianceThreshold()], True),
        ([SimpleImputer(), SelectKBest(f_regression, k=2)], True),
        ([SelectKBest(f_regression, k=2), SimpleImputer()], False),
        ([KBinsDiscretizer(3, encode="ordinal")], False),
        ([SimpleImputer(missing_values=-1)], False),
    ],
)
@pytest.mark.filterwarnings("ignore:.*quantile_method")
def test_steps_may_refuse_what_is_missing(steps, takes_missing):
    X, y, proba = table(2)
    student = make_pipeline(*steps, DecisionTreeRegressor(max_depth=3))
    model = Distiller(None, student).fit(X, y, teacher_proba=proba)
    gaps = np.full((1, X.shape[1]), np.nan)
    if takes_missing:
        assert model.classifier_.predict_proba(gaps).any()
    else:
        with pytest.raises(ValueError, match="contains NaN"):
            model.classifier_.predict_proba(gaps)
    program = read_program(model)
    read = {feature.column for feature in program.features}
    assert {program.columns[j].takes_missing for j in read} == {takes_missing}


# Two columns cannot explain what the teacher knew of six.
@pytest.mark.filterwarnings("ignore:The teacher's answers look like")
def test_trees_take_no_gaps_of_sparse_rows():
    rows, y, proba = frame()
    rows, tree = rows[["category", "size"]], DecisionTreeRegressor(max_depth=3)
    for sparse_threshold, takes_missing in ((0.9, False), (0.0, True)):
        before = make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["category"]),
            remainder="passthrough",
            sparse_threshold=sparse_threshold,
        )
        model = Distiller(None, make_pipeline(before, tree)).fit(rows, y, teacher_proba=proba)
        assert read_program(model).columns[1].takes_missing is takes_missing
        # Which asks about gaps where the model takes them.
        assert verify(model, model.classifier_, rows).agrees


def test_subclasses_may_do_anything():
    class Doubled(Ridge):
        def predict(self, X):
            return 2 * super().predict(X)

    X, y, proba = table(2)
    model = Distiller(None, Doubled()).fit(X, y, teacher_proba=proba)
    with pytest.raises(UnknownPartError, match="Doubled cannot be exported"):
        read_program(model)


def test_unfitted_and_other_models():
    with pytest.raises(NotFittedError, match="call CrossFitDistiller.fit first"):
        read_program(CrossFitDistiller(GaussianNB(), Ridge()))
    with pytest.raises(NotFittedError, match="call CrossFitDistillerRegressor.fit first"):
        read_program(CrossFitDistillerRegressor(Ridge(), Ridge()))
    with pytest.raises(
        ValueError,
        match="or its classifier_ or regressor_, found Ridge",
    ):
        read_program(Ridge())


def test_frames_of_numbers_alone_go_by_name():
    X, y, proba = table(2)
    rows = pd.DataFrame(X, columns=list("abcdef"))
    model = Distiller(None, DecisionTreeRegressor(max_depth=3)).fit(rows, y, teacher_proba=proba)
    program = read_program(model)
    assert_allclose(values_of(program, rows[list("fedcba")]), X)
