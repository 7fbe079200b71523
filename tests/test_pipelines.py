"""What a Pipeline ends in, and who gets the weights."""

import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill._pipelines import address_weights, last_step, split_params, weight_keyword


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
