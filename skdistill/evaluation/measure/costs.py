"""What a classifier costs to store and ship."""

from __future__ import annotations

import pickle
from typing import Any


def pickled_size(classifier: Any) -> float:
    """Return the bytes of a pickled classifier, NaN if something in it (a lambda) forbids it."""
    try:
        return float(len(pickle.dumps(classifier)))
    except Exception:  # whatever a member's own __reduce__ or __getstate__ raises
        return float("nan")
