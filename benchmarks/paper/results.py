"""What the measured cells say: means over splits, and how far they are from what was published."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..data import FIRST_SEED
from ..page import fill
from ..page import table as lay_out
from ..scores import standard_error
from . import depth, published, simulated, tabular
from .cell import Cell
from .published import Published

TOLERANCE = 0.005  # beside two joint standard errors
MIN_SPLITS = 4  # with fewer, an error over splits says next to nothing
# Its encoding in the paper is unknown, so levels differ: compare differences from the teacher.
AGAINST_TEACHER = ("adult",)


def whole(records: dict[Cell, dict], planned: Iterable[Cell]) -> dict[Cell, dict]:
    """Return the records of splits on which all planned cells are measured.

    So curves that stand side by side are means over the same splits. Where no split of a figure and
    table is whole, the first one is taken as it is.
    """
    lacking = {cell[:3] for cell in planned if cell not in records}
    first: dict[tuple, int] = {}
    splits = {cell[:3] for cell in records}
    for figure, table, seed in sorted(splits, key=lambda split: (split in lacking, split)):
        first.setdefault((figure, table), seed)
    return {
        cell: record
        for cell, record in records.items()
        if cell[:3] not in lacking or first[cell[:2]] == cell.seed
    }


class Results:
    """Records, by curve."""

    def __init__(self, records: dict[Cell, dict]) -> None:
        self.records = records

    def found(self, figure: str) -> dict[Cell, dict]:
        """Return the records of a figure."""
        return {cell: record for cell, record in self.records.items() if cell.figure == figure}

    def tables(self, figure: str) -> list[str]:
        """Return the tables of a figure in the order in which they were measured."""
        return list(dict.fromkeys(cell.table for cell in self.found(figure)))

    def sizes(self, figure: str, table: str) -> list[int]:
        """Return the sizes that students (or depths that teachers) of a table have, but 0."""
        return sorted({c.size for c in self.found(figure) if c.table == table and c.size})

    def seeds(self, figure: str, table: str, size: int, *curves: str) -> list[int]:
        """Return the seeds for which all curves have this point."""
        every = {cell.seed for cell in self.records if cell[:2] == (figure, table)}
        return sorted(
            seed
            for seed in every
            if all(Cell(figure, table, seed, size, curve) in self.records for curve in curves)
        )

    def students(self, cell: Cell, what: str = "auc") -> np.ndarray:
        """Return the numbers of all students of a cell."""
        return np.atleast_1d(self.records[cell][what])

    def splits(
        self, figure: str, table: str, size: int, curve: str, what: str = "auc"
    ) -> np.ndarray:
        """Return a number for each split, the mean over its students."""
        return np.array(
            [
                self.students(Cell(figure, table, seed, size, curve), what).mean()
                for seed in self.seeds(figure, table, size, curve)
            ]
        )

    def pairs(
        self, upper: Cell, lower: Cell, what: str = "auc"
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the numbers of two curves for each split that both have; seeds do not count."""
        seeds = self.seeds(upper.figure, upper.table, upper.size, upper.curve)
        both = [(upper._replace(seed=seed), lower._replace(seed=seed)) for seed in seeds]
        return [
            (self.students(one, what), self.students(other, what))
            for one, other in both
            if other in self.records
        ]


