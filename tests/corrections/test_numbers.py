"""The rules of numbers are the minimisers of the squared bias that is feared, and the noise."""

import numpy as np
import pytest

from skdistill.corrections import resolve_for_numbers

from .definitions import zoom

PREDICTION, NOISE = np.array([-3.0, 0.0, 0.5, 20.0]), 0.7
LABELS = PREDICTION + 1
FEARED = {
    "fast": lambda m, c: c * NOISE,
    "relative": lambda m, c: (c * m) ** 2,
    "absolute": lambda m, c: c**2 * NOISE,
}
DEFAULT_C = {"fast": 0.1, "relative": 0.5, "absolute": 0.1}


def gamma_of(correction, c=None):
    rule = resolve_for_numbers(correction, c)
    return rule(PREDICTION, LABELS, link="identity", noise=NOISE)


@pytest.mark.parametrize("c", [0.02, 0.5, 3])
@pytest.mark.parametrize("rule", FEARED)
def test_rule_is_the_minimiser(rule, c):
    def best(m):
        return zoom(lambda g: FEARED[rule](m, c) * (1 - g) ** 2 + g**2 * NOISE, 0, 1)

    expected = [best(m) for m in PREDICTION]
    np.testing.assert_allclose(gamma_of(rule, c), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rule", FEARED)
def test_no_c_means_the_documented_default(rule):
    np.testing.assert_array_equal(gamma_of(rule), gamma_of(rule, DEFAULT_C[rule]))


@pytest.mark.parametrize(("correction", "expected"), [("orthogonal", 1), (1, 1), (0.3, 0.3)])
def test_a_share_of_the_full_correction_moves_that_far_to_the_label(correction, expected):
    np.testing.assert_array_equal(gamma_of(correction), np.full(4, float(expected)))


def test_nothing_feared_and_no_noise_means_no_correction():
    rule = resolve_for_numbers("relative")
    gamma = rule(np.array([0.0, 1.0]), np.zeros(2), link="identity", noise=0.0)
    np.testing.assert_array_equal(gamma, [0, 1])


def test_a_function_of_the_user_knows_nothing_of_the_noise():
    np.testing.assert_array_equal(gamma_of(lambda m, y, *, link: 0.5), np.full(4, 0.5))
    with pytest.raises(ValueError, match="correction returned NaN"):
        gamma_of(lambda m, y, *, link: np.nan)


@pytest.mark.parametrize("correction", ["slow", "fast_realized", "power"])
def test_a_rule_of_probabilities_alone_is_refused(correction):
    message = r"a rule of \['orthogonal', 'fast', 'relative', 'absolute'\], found"
    with pytest.raises(ValueError, match=message):
        resolve_for_numbers(correction)


@pytest.mark.parametrize("correction", ["fast", "orthogonal", 0.5])
def test_bad_c_is_refused(correction):
    with pytest.raises(ValueError, match="c must be a positive finite number or None, found -1"):
        resolve_for_numbers(correction, -1)
