"""What the paper's figures are made of."""

from typing import NamedTuple


class Cell(NamedTuple):
    """What is measured at once: a point of a curve of a figure, on one split."""

    figure: str
    table: str
    seed: int
    size: int
    curve: str

    shared = slice(0, 3)  # cells of a figure, table and split share rows and answers
