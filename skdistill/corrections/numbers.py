"""The γ rules of numbers as outcomes.

The link is the identity, φ' = 1, and what is known of the noise is the mean squared residual v of
the teacher about rows that it has not seen: c counts in it. With b² the squared bias that is
feared, γ = b² / (b² + v) is the argmin of b² (1 − γ)² + γ² v.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .checks import check_c

Array = NDArray[np.float64]


def orthogonal(prediction: Array, y: Array, *, link: str, noise: float | None = None) -> Array:
    """Correct fully: the target is the label."""
    return np.ones_like(prediction)


def fast(prediction: Array, y: Array, *, c: float | None = 0.1, link: str, noise: float) -> Array:
    """Balance a squared bias of c v."""
    c = check_c(c, 0.1)
    return np.full_like(prediction, c / (c + 1))


def relative(
    prediction: Array, y: Array, *, c: float | None = 0.5, link: str, noise: float
) -> Array:
    """Balance the worst case over true means within a factor 1 + c: b = c |m̂|, the far end."""
    feared = (check_c(c, 0.5) * prediction) ** 2
    total = feared + noise
    return np.divide(feared, total, out=np.zeros_like(feared), where=total > 0)


def absolute(
    prediction: Array, y: Array, *, c: float | None = 0.1, link: str, noise: float
) -> Array:
    """Balance the worst case over true means within c √v of the prediction: b = c √v."""
    c = check_c(c, 0.1)
    return np.full_like(prediction, c**2 / (c**2 + 1))
