"""Loss corrections: how far a student's target moves from the teacher towards the label.

A student that learns from a teacher's probabilities p̂ inherits the teacher's errors. A corrected
loss uses the labels y to take part of these errors out. For a squared loss on the scale φ of the
link (φ(p) is p, log p, or log p − log(1 − p)) this is a change of the target from φ(p̂) to

    t = φ(p̂) + γ (y − p̂).

γ = 0 trusts the teacher alone. γ = φ'(p̂) makes the target insensitive, to first order, to the
teacher's errors, and on the probability scale gives back the raw labels. What lies between trades
the teacher's bias, which γ shrinks, against the noise of the labels, which γ lets in. The functions
here are rules for γ. They come from

    T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, "Knowledge Distillation as Semiparametric
    Inference", ICLR 2021.

All rules work elementwise: row i and class j of the result depend on row i and class j of the
arguments alone. On the logit scale of two classes, log p − log(1 − p), every rule is the sum of its
values on the log scale for the two classes, so γ(p̂, y) = γ_log(p̂, y) + γ_log(1 − p̂, 1 − y).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import wrightomega

__all__ = ["absolute", "fast", "orthogonal", "power", "relative", "slow"]

Array = NDArray[np.float64]

_LINKS = ("identity", "log", "logit")
_VARIANCES = ("model", "realized")
_BLOCK = 2**15  # elements worked on at a time: their temporaries stay in the cache
_SMALLEST_PROBA = 1e-100  # on the log scale: squares of 1 / proba must stay finite
_LOWEST_END = 1e-3  # on the log scale no p below is feared: log p has no bound there
_MAX_STEPS = 60  # bisection alone would need about 50; few rows take more than 10


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
    rule = partial(_fast, c=_check_c(c, 0.1), variance=_check_variance(variance))
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
    rule = partial(_slow, c=_check_c(c, 0.1), variance=_check_variance(variance))
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
    return _apply(partial(_relative, c=_check_c(c, 0.5)), proba, y, link)


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
    return _apply(partial(_absolute, c=_check_c(c, 0.1)), proba, y, link)


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
    return _apply(partial(_power, c=_check_c(c, 2)), proba, y, link)


# ---------------------------------------------------------------------------------------------
# From a distiller's parameters to a rule.

# Rules by name. All but `orthogonal` take a c.
RULES: dict[str, Callable[..., Array]] = {
    "orthogonal": orthogonal,
    "fast": fast,
    "slow": slow,
    "fast_realized": partial(fast, variance="realized"),
    "slow_realized": partial(slow, variance="realized"),
    "relative": relative,
    "absolute": absolute,
    "power": power,
}
RULES_WITHOUT_C = frozenset({"orthogonal"})


def resolve(correction: Any, c: float | None = None) -> Callable[..., Array]:
    """Turn a distiller's `correction` and `c` into one function ``rule(proba, y, *, link)`` for γ.

    A number g in [0, 1] is a fixed share, γ = g φ'(p̂); a string the name of a rule; a callable
    returns γ itself, and is checked at each call. c is always checked, but used by rules alone.

    >>> resolve(0.5)([0.25], [1], link="log")
    array([2.])
    >>> resolve("fast", c=0.25)([0.5], [1], link="identity")
    array([0.5])
    """
    if c is not None:
        c = _check_c(c)
    if isinstance(correction, str):
        return _resolve_name(correction, c)
    if _is_number(correction):
        return partial(_share_of_orthogonal, share=_check_share(correction))
    if callable(correction):
        return partial(_call_users_rule, rule=correction)
    raise _no_rule(correction, RULES)


def _no_rule(correction: Any, rules: Any) -> ValueError:
    return ValueError(
        "correction must be a number in [0, 1], the name of a rule or a callable, "
        f"found {correction!r}; the rules are {_listed(rules)}"
    )


def _resolve_name(name: str, c: float | None) -> Callable[..., Array]:
    if name not in RULES:
        raise ValueError(f"correction must be one of {_listed(RULES)}, found {name!r}")
    if name in RULES_WITHOUT_C:
        return RULES[name]
    return partial(RULES[name], c=c)


def _share_of_orthogonal(proba: ArrayLike, y: ArrayLike, *, link: str, share: float) -> Array:
    return share * orthogonal(proba, y, link=link)


def _call_users_rule(
    proba: ArrayLike, y: ArrayLike, *, link: str, rule: Callable[..., Any]
) -> Array:
    """Call the user's rule and check what it returns."""
    gamma = np.asarray(rule(proba, y, link=link))
    shape = np.shape(proba)
    if gamma.dtype.kind not in "buif":
        raise ValueError(
            f"correction returned values of dtype {gamma.dtype}; a callable must return numbers"
        )
    if gamma.ndim > 0 and gamma.shape != shape:
        raise ValueError(
            f"correction returned an array of shape {gamma.shape}; a callable must return "
            f"one number, or an array of the shape of the probabilities, {shape}"
        )
    if not np.isfinite(gamma).all():
        raise ValueError("correction returned NaN or infinite values; γ must be finite")
    return np.array(np.broadcast_to(gamma, shape), dtype=np.float64)


