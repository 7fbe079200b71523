"""What teachers answered, kept in memory while several students are compared."""

from __future__ import annotations

from time import perf_counter
from typing import Any, NamedTuple


class KeptAnswers:
    """Keeps what teachers answered until all students are trained, and how long that took.

    To a distiller it is a `memory`: it has the interface of :class:`joblib.Memory`.

    Attributes
    ----------
    spared_seconds : float
        What answers would have taken that were found again.
    """

    def __init__(self) -> None:
        self.spared_seconds = 0.0
        self._kept: dict[str, tuple[Any, float]] = {}

    def cache(self, function: Any, ignore: Any = None) -> _KeptFunction:
        """Return a function of a key, and of how to compute, that computes once for each key."""
        return _KeptFunction(self, function)

    def find(self, function: Any, key: str, compute: Any) -> Any:
        """Return what is kept under a key, or compute it."""
        if key in self._kept:
            self.spared_seconds += self._kept[key][1]
        else:
            start = perf_counter()
            value = function(key, compute)
            self._kept[key] = (value, perf_counter() - start)
        return self._kept[key][0]


class _KeptFunction(NamedTuple):
    owner: KeptAnswers
    function: Any

    def call_and_shelve(self, key: str, compute: Any) -> _KeptValue:
        return _KeptValue(self.owner.find(self.function, key, compute))

    def __call__(self, key: str, compute: Any) -> Any:
        return self.function(key, compute)


class _KeptValue(NamedTuple):
    value: Any

    def get(self) -> Any:
        return self.value

    def clear(self) -> None:
        """Keep it: nothing else can change it."""
