"""The rules of classes: what defines them, and what the mathematics promises."""

import tracemalloc
from functools import partial

import numpy as np
import pytest

from skdistill.corrections import classes, fast, orthogonal, resolve, slow

from .definitions import (
    ALL_NAMES,
    ALL_RULES,
    BIAS_BOUND,
    DEFAULT_C,
    LINKS,
    MINIMAX,
    PROBA,
    WITH_C,
    brute_force_bias_bound,
    golden_entries,
    labels_for,
    phi,
    zoom,
)


@pytest.mark.parametrize("variance", ["model", "realized"])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("c", [0.001, 0.1, 1, 50])
@pytest.mark.parametrize("rule", BIAS_BOUND)
def test_bias_bound_rule_is_the_minimiser(rule, c, link, variance):
    y = labels_for(PROBA)
    expected = [
        brute_force_bias_bound(rule, c, p, label, link, variance)
        for p, label in zip(PROBA, y, strict=True)
    ]
    gamma = BIAS_BOUND[rule](PROBA, y, c=c, link=link, variance=variance)
    np.testing.assert_allclose(gamma, expected, rtol=1e-6, atol=1e-6)


# The reference program.

SLOW_STEP = 200 / 999  # it searches 1000 points of [-100, 100] for slow ...


def test_orthogonal_agrees_with_the_reference():
    p, y, entries = golden_entries("orthogonal")
    for entry in entries:
        gamma = orthogonal(p, y, link=entry["scale"])
        np.testing.assert_allclose(gamma, entry["gamma"], rtol=1e-8, atol=1e-9)
        target = phi(p, entry["scale"]) + gamma * (y - p)
        np.testing.assert_allclose(target, entry["target"], rtol=1e-8, atol=1e-9)


def test_fast_realized_agrees_with_the_reference():
    p, y, entries = golden_entries("fast")
    for entry in entries:
        gamma = fast(p, y, c=entry["c"], link=entry["scale"], variance="realized")
        np.testing.assert_allclose(gamma, entry["gamma"], rtol=1e-8, atol=1e-9)
        target = phi(p, entry["scale"]) + gamma * (y - p)
        np.testing.assert_allclose(target, entry["target"], rtol=1e-8, atol=1e-9)


def test_slow_realized_agrees_with_the_reference():
    p, y, entries = golden_entries("slow")
    for entry in entries:
        gamma = slow(p, y, c=entry["c"], link=entry["scale"], variance="realized")
        # The best grid point of a convex function is a neighbour of its minimiser.
        assert np.abs(np.clip(gamma, -100, 100) - entry["gamma"]).max() <= SLOW_STEP


# What the mathematics promises.


def mean_target(rule, p, link):
    """E[t | x] where the label is drawn with the teacher's probability p."""
    gamma1, gamma0 = (rule(p, np.full_like(p, label), link=link) for label in (1.0, 0.0))
    return phi(p, link) + p * gamma1 * (1 - p) - (1 - p) * gamma0 * p


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rule", [0.0, 0.3, 1.0, *ALL_RULES])
def test_perfect_teacher_stays_perfect(rule, link):
    target = mean_target(resolve(rule), PROBA, link)
    np.testing.assert_allclose(target, phi(PROBA, link), rtol=1e-9)


@pytest.mark.parametrize(
    ("rule", "p", "expected"),
    [("fast", 0.1, 0.028), ("slow", 0.1, 0.053), ("fast", 0.2, 0.107)],
)
def test_realized_variance_spoils_a_perfect_teacher(rule, p, expected):
    realized = partial(BIAS_BOUND[rule], c=0.1, variance="realized")
    assert mean_target(realized, np.array([p]), "identity") == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("rule", ALL_NAMES)
def test_logit_is_the_sum_of_both_classes_on_the_log_scale(rule):
    y, gamma = labels_for(PROBA), resolve(rule)
    both = gamma(PROBA, y, link="log") + gamma(1 - PROBA, 1 - y, link="log")
    np.testing.assert_array_equal(gamma(PROBA, y, link="logit"), both)


def test_fast_on_the_logit_scale_is_the_rule_for_the_derivative_of_the_logit():
    v = PROBA * (1 - PROBA)
    gamma = fast(PROBA, labels_for(PROBA), c=0.1, link="logit")
    np.testing.assert_allclose(gamma, 1 / v * 0.1 / (0.1 + v), rtol=1e-12)


def test_slow_on_the_logit_scale_is_not_the_rule_for_the_derivative_of_the_logit():
    c, v, derivative = 0.01, 0.25, 4
    one_rule = zoom(lambda g: c * (derivative - g) ** 4 + g**2 * v, 0, derivative)
    assert one_rule == pytest.approx(1.40, abs=0.005)
    assert slow([0.5], [1], c=c, link="logit")[0] == pytest.approx(0.71, abs=0.005)


