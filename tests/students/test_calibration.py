"""The sigmoid on a student's probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from skdistill.students.calibration import Calibration, fit_calibration


def distorted(n_classes, n_samples=20_000, slope=2.0, seed=0):
    """Return true probabilities, labels drawn from them, and a student that is too sure."""
    rng = np.random.default_rng(seed)
    proba = softmax(rng.normal(size=(n_samples, n_classes)), axis=1)
    codes = (proba.cumsum(axis=1) < rng.random((n_samples, 1))).sum(axis=1)
    shift = np.linspace(0, 0.5, n_classes)
    return proba, codes, softmax(slope * np.log(proba) + shift, axis=1)


def log_loss(proba, codes):
    return -np.log(proba[np.arange(len(codes)), codes]).mean()


@pytest.mark.parametrize("slope", [0.5, 2])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_are_mixed_with_a_little_of_everything_and_put_through_the_formula(
    n_classes, slope
):
    """softmax(a log q + b) is e^b q^a, normalised, with q = (1 − K/500) p + 1/500."""
    proba = np.vstack([np.eye(n_classes), np.random.default_rng(0).dirichlet(np.ones(n_classes))])
    shift = tuple(np.arange(n_classes) / 4)
    mixed = (1 - n_classes / 500) * proba + 1 / 500
    expected = np.exp(shift) * mixed**slope
    expected /= expected.sum(axis=1, keepdims=True)
    assert_allclose(Calibration(slope, shift)(proba), expected)


@pytest.mark.parametrize("share", [0.3, 1e-4, 1e-6])
def test_student_without_information_gives_the_shares_of_the_labels(share):
    proba, codes = np.full((2, 2), 0.5), np.array([0, 1])
    calibrated = fit_calibration(proba, codes, np.array([1 - share, share]))(proba)
    # The solver ends where the gradient, a difference of shares, is below 1e-5.
    assert_allclose(calibrated[:, 1], share, atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_that_are_foretold_for_sure_give_finite_parameters(n_classes):
    codes = np.arange(30) % n_classes
    found = fit_calibration(np.eye(n_classes)[codes], codes)
    assert 1 < found.slope < np.inf
    assert np.isfinite(found.shift).all()
    calibrated = found(np.eye(n_classes)[codes])
    assert (calibrated[np.arange(30), codes] > 0.998).all()


@pytest.mark.parametrize("n_classes", [2, 4])
def test_distortion_of_its_own_form_is_undone(n_classes):
    proba, codes, student = distorted(n_classes)
    calibrated = fit_calibration(student, codes)(student)
    # n_classes free parameters cost n_classes / 2n in expectation, and the student lost far more.
    allowed = 10 * n_classes / len(codes)
    assert abs(log_loss(calibrated, codes) - log_loss(proba, codes)) < allowed
    assert log_loss(student, codes) > log_loss(proba, codes) + 10 * allowed
    assert_allclose(calibrated.sum(axis=1), 1)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_no_other_slope_or_shift_is_better(n_classes):
    _, codes, student = distorted(n_classes, n_samples=2_000)
    best = fit_calibration(student, codes)
    risk = log_loss(best(student), codes)
    for step in (-0.02, 0.02):
        assert log_loss(Calibration(best.slope + step, best.shift)(student), codes) > risk
        for k in range(1, n_classes):
            shift = tuple(b + step * (j == k) for j, b in enumerate(best.shift))
            assert log_loss(Calibration(best.slope, shift)(student), codes) > risk


def test_order_of_rows_is_kept_for_two_classes():
    _, codes, student = distorted(2, n_samples=500)
    calibrated = fit_calibration(student, codes)(student)
    assert_array_equal(calibrated[:, 1].argsort(), student[:, 1].argsort())


def test_slope_stays_positive_for_a_student_that_is_wrong():
    _, codes, student = distorted(2, n_samples=500)
    assert fit_calibration(student, 1 - codes).slope > 0


def test_weights_count_as_repetitions():
    _, codes, student = distorted(3, n_samples=300)
    times = np.random.default_rng(0).integers(0, 4, size=300)
    weighted = fit_calibration(student, codes, times.astype(float))
    repeated = fit_calibration(student.repeat(times, axis=0), codes.repeat(times))
    assert weighted.slope == pytest.approx(repeated.slope, rel=1e-3)
    assert_allclose(weighted.shift, repeated.shift, atol=1e-3)
