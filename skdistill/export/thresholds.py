"""Thresholds of trees that read 32-bit numbers, for those who compare others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# What would follow the largest float32, if there were more bits for the exponent.
_BEYOND = 2.0**128


def round_down(threshold: ArrayLike) -> NDArray[np.float32]:
    """Return the largest numbers of 32 bits that are not above thresholds.

    >>> round_down([0.1, 0.5]).tolist()
    [0.09999999403953552, 0.5]
    """
    threshold = np.asarray(threshold, dtype=np.float64)
    with np.errstate(all="ignore"):  # of numbers that float32 has none for
        near = threshold.astype(np.float32)
        return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def exact_threshold(threshold: ArrayLike) -> Array:
    """Return the largest doubles that are at most a threshold once they are rounded to float32.

    So ``x <= exact_threshold(t)`` says of each double what ``np.float32(x) <= t`` says:

    >>> import numpy as np
    >>> t = exact_threshold(0.8)
    >>> float(np.float32(t)) <= 0.8, float(np.float32(np.nextafter(t, 1))) <= 0.8
    (True, False)
    """
    below = round_down(threshold)
    with np.errstate(all="ignore"):
        above = np.nextafter(below, np.float32(np.inf))
    # Halfway between neighbours rounding goes to the one whose last bit is 0.
    half = (_finite(below) + _finite(above)) / 2
    is_even = below.view(np.int32) & 1 == 0
    return np.where(below == np.inf, np.inf, np.where(is_even, half, np.nextafter(half, -np.inf)))


def _finite(x: NDArray[np.float32]) -> Array:
    return np.clip(x.astype(np.float64), -_BEYOND, _BEYOND)
