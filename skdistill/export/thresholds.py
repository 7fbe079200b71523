"""Thresholds of those that round to 32 bits, for those that do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def round_down(threshold: ArrayLike) -> NDArray[np.float32]:
    """Return the largest numbers of 32 bits that are not above thresholds.

    >>> round_down([0.1, 0.5]).tolist()
    [0.09999999403953552, 0.5]
    """
    exact = np.asarray(threshold, dtype=np.float64)
    with np.errstate(over="ignore"):
        near = exact.astype(np.float32)
        below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > exact, below, near)


def exact_threshold(threshold: ArrayLike) -> NDArray[np.float64]:
    """Return the largest doubles that go left where 32 bits of them are at most a threshold.

    Halfway between two numbers of 32 bits a double rounds to the even one of them.

    >>> bool(exact_threshold(0.5) > 0.5), bool(np.float32(exact_threshold(0.5)) == 0.5)
    (True, True)
    """
    left = round_down(threshold)
    with np.errstate(over="ignore"):
        right = np.nextafter(left, np.float32(np.inf))
        halfway = left / np.float64(2) + right / np.float64(2)
    is_even = (left.view(np.uint32) & 1) == 0 if left.ndim else not left.view(np.uint32) & 1
    found = np.where(is_even, halfway, np.nextafter(halfway, -np.inf))
    return np.asarray(np.where(np.isfinite(right), found, left), dtype=np.float64)
