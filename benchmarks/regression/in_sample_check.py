"""Measure whether the check of given predictions speaks and stays silent where it should.

    python -m benchmarks.regression.in_sample_check [--tables NAME ...] [--render]

The thresholds are those that were chosen on classes; no table here had a say.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from .. import runner
from ..models import boosted, scaled
from ..ours import MAX_UNEXPLAINED, MIN_SHARE, MIN_SLOPE, Numbers, in_sample_evidence
from ..page import RESULTS, blocks, fill, heading, measured, table, write
from ..store import Store
from . import SETTINGS
from .splits import TABLES, Split, split

FOLDS = KFold(5, shuffle=True, random_state=0)
IN_SAMPLE, OUT_OF_BAG, IN_FOLDS = "in-sample", "out-of-bag", "5-fold"
OTHER_ROWS, TRUTH = "frozen, other rows", "the truth"
# What remembers so much of its labels, asked about its own rows, that the check has to say so.
MEMORY = ("forest", "LightGBM", "extra trees", "1 neighbour")
HONEST = (OUT_OF_BAG, IN_FOLDS, OTHER_ROWS, TRUTH)


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    teacher: str
    how: str
    seed = 0
    shared = slice(0, 2)  # a teacher is fitted once for its own rows and for others

    @property
    def must_speak(self) -> bool | None:
        """Whether the check has to speak; None where it may."""
        return False if self.how in HONEST else True if self.teacher in MEMORY else None


def make_teacher(name: str) -> Any:
    return {
        "forest": RandomForestRegressor(100, oob_score=True, random_state=0),
        "forest, depth 4": RandomForestRegressor(100, max_depth=4, random_state=0),
        "extra trees": ExtraTreesRegressor(100, random_state=0),
        "LightGBM": boosted(LGBMRegressor, 100, 31, 0),
        "1 neighbour": scaled(KNeighborsRegressor(1)),
        "ridge": scaled(Ridge()),
    }[name]


def plan(name: str) -> list[Cell]:
    """Return the cells of a table or world."""
    rows = [("forest", how) for how in (IN_SAMPLE, OUT_OF_BAG, OTHER_ROWS)]
    rows += [("LightGBM", how) for how in (IN_SAMPLE, IN_FOLDS, OTHER_ROWS)]
    others = ("forest, depth 4", "extra trees", "1 neighbour", "ridge")
    rows += [(teacher, how) for teacher in others for how in (IN_SAMPLE, IN_FOLDS)]
    rows += [("nobody", TRUTH)] if split_of(name).truth is not None else []
    return [Cell(name, *row) for row in rows]


def split_of(name: str) -> Split:
    return split(name, 0, *(SETTINGS[key] for key in ("rows", "test_rows", "train_share")))


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one teacher, and what the check sees in its answers."""
    data = split_of(cells[0].table)
    if cells[0].how == TRUTH:
        yield cells[0], evidence(data.X_test, data.y_test, data.truth)
        return
    teacher = make_teacher(cells[0].teacher).fit(data.X, data.y)
    for cell in cells:
        rows = (data.X_test, data.y_test) if cell.how == OTHER_ROWS else (data.X, data.y)
        yield cell, evidence(*rows, ask(teacher, cell.how, rows[0], data))


def ask(teacher: Any, how: str, X: np.ndarray, data: Split) -> np.ndarray:
    """Return what a fitted teacher says about rows, or others like it that have not seen them."""
    if how == OUT_OF_BAG:
        return np.asarray(teacher.oob_prediction_)
    if how == IN_FOLDS:
        return cross_val_predict(clone(teacher), data.X, data.y, cv=FOLDS)
    return np.asarray(teacher.predict(X))


def evidence(X: np.ndarray, y: np.ndarray, answers: Any) -> dict[str, Any]:
    """Return what the check measures."""
    start = time.process_time()
    found = in_sample_evidence(X, y, np.reshape(answers, (-1, 1)), Numbers())
    seconds = time.process_time() - start
    if found is None:
        raise ValueError("there is too little to look at")
    numbers = {name: round(getattr(found, name), 4) for name in NUMBERS}
    return {"rows": len(y), **numbers, "speaks": found.in_sample, "spent": round(seconds, 2)}


NUMBERS = ("lower_slope", "share", "unexplained")


# ---- the page --------------------------------------------------------------------------------


def counts(records: list[dict[str, Any]]) -> str:
    """Show in how many cells of a kind the check spoke, and how near it came to the other side."""
    rows = []
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault((record["teacher"], record["how"]), []).append(record)
    for (teacher, how), own in groups.items():
        must = Cell("", teacher, how).must_speak
        spoke = sum(record["speaks"] for record in own)
        wrong = "" if must is None else (len(own) - spoke if must else spoke)
        slopes = [record["lower_slope"] for record in own]
        least = min(record["unexplained"] for record in own)
        span = f"{min(slopes):.2f} to {max(slopes):.2f}"
        wanted = {True: "speak", False: "be silent", None: "do either"}[must]
        rows.append([teacher, how, len(own), wanted, spoke, wrong, span, f"{least:.3f}"])
    header = ["teacher", "predictions", "tables", "has to", "spoke", "wrong"]
    return table([*header, "lower slope", "least unexplained"], rows)


def errors(records: list[dict[str, Any]]) -> str:
    """List the cells where the check is wrong."""
    rows = []
    for record in records:
        cell = Cell(*(record[name] for name in Cell._fields))
        if cell.must_speak not in (None, record["speaks"]):
            told = [f"{record[name]:.3f}" for name in NUMBERS]
            rows.append([*cell, "speaks" if record["speaks"] else "silent", *told])
    header = ["table", "teacher", "predictions", "is", "lower slope", "share", "unexplained"]
    return table(header, rows) if rows else "None."


def write_page(records: list[dict[str, Any]], path: Path) -> None:
    """Write the page of what has been measured."""
    limits = {"slope": MIN_SLOPE, "share": MIN_SHARE, "unexplained": MAX_UNEXPLAINED}
    about = fill("regression", "check", **limits, memory=", ".join(MEMORY), **SETTINGS)
    command = "regression.in_sample_check"
    top = heading("The check of given predictions", command, about, measured(records))
    write(path, blocks([top, counts(records), "## Where it is wrong", errors(records)]))


def main() -> None:
    options = runner.parser(__doc__, tables=[*TABLES]).parse_args()
    folder = RESULTS / "regression"
    store, failed = Store(folder / "in_sample_check.jsonl", Cell), []
    if not options.render:
        cells = [cell for name in options.tables for cell in plan(name)]
        tell = {"score": lambda record: "speaks" if record["speaks"] else "silent"}
        failed = runner.measure_here(cells, store, measure, SETTINGS, **tell)
    write_page([*store.read().values()], folder / "in_sample_check.md")
    runner.report(failed)


if __name__ == "__main__":
    main()
