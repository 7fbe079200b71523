"""What shrinkage, a sigmoid and further rows bring to a tree, each by itself.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.pieces [--tables NAME ...]

writes benchmarks/results/pieces.jsonl, a line for each table and split, and pieces.md. A run that
was stopped goes on where it was; `--render` writes the page of what there is.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self
from unittest.mock import patch

import numpy as np

from skdistill import LossCorrectedDistiller, LossCorrectedDistillerCV, MungeSampler

from . import runner
from .data import split
from .models import forest, tree
from .ours import transfer
from .out_of_bag import TABLES
from .page import RESULTS, blocks, fill, heading, measured, table, write
from .scores import mean_and_error, scores
from .store import Records, Store

SEEDS = (30, 31, 32)
SETTINGS = {"rows": 4_000, "test_rows": 20_000, "trees": 300}
LEAVES = {"unpruned": None, "256 leaves": 256, "64 leaves": 64, "16 leaves": 16}

PLAIN = "as it is"
SEARCHED: dict[str, dict[str, Any]] = {
    "shrunk": {"shrinkage": "auto", "calibrate": False},
    "a sigmoid": {"shrinkage": 0, "calibrate": "auto"},
    "both": {"shrinkage": "auto", "calibrate": "auto"},
}
NODES = "three copies"
COPIES = {"one copy": 1, NODES: 3, "six copies": 6}


class Cell(NamedTuple):
    """A table and a split of it."""

    table: str
    seed: int

    shared = slice(None)  # it shares nothing with others


class Resampler:
    """Rows in which values come from any other row with probability .1."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, X: np.ndarray) -> Self:
        """Remember the rows."""
        self.X = X
        return self

    def sample(self, n_samples: int) -> np.ndarray:
        """Draw copies, of one row after the other."""
        rng = np.random.default_rng(self.seed)
        n_rows, n_columns = self.X.shape
        self.parents_ = np.arange(n_samples) % n_rows
        drawn = self.X[rng.integers(n_rows, size=(n_samples, n_columns)), np.arange(n_columns)]
        return np.where(rng.random(drawn.shape) < 0.1, drawn, self.X[self.parents_])


SAMPLERS: dict[str, Callable[[int], Any]] = {
    "drawn anew": Resampler,
    "MUNGE": lambda seed: MungeSampler(random_state=seed),
}


# ---- measuring -------------------------------------------------------------------------------


def measure(cells: list[Cell], settings: dict[str, int], folder: Path) -> Iterator[tuple]:
    """Yield the test log loss and AUC of each tree with each piece."""
    for cell in cells:
        X, X_test, y, y_test = split(cell.table, cell.seed, settings["rows"], settings["test_rows"])
        teacher = forest(settings["trees"], cell.seed)
        found = {}
        for name, leaves in LEAVES.items():
            both = (teacher, tree(leaves, cell.seed))
            found[name] = {
                piece: scores(model, X_test, y_test)
                for piece, model in taught(both, cell.seed, folder, X, y)
            }
        yield cell, {"n_train": len(y), "students": found}


def taught(
    both: tuple[Any, Any], seed: int, folder: Path, X: np.ndarray, y: np.ndarray
) -> Iterator[tuple[str, Any]]:
    """Yield each piece and what learned with it alone; folders keep the teacher's answers."""
    how = {"cv": "oob", "shrinkage": 0, "random_state": seed}
    searched = {"teacher_cv": "oob", "candidates": ["residual"], "random_state": seed}
    kept = str(folder / "searched")
    for name, own in SEARCHED.items():
        search = LossCorrectedDistillerCV(*both, **searched, **own, memory=kept)
        yield name, search.fit(X, y)
    for name, number in {PLAIN: 0, **COPIES}.items():
        # What is kept does not say how many copies it is of.
        own = {"memory": str(folder / str(number)), "transfer": "nodes" if number else None}
        with copies(number):
            yield name, LossCorrectedDistiller(*both, **how, **own).fit(X, y)
    for name, make in SAMPLERS.items():
        with copies(COPIES[NODES]):
            yield name, LossCorrectedDistiller(*both, **how, transfer=make(seed)).fit(X, y)


