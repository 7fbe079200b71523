"""Warn where the user can see it."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import joblib
import sklearn

_PACKAGES = (
    str(Path(__file__).parents[1]),
    str(Path(sklearn.__file__).parent),
    str(Path(joblib.__file__).parent),
)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and point at the first line that is neither ours nor of what calls us.

    A fixed stack level will not do: scikit-learn's callbacks, searches and Pipelines put frames of
    theirs between the user's line and ours.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
