"""The γ rules of classes: what is public here, and the formulas behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import check_arrays, check_c, check_variance
from .minimax import minimax

Array = NDArray[np.float64]

_BLOCK = 2**15  # elements worked on at a time: their temporaries stay in the cache


def orthogonal(proba: ArrayLike, y: ArrayLike, *, link: str) -> Array:
    """Correct fully: γ = φ'(p̂).

    The population loss becomes Neyman orthogonal: insensitive, to first order, to errors of the
    teacher (Dao et al., ICLR 2021). On the probability scale the target is the raw label.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1: whether the row is of the class (one-hot for more than two classes).
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.

    Returns
    -------
    gamma : ndarray of the shape of `proba`

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, or `link` is
        unknown.

    Examples
    --------
    >>> from skdistill.corrections import orthogonal
    >>> orthogonal([0.25, 0.5], [0, 1], link="log")
    array([4., 2.])
    """
    return _apply(_orthogonal, proba, y, link)


def fast(
    proba: ArrayLike,
    y: ArrayLike,
    *,
    c: float | None = 0.1,
    link: str,
    variance: str = "model",
) -> Array:
    """Balance a known squared bias c against label noise: γ = φ'(p̂) c / (c + v).

    γ is the argmin of c (φ' − γ)² + γ² v, the bound of Dao et al. (ICLR 2021) for a student that
    learns at the fast rate, with v the variance of the label given p̂. No variance means full
    correction, γ = φ'.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1: whether the row is of the class (one-hot for more than two classes).
    c : float, default=0.1
        Assumed squared error of the teacher, positive. Near 0 the teacher is trusted (γ → 0), large
        values correct fully. None means the default.
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.
    variance : {"model", "realized"}, default="model"
        "model" takes v = p̂ (1 − p̂). "realized" takes v = (y − p̂)², as the program published with
        the paper does. Then γ depends on the label: it is largest where the label agrees with the
        teacher, so the target is biased even if the teacher is perfect. With p̂ = .1 right and
        c = .1 on the probability scale the target averages .028. "model" has no such bias, hence
        the default; "realized" is there to reproduce.

    Returns
    -------
    gamma : ndarray of the shape of `proba`
        Between 0 and φ'(p̂).

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, `c` is not a
        positive number, or `link` or `variance` is unknown.

    Examples
    --------
    >>> from skdistill.corrections import fast
    >>> fast([0.5, 1.0], [0, 1], c=0.25, link="identity")
    array([0.5, 1. ])
    """
    rule = partial(_fast, c=check_c(c, 0.1), variance=check_variance(variance))
    return _apply(rule, proba, y, link)


def slow(
    proba: ArrayLike,
    y: ArrayLike,
    *,
    c: float | None = 0.1,
    link: str,
    variance: str = "model",
) -> Array:
    """Balance a known fourth moment c of the bias against label noise.

    γ is the argmin of c (φ' − γ)⁴ + γ² v, the bound of Dao et al. (ICLR 2021) for a student that
    learns at a slow rate, with v the variance of the label given p̂. With a = v / 2c the
    remainder u = φ' − γ solves u³ + a u = a φ'. No variance means full correction, γ = φ'.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1: whether the row is of the class (one-hot for more than two classes).
    c : float, default=0.1
        Assumed fourth power of the teacher's error, positive. Near 0 the teacher is trusted
        (γ → 0), large values correct fully. None means the default.
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.
    variance : {"model", "realized"}, default="model"
        "model" takes v = p̂ (1 − p̂). "realized" takes v = (y − p̂)², as the program published with
        the paper does, which makes γ depend on the label and biases the target even if the teacher
        is perfect: with p̂ = .1 right and c = .1 on the probability scale the target averages .053.

    Returns
    -------
    gamma : ndarray of the shape of `proba`
        Between 0 and φ'(p̂).

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, `c` is not a
        positive number, or `link` or `variance` is unknown.

    Examples
    --------
    >>> from skdistill.corrections import slow
    >>> slow([0.5, 1.0], [0, 1], c=0.125, link="identity").round(4)
    array([0.3177, 1. ])
    """
    rule = partial(_slow, c=check_c(c, 0.1), variance=check_variance(variance))
    return _apply(rule, proba, y, link)


def relative(proba: ArrayLike, y: ArrayLike, *, c: float | None = 0.5, link: str) -> Array:
    """Minimise the worst case over true p in [p̂ / (1 + c), p̂ (1 + c)].

    γ is the argmin of the maximum over p of (γ (p − p̂) − (φ(p) − φ(p̂)))² + γ² p (1 − p): squared
    bias plus label noise if p is the truth (Dao et al., ICLR 2021). The interval is cut to [0, 1];
    on the log scale it does not reach below .001 unless p̂ does. An interval without width gives
    γ = 0.

    The interval is wide where p̂ is large, so that of two classes it matters which one is meant: a
    distiller with one output means the second of the sorted labels. Name the labels accordingly,
    or take `absolute`, for which both are alike.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1. It does not influence γ.
    c : float, default=0.5
        Largest relative error of the teacher, positive. None means the default.
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.

    Returns
    -------
    gamma : ndarray of the shape of `proba`
        In [0, 1] on the probability scale. On the log scale γ is at most the slope of the secant of
        log from the interval's lower end to p̂, which can exceed φ'(p̂).

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, `c` is not a
        positive number, or `link` is unknown.

    Examples
    --------
    >>> from skdistill.corrections import relative
    >>> relative([0.1, 0.5, 0.9], [0, 1, 1], c=0.5, link="identity").round(4)
    array([0.0192, 0.25  , 0.2727])
    """
    return _apply(partial(_relative, c=check_c(c, 0.5)), proba, y, link)


def absolute(proba: ArrayLike, y: ArrayLike, *, c: float | None = 0.1, link: str) -> Array:
    """Minimise the worst case over true p in [p̂ − c, p̂ + c].

    γ is the argmin of the maximum over p of (γ (p − p̂) − (φ(p) − φ(p̂)))² + γ² p (1 − p): squared
    bias plus label noise if p is the truth (Dao et al., ICLR 2021). The interval is cut to [0, 1];
    on the log scale it does not reach below .001 unless p̂ does.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1. It does not influence γ.
    c : float, default=0.1
        Largest error of the teacher, positive. None means the default.
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.

    Returns
    -------
    gamma : ndarray of the shape of `proba`
        In [0, 1] on the probability scale. On the log scale γ is at most the slope of the secant of
        log from the interval's lower end to p̂, which can exceed φ'(p̂).

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, `c` is not a
        positive number, or `link` is unknown.

    Examples
    --------
    >>> from skdistill.corrections import absolute
    >>> absolute([0.0, 0.5], [0, 1], c=0.5, link="identity")
    array([0.5, 0.5])
    """
    return _apply(partial(_absolute, c=check_c(c, 0.1)), proba, y, link)


def power(proba: ArrayLike, y: ArrayLike, *, c: float | None = 2, link: str) -> Array:
    """Minimise the worst case over true p between p̂ and p̂^(1/c).

    γ is the argmin of the maximum over p of (γ (p − p̂) − (φ(p) − φ(p̂)))² + γ² p (1 − p): squared
    bias plus label noise if p is the truth (Dao et al., ICLR 2021). On the log scale the interval
    does not reach below .001 unless p̂ does. An interval without width (c = 1, or p̂ of 0 or 1)
    gives γ = 0.

    p̂ and 1 − p̂ do not move alike, so that of two classes it matters which one is meant: a distiller
    with one output means the second of the sorted labels.

    Parameters
    ----------
    proba : array-like of any shape
        Teacher probabilities p̂ in [0, 1]; for link "log" at least 1e-100, for "logit" also
        below 1.
    y : array-like of the shape of `proba`
        0 or 1. It does not influence γ.
    c : float, default=2
        Positive. Above 1 the teacher's probabilities are feared too small, below 1 too large.
        None means the default.
    link : {"identity", "log", "logit"}
        The scale φ that the student learns on.

    Returns
    -------
    gamma : ndarray of the shape of `proba`
        In [0, 1] on the probability scale. On the log scale γ is at most the slope of the secant of
        log from the interval's lower end to p̂, which can exceed φ'(p̂).

    Raises
    ------
    ValueError
        If shapes differ, `proba` is outside the range of `link`, `y` is not 0 or 1, `c` is not a
        positive number, or `link` is unknown.

    Examples
    --------
    >>> from skdistill.corrections import power
    >>> power([0.25, 1.0], [0, 1], c=2, link="identity").round(4)
    array([0.2, 0. ])
    """
    return _apply(partial(_power, c=check_c(c, 2)), proba, y, link)


# ---- on one block of rows, for the links "identity" and "log" -----------------------------------


def _apply(rule: Callable[[Array, Array, str], Array], proba: Any, y: Any, link: str) -> Array:
    """Run a rule block by block."""
    p, labels = check_arrays(proba, y, link)
    gamma = np.empty(p.shape)
    flat_p, flat_labels, flat_gamma = p.reshape(-1), labels.reshape(-1), gamma.reshape(-1)
    for start in range(0, flat_p.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        flat_gamma[block] = _apply_to_block(rule, flat_p[block], flat_labels[block], link)
    return gamma


def _apply_to_block(
    rule: Callable[[Array, Array, str], Array], proba: Array, y: Array, link: str
) -> Array:
    if link == "logit":
        return rule(proba, y, "log") + rule(1 - proba, 1 - y, "log")
    return rule(proba, y, link)


def _orthogonal(proba: Array, y: Array, link: str) -> Array:
    return np.ones_like(proba) if link == "identity" else 1 / proba


def _label_variance(proba: Array, y: Array, variance: str) -> Array:
    return proba * (1 - proba) if variance == "model" else (y - proba) ** 2


def _fast(proba: Array, y: Array, link: str, *, c: float, variance: str) -> Array:
    return _orthogonal(proba, y, link) * (c / (c + _label_variance(proba, y, variance)))


def _slow(proba: Array, y: Array, link: str, *, c: float, variance: str) -> Array:
    """Solve u³ + a u = a φ' for w = u / φ' by the hyperbolic form of Cardano's formula.

    Cardano's radicals would lose digits. The root depends on a / φ'² alone: with
    s = √(a/3) / φ' it is w = 2 s sinh(arsinh(1.5 / s) / 3), and γ = φ' (1 − w).
    """
    derivative = _orthogonal(proba, y, link)
    s = np.sqrt(_label_variance(proba, y, variance) / 6) / np.sqrt(c) / derivative
    s = np.maximum(s, 1e-100)  # no variance: w rounds to 0
    w = 2 * s * np.sinh(np.arcsinh(1.5 / s) / 3)
    # 1 − w cancels where w is near 1; the cubic gives it there as w³ / 3s².
    return derivative * np.where(s > 1, w * (w / s) ** 2 / 3, 1 - w)


def _relative(proba: Array, y: Array, link: str, *, c: float) -> Array:
    return minimax(proba, proba / (1 + c), proba * (1 + c), link)


def _absolute(proba: Array, y: Array, link: str, *, c: float) -> Array:
    return minimax(proba, proba - c, proba + c, link)


def _power(proba: Array, y: Array, link: str, *, c: float) -> Array:
    other = proba ** (1 / c)
    return minimax(proba, np.minimum(proba, other), np.maximum(proba, other), link)
