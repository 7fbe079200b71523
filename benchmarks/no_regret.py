"""Regret of every way of teaching a student, over tables, students and teachers.

A cell is a table, a student, a teacher and a seed. In each cell the student learns from labels,
in-sample and cross-fitted teacher probabilities, the residual correction, what the paper's search
over shares finds (which leaks), what an honest search over shares finds, and what ours finds, with
and without the sigmoid that it may keep. Regret is test log loss above that of the best of labels,
in-sample and cross-fit in hindsight.

    python -m benchmarks.no_regret --quick --jobs 2   # half an hour
    python -m benchmarks.no_regret                    # hours; may be stopped, and goes on
    python -m benchmarks.no_regret --render           # the page of what there is
"""

import argparse
import itertools
import random
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor

from skdistill import LGBMSoftClassifier, LossCorrectedDistillerCV

from . import runner
from .data import split
from .kept import Kept
from .models import boosted, distillers, forest, scaled, small_forest, tree, without_calibration
from .no_regret_page import PURE, write_page
from .ours import gains_from_made_rows
from .page import RESULTS
from .scores import auc, row_losses, standard_error
from .store import Store

TABLES = {
    "adult": 2,
    "magic": 2,
    "fico_heloc": 2,
    "bank_additional": 2,
    "online_shoppers": 2,
    "phoneme": 2,
    "letter_two": 2,
    "optdigits_odd": 2,
    "letter": 26,
    "satimage": 6,
    "optdigits": 10,
}
FOLDS = 5
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)
SETTINGS = {"rows": 6_000, "train_share": 0.7, "test_rows": 20_000, "trees": 300}
SEEDS = (0, 1, 2)
ORDER_SEED = 2104

# ---- students and teachers -------------------------------------------------------------------


def network(seed: int) -> Any:
    training = {"early_stopping": True, "max_iter": 100, "random_state": seed}
    return scaled(MLPRegressor(hidden_layer_sizes=(32,), **training))


STUDENTS: dict[str, Callable[[int], Any]] = {
    "unpruned tree": lambda seed: tree(None, seed),
    "tree of 256 leaves": lambda seed: tree(256, seed),
    "forest of 10": lambda seed: small_forest(10, seed),
    "LightGBM 30×16": lambda seed: boosted(LGBMSoftClassifier, 30, 16, seed),
    "LightGBM 100×31": lambda seed: boosted(LGBMSoftClassifier, 100, 31, seed),
    "logistic regression": lambda _: LogisticRegression(max_iter=200),
    "MLP": network,
}
TEACHERS: dict[str, Callable[[int], Any]] = {
    "forest, out-of-bag": lambda seed: forest(SETTINGS["trees"], seed),
    "LightGBM": lambda seed: boosted(LGBMClassifier, 100, 31, seed),
    "forest of depth 4": lambda seed: forest(SETTINGS["trees"], seed, 4),
}


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    student: str
    teacher: str
    seed: int

    shared = slice(None)  # it shares nothing with others

    @property
    def is_quick(self) -> bool:
        """Whether it is one of 77: each table with each student once, teachers in turn."""
        turn = [*TABLES].index(self.table) + [*STUDENTS].index(self.student)
        return self.seed == 0 and [*TEACHERS].index(self.teacher) == turn % len(TEACHERS)

    def make_teacher(self) -> Any:
        """Return a teacher that has learned nothing."""
        return TEACHERS[self.teacher](self.seed)

    def make_student(self, folder: Path) -> Any:
        """Return a student that shares its fits within a cell, unless its kind matters."""
        student = STUDENTS[self.student](self.seed)
        if not gains_from_made_rows(student):
            student = Kept(student, folder=str(folder))
        # Weighted copies of rows, which classifiers learn from, must not reach the scaler.
        return scaled(student) if self.student == "logistic regression" else student


def all_cells(options: argparse.Namespace) -> list[Cell]:
    """Return the cells of a run in a fixed random order, the quick ones first.

    So a run that is stopped anywhere has measured an unbiased sample.
    """
    cells = [Cell(*cell) for cell in itertools.product(TABLES, STUDENTS, TEACHERS, SEEDS)]
    random.Random(ORDER_SEED).shuffle(cells)
    cells.sort(key=lambda cell: not cell.is_quick)
    quick = [cell for cell in cells if cell.is_quick or not options.quick]
    return [c for c in quick if c.table in options.tables and c.student in options.students]


# ---- strategies ------------------------------------------------------------------------------


def strategies(cell: Cell, folder: Path, memory: str) -> dict[str, Any]:
    """Return all ways but the leaky one; ours first, so that its seconds are those of all fits."""
    both = (cell.make_teacher(), cell.make_student(folder))
    cv = "oob" if cell.teacher == "forest, out-of-bag" else FOLDS
    found = distillers(*both, cv=cv, seed=cell.seed, memory=memory)
    # A share of 1 is the label, to the last bit, whatever the teacher says.
    found["labels"] = clone(found["residual"]).set_params(correction=1.0)
    for name in set(found) - {"ours"}:
        found[name].set_params(shrinkage=0)
    pool = {"candidates": ["labels", "in_sample", "cross_fit", *SHARES], "calibrate": False}
    pool["shrinkage"] = 0
    shares = clone(found["ours"]).set_params(**pool)
    return {"ours": found.pop("ours"), "shares": shares, **found}


