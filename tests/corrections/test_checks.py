"""What rules refuse, and what a rule of the user's may return."""

import numpy as np
import pytest

from skdistill.corrections import resolve

from .definitions import ALL_RULES, BIAS_BOUND, PROBA, WITH_C, labels_for


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.ones(3), r"correction returned an array of shape \(3,\).*shape.*\(9,\)"),
        (np.ones((9, 1)), r"correction returned an array of shape \(9, 1\)"),
        (np.full(9, np.nan), "correction returned NaN"),
        (np.inf, "correction returned NaN or infinite"),
        (None, "correction returned values of dtype object"),
        ("much", "correction returned values of dtype <U4"),
        (1j, "correction returned values of dtype complex"),
    ],
)
def test_bad_result_of_a_callable_is_refused(result, message):
    rule = resolve(lambda proba, y, *, link: result)
    with pytest.raises(ValueError, match=message):
        rule(PROBA, labels_for(PROBA), link="log")


@pytest.mark.parametrize(
    ("proba", "y", "link", "message"),
    [
        ([0.5, 0.5], [1], "identity", r"one shape, found \(2,\) and \(1,\)"),
        ([-0.1], [1], "identity", r"proba must be in \[0, 1\], found values from -0.1 to"),
        ([1.1], [1], "identity", r"proba must be in \[0, 1\]"),
        ([np.nan, 0.5], [1, 0], "identity", r"proba must be in \[0, 1\]"),
        ([0.0], [1], "log", "link='log' proba must be at least 1e-100, found 0.0"),
        ([0.0], [1], "logit", "link='logit' proba must be at least 1e-100"),
        ([1.0], [1], "logit", "link='logit' proba must be below 1, found 1.0"),
        ([0.5], [2], "log", "y must hold 0 and 1 only"),
        ([0.5], [np.nan], "log", "y must hold 0 and 1 only"),
        ([0.5], [1], "probit", "link must be one of 'identity', 'log', 'logit', found 'probit'"),
        ([0.5], [1], None, "link must be one of .*found None"),
    ],
)
@pytest.mark.parametrize("rule", ALL_RULES)
def test_bad_arrays_and_links_are_refused(rule, proba, y, link, message):
    with pytest.raises(ValueError, match=message):
        ALL_RULES[rule](proba, y, link=link)


@pytest.mark.parametrize("c", [0, -1, float("inf"), float("nan"), True, "0.1"])
@pytest.mark.parametrize("rule", WITH_C)
def test_bad_c_is_refused(rule, c):
    with pytest.raises(ValueError, match="c must be a positive finite number or None, found"):
        WITH_C[rule]([0.5], [1], c=c, link="log")


@pytest.mark.parametrize("rule", BIAS_BOUND)
def test_unknown_variance_is_refused(rule):
    with pytest.raises(ValueError, match="variance must be one of 'model', 'realized', found"):
        BIAS_BOUND[rule]([0.5], [1], link="log", variance="guessed")
