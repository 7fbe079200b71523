"""A first look at the distillers on three real tables, beside the numbers of the paper.

    T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, "Knowledge Distillation as Semiparametric
    Inference", ICLR 2021

taught random forests of a few trees what a forest of 500 knows. This script does the same on three
of their tables and for two sizes of student, with ours:

    python benchmarks/first_look.py [--tables adult magic fico_heloc] [--seeds 3]

What is measured goes to `first_look.json`, one entry for each table and seed; a run that was
stopped goes on where it was. What a person wants to know of it goes to `first_look.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import sklearn
from paper import published as paper
from protocol import (
    FIRST_SEED,
    FOLDS,
    PROBA_FLOOR,
    mean_and_error,
    split,
    tune_on_labels,
    write_whole,
    written_by_hand,
)
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeRegressor

import skdistill
from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller

TABLES = ("adult", "magic", "fico_heloc")
SIZES = (1, 10)
NOTABLE = 0.01  # gaps that differ by more than this from the paper's want an explanation

CURVES = {
    "none": "no distillation",
    "tuned": "no distillation, leaves tuned on labels",
    "in_sample_log": "in-sample, on log p",
    "in_sample": "in-sample, on p (`Distiller`)",
    "cross_fit": "cross-fit, on p (`CrossFitDistiller`)",
    "cross_fit_tuned": "cross-fit, the leaves that were tuned on labels",
    "fast_realized": "cross-fit and corrected, `fast_realized`, c = .001",
    "fast": "cross-fit and corrected, `fast`, c = .1",
}

GAPS = (
    ("cross_fit", "in_sample_log"),
    ("cross_fit", "in_sample"),
    ("in_sample_log", "none"),
    ("in_sample", "none"),
    ("cross_fit", "tuned"),
    ("cross_fit_tuned", "tuned"),
)


# ---- measuring ------------------------------------------------------------------------------


def measure(table: str, seed: int, *, trees: int, repeats: int) -> dict:
    """Measure the test AUC of teacher and students on one split of a table."""
    started = time.perf_counter()
    X_train, X_test, y_train, y_test = split(table, seed)
    teacher = RandomForestClassifier(trees, n_jobs=2, random_state=seed)
    inside, outside, teacher_score = ask_teacher(teacher, X_train, y_train, X_test, y_test, seed)
    asked = time.perf_counter()

    students, tuned = {}, {}
    for size in SIZES:
        student = RandomForestRegressor(size, random_state=seed)
        tuned[str(size)] = tune_on_labels(student, X_train, y_train, seed, n_jobs=2)
        scores = [
            {
                curve: roc_auc_score(y_test, predict(X_test))
                for curve, predict in teach_students(
                    RandomForestRegressor(size, n_jobs=2, random_state=1000 * seed + repeat),
                    tuned[str(size)],
                    X_train,
                    y_train,
                    inside,
                    outside,
                )
            }
            for repeat in range(repeats)
        ]
        students[str(size)] = {curve: [score[curve] for score in scores] for curve in CURVES}
    return {
        "teacher": teacher_score,
        "students": students,
        "tuned": tuned,
        "seconds": {
            "teachers": round(asked - started, 1),
            "students": round(time.perf_counter() - asked, 1),
        },
        "date": date.today().isoformat(),
        "machine": machine(),
    }


def ask_teacher(teacher, X_train, y_train, X_test, y_test, seed):
    """Fit the teacher once on all rows and once without each fold, for all students.

    Returns its probabilities for the training rows, those of the teachers that had not seen the
    row, and the test AUC of the one fitted on all rows.
    """
    # Distillers always fit a student. Here only the probabilities are wanted, so: a cheap one.
    stump = DecisionTreeRegressor(max_depth=1)
    inside = Distiller(teacher, stump, store_teachers=True, store_teacher_proba=True)
    inside.fit(X_train, y_train)
    outside = CrossFitDistiller(
        teacher, stump, cv=FOLDS, random_state=seed, store_teacher_proba=True
    )
    outside.fit(X_train, y_train)
    score = roc_auc_score(y_test, inside.teachers_[0].predict_proba(X_test)[:, 1])
    return inside.teacher_proba_, outside.teacher_proba_, score


def teach_students(student, leaves: dict, X, y, inside, outside):
    """Yield, for each curve, its name and what predicts a score for the second class."""
    tuned = clone(student).set_params(**leaves)
    yield "none", clone(student).fit(X, y).predict
    yield "tuned", clone(tuned).fit(X, y).predict
    # What the paper's figure shows as plain distillation: one output, log p of the second class.
    # The AUC does not care that the student answers on the log scale.
    log_proba = np.log(np.maximum(inside[:, 1], PROBA_FLOOR))
    yield "in_sample_log", clone(student).fit(X, log_proba).predict
    distillers = {
        "in_sample": (Distiller(None, student), inside),
        "cross_fit": (CrossFitDistiller(None, student), outside),
        "cross_fit_tuned": (CrossFitDistiller(None, tuned), outside),
        "fast_realized": (
            LossCorrectedDistiller(None, student, correction="fast_realized", c=0.001),
            outside,
        ),
        "fast": (LossCorrectedDistiller(None, student, correction="fast", c=0.1), outside),
    }
    for curve, (distiller, proba) in distillers.items():
        with warnings.catch_warnings():
            if proba is inside:
                # Probabilities that saw the labels earn a warning. Here they are meant.
                warnings.simplefilter("ignore", UserWarning)
            distiller.fit(X, y, teacher_proba=proba)
        yield curve, lambda X, fitted=distiller: fitted.predict_proba(X)[:, 1]


def machine() -> str:
    """Say what the numbers were measured with."""
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, "
        f"scikit-learn {sklearn.__version__}, skdistill {skdistill.__version__}"
    )


# ---- telling --------------------------------------------------------------------------------


def render(results: dict, explanation: str) -> str:
    """Write what was measured as a page for people."""
    tables = [table for table in TABLES if runs_of(results, table)]
    return "\n".join(
        [
            "# A first look: a large forest taught to one tree and to ten",
            "",
            *head(results),
            "",
            *ordering(results, tables),
            "",
            "## Test AUC",
            "",
            "Mean ± standard error over splits, what the paper published, and the difference.",
            *(line for table in tables for line in auc_table(results, table)),
            "",
            "## Gaps",
            "",
            "Differences of AUC, taken split by split; in the last two columns those of the split"
            f" with the paper's seed alone. In bold: more than {NOTABLE} away from the paper's.",
            "",
            *gap_table(results, tables),
            "",
            *timing_table(results, tables),
            "",
            EXPLANATION,
            "",
            explanation.strip() or "(not written yet)",
            "",
        ]
    )


EXPLANATION = "## Explanation"


def runs_of(results: dict, table: str) -> list[dict]:
    """Return the runs of a table, one for each seed, in the order of the seeds."""
    return [run for key, run in sorted(results["runs"].items()) if key.split("/")[0] == table]


def values(results: dict, table: str, size: int, curve: str) -> np.ndarray:
    """Return a curve's AUC on each split, the mean over repeated students."""
    return np.array([np.mean(run["students"][str(size)][curve]) for run in runs_of(results, table)])


