"""What is equal but for rounding is equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Coarse beside what sums in another order, or of another layout, leave (1e-16), fine beside what
# any student tells apart.
_STEPS = 2.0**40


def on_grid(values: Array) -> Array:
    """Round to multiples of 2⁻⁴⁰.

    Rounding errors of whoever made the numbers are gone then. Sums of up to 8,000 numbers in [0, 1]
    are exact, in any order and with any whole weights, so that a tree finds ties where there are
    ties. A fraction with a denominator below 2⁴⁰ never lies half-way between two multiples, where
    an error would decide; decimals could.

    >>> 0.1 + 0.2 == 0.3
    False
    >>> bool(on_grid(np.float64(0.1 + 0.2)) == on_grid(np.float64(0.3)))
    True
    """
    # No −0: the last bit of equal numbers is equal too.
    return np.asarray(np.rint(np.asarray(values) * _STEPS) / _STEPS + 0.0)


def to_digits(values: Array) -> Array:
    """Round numbers of any size to 40 binary digits each.

    As :func:`on_grid`, for what does not lie in [0, 1]: numbers of about one size have exact sums.

    >>> bool(to_digits(np.float64(1e9 * (0.1 + 0.2))) == to_digits(np.float64(0.3 * 1e9)))
    True
    """
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.asarray(np.ldexp(np.rint(mantissa * _STEPS) / _STEPS, exponent) + 0.0)


def noise_of(scores: Array) -> float:
    """Return by how much means of scores may differ and still be equal."""
    finite = scores[np.isfinite(scores)]
    return float(1e-9 * np.abs(finite).max(initial=0.0))


def first_best(means: Array, noise: float) -> int:
    """Return the place of the first of the largest means.

    >>> first_best(np.array([0.1, 0.3, 0.1 + 0.2]), 1e-9)
    1
    """
    return int(np.argmax(means >= means.max() - noise))
