"""The README's table: test AUC of students with a teacher, and of their rivals without.

Most of it is what `paper` (figure "tabular") and `students` stored. What they lack is measured
here: the same students with parameters tuned on labels, by the search of `compare_students`, on
the same splits.

    python -m benchmarks.readme_table [--render]

prints the table, and writes it to `results/readme_table.md`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sklearn.tree import DecisionTreeRegressor

from skdistill import LGBMSoftClassifier

from . import runner, students
from .data import split
from .ours import tune_on_labels
from .page import RESULTS, fill, heading, measured_before, table, write
from .paper import cell as paper
from .paper import tabular
from .paper.__main__ import parse, plan
from .paper.results import Results, whole
from .scores import mean_and_error, scores
from .store import Records, Store

NAMES = {"adult": "Adult", "magic": "MAGIC", "fico_heloc": "FICO"}
TREE, BOOSTED = "tree of 1,024 leaves", "300 × 31"
HEADER = ["table", "teacher", "student", "labels", "tuned on labels", "in-sample", "cross-fit"]
HEADER += ["corrected", "search", "teacher alone"]
# What each column is called in the two stores.
OF_PAPER = ["none", "tuned", "in_sample_log", "cross_fit", "fast_realized", "ours", "teacher"]
OF_STUDENTS = ["labels", "tuned on labels", "in-sample", "cross-fit", "corrected", "tuned"]


class Cell(NamedTuple):
    """A student that is tuned without a teacher, on one split."""

    table: str
    student: str
    seed: int

    shared = slice(None)  # it shares nothing with others


PLAN = [
    Cell(*names, seed)
    for names in (("adult", TREE), ("fico_heloc", BOOSTED), ("adult", BOOSTED))
    for seed in range(3)
]


def measure(cells: list[Cell], settings: dict, folder: Path) -> Iterator[tuple]:
    """Yield the test AUC of students of `students.py`, tuned without a teacher."""
    for cell in cells:
        X, X_test, y, y_test = split(cell.table, cell.seed)
        student: Any = LGBMSoftClassifier(n_estimators=300, num_leaves=31, n_jobs=1)
        if cell.student == TREE:
            student = DecisionTreeRegressor(max_leaf_nodes=1_024, random_state=cell.seed)
        model = tune_on_labels(student, X, y, random_state=cell.seed)
        yield cell, {"auc": scores(model, X_test, y_test)["auc"]}


def of_paper(name: str) -> list[str]:
    """Return a line: a forest of 500 trees, and one tree."""
    records = Store(RESULTS / "paper" / "cells.jsonl", paper.Cell).read()
    planned = plan(parse(["--figures", tabular.NAME, "--tables", name]))
    results = Results(whole(records, planned))
    own = [results.splits(tabular.NAME, name, int(c != "teacher"), c) for c in OF_PAPER]
    return [NAMES[name], "forest of 500", "one tree", *map(cell, own)]


def of_students(stored: Records, name: str, teacher: str, student: str, called: str) -> list[str]:
    """Return a line: a teacher and a student of `students.py`, and what is stored here."""
    runs = Store(RESULTS / "students.jsonl", students.Cell).read()
    rows = [row for key, run in runs.items() if key.part == "boosting" for row in run["rows"]]
    where = {"table": name, "teacher": teacher}
    mine = where | {"student": student}
    own = {m: students.numbers(rows, "auc", method=m, **mine) for m in OF_STUDENTS}
    own["tuned on labels"] = [r["auc"] for c, r in stored.items() if c[:2] == (name, student)]
    if not len(own["cross-fit"]):  # a forest is asked out-of-bag instead of in folds
        own["cross-fit"] = students.numbers(rows, "auc", method="out-of-bag", **mine)
    alone = students.numbers(rows, "auc", method="teacher", **where)
    return [NAMES[name], teacher, called, *map(cell, [*own.values(), alone])]


def cell(values: Any) -> str:
    """Write mean ± standard error, with as many figures as that says."""
    return mean_and_error(values, ".3f").replace("0.", ".") or "–"


def main() -> None:
    options = runner.parser(__doc__).parse_args()
    store, path = Store(RESULTS / "readme_table.jsonl", Cell), RESULTS / "readme_table.md"
    failed = [] if options.render else runner.measure_here(PLAN, store, measure, {})
    stored = store.read()
    lines = [of_paper(name) for name in NAMES]
    lines.append(of_students(stored, "adult", "LightGBM 400", TREE, TREE))
    for name in ("fico_heloc", "adult"):
        told = ("forest of 500", BOOSTED, "LightGBM of 300 trees")
        lines.append(of_students(stored, name, *told))
    before = measured_before(path) if options.render else ""
    about = fill("readme_table", "about")
    page = heading("The table of the README", "readme_table", about, before)
    write(path, f"{page}\n\n{table(HEADER, lines)}")
    runner.report(failed)


if __name__ == "__main__":
    main()
