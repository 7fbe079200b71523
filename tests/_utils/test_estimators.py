"""What a Pipeline ends in, and who gets the weights."""

import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skdistill._utils.estimators import (
    address_weights,
    is_frozen,
    last_step,
    predicts_proba,
    split_params,
    weight_keyword,
    weights_of,
)


def test_last_step_of_nested_pipelines():
    bayes = GaussianNB()
    assert last_step(make_pipeline(StandardScaler(), make_pipeline(bayes))) is bayes
    assert last_step(bayes) is bayes


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (GaussianNB(), "sample_weight"),
        (LinearDiscriminantAnalysis(), None),
        (make_pipeline(StandardScaler(), GaussianNB()), "gaussiannb__sample_weight"),
        (
            make_pipeline(StandardScaler(), make_pipeline(GaussianNB())),
            "pipeline__gaussiannb__sample_weight",
        ),
        (make_pipeline(GaussianNB(), KNeighborsClassifier()), None),
        (GridSearchCV(GaussianNB(), {}), "sample_weight"),
        (GridSearchCV(KNeighborsClassifier(), {}), None),
        (
            GridSearchCV(make_pipeline(StandardScaler(), GaussianNB()), {}),
            "gaussiannb__sample_weight",
        ),
        (object(), None),
        (CalibratedClassifierCV(GaussianNB()), "sample_weight"),
        (CalibratedClassifierCV(KNeighborsClassifier()), None),
        (CalibratedClassifierCV(make_pipeline(StandardScaler(), GaussianNB())), None),
        (VotingClassifier([("a", GaussianNB()), ("b", GaussianNB())]), "sample_weight"),
        (VotingClassifier([("a", GaussianNB()), ("b", KNeighborsClassifier())]), None),
        (BaggingClassifier(GaussianNB()), "sample_weight"),
        (TransformedTargetRegressor(KNeighborsRegressor()), None),
        (TransformedTargetRegressor(Ridge()), "sample_weight"),
        (MultiOutputRegressor(KNeighborsRegressor()), None),
    ],
)
def test_keyword_of_weights(estimator, expected):
    assert weight_keyword(estimator) == expected


def test_weights_are_named_for_the_step_that_takes_them():
    params = address_weights(
        make_pipeline(StandardScaler(), GaussianNB()), {"sample_weight": 1, "other": 2}
    )
    assert params == {"gaussiannb__sample_weight": 1, "other": 2}


def test_without_routing_weights_are_the_last_steps():
    pipeline = make_pipeline(StandardScaler(), GaussianNB())
    assert split_params(pipeline, {"sample_weight": 1}) == ({}, {"sample_weight": 1})


def weighted(estimator, weights):
    return estimator.set_fit_request(sample_weight=weights)


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(),
        make_pipeline(Ridge()),
        make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), Ridge())),
    ],
)
def test_without_routing_weights_are_what_the_last_step_fits_with(estimator):
    assert weights_of(estimator, {"sample_weight": 1}) == 1
    assert weights_of(estimator, {}) is None


@pytest.mark.parametrize(
    ("ask", "params", "expected"),
    [
        (True, {"sample_weight": 1, "w": 2}, 1),
        ("w", {"sample_weight": 1, "w": 2}, 2),
        ("w", {"sample_weight": 1}, None),
        (False, {"sample_weight": 1, "w": 2}, None),
        (True, {}, None),
    ],
)
@pytest.mark.parametrize("depth", [1, 2])
def test_with_routing_weights_of_a_pipeline_bear_the_name_that_its_last_step_asks_for(
    ask, params, expected, depth
):
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = weighted(Ridge(), ask)
        for _ in range(depth):
            estimator = make_pipeline(weighted(StandardScaler(), True), estimator)
        assert weights_of(estimator, params) == expected


def test_with_routing_weights_come_to_an_estimator_alone_by_its_own_name():
    with sklearn.config_context(enable_metadata_routing=True):
        assert weights_of(weighted(Ridge(), "w"), {"sample_weight": 1}) == 1


def test_frozen_at_the_end_of_a_pipeline_is_frozen():
    frozen = FrozenEstimator(GaussianNB().fit([[0], [1]], [0, 1]))
    assert is_frozen(frozen)
    assert is_frozen(make_pipeline("passthrough", frozen))
    assert not is_frozen(make_pipeline(FrozenEstimator(StandardScaler().fit([[0], [1]])), Ridge()))


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (GaussianNB(), True),
        (LinearSVC(), False),
        (make_pipeline(StandardScaler(), LinearSVC()), False),
        (StackingClassifier([("a", GaussianNB())]), True),
        (StackingClassifier([("a", GaussianNB())], final_estimator=LinearSVC()), False),
        (StackingClassifier([("a", GaussianNB())], LogisticRegression()), True),
    ],
)
def test_what_will_predict_probabilities(estimator, expected):
    assert predicts_proba(estimator) == expected
