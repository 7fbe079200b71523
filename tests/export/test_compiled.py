"""One row at a time, with the numbers and the refusals of the classifier."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller, LGBMSoftClassifier
from skdistill.export.c import find_compiler
from skdistill.export.compiled import CompiledClassifier, CompiledRegressor

from .models import (
    OF_NUMBERS,
    amounts,
    classifiers,
    of_frame,
    of_kinds,
    regressor,
    regressor_of_frame,
    table,
)

ROUTES = ["python"] + ["c"] * (find_compiler() is not None)


@pytest.fixture(params=ROUTES)
def route(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr("skdistill.export.compiled.find_compiler", lambda: None)
    return request.param


KINDS = ["tree", "extra trees", "forest", "our booster", "histogram", "softmax", "ridge", "Poisson"]
KINDS += ["LightGBM of shares", "network", "copies", "scaled forest", "scorecard"]


@pytest.mark.parametrize("name", KINDS)
def test_same_numbers(name, route):
    for n_classes in (2, 3):
        X, classifier = table(n_classes)[0], classifiers(name, n_classes)[n_classes - 3]
        fast = CompiledClassifier(classifier)
        assert fast.route == route
        expected = classifier.predict_proba(X[:20])
        one_by_one = np.concatenate([fast.predict_proba(X[i : i + 1]) for i in range(20)])
        assert_allclose(one_by_one, expected, rtol=0, atol=1e-14)
        assert_allclose(fast.predict_proba(X[:20]), expected, rtol=0, atol=1e-14)
        assert_array_equal(fast.predict(X), classifier.predict(X))


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_same_numbers_of_a_regressor(name, route):
    X, shipped = amounts()[0], regressor(name)
    fast, expected = shipped.compiled(), shipped.predict(X)
    assert fast.route == route
    one_by_one = np.concatenate([fast.predict(X[i : i + 1]) for i in range(20)])
    assert_allclose(one_by_one, expected[:20], rtol=1e-13)
    assert_allclose(fast.predict(X), expected, rtol=1e-13)


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")
def test_what_is_beyond_all_numbers_is_infinite(route):
    shipped = regressor("Poisson")
    far = 1e6 * np.sign(shipped.student.coef_)[np.newaxis]
    assert shipped.predict(far) == shipped.compiled().predict(far) == [np.inf]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_many_trees(n_classes, route):
    X, y = make_classification(500, 6, n_informative=4, n_classes=n_classes, random_state=0)
    student = LGBMSoftClassifier(n_estimators=40, n_jobs=1, verbose=-1)
    classifier = Distiller(GaussianNB(), student).fit(X, y).classifier_
    fast, expected = CompiledClassifier(classifier), classifier.predict_proba(X)
    one_by_one = np.concatenate([fast.predict_proba(row[np.newaxis]) for row in X])
    assert_allclose(one_by_one, expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("name", ["LightGBM", "histogram"])
def test_numbers_between_categories(name, route):
    classifier, rows = of_kinds(name)
    fast, expected = CompiledClassifier(classifier), classifier.predict_proba(rows)
    one_by_one = np.concatenate([fast.predict_proba(row[np.newaxis]) for row in rows])
    assert_allclose(one_by_one, expected, rtol=0, atol=1e-15)
    assert_allclose(fast.predict_proba(rows), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("make", [np.array, list, lambda X: pd.DataFrame(X, columns=["dtype"])])
def test_whole_numbers_that_doubles_round(make, route):
    low, high = 2**60, 2**60 + 2**37
    is_high = np.arange(20) % 2 == 1
    X = make(np.where(is_high, high, low)[:, np.newaxis])
    proba = np.column_stack([1.0 - is_high, is_high])
    model = Distiller(None, DecisionTreeRegressor()).fit(X, is_high, teacher_proba=proba)
    classifier = model.classifier_
    # Above the middle, at which it would come to lie as a double.
    row = make([[2**60 + 2**36 + 1]])
    assert classifier.compiled().predict(row) == classifier.predict(row) == [True]


@pytest.mark.parametrize("name", ["tree", "booster"])
def test_frames(name, route):
    classifier, rows = of_frame(name)
    fast = CompiledClassifier(classifier)
    expected = classifier.predict_proba(rows[:30])
    assert_allclose(fast.predict_proba(rows[:30]), expected, rtol=0, atol=1e-14)
    assert_allclose(fast.predict_proba(rows[2:4]), expected[2:4], rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match="gaps"):
        fast.predict_proba(rows.drop(columns="gaps"))


def test_frames_of_a_regressor(route):
    shipped, rows = regressor_of_frame("tree")
    fast = CompiledRegressor(shipped)
    assert_array_equal(fast.predict(rows[:30]), shipped.predict(rows[:30]))
    with pytest.raises(ValueError, match="gaps"):
        fast.predict(rows.drop(columns="gaps"))


@pytest.mark.parametrize("name", ["tree", "ridge"])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_same_refusals(name, route):
    X = table(2)[0]
    classifier = classifiers(name, 2)[0]
    fast = CompiledClassifier(classifier)
    wrong = {
        "no rows": X[:0],
        "width": X[:1, :3],
        "one dimension": X[0],
        "text": np.array([["a"] * 6]),
        "complex": np.full((1, 6), 1 + 1j),
    }
    wrong |= {
        value: np.full((1, 6), value) for value in (np.inf, 1e39 if name == "tree" else np.nan)
    }
    for rows in wrong.values():
        with pytest.raises(ValueError) as theirs:
            classifier.predict_proba(rows)
        with pytest.raises(ValueError) as ours:
            fast.predict_proba(rows)
        assert str(ours.value) == str(theirs.value)


def test_missing_values_where_trees_take_them(route):
    X = table(2)[0][:5].copy()
    X[:, 1] = np.nan
    classifier = classifiers("our booster", 2)[0]
    found = CompiledClassifier(classifier).predict_proba(X)
    assert_allclose(found, classifier.predict_proba(X), rtol=0, atol=1e-15)


def test_rows_of_any_kind(route):
    X = table(2)[0][:3]
    classifier = classifiers("tree", 2)[0]
    fast, expected = CompiledClassifier(classifier), classifier.predict_proba(X)
    locked = X.copy()
    locked.flags.writeable = False
    for rows in (X.tolist(), np.asfortranarray(X), locked, np.repeat(X, 2, axis=0)[::2]):
        assert_array_equal(fast.predict_proba(rows), expected)


def test_it_is_a_classifier_and_travels(route):
    X = table(2)[0]
    classifier = classifiers("tree", 2)[0]
    fast = CompiledClassifier(classifier)
    assert is_classifier(fast)
    assert clone(fast) is fast
    assert fast.n_features_in_ == 6
    again = pickle.loads(pickle.dumps(fast))
    assert_array_equal(again.predict_proba(X), fast.predict_proba(X))


def test_it_is_a_regressor_and_travels(route):
    X, shipped = amounts()[0], regressor("ridge")
    fast = shipped.compiled()
    assert is_regressor(fast)
    assert clone(fast) is fast
    again = pickle.loads(pickle.dumps(fast))
    assert_array_equal(again.predict(X), fast.predict(X))
    with pytest.raises(ValueError, match="NaN"):
        fast.predict(np.full((1, 6), np.nan))
    assert fast.score(X, shipped.predict(X)) == 1
