"""Where teacher probabilities come from."""

import traceback

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from skdistill import CrossFitDistiller, rows
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources import Folds, Frozen, InSample, Teacher, ask, settle


def split(X, y, cv, random_state=None, split_params=None):
    return Folds(cv, random_state).split(rows.check(X, y), split_params)


def cross_fit(teacher, X, y, classes, params, splits, n_jobs=None, keep_teachers=False):
    codes = np.searchsorted(classes, y)
    answers = Folds(splits, n_jobs=n_jobs).ask(
        Teacher(teacher, params), Rows(X, y, Classes(classes), codes), splits, keep=keep_teachers
    )
    return answers.out, list(answers.teachers)


def in_sample(teacher, X, y, classes, params):
    source = settle(InSample(), teacher)
    assert isinstance(source, Frozen) == isinstance(teacher, FrozenEstimator)
    found = Rows(X, y, Classes(classes), np.searchsorted(classes, y))
    answers = source.ask(Teacher(teacher, params), found, keep=True)
    return answers.out, answers.teachers


def test_number_of_folds_means_shuffled_stratified_folds(binary):
    X, y = binary
    ours = split(X, y, 4, random_state=3)
    theirs = StratifiedKFold(4, shuffle=True, random_state=3).split(X, y)
    for (train, test), (their_train, their_test) in zip(ours, theirs, strict=True):
        assert_array_equal(train, their_train)
        assert_array_equal(test, their_test)


def test_out_of_fold_probabilities_are_those_of_cross_val_predict(three_classes):
    X, y = three_classes
    splits = split(X, y, StratifiedKFold(5))
    proba, teachers = cross_fit(GaussianNB(), X, y, np.unique(y), {}, splits)
    expected = cross_val_predict(GaussianNB(), X, y, cv=StratifiedKFold(5), method="predict_proba")
    assert_array_equal(proba, expected)
    assert teachers == []


def test_out_of_fold_probability_ignores_own_label(binary):
    X, y = binary
    splits = split(X, y, KFold(5, shuffle=True, random_state=0))
    changed = y.copy()
    changed[17] = "malignant" if y[17] == "benign" else "benign"
    teacher = DecisionTreeClassifier(random_state=0)
    before, after = (
        cross_fit(teacher, X, labels, np.unique(y), {}, splits)[0] for labels in (y, changed)
    )
    own_fold = next(test for _, test in splits if 17 in test)
    assert_array_equal(before[own_fold], after[own_fold])
    assert (before != after).any()


def test_in_sample_probability_knows_its_own_label(binary):
    X, y = binary
    changed = y.copy()
    changed[17] = "malignant" if y[17] == "benign" else "benign"
    teacher = DecisionTreeClassifier(random_state=0)
    before, after = (in_sample(teacher, X, labels, np.unique(y), {})[0] for labels in (y, changed))
    assert_allclose(before[17], 1 - after[17])


def test_class_missing_from_a_training_part_has_probability_zero(three_classes):
    X, y = three_classes
    fold = np.where(y == 7, 0, np.arange(len(y)) % 2 + 1)
    with pytest.warns(
        UserWarning, match="Fold 1 of 3 trains on no row of class 7: the model of that fold"
    ):
        splits = split(X, y, PredefinedSplit(fold))
    proba, _ = cross_fit(GaussianNB(), X, y, np.unique(y), {}, splits)
    assert_array_equal(proba[y == 7, 1], 0)
    assert_allclose(proba.sum(axis=1), 1)
    assert (proba[y == 20, 2] > 0.5).mean() > 0.9


