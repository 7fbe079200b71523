"""The rules' definitions, minimised by nothing cleverer than looking everywhere and zooming in."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from skdistill.corrections import absolute, fast, orthogonal, power, relative, slow

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


# The reference program.


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