def test_orthogonal_on_the_probability_scale_gives_the_labels():
    y = labels_for(PROBA)
    np.testing.assert_allclose(PROBA + orthogonal(PROBA, y, link="identity") * (y - PROBA), y)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("c", [1e-3, 0.3, 1, 10])
@pytest.mark.parametrize("rule", ALL_NAMES)
def test_gamma_stays_in_its_range(rule, c, link):
    proba = np.linspace(0.001, 0.999, 301)
    y = labels_for(proba)
    gamma = resolve(rule, c)(proba, y, link=link)
    top = orthogonal(proba, y, link=link)
    if rule in MINIMAX and link != "identity":  # the steepest secant, from .001 to p̂
        top = np.log(proba / 0.001) / np.maximum(proba - 0.001, 1e-12) + 1000 * (proba == 0.001)
        if link == "logit":
            top = top + top[::-1]
    assert ((gamma >= 0) & (gamma <= top * (1 + 1e-9))).all()


@pytest.mark.parametrize("rule", BIAS_BOUND)
def test_no_label_noise_means_full_correction(rule):
    np.testing.assert_array_equal(
        BIAS_BOUND[rule]([0.0, 1.0], [0, 1], c=0.1, link="identity"), [1, 1]
    )


@pytest.mark.parametrize("c", [5e-324, 1e-300, 1e-20, 1e20, 1e300, 1.7e308])
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rule", WITH_C)
def test_extreme_c_gives_finite_gamma_without_warning(rule, link, c):
    proba = np.array([1e-100, 1e-16, 0.5, 1 - 1e-16])
    gamma = WITH_C[rule](proba, [0, 1, 0, 1], c=c, link=link)
    assert np.isfinite(gamma).all()
    assert (gamma >= 0).all()


@pytest.mark.parametrize("proba", [0.0, 5e-324, 1.0])
@pytest.mark.parametrize("rule", ALL_RULES)
def test_certain_teacher_gives_finite_gamma_on_the_probability_scale(rule, proba):
    gamma = ALL_RULES[rule]([proba, proba], [0, 1], link="identity")
    assert np.isfinite(gamma).all()


# Shapes and memory.


@pytest.mark.parametrize("shape", [(), (0,), (7,), (5, 3), (0, 3), (2, 2, 2)])
@pytest.mark.parametrize("rule", ALL_RULES)
def test_gamma_has_the_shape_of_the_probabilities(rule, shape):
    gamma = ALL_RULES[rule](np.full(shape, 0.25), np.zeros(shape, dtype=int), link="log")
    assert isinstance(gamma, np.ndarray)
    assert (gamma.shape, gamma.dtype) == (shape, np.float64)


@pytest.mark.parametrize("rule", ALL_RULES)
def test_blocks_and_memory_order_do_not_change_gamma(rule, monkeypatch):
    proba = np.random.default_rng(0).uniform(size=(30, 3))
    y = labels_for(proba)
    whole = ALL_RULES[rule](proba, y, link="logit")
    monkeypatch.setattr(classes, "_BLOCK", 7)
    blocks = ALL_RULES[rule](np.asfortranarray(proba), y, link="logit")
    np.testing.assert_allclose(blocks, whole, rtol=1e-9)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("rule", ALL_RULES)
def test_memory_is_a_few_arrays(rule, link):
    proba = np.random.default_rng(0).uniform(0.002, 0.998, 200_000)
    y = labels_for(proba).astype(float)
    tracemalloc.start()
    ALL_RULES[rule](proba, y, link=link)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * proba.nbytes


def test_arguments_are_left_alone():
    proba, y = PROBA.copy(), labels_for(PROBA)
    for rule in ALL_RULES.values():
        rule(proba, y, link="logit")
    np.testing.assert_array_equal(proba, PROBA)
    np.testing.assert_array_equal(y, labels_for(PROBA))


# Parameters.


@pytest.mark.parametrize("rule", WITH_C)
def test_no_c_means_the_documented_default(rule):
    y, c = labels_for(PROBA), DEFAULT_C[rule]
    expected = WITH_C[rule](PROBA, y, c=c, link="log")
    np.testing.assert_array_equal(WITH_C[rule](PROBA, y, link="log"), expected)
    np.testing.assert_array_equal(WITH_C[rule](PROBA, y, c=None, link="log"), expected)
    np.testing.assert_array_equal(resolve(rule)(PROBA, y, link="log"), expected)
