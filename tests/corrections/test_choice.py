"""From a distiller's `correction` and `c` to a rule."""

import pickle

import numpy as np
import pytest

from skdistill.corrections import orthogonal, resolve

from .definitions import ALL_NAMES, BIAS_BOUND, LINKS, PROBA, WITH_C, labels_for


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_number_is_a_share_of_the_orthogonal_correction(share, link):
    y = labels_for(PROBA)
    gamma = resolve(share)(PROBA, y, link=link)
    np.testing.assert_array_equal(gamma, share * orthogonal(PROBA, y, link=link))


@pytest.mark.parametrize("rule", WITH_C)
def test_resolve_passes_c_on(rule):
    y = labels_for(PROBA)
    expected = WITH_C[rule](PROBA, y, c=0.7, link="log")
    np.testing.assert_array_equal(resolve(rule, 0.7)(PROBA, y, link="log"), expected)


@pytest.mark.parametrize("rule", BIAS_BOUND)
def test_realized_names_choose_the_realized_variance(rule):
    y = labels_for(PROBA)
    expected = BIAS_BOUND[rule](PROBA, y, c=0.7, link="log", variance="realized")
    gamma = resolve(f"{rule}_realized", 0.7)(PROBA, y, link="log")
    np.testing.assert_array_equal(gamma, expected)


def half_way(proba, y, *, link):
    return 0.5 * orthogonal(proba, y, link=link)


def one_number(proba, y, *, link):
    return 2


@pytest.mark.parametrize("correction", [0.5, np.float32(0.5), 1, *ALL_NAMES, half_way, one_number])
def test_resolved_rule_survives_pickling(correction):
    rule, y = resolve(correction), labels_for(PROBA)
    copy = pickle.loads(pickle.dumps(rule))
    np.testing.assert_array_equal(copy(PROBA, y, link="log"), rule(PROBA, y, link="log"))


@pytest.mark.parametrize("c", [None, 0.3])
def test_callable_is_asked_whatever_c_is(c):
    gamma = resolve(half_way, c)(PROBA, labels_for(PROBA), link="log")
    np.testing.assert_array_equal(gamma, 0.5 / PROBA)


def test_one_number_from_a_callable_is_spread():
    gamma = resolve(one_number)(PROBA, labels_for(PROBA), link="log")
    np.testing.assert_array_equal(gamma, np.full(PROBA.shape, 2.0))
    assert gamma.flags.writeable


@pytest.mark.parametrize(
    ("correction", "c", "message"),
    [
        ("fats", None, "correction must be .*'orthogonal', 'fast', .*'power'.*, found 'fats'"),
        (-0.1, None, r"correction, if a number, must be in \[0, 1\], found -0.1"),
        (1.5, None, r"correction, if a number, must be in \[0, 1\], found 1.5"),
        (float("nan"), None, "correction, if a number, .*found nan"),
        (True, None, "correction must be 'residual'.*a rule of .'orthogonal'.*found True"),
        (np.True_, None, "correction must be 'residual', a share.*found"),
        (None, None, "correction must be 'residual', a share.*found None"),
        ([0.5], None, "correction must be 'residual', a share.*found"),
        *[
            (correction, c, "c must be a positive finite number or None, found")
            for correction in ("fast", "orthogonal", 0.5, half_way)
            for c in (0, -1, float("inf"), float("nan"), True, "0.1", [0.1])
        ],
    ],
)
def test_bad_correction_or_c_is_refused(correction, c, message):
    with pytest.raises(ValueError, match=message):
        resolve(correction, c)