# ---------------------------------------------------------------------------------------------
# Numbers as outcomes. The link is the identity, φ' = 1, and what is known of the noise is the mean
# squared residual v of the teacher about rows that it has not seen: c counts in it. With b² the
# squared bias that is feared, γ = b² / (b² + v) is the argmin of b² (1 − γ)² + γ² v.


def _fast_of_numbers(prediction: Array, noise: float, c: float) -> Array:
    """Balance a squared bias of c v."""
    return np.full_like(prediction, c / (c + 1))


def _absolute_of_numbers(prediction: Array, noise: float, c: float) -> Array:
    """Balance the worst case over true means within c √v of the prediction: b = c √v."""
    return np.full_like(prediction, c**2 / (c**2 + 1))


def _relative_of_numbers(prediction: Array, noise: float, c: float) -> Array:
    """Balance the worst case over true means within a factor 1 + c: b = c |m̂|, the far end."""
    feared = (c * prediction) ** 2
    total = feared + noise
    return np.divide(feared, total, out=np.zeros_like(feared), where=total > 0)


# The rules that mean something for numbers, and their default c.
RULES_OF_NUMBERS: dict[str, tuple[Callable[..., Array], float]] = {
    "fast": (_fast_of_numbers, 0.1),
    "relative": (_relative_of_numbers, 0.5),
    "absolute": (_absolute_of_numbers, 0.1),
}


def resolve_for_numbers(correction: Any, c: float | None = None) -> Callable[..., Array]:
    """Turn a regressor's `correction` and `c` into ``rule(prediction, y, *, link, noise)`` for γ.

    As :func:`resolve`; `noise` is the mean squared residual of the teacher.

    >>> import numpy as np
    >>> m, y = np.array([0.0, 2.0]), np.array([1.0, 2.0])
    >>> resolve_for_numbers("fast", c=0.25)(m, y, link="identity", noise=1.0)
    array([0.2, 0.2])
    >>> resolve_for_numbers("relative", c=0.5)(m, y, link="identity", noise=1.0)
    array([0. , 0.5])
    """
    if c is not None:
        c = _check_c(c)
    if isinstance(correction, str):
        if correction in RULES_WITHOUT_C:
            return partial(_share_of_numbers, share=1.0)
        if correction not in RULES_OF_NUMBERS:
            raise ValueError(
                f"correction must be one of {_listed([*RULES_WITHOUT_C, *RULES_OF_NUMBERS])} for "
                f"numbers, or 'residual', found {correction!r}"
            )
        rule, default = RULES_OF_NUMBERS[correction]
        return partial(_rule_of_numbers, rule=rule, c=default if c is None else c)
    if _is_number(correction):
        return partial(_share_of_numbers, share=_check_share(correction))
    if callable(correction):
        return partial(_users_rule_of_numbers, rule=correction)
    raise _no_rule(correction, [*RULES_WITHOUT_C, *RULES_OF_NUMBERS])