def test_weights_of_classes_stay_theirs_in_a_fold_that_lacks_one(three_classes):
    X, y = three_classes
    part = y != 7
    splits = [(np.flatnonzero(part), np.flatnonzero(~part)), (np.flatnonzero(~part), [])]
    for weights, left in [({7: 10.0}, None), ({7: 10.0, 20: 5.0}, {20: 5.0})]:
        teacher = LogisticRegression(class_weight=weights)
        proba, _ = cross_fit(teacher, X, y, np.unique(y), {}, splits[:1])
        alone = LogisticRegression(class_weight=left).fit(X[part], y[part])
        assert_allclose(proba[~part][:, [0, 2]], alone.predict_proba(X[~part]), atol=1e-6)


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_weights_of_no_class_are_refused(binary, role):
    X, y = binary
    members = {"teacher": GaussianNB(), "student": DecisionTreeClassifier(max_depth=2)}
    members[role] = LogisticRegression(class_weight={0: 1.0, 1: 10.0})
    with pytest.raises(ValueError, match=f"The {role} LogisticRegression.*not in class_weight"):
        CrossFitDistiller(**members).fit(X, y)


def test_frozen_teacher_is_asked_and_not_fitted(binary):
    X, y = binary
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(X[:300], y[:300])
    proba, _ = in_sample(FrozenEstimator(fitted), X, y, np.unique(y), {})
    assert_array_equal(proba, fitted.predict_proba(X))


def test_frozen_teacher_with_fewer_classes_gives_zeros(three_classes):
    X, y = three_classes
    fitted = GaussianNB().fit(X[y != 7], y[y != 7])
    proba, _ = in_sample(FrozenEstimator(fitted), X, y, np.unique(y), {})
    assert_array_equal(proba[:, 1], 0)
    assert_array_equal(proba[:, [0, 2]], fitted.predict_proba(X))


def test_frozen_teacher_with_more_classes_is_refused(three_classes):
    X, y = three_classes
    fitted = FrozenEstimator(GaussianNB().fit(X, y))
    with pytest.raises(ValueError, match=r"knows classes that y does not hold: \[7\]"):
        in_sample(fitted, X, y, np.array([3, 20]), {})


def test_weights_and_other_row_parameters_are_sliced_with_the_rows(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    splits = split(X, y, 3, random_state=0)
    proba, _ = cross_fit(GaussianNB(), X, y, np.unique(y), {"sample_weight": weight}, splits)
    for train, test in splits:
        by_hand = GaussianNB().fit(X[train], y[train], sample_weight=weight[train])
        assert_array_equal(proba[test], by_hand.predict_proba(X[test]))


def test_weights_reach_the_last_step_of_a_pipeline(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    teacher = make_pipeline(StandardScaler(), GaussianNB())
    proba, _ = in_sample(teacher, X, y, np.unique(y), {"sample_weight": weight})
    by_hand = clone(teacher).fit(X, y, gaussiannb__sample_weight=weight)
    assert_array_equal(proba, by_hand.predict_proba(X))


def test_groups_stay_together():
    X, y = np.arange(40.0)[:, None], np.arange(40) % 2
    groups = np.repeat(np.arange(8), 5)
    for train, test in split(X, y, GroupKFold(4), split_params={"groups": groups}):
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_teachers_are_kept_only_on_demand(binary, n_jobs):
    X, y = binary
    splits = split(X, y, 3, random_state=0)
    proba, teachers = cross_fit(
        GaussianNB(), X, y, np.unique(y), {}, splits, n_jobs=n_jobs, keep_teachers=True
    )
    for (_, test), teacher in zip(splits, teachers, strict=True):
        assert_array_equal(proba[test], teacher.predict_proba(X[test]))


def test_boolean_masks_are_splits(binary):
    X, y = binary
    half = np.arange(len(y)) % 2 == 0
    (train, test), _ = split(X, y, [(half, ~half), (~half, half)])
    assert_array_equal(train, np.flatnonzero(half))
    assert_array_equal(test, np.flatnonzero(~half))


ROWS = np.arange(30)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (1, "cv must be at least 2 folds, found 1"),
        (0, "cv must be at least 2 folds"),
        (True, "cv must be a number of folds, a splitter or an iterable"),
        (2.5, "cv must be a number of folds, a splitter or an iterable"),
        ("prefit", "cv must be a number of folds, a splitter or an iterable"),
        (None, "cv must be a number of folds, a splitter or an iterable"),
        (11, "cv=11 folds need at least 11 rows of each class, but class 'b' has 10"),
        (ShuffleSplit(3, random_state=0), "cv must predict every row exactly once"),
        ([], "cv must predict every row exactly once: 30 rows are never"),
        ([(ROWS[:20], ROWS[20:])], "20 rows are never predicted, 0 more than once"),
        ([(ROWS[:15], ROWS[10:]), (ROWS[15:], ROWS[:15])], "0 rows are never.*5 more than once"),
        ([(ROWS, ROWS)], "cv must train on other rows than it predicts; fold 1"),
        ([(ROWS[:0], ROWS)], "cv must train on other rows than it predicts; fold 1"),
        (
            [(ROWS[:15], ROWS[15:]), (ROWS[15:], ROWS[:15]), (ROWS, ROWS[:0])],
            "cv must predict rows in each fold; fold 3 predicts none",
        ),
        ([ROWS], "cv must give pairs"),
        ([(ROWS[:15], ROWS[15:] + 1), (ROWS[15:], ROWS[:15])], "row numbers from 0 to 29"),
        ([(ROWS[:15] / 2, ROWS[15:])], "cv must give row numbers"),
    ],
)
def test_bad_folds_are_refused(cv, message):
    y = np.array(["a"] * 20 + ["b"] * 10)
    with pytest.raises(ValueError, match=message):
        split(ROWS[:, None], y, cv)


