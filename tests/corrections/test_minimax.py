"""The minimax rules are the minimisers of their worst case, and found in few steps."""

import numpy as np
import pytest

from skdistill.corrections import minimax

from .definitions import (
    LINKS,
    MINIMAX,
    PROBA,
    brute_force_minimax,
    golden_entries,
    interval,
    labels_for,
    worst_case,
)


@pytest.mark.once
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("c", [0.02, 0.5, 1, 2, 30])
@pytest.mark.parametrize("rule", MINIMAX)
def test_minimax_rule_is_the_minimiser(rule, c, link):
    expected = [brute_force_minimax(rule, c, p, link) for p in PROBA]
    gamma = MINIMAX[rule](PROBA, labels_for(PROBA), c=c, link=link)
    np.testing.assert_allclose(gamma, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("link", ["identity", "log"])
@pytest.mark.parametrize("rule", MINIMAX)
def test_minimax_takes_few_steps(rule, link, monkeypatch):
    """Bisection alone would need about 50 for each row; that is what Newton's steps are for."""
    sizes = []
    step = minimax._newton_step
    monkeypatch.setattr(
        minimax, "_newton_step", lambda old, *rest: sizes.append(len(old)) or step(old, *rest)
    )
    proba = np.random.default_rng(0).uniform(0.002, 0.998, size=1000)
    for c, most in ((None, 2.2), (0.02, 5), (5, 9 if link == "identity" else 5)):
        sizes.clear()
        MINIMAX[rule](proba, np.zeros(1000), c=c, link=link)
        assert sum(sizes) / 1000 < most
        # Where rounding decides, a last row or two may take what bisection takes.
        assert len(sizes) < 60


@pytest.mark.parametrize(("rule", "c"), [("absolute", 2.0), ("relative", 5.0), ("power", 5.0)])
@pytest.mark.parametrize("link", ["identity", "log"])
def test_worst_case_rises_on_both_sides_of_minimax_gamma(rule, c, link):
    # Large intervals, where a p inside them decides: the hard rows.
    proba = np.random.default_rng(0).uniform(0.001, 0.999, 200)
    gamma = MINIMAX[rule](proba, np.zeros(200), c=c, link=link)
    for p, g in zip(proba, gamma, strict=True):
        nearby = np.longdouble(g) * np.array([1 - 1e-6, 1, 1 + 1e-6], dtype=np.longdouble)
        values = worst_case(nearby, *interval(rule, c, p, link), np.longdouble(p), link)
        assert values.argmin() == 1


@pytest.mark.parametrize("proba", [0.0, 1.0, 1e-12, 1 - 1e-12])
@pytest.mark.parametrize("c", [0.01, 0.5, 2, 1e6])
@pytest.mark.parametrize("rule", MINIMAX)
def test_minimax_on_the_probability_scale_at_extreme_probabilities(rule, c, proba):
    expected = brute_force_minimax(rule, c, proba, "identity")
    gamma = MINIMAX[rule]([proba], [0], c=c, link="identity")
    np.testing.assert_allclose(gamma, [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "proba", "c"),
    [("power", 0.3, 1), ("power", 0, 2), ("power", 1, 2), ("relative", 0, 1)],
)
def test_interval_without_width_means_no_correction(rule, proba, c):
    assert MINIMAX[rule]([proba], [1], c=c, link="identity") == [0]


# The reference program.

GRID = np.arange(-10, 10, 0.05)  # ... and these for the minimax rules


def unfloored(entry, p):
    """Whether the reference uses another interval than we do.

    It raises the end nearer to p̂ to .001, but not p̂^(1/c) of a power rule with c < 1. At p̂ = .003
    and c = .5 its interval is [9e-6, .003], ours [.001, .003].
    """
    is_power = entry["rule"] == "power" and entry["scale"] == "log" and entry["c"] < 1
    return (p ** (1 / entry["c"]) < 1e-3) & is_power


def test_minimax_rules_agree_with_the_reference():
    p, y, entries = golden_entries(*MINIMAX)
    for entry in entries:
        gamma = MINIMAX[entry["rule"]](p, y, c=entry["c"], link=entry["scale"])
        error = np.abs(np.clip(gamma, GRID[0], GRID[-1]) - entry["gamma"])
        # One grid step, on the log scale too: the ten p that the reference tries include both
        # ends (see the next test), and no p between them decides more than a step here.
        assert error[~unfloored(entry, p)].max() <= 0.05 + 1e-9


def test_reference_tries_ten_equally_spaced_p_on_the_log_scale():
    # What the comparison above rests on: this reading of the reference gives all its digits.
    p, _, entries = golden_entries(*MINIMAX)
    for entry in (entry for entry in entries if entry["scale"] == "log"):
        for teacher, expected, other in zip(p, entry["gamma"], unfloored(entry, p), strict=True):
            low, high = interval(entry["rule"], entry["c"], teacher, "log")
            if other:
                low = teacher ** (1 / entry["c"])
            tried = np.linspace(low, high, 10)
            bias = GRID[:, None] * (tried - teacher) - np.log(tried / teacher)
            worst = (bias**2 + GRID[:, None] ** 2 * tried * (1 - tried)).max(axis=1)
            assert GRID[worst.argmin()] == pytest.approx(expected, abs=1e-9)
