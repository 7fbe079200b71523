"""What a student learns: losses, the learned correction, and strategies.

Nothing here is public, and all of it may move.
"""

from .losses import LOSSES, Correction, Loss, make_loss, way_back
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
