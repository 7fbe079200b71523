"""Weights that name labels name codes where labels are codes, and never other labels."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline

from skdistill._utils.class_codes import class_weights_by_code, labels_learned

KNOWN = np.array([1, 2, 3])


def weighing(weights):
    return LogisticRegression(class_weight=weights)


@pytest.mark.parametrize(
    ("given", "by_code"),
    [
        ({1: 2.0, 2: 3.0, 3: 4.0}, {0: 3.0, 1: 4.0}),
        ({3: 4.0}, {1: 4.0}),
        ({1: 2.0}, {}),
    ],
)
def test_labels_become_codes_and_absent_ones_go(given, by_code):
    found = class_weights_by_code(weighing(given), KNOWN, KNOWN[1:])
    assert found == {"class_weight": by_code}
    piped = make_pipeline(weighing(given))
    found = class_weights_by_code(piped, KNOWN, KNOWN[1:])
    assert found == {"logisticregression__class_weight": by_code}


@pytest.mark.parametrize("weights", [None, "balanced"])
def test_weights_that_name_no_label_stay(weights):
    assert class_weights_by_code(weighing(weights), KNOWN, KNOWN) == {}


@pytest.mark.parametrize(
    "estimator",
    [
        weighing({0: 1.0, 1: 10.0}),
        GridSearchCV(LogisticRegression(), {"class_weight": [{1: 2.0}, {1: 4.0}]}),
        RandomizedSearchCV(
            make_pipeline(LogisticRegression()), {"logisticregression__class_weight": [{1: 2.0}]}
        ),
    ],
    ids=["another label", "grid", "distributions"],
)
def test_what_would_weigh_another_class_is_refused(estimator):
    assert class_weights_by_code(estimator, KNOWN, KNOWN) is None


def test_a_classifier_tells_by_what_it_was_called():
    X = np.zeros((3, 1))
    to_labels, to_codes = (DummyClassifier().fit(X, y) for y in (KNOWN, np.arange(3)))
    lacking = DummyClassifier().fit(X, [1, 3, 3])
    for fitted, expected in [(to_labels, KNOWN), (to_codes, np.arange(3)), (lacking, KNOWN)]:
        assert_array_equal(labels_learned(fitted, KNOWN), expected)
