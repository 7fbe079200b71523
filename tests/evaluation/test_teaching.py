"""Teachers answer about a part from that part alone."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from skdistill.evaluation import make_noisy_table
from skdistill.evaluation.methods import METHODS, parse_methods
from skdistill.evaluation.teaching import (
    as_answers,
    as_seed,
    ask_outside,
    check_askable,
    outside_source,
    teach,
)
from skdistill.rows import check

STUMP = DecisionTreeClassifier(max_depth=2, random_state=0)


@pytest.fixture(scope="module")
def rows():
    X, y, _ = make_noisy_table(200, random_state=0)
    return check(X, y)


def test_answers_from_outside_are_out_of_fold_within_each_part(rows):
    parts = [np.arange(0, 100), np.arange(50, 200)]
    source = outside_source(4, seed=3, n_jobs=None)
    found = [ask_outside(STUMP, rows.take(part), source) for part in parts]
    for part, answers in zip(parts, found, strict=True):
        proba, folds = answers.out, answers.splits
        cv = StratifiedKFold(4, shuffle=True, random_state=3)
        expected = cross_val_predict(
            STUMP, rows.X[part], rows.y[part], cv=cv, method="predict_proba"
        )
        assert_array_equal(proba, expected)
        assert_array_equal(
            np.sort(np.concatenate([test for _, test in folds])), np.arange(len(part))
        )


def test_teacher_is_fitted_on_its_part(rows):
    part = np.arange(30, 130)
    taught = teach(STUMP, rows.take(part))
    expected = DecisionTreeClassifier(max_depth=2, random_state=0).fit(rows.X[part], rows.y[part])
    assert_array_equal(taught.inside, expected.predict_proba(rows.X[part]))
    assert taught.outside is None
    assert 0 < taught.fit_seconds <= taught.asked_seconds


def test_bag_answers_from_inside_and_outside_after_one_fit(rows):
    forest = RandomForestClassifier(50, random_state=0)
    taught = teach(forest, rows, outside_source("oob", seed=0, n_jobs=None))
    alone = RandomForestClassifier(50, oob_score=True, random_state=0).fit(rows.X, rows.y)
    assert_array_equal(taught.outside, alone.oob_decision_function_)
    assert_array_equal(taught.inside, alone.predict_proba(rows.X))
    answers = as_answers(taught, None)
    assert answers.out is taught.outside
    assert answers.inside is taught.inside


def test_frozen_teacher_is_asked_and_not_fitted(rows):
    frozen = FrozenEstimator(DecisionTreeClassifier(max_depth=1).fit(rows.X, rows.y))
    taught = teach(frozen, rows.take(np.arange(20)))
    assert_array_equal(taught.inside, frozen.predict_proba(rows.X[:20]))


def test_frozen_teacher_cannot_be_asked_from_outside(rows):
    frozen = FrozenEstimator(DecisionTreeClassifier().fit(rows.X, rows.y))
    check_askable(frozen, parse_methods(["labels", "in_sample"], METHODS), None)
    with pytest.raises(ValueError, match=r"as the methods \['cross_fit'\] need"):
        check_askable(frozen, parse_methods(["labels", "cross_fit"], METHODS), None)


def test_seeds_stay_as_they_are_and_generators_give_one():
    assert as_seed(7) == 7
    assert as_seed(np.random.RandomState(0)) == as_seed(np.random.RandomState(0))
    assert isinstance(as_seed(None), int)
