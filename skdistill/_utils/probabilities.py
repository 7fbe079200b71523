"""The floor of probabilities, which every logarithm here stands on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# The least share of votes but none in a forest of 500 trees, and the paper's choice.
PROBA_FLOOR = 1 / 500


def floor_of(n_classes: int) -> float:
    """Return the floor, which with 250 classes and more leaves half of the mass to the teacher."""
    return min(PROBA_FLOOR, 0.5 / n_classes)


def floor_proba(proba: Array, floor: float | None = None) -> Array:
    """Raise probabilities to at least `floor`, below 1 / n_classes, and let rows sum to one again.

    None is :func:`floor_of` so many classes. A row without any mass counts as uniform. Entries are
    at least ``floor / (1 + (n_classes - 1) * floor)`` then.

    >>> import numpy as np
    >>> floor_proba(np.array([[0.0, 1.0]]), 0.25)
    array([[0.2, 0.8]])
    """
    floor = floor_of(proba.shape[1]) if floor is None else floor
    raised = np.maximum(proba, floor)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
