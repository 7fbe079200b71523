"""Is the advice of `diagnose_teacher` right? Its regret against the best of labels and distillers.

For each table, teacher and student the advised distiller is fitted, and so are the student on
labels and the three distillers that need no search. Regret is the test log loss beyond the least of
these. The thresholds of the advice were chosen on the tables in another split, and on seeds 0 and 1
of the simulation; seeds 2 and 3 had no say.

    python benchmarks/diagnosis.py [--tables NAME ...]

What results/diagnosis.json holds already is not measured again: remove it to start anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import diagnose_teacher
from skdistill.evaluation import make_noisy_table, student_on_labels
from skdistill.evaluation.diagnosis import Difference, advise
from skdistill.evaluation.measure.scores import log_losses, onehot

sys.path.insert(0, str(Path(__file__).parent))
from datasets import as_numbers, load
from report import RESULTS, heading, table, write

TABLES = ("adult", "fico_heloc", "phoneme", "letter")
ROWS, TEST_ROWS = 2_000, 6_000
ALWAYS = ("labels", "Distiller", "CrossFitDistiller", "LossCorrectedDistiller")
# A regret below this is none: about a standard error of a difference over the test rows.
NONE = 0.01


class Given(NamedTuple):
    """Rows to train and test on, and what is true of the latter: labels or probabilities."""

    name: str
    X: Any
    y: Any
    X_test: Any
    truth: Any


def squares() -> Any:
    """Return a linear model of all products of two columns."""
    return make_pipeline(
        PolynomialFeatures(2, include_bias=False), StandardScaler(), LogisticRegression(C=0.1)
    )


def teachers() -> dict[str, Any]:
    return {
        "forest": RandomForestClassifier(100, random_state=0),
        "forest, depth 4": RandomForestClassifier(100, max_depth=4, random_state=0),
        "LightGBM": LGBMClassifier(n_jobs=1, verbose=-1),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
    }


def simulated_teachers() -> dict[str, Any]:
    return {
        "forest": RandomForestClassifier(100, random_state=0),
        "forest of stumps": RandomForestClassifier(100, max_depth=1, random_state=0),
        "logistic": LogisticRegression(),
        "squares": squares(),
        "5 neighbours": KNeighborsClassifier(5),
    }


def students() -> dict[str, Any]:
    return {
        "tree": DecisionTreeRegressor(random_state=0),
        "tree of 64": DecisionTreeRegressor(max_leaf_nodes=64, random_state=0),
        "LightGBM 30": LGBMRegressor(n_estimators=30, n_jobs=1, verbose=-1),
    }


def real(names: list[str]) -> Iterator[Given]:
    for name in names:
        X, y = load(name)
        X, labels = as_numbers(X), y.astype(str).to_numpy()
        if name == "letter":
            labels = np.where(labels < "N", "A to M", "N to Z")
        X, X_test, labels, y_test = train_test_split(
            X, labels, train_size=ROWS, stratify=labels, random_state=0
        )
        truth = onehot(y_test[:TEST_ROWS], np.unique(labels))
        yield Given(name, X, labels, X_test[:TEST_ROWS], truth)


def simulated() -> Iterator[Given]:
    for seed in range(4):
        X, y, _ = make_noisy_table(2000, random_state=seed)
        X_test, _, bayes = make_noisy_table(5000, random_state=seed + 1000)
        yield Given(f"simulated {seed}", X, y, X_test, bayes)


def fit_one(name: str, teacher: Any, student: Any, given: Given, memory: str) -> float:
    """Return the test log loss of the student that a distiller makes."""
    model = student_on_labels(student)
    if name != "labels":
        model = getattr(skdistill, name)(teacher, student, memory=memory)
        if "random_state" in model.get_params(deep=False):
            model.set_params(random_state=0)
    proba = model.fit(given.X, given.y).predict_proba(given.X_test)
    return float(log_losses(given.truth, proba).mean())


def run_cell(given: Given, teacher_name: str, name: str, memory: str) -> dict:
    teacher = (teachers() | simulated_teachers())[teacher_name]
    student = students()[name]
    found = diagnose_teacher(teacher, given.X, given.y, student=student, random_state=0)
    kinds = dict.fromkeys([*ALWAYS, found.recommendation])
    losses = {kind: fit_one(kind, teacher, student, given, memory) for kind in kinds}
    cell = {
        "table": given.name,
        "teacher": teacher_name,
        "student": name,
        "losses": losses,
        "overfit_share": found.overfit_share,
        "gain": list(found.correction_gain),
        "lead": list(found.lead),
        "corrected_lead": list(found.corrected_lead),
    }
    regret = regrets([cell])[0]
    print(f"{given.name}, {teacher_name}, {name}: {found.recommendation} {regret:+.1f}", flush=True)
    return cell


# ---- the page --------------------------------------------------------------------------------


def advised(cell: dict) -> str:
    """Return what the rules of today make of what was found."""
    return advise(
        overfit_share=cell["overfit_share"],
        correction_gain=Difference(*cell["gain"]),
        correction_columns={},
        lead=Difference(*cell["lead"]),
        corrected_lead=Difference(*cell["corrected_lead"]),
    )[0]


def regrets(cells: list[dict], kind: str | None = None) -> np.ndarray:
    """Return regrets × 1000 of the advice, or of always doing one thing."""
    chosen = [cell["losses"][kind or advised(cell)] for cell in cells]
    best = [min(cell["losses"][always] for always in ALWAYS) for cell in cells]
    return 1000 * (np.array(chosen) - best)


def line(name: str, values: np.ndarray) -> list[object]:
    share = float((values <= 1000 * NONE).mean())
    return [name, len(values), f"{values.mean():+.1f}", f"{share:.0%}", f"{values.max():+.0f}"]


def page(cells: list[dict]) -> str:
    parts = {
        "Real tables": [c for c in cells if c["table"] in TABLES],
        "Simulated, seeds 0 and 1": [c for c in cells if c["table"][-1] in "01"],
        "Simulated, seeds 2 and 3": [c for c in cells if c["table"][-1] in "23"],
    }
    head = ["", "cells", "mean", f"at most {1000 * NONE:.0f}", "largest"]
    text = heading("Is the advice right?", "python benchmarks/diagnosis.py", ABOUT)
    for name, part in parts.items():
        if part:
            lines = [line("**the advice**", regrets(part))]
            lines += [line(f"always {kind}", regrets(part, kind)) for kind in ALWAYS]
            kinds = sorted(set(map(advised, part)))
            by_advice = [
                line(kind, regrets([c for c in part if advised(c) == kind])) for kind in kinds
            ]
            text += f"\n## {name}\n\n{table(head, lines)}\nBy what was advised:\n\n"
            text += table(head, by_advice)
    return text


ABOUT = f"""`diagnose_teacher` and its advice: regret in test log loss × 1000 (probabilities floored
at 1/500) against the best, in hindsight, of labels, `Distiller`, `CrossFitDistiller` and
`LossCorrectedDistiller`; and the share of cells with at most {1000 * NONE:.0f}. {ROWS:,} training
rows of tables from `SKDISTILL_DATA`, and 2,000 of a simulated one, whose true probabilities are the
judge. Students: a tree, unpruned and of 64 leaves, and LightGBM of 30 trees. Where
`LossCorrectedDistillerCV` is advised, it is fitted, and may do better than all four. The thresholds
of the advice were chosen on these tables, in another split of 3,000 training rows, and on seeds 0
and 1 of the simulation with 1,000 and 4,000 rows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), help="default: %(default)s")
    names = parser.parse_args().tables
    path = RESULTS / "diagnosis.json"
    cells = json.loads(path.read_text()) if path.exists() else []
    done = {cell["table"] for cell in cells}
    for source, own in ((simulated(), simulated_teachers()), (real(names), teachers())):
        for given in source:
            if given.name not in done:
                with TemporaryDirectory() as memory:
                    cells += [run_cell(given, t, s, memory) for t in own for s in students()]
                path.write_text(json.dumps(cells, indent=1) + "\n")
    write("diagnosis.md", page(cells))


if __name__ == "__main__":
    main()
