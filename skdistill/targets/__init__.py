"""What a student learns: losses, the learned correction, and strategies.

Nothing here is public, and all of it may move.
"""

from typing import TYPE_CHECKING

from .._utils.lazy import lazily

__getattr__, __dir__ = lazily(
    __name__,
    {
        ".losses": ("LOSSES", "Correction", "ErrorOfNumbers", "Loss", "make_loss", "way_back"),
        ".strategies": (
            "STRATEGIES",
            "Blend",
            "CrossFit",
            "InSample",
            "Labels",
            "Lesson",
            "Strategy",
            "Targets",
            "corrected_by",
            "parse_strategy",
        ),
    },
)

if TYPE_CHECKING:
    from .losses import LOSSES, Correction, ErrorOfNumbers, Loss, make_loss, way_back
    from .strategies import (
        STRATEGIES,
        Blend,
        CrossFit,
        InSample,
        Labels,
        Lesson,
        Strategy,
        Targets,
        corrected_by,
        parse_strategy,
    )

__all__ = [
    "LOSSES",
    "STRATEGIES",
    "Blend",
    "Correction",
    "CrossFit",
    "ErrorOfNumbers",
    "InSample",
    "Labels",
    "Lesson",
    "Loss",
    "Strategy",
    "Targets",
    "corrected_by",
    "make_loss",
    "parse_strategy",
    "way_back",
]
