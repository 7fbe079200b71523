"""Distillation of numbers: trees, forests, LightGBM, ridge and a network, on tables and in worlds.

    pip install --no-deps -r benchmarks/regression/requirements.txt   # the tables
    pip install -r benchmarks/peers/requirements/imodels.txt          # two rivals; a third one,
                                                # AutoGluon, by benchmarks.regression.autogluon
    python -m benchmarks.regression              # may be stopped, and goes on
    python -m benchmarks.regression --teachers "forest, out-of-bag" --seeds 0
    python -m benchmarks.regression --render     # the page of what there is

A cell is a table (or a simulated world), a teacher, a seed and a student. In each cell the student
learns labels, as it is, tuned and shrunk, and what the teacher says, in-sample (ours and imodels'),
cross-fitted, with a share of .2, with the learned correction, and by the honest search.
"""

import itertools
from pathlib import Path

from .. import runner
from ..page import RESULTS
from ..store import Store
from . import SETTINGS, methods
from .autogluon import read
from .measuring import Cell, lacks, measure
from .page import write_page
from .splits import TABLES
from .tables import missing_packages

SEEDS = (0, 1, 2)


def score(record: dict) -> str:
    """Say how a cell went."""
    told = record["methods"]["search"]
    gain = f"{told['gain']:+.4f} ± {told['gain_se']:.4f}"
    return f"R² {told['r2']:.4f} by {record['choices']['search']['best']}, over tuned labels {gain}"


def place(cell: Cell) -> tuple[int, ...]:
    """Return where a cell stands on the page, whenever it was measured."""
    known = {"teacher": methods.TEACHERS, "table": TABLES, "student": methods.STUDENTS}
    return *(names.index(getattr(cell, kind)) for kind, names in known.items()), cell.seed


def main() -> None:
    known = {"tables": [*TABLES], "teachers": [*methods.TEACHERS], "students": [*methods.STUDENTS]}
    parser = runner.parser(__doc__, **known)
    parser.add_argument("--seeds", nargs="+", type=int, default=[*SEEDS])
    parser.add_argument("--jobs", type=int, default=1, help="teachers at the same time")
    parser.add_argument("--out", type=Path, default=RESULTS / "regression")
    options = parser.parse_args()
    asked = (options.seeds, options.teachers, options.tables, options.students)
    cells = [Cell(t, name, seed, s) for seed, name, t, s in itertools.product(*asked)]
    store, failed = Store(options.out / "cells.jsonl", Cell), []
    if not options.render:
        if lacking := missing_packages(options.tables):
            raise SystemExit(f"Packages of tables are not installed: {', '.join(lacking)}.")
        own = {"jobs": options.jobs, "score": score, "lacks": lacks}
        failed = runner.measure_here(cells, store, measure, SETTINGS, **own)
    if records := store.read():
        in_order = [records[cell] for cell in sorted(records, key=place)]
        write_page(in_order, SETTINGS, options.out, read(options.out))
    runner.report(failed)


if __name__ == "__main__":
    main()
