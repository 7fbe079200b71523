"""Regret of every way of teaching a student, over tables, students and teachers.

A cell is a table, a student, a teacher and a seed. In each cell the student learns from labels,
in-sample and cross-fitted teacher probabilities, the residual correction, what the paper's search
over shares finds (which leaks), what an honest search over shares finds, and what ours finds, with
and without the sigmoid that it may keep. Regret is test log loss above that of the best of labels,
in-sample and cross-fit in hindsight.

    python benchmarks/no_regret.py --quick --jobs 2   # half an hour
    python benchmarks/no_regret.py                    # hours; may be stopped, and goes on
    python benchmarks/no_regret.py --render           # the page of what there is
    python benchmarks/no_regret.py --choose           # other seeds, more pools: to choose defaults
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from copy import copy
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import joblib
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)
from skdistill.targets.losses import floor_proba

sys.path.insert(0, str(Path(__file__).parent))
from datasets import load_numbers
from no_regret_page import PURE, write_page
from report import RESULTS, machine

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
FLOOR = 1 / 500
SHARES = (0.1, 0.2, 0.3, 0.5, 0.7)
SETTINGS = {"rows": 6_000, "train_share": 0.7, "test_rows": 20_000, "trees": 300}
REPORTING_SEEDS = (0, 1, 2)
CHOOSING_SEEDS = (100, 101, 102)
ORDER_SEED = 2104

# ---- students and teachers -------------------------------------------------------------------


class OneNetwork(MLPRegressor):
    """A network that learns all classes at once; MLPRegressor can, but its tags say it cannot."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def boosted(kind: type, n_estimators: int, num_leaves: int, seed: int) -> Any:
    """Build a LightGBM that gives the same trees whenever it is asked."""
    return kind(
        n_estimators=n_estimators,
        num_leaves=num_leaves,
        random_state=seed,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


def network(seed: int) -> Any:
    layers = OneNetwork(
        hidden_layer_sizes=(32,), early_stopping=True, max_iter=100, random_state=seed
    )
    return make_pipeline(StandardScaler(), layers)


STUDENTS: dict[str, Callable[[int], Any]] = {
    "unpruned tree": lambda seed: DecisionTreeRegressor(random_state=seed),
    "tree of 256 leaves": lambda seed: DecisionTreeRegressor(max_leaf_nodes=256, random_state=seed),
    "forest of 10": lambda seed: RandomForestRegressor(10, random_state=seed),
    "LightGBM 30×16": lambda seed: boosted(LGBMSoftClassifier, 30, 16, seed),
    "LightGBM 100×31": lambda seed: boosted(LGBMSoftClassifier, 100, 31, seed),
    "logistic regression": lambda _: LogisticRegression(max_iter=200),
    "MLP": network,
}
TEACHERS: dict[str, Callable[[int], Any]] = {
    "forest, out-of-bag": lambda seed: RandomForestClassifier(SETTINGS["trees"], random_state=seed),
    "LightGBM": lambda seed: boosted(LGBMClassifier, 100, 31, seed),
    "forest of depth 4": lambda seed: RandomForestClassifier(
        SETTINGS["trees"], max_depth=4, random_state=seed
    ),
}


class Remembering(BaseEstimator):
    """A student that is fitted once to equal rows and targets.

    Strategies of a cell share many fits: a search refits its winner, and two searches try the same
    candidates in the same folds. Students are seeded, so that a second fit would change nothing.
    """

    fitted: ClassVar[dict[str, Any]] = {}

    def __init__(self, student):
        self.student = student

    def fit(self, X, y, sample_weight=None):
        """Fit the student, or find it."""
        params = {} if sample_weight is None else {"sample_weight": sample_weight}
        key = joblib.hash((X, y, params))
        if key not in self.fitted:
            self.fitted[key] = clone(self.student).fit(X, y, **params)
        self.student_ = self.fitted[key]
        return self

    def predict(self, X):
        """Ask the student."""
        return self.student_.predict(X)

    def __sklearn_tags__(self):
        return get_tags(self.student)


class RememberingRegressor(RegressorMixin, Remembering):
    """A regressor that is fitted once to equal rows and targets."""


class RememberingClassifier(ClassifierMixin, Remembering):
    """A classifier that is fitted once to equal rows, labels and weights."""

    @property
    def accepts_soft_labels(self):
        """Whether the classifier learns probabilities as they are."""
        return getattr(self.student, "accepts_soft_labels", False)

    @property
    def classes_(self):
        """Class labels of the fitted classifier."""
        return self.student_.classes_

    def predict_proba(self, X):
        """Ask the student for probabilities."""
        return self.student_.predict_proba(X)


def make_student(name: str, seed: int) -> Any:
    """Return a student that shares its fits within a cell."""
    student = STUDENTS[name](seed)
    if get_tags(student).estimator_type == "regressor":
        return RememberingRegressor(student)
    student = RememberingClassifier(student)
    # Weighted copies of rows, which classifiers learn from, must not reach the scaler.
    return make_pipeline(StandardScaler(), student) if name == "logistic regression" else student


# ---- cells -----------------------------------------------------------------------------------


class Cell(NamedTuple):
    """What is measured at once."""

    table: str
    student: str
    teacher: str
    seed: int

    @property
    def key(self) -> str:
        """The name under which results are stored."""
        return "/".join(map(str, self))


def all_cells(options: argparse.Namespace) -> list[Cell]:
    """Return the cells of a run in a fixed random order, the quick ones first.

    So a run that is stopped anywhere has measured an unbiased sample.
    """
    every = itertools.product(TABLES, STUDENTS, TEACHERS, options.seeds)
    cells = [Cell(*cell) for cell in every]
    random.Random(ORDER_SEED).shuffle(cells)
    cells.sort(key=lambda cell: not is_quick(cell, options.seeds[0]))
    return [
        cell
        for cell in cells
        if cell.table in options.tables
        and cell.student in options.students
        and cell.teacher in options.teachers
        and (is_quick(cell, options.seeds[0]) or not options.quick)
    ]


def is_quick(cell: Cell, first_seed: int) -> bool:
    """Choose each table with each student once, teachers in turn: 77 cells."""
    turn = [*TABLES].index(cell.table) + [*STUDENTS].index(cell.student)
    return cell.seed == first_seed and [*TEACHERS].index(cell.teacher) == turn % len(TEACHERS)


def split(table: str, seed: int) -> list[np.ndarray]:
    """Return training rows and test rows, both capped, then their labels."""
    X, y = load_numbers(table)
    n_train = min(SETTINGS["rows"], int(SETTINGS["train_share"] * len(y)))
    n_test = min(SETTINGS["test_rows"], len(y) - n_train)
    return train_test_split(
        X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed
    )


# ---- strategies ------------------------------------------------------------------------------


def single_strategies(cell: Cell, memory: str) -> dict[str, Any]:
    """Return the distillers that choose nothing."""
    student, teacher = make_student(cell.student, cell.seed), TEACHERS[cell.teacher](cell.seed)
    cv = "oob" if cell.teacher == "forest, out-of-bag" else FOLDS
    common = {"cv": cv, "random_state": cell.seed, "memory": memory}
    return {
        # A share of 1 is the label, to the last bit, whatever the teacher says.
        "labels": LossCorrectedDistiller(teacher, student, correction=1.0, **common),
        "in_sample": Distiller(teacher, student, memory=memory),
        "cross_fit": CrossFitDistiller(teacher, student, store_teacher_proba=True, **common),
        "residual": LossCorrectedDistiller(teacher, student, **common),
    }


FIVE = ("labels", "in_sample", "cross_fit", "residual", "blend")
POOLS: dict[str, dict[str, Any]] = {
    "ours": {"candidates": "auto"},
    "shares": {"candidates": ["labels", "in_sample", "cross_fit", *SHARES], "calibrate": False},
}
# Compared on seeds of their own only, so that no default is chosen by what is reported.
CHOOSING_POOLS: dict[str, dict[str, Any]] = {
    **POOLS,
    "never calibrated": {"calibrate": False},
    "always calibrated": {"calibrate": True},
    "five": {"candidates": FIVE},
    "five and shares": {"candidates": (*FIVE, *SHARES)},
    "five and shares, 0 se": {"candidates": (*FIVE, *SHARES), "min_gain_se": 0.0},
    "five and shares, 1 se": {"candidates": (*FIVE, *SHARES), "min_gain_se": 1.0},
    "five, 0 se": {"candidates": FIVE, "min_gain_se": 0.0},
    "five, 1 se": {"candidates": FIVE, "min_gain_se": 1.0},
    "without blend": {"candidates": FIVE[:-1]},
    "five, residual shares": {"candidates": (*FIVE, ("residual", 0.0), ("residual", 0.5))},
}


def honest_search(cell: Cell, pool: dict[str, Any], memory: str) -> LossCorrectedDistillerCV:
    """Build a search over a pool of candidates."""
    return LossCorrectedDistillerCV(
        TEACHERS[cell.teacher](cell.seed),
        make_student(cell.student, cell.seed),
        cv=FOLDS,
        teacher_cv="oob" if cell.teacher == "forest, out-of-bag" else None,
        random_state=cell.seed,
        memory=memory,
        **pool,
    )


def leaky_search(cell: Cell, proba: np.ndarray, X, y) -> LossCorrectedDistillerCV:
    """Choose a share as the paper does: by folds whose labels the teachers of others have seen.

    Out-of-fold (out-of-bag) probabilities of all rows are made beforehand, and the best of 5 folds
    wins. The shares reach from 0, cross-fit, to 1, labels, as the paper's c do.
    """
    search = LossCorrectedDistillerCV(
        None,
        make_student(cell.student, cell.seed),
        candidates=[0.0, *SHARES, 1.0],
        cv=FOLDS,
        teacher_cv="unseen",
        calibrate=False,
        random_state=cell.seed,
    )
    with warnings.catch_warnings():
        # Probabilities that may have seen labels earn a warning; the search is here for its leak.
        warnings.filterwarnings("ignore", message="The teacher probabilities look like")
        return search.fit(X, y, teacher_proba=proba)


# ---- measuring -------------------------------------------------------------------------------


def measure(cell: Cell, memory: str, *, choosing: bool = False) -> dict[str, Any]:
    """Teach the student of a cell in every way, and compare on test rows."""
    start, cpu_start = time.perf_counter(), time.process_time()
    Remembering.fitted.clear()
    X, X_test, y, y_test = split(cell.table, cell.seed)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probas, choices, seconds = teach(cell, X, y, X_test, memory, choosing=choosing)
    Remembering.fitted.clear()
    losses = {name: row_losses(proba, y_test) for name, proba in probas.items()}
    best = min(PURE, key=lambda name: losses[name].mean())
    return {
        **cell._asdict(),
        "n_classes": TABLES[cell.table],
        "n_train": len(y),
        "n_test": len(y_test),
        "best_pure": best,
        "strategies": {
            name: {**against(losses[name], losses[best]), "auc": auc(y_test, proba)}
            for name, proba in probas.items()
        },
        "choices": choices,
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_seconds": {**seconds, "cell": round(time.process_time() - cpu_start, 2)},
        "settings": SETTINGS,
        "date": date.today().isoformat(),
        "machine": machine(),
    }


def teach(cell: Cell, X, y, X_test, memory: str, *, choosing: bool):
    """Return test probabilities of each strategy, what searches chose, and processor seconds.

    Ours comes first, so that its seconds are those of all its students. Whose teachers were asked
    before, in this cell or another, finds their answers.
    """
    probas, choices, seconds = {}, {}, {}

    def timed(name: str, fit: Callable[[], Any]) -> Any:
        start = time.process_time()
        model = fit()
        seconds[name] = round(time.process_time() - start, 2)
        return model

    for name, pool in (CHOOSING_POOLS if choosing else POOLS).items():
        search = honest_search(cell, pool, memory)
        timed(name, lambda search=search: search.fit(X, y))
        probas[name] = search.predict_proba(X_test)
        if name == "ours":
            probas["uncalibrated"] = without_calibration(search).predict_proba(X_test)
        choices[name] = choice(search)
    for name, distiller in single_strategies(cell, memory).items():
        timed(name, lambda distiller=distiller: distiller.fit(X, y))
        probas[name] = distiller.predict_proba(X_test)
        if name == "cross_fit":
            out_of_fold = distiller.teacher_proba_
    leaky = timed("leaky", lambda: leaky_search(cell, out_of_fold, X, y))
    probas["leaky"], choices["leaky"] = leaky.predict_proba(X_test), choice(leaky)
    return probas, choices, seconds


def without_calibration(search: LossCorrectedDistillerCV) -> Any:
    """Return the fitted classifier as it is before calibration."""
    return copy(search.classifier_).set_params(calibration=None)


def choice(search: LossCorrectedDistillerCV) -> dict[str, Any]:
    """Say what a search saw and chose."""
    found = search.cv_results_
    columns = (found["candidate"], found["mean_test_score"], found["se_test_score"])
    return {
        "best": str(search.best_candidate_),
        "calibrated": search.calibration_ is not None,
        "scores": {
            str(name): [round(float(mean), 6), round(float(error), 6)]
            for name, mean, error in zip(*columns, strict=True)
        },
        "blend_weights": {
            str(name): round(weight, 4)
            for name, weight in getattr(search, "blend_weights_", {}).items()
        },
        "overfit_share": getattr(search, "overfit_share_", None),
    }


def row_losses(proba: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return each row's log loss, with the floor of the search's default score."""
    return -np.log(floor_proba(proba, FLOOR)[np.arange(len(y)), y])


def against(losses: np.ndarray, best: np.ndarray) -> dict[str, float]:
    """Compare row by row with the best pure strategy."""
    regret = losses - best
    return {
        "log_loss": float(losses.mean()),
        "regret": float(regret.mean()),
        "se": float(regret.std(ddof=1) / np.sqrt(len(regret))),
    }


def auc(y: np.ndarray, proba: np.ndarray) -> float:
    """Return the AUC, of several classes the mean over classes, each against the rest."""
    if proba.shape[1] == 2:
        return float(roc_auc_score(y, proba[:, 1]))
    return float(np.mean([roc_auc_score(y == k, proba[:, k]) for k in range(proba.shape[1])]))


# ---- running and resuming --------------------------------------------------------------------


def read(store: Path) -> dict[str, dict]:
    """Return the cells measured so far; cut off a last line that a killed run left unfinished."""
    if not store.exists():
        return {}
    data = store.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(store, len(whole))
    records = [json.loads(line) for line in whole.decode().splitlines()]
    others = [record["settings"] for record in records if record["settings"] != SETTINGS]
    if others:
        raise SystemExit(
            f"{store} was measured with {others[0]}, not {SETTINGS}: move it away or use --out."
        )
    return {Cell(*(record[field] for field in Cell._fields)).key: record for record in records}


def append(store: Path, record: dict) -> None:
    """Add a cell for good, in one write."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with store.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
        file.flush()
        os.fsync(file.fileno())


def try_to_measure(cell: Cell, memory: str, choosing: bool) -> tuple[Cell, dict | str]:
    """Measure a cell; one that fails must not end the run of the others."""
    try:
        return cell, measure(cell, memory, choosing=choosing)
    except Exception:
        return cell, traceback.format_exc()


def run(cells: list[Cell], memory: str, options: argparse.Namespace) -> Iterator[tuple]:
    """Yield cells and their results as they come."""
    if options.jobs == 1:
        yield from (try_to_measure(cell, memory, options.choose) for cell in cells)
        return
    parallel = joblib.Parallel(
        options.jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs"
    )
    jobs = (joblib.delayed(try_to_measure)(cell, memory, options.choose) for cell in cells)
    yield from parallel(jobs)


def expected_seconds(cells: list[Cell], records: dict[str, dict]) -> float:
    """Guess how long cells take: as long as others of the same table and student did."""
    spent: dict[tuple, list[float]] = {}
    for record in records.values():
        for group in ((record["table"], record["student"]), (record["n_classes"] > 2,), ()):
            spent.setdefault(group, []).append(record["seconds"])
    guess = 0.0
    for cell in cells:
        groups = ((cell.table, cell.student), (TABLES[cell.table] > 2,), ())
        guess += next((np.mean(spent[group]) for group in groups if group in spent), 0.0)
    return float(guess)


def tell(cell: Cell, record: dict, left: float, done: int, planned: int) -> None:
    """Print how a cell went, and when the rest will be done."""
    ours = record["strategies"]["ours"]
    print(
        f"[{done}/{planned}] {cell.key}: best pure {record['best_pure']}"
        f" {record['strategies'][record['best_pure']]['log_loss']:.4f},"
        f" ours {record['choices']['ours']['best']} {1000 * ours['regret']:+.1f}"
        f" ± {1000 * ours['se']:.1f} /1000; {record['seconds']:.0f} s,"
        f" {left / 60:.0f} min left",
        flush=True,
    )


def measure_all(cells: list[Cell], store: Path, options: argparse.Namespace) -> list[str]:
    """Measure what is missing; return the keys of cells that failed."""
    records, failed = read(store), []
    missing = [cell for cell in cells if cell.key not in records]
    print(f"{len(cells) - len(missing)} of {len(cells)} cells were measured before.", flush=True)
    waiting = dict.fromkeys(missing)
    with tempfile.TemporaryDirectory(prefix="no_regret_") as memory:
        for cell, result in run(missing, memory, options):
            del waiting[cell]
            if isinstance(result, str):
                failed.append(cell.key)
                print(f"{cell.key} FAILED\n{result}", flush=True)
                continue
            append(store, result)
            records[cell.key] = result
            left = expected_seconds([*waiting], records) / options.jobs
            tell(cell, result, left, len(cells) - len(waiting), len(cells))
    return failed


# ---- command line ----------------------------------------------------------------------------


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=[*TABLES], choices=[*TABLES])
    parser.add_argument("--students", nargs="+", default=[*STUDENTS], choices=[*STUDENTS])
    parser.add_argument("--teachers", nargs="+", default=[*TEACHERS], choices=[*TEACHERS])
    parser.add_argument("--seeds", nargs="+", type=int, help="splits; 100 and more with --choose")
    parser.add_argument("--quick", action="store_true", help="each table with each student, once")
    parser.add_argument("--choose", action="store_true", help="compare pools on seeds of their own")
    parser.add_argument("--render", action="store_true", help="only write the page")
    parser.add_argument("--jobs", type=int, default=1, help="cells at the same time")
    parser.add_argument("--out", type=Path, default=RESULTS / "no_regret")
    options = parser.parse_args(arguments)
    if options.seeds is None:
        options.seeds = CHOOSING_SEEDS if options.choose else REPORTING_SEEDS
    if any((seed >= min(CHOOSING_SEEDS)) != options.choose for seed in options.seeds):
        parser.error("seeds from 100 on are for --choose, smaller ones for reporting")
    return options


def main() -> None:
    # Being ended is no reason to leave the teachers' answers lying about.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options = parse()
    store = options.out / ("choosing.jsonl" if options.choose else "cells.jsonl")
    cells = all_cells(options)
    failed = [] if options.render else measure_all(cells, store, options)
    records = read(store)
    measured = [records[cell.key] for cell in cells if cell.key in records]
    if measured:
        write_page(measured, len(cells), SETTINGS, options)
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(failed)}")


if __name__ == "__main__":
    # Worker processes find functions in a module, but not in a script.
    import no_regret

    no_regret.main()
