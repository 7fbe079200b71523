"""The γ whose worst case is best, over an interval of true probabilities.

Write d = p − p̂ and h(γ, p) = (γ d − (φ(p) − φ(p̂)))² + γ² p (1 − p).

For every p, h is a parabola in γ, so the worst case over p is convex in γ. At any γ its maximum
over p lies at the lower end or at one other point: the peak inside the interval if there is one,
else the upper end (see `_peak`). The lower end's parabola and the second-order expansion of the
other maximum are two parabolas around γ, and the lowest point of the larger of the two is the
next γ. That is Newton's method, for a kink and for a smooth minimum alike; where no peak decides
the first step is exact. Steps that leave the bracket known from the slopes, or that do not halve,
are replaced by bisection.

A parabola around the present γ is a triple (h, s, k): h + 2 s δ + k δ² for a step δ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import wrightomega

Array = NDArray[np.float64]

_LOWEST_END = 1e-3  # on the log scale no p below is feared: log p has no bound there
_MAX_STEPS = 60  # bisection alone would need about 50; few rows take more than 10

_Parabola = tuple[Array, Array, Array]


def minimax(proba: Array, low: Array, high: Array, link: str) -> Array:
    """Return the γ of each row, for true probabilities from `low` to `high`."""
    low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    if link == "log":
        low = np.minimum(proba, np.maximum(low, _LOWEST_END))
    gamma, left, right = np.zeros_like(proba), np.zeros_like(proba), _upper_bound(proba, low, link)
    length = 2 * right
    rows = np.flatnonzero(low < high)
    for _ in range(_MAX_STEPS):
        if rows.size == 0:
            break
        old = gamma[rows]
        step, rises = _newton_step(old, low[rows], high[rows], proba[rows], link)
        left[rows] = np.where(rises, left[rows], old)
        right[rows] = np.where(rises, old, right[rows])
        # The error of a step is about the square of its relative length. The last step is taken
        # unguarded: rounding decides there on which side of γ the bracket lies.
        arrives = np.abs(step) <= 1e-9 * old
        new = old + step
        guarded = (new >= left[rows]) & (new <= right[rows]) & (2 * np.abs(step) <= length[rows])
        gamma[rows] = np.where(guarded | arrives, new, (left[rows] + right[rows]) / 2)
        length[rows] = np.abs(gamma[rows] - old)
        rows = rows[~arrives]
    return gamma


def _upper_bound(proba: Array, low: Array, link: str) -> Array:
    """Slope of φ's secant from `low` to p̂: beyond it h rises with γ at every p."""
    if link == "identity":
        return np.ones_like(proba)
    distance = proba - low
    return np.where(
        distance > 0,
        np.log1p(distance / low) / np.where(distance > 0, distance, 1.0),
        1 / proba,
    )


def _newton_step(
    gamma: Array, low: Array, high: Array, proba: Array, link: str
) -> tuple[Array, NDArray[np.bool_]]:
    """Return the step towards the minimum of the worst case, and whether it rises at γ."""
    at_low = _parabola(gamma, low, proba, link)
    other = _peak(gamma, low, high, proba, link)
    at_other = _parabola(gamma, other, proba, link)
    moves = np.flatnonzero(other < high)
    at_other[2][moves] += _extra_curvature(gamma[moves], other[moves], proba[moves], link)
    slope = np.where(at_low[0] > at_other[0], at_low[1], at_other[1])
    return _lowest_maximum(at_low, at_other), slope > 0


def _bias(gamma: Array, p: Array, proba: Array, link: str) -> Array:
    """Return γ d − (φ(p) − φ(p̂))."""
    distance = p - proba
    if link == "identity":
        return gamma * distance - distance
    # log(p / p̂) would lose digits where p is near p̂.
    ratio = np.abs(distance) / np.minimum(p, proba)
    return gamma * distance - np.copysign(np.log1p(ratio), distance)


def _parabola(gamma: Array, p: Array, proba: Array, link: str) -> _Parabola:
    distance, noise, bias = p - proba, p * (1 - p), _bias(gamma, p, proba, link)
    # p = p̂ of 0 or 1 gives the parabola 0; the tiny curvature places its minimum at γ = 0.
    curvature = distance**2 + noise + np.finfo(np.float64).tiny
    return bias**2 + gamma**2 * noise, bias * distance + gamma * noise, curvature


