"""The figure: accuracy against prediction time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .plan import METHODS, TEACHER, TITLES
from .results import OURS, Records, Results

MARKS = {
    "teacher": ("*", "0.3"),
    "onnx": ("*", "tab:purple"),
    "labels": (".", "0.6"),
    "tuned_auc": ("o", "tab:blue"),
    "shrinkage": ("^", "tab:green"),
    "distilled_regressor": ("v", "tab:olive"),
    "autogluon": ("s", "tab:orange"),
    "autogluon_cross_fit": ("X", "tab:orange"),
    "gbdt_student": ("D", "tab:brown"),
    "onnx_ours": ("X", "tab:purple"),
    "cross_fit": ("P", "tab:pink"),
    "tuned": ("X", "tab:red"),
}
SHORT = {
    "tree16": "16",
    "tree64": "64",
    "tree256": "256",
    "unpruned": "full",
    "forest10": "RF10",
    "lgbm": "GBM",
    TEACHER: "",
}
TIMES = {"us_one_row": "one row, µs", "us_per_row_of_many": "100,000 rows, µs a row"}
# The panels reach down to the worst of these; full trees that memorised labels would squeeze them.
SHOWN = ("tuned_auc", "shrinkage", "cross_fit", "tuned")
MARGIN = 0.004


def draw(records: Records, path: Path) -> None:
    """Write the figure, where matplotlib is installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("The figure is left out: matplotlib is not installed.")
        return
    results = Results(records)
    tables = [
        name
        for name in results.tables
        if any(results.values(name, OURS, student, "us_one_row") for student in TITLES)
    ]
    n = max(len(tables), 1)
    figure = Figure(figsize=(max(4.6 * n, 9.5), 8.4), layout="constrained")
    axes = figure.subplots(2, n, squeeze=False, sharey="col")
    for column, name in enumerate(tables):
        for row, (field, title) in enumerate(TIMES.items()):
            panel = axes[row, column]
            draw_panel(panel, results, name, field)
            panel.set(xlabel=title, xscale="log", title=name if row == 0 else "")
        axes[0, column].set_ylabel("test AUC")
        axes[1, column].set_ylabel("test AUC")
    handles = {}
    for panel in axes.flat:
        handles.update(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    style = {"ncols": min(3 + n, 6), "frameon": False, "fontsize": 9}
    figure.legend(handles.values(), handles, loc="outside lower center", **style)
    figure.savefig(path, dpi=110)


def draw_panel(panel: Any, results: Results, name: str, field: str) -> None:
    """Draw all models of a table; names of students stand at ours."""
    heights = []
    for method, (mark, colour) in MARKS.items():
        found = [point(results, name, method, student, field) for student in TITLES]
        points = {s: p for s, p in zip(TITLES, found, strict=True) if p is not None}
        if not points:
            continue
        x, y = zip(*points.values(), strict=True)
        size = 110 if mark == "*" else 42
        title = METHODS[method].title
        panel.scatter(x, y, size, colour, mark, label=title, alpha=0.8, linewidths=0, zorder=3)
        heights += y if method in SHOWN else ()
        for student, place in points.items() if method == "tuned" else ():
            panel.annotate(SHORT[student], place, xytext=(5, 5), textcoords="offset points")
    panel.set_ylim(bottom=min(heights, default=0.5) - MARGIN)
    panel.grid(alpha=0.25)


def point(
    results: Results, name: str, method: str, student: str, field: str
) -> tuple[float, float] | None:
    """Return a model's least time and mean AUC."""
    times = results.values(name, method, student, field)
    scores = results.values(name, METHODS[method].same_as or method, student, "auc")
    return (min(times.values()), float(np.mean([*scores.values()]))) if times and scores else None