def published(table: str, curve: str, size: int) -> float | None:
    """Return what the paper has for a curve, None where it has nothing."""
    point = paper.student(table, curve, size)
    return None if point is None else point.mean


def published_gap(table: str, upper: str, lower: str, size: int) -> float | None:
    """Return the difference of two of the paper's curves, None where it lacks one."""
    ends = published(table, upper, size), published(table, lower, size)
    return None if None in ends else ends[0] - ends[1]


def beside(ours: np.ndarray, theirs: float | None) -> list[str]:
    """Return cells: ours, the paper's, and the difference if there is one."""
    if theirs is None:
        return [mean_and_error(ours), "", ""]
    difference = np.mean(ours) - theirs
    mark = "**" if abs(difference) > NOTABLE else ""
    return [mean_and_error(ours), f"{theirs:.4f}", f"{mark}{difference:+.4f}{mark}"]


def as_row(cells: list[str]) -> str:
    """Write a row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def head(results: dict) -> list[str]:
    """Say what was done, with what, and how to do it again."""
    runs = results["runs"].values()
    settings = results["settings"]
    seeds = sorted({int(key.split("/")[1]) for key in results["runs"]})
    return [
        f"The teacher is a random forest of {settings['trees']} trees with scikit-learn's defaults,"
        f" asked in-sample and in {FOLDS} folds. Students are random-forest regressors with the"
        " defaults but for the number of trees (so one tree is an unpruned one, grown on a"
        " bootstrap sample), as in T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, *Knowledge"
        " Distillation as Semiparametric Inference* (ICLR 2021). Rows are split 70/30 for"
        f" training and test, with seeds {', '.join(map(str, seeds))}; on each split"
        f" {settings['repeats']} students learn from the same teacher, and their mean counts. The"
        " paper has one split (seed 2357) and 5 students on it, so its standard errors leave out"
        " how splits differ.",
        "",
        f"* Measured: {', '.join(sorted({run['date'] for run in runs}))}",
        f"* With: {'; '.join(sorted({run['machine'] for run in runs}))}",
        f"* Again: `python benchmarks/first_look.py --seeds {len(seeds)}`, with the environment"
        " variable `SKDISTILL_DATA` set to a folder that holds the tables (see"
        " `benchmarks/datasets.py`). Remove `first_look.json` first, or what it holds is not"
        " measured again.",
        "* Single values, tuned leaves and times: `first_look.json`",
    ]


def ordering(results: dict, tables: list[str]) -> list[str]:
    """Say whether one tree gets better step by step."""
    steps = ("cross_fit", "in_sample_log", "in_sample", "none")
    lines = ["For one tree:", ""]
    for table in tables:
        means = {curve: values(results, table, 1, curve).mean() for curve in steps}
        in_order = means["cross_fit"] > max(means["in_sample_log"], means["in_sample"])
        in_order &= min(means["in_sample_log"], means["in_sample"]) > means["none"]
        lines.append(
            f"* {table}: cross-fit {means['cross_fit']:.3f}, in-sample"
            f" {means['in_sample_log']:.3f} (log p) and {means['in_sample']:.3f} (p), no"
            f" distillation {means['none']:.3f}"
            f"{': better step by step' if in_order else ': **not** better step by step'}"
        )
    return lines


def auc_table(results: dict, table: str) -> list[str]:
    """Return the AUC of teacher and students on a table."""
    teacher = np.array([run["teacher"] for run in runs_of(results, table)])
    columns = [f"{'1 tree' if size == 1 else f'{size} trees'}|paper|difference" for size in SIZES]
    rows = [
        [f"teacher, {results['settings']['trees']} trees"]
        + beside(teacher, paper.teacher(table))
        + [""] * 3
    ]
    for curve, title in CURVES.items():
        row = [title]
        for size in SIZES:
            row += beside(values(results, table, size, curve), published(table, curve, size))
        rows.append(row)
    header = as_row(["", *"|".join(columns).split("|")])
    return ["", f"### {table}", "", header, "|---" * 7 + "|", *map(as_row, rows)]


def gap_table(results: dict, tables: list[str]) -> list[str]:
    """Return what each step gains, ours beside the paper's."""
    header = ["table", "trees", "gap", "ours", "paper", "difference"]
    header += [f"ours, seed {FIRST_SEED} only", "difference"]
    lines = [as_row(header), "|---" * len(header) + "|"]
    for table in tables:
        for size in SIZES:
            for upper, lower in GAPS:
                ours = values(results, table, size, upper) - values(results, table, size, lower)
                theirs = published_gap(table, upper, lower, size)
                gap = f"{SHORT[upper]} − {SHORT[lower]}"
                on_first_split, _, difference = beside(ours[:1], theirs)
                row = [table, str(size), gap, *beside(ours, theirs), on_first_split, difference]
                lines.append(as_row(row))
    return lines


