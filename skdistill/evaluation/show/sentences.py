"""What a comparison comes to, in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._utils.names import printable
from ..._utils.rounding import first_best, noise_of
from ..measure.measurement import Measured
from ..measure.scores import mean_and_error
from ..methods import LABELS, TUNED_LABELS
from .columns import OF_CLASSES, Score, ScoreSheet
from .tables import format_percent

ON_LABELS = (LABELS, TUNED_LABELS)


def student_names(measurements: Sequence[Measured]) -> list[str]:
    """Return the students' names in the order in which they were given."""
    return list(dict.fromkeys(str(m.student) for m in measurements if not m.is_teacher))


def name_of(m: Measured, measurements: Sequence[Measured]) -> str:
    """Return what one of several is called in print: its student is named where there are more."""
    several = not m.is_teacher and len(student_names(measurements)) > 1
    return f"{m.student}: {m.title}" if several else m.title


def best_of(
    measurements: Sequence[Measured], fits: Any = None, loss: Score = OF_CLASSES.loss
) -> Measured | None:
    """Return the distilled student of lowest loss that fits a budget, None where none does.

    Where nobody was distilled, it is a student on labels.
    """
    fits = [True] * len(measurements) if fits is None else fits
    judged = _judged(measurements)
    allowed = [
        m
        for m, fit in zip(measurements, fits, strict=True)
        if fit and any(m is one for one in judged)
    ]
    return _lowest(allowed, loss) if allowed else None


def _judged(measurements: Sequence[Measured]) -> list[Measured]:
    """Return the distilled students, or where there is none all students."""
    students = [m for m in measurements if not m.is_teacher]
    return [m for m in students if m.method not in ON_LABELS] or students


def _lowest(measurements: Sequence[Measured], loss: Score) -> Measured:
    """Return the one of lowest loss, the first of those that are equal."""
    gains = -np.array([loss.of(m) for m in measurements])
    return measurements[first_best(gains, noise_of(gains))]


def describe(
    measurements: Sequence[Measured], fits: Any = None, sheet: ScoreSheet = OF_CLASSES
) -> str:
    """Say what distillation gained, see `Comparison.describe`; `fits` None is no budget."""
    loss = sheet.loss
    teacher = next(m for m in measurements if m.is_teacher)
    is_distilled = _judged(measurements)[0].method not in ON_LABELS
    kind = "distilled students" if is_distilled else "students"
    best = best_of(measurements, fits, loss)
    if best is None:
        return f"None of the {kind} fits the budget."
    kind += "" if fits is None else " that fit the budget"
    rivals = [m for m in measurements if m.student == best.student and m.method in ON_LABELS]
    others = [*([_lowest(rivals, loss)] if is_distilled and rivals else []), teacher]
    differences = ", and ".join(_difference(best, other, sheet.counts) for other in others)
    return (
        f"Of the {kind}, '{printable(name_of(best, measurements))}' has the lowest "
        f"{loss.title}, {loss.write(loss.of(best))}: {differences}, "
        f"at {format_percent(best.size, teacher.size)} of the teacher's size and "
        f"{format_percent(best.row_time, teacher.row_time)} of its time for one row."
    )


def _difference(one: Measured, other: Measured, counts: str) -> str:
    """Say how far one lies below another, or above where a greater score is told."""
    mean, error = mean_and_error(one.losses - other.losses, one.groups)
    amount = f"{counts} {abs(mean):.3f} ± {error:.3f}".strip()
    # The error of a single row or group is NaN: nothing is clear then. Nor is what is shown as 0.
    if not abs(mean) >= 2 * error or round(abs(mean), 3) == 0:
        return f"no clear difference from the {printable(other.title)} ({amount})"
    lies = "below" if (mean < 0) != bool(counts) else "above"
    return f"{amount} {lies} the {printable(other.title)}"
