"""Numbers are compared as classes are: by the same code, with their own scores and siblings."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import GammaRegressor, LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistillerRegressor,
    DistillerRegressor,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
    compare_students,
)
from skdistill.evaluation import make_noisy_numbers
from skdistill.evaluation.kinds import FOR_CLASSES, FOR_NUMBERS, kind_of
from skdistill.evaluation.methods import METHODS
from skdistill.evaluation.show.report import Section, html_report

BOOSTER = HistGradientBoostingRegressor(max_iter=10, random_state=0)


def tree(**params):
    return DecisionTreeRegressor(**{"max_leaf_nodes": 16, "random_state": 0, **params})


def forest():
    return RandomForestRegressor(40, random_state=0)


@pytest.fixture(scope="module")
def numbers():
    return make_noisy_numbers(300, n_features=4, random_state=0)


@pytest.fixture(scope="module")
def comparison(numbers):
    X, y, _ = numbers
    X_test, y_test, true_mean = make_noisy_numbers(2000, n_features=4, random_state=1)
    return compare_students(
        forest(),
        {"tree": tree()},
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        true_mean=true_mean,
        cv=3,
        teacher_cv="oob",
        random_state=0,
    )


class Bare(BaseEstimator):
    def fit(self, X, y):
        return self


@pytest.mark.parametrize(
    ("teacher", "kind"),
    [
        (forest(), FOR_NUMBERS),
        (make_pipeline(StandardScaler(), LinearRegression()), FOR_NUMBERS),
        (FrozenEstimator(LinearRegression()), FOR_NUMBERS),
        (RandomForestClassifier(), FOR_CLASSES),
        (RandomForestRegressor, FOR_CLASSES),
        (Bare(), FOR_CLASSES),
        (None, FOR_CLASSES),
    ],
)
def test_the_teacher_says_what_is_compared(teacher, kind):
    assert kind_of(teacher) is kind


def test_every_way_is_that_of_its_distiller(comparison, numbers):
    X, y, _ = numbers
    assert [m.method for m in comparison.measurements] == ["teacher", *METHODS]
    shared = {"teacher": forest(), "student": tree()}
    ways = {
        "in_sample": DistillerRegressor(**shared),
        "cross_fit": CrossFitDistillerRegressor(**shared, cv="oob"),
        "corrected": LossCorrectedDistillerRegressor(**shared, cv="oob", random_state=0),
        "tuned": LossCorrectedDistillerRegressorCV(
            **shared, cv=3, teacher_cv="oob", random_state=0
        ),
    }
    for method, distiller in ways.items():
        found = comparison.regressors["tree", method].predict(X)
        assert_allclose(found, distiller.fit(X, y).predict(X), err_msg=method)
    on_labels = comparison.regressors["student on labels"].predict(X)
    assert_allclose(on_labels, tree().fit(X, y).predict(X))
    assert comparison.regressors["tree", "tuned_labels"].student.get_n_leaves() <= 16


def test_student_on_labels_is_tuned_by_squared_error(comparison):
    by_method = {m.method: m for m in comparison.measurements}
    assert by_method["tuned_labels"].excess < by_method["labels"].excess


def test_numbers_have_their_own_scores_in_all_places(comparison):
    columns = set(comparison.table.columns)
    assert columns > {"score", "rmse", "mae", "relative_excess", "fidelity_r2", "pickled_bytes"}
    assert not columns & {"log_loss", "agreement"}
    text = str(comparison)
    assert re.search(r"R² +RMSE +MAE +relative excess", text)
    assert "R² with teacher" in text
    said = " ".join(comparison.describe().split())
    assert re.search(r"has the lowest RMSE, \d\.\d{3}: ", said)
    assert re.search(r"R² 0\.\d{3} ± 0\.\d{3} below the teacher", said)
    html = comparison.to_html()
    assert "units of y" in html
    assert "log loss" not in text + html


def test_best_has_the_lowest_rmse_of_the_distilled(comparison):
    distilled = [m for m in comparison.measurements if "label" not in m.title][1:]
    assert comparison.best_key == ("tree", min(distilled, key=lambda m: m.rmse).method)
    small = comparison.under(max_size=1e9)
    assert small.best is comparison.best
    with pytest.raises(AttributeError, match="is of regressors"):
        _ = comparison.classifiers


def test_pictures_and_report_show_numbers(comparison):
    plt = pytest.importorskip("matplotlib.pyplot")
    assert comparison.plot().get_ylabel() == "R²"
    ax = comparison.plot_reliability()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mean prediction", "mean number")
    ideal = ax.get_lines()[0].get_xdata()
    curves = [m.reliability for m in comparison.measurements]
    assert ideal[1] == max(max(c.predicted.max(), c.observed.max()) for c in curves)
    page = html_report("Numbers", [Section("Noisy", "text", comparison)])
    assert "R² against prediction time" in page
    plt.close("all")


def test_real_numbers_are_held_out_by_the_way():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    found = compare_students(
        BOOSTER,
        {"tree": tree(), "line": LinearRegression()},
        X,
        y,
        methods=["labels", "cross_fit", 0.3, ("fast", 0.1)],
        scoring="neg_mean_absolute_error",
        groups=np.arange(len(y)) // 2,
        rehearse=False,
        cv=2,
        random_state=0,
    )
    assert found.n_test == 134  # 67 of 221 groups
    m = found.measurements[0]
    assert m.score == -m.mae
    assert m.excess is None
    assert found.sheet.score.title == "neg_mean_absolute_error"
    assert "relative_excess" not in found.table.columns


def test_frozen_teacher_of_numbers_is_asked_as_it_is(numbers):
    X, y, _ = numbers
    frozen = FrozenEstimator(LinearRegression().fit(X, y))
    X_test, y_test, _ = make_noisy_numbers(50, n_features=4, random_state=2)
    found = compare_students(frozen, tree(), X, y, X_test=X_test, y_test=y_test)
    assert [m.method for m in found.measurements][1:] == ["labels", "tuned_labels", "in_sample"]
    assert_array_equal(found.regressors["teacher"].predict(X), frozen.predict(X))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"students": LogisticRegression()}, "student must be a regressor"),
        ({"students": GammaRegressor()}, "learns positive numbers only"),
        ({"loss": "squared_error"}, "leave it at 'auto'"),
        ({"bayes_proba": np.ones((20, 2)) / 2}, "bayes_proba is for classes"),
        ({"true_mean": np.ones(19)}, "true_mean must hold one number per sample"),
        ({"true_mean": np.ones(20), "X_test": None, "y_test": None}, "true_mean belongs to X_test"),
        ({"y_test": np.ones(20)}, "numbers of test rows cannot be used"),
        ({"y": np.array(["a", "b"] * 150)}, "Classes are for a classifier as teacher"),
        ({"methods": [("relative", -1.0)]}, "methods holds"),
        ({"scoring": "roc_auc"}, "cannot judge a regressor"),
        ({"teacher": GradientBoostingRegressor(loss="quantile")}, "The teacher .* answers no mean"),
        (
            {"students": HistGradientBoostingRegressor(loss="absolute_error")},
            "The student .* compare_students judges by the squared error",
        ),
    ],
)
def test_what_numbers_forbid_is_told_before_any_fit(numbers, changes, message, monkeypatch):
    X, y, _ = numbers
    monkeypatch.setattr("skdistill.evaluation.plan.teach", None)  # nobody may be taught
    given = {"teacher": BOOSTER, "students": tree(), "X": X, "y": y, "X_test": X[:20]}
    with pytest.raises(ValueError, match=message):
        compare_students(**{**given, "y_test": y[:20], "cv": 3, **changes})


def test_true_mean_is_not_for_classes(numbers):
    X, y, mean = numbers
    labels = y > 0
    with pytest.raises(ValueError, match="true_mean is for numbers"):
        compare_students(
            RandomForestClassifier(), tree(), X, labels, X_test=X, y_test=labels, true_mean=mean
        )
