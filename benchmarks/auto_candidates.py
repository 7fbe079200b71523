"""Whether the search's "auto" tries the right candidates, for students of eight kinds.

    SKDISTILL_DATA=/folder/of/tables python -m benchmarks.auto_candidates [--tables NAME ...]

"auto" is compared with sets that have one candidate more or less, by the test log loss of what each
search ships. Tables and seeds are others than those of the pages that say how good students are. It
writes benchmarks/results/auto_candidates.jsonl, a line for each table and split, and
auto_candidates.md. A run that was stopped goes on where it was; `--render` writes the page of what
there is.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from skdistill import LGBMSoftClassifier, LossCorrectedDistillerCV
from skdistill.evaluation import make_noisy_table

from . import runner
from .data import split
from .models import boosted, forest, scaled, small_forest, tree
from .no_regret import network
from .ours import SHARES, Student, Targets, gains_from_made_rows, parse_candidates
from .page import RESULTS, blocks, by_hand, counted, fill, heading, measured, table, write
from .scores import mean_and_error, row_losses, standard_error
from .store import Records, Store

AUTO = "auto"
BY_HAND = "\n## What we make of it\n"
SEEDS = (20, 21)
SETTINGS = {"test_rows": 6_000, "trees": 100}
FEW, MANY = 1_200, 6_000  # training rows; where there are many, networks alone


class Cell(NamedTuple):
    """A table, a teacher, a split, and at most how many training rows."""

    table: str
    teacher: str
    seed: int
    rows: int = FEW

    shared = slice(None)  # it shares nothing with others


# ---- tables, teachers, students --------------------------------------------------------------


def noisy_table(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return make_noisy_table(8_000, random_state=seed)[:2]


def clusters(seed: int, n_classes: int, flipped: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw classes of two clusters each, with some labels drawn anew."""
    how = {"n_features": 12, "n_informative": 6, "n_classes": n_classes, "flip_y": flipped}
    return datasets.make_classification(8_000, **how, random_state=seed)


def shells(seed: int) -> tuple[np.ndarray, np.ndarray]:
    return datasets.make_gaussian_quantiles(
        n_samples=8_000, n_features=5, n_classes=4, random_state=seed
    )


