"""Links, targets, and the way back to probabilities."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from scipy.optimize import approx_fprime
from scipy.special import log_softmax, softmax

from skdistill import corrections
from skdistill.targets.losses import LOSSES, floor_proba, make_loss

FLOOR = 1 / 500


def draw(n_classes, seed=0, n_samples=40):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(n_classes, 0.7), size=n_samples)
    onehot = np.eye(n_classes)[rng.integers(n_classes, size=n_samples)]
    return proba, onehot


def loss(name, n_classes, temperature=1.0):
    return make_loss(name, n_classes, temperature=temperature, proba_floor=FLOOR)


def share(g):
    return corrections.resolve(g, None)


CASES = [(name, k) for name in LOSSES for k in (2, 3, 6)]


@pytest.mark.parametrize("n_classes", [2, 3, 26])
def test_floored_probabilities_sum_to_one_and_keep_their_distance(n_classes):
    proba = np.eye(n_classes)
    floored = floor_proba(proba, FLOOR)
    assert_allclose(floored.sum(axis=1), 1)
    assert floored.min() == pytest.approx(FLOOR / (1 + (n_classes - 1) * FLOOR))


def test_floor_gives_a_row_without_mass_equal_probabilities():
    assert_allclose(floor_proba(np.zeros((1, 4)), FLOOR), 0.25)


@pytest.mark.parametrize(("name", "n_classes"), CASES)
def test_student_that_learns_the_target_gives_the_probabilities_back(name, n_classes):
    proba = floor_proba(draw(n_classes)[0], 0.01)
    this = loss(name, n_classes)
    assert_allclose(this.probabilities(this.target(proba, proba)), proba)


@pytest.mark.parametrize("temperature", [0.05, 0.5, 1.0, 3.0, 40.0, 1e4])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_temperature_is_undone_by_prediction(n_classes, temperature):
    proba = draw(n_classes)[0]
    this = loss("cross_entropy", n_classes, temperature)
    given_back = this.probabilities(this.target(proba, proba))
    # A relative error of 2 eps in w is one of 2 T eps in log p.
    assert_allclose(given_back, floor_proba(proba, FLOOR), rtol=1e-13 + 1e-14 * temperature)


@pytest.mark.parametrize(
    ("name", "n_classes", "shape"),
    [
        ("squared_error", 2, (40,)),
        ("squared_error", 3, (40, 3)),
        ("squared_error_logit", 2, (40,)),
        ("squared_error_logit", 3, (40, 3)),
        ("cross_entropy", 2, (40, 2)),
        ("cross_entropy", 3, (40, 3)),
    ],
)
def test_shape_of_target(name, n_classes, shape):
    assert loss(name, n_classes).target(*draw(n_classes)).shape == shape


@pytest.mark.parametrize(("name", "n_classes"), CASES)
def test_share_zero_is_plain_distillation_to_the_last_bit(name, n_classes):
    this = loss(name, n_classes)
    assert_array_equal(this.target(*draw(n_classes), share(0.0)), this.target(*draw(n_classes)))


@pytest.mark.parametrize("name", ["squared_error", "cross_entropy"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_orthogonal_on_probabilities_is_the_label_to_the_last_bit(name, n_classes):
    proba, onehot = draw(n_classes)
    target = loss(name, n_classes).target(proba, onehot, share(1.0))
    assert_array_equal(target, onehot[:, 1] if target.ndim == 1 else onehot)


@pytest.mark.parametrize("name", ["squared_error", "cross_entropy"])
@pytest.mark.parametrize("n_classes", [2, 5])
def test_share_mixes_hard_and_soft_labels(name, n_classes):
    proba, onehot = draw(n_classes)
    proba = floor_proba(proba, 0.01)
    target = loss(name, n_classes).target(proba, onehot, share(0.3))
    mixed = 0.7 * proba + 0.3 * onehot
    assert_allclose(target, mixed[:, 1] if target.ndim == 1 else mixed)


def test_two_class_logit_target_is_the_difference_of_the_log_scale_targets():
    proba, onehot = draw(2)
    floored = floor_proba(proba, FLOOR)
    rule = partial(corrections.fast, c=0.3)
    by_class = np.log(floored) + rule(floored, onehot, link="log") * (onehot - floored)
    target = loss("squared_error_logit", 2).target(proba, onehot, rule)
    assert_allclose(target, by_class[:, 1] - by_class[:, 0])


def test_log_scale_target_is_centred_over_classes():
    target = loss("squared_error_logit", 4).target(*draw(4), share(0.4))
    assert_allclose(target.sum(axis=1), 0, atol=1e-9)


NAMES = ("orthogonal", "fast", "slow", "fast_realized", "slow_realized")
NAMES += ("relative", "absolute", "power")
RULES = [share(0.4), *(corrections.resolve(name, None) for name in NAMES)]


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.5])
@pytest.mark.parametrize("n_classes", [2, 3, 7])
@pytest.mark.parametrize("rule", RULES)
def test_corrected_soft_labels_sum_to_one(n_classes, temperature, rule):
    target = loss("cross_entropy", n_classes, temperature).target(*draw(n_classes), rule)
    assert_allclose(target.sum(axis=1), 1)


@pytest.mark.parametrize("rule", RULES)
def test_soft_labels_at_temperature_one_are_the_limit_of_the_general_formula(rule):
    proba, onehot = draw(4)
    at_one = loss("cross_entropy", 4).target(proba, onehot, rule)
    near_one = loss("cross_entropy", 4, 1 + 1e-9).target(proba, onehot, rule)
    assert_allclose(at_one, near_one, atol=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_corrected_soft_labels_are_a_first_order_step_towards_the_label(temperature):
    """The soft label of p̂ + h (y − p̂) has derivative (w̃ − w) at h = 0, for the orthogonal rule."""
    proba, onehot = draw(4, n_samples=5)
    proba = floor_proba(proba, 0.02)
    this = loss("cross_entropy", 4, temperature)
    step = this.target(proba, onehot, share(1.0)) - this.target(proba, onehot)
    h = 1e-6
    moved = [this.target(proba + s * h * (onehot - proba), onehot) for s in (1, -1)]
    assert_allclose(step, (moved[0] - moved[1]) / (2 * h), atol=1e-6)


def annealed_loss(f, p, temperature):
    """ACE_T(f; p), written from its definition; p need not sum to one."""
    w = p ** (1 / temperature)
    return -(w / w.sum() * log_softmax(f / temperature)).sum()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("rule", RULES)
def test_gradient_of_the_corrected_loss_is_prediction_minus_corrected_label(
    rule, n_classes, temperature
):
    """The corrected loss is ACE_T to first order in p, from p̂ to p̂ + γ (y − p̂)."""
    proba, onehot = draw(n_classes, n_samples=3, seed=5)
    proba = floor_proba(proba, 0.05)
    this = loss("cross_entropy", n_classes, temperature)
    corrected = this.target(proba, onehot, rule)
    move = rule(proba, onehot, link="identity") * (onehot - proba)
    f = np.random.default_rng(6).normal(size=n_classes)
    h = 1e-4
    for p, step, label in zip(proba, move, corrected, strict=True):

        def corrected_loss(v, p=p, step=step):
            ends = [annealed_loss(v, p + s * h * step, temperature) for s in (1, -1)]
            return annealed_loss(v, p, temperature) + (ends[0] - ends[1]) / (2 * h)

        numeric = [
            (corrected_loss(f + h * e) - corrected_loss(f - h * e)) / (2 * h)
            for e in np.eye(n_classes)
        ]
        # Central differences err by h² times a third derivative, up to 1 / (.05 T)³ in p.
        tolerance = h**2 / (0.05 * temperature) ** 3 + 1e-6
        expected = (softmax(f / temperature) - label) / temperature
        assert_allclose(numeric, expected, atol=tolerance)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_gradient_of_cross_entropy_is_prediction_minus_soft_label(temperature):
    proba, onehot = draw(3, n_samples=1)
    w = loss("cross_entropy", 3, temperature).target(proba, onehot, share(0.6))[0]
    f = np.array([0.3, -0.2, 0.1])
    numeric = approx_fprime(f, lambda v: -(w * log_softmax(v / temperature)).sum(), 1e-7)
    assert_allclose(numeric, (softmax(f / temperature) - w) / temperature, atol=1e-6)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ([[-0.2, -0.1, -3.0]], [[1 / 3, 1 / 3, 1 / 3]]),
        ([[0.5, 0.5, -1.0]], [[0.5, 0.5, 0.0]]),
        ([[2.0, 0.0, 1.0]], [[0.5, 0.0, 0.5]]),
    ],
)
def test_predictions_outside_the_unit_interval_are_clipped_and_normalised(output, expected):
    assert_allclose(loss("squared_error", 3).probabilities(np.array(output)), expected)


def test_two_class_predictions_are_clipped():
    proba = loss("squared_error", 2).probabilities(np.array([-0.5, 0.25, 1.5]))
    assert_allclose(proba, [[1, 0], [0.75, 0.25], [0, 1]])


def test_extreme_log_odds_do_not_overflow():
    proba = loss("squared_error_logit", 2).probabilities(np.array([-1e4, 1e4]))
    assert_allclose(proba, [[1, 0], [0, 1]])


def test_averaging_logits_is_not_averaging_probabilities():
    """A leaf with p ~ Beta(.5, 2), of mean .2, answers about .095 when it averages logits."""
    this = loss("squared_error_logit", 2)

    def logit(p):
        return this.target(np.array([[1 - p, p]]), np.zeros((1, 2)))[0]

    mean_logit = stats.beta(0.5, 2).expect(logit)
    answer = this.probabilities(np.array([mean_logit]))[0, 1]
    assert answer == pytest.approx(0.095, abs=5e-4)


def test_rounding_above_one_is_no_error():
    proba = np.array([[-1e-16, 1 + 2e-16]])
    target = loss("squared_error", 2).target(proba, np.array([[0.0, 1.0]]), corrections.fast)
    assert_allclose(target, 1)
