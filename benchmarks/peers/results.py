"""Reads what was measured: means over splits, and paired differences."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from protocol import standard_error

from .plan import METHODS, TABLES, TEACHER, TITLES, Cell

Records = dict[Cell, dict[str, Any]]
# Score: whether more is better.
SCORES = {"auc": True, "log_loss": False, "calibration_error": False}


# What speaks for us: the default that needs no choice, so that none is made by the test score.
OURS = "tuned"


class Lead(NamedTuple):
    """How far ours is ahead of the best peer; negative where the peer wins.

    Attributes
    ----------
    peer : str
        The peer's method.
    gap : float
        The mean difference, positive where ours is better, whatever the score.
    se : float
        Its standard error over splits, paired.
    """

    peer: str
    gap: float
    se: float


class Results:
    """Everything that was measured on whole splits: ours comes last, so that it tells which are."""

    def __init__(self, records: Records) -> None:
        done = {(cell.table, cell.seed, cell.student) for cell in records if cell.method == OURS}
        whole = {
            (t, seed)
            for t, seed in {(cell.table, cell.seed) for cell in records}
            if all((t, seed, student) in done for student in TABLES[t])
        }
        # Where none is, the page is of what there is.
        known = {table for table, _ in whole}
        self.records = {
            cell: record
            for cell, record in records.items()
            if (cell.table, cell.seed) in whole or cell.table not in known
        }
        self.tables = [t for t in TABLES if any(cell.table == t for cell in self.records)]
        self.seeds = sorted({cell.seed for cell in self.records})

    def students(self, table: str) -> list[str]:
        """Return the students that a table was measured with, the small ones first."""
        found = {cell.student for cell in self.records if cell.table == table}
        return [name for name in TITLES if name in found and name != TEACHER]

    def values(self, table: str, method: str, student: str, field: str) -> dict[int, float]:
        """Return a field of each split that has it."""
        found = {}
        for seed in self.seeds:
            record = self.records.get(Cell(METHODS[method].peer, table, seed, method, student), {})
            if field in record:
                found[seed] = record[field]
        return found

    def lead(self, table: str, student: str, field: str) -> Lead | None:
        """Compare ours with the peer that is best against it, on the splits that both have."""
        ours = self.values(table, OURS, student, field)
        leads = []
        for name, method in METHODS.items():
            theirs = self.values(table, name, student, field) if method.side == "peer" else {}
            gaps = np.array([ours[seed] - theirs[seed] for seed in ours if seed in theirs])
            gaps = gaps if SCORES[field] else -gaps
            if len(gaps):
                leads.append(Lead(name, float(gaps.mean()), standard_error(gaps)))
        return min(leads, key=lambda lead: lead.gap, default=None)
