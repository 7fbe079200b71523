"""The README's table: test AUC of students with a teacher, and of their rivals without.

Most of it is what `first_look.py` and `students.py` stored. What they lack is measured here: the
same students with parameters tuned on labels, by the search of `compare_students`, on the same
splits.

    python benchmarks/readme_table.py [--render]

prints the table, and writes it to `results/readme_table.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from skdistill import LGBMSoftClassifier
from skdistill.evaluation.methods import tune_on_labels

sys.path.insert(0, str(Path(__file__).parent))
from protocol import standard_error, write_whole
from report import RESULTS, heading, table, write
from students import scores, split

STORE = RESULTS / "readme_table.json"
SEEDS = 3
NAMES = {"adult": "Adult", "magic": "MAGIC", "fico_heloc": "FICO"}
TREE, BOOSTED = "tree of 1,024 leaves", "300 × 31"
HEADER = ["table", "teacher", "student", "labels", "tuned on labels", "in-sample", "cross-fit"]
HEADER += ["corrected", "search", "teacher alone"]
# What each column is called in the two stores.
OF_FIRST_LOOK = ["none", "tuned", "in_sample", "cross_fit", "fast_realized", None]
OF_STUDENTS = ["labels", "tuned on labels", "in-sample", "cross-fit", "corrected", "tuned"]
OF_STUDENTS += ["teacher"]
ALL = [*OF_STUDENTS, "out-of-bag"]
ABOUT = (
    "Means ± standard errors over three splits of a table from `SKDISTILL_DATA`. The first three "
    "lines are those of `first_look.md`, where the correction is the paper's rule, `fast_realized` "
    "with c = .001, and cross-fitting takes ten folds. The others are those of `students.md`, with "
    "the default correction, and the forest asked out-of-bag. Search is "
    "`LossCorrectedDistillerCV`. Tuned on labels: leaves by AUC in the first three lines; in the "
    "others leaves or the learning rate by log loss, as in `compare_students`."
)


def tuned_on_labels(name: str, student: str, seed: int) -> float:
    """Return the test AUC of a student of `students.py`, tuned without a teacher."""
    X, X_test, y, y_test = split(name, seed)
    made = {
        TREE: DecisionTreeRegressor(max_leaf_nodes=1_024, random_state=seed),
        BOOSTED: LGBMSoftClassifier(n_estimators=300, num_leaves=31, n_jobs=1),
    }
    return scores(tune_on_labels(made[student], X, y, random_state=seed), X_test, y_test)["auc"]


def measure() -> None:
    """Store what is lacking."""
    for name, student in (("adult", TREE), ("fico_heloc", BOOSTED), ("adult", BOOSTED)):
        for seed in range(SEEDS):
            found = json.loads(STORE.read_text()) if STORE.exists() else {}
            key = f"{name}/{student}/{seed}"
            if key not in found:
                found[key] = tuned_on_labels(name, student, seed)
                write_whole(STORE, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
                print(f"{key}: {found[key]:.4f}", flush=True)


def of_first_look(name: str) -> list[str]:
    """Return a line: a forest of 500 trees, and one tree."""
    runs = json.loads((RESULTS / "first_look.json").read_text())["runs"]
    own = [run for key, run in runs.items() if key.startswith(f"{name}/")]
    ones = [[np.mean(run["students"]["1"][c]) for run in own] if c else [] for c in OF_FIRST_LOOK]
    teacher = [run["teacher"] for run in own]
    return [NAMES[name], "forest of 500", "one tree", *map(cell, [*ones, teacher])]


def of_students(name: str, teacher: str, student: str, called: str) -> list[str]:
    """Return a line: a teacher and a student of `students.py`, and what is stored here."""
    runs: dict[str, Any] = json.loads((RESULTS / "students.json").read_text())
    rows = [row for key, run in runs.items() if key.startswith("boosting") for row in run]
    same = [r for r in rows if (r["table"], r["teacher"]) == (name, teacher)]
    own = {m: [r["auc"] for r in same if (r["student"], r["method"]) == (student, m)] for m in ALL}
    own["teacher"] = [r["auc"] for r in same if r["method"] == "teacher"]
    # A forest is asked out-of-bag instead of in folds.
    own["cross-fit"] = own["cross-fit"] or own["out-of-bag"]
    stored = json.loads(STORE.read_text())
    own["tuned on labels"] = [stored[f"{name}/{student}/{seed}"] for seed in range(SEEDS)]
    return [NAMES[name], teacher, called, *(cell(own[m]) for m in OF_STUDENTS)]


def cell(values: list[float]) -> str:
    """Write mean ± standard error, with as many figures as that says."""
    if not len(values):
        return "–"
    return f"{np.mean(values):.3f} ± {standard_error(np.array(values)):.3f}".replace("0.", ".")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--render", action="store_true", help="only write the page")
    if not parser.parse_args().render:
        measure()
    lines = [of_first_look(name) for name in NAMES]
    lines.append(of_students("adult", "LightGBM 400", TREE, TREE))
    for name in ("fico_heloc", "adult"):
        lines.append(of_students(name, "forest of 500", BOOSTED, "LightGBM of 300 trees"))
    page = heading("The table of the README", "python benchmarks/readme_table.py", ABOUT)
    write("readme_table.md", f"{page}\n{table(HEADER, lines)}")


if __name__ == "__main__":
    main()
