"""Is the advice of `diagnose_teacher` right for numbers? Its regret, as of that for classes.

    python -m benchmarks.regression.diagnosis [--tables NAME ...] [--render]

For each table, teacher and student the advised distiller is fitted, and so are the student on
labels and the three distillers that need no search. Regret is how much R² lies below the best of
these. The thresholds of the advice are those that were chosen on classes. In another split, of all
tables, was decided what is advised where a teacher remembers labels and has no clear bias.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge

from skdistill import diagnose_teacher

from .. import runner
from ..diagnosis import advised as of_classes
from ..diagnosis import facts, seeded
from ..models import boosted, scaled, tree
from ..ours import OF_CLASSES, OF_NUMBERS
from ..page import RESULTS, blocks, fill, heading, table, write
from ..scores import mean_and_error
from ..store import Store
from . import splits
from .splits import split

SETTINGS = {"rows": 1_000, "test_rows": 4_000, "train_share": 0.7}
TABLES = ("diamonds", "bikeshare", "wage", "housing", "hotel", "loans")
SIMULATED = ("Friedman 1", "Friedman 2", "heteroscedastic", "skewed")
REPORTED, DECIDED = 0, 10  # splits
DISTILLERS = ("Distiller", "CrossFitDistiller", "LossCorrectedDistiller")
ALWAYS = ("labels", *(f"{name}Regressor" for name in DISTILLERS))
# A regret below this is none: about a standard error of a difference over the test rows.
NONE = 0.005
TEACHERS: dict[str, Any] = {
    "forest": RandomForestRegressor(50, random_state=0),
    "forest, depth 4": RandomForestRegressor(50, max_depth=4, random_state=0),
    "LightGBM": boosted(LGBMRegressor, 100, 31, 0),
    "ridge": scaled(Ridge()),
}
STUDENTS: dict[str, Any] = {
    "tree": tree(),
    "tree of 64": tree(64),
    "LightGBM 30": boosted(LGBMRegressor, 30, 31, 0),
}


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    teacher: str
    seed: int
    student: str

    shared = slice(0, 3)  # students of a teacher share what it said


def all_cells(tables: list[str]) -> list[Cell]:
    """Return the cells of those tables: the ones reported, and then all others."""
    known = [(name, REPORTED) for name in (*TABLES, *SIMULATED)]
    known += [(name, DECIDED) for name in splits.TABLES]
    asked = [(name, seed) for name, seed in known if name in tables]
    return [Cell(n, t, seed, s) for n, seed in asked for t in TEACHERS for s in STUDENTS]


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one teacher, what was found of it, and what students reached."""
    data = split(cells[0].table, cells[0].seed, *settings.values())
    truth = data.y_test if data.truth is None else data.truth

    def score(kind: str, teacher: Any, student: Any) -> float:
        """Return the R² of the student that a distiller makes; in a world that of the truth."""
        model = clone(student) if kind == "labels" else seeded(kind, teacher, student, folder)
        missed = truth - model.fit(data.X, data.y).predict(data.X_test)
        return round(1 - float(np.mean(missed**2) / np.var(truth)), 6)

    for cell in cells:
        both = (TEACHERS[cell.teacher], STUDENTS[cell.student])
        found = diagnose_teacher(both[0], data.X, data.y, student=both[1], random_state=0)
        kinds = dict.fromkeys([*ALWAYS, found.recommendation])
        yield (
            cell,
            {
                "scores": {kind: score(kind, *both) for kind in kinds},
                **facts(found),
            },
        )


# ---- the page --------------------------------------------------------------------------------


advised = partial(of_classes, words=OF_NUMBERS)
# What would be advised if numbers were treated as classes are.
advised_as_classes = partial(
    of_classes, words=OF_NUMBERS._replace(cross_fits=OF_CLASSES.cross_fits)
)


def line(name: str, cells: list[dict[str, Any]], kind: str | None = None) -> list[object]:
    """Tell of the regret of the advice, or of always doing one thing."""
    reached = [cell["scores"][kind or advised(cell)] for cell in cells]
    best = [max(cell["scores"][always] for always in ALWAYS) for cell in cells]
    regret = np.subtract(best, reached)
    near = float((regret <= NONE).mean())
    return [name, len(cells), f"{regret.mean():+.4f}", f"{near:.0%}", f"{regret.max():+.3f}"]


def part(name: str, tables: tuple[str, ...], cells: list[dict[str, Any]]) -> str:
    """Tell of some tables."""
    own = [cell for cell in cells if cell["table"] in tables]
    if not own:
        return ""
    header = ["", "cells", "mean", f"at most {NONE}", "largest"]
    lines = [line("**the advice**", own), *(line(f"always {kind}", own, kind) for kind in ALWAYS)]
    groups = [("student", sorted({c["student"] for c in own}), lambda c: c["student"])]
    groups += [("advice", sorted({*map(advised, own)}), advised)]
    told = [table(header, lines)]
    for title, names, of in groups:
        by = [line(n, [cell for cell in own if of(cell) == n]) for n in names]
        told.append(f"The advice, by {title}:\n\n{table(header, by)}")
    return blocks([f"## {name}", *told])


def decision(cells: list[dict[str, Any]]) -> str:
    """Tell what the correction has more where cross-fitting alone could be advised, by table."""
    plain, corrected = (f"{name}Regressor" for name in DISTILLERS[1:])
    more: dict[str, list[float]] = {}
    for cell in cells:
        if advised_as_classes(cell) == plain:
            own = cell["scores"]
            more.setdefault(cell["table"], []).append(own[corrected] - own[plain])
    if len(more) < 2:  # no error over tables
        return ""
    means = {name: float(np.mean(found)) for name, found in more.items()}
    lines = [[name, len(more[name]), f"{mean:+.4f}"] for name, mean in means.items()]
    total = sum(map(len, more.values()))
    lines.append(["**all**", total, f"**{mean_and_error([*means.values()], '+.4f')}**"])
    gained = table(["", "cells", f"{corrected} above {plain}"], lines)
    return fill("regression", "decision", split=DECIDED, cells=len(cells), gained=gained)


def write_page(cells: list[dict[str, Any]], path: Path) -> None:
    """Write the page of what has been measured."""
    reported = [cell for cell in cells if cell["seed"] == REPORTED]
    about = fill("regression", "diagnosis", none=NONE, split=DECIDED, **SETTINGS)
    top = heading("Is the advice right for numbers?", "regression.diagnosis", about)
    parts = [part("Tables", TABLES, reported), part("Worlds", SIMULATED, reported)]
    parts.append(decision([cell for cell in cells if cell["seed"] == DECIDED]))
    write(path, blocks([top, *parts]))


def main() -> None:
    options = runner.parser(__doc__, tables=[*splits.TABLES]).parse_args()
    folder = RESULTS / "regression"
    store, failed = Store(folder / "diagnosis.jsonl", Cell), []
    if not options.render:
        failed = runner.measure_here(all_cells(options.tables), store, measure, SETTINGS)
    write_page([*store.read().values()], folder / "diagnosis.md")
    runner.report(failed)


if __name__ == "__main__":
    main()
