"""One colour for each method, in every picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..methods import CORRECTED, CROSS_FIT, IN_SAMPLE, LABELS, TEACHER, TUNED, TUNED_LABELS

# The colours that Okabe and Ito chose for all kinds of eyes; benchmarks draw with the same.
COLOURS = {
    TEACHER: "#000000",
    LABELS: "#8c8c8c",
    TUNED_LABELS: "#e69f00",
    IN_SAMPLE: "#d55e00",
    CROSS_FIT: "#0072b2",
    CORRECTED: "#009e73",
    TUNED: "#cc79a7",
}
# For what has no colour of its own.
OTHER_COLOURS = ("#56b4e9", "#7a5195", "#b3a100", "#5c3d2e")


def colours(methods: Sequence[Any]) -> dict[Any, str]:
    """Return a colour for each method; those with a name have the same in every picture.

    >>> colours(["cross_fit", 0.3])
    {'cross_fit': '#0072b2', 0.3: '#56b4e9'}
    """
    others = dict.fromkeys(m for m in methods if not isinstance(m, str) or m not in COLOURS)
    own = {m: OTHER_COLOURS[k % len(OTHER_COLOURS)] for k, m in enumerate(others)}
    return {m: own[m] if m in own else COLOURS[m] for m in methods}