def leaky_search(cell: Cell, folder: Path, proba: np.ndarray, X, y) -> LossCorrectedDistillerCV:
    """Choose a share as the paper does: by folds whose labels the teachers of others have seen.

    Out-of-fold (out-of-bag) probabilities of all rows are made beforehand, and the best of 5 folds
    wins. The shares reach from 0, cross-fit, to 1, labels, as the paper's c do.
    """
    how = {"cv": FOLDS, "teacher_cv": "unseen", "calibrate": False, "random_state": cell.seed}
    how |= {"candidates": [0.0, *SHARES, 1.0], "shrinkage": 0}
    search = LossCorrectedDistillerCV(None, cell.make_student(folder), **how)
    with warnings.catch_warnings():
        # Probabilities that may have seen labels earn a warning; the search is here for its leak.
        warnings.filterwarnings("ignore", message="The teacher's answers look like")
        return search.fit(X, y, teacher_proba=proba)


# ---- measuring -------------------------------------------------------------------------------


def measure(cells: list[Cell], settings: dict[str, Any], folder: Path) -> Iterator[tuple]:
    """Teach the student of a cell in every way, and compare on test rows."""
    for cell in cells:
        start = time.process_time()
        X, X_test, y, y_test = split(cell.table, cell.seed, settings["rows"], settings["test_rows"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            probas, choices, seconds = teach(cell, X, y, X_test, folder)
        losses = {name: row_losses(y_test, proba) for name, proba in probas.items()}
        best = min(PURE, key=lambda name: losses[name].mean())
        yield (
            cell,
            {
                "n_classes": TABLES[cell.table],
                "n_train": len(y),
                "n_test": len(y_test),
                "best_pure": best,
                "strategies": {
                    name: {**against(losses[name], losses[best]), "auc": auc(y_test, proba)}
                    for name, proba in probas.items()
                },
                "choices": choices,
                "cpu_seconds": {**seconds, "cell": round(time.process_time() - start, 2)},
            },
        )


def teach(cell: Cell, X, y, X_test, folder: Path):
    """Return test probabilities of each strategy, what searches chose, and processor seconds.

    Whose teachers were asked before, in this cell or another, finds their answers.
    """
    memory = str(folder.parents[1] / "teachers")
    probas, choices, seconds = {}, {}, {}

    def timed(name: str, fit: Callable[[], Any]) -> Any:
        start = time.process_time()
        model = fit()
        probas[name] = model.predict_proba(X_test)
        seconds[name] = round(time.process_time() - start, 2)
        if isinstance(model, LossCorrectedDistillerCV):
            choices[name] = choice(model)
        return model

    for name, model in strategies(cell, folder, memory).items():
        timed(name, lambda model=model: model.fit(X, y))
        if name == "ours":
            probas["uncalibrated"] = without_calibration(model).predict_proba(X_test)
        if name == "cross_fit":
            out_of_fold = model.teacher_proba_
    timed("leaky", lambda: leaky_search(cell, folder, out_of_fold, X, y))
    return probas, choices, seconds


def choice(search: LossCorrectedDistillerCV) -> dict[str, Any]:
    """Say what a search saw and chose."""
    found = search.cv_results_
    columns = (found["candidate"], found["mean_test_score"], found["se_test_score"])
    weights = getattr(search, "blend_weights_", {})
    return {
        "best": str(search.best_candidate_),
        "calibrated": search.calibration_ is not None,
        "scores": {
            str(name): [round(float(mean), 6), round(float(error), 6)]
            for name, mean, error in zip(*columns, strict=True)
        },
        "blend_weights": {str(name): round(weight, 4) for name, weight in weights.items()},
        "overfit_share": getattr(search, "overfit_share_", None),
        "shrinkage": search.shrinkage_,
    }


def against(losses: np.ndarray, best: np.ndarray) -> dict[str, float]:
    """Compare row by row with the best pure strategy."""
    regret = losses - best
    own = {"log_loss": float(losses.mean()), "regret": float(regret.mean())}
    return own | {"se": standard_error(regret)}


def score(record: dict) -> str:
    """Say how a cell went."""
    ours, best = record["strategies"]["ours"], record["best_pure"]
    told = f"{1000 * ours['regret']:+.1f} ± {1000 * ours['se']:.1f}"
    return (
        f"best pure {best} {record['strategies'][best]['log_loss']:.4f}, ours "
        f"{record['choices']['ours']['best']} {told}"
    )


def main() -> None:
    parser = runner.parser(__doc__, tables=[*TABLES], students=[*STUDENTS])
    parser.add_argument("--quick", action="store_true", help="each table with each student, once")
    parser.add_argument("--jobs", type=int, default=1, help="cells at the same time")
    parser.add_argument("--out", type=Path, default=RESULTS / "no_regret")
    options = parser.parse_args()
    store, cells, failed = Store(options.out / "cells.jsonl", Cell), all_cells(options), []
    if not options.render:
        own = {"jobs": options.jobs, "score": score, "by_seed": False}
        failed = runner.measure_here(cells, store, measure, SETTINGS, **own)
    records = store.read()
    measured = [records[cell] for cell in cells if cell in records]
    if measured:
        write_page(measured, len(cells), SETTINGS, options)
    runner.report(failed)


if __name__ == "__main__":
    main()
