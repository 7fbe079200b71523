"""All figures, and what processes that measure their cells need to find in a module."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import depth, images, simulated, tabular
from .cell import Cell

FIGURES = {module.NAME: module for module in (tabular, depth, simulated, images)}


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one figure, table and split, and their values."""
    yield from FIGURES[cells[0].figure].measure(cells, settings, folder)


def effort(cell: Cell) -> float:
    """Return roughly how the cost of a cell compares with that of others of its figure."""
    return FIGURES[cell.figure].effort(cell)
