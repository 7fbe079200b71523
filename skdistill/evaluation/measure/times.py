"""How long classifiers take to predict: all of them side by side, each on one core.

CPU time counts. On the wall a call that is longer than a scheduler's slice takes as much longer as
other work holds the core, and equal models differ by whatever ran beside each of them. They are
called in turn, in passes, so that all meet the same machine. Of a pass the quickest call counts,
for what is slower met a cold cache or a slowed-down core; of the passes the median, whose spread
says how far a time is to be trusted. Six copies of a forest, on two busy cores, differed by 3 to
5 % so (at worst by 23 %), and by a factor of 1.5 to 2.8 (at worst of 3.5) in the least time on the
wall of one after the other: `benchmarks/results/speed/equal_models.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from ..._utils.compat import index_rows, n_rows
from ...sources.answers import FittedToCodes
from ...students import DistilledClassifier, DistilledRegressor, SoftLabelClassifier
from .one_core import on_one_core

Array = NDArray[np.float64]
Clock = Callable[[], float]

# Each classifier is called for so long, or in so many passes, if that takes longer.
SECONDS, PASSES, MIN_PASSES = 0.2, 10, 3
MAX_CALLS = 100  # in a pass
WARM_UP_ROWS = 100
# The standard error of a median is that of a mean times this, for normal errors.
OF_A_MEDIAN = 1.25
# What holds the fitted estimator that is asked.
_HOLDERS: tuple[tuple[Any, str], ...] = (
    (DistilledClassifier | DistilledRegressor, "student"),
    (SoftLabelClassifier, "estimator_"),
    (FittedToCodes, "estimator"),
    (FrozenEstimator, "estimator"),
    (GridSearchCV | RandomizedSearchCV, "best_estimator_"),
)


class Timing(NamedTuple):
    """What a prediction takes on one core, in microseconds per row; NaN where nobody looked.

    CPU time, its standard error, the time on the wall in the pass that waited least, and what of
    the first goes to the steps of a Pipeline before its model.
    """

    microseconds: float = float("nan")
    error: float = 0.0
    wall: float = float("nan")
    preparing: float = 0.0


UNKNOWN = Timing()


def prediction_time(
    classifier: Any, X: Any, *, batch: int = 1, clock: Clock = process_time
) -> float:
    """Return what `predict_proba` takes, in microseconds per row."""
    return time_predictions([classifier], X, batch=batch, clock=clock)[0].microseconds


def time_predictions(
    classifiers: Sequence[Any],
    X: Any,
    *,
    batch: int = 1,
    method: str = "predict_proba",
    clock: Clock = process_time,
    wall_clock: Clock = perf_counter,
) -> list[Timing]:
    """Time a method of classifiers, or regressors, for a batch, the first rows of X over and over.

    What would be shared out among cores, by joblib, OpenMP, BLAS or a booster's own threads, runs
    on one (`one_core.py`), so that parallelism does not hide its cost.
    """
    rows = index_rows(X, np.resize(np.arange(n_rows(X)), batch))
    with ExitStack() as stack:
        alone = [stack.enter_context(on_one_core(classifier)) for classifier in classifiers]
        predicting = [_Stopwatch(getattr(one, method), clock, wall_clock) for one in alone]
        before = [steps_before(one) for one in alone]
        preparing = [
            None if steps is None else _Stopwatch(steps.transform, clock, wall_clock)
            for steps in before
        ]
        watches = [*predicting, *filter(None, preparing)]
        for watch in watches:
            watch.call(index_rows(rows, np.arange(min(batch, WARM_UP_ROWS))))
        for _ in range(PASSES):
            for watch in watches:
                watch.make_pass(rows)
    return [
        _timing(whole, part, 1e6 / batch) for whole, part in zip(predicting, preparing, strict=True)
    ]


def steps_before(classifier: Any) -> Pipeline | None:
    """Return what prepares rows for a fitted model, None where nothing does."""
    while not isinstance(classifier, Pipeline):
        name = next((name for kind, name in _HOLDERS if isinstance(classifier, kind)), None)
        if name is None:
            return None
        classifier = getattr(classifier, name)
    steps = [step for _, step in classifier.steps[:-1] if step not in (None, "passthrough")]
    return classifier[:-1] if steps else None


class _Stopwatch:
    """Times a function, and notes the least CPU time and the least time on the wall of a pass."""

    def __init__(self, call: Callable[[Any], Any], clock: Clock, wall_clock: Clock) -> None:
        self.call = call
        self.clock = clock
        self.wall_clock = wall_clock
        self.passes: list[tuple[float, float]] = []
        self.spent = 0.0

    def make_pass(self, rows: Any) -> None:
        """Call for a while, unless that was done for long enough."""
        if len(self.passes) >= MIN_PASSES and self.spent >= SECONDS:
            return
        calls: list[tuple[float, float]] = []
        spent = 0.0
        while not calls or (len(calls) < MAX_CALLS and spent < SECONDS / PASSES):
            wall, cpu = self.wall_clock(), self.clock()
            self.call(rows)
            calls.append((self.clock() - cpu, self.wall_clock() - wall))
            spent += calls[-1][1]
        self.spent += spent
        cpu, wall = np.min(calls, axis=0)
        self.passes.append((float(cpu), float(wall)))

    def seconds(self) -> tuple[Array, Array]:
        """Return CPU time and time on the wall of each pass."""
        cpu, wall = np.transpose(self.passes)
        # On some systems the clock of CPU time goes on in steps that are longer than a call.
        return (cpu if cpu.all() else wall), wall


def _timing(whole: _Stopwatch, part: _Stopwatch | None, scale: float) -> Timing:
    cpu, wall = whole.seconds()
    error = OF_A_MEDIAN * cpu.std(ddof=1) / np.sqrt(len(cpu))
    took = float(np.median(cpu))
    # Clocks are compared within a pass: of two, one may have met a machine twice as slow.
    waiting = float((wall / cpu).min())
    preparing = 0.0 if part is None else min(float(np.median(part.seconds()[0])), took)
    return Timing(scale * took, scale * float(error), scale * took * waiting, scale * preparing)
