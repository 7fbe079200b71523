"""The page: scores, costs, and where a peer wins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from protocol import mean_and_error
from report import heading, table

from .plan import METHODS, TEACHER, TITLES
from .results import OURS, SCORES, Lead, Records, Results

FIGURE = """
![Accuracy against prediction time](peers.png)

Labels name the students of *ours, tuned*. The panels reach down to the worst of tuned labels,
shrinkage and ours; what lies lower is in the tables. Left is quicker, up is better.
"""
BY_HAND = "\n## What we make of it\n"
ABOUT = """Test scores and costs of models of the same size, made in different ways, on the same
splits (70/30, as in the paper). Tables from `SKDISTILL_DATA`, as numbers. The teacher is a forest
of {trees} trees with scikit-learn's defaults. All on one core. Splits: {splits}."""
METHODS_TEXT = """
## What is compared

* **labels**: scikit-learn alone (LightGBM for the booster), with the size as given.
* **labels, tuned**: `GridSearchCV`, five folds, within the size as given: trees and forests over
  `max_leaf_nodes` and `min_samples_leaf`, LightGBM over `num_leaves` and `learning_rate` (at 100
  rounds); chosen once by log loss and once by AUC.
* **hierarchical shrinkage**: `imodels.HSTreeClassifierCV` with its own grid and folds, of the same
  trees (for `forest of 10`, of that forest). No teacher.
* **DistilledRegressor**: `imodels`' distillation. The teacher is asked about the rows that it was
  fitted on. Two classes only.
* **AutoGluon distill**: its own forest of as many trees, bagged; students in its words, with its
  default of five times as many simulated rows (at most 100,000) that the teacher labels (real rows
  keep their labels), and a tenth of the rows or so held out. A single tree is its random forest of
  one tree on all rows and columns: nothing that its makers had in mind. No time limit.
* **ours on AutoGluon's out-of-fold**: `CrossFitDistiller` on its `predict_proba_oof`.
* **TabTune GBDTStudent**: on our out-of-bag probabilities, with 100 rounds of rate 0.1 without a
  limit of depth, and as it comes (500 rounds of rate 0.05, depth 6); it holds out a tenth.
* **the teacher in ONNX**: by `skl2onnx`, run by `onnxruntime`, on the first split (largest change
  of AUC by the conversion: {rounding:.0e}); so too **ours, out-of-bag, in ONNX**.
* **ours, out-of-bag**: `CrossFitDistiller` on the same out-of-bag probabilities (as `cv="oob"`).
* **ours, tuned**: `LossCorrectedDistillerCV(teacher_cv="oob")`, all else as it comes.

Log loss has probabilities floored at 1/500, AUC is one class against the rest, and the calibration
error is the mean distance of predicted from observed shares over ten bins of equally many rows (of
several classes, for the most probable one).
CPU seconds are those of the teacher (out-of-bag probabilities included, and for the search of ours
those of its five folds) and, behind the plus sign, of the student with its search; loading, saving
and scoring do not count. Bytes are those of the pickle, of the ONNX file, or of AutoGluon's folder
for deployment. Prediction times are the least of 3 to 1,000 calls, as in all our benchmarks, but in
CPU seconds of the only thread and not of the clock, because other work was running on the machine;
what that does to caches remains. Rows are repeated to 100,000, and the first split is timed.
AutoGluon is given its frame, which is made from an array in the call.
"""
SHORT = ("tree64", "unpruned", "lgbm")
SHORT_METHODS = ("tuned_auc", "shrinkage", "cross_fit", "tuned")
SCORE_NAMES = {"auc": "AUC", "log_loss": "log loss", "calibration_error": "calibration error"}
COST_STUDENTS = ("tree64", "unpruned", "forest10", "lgbm")


def write(records: Records, absent: list[str], by_hand: str) -> str:
    """Return the page of what was measured."""
    results = Results(records)
    trees = next(iter(records.values()))["trees"]
    counts = {t: len({c.seed for c in results.records if c.table == t}) for t in results.tables}
    splits = ", ".join(f"{name} {count}" for name, count in counts.items())
    about = ABOUT.format(trees=trees, splits=splits)
    command = "python benchmarks/peers --envs FOLDER"
    page = heading("Against what people use", command, about, measured(records))
    page += versions(records) + FIGURE
    page += "\n## In short: AUC\n\n" + short_table(results)
    page += METHODS_TEXT.format(rounding=rounding(results))
    if absent:
        page += f"\nNot measured here: {', '.join(absent)}.\n"
    page += "\n## Where a peer wins\n\n" + leads_text(results)
    for field, name in SCORE_NAMES.items():
        page += f"\n## {name[0].upper()}{name[1:]}\n\n" + score_table(results, field)
    page += "\n## Costs\n\nAll students are in `cells.jsonl`.\n"
    for name in results.tables:
        page += f"\n### {name}\n\n" + cost_table(results, name)
    return page + BY_HAND + by_hand


def measured(records: Records) -> str:
    """Say when and where records were measured."""
    dates = sorted({record["date"] for record in records.values()})
    machines = sorted({record["machine"] for record in records.values()})
    return f"from {dates[0]} to {dates[-1]}: {'; '.join(machines)}"


def rounding(results: Results) -> float:
    """Return by how much converting a model has changed its AUC at most."""
    changes = [0.0]
    for name, method in METHODS.items():
        for student in method.students if method.same_as else ():
            for t in results.tables:
                converted = results.values(t, name, student, "auc")
                own = results.values(t, method.same_as, student, "auc")
                changes += [abs(converted[s] - own[s]) for s in converted.keys() & own.keys()]
    return max(changes)


