"""What a reader must know of times: where they go, what would be faster, when not to trust them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.preprocessing import OneHotEncoder

from ..._utils.estimators import last_step
from ..._utils.names import printable
from ...export.reading import read_program
from ..measure.measurement import Measured
from ..measure.times import steps_before
from .tables import format_percent

# From this share on, what goes before the model decides how fast it is.
MUCH = 0.5
NEARLY_ALL = 0.99
# Time on the wall by CPU time: of a call on a core of its own about 1.
BUSY, SEVERAL_CORES = 1.5, 0.8


def say_what_prepares(m: Measured, classifier: Any) -> str:
    """Say that most of a time goes to the steps before the model, and what would be faster."""
    if not m.row.preparing >= MUCH * m.row_time:
        return ""
    # Measured apart, both may come out the same.
    nearly_all = m.row.preparing > NEARLY_ALL * m.row_time
    share = "nearly all" if nearly_all else format_percent(m.row.preparing, m.row_time)
    faster = " and ".join(faster_ways(classifier))
    return (
        f"Of that time {share} goes to the steps of its Pipeline before the model"
        f"{': faster would be ' if faster else ''}{faster}."
    )


def faster_ways(classifier: Any) -> list[str]:
    """Return what would spare a student its steps before the model, or make them cheaper."""
    ways, before = [], steps_before(classifier)
    try:
        read_program(classifier)
        ways.append("its compiled()")
    except Exception:  # a step of anybody's, which cannot be exported
        pass
    encodes = before is not None and any(
        isinstance(part, OneHotEncoder) for part in before.get_params().values()
    )
    # What has importances of features is made of trees.
    if encodes and hasattr(type(last_step(classifier.student)), "feature_importances_"):
        ways.append("an OrdinalEncoder in place of the OneHotEncoder, which no tree needs")
    return ways


def say_if_disturbed(measurements: Sequence[Measured]) -> str:
    """Say where time on the wall and CPU time disagree."""
    ratios = [
        (timing.wall / timing.microseconds, m)
        for m in measurements
        for timing in (m.row, m.batch)
        if timing.microseconds > 0
    ]
    if not ratios:
        return ""
    least, worker = min(ratios, key=lambda pair: pair[0])
    most, waiter = max(ratios, key=lambda pair: pair[0])
    if least < SEVERAL_CORES:
        return (
            f"Times are CPU time of all cores: '{printable(worker.title)}' works on several, "
            "though it was told to use one."
        )
    if most > BUSY:
        return (
            "Times are CPU time: by the clock on the wall they were up to "
            f"{most:.1f} times as long, those of '{printable(waiter.title)}', as other work held "
            "the core, or the model waits for something."
        )
    return ""
