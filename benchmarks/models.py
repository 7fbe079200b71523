"""Models that several benchmarks use."""

from copy import copy
from typing import Any


def boosted(kind: type, n_estimators: int, num_leaves: int, seed: int) -> Any:
    """Build a LightGBM that gives the same trees whenever it is asked."""
    size = {"n_estimators": n_estimators, "num_leaves": num_leaves, "random_state": seed}
    return kind(**size, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1)


def without_calibration(search: Any) -> Any:
    """Return a search's fitted classifier as it is before calibration."""
    return copy(search.classifier_).set_params(calibration=None)
