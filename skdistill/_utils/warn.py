"""Warn where the user can see it."""

from __future__ import annotations

import re
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
_MESSAGES: list[str] = []


class _Beginning:
    """Stands in a filter where a pattern would, and matches what is to be ignored at the time."""

    pattern = "(?!)"  # matches nothing where scikit-learn copies it for its workers

    def match(self, text: str) -> bool:
        """Whether a warning is to be ignored now."""
        return any(message and re.match(message, text) for message in _MESSAGES)


class _NowOrNever(type):
    def __subclasscheck__(cls, kind: type) -> bool:
        return "" in _MESSAGES


class _Everything(Warning, metaclass=_NowOrNever):
    """Stands in a filter for all kinds of warnings while all are to be ignored, else for none."""


_FILTERS: list[Any] = [
    ("ignore", _Beginning(), Warning, None, 0),
    ("ignore", None, _Everything, None, 0),
]


def _set_filters(*, present: bool) -> None:
    filters: Any = warnings.filters
    for ours in _FILTERS:
        if present and ours not in filters:
            filters.insert(0, ours)
        elif not present and ours in filters:
            filters.remove(ours)


@contextmanager
def quiet(message: str = "") -> Iterator[None]:
    """Ignore warnings that begin with a message meanwhile, whatever thread gives them.

    Filters belong to the process, and many threads, also scikit-learn's, put back what they found.
    One that found a plain filter of ours would bring it back when we are gone, and switch warnings
    off for good; ours ignore nothing then.
    """
    with _LOCK:
        _MESSAGES.append(message)
        _set_filters(present=True)
    try:
        yield
    finally:
        with _LOCK:
            _MESSAGES.remove(message)
            _set_filters(present=bool(_MESSAGES))


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and point at the first line that is neither ours nor of what calls us.

    A fixed stack level will not do: scikit-learn's callbacks, searches and Pipelines put frames of
    theirs between the user's line and ours.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
