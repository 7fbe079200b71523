"""Measurements of fitted classifiers against the same numbers made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.tree import DecisionTreeClassifier

from skdistill._utils.parameters import LARGE_BATCH
from skdistill.evaluation import make_noisy_table
from skdistill.evaluation.measure import measurement as module
from skdistill.evaluation.measure.costs import pickled_size
from skdistill.evaluation.measure.measurement import TestRows, _blocks
from skdistill.evaluation.measure.scores import bayes_log_loss, fidelity
from skdistill.evaluation.measure.times import Timing

CLASSES = np.array(["no", "yes"])


@pytest.fixture(scope="module")
def noisy():
    X, y, bayes = make_noisy_table(300, random_state=0)
    return X, CLASSES[y], bayes


def test_measured_scores_of_labels(noisy):
    X, y, _ = noisy
    classifier = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    measured = TestRows(X, y, CLASSES).measure(classifier, "labels", student="stump")
    assert measured.score == classifier.score(X, y)
    assert_allclose(measured.score_se, np.sqrt(measured.score * (1 - measured.score) / 299))
    assert_allclose(measured.log_loss, measured.losses.mean())
    assert_allclose(measured.log_loss_se, measured.losses.std(ddof=1) / np.sqrt(300))
    assert_allclose(measured.calibration_error, measured.reliability.error)
    assert measured.excess is None
    assert measured.size == pickled_size(classifier)
    assert np.isnan(measured.row_time)
    assert not measured.is_teacher


def test_times_are_those_of_single_rows_and_of_large_batches(noisy, monkeypatch):
    X, y, _ = noisy

    def times(classifiers, X, batch=1, method=None):
        return [Timing(batch + place) for place, _ in enumerate(classifiers)]

    monkeypatch.setattr(module, "time_predictions", times)
    classifier = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    rows = TestRows(X, y, CLASSES)
    measured = [rows.measure(classifier, method) for method in ("labels", "in_sample")]
    timed = rows.time(measured, [classifier] * 2)
    assert [(m.method, m.row_time, m.batch_time) for m in timed] == [
        ("labels", 1, LARGE_BATCH),
        ("in_sample", 2, LARGE_BATCH + 1),
    ]


def test_measured_scores_under_known_probabilities_ignore_labels(noisy):
    X, y, bayes = noisy
    classifier = LogisticRegression().fit(X, y)
    measured = TestRows(X, y, CLASSES, bayes_proba=bayes).measure(classifier, "labels")
    assert_allclose(measured.log_loss - measured.excess, bayes_log_loss(bayes))
    chosen = (classifier.predict(X) == "yes").astype(int)
    assert_allclose(measured.score, bayes[np.arange(len(y)), chosen].mean())
    flipped = TestRows(X, y[::-1], CLASSES, bayes_proba=bayes).measure(classifier, "labels")
    assert flipped.log_loss == measured.log_loss


def test_fidelity_is_to_the_teacher_and_the_teacher_is_its_own(noisy):
    X, y, _ = noisy
    teacher = LogisticRegression().fit(X, y)
    student = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    rows = TestRows(X, y, CLASSES)
    proba = teacher.predict_proba(X)
    found = rows.measure(student, "labels", student="tree", teacher_answer=proba)
    expected = fidelity(proba, student.predict_proba(X))
    assert (found.agreement, found.r2_log_odds, found.kl_divergence) == expected
    itself = rows.measure(teacher, "teacher")
    assert (itself.agreement, itself.r2_log_odds, itself.kl_divergence) == (1, 1, 0)
    assert itself.is_teacher


def test_any_scorer_may_judge_and_its_error_is_that_of_blocks():
    X, y, _ = make_noisy_table(4000, random_state=0)
    classifier = LogisticRegression().fit(X, y)
    by_rows = TestRows(X, y, np.arange(2)).measure(classifier, "labels")
    scorer = get_scorer("accuracy")
    by_blocks = TestRows(X, y, np.arange(2), scorer).measure(classifier, "labels")
    assert by_blocks.score == by_rows.score
    # A standard deviation of ten numbers is off by 1 / sqrt(18), a quarter; three times that.
    assert_allclose(by_blocks.score_se, by_rows.score_se, rtol=0.75)


def grouped(n_groups=200, size=5):
    """Rows that are all but equal within their group."""
    X, y, bayes = make_noisy_table(n_groups, random_state=0)
    groups = np.repeat(np.arange(n_groups), size)
    return X[groups], y[groups], bayes[groups], groups


def test_errors_count_groups():
    """Equal rows of a group are one row."""
    X, y, bayes, groups = grouped()
    classifier = LogisticRegression().fit(X, y)
    for truth in (None, bayes):
        by_group = TestRows(X, y, np.arange(2), None, truth, groups).measure(classifier, "labels")
        one = None if truth is None else truth[::5]
        alone = TestRows(X[::5], y[::5], np.arange(2), None, one).measure(classifier, "labels")
        assert_allclose(by_group.score_se, alone.score_se)
        assert_allclose(by_group.log_loss_se, alone.log_loss_se)
        assert by_group.groups is groups


def test_blocks_hold_whole_groups_and_all_classes():
    _, y, _, groups = grouped()
    shuffled = np.random.default_rng(0).permutation(len(y))
    parts = _blocks(y[shuffled], groups[shuffled])
    assert len(parts) == 10
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(y)))
    held = [set(groups[shuffled][part]) for part in parts]
    assert sum(map(len, held)) == len(np.unique(groups))
    assert all(len(np.unique(y[shuffled][part])) == 2 for part in parts)


def test_error_of_any_scorer_counts_groups():
    X, y, _, groups = grouped(n_groups=800)
    classifier, scorer = LogisticRegression().fit(X, y), get_scorer("accuracy")
    by_groups = TestRows(X, y, np.arange(2), groups=groups).measure(classifier, "labels")
    by_blocks = TestRows(X, y, np.arange(2), scorer, groups=groups).measure(classifier, "labels")
    # As for rows: ten blocks are off by a quarter; three times that.
    assert_allclose(by_blocks.score_se, by_groups.score_se, rtol=0.75)


def test_class_of_a_single_group_leaves_the_error_unknown():
    y, groups = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 1, 2, 3, 3, 3])
    assert _blocks(y, groups) == []
    assert len(_blocks(y, None)) == 3


def test_error_is_unknown_where_a_class_has_one_row():
    X, y = np.arange(6.0)[:, None], np.array([0, 0, 0, 0, 0, 1])
    classifier = LogisticRegression().fit(X, y)
    rows = TestRows(X, y, np.arange(2), get_scorer("roc_auc"))
    measured = rows.measure(classifier, "labels")
    assert measured.score == 1.0
    assert np.isnan(measured.score_se)


def test_note_is_part_of_the_title(noisy):
    X, y, _ = noisy
    classifier = LogisticRegression().fit(X, y)
    measured = TestRows(X, y, CLASSES).measure(classifier, "tuned", student="a", note="blend")
    assert measured.title == "distilled, tuned (blend)"


def test_classes_of_two_rows_make_two_blocks():
    y = np.array([0, 0, 1, 1, 1, 1])
    first, second = _blocks(y, None)
    assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(6))
    assert set(y[first]) == set(y[second]) == {0, 1}
    assert _blocks(np.array([0, 1, 1, 1]), None) == []
