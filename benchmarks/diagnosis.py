"""Is the advice of `diagnose_teacher` right? Its regret against the best of labels and distillers.

For each table, teacher and student the advised distiller is fitted, and so are the student on
labels and the three distillers that need no search. Regret is the test log loss beyond the least of
these. The thresholds of the advice were chosen on the tables in another split, and on seeds 0 and 1
of the simulation; seeds 2 and 3 had no say.

    python -m benchmarks.diagnosis [--tables NAME ...] [--render]

What results/diagnosis.jsonl holds already is not measured again: remove it to start anew.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import skdistill
from skdistill import diagnose_teacher
from skdistill.evaluation import make_noisy_table, student_on_labels

from . import runner
from .data import split
from .models import forest, scaled, tree
from .ours import Difference, advise, log_losses, onehot
from .page import RESULTS, blocks, fill, heading, measured_before, table, write
from .store import Store

TABLES = ("adult", "fico_heloc", "phoneme", "letter")
SIMULATED = tuple(f"simulated {seed}" for seed in range(4))
ROWS, TEST_ROWS = 2_000, 6_000
ALWAYS = ("labels", "Distiller", "CrossFitDistiller", "LossCorrectedDistiller")
# A regret below this is none: about a standard error of a difference over the test rows.
NONE = 0.01


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    teacher: str
    student: str
    seed = 0
    shared = slice(0, 1)  # cells of a table share rows and what teachers said


def squares() -> Any:
    """Return a linear model of all products of two columns."""
    products = PolynomialFeatures(2, include_bias=False)
    return make_pipeline(products, StandardScaler(), LogisticRegression(C=0.1))


def teachers(name: str) -> dict[str, Any]:
    """Return the teachers of a table."""
    if name in SIMULATED:
        return {
            "forest": forest(100),
            "forest of stumps": forest(100, 0, 1),
            "logistic": LogisticRegression(),
            "squares": squares(),
            "5 neighbours": KNeighborsClassifier(5),
        }
    return {
        "forest": forest(100),
        "forest, depth 4": forest(100, 0, 4),
        "LightGBM": LGBMClassifier(n_jobs=1, verbose=-1),
        "logistic": scaled(LogisticRegression(max_iter=500)),
    }


STUDENTS: dict[str, Any] = {
    "tree": tree(),
    "tree of 64": tree(64),
    "LightGBM 30": LGBMRegressor(n_estimators=30, n_jobs=1, verbose=-1),
}


def rows_of(name: str) -> tuple[Any, Any, Any, Any]:
    """Return rows and labels to learn from, rows to test on, and what is true of them."""
    if name in SIMULATED:
        seed = SIMULATED.index(name)
        X, y, _ = make_noisy_table(2000, random_state=seed)
        X_test, _, bayes = make_noisy_table(5000, random_state=seed + 1000)
        return X, y, X_test, bayes
    # Of the letters, A to M against N to Z.
    X, X_test, y, y_test = split("letter_two" if name == "letter" else name, 0, ROWS)
    return X, y, X_test[:TEST_ROWS], onehot(y_test[:TEST_ROWS], np.unique(y))


def measure(cells: list[Cell], settings: dict, folder: Path) -> Iterator[tuple]:
    """Yield cells of one table and their values."""
    X, y, X_test, truth = rows_of(cells[0].table)

    def loss(kind: str, teacher: Any, student: Any) -> float:
        """Return the test log loss of the student that a distiller makes."""
        labels = kind == "labels"
        model = student_on_labels(student) if labels else seeded(kind, teacher, student, folder)
        return float(log_losses(truth, model.fit(X, y).predict_proba(X_test)).mean())

    for cell in cells:
        both = (teachers(cell.table)[cell.teacher], STUDENTS[cell.student])
        found = diagnose_teacher(both[0], X, y, student=both[1], random_state=0)
        kinds = dict.fromkeys([*ALWAYS, found.recommendation])
        yield (
            cell,
            {
                "losses": {kind: loss(kind, *both) for kind in kinds},
                **facts(found),
            },
        )


def seeded(kind: str, teacher: Any, student: Any, folder: Path) -> Any:
    """Return a distiller that makes the same student each time, and asks teachers once."""
    model = getattr(skdistill, kind)(teacher, student, memory=str(folder))
    has_seed = "random_state" in model.get_params(deep=False)
    return model.set_params(random_state=0) if has_seed else model


def facts(found: Any) -> dict[str, Any]:
    """Return what advice follows from, as `advised` takes it."""
    return {
        "overfit_share": found.overfit_share,
        "gain": list(found.correction_gain),
        "lead": list(found.lead),
        "corrected_lead": list(found.corrected_lead),
    }


# ---- the page --------------------------------------------------------------------------------


def advised(cell: dict, **own: Any) -> str:
    """Return what the rules of today make of what was found."""
    return advise(
        overfit_share=cell["overfit_share"],
        correction_gain=Difference(*cell["gain"]),
        correction_columns={},
        lead=Difference(*cell["lead"]),
        corrected_lead=Difference(*cell["corrected_lead"]),
        **own,
    )[0]


def line(name: str, cells: list[dict], kind: str | None = None) -> list[object]:
    """Tell of the regret × 1000 of the advice, or of always doing one thing."""
    chosen = [cell["losses"][kind or advised(cell)] for cell in cells]
    best = [min(cell["losses"][always] for always in ALWAYS) for cell in cells]
    values = 1000 * (np.array(chosen) - best)
    share = float((values <= 1000 * NONE).mean())
    return [name, len(values), f"{values.mean():+.1f}", f"{share:.0%}", f"{values.max():+.0f}"]


def part(name: str, tables: tuple[str, ...], cells: list[dict]) -> str:
    """Tell of some tables."""
    own = [cell for cell in cells if cell["table"] in tables]
    if not own:
        return ""
    header = ["", "cells", "mean", f"at most {1000 * NONE:.0f}", "largest"]
    lines = [line("**the advice**", own), *(line(f"always {kind}", own, kind) for kind in ALWAYS)]
    by = [(k, [c for c in own if advised(c) == k]) for k in sorted(set(map(advised, own)))]
    tables = {"all": table(header, lines), "by": table(header, [line(*each) for each in by])}
    return fill("diagnosis", "part", name=name, **tables)


def render(cells: list[dict], told: str) -> None:
    """Write the page."""
    about = fill("diagnosis", "about", none=1000 * NONE, rows=ROWS)
    parts = [
        heading("Is the advice right?", "diagnosis", about, told),
        part("Real tables", TABLES, cells),
        part("Simulated, seeds 0 and 1", SIMULATED[:2], cells),
        part("Simulated, seeds 2 and 3", SIMULATED[2:], cells),
    ]
    write(RESULTS / "diagnosis.md", blocks(parts))


def main() -> None:
    options = runner.parser(__doc__, tables=[*SIMULATED, *TABLES]).parse_args()
    store, failed = Store(RESULTS / "diagnosis.jsonl", Cell), []
    cells = [Cell(n, t, s) for n in options.tables for t in teachers(n) for s in STUDENTS]
    if not options.render:
        failed = runner.measure_here(cells, store, measure, {})
    told = measured_before(RESULTS / "diagnosis.md") if options.render else ""
    render([*store.read().values()], told)
    runner.report(failed)


if __name__ == "__main__":
    main()
