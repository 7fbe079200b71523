"""What the paper's figures are made of."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """What is measured at once: a point of a curve of a figure, on one split."""

    figure: str
    table: str
    seed: int
    size: int
    curve: str

    @property
    def unit(self) -> tuple[str, str, int]:
        """What shares rows and answers."""
        return self[:3]
