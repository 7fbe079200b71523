"""What differs is seen, whichever way."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller
from skdistill.export import to_c, verify
from skdistill.export.neighbours import rows_beside
from skdistill.export.reading import read_program
from skdistill.export.verification import _rounded, refuse_different

from .models import amounts, classifiers, of_frame, of_kinds, regressor, table


class Shifted:
    """A file that differs by a little."""

    def __init__(self, classifier, by):
        self.classifier, self.by = classifier, by

    def predict_proba(self, X):
        return self.classifier.predict_proba(X) + np.array([self.by, -self.by])


class Scaled:
    """A file that predicts other numbers."""

    def __init__(self, regressor, by):
        self.regressor, self.by = regressor, by

    def predict(self, X):
        return self.regressor.predict(X) * self.by


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["tree", "scaled tree", "scaled forest", "our booster"])
def test_rows_lie_on_both_sides_of_each_threshold(name, dtype):
    X = table(2)[0]
    classifier = classifiers(name, 2)[0]
    program = read_program(classifier)
    split = {(f, t) for tree in program.learners[0].trees for f, t in _splits(tree)}
    made = list(rows_beside(program, X, dtype))
    features = np.concatenate([program.compute_features(rows) for rows in made])
    read = features.astype(np.float32).astype(float) if program.reads_float32 else features
    for feature, threshold in split:
        values = read[:, feature]
        left, right = values[values <= threshold], values[values > threshold]
        assert len(left)
        assert len(right)
        # Nothing lies between them.
        assert right.min() - left.max() <= 4e-6 * max(abs(threshold), 1e-3)


def _splits(tree):
    inner = ~tree.is_leaf
    return zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist(), strict=True)


def test_a_threshold_that_moved_is_seen():
    """By the rows beside it alone: no row of X comes near."""
    X = np.linspace(0, 1, 21)[:, None]
    y = X[:, 0] > 0.5
    proba = np.column_stack([~y, y]).astype(float)
    model = Distiller(None, DecisionTreeRegressor()).fit(X, y, teacher_proba=proba)
    moved = Distiller(None, DecisionTreeRegressor()).fit(X, y, teacher_proba=proba)
    threshold = moved.student_.tree_.threshold
    threshold[0] = np.nextafter(np.float32(threshold[0]), np.float32(1))
    found = verify(model, moved.classifier_, X)
    assert found.labels_differing == 1
    assert found.largest_difference == 1
    assert not found.agrees


def test_difference_and_labels():
    X, classifier = table(2)[0], classifiers("tree", 2)[0]
    same = verify(classifier, classifier, X)
    assert (same.largest_difference, same.labels_differing) == (0, 0)
    assert same.model_microseconds > 0
    near = verify(classifier, Shifted(classifier, 1e-9), X)
    assert near.largest_difference == pytest.approx(1e-9, rel=1e-3)
    assert not near.agrees
    far = verify(classifier, Shifted(classifier, 1.0), X)
    assert far.labels_differing > 0
    with pytest.raises(ValueError, match=r"of \d+ rows 0 get another class, .* 1e-09, above 1e-12"):
        refuse_different(classifier, Shifted(classifier, 1e-9), X)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("name", ["tree", "ridge", "Poisson"])
def test_numbers_differ_by_a_share_of_their_size(name, unit):
    X, shipped = amounts()[0], regressor(name, unit)
    same = verify(shipped, shipped, X)
    assert (same.largest_difference, same.labels_differing, same.agrees) == (0, 0, True)
    near = verify(shipped, Scaled(shipped, 1 + 1e-9), X)
    assert near.largest_difference == pytest.approx(1e-9, rel=1e-3)
    message = r"of \d+ rows the largest difference of a prediction is 1e-09, above 1e-12"
    with pytest.raises(ValueError, match=message):
        refuse_different(shipped, Scaled(shipped, 1 + 1e-9), X)


def test_what_answers_nothing_differs():
    X, shipped = amounts()[0], regressor("ridge")
    for by in (np.nan, np.inf):
        assert verify(shipped, Scaled(shipped, by), X).largest_difference == np.inf


def test_categories_are_all_tried():
    classifier, rows = of_frame("tree")
    made = rows_beside(read_program(classifier), rows)
    town = next(part["town"] for part in made if part["town"].str.startswith("other").any())
    assert set(town.dropna()) == {"Rome", "Oslo", "Bern", "other_Oslo_Bern_Rome"}
    assert town.isna().sum() == 1


@pytest.mark.parametrize("unknown", ["ignore", "error"])
def test_numbers_that_are_categories_are_all_tried(unknown):
    rows = pd.DataFrame({"kind": [1.0, 2.0, 5.0] * 10})
    student = make_pipeline(OneHotEncoder(handle_unknown=unknown), Ridge())
    model = Distiller(None, student).fit(rows, rows["kind"] > 1, teacher_proba=_proba(rows["kind"]))
    (made,) = rows_beside(read_program(model), rows)
    told = [1.0, 2.0, 5.0, 6.0, np.nan] if unknown == "ignore" else [1.0, 2.0, 5.0]
    assert_array_equal(made["kind"], told)


def test_numbers_between_the_categories_of_a_booster_are_tried():
    classifier, rows = of_kinds("LightGBM")
    (made,) = rows_beside(read_program(classifier), rows)
    assert_array_equal(made[:, 0], [0, 0.5, 3, 3.5, np.nan])


def _proba(values):
    return np.column_stack([values == 1, values != 1]).astype(float)


@pytest.mark.parametrize("gap", [None, np.nan], ids=["None", "NaN"])
@pytest.mark.parametrize("values", [(True, False), (1, 2)], ids=["booleans", "numbers"])
@pytest.mark.parametrize("container", [pd.DataFrame, pd.DataFrame.to_numpy], ids=["frame", "array"])
def test_objects_that_are_numbers_stay_objects(container, values, gap):
    rows = container(pd.DataFrame({"flag": np.array([*values, gap] * 10, dtype=object)}))
    is_gap = np.arange(30) % 3 == 2
    student = make_pipeline(OneHotEncoder(handle_unknown="ignore"), DecisionTreeRegressor())
    model = Distiller(None, student).fit(rows, is_gap, teacher_proba=_proba(~is_gap))
    assert verify(model, model.classifier_, rows).agrees
    assert to_c(model, rows)
    (made,) = rows_beside(read_program(model), rows)
    made = np.asarray(made)[:, 0]
    assert made.dtype == object
    assert made[-1] is gap


def test_booleans_of_polars_with_gaps_stay_booleans():
    rows = pytest.importorskip("polars").DataFrame({"flag": [True, False, None] * 10})
    is_gap = np.arange(30) % 3 == 2
    student = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge())
    model = Distiller(None, student).fit(rows, is_gap, teacher_proba=_proba(~is_gap))
    assert to_c(model, rows)
    (made,) = rows_beside(read_program(model), rows)
    assert made["flag"].to_list() == [False, True, True, None]


@pytest.mark.parametrize(
    "student",
    [
        make_pipeline(StandardScaler(), DecisionTreeRegressor(random_state=0)),
        make_pipeline(StandardScaler(), Ridge()),
        LogisticRegression(tol=0.1),
    ],
    ids=["scaled tree", "scaled ridge", "logistic"],
)
@pytest.mark.parametrize("kind", ["array", "frame", "nullable frame", "polars", "sparse"])
def test_rows_of_32_bits_are_compared_as_doubles(student, kind):
    X = (table(2)[0] + 10).astype(np.float32)
    y, proba = table(2)[1:]
    if kind == "sparse" and hasattr(student, "steps"):
        student = student[-1]
    polars = pytest.importorskip("polars") if kind == "polars" else None
    rows = {
        "array": lambda: X,
        "frame": lambda: pd.DataFrame(X, columns=list("abcdef")),
        "nullable frame": lambda: pd.DataFrame(X, columns=list("abcdef")).astype("Float32"),
        "polars": lambda: polars.DataFrame(X, schema=list("abcdef")),
        "sparse": lambda: sparse.csr_matrix(X),
    }[kind]()
    model = Distiller(None, student).fit(rows, y, teacher_proba=proba)
    assert to_c(model, rows)
    assert verify(model, model.classifier_.compiled(), rows).agrees


def test_columns_are_found_by_name_and_what_is_not_read_is_left_alone():
    classifier, rows = of_frame("tree")
    program = read_program(classifier)
    other = rows[rows.columns[::-1]].assign(more="text")
    for part, same in zip(rows_beside(program, other), rows_beside(program, rows), strict=True):
        pd.testing.assert_frame_equal(part[rows.columns], same)


def test_gaps_are_those_of_the_rows():
    """As scikit-learn may tell None from NaN."""
    classifier, rows = of_frame("tree")
    program = read_program(classifier)
    for gap in (None, np.nan):
        texts = [gap if pd.isna(text) else text for text in rows["town"]]
        town = pd.Series(texts, index=rows.index, dtype=object)
        made = list(rows_beside(program, rows.assign(town=town)))
        found = [v for part in made for v in part["town"].array if not isinstance(v, str)]
        assert {type(v) for v in found} == {type(gap)}


def test_numbers_are_compared_as_a_file_takes_them():
    rows = pd.DataFrame(
        {
            "whole": [2**24 + 1, 3],
            "gaps": pd.array([2**24 + 1, None], dtype="Int64"),
            "part": [0.1, np.nan],
            "text": ["a", "b"],
        }
    )
    found = _rounded(rows, np.float32)
    assert_array_equal(found["whole"], [2**24, 3])
    assert found["gaps"].tolist() == [2**24, pd.NA]
    assert_array_equal(found["part"], np.array([0.1, np.nan], dtype=np.float32).astype(float))
    assert_array_equal(found["text"], rows["text"])
    most = np.iinfo(np.int32).max
    rows = pd.DataFrame({"gaps": pd.array([most, None], dtype="Int32"), "whole": np.int32(most)})
    found = _rounded(rows, np.float32)
    assert found["gaps"].tolist() == [2**31, pd.NA]
    assert_array_equal(found["whole"], [2**31, 2**31])
    polars = pytest.importorskip("polars")
    assert_frame_equal = pytest.importorskip("polars.testing").assert_frame_equal
    rows = polars.DataFrame({"whole": [2**24 + 1, 3], "part": [0.1, None], "text": ["a", "b"]})
    tenth = float(np.float32(0.1))
    expected = polars.DataFrame(
        {"whole": [2.0**24, 3.0], "part": [tenth, None], "text": ["a", "b"]}
    )
    assert_frame_equal(_rounded(rows, np.float32), expected, check_exact=True)


def test_what_cannot_be_run():
    with pytest.raises(ValueError, match="exported must be what to_c"):
        verify(classifiers("tree", 2)[0], 3, table(2)[0])
    with pytest.raises(ValueError, match="or have predict; found int"):
        verify(regressor("tree"), 3, table(2)[0])


def test_rows_are_left_alone():
    classifier, rows = of_frame("tree")
    before = rows.copy()
    verify(classifier, classifier, rows)
    pd.testing.assert_frame_equal(rows, before)
    assert to_c(classifier, rows.iloc[:20])
