import json
import os
import pickle
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from skdistill import corrections
from skdistill.corrections import absolute, fast, orthogonal, power, relative, resolve, slow

LINKS = ("identity", "log", "logit")
MINIMAX = {"relative": relative, "absolute": absolute, "power": power}
BIAS_BOUND = {"fast": fast, "slow": slow}
WITH_C = {**BIAS_BOUND, **MINIMAX}
ALL_RULES = {"orthogonal": orthogonal, **WITH_C}
DEFAULT_C = {"fast": 0.1, "slow": 0.1, "relative": 0.5, "absolute": 0.1, "power": 2}
ALL_NAMES = [*ALL_RULES, "fast_realized", "slow_realized"]

PROBA = np.array([0.0005, 0.002, 0.03, 0.1, 0.25, 0.5, 0.77, 0.95, 0.998])


def phi(p, link):
    return {"identity": lambda: p, "log": lambda: np.log(p), "logit": lambda: np.log(p / (1 - p))}[
        link
    ]()


def labels_for(proba, seed=0):
    return np.random.default_rng(seed).integers(0, 2, size=np.shape(proba))


# The definitions, minimised by nothing cleverer than looking everywhere and zooming in.


def zoom(objective, low, high):
    """Argmin of a convex function of an array, by ever finer grids in extended precision."""
    low, high = np.longdouble(low), np.longdouble(high)
    for _ in range(16):
        grid = np.linspace(low, high, 17, dtype=np.longdouble)
        k = objective(grid).argmin()
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, 16)]
    return float((low + high) / 2)


def interval(rule, c, p, link):
    low, high = {
        "relative": lambda: (p / (1 + c), p * (1 + c)),
        "absolute": lambda: (p - c, p + c),
        "power": lambda: sorted([p, p ** (1 / c)]),
    }[rule]()
    low, high = max(low, 0), min(high, 1)
    return (min(p, max(low, 1e-3)) if link == "log" else low), high


def worst_case(gamma, low, high, teacher, link):
    """Largest squared bias plus noise over p in [low, high], for each gamma."""

    def risk(p):
        bias = gamma[:, None] * (p - teacher) - (phi(p, link) - phi(teacher, link))
        return bias**2 + gamma[:, None] ** 2 * p * (1 - p)

    p = np.linspace(low, high, 201, dtype=np.longdouble)[None].repeat(gamma.size, axis=0)
    values = risk(p)
    # Zoom in on two places: the best point, and the best point after the first rise. Only one of
    # them at a time would mistake a tie between an end and a peak (where minima tend to be).
    risen = np.logical_or.accumulate(np.diff(values, axis=1, prepend=values[:, :1]) > 0, axis=1)
    return np.maximum(
        zoom_in_on_maximum(risk, p, values), zoom_in_on_maximum(risk, p, np.where(risen, values, 0))
    )


def zoom_in_on_maximum(risk, p, values):
    rows = np.arange(len(p))
    for _ in range(5):
        k = values.argmax(axis=1)
        left, right = p[rows, np.maximum(k - 1, 0)], p[rows, np.minimum(k + 1, p.shape[1] - 1)]
        p = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, 21, dtype=np.longdouble)
        values = risk(p)
    return values.max(axis=1)


def brute_force_minimax(rule, c, teacher, link):
    if link == "logit":
        return sum(brute_force_minimax(rule, c, p, "log") for p in (teacher, 1 - teacher))
    low, high = interval(rule, c, teacher, link)
    if low == high:
        return 0.0
    top = 1.1 if link == "identity" else 1.1 / low
    p = np.longdouble(teacher)
    return zoom(lambda gamma: worst_case(gamma, low, high, p, link), 0, top)


def brute_force_bias_bound(rule, c, p, y, link, variance):
    if link == "logit":
        return sum(
            brute_force_bias_bound(rule, c, *pair, "log", variance)
            for pair in ((p, y), (1 - p, 1 - y))
        )
    derivative = 1 if link == "identity" else 1 / np.longdouble(p)
    v = p * (1 - p) if variance == "model" else (y - p) ** 2
    exponent = {"fast": 2, "slow": 4}[rule]
    return zoom(lambda g: c * (derivative - g) ** exponent + g**2 * v, 0, derivative)


@pytest.mark.once
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("c", [0.02, 0.5, 1, 2, 30])
@pytest.mark.parametrize("rule", MINIMAX)
def test_minimax_rule_is_the_minimiser(rule, c, link):
    expected = [brute_force_minimax(rule, c, p, link) for p in PROBA]
    gamma = MINIMAX[rule](PROBA, labels_for(PROBA), c=c, link=link)
    np.testing.assert_allclose(gamma, expected, rtol=1e-6, atol=1e-6)


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


@pytest.mark.parametrize("link", ["identity", "log"])
@pytest.mark.parametrize("rule", MINIMAX)
def test_minimax_takes_few_steps(rule, link, monkeypatch):
    """Bisection alone would need about 50 for each row; that is what Newton's steps are for."""
    sizes = []
    step = corrections._newton_step
    monkeypatch.setattr(
        corrections, "_newton_step", lambda old, *rest: sizes.append(len(old)) or step(old, *rest)
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


# The reference program.

SLOW_STEP = 200 / 999  # it searches 1000 points of [-100, 100] for slow ...
GRID = np.arange(-10, 10, 0.05)  # ... and these for the minimax rules


def golden_entries(*rules):
    directory = os.environ.get("SKDISTILL_DATA")
    path = Path(directory).parent / "golden" / "corrections.json" if directory else None
    if path is None or not path.exists():
        pytest.skip("the reference program's output is not here (SKDISTILL_DATA)")
    golden = json.loads(path.read_text())
    # The log scale floors probabilities at .002; the smallest here is .003, so nothing moves.
    assert min(golden["teacher_proba"]) > golden["eps_log_scale"]
    pairs = np.array(golden["teacher_proba"]), np.array(golden["y"])
    entries = [entry for entry in golden["entries"] if entry["rule"] in rules]
    assert entries
    return *pairs, entries


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
@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_number_is_a_share_of_the_orthogonal_correction(share, link):
    y = labels_for(PROBA)
    gamma = resolve(share)(PROBA, y, link=link)
    np.testing.assert_array_equal(gamma, share * orthogonal(PROBA, y, link=link))


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


@pytest.mark.parametrize(
    ("rule", "proba", "c"),
    [("power", 0.3, 1), ("power", 0, 2), ("power", 1, 2), ("relative", 0, 1)],
)
def test_interval_without_width_means_no_correction(rule, proba, c):
    assert MINIMAX[rule]([proba], [1], c=c, link="identity") == [0]


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
    monkeypatch.setattr(corrections, "_BLOCK", 7)
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
