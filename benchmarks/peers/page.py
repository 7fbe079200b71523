"""The page and the figure: scores, costs, and where a peer wins."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skdistill.evaluation.show.pictures import label_log_axis

from .. import NAMES, page
from ..colours import COLOURS
from ..page import blocks, heading, measured, table
from ..scores import mean_and_error, standard_error
from ..store import Records
from .plan import COMPILED, METHODS, OURS, SIGMOID, TABLES, TEACHER, TITLES, UNCALIBRATED, Cell

BY_HAND = "\n## What we make of it\n"
SHORT = ("tree64", "unpruned", "lgbm")
SHORT_METHODS = ("tuned_auc", "shrinkage", "cross_fit", "tuned")
# Score: its name, and whether more is better.
SCORES = {
    "auc": ("AUC", True),
    "log_loss": ("log loss", False),
    "calibration_error": ("calibration error", False),
}
COST_STUDENTS = ("tree64", "unpruned", "forest10", "lgbm", COMPILED)
fill = partial(page.fill, "peers")


# ---- what was measured -----------------------------------------------------------------------


class Lead(NamedTuple):
    """How far ours is ahead of the best peer, paired; positive where ours is better."""

    peer: str
    gap: float
    se: float


class Results:
    """Everything that was measured on whole splits: ours comes last, so that it tells which are."""

    def __init__(self, records: Records) -> None:
        done = {(cell.table, cell.seed, cell.student) for cell in records if cell.method == OURS}
        splits = {cell[1:3] for cell in records}
        whole = {split for split in splits if all((*split, s) in done for s in TABLES[split[0]])}
        # Where none is, the page is of what there is.
        known = {table for table, _ in whole}
        kept = [cell for cell in records if cell[1:3] in whole or cell.table not in known]
        self.records = {cell: records[cell] for cell in kept}
        self.tables = [t for t in TABLES if any(cell.table == t for cell in kept)]
        self.seeds = sorted({cell.seed for cell in kept})

    def students(self, table: str) -> list[str]:
        """Return the students that a table was measured with, the small ones first."""
        found = {cell.student for cell in self.records if cell.table == table}
        return [name for name in TITLES if name in found and name != TEACHER]

    def values(self, table: str, method: str, student: str, field: str) -> dict[int, float]:
        """Return a field of each split that has it."""
        cells = {s: Cell(METHODS[method].peer, table, s, method, student) for s in self.seeds}
        found = {seed: self.records.get(cell, {}) for seed, cell in cells.items()}
        return {seed: record[field] for seed, record in found.items() if field in record}

    def mean(self, *where: str) -> float:
        """Return the mean over splits, NaN where there is none."""
        found = [*self.values(*where).values()]
        return float(np.mean(found)) if found else np.nan

    def lead(self, table: str, student: str, field: str) -> Lead | None:
        """Compare ours with the peer that is best against it, on the splits that both have."""
        ours = self.values(table, OURS, student, field)
        leads = []
        for name, method in METHODS.items():
            theirs = self.values(table, name, student, field) if method.side == "peer" else {}
            gaps = np.array([ours[seed] - theirs[seed] for seed in ours if seed in theirs])
            gaps = gaps if SCORES[field][1] else -gaps
            if len(gaps):
                leads.append(Lead(name, float(gaps.mean()), standard_error(gaps)))
        return min(leads, key=lambda lead: lead.gap, default=None)


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
    return ", ".join(peers) or "none"


# ---- the page --------------------------------------------------------------------------------


def write(records: Records, absent: list[str], by_hand: str) -> str:
    """Return the page of what was measured."""
    results = Results(records)
    counts = {t: len({c.seed for c in results.records if c.table == t}) for t in results.tables}
    splits = ", ".join(f"{name} {count}" for name, count in counts.items())
    about = fill("about", trees=next(iter(records.values()))["trees"], splits=splits)
    told = (about, measured(records.values()))
    names = {field: name[0].upper() + name[1:] for field, (name, _) in SCORES.items()}
    scores = [
        fill("table", marks="##", name=name, table=score_table(results, field))
        for field, name in names.items()
    ]
    costs = [
        fill("table", marks="###", name=name, table=cost_table(results, name))
        for name in results.tables
    ]
    text = fill(
        "page",
        heading=heading("Against what people use", "peers --envs FOLDER", *told),
        versions=versions(records),
        short=short_table(results),
        rounding=rounding(results),
        absent=fill("absent", names=", ".join(absent)) if absent else "",
        ours=METHODS[OURS].title,
        scores=blocks(scores),
        calibration=calibration_table(results),
        costs=blocks(costs),
        **leads_text(results),
    )
    return f"{text}\n{BY_HAND}{by_hand}"


def short_table(results: Results) -> str:
    """Return the numbers of a README."""

    def cell(name: str, method: str, student: str) -> str:
        return mean_and_error([*results.values(name, method, student, "auc").values()])

    lines = [
        [name, TITLES[student], *(cell(name, method, student) for method in SHORT_METHODS)]
        for name in results.tables
        for student in SHORT
        if student in results.students(name)
    ]
    return table(["table", "student", *(METHODS[method].title for method in SHORT_METHODS)], lines)


def score_table(results: Results, field: str) -> str:
    """Return means of all methods, the best of each line bold."""
    own = {n: m for n, m in METHODS.items() if m.side != "teacher" and not m.same_as + m.fit_of}
    lines = []
    for name, student in places(results):
        means = [results.mean(name, method, student, field) for method in own]
        known = [mean for mean in means if not np.isnan(mean)]
        best = (max if SCORES[field][1] else min)(known, default=np.nan)
        reference = number(results.mean(name, "teacher", TEACHER, field), np.nan)
        texts = [number(mean, best) for mean in means]
        lines.append([name, TITLES[student], reference, *texts])
    return table(["table", "student", "teacher", *(m.title for m in own.values())], lines)


def calibration_table(results: Results) -> str:
    """Return what the sigmoid that a search may have kept does to the calibration error."""
    lines = []
    for name, student in places(results):
        own = {
            method: results.values(name, method, student, "calibration_error")
            for method in (UNCALIBRATED, METHODS[UNCALIBRATED].fit_of)
        }
        both = sorted(set.intersection(*map(set, own.values())))
        if both:
            before, after = (np.array([found[seed] for seed in both]) for found in own.values())
            notes = results.values(name, UNCALIBRATED, student, "notes").values()
            kept = sum(note.endswith(f", {SIGMOID}") for note in notes)
            errors = [mean_and_error(before), mean_and_error(after)]
            change = mean_and_error(after - before, "+.4f")
            lines.append([name, TITLES[student], f"{kept} of {len(both)}", *errors, change])
    header = ["table", "student", "splits with a sigmoid", "without", "with", "difference"]
    return table(header, lines)


def number(value: float, best: float) -> str:
    """Write a score, the best bold."""
    text = "" if np.isnan(value) else f"{value:.4f}"
    return f"**{text}**" if value == best else text


def places(results: Results) -> list[tuple[str, str]]:
    """Return all tables and students."""
    return [(name, student) for name in results.tables for student in results.students(name)]


def leads_text(results: Results) -> dict[str, str]:
    """Say where the best peer is better than ours, and by how much."""
    own = places(results)
    leads = {place: [results.lead(*place, field) for field in SCORES] for place in own}
    by_score = zip(SCORES, zip(*leads.values(), strict=True), strict=True)
    lines = [[name, TITLES[s], *map(lead_cell, found)] for (name, s), found in leads.items()]
    return {
        "counts": " ".join(count_text(field, found) for field, found in by_score),
        "leads": table(["table", "student", *(name for name, _ in SCORES.values())], lines),
    }


def count_text(field: str, leads: Any) -> str:
    """Count the wins of one score, and those beyond two standard errors."""
    known = [lead for lead in leads if lead is not None]
    wins = [lead for lead in known if round(lead.gap, 4) < 0]
    ties = sum(round(lead.gap, 4) == 0 for lead in known)
    return fill(
        "count",
        score=SCORES[field][0],
        wins=len(wins),
        n=len(known),
        clear=sum(lead.gap < -2 * lead.se for lead in wins),
        ours=len(known) - len(wins) - ties,
        beyond=sum(lead.gap > 2 * lead.se for lead in known),
        ties=ties,
        are="is a tie" if ties == 1 else "are ties",
    )


def lead_cell(lead: Lead | None) -> str:
    """Write who leads, and by how much."""
    if lead is None:
        return ""
    error = "" if np.isnan(lead.se) else f" ± {lead.se:.4f}"
    text = f"{lead.gap:+.4f}{error} ({METHODS[lead.peer].title})"
    return f"**{text}**" if round(lead.gap, 4) < 0 else text


def cost_table(results: Results, name: str) -> str:
    """Return what each model of a table costs to make, to keep and to ask, student by student."""
    lines = []
    for student in (TEACHER, *COST_STUDENTS):
        for method in METHODS:
            where = (name, method, student)
            if METHODS[method].fit_of or not results.values(*where, "bytes"):
                continue
            seconds = [results.mean(*where, f) for f in ("teacher_seconds", "student_seconds")]
            fit = " + ".join(f"{spent:.1f}" for spent in seconds)
            size = f"{results.mean(*where, 'bytes') / 1e3:,.0f}"
            times = [results.values(*where, field).values() for field in TIMES]
            specs = zip(times, (",.0f", ",.2f"), strict=True)
            told = [f"{min(own):{spec}}" if own else "" for own, spec in specs]
            lines.append([TITLES[student], METHODS[method].title, fit, size, *told])
    costs = ["fit, CPU s", "kB", "µs, one row", "µs a row, 100,000 rows"]
    return table(["model", "made by", *costs], lines)


# ---- the figure: accuracy against prediction time --------------------------------------------

MARKS, LABELS = NAMES["peers"]["marks"], NAMES["peers"]["labels"]
TIMES = {"us_one_row": "one row, µs", "us_per_row_of_many": "100,000 rows, µs a row"}
# The panels reach down to the worst of these; full trees that memorised labels would squeeze them.
SHOWN = ("tuned_auc", "shrinkage", "cross_fit", "tuned")
MARGIN = 0.004


def draw(records: Records, path: Path) -> None:
    """Write the figure, where matplotlib is installed."""
    page.draw(path, lambda: figure(Results(records)), bbox_inches=None)


def figure(results: Results) -> Any:
    """Draw a column for each table that was timed, a row for each number of rows."""
    from matplotlib.figure import Figure

    timed = [[results.values(t, OURS, s, "us_one_row") for s in TITLES] for t in results.tables]
    tables = [name for name, own in zip(results.tables, timed, strict=True) if any(own)]
    n = max(len(tables), 1)
    picture = Figure(figsize=(max(4.6 * n, 9.5), 8.4), layout="constrained")
    axes = picture.subplots(2, n, squeeze=False, sharey="col")
    for column, name in enumerate(tables):
        for row, (field, title) in enumerate(TIMES.items()):
            panel = axes[row, column]
            draw_panel(panel, results, name, field)
            panel.set(xlabel=title, xscale="log", title=name if row == 0 else "")
            label_log_axis(panel.xaxis, *panel.get_xlim())
    for row in axes:
        row[0].set_ylabel("test AUC")
        for panel in row[1:]:
            panel.set_ylabel("test AUC")
    handles = {}
    for panel in axes.flat:
        handles.update(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    style = {"ncols": min(3 + n, 6), "frameon": False, "fontsize": 9}
    picture.legend(handles.values(), handles, loc="outside lower center", **style)
    return picture


def draw_panel(panel: Any, results: Results, name: str, field: str) -> None:
    """Draw the least time and mean AUC of all models of a table; students' names stand at ours."""
    heights = []
    for method, (mark, colour) in MARKS.items():
        points = {}
        for student in TITLES:
            times = results.values(name, method, student, field)
            mean = results.mean(name, METHODS[method].same_as or method, student, "auc")
            if times and not np.isnan(mean):
                points[student] = (min(times.values()), mean)
        if not points:
            continue
        x, y = zip(*points.values(), strict=True)
        style = {"label": METHODS[method].title, "alpha": 0.8, "linewidths": 0, "zorder": 3}
        panel.scatter(x, y, 110 if mark == "*" else 42, COLOURS[colour], mark, **style)
        heights += y if method in SHOWN else ()
        for student, place in points.items() if method == "tuned" else ():
            panel.annotate(LABELS[student], place, xytext=(5, 5), textcoords="offset points")
    panel.set_ylim(bottom=min(heights, default=0.5) - MARGIN)
    panel.grid(alpha=0.25)