def _slope_in_p(gamma: Array, p: Array, proba: Array, link: str) -> tuple[Array, Array]:
    """Half the first and second derivative of h in p."""
    bias = _bias(gamma, p, proba, link)
    if link == "identity":
        return bias * (gamma - 1) + gamma**2 * (0.5 - p), 1 - 2 * gamma
    slope = bias * (gamma - 1 / p) + gamma**2 * (0.5 - p)
    return slope, (1 - 2 * gamma * p + bias) / p**2


def _extra_curvature(gamma: Array, peak: Array, proba: Array, link: str) -> Array:
    """Return what the peak's motion with γ adds to the curvature in γ: − h_γp² / h_pp (halves)."""
    derivative = 1.0 if link == "identity" else 1 / peak
    mixed = (
        (gamma - derivative) * (peak - proba)
        + _bias(gamma, peak, proba, link)
        + gamma * (1 - 2 * peak)
    )
    bend = np.minimum(_slope_in_p(gamma, peak, proba, link)[1], -np.finfo(np.float64).tiny)
    return -(mixed**2) / bend


def _lowest_maximum(first: _Parabola, second: _Parabola) -> Array:
    """Step δ that minimises the larger of two parabolas: one's vertex or their crossing."""
    (h1, s1, k1), (h2, s2, k2) = first, second
    h, s, k = h1 - h2, s1 - s2, k1 - k2
    vertex1, vertex2 = -s1 / k1, -s2 / k2
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two roots without cancellation; the one between the vertices is the minimum.
        q = -(s + np.copysign(np.sqrt(np.maximum(s**2 - k * h, 0.0)), s))
        low, high = np.minimum(vertex1, vertex2), np.maximum(vertex1, vertex2)
        crossing = np.where((low <= h / q) & (h / q <= high), h / q, np.clip(q / k, low, high))
    crossing = np.where(h + (2 * s + k * vertex2) * vertex2 <= 0, vertex2, crossing)
    return np.where(h + (2 * s + k * vertex1) * vertex1 >= 0, vertex1, crossing)


def _peak(gamma: Array, low: Array, high: Array, proba: Array, link: str) -> Array:
    """Interior maximiser of h over p, or `high` where there is none.

    As a function of p, h is convex, then (if ever) concave: on the probability scale it is a
    quadratic, on the log scale half of h'' is (1 − γ p − γ p̂ − log(p / p̂)) / p², whose sign
    changes once. So only a slope that falls at a concave upper end admits a peak, and only one.
    """
    slope, bend = _slope_in_p(gamma, high, proba, link)
    peak = high.copy()
    rows = np.flatnonzero((slope < 0) & (bend < 0))
    gamma, low, high, proba = gamma[rows], low[rows], high[rows], proba[rows]
    left = low if link == "identity" else np.maximum(low, _inflection(gamma, proba))
    climbs = _slope_in_p(gamma, left, proba, link)[0] > 0
    rows, gamma, proba = rows[climbs], gamma[climbs], proba[climbs]
    peak[rows] = _solve_slope(gamma, left[climbs], high[climbs], proba, link)
    return peak


def _inflection(gamma: Array, proba: Array) -> Array:
    """Solve 1 − γ p − γ p̂ − log(p / p̂) = 0 for p: γ p + log(γ p) = 1 − γ p̂ + log(γ p̂)."""
    share = gamma * proba
    return wrightomega(np.log(share) + 1 - share) / gamma


def _solve_slope(gamma: Array, left: Array, right: Array, proba: Array, link: str) -> Array:
    """Root of h's slope in p on a concave stretch, by Newton steps kept inside a bracket."""
    p = (left + right) / 2
    for _ in range(_MAX_STEPS):
        slope, bend = _slope_in_p(gamma, p, proba, link)
        left, right = np.where(slope > 0, p, left), np.where(slope > 0, right, p)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = p - slope / bend
        inside = (new >= left) & (new <= right)
        p, old = np.where(inside, new, (left + right) / 2), p
        if (np.abs(p - old) <= 1e-8 * p).all():
            break
    return p