SHORT = {
    "none": "none",
    "tuned": "tuned on labels",
    "in_sample_log": "in-sample (log p)",
    "in_sample": "in-sample (p)",
    "cross_fit": "cross-fit",
    "cross_fit_tuned": "cross-fit, tuned leaves",
}


def timing_table(results: dict, tables: list[str]) -> list[str]:
    """Return how long it took."""
    lines = [
        "Seconds for each split, by the clock on the wall:",
        "",
        as_row(["table", f"teacher, and its {FOLDS} folds", "all students"]),
        "|---" * 3 + "|",
    ]
    for table in tables:
        seconds = [run["seconds"] for run in runs_of(results, table)]
        means = [np.mean([s[part] for s in seconds]) for part in ("teachers", "students")]
        lines.append(as_row([table, *(f"{mean:.0f}" for mean in means)]))
    return lines


# ---- command line ---------------------------------------------------------------------------


def main() -> None:
    arguments = parse()
    arguments.out.mkdir(parents=True, exist_ok=True)
    store = arguments.out / "first_look.json"
    results = open_results(store, {"trees": arguments.trees, "repeats": arguments.repeats})
    for table in arguments.tables:
        for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
            key = f"{table}/{seed}"
            if key in results["runs"]:
                print(f"{key}: measured before", flush=True)
                continue
            run = measure(table, seed, trees=arguments.trees, repeats=arguments.repeats)
            results["runs"][key] = run
            write_whole(store, json.dumps(results, indent=1) + "\n")
            print(f"{key}: {summary(run)}", flush=True)
    page = store.with_suffix(".md")
    write_whole(page, render(results, written_by_hand(page, EXPLANATION)))
    print(f"The tables are in {page}.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A first look at the distillers on real tables.")
    parser.add_argument("--tables", nargs="+", default=[*TABLES], choices=TABLES)
    parser.add_argument("--seeds", type=int, default=3, help="number of 70/30 splits")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--trees", type=int, default=500, help="trees of the teacher")
    parser.add_argument("--repeats", type=int, default=5, help="students of a kind on each split")
    return parser.parse_args()


def open_results(store: Path, settings: dict) -> dict:
    """Read what was measured before, if it was measured with the same settings."""
    if not store.exists():
        return {"settings": settings, "runs": {}}
    results = json.loads(store.read_text())
    if results["settings"] != settings:
        raise SystemExit(
            f"{store} was measured with {results['settings']}, not {settings}: "
            "move it away or use another --out."
        )
    return results


def summary(run: dict) -> str:
    """Say in a line how a run went."""
    one_tree = run["students"]["1"]
    scores = ", ".join(f"{curve} {np.mean(one_tree[curve]):.4f}" for curve in SHORT)
    seconds = sum(run["seconds"].values())
    return f"teacher {run['teacher']:.4f}; 1 tree: {scores}; {seconds:.0f} s"


if __name__ == "__main__":
    main()