class FailsOnRow17(ClassifierMixin, BaseEstimator):
    """A teacher that fails where it is trained on a certain row."""

    def __init__(self, error=ValueError):
        self.error = error

    def fit(self, X, y):
        if 17 in X:
            raise self.error("row 17 is too much")
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize(
    ("error", "kind"), [(ValueError, ValueError), (TypeError, TypeError), (OSError, RuntimeError)]
)
def test_failing_fold_is_named_and_keeps_its_cause(n_jobs, error, kind):
    X, y = ROWS[:, None], ROWS % 2
    splits = split(X, y, [(ROWS[:15], ROWS[15:]), (ROWS[15:], ROWS[:15])])
    with pytest.raises(kind, match="teacher failed in fold 2 of 2.*row 17") as caught:
        cross_fit(FailsOnRow17(error), X, y, np.unique(y), {}, splits, n_jobs=n_jobs)
    assert type(caught.value.__cause__) is error
    assert "in fit" in "".join(traceback.format_exception(caught.value))


class AnswersNan(FailsOnRow17):
    """A teacher whose probabilities are not."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)


def test_teacher_that_answers_nan_is_refused():
    with pytest.raises(ValueError, match="returned NaN"):
        in_sample(AnswersNan(), ROWS[:, None], ROWS % 2, np.array([0, 1]), {})


def test_frames_reach_the_teacher_as_frames():
    X = pd.DataFrame({"a": ROWS.astype(float), "b": ROWS % 3})
    y = ROWS % 2
    proba, teachers = cross_fit(
        GaussianNB(), X, y, np.unique(y), {}, split(X, y, 2, random_state=0), keep_teachers=True
    )
    assert proba.shape == (30, 2)
    assert [list(teacher.feature_names_in_) for teacher in teachers] == [["a", "b"]] * 2


def test_nothing_is_kept_or_asked_from_inside_unless_it_is_wanted():
    X, y = np.arange(30.0)[:, None], np.arange(30) % 2
    source, found = Folds(3, 0), rows.check(X, y)
    answers = source.ask(Teacher(GaussianNB()), found, source.split(found))
    assert answers.inside is None
    assert len(answers.teachers) == 0


def test_answers_from_inside_and_teachers_are_had_for_the_asking(three_classes):
    source, found = Folds(3, 0), rows.check(*three_classes)
    plain = ask(source, Teacher(GaussianNB()), found)
    assert plain.inside is None
    assert len(plain.teachers) == 0
    full = ask(source, Teacher(GaussianNB()), found, inside=True, keep=True)
    assert_array_equal(full.out, plain.out)
    assert_array_equal(full.inside, GaussianNB().fit(*three_classes).predict_proba(found.X))
    assert len(full.teachers) == 3