def versions(records: Records) -> str:
    """Return what the peers' environments hold."""
    found = {name: v for record in records.values() for name, v in record["versions"].items()}
    known = ("numpy", "scikit-learn", "lightgbm", "skdistill")
    peers = [f"{name} {version}" for name, version in found.items() if name not in known]
    return f"Peers: {', '.join(peers) or 'none'}.\n"


# ---- scores ----------------------------------------------------------------------------------


def short_table(results: Results) -> str:
    """Return the numbers of a README."""
    lines = [
        [name, TITLES[student], *(cell(results, name, m, student, "auc") for m in SHORT_METHODS)]
        for name in results.tables
        for student in SHORT
        if student in results.students(name)
    ]
    titles = [METHODS[method].title for method in SHORT_METHODS]
    return (
        "Means over splits ± the standard error over splits, most of which is the splits' own, "
        "common to all columns.\n\n" + table(["table", "student", *titles], lines)
    )


def cell(results: Results, name: str, method: str, student: str, field: str) -> str:
    """Return a mean and its standard error, or nothing."""
    found = results.values(name, method, student, field)
    return mean_and_error(np.array([*found.values()])) if found else ""


def score_table(results: Results, field: str) -> str:
    """Return means of all methods, the best of each line bold."""
    methods = [name for name, method in METHODS.items() if method.side != "teacher"]
    methods = [name for name in methods if not METHODS[name].same_as]
    lines = []
    for name in results.tables:
        for student in results.students(name):
            means = {
                m: float(np.mean([*found.values()]))
                for m in methods
                if (found := results.values(name, m, student, field))
            }
            best = (max if SCORES[field] else min)(means.values(), default=np.nan)
            texts = [number(means.get(m, np.nan), best) for m in methods]
            teacher = results.values(name, "teacher", TEACHER, field)
            reference = number(float(np.mean([*teacher.values()])) if teacher else np.nan, np.nan)
            lines.append([name, TITLES[student], reference, *texts])
    titles = ["teacher", *(METHODS[m].title for m in methods)]
    return table(["table", "student", *titles], lines)


def number(value: float, best: float) -> str:
    """Write a score, the best bold."""
    text = "" if np.isnan(value) else f"{value:.4f}"
    return f"**{text}**" if value == best else text


# ---- who wins --------------------------------------------------------------------------------


def leads_text(results: Results) -> str:
    """Say where the best peer is better than ours, and by how much."""
    places = [(name, student) for name in results.tables for student in results.students(name)]
    leads = {
        (name, student, field): results.lead(name, student, field)
        for name, student in places
        for field in SCORES
    }
    counts = [count_text(field, [leads[*place, field] for place in places]) for field in SCORES]
    lines = [
        [name, TITLES[student], *(lead_cell(leads[name, student, field]) for field in SCORES)]
        for name, student in places
    ]
    header = ["table", "student", *SCORE_NAMES.values()]
    about = (
        f"How far *{METHODS[OURS].title}* is ahead of the best peer of the same student (in "
        "brackets), paired over splits, ± a standard error; signs are turned so that plus is "
        "ours. **Bold: the peer wins.** The best peer is chosen by the test score itself, which "
        "favours the peers. With so few splits a standard error is itself hardly known."
    )
    return "\n\n".join([about, " ".join(counts), table(header, lines)])


def count_text(field: str, leads: list[Lead | None]) -> str:
    """Count the wins of one score, and those beyond two standard errors."""
    known = [lead for lead in leads if lead is not None]
    wins = [lead for lead in known if round(lead.gap, 4) < 0]
    ties = sum(round(lead.gap, 4) == 0 for lead in known)
    clear = sum(lead.gap < -2 * lead.se for lead in wins)
    ours = sum(lead.gap > 2 * lead.se for lead in known)
    return (
        f"By {SCORE_NAMES[field]} a peer wins {len(wins)} of {len(known)} places ({clear} beyond "
        f"two standard errors), ours {len(known) - len(wins) - ties} ({ours} beyond two); "
        f"{ties} {'is a tie' if ties == 1 else 'are ties'}."
    )


def lead_cell(lead: Lead | None) -> str:
    """Write who leads, and by how much."""
    if lead is None:
        return ""
    error = "" if np.isnan(lead.se) else f" ± {lead.se:.4f}"
    text = f"{lead.gap:+.4f}{error} ({METHODS[lead.peer].title})"
    return f"**{text}**" if round(lead.gap, 4) < 0 else text


# ---- costs -----------------------------------------------------------------------------------


def cost_table(results: Results, name: str) -> str:
    """Return what each model of a table costs to make, to keep and to ask."""
    lines = []
    for method, student in cost_places(results, name):
        fields = ("teacher_seconds", "student_seconds", "bytes", "us_one_row", "us_per_row_of_many")
        found = [[*results.values(name, method, student, f).values()] for f in fields]
        fit = " + ".join(f"{np.mean(seconds):.1f}" for seconds in found[:2])
        size = f"{np.mean(found[2]) / 1e3:,.0f}"
        one, many = (min(times, default=np.nan) for times in found[3:])
        times = ["" if np.isnan(one) else text for text in (f"{one:,.0f}", f"{many:,.2f}")]
        lines.append([TITLES[student], METHODS[method].title, fit, size, *times])
    costs = ["fit, CPU s", "kB", "µs, one row", "µs a row, 100,000 rows"]
    return table(["model", "made by", *costs], lines)


def cost_places(results: Results, name: str) -> Iterator[tuple[str, str]]:
    """Yield methods and students of a table, student by student."""
    for student in (TEACHER, *COST_STUDENTS):
        for method in METHODS:
            if results.values(name, method, student, "bytes"):
                yield method, student
