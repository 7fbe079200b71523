"""Scores by hand, against scikit-learn's where it has them, and in expectation over labels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss
from sklearn.tree import DecisionTreeClassifier

from skdistill.evaluation import make_noisy_table, neg_log_loss_floored
from skdistill.evaluation.measure.scores import (
    PROBA_FLOOR,
    bayes_log_loss,
    brier_score,
    excess_log_loss,
    fidelity,
    floored,
    hits,
    log_losses,
    mean_and_error,
    onehot,
    probabilities,
    reliability,
)


@pytest.fixture(scope="module")
def noisy():
    return make_noisy_table(300, random_state=0)


def random_proba(n_samples, n_classes, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), n_samples)


# ---- how right -------------------------------------------------------------------------------


def test_log_loss_floors_probabilities_at_one_in_500():
    sure_and_wrong = log_losses([[1.0, 0.0]], [[0.0, 1.0]])
    assert PROBA_FLOOR == 1 / 500
    assert_allclose(sure_and_wrong, -np.log(PROBA_FLOOR / (1 + PROBA_FLOOR)))


def test_log_loss_is_scikit_learns_of_floored_probabilities():
    proba, y = random_proba(50, 3), np.arange(50) % 3
    truth = onehot(y, np.arange(3))
    assert_allclose(log_losses(truth, proba).mean(), log_loss(y, floored(proba)))


@pytest.mark.parametrize("score", [log_losses, hits])
def test_score_against_bayes_probabilities_is_the_expected_score(score):
    bayes, proba = np.array([[0.3, 0.7]]), np.array([[0.4, 0.6]])
    by_label = [score([label], proba)[0] for label in np.eye(2)]
    assert_allclose(score(bayes, proba), bayes[0] @ by_label)


def test_expected_brier_score_is_the_mean_over_labels():
    bayes, proba = random_proba(20, 3, seed=1), random_proba(20, 3, seed=2)
    by_label = [[brier_score([label], [p]) for label in np.eye(3)] for p in proba]
    assert_allclose(brier_score(bayes, proba), (bayes * by_label).sum(axis=1).mean())


def test_brier_score_of_several_classes_is_the_squared_distance():
    proba, truth = random_proba(20, 3), np.eye(3)[np.arange(20) % 3]
    assert_allclose(brier_score(truth, proba), ((proba - truth) ** 2).sum(axis=1).mean())


def test_brier_score_of_two_classes_is_scikit_learns():
    proba, y = random_proba(50, 2), np.array(["no", "yes"])[np.arange(50) % 2]
    truth = onehot(y, np.array(["no", "yes"]))
    expected = brier_score_loss(y, proba[:, 1], pos_label="yes")
    assert_allclose(brier_score(truth, proba), expected)


def test_hits_are_the_accuracy():
    proba, y = random_proba(50, 4), np.arange(50) % 4
    expected = accuracy_score(y, proba.argmax(axis=1))
    assert_allclose(hits(onehot(y, np.arange(4)), proba).mean(), expected)


def test_bayes_probabilities_have_no_excess_and_others_have(noisy):
    _, _, bayes = noisy
    floored_only = excess_log_loss(bayes, bayes)
    assert 0 <= floored_only < 1e-3
    assert excess_log_loss(bayes, np.full_like(bayes, 0.5)) > 0.1


def test_bayes_risk_of_certain_labels_is_zero():
    assert bayes_log_loss(np.eye(3)) == 0


def test_scorer_is_minus_the_floored_log_loss(noisy):
    X, y, _ = noisy
    labels = np.array(["no", "yes"])[y]
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, labels)
    expected = log_loss(labels, floored(model.predict_proba(X)))
    assert_allclose(neg_log_loss_floored(model, X, labels), -expected)


def test_class_that_the_classifier_does_not_know_costs_as_much_as_certainty_of_another():
    X = np.arange(6.0)[:, None]
    model = DecisionTreeClassifier(random_state=0).fit(X[:4], ["a", "a", "b", "b"])
    certain = neg_log_loss_floored(model, X[:1], ["b"])
    assert neg_log_loss_floored(model, X, ["a", "a", "b", "b", "c", "c"]) == pytest.approx(
        (4 * neg_log_loss_floored(model, X[:1], ["a"]) + 2 * certain) / 6
    )
    with pytest.raises(ValueError, match=r"no label that the classifier knows.*'a', 'b'"):
        neg_log_loss_floored(model, X[:2], [0, 1])


def test_mean_has_the_standard_error_of_a_mean():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    mean, error = mean_and_error(values)
    assert mean == 2.5
    assert_allclose(error, np.std(values, ddof=1) / 2)
    assert np.isnan(mean_and_error(values[:1])[1])


def test_each_row_its_own_group_is_as_if_there_were_none():
    values = np.random.default_rng(0).normal(size=9)
    assert_allclose(mean_and_error(values, list("abcdefghi")), mean_and_error(values))
    assert np.isnan(mean_and_error(values, np.zeros(9))[1])


def test_groups_of_one_size_have_the_error_of_the_mean_of_their_means():
    values, groups = np.random.default_rng(0).normal(size=12), np.tile([3, 1, 2, 9], 3)
    means = [values[groups == g].mean() for g in np.unique(groups)]
    assert_allclose(mean_and_error(values, groups), mean_and_error(np.array(means)))


def test_error_by_groups_is_the_spread_of_means_over_draws():
    """Groups of 1 to 9 rows that share most of what they have, 40 of them, drawn 1,000 times."""
    rng, n_draws, n_groups = np.random.default_rng(0), 1_000, 40
    found = []
    for _ in range(n_draws):
        groups = np.repeat(np.arange(n_groups), rng.integers(1, 10, n_groups))
        values = rng.normal(size=n_groups)[groups] + 0.3 * rng.normal(size=len(groups))
        found.append([*mean_and_error(values, groups), mean_and_error(values)[1]])
    means, errors, errors_of_rows = np.transpose(found)
    # A standard deviation of n numbers is off by 1 / sqrt(2 n); three times that, and the error
    # itself falls short by about 1 / n_groups.
    tolerance = 3 / np.sqrt(2 * n_draws) + 1 / n_groups
    assert_allclose(errors.mean(), means.std(ddof=1), rtol=tolerance)
    assert errors_of_rows.mean() < 0.6 * means.std(ddof=1)


def test_probabilities_come_in_the_order_of_all_classes(noisy):
    X, y, _ = noisy
    model = LogisticRegression().fit(X, y + 1)
    proba = probabilities(model, X[:3], np.array([0, 1, 2]))
    assert_allclose(proba[:, 1:], model.predict_proba(X[:3]))
    assert (proba[:, 0] == 0).all()


# ---- how calibrated --------------------------------------------------------------------------


def test_reliability_of_two_classes_is_scikit_learns_calibration_curve():
    proba = random_proba(237, 2)
    y = (np.random.default_rng(1).random(237) < proba[:, 1]).astype(int)
    curve = reliability(onehot(y, np.arange(2)), proba, n_bins=7)
    observed, predicted = calibration_curve(y, proba[:, 1], n_bins=7, strategy="quantile")
    assert_allclose(curve.observed, observed)
    assert_allclose(curve.predicted, predicted)
    assert curve.n_rows.sum() == 237


def test_reliability_of_several_classes_is_about_the_most_probable_one():
    proba = np.array([[0.7, 0.2, 0.1]] * 4)
    curve = reliability(onehot([0, 0, 1, 2], np.arange(3)), proba)
    assert_allclose(curve.predicted, 0.7)
    assert_allclose(curve.observed, 0.5)
    assert_allclose(curve.error, 0.2)


def test_calibration_error_weighs_bins_by_their_rows():
    proba = np.array([[0.9, 0.1]] * 30 + [[0.2, 0.8]] * 10)
    truth = onehot([0] * 30 + [1] * 10, np.arange(2))
    assert_allclose(reliability(truth, proba, n_bins=2).error, (30 * 0.1 + 10 * 0.2) / 40)


def test_bayes_probabilities_are_calibrated_up_to_the_noise_of_labels():
    _, y, bayes = make_noisy_table(20_000, random_state=0)
    curve = reliability(onehot(y, np.arange(2)), bayes)
    errors = np.sqrt(curve.predicted * (1 - curve.predicted) / curve.n_rows)
    # The mean of ten half-normal distances has an expectation of .8 and a spread of .2 errors.
    assert curve.error < 1.6 * errors.mean()
    assert reliability(bayes, bayes).error < 1e-12


# ---- how close to the teacher ----------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 4])
def test_teacher_is_faithful_to_itself(n_classes):
    proba = random_proba(30, n_classes)
    assert fidelity(proba, proba) == (1.0, 1.0, 0.0)


def test_r2_is_that_of_the_log_odds():
    teacher, student = random_proba(40, 2, seed=1), random_proba(40, 2, seed=2)
    t, s = (np.log(floored(p)[:, 1] / floored(p)[:, 0]) for p in (teacher, student))
    expected = 1 - ((t - s) ** 2).sum() / ((t - t.mean()) ** 2).sum()
    assert_allclose(fidelity(teacher, student).r2_log_odds, expected)


def test_divergence_is_from_the_teacher_to_the_student():
    teacher, student = np.array([[0.5, 0.5]] * 2), np.array([[0.9, 0.1]] * 2)
    expected = 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)
    assert_allclose(fidelity(teacher, student).kl_divergence, expected, rtol=1e-6)
    assert fidelity(teacher, student).agreement == 1.0


def test_certain_students_have_a_finite_divergence():
    teacher, student = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert np.isfinite(fidelity(teacher, student)).all()
