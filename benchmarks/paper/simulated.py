"""Figure "simulated": excess risk where the Bayes probabilities are known.

The risk of a student is its expected log loss under p0 on fresh rows; its excess is what lies above
the risk of p0 itself. The best student in class is the same student taught p0.
"""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from skdistill import Distiller, LGBMSoftClassifier, LossCorrectedDistillerCV

from .. import NAMES
from ..models import boosted, distillers, forest, tree
from ..ours import floor_proba
from ..scores import PROBA_FLOOR, standard_error
from .cell import Cell
from .worlds import WORLDS

NAME = "simulated"
TABLES = tuple(WORLDS)
N_SEEDS = 5
SETTINGS = {"trees": 100, "test_rows": 20_000}
SIZES = (500, 1_500, 5_000, 15_000, 50_000)
QUICK_SIZES = (500, 1_500, 5_000)

STUDENTS: dict[str, Callable[[int], Any]] = {
    "tree": lambda seed: tree(None, seed),
    "leaves": lambda seed: tree(64, seed),
    "boosted": lambda seed: boosted(LGBMSoftClassifier, 50, 16, seed),
}
TEACHERS: dict[str, Callable[[int, int], Any]] = {
    "forest": forest,
    "shallow": lambda trees, seed: forest(trees, seed, 3),
}
STUDENT_TITLES, TEACHER_TITLES, METHODS = NAMES["simulated"].values()
WITHOUT_TEACHER = ("best", "labels")
SINGLE = ("labels", "in_sample", "cross_fit", "residual")  # without a search


def plan(world: str, seed: int, *, quick: bool = False) -> list[Cell]:
    """Return the cells of a world and a seed, small samples first."""
    return [
        Cell(NAME, world, seed, n, curve)
        for n in (QUICK_SIZES if quick else SIZES)
        for curve in curves()
    ]


def curves() -> list[str]:
    """Return all curves: method, student and, where one teaches, teacher."""
    every = [(t, s, m) for t in TEACHERS for s in STUDENTS for m in METHODS]
    names = [curve_name(m, s, t) for t, s, m in every]
    return sorted(dict.fromkeys(names), key=lambda name: len(name.split()))


def curve_name(method: str, student: str, teacher: str) -> str:
    """Return the name under which a curve is stored."""
    return f"{method} {student}" + ("" if method in WITHOUT_TEACHER else f" {teacher}")


def effort(cell: Cell) -> float:
    """Return roughly how a cell's cost compares: a search fits some 25 students."""
    search = 20 if cell.curve.startswith("ours") else 1
    return cell.size * search * {"sparse": 2, "classes": 4}.get(cell.table, 1) / 5_000


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Yield cells of one world and seed and their values."""
    world, seed = WORLDS[cells[0].table], cells[0].seed
    number = [*WORLDS].index(cells[0].table)
    X_test, _, bayes = world.draw(settings["test_rows"], [seed, number, 0])
    samples: dict[int, tuple] = {}
    for cell in cells:
        if cell.size not in samples:
            samples = {cell.size: world.draw(cell.size, [seed, number, cell.size])}
        how = (settings["trees"], seed, str(folder), cell.curve.split())
        model = teach(*how, *samples[cell.size])
        yield cell, excess(model.predict_proba(X_test), bayes) | notes(model)


def teach(trees: int, seed: int, memory: str, curve: list[str], X, y, bayes) -> Any:
    """Fit the student of a curve."""
    method, name, *teachers = curve
    student = STUDENTS[name](seed)
    with warnings.catch_warnings():
        # Probabilities that know the labels, and bags too small for some rows, earn warnings.
        warnings.simplefilter("ignore", UserWarning)
        if method in WITHOUT_TEACHER:
            target = bayes if method == "best" else np.eye(bayes.shape[1])[y]
            # Labels as they are, as a booster of scikit-learn's kind would learn them.
            return Distiller(None, student, proba_floor=1e-12).fit(X, y, teacher_proba=target)
        teacher = TEACHERS[teachers[0]](trees, seed)
        return distillers(teacher, student, cv="oob", seed=seed, memory=memory)[method].fit(X, y)


def excess(proba: np.ndarray, bayes: np.ndarray) -> dict[str, float]:
    """Return the expected log loss under p0 above that of p0, and its error over test rows."""
    gains = bayes * (np.log(np.maximum(bayes, 1e-300)) - np.log(floor_proba(proba, PROBA_FLOOR)))
    rows = gains.sum(axis=1)
    return {"excess": round(float(rows.mean()), 7), "se": round(standard_error(rows), 7)}


def notes(model: Any) -> dict[str, Any]:
    """Say what a search chose."""
    if not isinstance(model, LossCorrectedDistillerCV):
        return {}
    kept = model.calibration_ is not None
    return {"chosen": str(model.best_candidate_) + (", calibrated" if kept else "")}