def curves(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels that say whether a noisy number of Friedman's is large."""
    X, y = datasets.make_friedman1(8_000, noise=4.0, random_state=seed)
    return X, (y > 14).astype(int)


MADE: dict[str, Callable[[int], tuple[np.ndarray, np.ndarray]]] = {
    "breast_cancer": lambda _: datasets.load_breast_cancer(return_X_y=True),
    "digits": lambda _: datasets.load_digits(return_X_y=True),
    "noisy_table": noisy_table,
    "curves": curves,
    "two_clusters": lambda seed: clusters(seed, 2, 0.2),
    "three_clusters": lambda seed: clusters(seed, 3, 0.3),
    "five_clusters": lambda seed: clusters(seed, 5, 0.1),
    "shells": shells,
}
TABLES = ("noisy_table", "marketing", "five_clusters", "phoneme", "curves", "satimage")
TABLES += ("online_shoppers", "shells", "two_clusters", "digits", "magic", "bank_additional")
TABLES += ("breast_cancer", "three_clusters", "optdigits", "letter")
LARGE = ("marketing", "phoneme", "curves", "online_shoppers", "noisy_table", "satimage")
LARGE += ("two_clusters", "magic", "bank_additional", "shells")
TEACHERS: dict[str, int | None] = {"forest": None, "forest of depth 4": 4}  # and their depths
STUDENTS: dict[str, Callable[[int], Any]] = {
    "unpruned tree": lambda seed: tree(None, seed),
    "tree of 64 leaves": lambda seed: tree(64, seed),
    "tree of 256 leaves": lambda seed: tree(256, seed),
    "forest of 10": lambda seed: small_forest(10, seed),
    "LightGBM 30×16": lambda seed: boosted(LGBMSoftClassifier, 30, 16, seed),
    "logistic regression": lambda _: scaled(LogisticRegression(max_iter=200)),
    "MLP": network,
}
NETWORKS: dict[str, Callable[[int], Any]] = {
    "MLP": network,
    "MLPClassifier": lambda seed: scaled(
        MLPClassifier(hidden_layer_sizes=(32,), max_iter=60, random_state=seed)
    ),
}
OF_TWO_CLASSES = ("MLPClassifier",)  # it learns a copy of each row for each class


def all_cells() -> list[Cell]:
    """Return each table with each teacher, once; a run that is stopped has half of either.

    Then tables with many rows.
    """
    seed, teachers = SEEDS[0], [*TEACHERS]
    many = [Cell(name, teachers[TABLES.index(name) % 2], seed, MANY) for name in LARGE]
    return [
        Cell(name, teachers[(k + turn) % len(teachers)], seed)
        for turn, seed in enumerate(SEEDS)
        for k, name in enumerate(TABLES)
    ] + many


def rows_of(cell: Cell, settings: dict[str, int]) -> list[np.ndarray]:
    """Return training rows, test rows and their labels."""
    if cell.table not in MADE:
        return split(cell.table, cell.seed, cell.rows, settings["test_rows"])
    X, y = MADE[cell.table](cell.seed)
    n_train = min(cell.rows, int(0.7 * len(y)))
    sizes = {"train_size": n_train, "test_size": min(settings["test_rows"], len(y) - n_train)}
    return train_test_split(X, y, stratify=y, random_state=cell.seed, **sizes)


# ---- sets of candidates ----------------------------------------------------------------------


def sets_of(student: Any, n_classes: int) -> dict[str, list[Any]]:
    """Return "auto" for a student, and what it is with one candidate more or less.

    The shares count as one. Of several classes all sets but "− shares" have them, as "auto" had
    when they were found to be of no use.
    """
    with_made = gains_from_made_rows(student)
    asked = parse_candidates("auto", with_made=with_made, with_shares=n_classes > 2)
    own = [candidate.name for candidate in asked]
    named = [name for name in own if name not in SHARES]
    lacking = "blend" if with_made else "transfer"
    sets = {AUTO: own, f"+ {lacking}": [*own, lacking]}
    shares = {"− shares": named} if n_classes > 2 else {"+ shares": [*own, *SHARES]}
    fewer = {f"− {name}": [c for c in own if c != name] for name in named}
    return sets | shares | fewer


def sets_of_networks() -> dict[str, list[Any]]:
    """Return "auto" without shares, and what has a blend besides, or in the place of transfer."""
    own = [candidate.name for candidate in parse_candidates("auto", with_made=True)]
    swapped = [name for name in own if name != "transfer"] + ["blend"]
    return {AUTO: own, "+ blend": [*own, "blend"], "blend for transfer": swapped}


@dataclass(frozen=True)
class KeptStudent(Student):
    """A student that learns the same thing once, and knows what that cost.

    `kept` holds what it learned and the CPU seconds, `asked` what it was asked to learn of late.
    """

    kept: dict[str, tuple[list[Any], float]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def learn_each(self, rows: Any, target: Any, **shipped: Any) -> Iterator[Any]:
        """Give what ships after each way to shrink it, from memory or from a fit."""
        targets = target if isinstance(target, Targets) else Targets(target)
        parts = [rows.X, targets.own, *(t for _, t, _ in targets.further)]
        name = joblib.hash((self.shrinkages, shipped, *map(np.ascontiguousarray, parts)))
        if name not in self.kept:
            start = time.process_time()
            learned = [deepcopy(each) for each in super().learn_each(rows, target, **shipped)]
            self.kept[name] = learned, time.process_time() - start
        self.asked.add(name)
        yield from self.kept[name][0]

    def seconds(self) -> float:
        """Return what was asked of late would have cost without memory, and forget it."""
        spent = sum(self.kept[name][1] for name in self.asked)
        self.asked.clear()
        return spent


class Sets(LossCorrectedDistillerCV):
    """The search among each of several sets, of one teacher's answers.

    `sets` and `shared`, what several students have in common, are set before `fit`.
    """

    sets: dict[str, list[Any]]
    shared: dict[Any, Any]

    def _fit(self, street: Any, *rest: Any) -> dict[str, Any]:
        known = {f.name: getattr(street.student, f.name) for f in fields(street.student)}
        student = KeptStudent(**known)
        found = {}
        for name, candidates in self.sets.items():
            own = street._replace(strategies=parse_candidates(candidates), student=student)
            found[name] = {**super()._fit(own, *rest), "seconds": student.seconds()}
        return {**found[AUTO], "found_": found}

    def _answers(self, task: Any, street: Any, teacher: Any) -> Any:
        if "answers" not in self.shared:
            asked = street._replace(strategies=parse_candidates(self.candidates))
            self.shared["answers"] = super()._answers(task, asked, teacher)
        return self.shared["answers"]

    def _lesson(self, street: Any, answers: Any, part: Any = None, **how: Any) -> Any:
        key = None if part is None else part.tobytes()
        if key not in self.shared:
            self.shared[key] = super()._lesson(street, answers, part=part, **how)
        return self.shared[key]


# ---- measuring -------------------------------------------------------------------------------


def measure(cells: list[Cell], settings: dict[str, int], folder: Path) -> Iterator[tuple]:
    """Yield what each student does with each set."""
    for cell in cells:
        data = rows_of(cell, settings)
        n_train, n_classes = len(data[2]), len(np.unique(data[2]))
        teacher = forest(settings["trees"], cell.seed, TEACHERS[cell.teacher])
        shared: dict[Any, Any] = {}
        found = {}
        for name, make in students_of(cell, n_classes).items():
            student = make(cell.seed)
            sets = sets_of_networks() if cell.rows == MANY else sets_of(student, n_classes)
            found[name] = of_sets(teacher, student, sets, shared, cell.seed, data)
        yield cell, {"n_train": n_train, "n_classes": n_classes, "students": found}


def students_of(cell: Cell, n_classes: int) -> dict[str, Callable[[int], Any]]:
    if cell.rows == FEW:
        return STUDENTS
    return {n: make for n, make in NETWORKS.items() if n_classes == 2 or n not in OF_TWO_CLASSES}


def of_sets(
    teacher: Any,
    student: Any,
    sets: dict[str, list[Any]],
    shared: dict[Any, Any],
    seed: int,
    data: list[np.ndarray],
) -> dict[str, dict[str, Any]]:
    """Return what each set ships: its choice, its test log loss, and its students' seconds."""
    X, X_test, y, y_test = data
    how = {"candidates": everything(), "teacher_cv": "oob", "random_state": seed}
    search = Sets(teacher, student, **how)
    search.sets, search.shared = sets, shared
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
    return {
        name: {
            "chose": str(own["best_candidate_"]),
            "calibrated": own["calibration_"] is not None,
            "log_loss": round(
                float(row_losses(y_test, own["classifier_"].predict_proba(X_test)).mean()), 6
            ),
            "seconds": round(own["seconds"], 3),
        }
        for name, own in search.found_.items()
    }


def everything() -> list[Any]:
    """Return all candidates that are "auto" for any student."""
    both = [
        parse_candidates("auto", with_made=with_made, with_shares=True)
        for with_made in (False, True)
    ]
    return [*dict.fromkeys(strategy.name for own in both for strategy in own)]


def main() -> None:
    parser = runner.parser(__doc__, tables=[*TABLES])
    options = parser.parse_args()
    store, failed = Store(RESULTS / "auto_candidates.jsonl", Cell), []
    cells = [cell for cell in all_cells() if cell.table in options.tables]
    if not options.render:
        failed = runner.measure_here(cells, store, measure, SETTINGS, score=lambda _: "measured")
    path = RESULTS / "auto_candidates.md"
    write(path, page(store.read(), by_hand(path, BY_HAND)))
    runner.report(failed)


# ---- the page --------------------------------------------------------------------------------


def page(records: Records, written: str) -> str:
    """Lay out what each set is ahead of "auto" by, for trees and for others."""
    known = dict.fromkeys(f"`{cell.table}`" for cell in records)
    words = {
        "tables": ", ".join(known),
        "seeds": " and ".join(map(str, sorted({cell.seed for cell in records}))),
        "teachers": counted((c.teacher for c in records), lambda name, n: f"{n} times {name}"),
    }
    numbers = {**SETTINGS, "few": FEW, "many": MANY}
    numbers |= {"cells": len(records), "planned": len(all_cells())}
    about = fill("auto_candidates", "about", **words, **numbers)
    parts = [heading("What the search tries", "auto_candidates", about, measured(records.values()))]
    few, many = ({c: r for c, r in records.items() if c.rows == rows} for rows in (FEW, MANY))
    gain = [name for name, make in STUDENTS.items() if gains_from_made_rows(make(0))]
    others = [name for name in STUDENTS if name not in gain]
    shown = {"made": (few, gain), "others": (few, others), "networks": (many, [*NETWORKS])}
    for part, (found, students) in shown.items():
        gaps = table_of(found, students, lambda own: mean_gap(own["log_loss"]))
        costs = table_of(found, students, lambda own: cost(own["seconds"]))
        about = {"gaps": gaps, "costs": costs, "tables": len(found)}
        parts.append(fill("auto_candidates", part, **about))
    return f"{blocks(parts)}\n{BY_HAND}{written}"


def table_of(records: Records, students: list[str], tell: Callable[[dict], str]) -> str:
    """Return a line for each student and a column for each set, which `tell` compares with auto."""
    found = {name: by_set(records, name) for name in students}
    columns = [*dict.fromkeys(column for own in found.values() for column in own)]
    lines = [[name, *(tell(found[name][column]) for column in columns)] for name in students]
    return table(["student", *columns], lines)


def by_set(records: Records, student: str) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Return log losses and seconds of each set, and of auto where it was tried, by table."""
    found: dict[str, dict[str, dict[str, list]]] = {}
    for cell, record in records.items():
        own = record["students"].get(student, {})
        for name in own.keys() - {AUTO}:
            for score in ("log_loss", "seconds"):
                pair = (own[name][score], own[AUTO][score])
                by_table = found.setdefault(name, {}).setdefault(score, {})
                by_table.setdefault(cell.table, []).append(pair)
    return {
        name: {s: {t: np.array(v) for t, v in own.items()} for s, own in found[name].items()}
        for name in sets_in_order(found)
    }


def sets_in_order(found: dict[str, Any]) -> list[str]:
    """Return names of sets: those with more candidates first."""
    return sorted(found, key=lambda name: (name.startswith("−"), name))


def mean_gap(by_table: dict[str, np.ndarray]) -> str:
    """Write by how many thousandths of log loss a set is worse than auto, over tables.

    Bold where it is better by more than two standard errors.
    """
    gaps = 1_000 * np.array([(pairs[:, 0] - pairs[:, 1]).mean() for pairs in by_table.values()])
    text, error = mean_and_error(gaps, "+.1f"), standard_error(gaps)
    return f"**{text}**" if gaps.mean() < -2 * error else text


def cost(by_table: dict[str, np.ndarray]) -> str:
    """Write how many times the CPU seconds of auto's students those of a set take."""
    spent = np.concatenate([*by_table.values()]).sum(axis=0)
    return f"{spent[0] / spent[1]:.2f}"


if __name__ == "__main__":
    main()