def copies(number: int) -> Any:
    """Let further rows be so many times the rows that there are, while this is entered."""
    return patch.object(transfer, "n_further", lambda n_rows: number * n_rows)


def main() -> None:
    parser = runner.parser(__doc__, tables=TABLES)
    parser.add_argument("--jobs", type=int, default=1, help="cells at the same time")
    options = parser.parse_args()
    store, failed = Store(RESULTS / "pieces.jsonl", Cell), []
    cells = [Cell(name, seed) for seed in SEEDS for name in options.tables]
    if not options.render:
        failed = runner.measure_here(cells, store, measure, SETTINGS, jobs=options.jobs)
    write(RESULTS / "pieces.md", page(store.read()))
    runner.report(failed)


# ---- the page --------------------------------------------------------------------------------


def page(records: Records) -> str:
    """Lay out what each piece brings to each tree."""
    tables = [*dict.fromkeys(cell.table for cell in records)]
    words = {
        "tables": ", ".join(f"`{name}`" for name in tables),
        "seeds": ", ".join(map(str, sorted({cell.seed for cell in records}))),
        "cells": len(records),
        "planned": len(SEEDS) * len(TABLES),
    }
    about = fill("pieces", "about", **words, **SETTINGS)
    ways = [NODES, *SAMPLERS]
    return blocks(
        [
            heading("Piece by piece", "pieces", about, measured(records.values())),
            fill("pieces", "shrinkage", shrinkage=table_of_shrinkage(records)),
            fill("pieces", "copies", copies=table_of(records, [*COPIES])),
            fill(
                "pieces",
                "samplers",
                samplers=table_of(records, ways),
                worst=table_of_worst(records, ways),
            ),
        ]
    )


def gaps(records: Records, student: str, piece: str, score: str) -> dict[str, np.ndarray]:
    """Return by table what a piece changes, in thousandths, on each split."""
    found: dict[str, list[float]] = {}
    for cell, record in records.items():
        own = record["students"][student]
        found.setdefault(cell.table, []).append(1_000 * (own[piece][score] - own[PLAIN][score]))
    return {name: np.array(values) for name, values in found.items()}


def mean_gap(records: Records, student: str, piece: str, score: str) -> str:
    """Write the mean of what a piece changes over tables, with its error over tables."""
    by_table = gaps(records, student, piece, score).values()
    return mean_and_error([values.mean() for values in by_table], "+.1f")


def table_of(records: Records, pieces: list[str]) -> str:
    """Return a line for each student and score, a column for each piece."""
    titles = {"log_loss": "log loss", "auc": "AUC"}
    lines = [
        [student, title, *(mean_gap(records, student, piece, score) for piece in pieces)]
        for score, title in titles.items()
        for student in LEAVES
    ]
    return table(["tree", "score", *pieces], lines)


def table_of_shrinkage(records: Records) -> str:
    """Return a line for each student: what shrinkage, a sigmoid and both bring."""
    lines = []
    for student in LEAVES:
        own = np.concatenate([*gaps(records, student, "shrunk", "log_loss").values()])
        plain = [record["students"][student][PLAIN]["log_loss"] for record in records.values()]
        losses = [mean_gap(records, student, piece, "log_loss") for piece in SEARCHED]
        better = [f"{np.mean(own < 0):.0%}", mean_gap(records, student, "shrunk", "auc")]
        lines.append([student, f"{np.mean(plain):.4f}", *losses, *better])
    return table(["tree", PLAIN, *SEARCHED, "better", "shrunk, AUC"], lines)


def table_of_worst(records: Records, ways: list[str]) -> str:
    """Return a line for each student: the table on which each sampler is worst, by AUC."""
    lines = []
    for student in LEAVES:
        told = []
        for piece in ways:
            means = {t: v.mean() for t, v in gaps(records, student, piece, "auc").items()}
            worst = min(means, key=means.__getitem__)
            told.append(f"{means[worst]:+.1f} ({worst})")
        lines.append([student, *told])
    return table(["tree", *ways], lines)


if __name__ == "__main__":
    main()
