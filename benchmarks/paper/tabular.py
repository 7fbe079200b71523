"""Figure "tabular": students of 1 to 40 trees, taught by a forest of 500."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.ensemble import RandomForestClassifier

from ..data import names
from . import lessons
from .cell import Cell

NAME = "tabular"
TABLES = tuple(names())
N_SEEDS = 5
SETTINGS = {"trees": 500, "repeats": 5}
SIZES = (1, 2, 3, 5, 10, 15, 20, 30, 40)
QUICK_SIZES = (1, 3, 10)


def _enhanced(rule: str) -> tuple[str, Any]:
    return f"enhanced (`{rule}`)", partial(lessons.corrected, rule=rule)


# Name, title and lesson, in the order in which they are measured.
CURVES = {
    "teacher": ("teacher", lessons.teacher_itself),
    "none": ("no distillation", lessons.no_distillation),
    "in_sample_log": ("in-sample, log p", partial(lessons.in_sample, link="log")),
    "cross_fit": ("cross-fit", lessons.cross_fit),
    "fast_realized": _enhanced("fast_realized"),
    "ours": ("ours", lessons.ours),
    "tuned": ("tuned on labels", lessons.tuned),
    "ours_auc": ("ours, chosen by AUC", partial(lessons.ours, scoring="roc_auc")),
    # Two more rules of the paper.
    "slow_realized": _enhanced("slow_realized"),
    "relative": _enhanced("relative"),
}
TITLES = {name: title for name, (title, _) in CURVES.items()}
PAPERS = ("none", "in_sample_log", "cross_fit", "fast_realized", "slow_realized", "relative")
SLOW = ("slow_realized", "relative")  # left out by --quick


def plan(table: str, seed: int, *, quick: bool = False) -> list[Cell]:
    """Return the cells of a split, the largest student of a curve first: its trees serve all."""
    sizes = QUICK_SIZES if quick else SIZES
    curves = [curve for curve in CURVES if not (quick and curve in SLOW)]
    return [
        Cell(NAME, table, seed, size, curve)
        for curve in curves
        for size in ((0,) if curve == "teacher" else sorted(sizes, reverse=True))
    ]


# Trees that a curve's largest student costs per tree of its own, trees that a smaller one does, and
# trees of teachers (a third of the price): as the searches need them.
EFFORTS = {
    "teacher": (0, 0, 5 * 500),
    "none": (5, 0, 0),
    "in_sample_log": (5, 0, 500),
    "cross_fit": (5, 0, 10 * 500),
    "fast_realized": (45, 2, 0),
    "slow_realized": (45, 2, 0),
    "relative": (30, 2, 0),
    "tuned": (40, 2, 0),
    "ours": (25, 10, 6 * 500),
    "ours_auc": (5, 5, 0),
}


def effort(cell: Cell) -> float:
    """Return roughly the trees of a student that a cell costs."""
    largest, others, teachers = EFFORTS[cell.curve]
    return 1 + teachers / 3 + cell.size * (largest if cell.size == max(SIZES) else others)


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one split and their values."""
    table, seed = cells[0].table, cells[0].seed
    teacher = RandomForestClassifier(settings["trees"], random_state=seed)
    room = lessons.Classroom(table, seed, teacher, settings["repeats"], SIZES, folder)
    for cell in cells:
        yield cell, room.score(CURVES[cell.curve][1](room, cell.size))
