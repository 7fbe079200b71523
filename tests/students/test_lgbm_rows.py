"""Tables that LightGBM reads: categories, names of columns, sparse rows, missing values."""

import pickle

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skdistill import LGBMSoftClassifier

from .test_lgbm import SMALL, soft


def test_categories_of_a_frame_are_split_as_categories():
    """Odd and even categories differ: one split of sets, none of thresholds, parts them."""
    letters = np.array(list("abcdefghij"))[np.arange(400) % 10]
    frame = pd.DataFrame({"x": np.zeros(400), "letter": pd.Categorical(letters)})
    P = np.where((np.arange(400) % 2)[:, None], [[0.7, 0.2, 0.1]], [[0.1, 0.1, 0.8]])
    before = frame.copy()
    model = LGBMSoftClassifier(num_leaves=2, n_estimators=300, cat_l2=0, n_jobs=1)
    proba = model.fit(frame, P).predict_proba(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert_allclose(proba, P, atol=1e-3)
    # Codes of a shorter frame are others; what counts is the category.
    few = frame.iloc[3:4].assign(letter=pd.Categorical(["d"]))
    assert_array_equal(model.predict_proba(few), proba[3:4])
    unseen = frame.iloc[:1].assign(letter=pd.Categorical(["?"]))
    missing = frame.iloc[:1].assign(letter=pd.Categorical([None], categories=["a"]))
    assert_array_equal(model.predict_proba(unseen), model.predict_proba(missing))


def test_frame_with_categories_is_learned_as_by_lightgbms_own_classifier():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=500), "c": pd.Categorical(rng.choice(list("abcdef"), 500))}
    )
    y = (frame["x"] + frame["c"].isin(["a", "d"]) + rng.normal(size=500) > 0.5).astype(int)
    ours = LGBMSoftClassifier(**SMALL).fit(frame, np.eye(2)[y])
    theirs = LGBMClassifier(**SMALL, verbose=-1).fit(frame, y)
    assert_array_equal(ours.predict_proba(frame), theirs.predict_proba(frame))


@pytest.mark.parametrize("columns", [["c"], [1], "c", np.array([1])])
def test_categorical_columns_can_be_named_or_counted(columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300), "c": rng.integers(0, 6, 300)})
    P = np.eye(2)[(frame["c"] % 2).to_numpy()]
    as_dtype = LGBMSoftClassifier(**SMALL).fit(frame.astype({"c": "category"}), P)
    named = LGBMSoftClassifier(**SMALL, categorical_feature=columns).fit(frame, P)
    plain = LGBMSoftClassifier(**SMALL).fit(frame, P)
    proba = named.predict_proba(frame)
    assert_array_equal(proba, as_dtype.predict_proba(frame.astype({"c": "category"})))
    assert (proba != plain.predict_proba(frame)).any()


def test_names_that_lightgbm_refuses():
    X, P = soft(3)
    names = ["income<=50K", "[1, 2)", "[1, 2]", 'a"b', "{x:1}", "f", "g", "h"]
    frame = pd.DataFrame(X, columns=names)
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    assert list(frame.columns) == list(model.feature_names_in_) == names
    assert_array_equal(
        model.predict_proba(frame), LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X)
    )


@pytest.mark.parametrize(
    "names",
    [
        ["a,b", "a_b", *"cdefgh"],
        ["a b", "a_b", *"cdefgh"],
        ["a\nb", "a", "a:b", "a_b_0", *"cdef"],
        ["", "b", " ", "_", "[", "{", "}", '"'],
        ["Column_1", "Column_0", *"cdefgh"],
    ],
)
def test_any_names_are_learned_by_their_place(names):
    X, P = soft(2)
    frame = pd.DataFrame(X, columns=names)
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    assert list(frame.columns) == list(model.feature_names_in_) == names
    proba = model.predict_proba(frame)
    assert_array_equal(proba, LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X))
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(frame), proba)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict_proba(frame[names[::-1]])


def test_categories_are_found_by_names_that_lightgbm_does_not_take():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a,b": rng.normal(size=300), "a b": rng.integers(0, 6, 300)})
    P = np.eye(2)[(frame["a b"] % 2).to_numpy()]
    by_place = LGBMSoftClassifier(**SMALL, categorical_feature=[1]).fit(frame.to_numpy(), P)
    by_name = LGBMSoftClassifier(**SMALL, categorical_feature=["a b"]).fit(frame, P)
    assert_array_equal(by_name.predict_proba(frame), by_place.predict_proba(frame.to_numpy()))
    twice = frame.set_axis(["a", "a"], axis=1)
    with pytest.raises(ValueError, match="X must have columns of different names, found 'a' twice"):
        LGBMSoftClassifier(**SMALL, categorical_feature=["a"]).fit(twice, P)


@pytest.mark.parametrize("as_type", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_rows_are_learned_as_dense_ones(as_type):
    X, P = soft(3)
    X = np.where(X > 0, X, 0)
    dense = LGBMSoftClassifier(**SMALL).fit(X, P)
    model = LGBMSoftClassifier(**SMALL).fit(as_type(X), P)
    assert_allclose(model.predict_proba(as_type(X)), dense.predict_proba(X), rtol=1e-6)


def test_missing_values_are_learned_from():
    X = np.where(np.arange(100) % 2, np.nan, np.arange(100.0))[:, None]
    P = np.where(np.isnan(X), [[0.9, 0.1]], [[0.2, 0.8]])
    model = LGBMSoftClassifier(n_estimators=300, n_jobs=1).fit(X, P)
    assert_allclose(model.predict_proba(X), P, atol=1e-4)


def test_big_integers_keep_their_digits():
    X = 2**30 + np.arange(100)[:, None]
    P = np.eye(2)[(np.arange(100) >= 50).astype(int)]
    model = LGBMSoftClassifier(n_estimators=100, min_data_in_bin=1, n_jobs=1).fit(X, P)
    assert_array_equal(model.predict(X), P[:, 1])


def test_given_arrays_stay_as_they_are():
    X, P = soft(3, signed=True)
    P[0] *= 1 + 1e-6
    weight = np.random.default_rng(0).random(len(X))
    before = X.copy(), P.copy(), weight.copy()
    for array in (X, P, weight):
        array.flags.writeable = False
    LGBMSoftClassifier(**SMALL, early_stopping_rounds=3).fit(X, P, sample_weight=weight)
    for array, old in zip((X, P, weight), before, strict=True):
        assert_array_equal(array, old)


def test_columns_in_another_order_are_refused():
    X, P = soft(2)
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    for wrong in (frame[list("hgfedcba")], frame[list("abc")]):
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict_proba(wrong)
    with pytest.raises(ValueError, match="has 3 features, but LGBMSoftClassifier is expecting 8"):
        LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X[:, :3])


@pytest.mark.parametrize(
    "column", [["a", "b"], pd.Series(["a", "b"], dtype="string"), pd.to_datetime(["2020"] * 2)]
)
def test_columns_of_text_or_times_are_refused(column):
    frame = pd.DataFrame({"x": [1.0, 2.0], "t": column})
    with pytest.raises(ValueError, match=r"found other columns: \['t'\].*dtype 'category'"):
        LGBMSoftClassifier().fit(frame, np.eye(2))
