"""Which of several models no other beats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Two times that differ by less are one: it takes only other work on the machine.
SAME_TIME = 1.1


def pareto_front(scores: Any, times: Any) -> NDArray[np.bool_]:
    """Mark what no other beats: none has the score in less time, or a better one in the time.

    Of scores greater is better, and of times less; within a factor 1.1 these are one.

    >>> pareto_front([0.9, 0.8, 0.7, 0.8], [100, 1, 50, 1.05])
    array([ True,  True, False,  True])
    """
    score, time = np.asarray(scores, dtype=np.float64), np.asarray(times, dtype=np.float64)
    no_worse, better = score >= score[:, None], score > score[:, None]
    faster = time * SAME_TIME < time[:, None]
    no_slower = time <= time[:, None] * SAME_TIME
    return np.asarray(~((no_worse & faster) | (better & no_slower)).any(axis=1))