def _share_of_numbers(
    prediction: Array, y: Array, *, link: str, share: float, noise: float = np.nan
) -> Array:
    return np.full_like(prediction, share)


def _rule_of_numbers(
    prediction: Array,
    y: Array,
    *,
    link: str,
    noise: float,
    rule: Callable[[Array, float, float], Array],
    c: float,
) -> Array:
    return rule(prediction, noise, c)


def _users_rule_of_numbers(
    prediction: Array, y: Array, *, link: str, rule: Callable[..., Any], noise: float = np.nan
) -> Array:
    return _call_users_rule(prediction, y, link=link, rule=rule)


# ---------------------------------------------------------------------------------------------
# Checks.


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in names)


def _check_share(share: Any) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"correction, if a number, must be in [0, 1], found {share!r}")
    return float(share)


def _check_c(c: Any, default: float | None = None) -> float:
    if c is None and default is not None:
        return default
    if not (_is_number(c) and 0 < c < np.inf):
        raise ValueError(f"c must be a positive finite number or None, found {c!r}")
    return float(c)


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if not (isinstance(value, str) and value in choices):
        raise ValueError(f"{name} must be one of {_listed(choices)}, found {value!r}")
    return value


def _check_variance(variance: Any) -> str:
    return _check_choice("variance", variance, _VARIANCES)


def _check_arrays(proba: ArrayLike, y: ArrayLike, link: str) -> tuple[Array, Array]:
    p, labels = np.asarray(proba, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if p.shape != labels.shape:
        raise ValueError(f"proba and y must have one shape, found {p.shape} and {labels.shape}")
    # The initial values let empty arrays pass; NaN fails every comparison.
    smallest, largest = p.min(initial=1.0), p.max(initial=0.0)
    if not (smallest >= 0 and largest <= 1):
        raise ValueError(f"proba must be in [0, 1], found values from {smallest} to {largest}")
    if link != "identity" and smallest < _SMALLEST_PROBA:
        raise ValueError(
            f"with link={link!r} proba must be at least {_SMALLEST_PROBA}, found {smallest}; "
            "raise it to a floor first"
        )
    if link == "logit" and largest == 1:
        raise ValueError("with link='logit' proba must be below 1, found 1.0")
    if not ((labels == 0) | (labels == 1)).all():
        raise ValueError("y must hold 0 and 1 only")
    return p, labels


# ---------------------------------------------------------------------------------------------
# The rules on one block of rows, for the links "identity" and "log".


def _apply(rule: Callable[[Array, Array, str], Array], proba: Any, y: Any, link: str) -> Array:
    """Run a rule block by block."""
    _check_choice("link", link, _LINKS)
    p, labels = _check_arrays(proba, y, link)
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
    return _minimax(proba, proba / (1 + c), proba * (1 + c), link)


def _absolute(proba: Array, y: Array, link: str, *, c: float) -> Array:
    return _minimax(proba, proba - c, proba + c, link)


def _power(proba: Array, y: Array, link: str, *, c: float) -> Array:
    other = proba ** (1 / c)
    return _minimax(proba, np.minimum(proba, other), np.maximum(proba, other), link)


# ---------------------------------------------------------------------------------------------
# The minimax rules. Write d = p − p̂ and h(γ, p) = (γ d − (φ(p) − φ(p̂)))² + γ² p (1 − p).
#
# For every p, h is a parabola in γ, so the worst case over p is convex in γ. At any γ its maximum
# over p lies at the lower end or at one other point: the peak inside the interval if there is one,
# else the upper end (see `_peak`). The lower end's parabola and the second-order expansion of the
# other maximum are two parabolas around γ, and the lowest point of the larger of the two is the
# next γ. That is Newton's method, for a kink and for a smooth minimum alike; where no peak decides
# the first step is exact. Steps that leave the bracket known from the slopes, or that do not halve,
# are replaced by bisection.
#
# A parabola around the present γ is a triple (h, s, k): h + 2 s δ + k δ² for a step δ.

_Parabola = tuple[Array, Array, Array]


def _minimax(proba: Array, low: Array, high: Array, link: str) -> Array:
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
