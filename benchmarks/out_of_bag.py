"""Whether a tree that learns out-of-bag answers is as good as one that learns those of ten folds.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.out_of_bag [--seeds 5] [--jobs 2]

writes benchmarks/results/out_of_bag.jsonl, a line for each table and split, and out_of_bag.md. A
run that was stopped goes on where it was; `--render` writes the page of what there is.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from skdistill import CrossFitDistiller

from . import runner
from .data import FIRST_SEED, split
from .models import forest, small_forest, tree
from .page import RESULTS, blocks, fill, heading, table, write
from .scores import mean_and_error, scores
from .store import Store

TABLES = ["marketing", "fico_heloc", "magic", "adult", "bank_additional", "online_shoppers"]
TABLES += ["phoneme", "letter_two", "optdigits_odd"]
ROWS, TREES = 5_000, 100
STUDENTS = {"one tree": tree, "five trees": lambda: small_forest(5)}
FOLDS = "ten folds"
# Each fold of ten has a whole forest, and a row out of the bag the votes of 37 % of one.
WAYS: dict[str, dict[str, Any]] = {
    FOLDS: {"cv": 10},
    "out-of-bag": {"cv": "oob", "shrinkage": 0},
    "as many votes": {"cv": "oob", "shrinkage": 0, "trees": round(TREES / np.exp(-1))},
    "further rows": {"cv": "oob", "shrinkage": 0, "transfer": "nodes"},
    "shrunk by 1": {"cv": "oob", "shrinkage": 1},
    "by default": {"cv": "oob"},
}


class Cell(NamedTuple):
    """A table and a split of it."""

    table: str
    seed: int

    shared = slice(None)  # it shares nothing with others


STORE = Store(RESULTS / "out_of_bag.jsonl", Cell)


def measure(cells: list[Cell], settings: dict, folder: Path) -> Iterator[tuple[Cell, dict]]:
    """Yield the test AUC and log loss of each student in each way."""
    for cell in cells:
        X, X_test, y, y_test = split(cell.table, cell.seed, settings["rows"])
        found = {}
        for way, how in WAYS.items():
            own = {name: value for name, value in how.items() if name != "trees"}
            teacher = forest(how.get("trees", TREES), cell.seed)
            memory = None if "transfer" in own else str(folder)
            for name, make in STUDENTS.items():
                model = CrossFitDistiller(
                    clone(teacher), make(), random_state=cell.seed, memory=memory, **own
                )
                score = scores(model.fit(X, y), X_test, y_test)
                found[f"{name}: {way}"] = {k: score[k] for k in ("auc", "log_loss")}
        yield cell, {"scores": found}


def page(records: dict, seeds: int) -> str:
    """Lay out, for each student, what each way is ahead of ten folds by."""
    parts = [
        heading(
            "Out-of-bag answers",
            f"out_of_bag --seeds {seeds}",
            fill("out_of_bag", "about", rows=ROWS, trees=TREES, splits=seeds),
        )
    ]
    for score, title in (("auc", "AUC"), ("log_loss", "log loss")):
        for name in STUDENTS:
            lines = [line(records, of, name, score) for of in TABLES]
            lines = [each for each in lines if each]
            header = ["table", FOLDS, *(way for way in WAYS if way != FOLDS)]
            text = table(header, lines)
            parts.append(fill("out_of_bag", "ways", score=title, student=name, table=text))
    return blocks(parts)


def line(records: dict, of: str, name: str, score: str) -> list[str]:
    """Return the mean of ten folds on a table, and the paired differences of the others."""
    own = [record["scores"] for cell, record in records.items() if cell.table == of]
    if not own:
        return []
    known = {way: np.array([each[f"{name}: {way}"][score] for each in own]) for way in WAYS}
    others = [mean_and_error(known[way] - known[FOLDS], "+.4f") for way in WAYS if way != FOLDS]
    return [of, f"{known[FOLDS].mean():.4f}", *others]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--render", action="store_true", help="measure nothing")
    options = parser.parse_args()
    cells = [
        Cell(name, seed)
        for seed in range(FIRST_SEED, FIRST_SEED + options.seeds)
        for name in TABLES
    ]
    if not options.render:
        settings = {runner.SAME: {"rows": ROWS, "trees": TREES}}
        how = runner.How(measure, settings, Path(gettempdir()) / "out_of_bag")
        runner.measure_all(cells, STORE, how, jobs=options.jobs)
    records = {cell: record for cell, record in STORE.read().items() if cell in set(cells)}
    write(RESULTS / "out_of_bag.md", page(records, options.seeds))


if __name__ == "__main__":
    main()
