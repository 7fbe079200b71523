"""Categories are those of fit, whatever the rows come as."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.naive_bayes import GaussianNB

from skdistill import CrossFitDistiller, LGBMSoftClassifier, compare_students
from skdistill.rows import dtypes_of, plain_dtypes, restore_categories


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


def test_polars_frames_answer_a_model_of_categories_by_value():
    dtypes = {"colour": pd.CategoricalDtype(["red", "green"]), "x": np.dtype(float)}
    found = restore_categories(pl.DataFrame({"colour": ["green", "red"], "x": [1.0, 2.0]}), dtypes)
    assert found["colour"].dtype == dtypes["colour"]
    assert found["colour"].tolist() == ["green", "red"]
