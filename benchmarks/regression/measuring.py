"""Teaches the students of a cell in every way, and compares what they say on test rows.

Processes import this module by its name, as they could not the program that starts them.
"""

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Memory
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from ..scores import standard_error
from . import methods
from .page import PURE, TUNED
from .splits import Split, split


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    teacher: str
    seed: int
    student: str

    shared = slice(0, 3)  # students of a teacher share its answers

    @property
    def cv(self) -> Any:
        """Where answers come from that have not seen a row."""
        return "oob" if self.teacher == "forest, out-of-bag" else methods.FOLDS

    @property
    def tunes(self) -> bool:
        """Whether the search also teaches the student that was tuned: where that is cheap."""
        return self.student not in (methods.RIDGE, methods.NETWORK)


# ---- measuring -------------------------------------------------------------------------------


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Teach students of one teacher in every way, and compare on test rows."""
    table, name, seed, _ = cells[0]
    data = split(table, seed, *(settings[key] for key in ("rows", "test_rows", "train_share")))
    teacher = methods.make_teacher(name, seed, settings["trees"])
    fitted = clone(teacher).fit(data.X, data.y)
    taught = fitted.predict(data.X_test)
    for cell in cells:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            # joblib, of a machine that is busy.
            warnings.filterwarnings("ignore", "Persisting input arguments")
            predictions, choices, seconds = teach(cell, data, teacher, fitted, folder)
        scores = compare({"teacher": taught, **predictions}, data)
        yield cell, {"n_train": len(data.y), **scores, "choices": choices, "spent": seconds}


def teach(cell: Cell, data: Split, teacher: Any, fitted: Any, folder: Path) -> tuple:
    """Return test predictions by each method, what was chosen, and processor seconds.

    What is learned from labels alone is kept for the same student beside another teacher.
    """
    labels = Memory(folder.parents[1] / "labels", verbose=0).cache(methods.from_labels)
    seconds, start = {}, time.process_time()
    predictions, best = labels(cell.student, cell.seed, data)
    seconds["from labels"] = round(time.process_time() - start, 2)
    choices: dict[str, Any] = {"tuned_labels": {"best": best}}
    for name, model in ways(cell, data, teacher, fitted, folder, best).items():
        start = time.process_time()
        predictions[name] = model.fit(data.X, data.y).predict(data.X_test)
        seconds[name] = round(time.process_time() - start, 2)
        if hasattr(model, "best_candidate_"):
            choices[name] = choice(model)
    return predictions, choices, seconds


def ways(
    cell: Cell, data: Split, teacher: Any, fitted: Any, folder: Path, best: dict
) -> dict[str, Any]:
    """Return all that learns from a teacher; some students also as they were tuned on labels."""
    student = methods.make_student(cell.student, cell.seed, data.words)
    how = {"cv": cell.cv, "seed": cell.seed, "memory": str(folder / "answers")}
    found = {"imodels": methods.imodels_distilled(fitted, student)}
    found |= methods.distillers(teacher, student, **how)
    if cell.tunes:
        tuned = clone(student).set_params(**best)
        found["search_tuned"] = methods.search(teacher, tuned, **how)
    return found


def choice(search: Any) -> dict[str, Any]:
    """Say what a search saw and chose."""
    found = search.cv_results_
    scores = zip(found["candidate"], found["mean_test_score"], strict=True)
    return {
        "best": str(search.best_candidate_),
        "scores": {str(name): round(float(mean), 6) for name, mean in scores},
        "shrinkage": search.shrinkage_,
        "overfit_share": getattr(search, "overfit_share_", None),
    }


# ---- scores ----------------------------------------------------------------------------------


def compare(predictions: dict[str, np.ndarray], data: Split) -> dict[str, Any]:
    """Compare all methods, row by row, with tuned labels and with the best of the pure ones.

    Differences are of R², which has the test rows' variance as its unit.
    """
    unit = np.var(data.y_test)
    losses = {name: (data.y_test - told) ** 2 / unit for name, told in predictions.items()}
    best = min(PURE, key=lambda name: losses[name].mean())
    found = {}
    for name, loss in losses.items():
        own = {"r2": 1 - float(loss.mean())}
        for what, rival in (("gain", TUNED), ("over_pure", best)):
            gained = losses[rival] - loss
            own |= {what: float(gained.mean()), f"{what}_se": standard_error(gained)}
        if data.truth is not None:
            missed = (data.truth - predictions[name]) ** 2
            own["excess"] = float(missed.mean() / np.var(data.truth))
        found[name] = {key: round(value, 6) for key, value in own.items()}
    return {"best_pure": best, "n_test": len(data.y_test), "methods": found}


def lacks(cell: Cell, record: dict) -> bool:
    """Say whether a record is from before the search was given the tuned student, too."""
    return cell.tunes and "search_tuned" not in record["methods"]
