"""The student as a classifier on its own."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

import skdistill
from skdistill import (
    CrossFitDistiller,
    DistilledClassifier,
    Distiller,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
)
from skdistill.students.distilled import holds_no_nan


@pytest.fixture
def frame(binary):
    X, y = binary
    return pd.DataFrame(X, columns=[f"c{i}" for i in range(X.shape[1])]), y


def as_polars(X):
    return pl.DataFrame({name: X[name].to_numpy() for name in X})


def tree():
    return DecisionTreeRegressor(max_depth=4, random_state=0)


def test_pickle_is_that_of_the_bare_tree_and_little_more(binary):
    X, y = binary
    teacher = RandomForestClassifier(200, random_state=0)
    model = CrossFitDistiller(teacher, DecisionTreeRegressor(random_state=0), random_state=0)
    model.fit(X, y)
    bare = len(pickle.dumps(model.student_))
    assert len(pickle.dumps(model.classifier_)) < bare + 10_000


def test_it_shows_its_student_and_its_classes(binary):
    X, y = binary
    shipped = Distiller(GaussianNB(), tree()).fit(X, y).classifier_
    student = "DecisionTreeRegressor(max_depth=4, random_state=0)"
    assert repr(shipped) == f"DistilledClassifier({student}, classes=['benign', 'malignant'])"
    many = DistilledClassifier(shipped.student, np.array(list("abcdefg")))
    assert repr(many).endswith("classes=['a', 'b', 'c', 'd', 'e', … 'g'])")
    page = shipped._repr_html_()
    assert "DistilledClassifier" in page
    assert "DecisionTreeRegressor" in page


def test_it_predicts_what_its_distiller_predicts_after_pickling(binary):
    X, y = binary
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    shipped = pickle.loads(pickle.dumps(model.classifier_))
    for method in ("predict", "predict_proba", "predict_log_proba"):
        assert_array_equal(getattr(shipped, method)(X), getattr(model, method)(X))
    assert shipped.score(X, y) == model.score(X, y)


def test_it_is_a_fitted_classifier_that_stays_as_it_is(binary):
    X, y = binary
    shipped = Distiller(GaussianNB(), tree()).fit(X, y).classifier_
    assert is_classifier(shipped)
    assert clone(shipped) is shipped
    before = shipped.predict_proba(X)
    shipped.fit(X[:10], y[:10], sample_weight=np.ones(10))
    assert_array_equal(shipped.predict_proba(X), before)
    assert_array_equal(FrozenEstimator(shipped).predict(X), shipped.predict(X))
    assert get_scorer("roc_auc")(shipped, X, y == "malignant") > 0.9
    assert shipped.n_features_in_ == X.shape[1]
    assert not hasattr(shipped, "feature_names_in_")


def searched(X, y):
    student = SoftLabelClassifier(DecisionTreeClassifier(max_depth=3, random_state=0))
    how = {"loss": "cross_entropy", "temperature": 2.0, "calibrate": True, "random_state": 0}
    candidates = ["labels", "cross_fit"]
    return LossCorrectedDistillerCV(GaussianNB(), student, candidates=candidates, **how).fit(X, y)


def test_all_but_the_student_is_plain(three_classes):
    X, y = three_classes
    model = searched(X, y)
    fields = vars(model.classifier_).copy()
    del fields["student"], fields["classes"]
    assert fields == {
        "loss": "cross_entropy",
        "temperature": 2.0,
        "adapter": "SoftLabels",
        "n_features": X.shape[1],
        "feature_names": None,
        "dtypes": None,
        "refuse_nan": True,
        "calibration": {
            "slope": model.calibration_.slope,
            "shift": list(model.calibration_.shift),
        },
        "version": skdistill.__version__,
    }
    assert [type(value) for value in fields["calibration"].values()] == [float, list]


def test_one_made_by_hand_of_the_fields_predicts_the_same(three_classes):
    X, y = three_classes
    shipped = searched(X, y).classifier_
    again = DistilledClassifier(**shipped.get_params())
    assert_array_equal(again.predict_proba(X), shipped.predict_proba(X))
    by_default = DistilledClassifier(tree().fit(X, y == 7), [False, True])
    assert_array_equal(by_default.predict(X), by_default.student.predict(X) > 0.5)


@pytest.mark.parametrize("field", ["loss", "adapter"])
def test_a_word_that_nobody_knows_is_refused(binary, field):
    X, y = binary
    shipped = DistilledClassifier(tree().fit(X, y == "malignant"), [0, 1], **{field: "other"})
    with pytest.raises(ValueError, match=f"{field} must be one of .*found 'other'"):
        shipped.predict_proba(X)


def test_loading_one_of_another_major_version_warns(binary):
    X, y = binary
    shipped = Distiller(GaussianNB(), tree()).fit(X, y).classifier_
    shipped.version = "7.1.0"
    with pytest.warns(UserWarning, match=r"made by skdistill 7\.1\.0.* fit its distiller again"):
        pickle.loads(pickle.dumps(shipped))
    shipped.version = skdistill.__version__.partition(".")[0] + ".99.1"
    assert pickle.loads(pickle.dumps(shipped)).version == shipped.version


STUDENTS = [
    tree(),
    HistGradientBoostingRegressor(max_iter=5),
    make_pipeline(StandardScaler(), tree()),
]


@pytest.mark.parametrize("student", STUDENTS)
@pytest.mark.parametrize("as_frame", [pd.DataFrame, as_polars])
def test_reordered_columns_are_refused(frame, student, as_frame):
    X, y = frame
    model = Distiller(GaussianNB(), student).fit(as_frame(X), y)
    with pytest.raises(ValueError, match="same order as they were in fit"):
        model.predict_proba(as_frame(X[X.columns[::-1]]))


class Nameless(DecisionTreeRegressor):
    """A student that looks at no names."""

    def fit(self, X, y):
        return super().fit(np.asarray(X), y)

    def predict(self, X):
        return super().predict(np.asarray(X))


@pytest.mark.parametrize("as_frame", [pd.DataFrame, as_polars])
def test_reordered_columns_are_refused_whatever_the_student_looks_at(frame, as_frame):
    X, y = frame
    shipped = Distiller(GaussianNB(), Nameless(max_depth=4)).fit(as_frame(X), y).classifier_
    with pytest.raises(ValueError, match="same order as they were in fit"):
        shipped.predict_proba(as_frame(X[X.columns[::-1]]))


@pytest.mark.parametrize("as_frame", [pd.DataFrame, as_polars])
def test_missing_and_unseen_columns_are_named(frame, as_frame):
    X, y = frame
    model = Distiller(GaussianNB(), HistGradientBoostingRegressor(max_iter=5)).fit(as_frame(X), y)
    swapped = X.drop(columns="c3").assign(other=1.0)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- other\n.*missing:\n- c3"):
        model.predict(as_frame(swapped))


def selecting(*columns):
    return make_pipeline(make_column_transformer(("passthrough", list(columns))), tree())


def test_columns_that_the_student_selects_suffice(frame):
    X, y = frame
    model = Distiller(GaussianNB(), selecting("c2", "c5")).fit(X, y)
    assert_array_equal(model.predict_proba(X[["c2", "c5"]]), model.predict_proba(X))


def test_column_that_the_student_selects_is_missed(frame):
    X, y = frame
    model = Distiller(GaussianNB(), selecting("c2", "c5")).fit(X, y)
    with pytest.raises(ValueError, match="c5"):
        model.predict_proba(X.drop(columns="c5"))


def test_column_in_the_place_of_another_is_refused(frame):
    X, y = frame
    model = Distiller(GaussianNB(), make_pipeline("passthrough", tree())).fit(X, y)
    with pytest.raises(ValueError, match=r"unseen at fit time:\n- other\n.*missing:\n- c3"):
        model.predict(X.rename(columns={"c3": "other"}))


def test_columns_that_a_wrapped_student_selects_suffice(frame):
    X, y = frame
    student = GridSearchCV(selecting("c2", "c5"), {"decisiontreeregressor__max_depth": [2, 3]})
    model = Distiller(GaussianNB(), student).fit(X, y)
    assert_array_equal(model.predict_proba(X[["c2", "c5"]]), model.predict_proba(X))


def test_missing_values_of_pandas_are_refused_as_such(frame):
    X, y = frame
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    holed = X.astype("Float64")
    holed.iloc[0, 0] = pd.NA
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.predict(holed)


def test_missing_values_are_refused_where_the_teacher_never_met_them(binary):
    X, y = binary
    model = Distiller(GaussianNB(), tree()).fit(X, y)
    holed = X.copy()
    holed[0, 0] = np.nan
    for method in ("predict", "predict_proba"):
        with pytest.raises(ValueError, match="NaN"):
            getattr(model, method)(holed)


def test_missing_values_are_taken_where_both_take_them(binary):
    X, y = binary
    holed = X.copy()
    holed[::7, 0] = np.nan
    teacher = DecisionTreeClassifier(random_state=0)
    assert Distiller(teacher, tree()).fit(holed, y).score(holed, y) > 0.9
    assert Distiller(teacher, tree()).fit(X, y).score(holed, y) > 0.8


def test_classifier_student_keeps_its_columns_in_order(three_classes):
    X, y = three_classes
    model = Distiller(GaussianNB(), LogisticRegression(max_iter=1000)).fit(X, y)
    assert_array_equal(model.classifier_.predict_proba(X), model.student_.predict_proba(X))
    assert_array_equal(model.student_.classes_, [3, 7, 20])


def test_soft_label_student_is_asked_by_position(three_classes):
    X, y = three_classes
    model = Distiller(GaussianNB(), SoftLabelClassifier(LogisticRegression(max_iter=1000)))
    model.fit(X, y)
    assert_array_equal(model.student_.classes_, [0, 1, 2])
    assert_array_equal(np.unique(model.predict(X)), [3, 7, 20])


def test_log_probability_of_an_impossible_class_is_minus_infinity(binary):
    X, y = binary
    model = Distiller(DecisionTreeClassifier(), DecisionTreeRegressor()).fit(X, y)
    assert np.isneginf(model.predict_log_proba(X).min())


def test_what_is_shipped_counts_as_fitted(binary):
    X, y = binary
    check_is_fitted(Distiller(GaussianNB(), tree()).fit(X, y).classifier_)


@pytest.mark.parametrize(
    ("number", "holds"), [(1.0, True), (np.inf, False), (np.nan, False), (None, False)]
)
def test_infinity_and_nan_are_seen_beside_whole_numbers_and_text(number, holds):
    X = pd.DataFrame(
        {
            "whole": pd.array([1, 2 if number is not None else None], dtype="Int64"),
            "number": [0.5, np.nan if number is None else number],
            "text": ["a", "b"],
        }
    )
    assert holds_no_nan(X) == holds
