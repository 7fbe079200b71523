"""What a classifier costs where it is used: bytes to store and ship, time to predict."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np

from ..._utils.compat import index_rows, n_rows
from .one_core import on_one_core

MIN_REPEATS, MAX_REPEATS, SECONDS = 3, 1000, 0.2
WARM_UP_ROWS = 100


def pickled_size(classifier: Any) -> float:
    """Return the bytes of a pickled classifier, NaN if something in it (a lambda) forbids it."""
    try:
        return float(len(pickle.dumps(classifier)))
    except Exception:  # whatever a member's own __reduce__ or __getstate__ raises
        return float("nan")


def prediction_time(
    classifier: Any, X: Any, *, batch: int = 1, clock: Callable[[], float] = perf_counter
) -> float:
    """Return the least time that `predict_proba` takes, in microseconds per row.

    What would be shared out among cores, by joblib, OpenMP, BLAS or a booster's own threads, runs
    on one (`one_core.py`), so that parallelism does not hide its cost. After a warm-up that is not
    timed, the batch, the first rows of X over and over, is predicted 3 to 1,000 times, until a
    fifth of a second has passed. The quickest counts, as what is slower met other work on the
    machine; on a busy one the clock `time.process_time` is fairer.
    """
    rows = index_rows(X, np.resize(np.arange(n_rows(X)), batch))
    seconds: list[float] = []
    with on_one_core(classifier) as alone:
        alone.predict_proba(index_rows(rows, np.arange(min(batch, WARM_UP_ROWS))))
        end = clock() + SECONDS
        while len(seconds) < MIN_REPEATS or (len(seconds) < MAX_REPEATS and clock() < end):
            start = clock()
            alone.predict_proba(rows)
            seconds.append(clock() - start)
    return 1e6 * min(seconds) / batch
