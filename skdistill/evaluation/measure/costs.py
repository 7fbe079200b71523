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
    """Return the number of bytes of a pickled classifier.

    Parameters
    ----------
    classifier : object
        What one would ship; of a distiller its `classifier_`.

    Returns
    -------
    float
        Bytes; NaN for what cannot be pickled, such as a Pipeline with a lambda function.
    """
    try:
        return float(len(pickle.dumps(classifier)))
    except Exception:  # whatever a member's own __reduce__ or __getstate__ raises
        return float("nan")


def prediction_time(
    classifier: Any, X: Any, *, batch: int = 1, clock: Callable[[], float] = perf_counter
) -> float:
    """Return the least time that `predict_proba` takes, in microseconds per row.

    What would be shared out among cores, by joblib, OpenMP, BLAS or a booster's own threads, runs
    on one, so that parallelism does not hide its cost; see
    :mod:`skdistill.evaluation.measure.one_core`. After a warm-up that is not timed, the batch is
    predicted 3 to 1,000 times, until a fifth of a second has passed. The quickest counts, as what
    is slower met other work on the machine.

    Parameters
    ----------
    classifier : classifier
        A fitted classifier.
    X : {ndarray, sparse matrix, frame} of shape (n_samples, n_features)
        Where the rows come from.
    batch : int, default=1
        Number of rows that are predicted at once: the first of X, over and over if there are
        fewer.
    clock : callable, default=time.perf_counter
        Returns seconds. On a busy machine `time.process_time` is fairer.

    Returns
    -------
    float
        Microseconds per row.
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
