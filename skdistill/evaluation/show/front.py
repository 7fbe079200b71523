"""Which of several models no other beats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Two times that differ by less are one, whatever their errors: nobody would notice.
SAME_TIME = 1.1
# And so are those that differ by less than so many standard errors.
CLEAR = 2.0


def pareto_front(scores: Any, times: Any, errors: Any = 0.0) -> NDArray[np.bool_]:
    """Mark what no other beats: none has the score in less time, or a better one in the time.

    Of scores greater is better, and of times less; within a factor 1.1, or within two standard
    errors of their difference, these are one.

    >>> pareto_front([0.9, 0.8, 0.7, 0.8], [100, 1, 50, 1.05])
    array([ True,  True, False,  True])
    >>> pareto_front([0.8, 0.8], [10, 15], errors=[1, 3])
    array([ True,  True])
    """
    score, time = np.asarray(scores, dtype=np.float64), np.asarray(times, dtype=np.float64)
    error = np.broadcast_to(np.asarray(errors, dtype=np.float64), time.shape)
    no_worse, better = score >= score[:, None], score > score[:, None]
    noise = CLEAR * np.hypot(error, error[:, None])
    least = np.minimum(time, time[:, None])
    same = np.abs(time - time[:, None]) <= np.maximum((SAME_TIME - 1) * least, noise)
    faster = (time < time[:, None]) & ~same
    no_slower = (time < time[:, None]) | same
    return np.asarray(~((no_worse & faster) | (better & no_slower)).any(axis=1))
