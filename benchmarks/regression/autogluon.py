"""AutoGluon's own distillation of numbers, in its own environment, beside what was measured.

    python -m benchmarks.peers --setup autogluon --envs FOLDER      # once
    python -m benchmarks.regression.autogluon --envs FOLDER         # may be stopped, and goes on
    python -m benchmarks.regression --render                        # the page

Its teacher is a forest as large as ours, in AutoGluon's words; students are those that it has words
for. A student that fails is kept with its last line of error, and the page says so.
"""

import itertools
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import runner
from ..page import RESULTS
from ..peers.__main__ import WORK
from ..peers.measuring import PeerMissingError, check, run_worker
from ..store import Store
from . import SETTINGS
from .methods import BOOSTING, FOREST
from .page import ITS_TEACHER
from .splits import TABLES, split
from .worlds import WORLDS

PEER, FILE = "autogluon", "autogluon.jsonl"
#: Students in the words of the worker.
WORDS = {
    "unpruned tree": "unpruned",
    "tree of 256 leaves": "tree256",
    "tree of 64 leaves": "tree64",
    FOREST: "forest10",
    BOOSTING: "lgbm",
}
STUDENTS = (ITS_TEACHER, *WORDS)  # the teacher first: later the best model may be a student


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    seed: int
    student: str

    shared = slice(0, 2)  # students of a split share the teacher


class Wanted(NamedTuple):
    """What the worker is asked for."""

    method: str
    student: str

    @classmethod
    def of(cls, cell: Cell) -> "Wanted":
        """Say it in the worker's words."""
        if cell.student == ITS_TEACHER:
            return cls("autogluon_teacher", "teacher")
        return cls("autogluon", WORDS[cell.student])


def measure(
    cells: list[Cell], settings: dict[str, Any], folder: Path, python: Path
) -> Iterator[tuple]:
    """Yield the cells of one split, and what was measured, or why nothing was."""
    folder.mkdir(parents=True, exist_ok=True)
    table, seed, _ = cells[0]
    data = split(table, seed, *(settings[key] for key in ("rows", "test_rows", "train_share")))
    np.savez(folder / "split.npz", X=data.X, y=data.y, X_test=data.X_test)
    by_words = {Wanted.of(cell): cell for cell in cells}
    job = {"seed": seed, "trees": settings["trees"], "timed": False, "of_numbers": True}
    (folder / "job.json").write_text(json.dumps({**job, "wanted": [*by_words]}))
    for wanted, found in run_worker(PEER, [*by_words], folder, python):
        answers = folder / f"{wanted.method}-{wanted.student}.npy"
        if "error" in found:
            found["error"] = found["error"].strip().splitlines()[-1]
        else:
            found["r2"] = round(r2(data.y_test, np.load(answers)), 6)
        yield by_words[wanted], found


def r2(y: np.ndarray, predicted: np.ndarray) -> float:
    return 1 - float(np.mean((y - predicted) ** 2) / np.var(y))


def score(record: dict) -> str:
    """Say how a cell went."""
    return record["error"] if "error" in record else f"R² {record['r2']:.4f}"


def read(folder: Path) -> list[dict[str, Any]]:
    """Return what has been measured."""
    return [*Store(folder / FILE, Cell).read().values()]


def main() -> None:
    tables = [table for table in TABLES if table not in WORLDS]
    parser = runner.parser(__doc__, tables=tables, students=[*STUDENTS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--envs", type=Path, default=WORK / "envs", help="folder of environments")
    parser.add_argument("--out", type=Path, default=RESULTS / "regression")
    options = parser.parse_args()
    try:
        python = check(PEER, options.envs)
    except PeerMissingError as missing:
        raise SystemExit(str(missing)) from None
    cells = [Cell(*c) for c in itertools.product(options.tables, options.seeds, options.students)]
    store = Store(options.out / FILE, Cell)
    found = partial(measure, python=python)
    runner.report(runner.measure_here(cells, store, found, SETTINGS, score=score))


if __name__ == "__main__":
    main()
