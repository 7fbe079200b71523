"""What rules refuse, and what a rule of the user's may return."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._utils.validation import is_number

Array = NDArray[np.float64]

_LINKS = ("identity", "log", "logit")
_VARIANCES = ("model", "realized")
_SMALLEST_PROBA = 1e-100  # on the log scale: squares of 1 / proba must stay finite


def check_c(c: Any, default: float | None = None) -> float:
    """Return a rule's c, which is positive; None means the default."""
    if c is None and default is not None:
        return default
    if not (is_number(c) and 0 < c < np.inf):
        raise ValueError(f"c must be a positive finite number or None, found {c!r}")
    return float(c)


def check_share(share: Any) -> float:
    """Return a share of the full correction."""
    if not 0 <= share <= 1:
        raise ValueError(f"correction, if a number, must be in [0, 1], found {share!r}")
    return float(share)


def check_variance(variance: Any) -> str:
    """Return which variance of labels a rule takes."""
    return _check_choice("variance", variance, _VARIANCES)


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if not (isinstance(value, str) and value in choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {listed}, found {value!r}")
    return value


def check_arrays(proba: ArrayLike, y: ArrayLike, link: str) -> tuple[Array, Array]:
    """Return probabilities and labels as arrays, if the link is defined there."""
    _check_choice("link", link, _LINKS)
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


def check_returned(gamma: Any, shape: tuple[int, ...]) -> Array:
    """Return what a user's function gave as an array of the shape of the answers."""
    gamma = np.asarray(gamma)
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
