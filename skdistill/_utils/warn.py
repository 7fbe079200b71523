"""Warn where the user can see it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import joblib
import sklearn

_PACKAGES = (
    str(Path(__file__).parents[1]),
    str(Path(sklearn.__file__).parent),
    str(Path(joblib.__file__).parent),
)


_LOCK = Lock()
_QUIET: list[warnings.catch_warnings[Any]] = []
_DEPTH = [0]


@contextmanager
def quiet(message: str = "") -> Iterator[None]:
    """Ignore warnings that begin with a message meanwhile, whatever thread gives them.

    Filters belong to the process: where several threads enter, the first remembers what they were,
    and the last puts that back. `warnings.catch_warnings` alone would leave the process with the
    filters of another thread.
    """
    with _LOCK:
        if not _DEPTH[0]:
            _QUIET.append(warnings.catch_warnings())
            _QUIET[0].__enter__()
        _DEPTH[0] += 1
        warnings.filterwarnings("ignore", message=message)
    try:
        yield
    finally:
        with _LOCK:
            _DEPTH[0] -= 1
            if not _DEPTH[0]:
                _QUIET.pop().__exit__(None, None, None)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and point at the first line that is neither ours nor of what calls us.

    A fixed stack level will not do: scikit-learn's callbacks, searches and Pipelines put frames of
    theirs between the user's line and ours.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
