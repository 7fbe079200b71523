"""Where answers come from inside the parts of a search."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import LossCorrectedDistillerCV
from skdistill.rows import check
from skdistill.sources import Folds, Teacher, ask_parts
from skdistill.sources.search import LeaveTwoOut, WithinParts, splits_within

from ..conftest import noisy


def thirds(n_samples=90):
    folds = np.array_split(np.arange(n_samples), 3)
    return [(np.setdiff1d(np.arange(n_samples), test), test) for test in folds]


def test_in_sample_answers_about_all_rows_are_the_mean_of_the_teachers_that_saw_a_row():
    X, y, _ = noisy(90, seed=0)
    folds, rows = thirds(), check(X, y)
    source = LeaveTwoOut()
    splits = source.split(rows, folds)
    *parts, whole = source.ask(Teacher(GaussianNB()), rows, folds, splits, inside=True)
    by_fold = [GaussianNB().fit(X[train], y[train]).predict_proba(X) for train, _ in folds]
    # With three folds each row is seen by two teachers.
    for k, (_, test) in enumerate(folds):
        others = [by_fold[j][test] for j in range(3) if j != k]
        assert_allclose(whole.inside[test], np.mean(others, axis=0))
        assert_allclose(whole.out[test], by_fold[k][test])
        assert_allclose(parts[k].inside, by_fold[k][folds[k][0]])


def test_folds_are_told_in_numbers_of_the_part_the_first_row_too():
    part = np.array([0, 2, 3, 5])
    folds = [(np.array([0, 1, 2]), np.array([3, 4, 5])), (np.array([3, 4, 5]), np.array([0, 1, 2]))]
    (first, second) = splits_within(folds, part, 6)
    assert_array_equal(first[0], [0, 1])
    assert_array_equal(first[1], [2, 3])
    assert_array_equal(second[0], [2, 3])
    assert_array_equal(second[1], [0, 1])
    # A fold without a row in the part is none.
    assert len(splits_within(folds, np.array([0, 1]), 6)) == 1


def test_two_folds_are_enough_where_parts_have_folds_of_their_own():
    X, y, _ = noisy(80, seed=0)
    student = DecisionTreeRegressor(max_depth=2)
    model = LossCorrectedDistillerCV(GaussianNB(), student, cv=2, teacher_cv=3, random_state=0)
    assert model.fit(X, y).n_features_in_ == 5
    with pytest.raises(ValueError, match="at least 3"):
        model.set_params(teacher_cv=None).fit(X, y)
    unseen = model.set_params(teacher_cv="unseen", candidates=["labels", "cross_fit"])
    results = unseen.fit(X, y, teacher_proba=np.full((80, 2), 0.5)).cv_results_
    assert "split1_test_score" in results
    assert "split2_test_score" not in results


def test_frozen_teachers_said_to_have_seen_no_label_are_looked_at():
    X, y, _ = noisy(400, seed=0)
    forest = FrozenEstimator(RandomForestClassifier(30, random_state=0).fit(X, y))
    student = DecisionTreeRegressor(max_depth=2)
    model = LossCorrectedDistillerCV(
        forest, student, cv=2, teacher_cv="unseen", candidates=["cross_fit"], random_state=0
    )
    with pytest.warns(UserWarning, match="a teacher that saw these very labels"):
        model.fit(X, y)


@pytest.mark.parametrize("source", [LeaveTwoOut(), WithinParts(Folds(2, 0))])
def test_a_search_that_wants_no_answers_from_inside_gets_none(source):
    X, y, _ = noisy(90, seed=0)
    found = ask_parts(source, Teacher(GaussianNB()), check(X, y), thirds())
    assert [answers.inside for answers in found] == [None] * 4