def gaps(pairs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return differences split by split, on a single split student by student."""
    if len(pairs) == 1:
        upper, lower = pairs[0]
        n_students = min(len(upper), len(lower))
        return upper[:n_students] - lower[:n_students]
    return np.array([upper.mean() - lower.mean() for upper, lower in pairs])


# ---- reproduction ----------------------------------------------------------------------------


class Comparison(NamedTuple):
    """A published mean and ours."""

    figure: str
    table: str
    curve: str
    size: int
    ours: Published
    theirs: Published

    @property
    def difference(self) -> float:
        """Ours above theirs."""
        return self.ours.mean - self.theirs.mean

    @property
    def joint_se(self) -> float:
        """Standard error of the difference; one that was not published counts as 0."""
        return float(np.hypot(*np.nan_to_num([self.ours.se, self.theirs.se])))

    @property
    def holds(self) -> bool:
        """Whether the difference is within two joint standard errors and the tolerance."""
        return abs(self.difference) <= 2 * self.joint_se + TOLERANCE


def comparisons(results: Results, *, same_split: bool) -> list[Comparison]:
    """Compare all published means that have been measured.

    On the paper's split its protocol is ours: a mean over students that differ in their seed. Over
    splits, the error is that of splits, which the published errors leave out.
    """
    found = [_compare(results, *point, same_split=same_split) for point in _points(results)]
    return [comparison for comparison in found if comparison is not None]


def _points(results: Results) -> Iterator[tuple]:
    """Yield cells of any seed, their titles, and what was published of them and their teacher."""
    for name in results.tables("tabular"):
        level = published.teacher(name)
        teacher = None if level is None else Published(level, np.nan)
        yield Cell("tabular", name, 0, 0, "teacher"), "teacher", teacher, None
        for n in results.sizes("tabular", name):
            for curve in tabular.PAPERS:
                theirs = published.student(name, curve, n)
                yield Cell("tabular", name, 0, n, curve), curve, theirs, teacher
    for name in results.tables("depth"):
        for scale in depth.SCALES:
            for n in results.sizes("depth", name):
                known = {c: published.of_depth(name, scale, c, n) for c in depth.PAPERS}
                for curve, theirs in known.items():
                    cell = Cell("depth", name, 0, n, depth.curve_on(scale, curve))
                    if curve != "none":
                        yield cell, f"{curve}, {scale}", theirs, known["teacher"]


def _compare(
    results: Results, cell: Cell, title: str, theirs: Any, teacher: Any, *, same_split: bool
) -> Comparison | None:
    relative = cell.table in AGAINST_TEACHER
    if theirs is None or (relative and cell.curve == "teacher"):
        return None
    relative &= teacher is not None
    alone = cell._replace(curve="teacher", size=0 if cell.figure == "tabular" else cell.size)
    wanted = [cell, alone] if relative else [cell]
    numbers = [_numbers(results, each, same_split=same_split) for each in wanted]
    if not all(map(len, numbers)):
        return None
    ours = Published(float(numbers[0].mean()), standard_error(numbers[0]))
    if relative:
        theirs = _minus(theirs, teacher)
        ours = _minus(ours, Published(float(numbers[1].mean()), standard_error(numbers[1])))
        if not same_split:  # the errors of student and teacher on a split go together
            ours = ours._replace(se=standard_error(gaps(results.pairs(*wanted))))
    return Comparison(cell.figure, cell.table, title, cell.size, ours, theirs)


def _numbers(results: Results, cell: Cell, *, same_split: bool) -> np.ndarray:
    """Return numbers of students on the paper's split, or of splits if there are enough."""
    if same_split:
        cell = cell._replace(seed=FIRST_SEED)
        return results.students(cell) if cell in results.records else np.empty(0)
    found = results.splits(cell.figure, cell.table, cell.size, cell.curve)
    return found if len(found) >= MIN_SPLITS else np.empty(0)


def _minus(upper: Published, lower: Published) -> Published:
    error = float(np.hypot(*np.nan_to_num([upper.se, lower.se])))
    return Published(upper.mean - lower.mean, error)


# ---- ours on top -----------------------------------------------------------------------------


class OnTop(NamedTuple):
    """Our default beside the best of the paper's curves as reproduced."""

    figure: str
    table: str
    size: int
    rival: str
    rival_mean: float
    ours_mean: float
    gap: float
    se: float

    @property
    def holds(self) -> bool:
        """Whether ours is at least the rival minus one standard error."""
        return self.gap >= -np.nan_to_num(self.se)


def on_top(results: Results, figure: str, rivals: Sequence[str], ours: str = "ours") -> list[OnTop]:
    """Compare ours with the best of its rivals, point by point."""
    found = []
    for name in results.tables(figure):
        for size in results.sizes(figure, name):
            own = Cell(figure, name, 0, size, ours)
            compared = [point for rival in rivals for point in _beside(results, own, rival)]
            # The best rival is chosen by what it is compared on, which favours it.
            found += [min(compared, key=lambda point: point.gap)] if compared else []
    return found


def _beside(results: Results, own: Cell, rival: str) -> list[OnTop]:
    # Without a teacher, its depth does not matter.
    size = 0 if (own.figure, rival) == ("depth", "none") else own.size
    pairs = results.pairs(own, own._replace(size=size, curve=rival))
    if not pairs:
        return []
    pairs = pairs if len(pairs) >= MIN_SPLITS else pairs[:1]
    means = [float(np.mean([pair[k].mean() for pair in pairs])) for k in (1, 0)]
    gap = gaps(pairs)
    where = (own.figure, own.table, own.size, rival)
    return [OnTop(*where, *means, float(gap.mean()), standard_error(gap))]


# ---- simulated tables ------------------------------------------------------------------------


def excess_of(
    results: Results, world: str, n: int, curve: str, seeds: list[int] | None = None
) -> np.ndarray:
    """Return the excess risk of some seeds, or of all that were measured."""
    seeds = results.seeds("simulated", world, n, curve) if seeds is None else seeds
    cells = [Cell("simulated", world, seed, n, curve) for seed in seeds]
    return np.array([results.records[cell]["excess"] for cell in cells])


def excesses(
    results: Results, world: str, n: int, student: str, teacher: str
) -> dict[str, np.ndarray]:
    """Return the excess of each method for the seeds that all measured ones have."""
    curves = {m: simulated.curve_name(m, student, teacher) for m in simulated.METHODS}
    seeds = {m: set(results.seeds("simulated", world, n, c)) for m, c in curves.items()}
    measured = [found for found in seeds.values() if found] or [set()]
    common = sorted(set.intersection(*measured))
    where = {m: common if seeds[m] else [] for m in curves}
    return {m: excess_of(results, world, n, curve, where[m]) for m, curve in curves.items()}


def single_means(values: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the mean excess of each measured method that needs no search."""
    return {m: values[m].mean() for m in simulated.SINGLE if len(values[m])}


# ---- progress --------------------------------------------------------------------------------


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
    return lay_out([title or field, "cells measured", "seeds (cells)", f"{name} of one core"], rows)


def not_measured(names: Iterable[str]) -> str:
    """Say what is not here, nothing if all is."""
    return fill("paper", "absent", names=" and ".join(absent)) if (absent := [*names]) else ""
