"""What all workers share: reading the split, the students, timing fits, handing answers back.

A worker runs in its peer's environment, as a program of its own; it imports nothing of the
benchmark but what lies beside it, and of skdistill what `ours` names.

    python -m benchmarks.peers.workers.NAME FOLDER      (the orchestrator does that)

FOLDER holds `job.json` and `split.npz`, and after the teacher's worker `teacher.npz` and
`teacher.pickle`. A worker prints one JSON line for each model, and puts its test probabilities,
or numbers, beside the split.
"""

import json
import os
import pickle
import sys
import traceback
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ...ours import pickled_size, prediction_time

MANY_ROWS = 100_000
LEAVES = {"tree16": 16, "tree64": 64, "tree256": 256, "unpruned": None}
BOOSTING = {"n_estimators": 100, "num_leaves": 31, "learning_rate": 0.1, "n_jobs": 1}
# What compileml may build at most, at its rate.
SHALLOW = {"n_estimators": 160, "num_leaves": 4, "max_depth": 2, "learning_rate": 0.2, "n_jobs": 1}
BOOSTERS = {"lgbm": BOOSTING, "boosted2": SHALLOW}


def _student(name: str, seed: int, tree: type, forest: type, booster: type) -> Any:
    if name in LEAVES:
        return tree(max_leaf_nodes=LEAVES[name], random_state=seed)
    if name == "forest10":
        return forest(10, random_state=seed)
    return booster(**BOOSTERS[name], random_state=seed, verbose=-1)


def regressor(name: str, seed: int) -> Any:
    """Return a student that learns numbers."""
    return _student(name, seed, DecisionTreeRegressor, RandomForestRegressor, LGBMRegressor)


def classifier(name: str, seed: int) -> Any:
    """Return a student that learns labels."""
    return _student(name, seed, DecisionTreeClassifier, RandomForestClassifier, LGBMClassifier)


class Fitted(NamedTuple):
    """A model that predicts, and what its fit does not show.

    Attributes
    ----------
    model : object
        What has `predict_proba`, or `predict` where numbers are asked for.
    size : float or None
        Bytes of what one ships, where that is no pickle of `model`.
    teacher_seconds : float
        CPU seconds that its teacher took, which several students share.
    search_seconds : float
        CPU seconds of its own search, which two models share.
    notes : str
        What was chosen.
    """

    model: Any
    size: float | None = None
    teacher_seconds: float = 0.0
    search_seconds: float = 0.0
    notes: str = ""


class Job:
    """A split, and what is wanted of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        about = json.loads((folder / "job.json").read_text())
        self.seed, self.trees = about["seed"], about["trees"]
        self.timed, self.wanted = about["timed"], about["wanted"]
        self.of_numbers = about.get("of_numbers", False)
        self.chosen: dict[str, str] = about.get("chosen", {})
        with np.load(folder / "split.npz") as split:
            self.X, self.y, self.X_test = (split[name] for name in ("X", "y", "X_test"))
        self.n_classes = len(np.unique(self.y))
        self.aside_seconds = 0.0
        self._kept: dict[Any, tuple[Any, float]] = {}

    def aside(self, key: Any, work: Callable[[], Any]) -> tuple[Any, float]:
        """Do work once that is no part of the fit in which it falls; return it and its seconds."""
        if key not in self._kept:
            start = cpu_seconds()
            value = work()
            self._kept[key] = value, cpu_seconds() - start
            self.aside_seconds += self._kept[key][1]
        return self._kept[key]

    @property
    def out_of_bag(self) -> np.ndarray:
        """The teacher's out-of-bag probabilities, of shape (n_samples, n_classes)."""
        with np.load(self.folder / "teacher.npz") as answers:
            return answers["out_of_bag"]

    @property
    def teacher_seconds(self) -> float:
        """What the teacher took to fit, out-of-bag probabilities included."""
        with np.load(self.folder / "teacher.npz") as answers:
            return float(answers["seconds"])

    def teacher(self) -> Any:
        """Return the fitted teacher."""
        content = self.folder / "teacher.pickle"
        return self.aside("teacher", lambda: pickle.loads(content.read_bytes()))[0]


class ByFunction:
    """A function of rows, with the interface of a classifier."""

    def __init__(self, predict_proba: Callable[[Any], np.ndarray]) -> None:
        self.predict_proba = predict_proba


def as_proba(shares: np.ndarray) -> np.ndarray:
    """Return class probabilities of what a regressor says, for one output of two classes too."""
    shares = np.clip(shares, 0, None if shares.ndim == 2 else 1)
    if shares.ndim == 1:
        return np.column_stack([1 - shares, shares])
    total = shares.sum(axis=1, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1), 1 / shares.shape[1])


def cpu_seconds() -> float:
    """Return what this process and those that it started have used so far."""
    return sum(os.times()[:4])


Maker = Callable[[Job, str], Fitted]


def serve(methods: dict[str, Maker], packages: tuple[str, ...]) -> None:
    """Do what the job asks for, one model after the other."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to the log
    job = Job(Path(sys.argv[1]))
    versions = {name: version(name) for name in ("numpy", "scikit-learn", *packages)}
    for method, student in job.wanted:
        try:
            found = measure(methods[method], job, student)
            np.save(job.folder / f"{method}-{student}.npy", found.pop("answers"))
        except Exception:  # one model that fails must not end the others
            found = {"error": traceback.format_exc()}
        line = {"method": method, "student": student, **found, "versions": versions}
        print(json.dumps(line), file=answers, flush=True)


def measure(make: Maker, job: Job, student: str) -> dict[str, Any]:
    """Fit a model, and measure all of it that needs the model at hand."""
    start, aside = cpu_seconds(), job.aside_seconds
    fitted = make(job, student)
    seconds = cpu_seconds() - start - (job.aside_seconds - aside) + fitted.search_seconds
    model, times = fitted.model, {}
    if job.timed:
        # By the clock on the wall a call is longer by whatever else runs on the machine; a single
        # thread's own seconds are what it would take alone.
        timed = partial(prediction_time, model, job.X_test, clock=process_time)
        times = {"us_one_row": timed(), "us_per_row_of_many": timed(batch=MANY_ROWS)}
    ask = model.predict if job.of_numbers else model.predict_proba
    return {
        "answers": np.asarray(ask(job.X_test), dtype=np.float64),
        "teacher_seconds": round(fitted.teacher_seconds, 2),
        "student_seconds": round(seconds, 2),
        "bytes": pickled_size(model) if fitted.size is None else fitted.size,
        **{name: round(value, 4) for name, value in times.items()},
        "notes": fitted.notes,
    }
