"""Figure "teacher depth": students of 10 trees, taught by forests of 100 that may be too small."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.ensemble import RandomForestClassifier

from .. import NAMES
from ..data import names
from . import lessons
from .cell import Cell

NAME = "depth"
TABLES = tuple(names())
N_SEEDS = 5
SETTINGS = {"trees": 100, "student_trees": 10, "repeats": 5}
DEPTHS = (1, 2, 3, 5, 10, 15, 20)
QUICK_DEPTHS = (1, 5, 20)
SCALES = {"p": "identity", "log": "log"}
PAPERS = ("teacher", "none", "in_sample", "cross_fit", "fast_realized", "orthogonal")

TITLES = NAMES["depth"]


def lessons_of_scales() -> dict[str, Any]:
    """Return all lessons; the name of a curve ends in its scale where it has one."""
    found: dict[str, Any] = {"teacher": lessons.teacher_itself}
    for scale, link in SCALES.items():
        found[f"in_sample_{scale}"] = partial(lessons.in_sample, link=link)
        found[f"cross_fit_{scale}"] = partial(lessons.cross_fit, link=link)
        enhanced = partial(lessons.corrected, rule="fast_realized", link=link)
        found[f"fast_realized_{scale}"] = enhanced
    # On the probability scale the orthogonal correction is the label.
    found["orthogonal_log"] = lessons.orthogonal_log
    found["ours"] = lessons.ours
    return found


LESSONS = lessons_of_scales()


def curve_on(scale: str, curve: str) -> str:
    """Return the name under which a curve of a scale is stored."""
    return curve if curve in ("teacher", "none", "ours") else f"{curve}_{scale}"


def plan(table: str, seed: int, *, quick: bool = False) -> list[Cell]:
    """Return the cells of a split, one depth of the teacher after the other."""
    depths = QUICK_DEPTHS if quick else DEPTHS
    alone = [Cell(NAME, table, seed, 0, "none")]
    return alone + [Cell(NAME, table, seed, d, curve) for d in depths for curve in LESSONS]


def effort(cell: Cell) -> float:
    """Return roughly the trees of a student that a cell costs; deeper teachers cost more."""
    if cell.curve == "teacher":
        return 5 * cell.size
    if cell.curve == "ours":
        return 220 + 10 * cell.size
    return 400 if cell.curve.startswith("fast") else 50


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one split and their values."""
    table, seed, size = cells[0].table, cells[0].seed, settings["student_trees"]
    rooms: dict[int, lessons.Classroom] = {}
    for cell in cells:
        if cell.size not in rooms:
            depth = cell.size or None
            teacher = RandomForestClassifier(settings["trees"], max_depth=depth, random_state=seed)
            room = lessons.Classroom(table, seed, teacher, settings["repeats"], (size,), folder)
            rooms = {cell.size: room}
        lesson = LESSONS.get(cell.curve, lessons.no_distillation)
        yield cell, room.score(lesson(room, size))
