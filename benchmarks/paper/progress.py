"""How much of what is planned has been measured, and what is not here."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ..page import fill, table
from .cell import Cell
from .results import Results


def progress_table(
    results: Results, planned: Sequence[Cell], field: str, unit: tuple[str, int], title: str = ""
) -> str:
    """Count cells and time by a field of theirs; a unit of time is a name and its seconds."""
    name, seconds = unit
    rows = []
    for value in dict.fromkeys(getattr(cell, field) for cell in planned):
        plan = [cell for cell in planned if getattr(cell, field) == value]
        found = {c: r for c, r in results.records.items() if getattr(c, field) == value}
        done = sum(cell in found for cell in plan)
        seeds = Counter(cell.seed for cell in found)
        told = ", ".join(f"{seed} ({n})" for seed, n in sorted(seeds.items()))
        spent = sum(record["cpu_seconds"] for record in found.values()) / seconds
        rows.append([value, f"{done} of {len(plan)}", told, f"{spent:.1f}"])
    return table([title or field, "cells measured", "seeds (cells)", f"{name} of one core"], rows)


def not_measured(names: Iterable[str]) -> str:
    """Say what is not here, nothing if all is."""
    return fill("paper", "absent", names=" and ".join(absent)) if (absent := [*names]) else ""
