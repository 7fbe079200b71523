"""What the paper published: test AUC, mean and standard error over five students on one split.

The numbers are in `published.json`; curves have our names there.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_name("published.json")


class Published(NamedTuple):
    """A published mean and its standard error, NaN where none was published."""

    mean: float
    se: float


@cache
def _numbers() -> dict:
    return json.loads(SOURCE.read_text(encoding="utf-8"))


def tables() -> list[str]:
    """Return the tables whose published numbers are on hand."""
    return [name for name in _numbers() if name != "about"]


def teacher(table: str) -> float | None:
    """Return the AUC of the teacher of 500 trees; no error was published with it."""
    return _numbers()[table]["teacher"] if table in tables() else None


def student(table: str, curve: str, trees: int) -> Published | None:
    """Return a point of the figure "tabular", None where nothing was published."""
    if table not in tables():
        return None
    figure = _numbers()[table]["tabular"]
    return _point(figure["curves"].get(curve), figure["trees"], trees)


def chosen_c(table: str, trees: int) -> float | None:
    """Return the constant that the paper's search chose for a size of student."""
    if table not in tables():
        return None
    figure = _numbers()[table]["tabular"]
    return figure["chosen_c"][figure["trees"].index(trees)] if trees in figure["trees"] else None


def of_depth(table: str, scale: str, curve: str, depth: int) -> Published | None:
    """Return a point of the figure "teacher depth", on the scale "p" or "log"."""
    if table not in tables():
        return None
    figure = _numbers()[table]["depth"][scale]
    return _point(figure["curves"].get(curve), figure["depths"], depth)


def _point(curve: dict | float | None, places: list[int], place: int) -> Published | None:
    if curve is None:
        return None
    if isinstance(curve, float):  # the student without a teacher: one number for all depths
        return Published(curve, float("nan"))
    if place not in places:
        return None
    k = places.index(place)
    return Published(curve["mean"][k], curve["se"][k])
