"""The figures, as PNG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from protocol import FIRST_SEED, standard_error

from . import depth, published, simulated, tabular
from .results import OnTop, Results, excess_of, excesses, single_means
from .store import Cell
from .worlds import WORLDS

COLOURS = {
    "teacher": "0.4",
    "none": "tab:blue",
    "tuned": "tab:cyan",
    "in_sample": "tab:orange",
    "cross_fit": "tab:green",
    "fast_realized": "tab:red",
    "slow_realized": "tab:pink",
    "relative": "tab:brown",
    "orthogonal": "tab:olive",
    "ours": "black",
    "ours_auc": "0.6",
    "labels": "tab:blue",
    "residual": "tab:red",
    "best": "0.6",
}
MARGIN = 0.012


def write_figures(results: Results, tops: list[OnTop], folder: Path) -> list[str]:
    """Draw what has been measured; return the names of the files."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        print("Figures are left out: matplotlib is not installed.")
        return []
    drawings: dict[str, tuple[str, Callable[..., Any]]] = {
        "tabular.png": ("tabular", lambda: draw_tabular(results)),
        "on_top.png": ("tabular", lambda: draw_on_top(tops)),
        "depth.png": ("depth", lambda: draw_depth(results)),
        "simulated.png": ("simulated", lambda: draw_simulated(results)),
        "when.png": ("simulated", lambda: draw_when(results)),
    }
    drawn = []
    for name, (figure, draw) in drawings.items():
        if results.found(figure):
            picture = draw()
            picture.savefig(folder / name, dpi=110, bbox_inches="tight")
            drawn.append(name)
    return drawn


def panels(n_rows: int, n_columns: int, width: float, height: float):
    """Return a picture and its panels as a two-dimensional array."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(width * n_columns, height * n_rows), layout="constrained")
    return picture, picture.subplots(n_rows, n_columns, squeeze=False)


def legend(picture: Any, panel: Any, n_columns: int) -> None:
    """Write one legend below all panels."""
    handles, labels = panel.get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside lower center", ncols=n_columns, frameon=False)


def line(panel: Any, x: list, numbers: list[np.ndarray], title: str, **style: Any) -> None:
    """Draw means and a band of one standard error."""
    means = np.array([values.mean() for values in numbers])
    errors = np.nan_to_num([standard_error(values) for values in numbers])
    panel.plot(x, means, label=title.replace("`", ""), **style)
    panel.fill_between(x, means - errors, means + errors, color=style.get("color"), alpha=0.15)


# ---- the paper's figures ---------------------------------------------------------------------


def draw_tabular(results: Results):
    """Draw AUC against the number of trees, with what was published as circles."""
    tables = results.tables("tabular")
    picture, axes = panels(1, len(tables), 5, 4.2)
    for panel, table in zip(axes[0], tables, strict=True):
        sizes = results.sizes("tabular", table)
        place = {size: k for k, size in enumerate(sizes)}
        teacher = results.splits("tabular", table, 0, "teacher")
        if len(teacher):
            panel.axhline(teacher.mean(), color=COLOURS["teacher"], ls="--", label="teacher")
        lowest = []
        for curve, title in tabular.TITLES.items():
            points = _points(results, "tabular", table, curve, sizes)
            if curve == "teacher" or not points:
                continue
            colour = COLOURS[curve.removesuffix("_log")]
            x = [place[size] for size in points]
            line(panel, x, [*points.values()], title, color=colour, lw=2 if curve == "ours" else 1)
            _circles(panel, place, lambda n, c=curve, t=table: published.student(t, c, n), colour)
            if curve in tabular.PAPERS:
                _crosses(results, panel, "tabular", table, curve, place, colour)
            if curve != "none":
                lowest.append(min(values.mean() for values in points.values()))
        # Without distillation, few trees would squeeze all other curves into one.
        panel.set_ylim(bottom=min(lowest, default=0.5) - MARGIN)
        panel.set_xticks([*place.values()], [*place])
        panel.set(title=table, xlabel="trees of the student", ylabel="test AUC")
    legend(picture, axes[0][0], 5)
    return picture


def _points(results: Results, figure: str, table: str, curve: str, sizes: list[int]) -> dict:
    points = {size: results.splits(figure, table, size, curve) for size in sizes}
    return {size: values for size, values in points.items() if len(values)}


def _circles(panel: Any, place: dict[int, int], look_up: Callable, colour: str) -> None:
    found = {k: look_up(size) for size, k in place.items()}
    found = {k: point for k, point in found.items() if point is not None}
    means = [point.mean for point in found.values()]
    panel.plot([*found], means, "o", color=colour, mfc="none", ms=5)


def _crosses(
    results: Results, panel: Any, figure: str, table: str, curve: str, place: dict, colour: str
) -> None:
    """Mark what was measured on the paper's split."""
    cells = {Cell(figure, table, FIRST_SEED, size, curve): k for size, k in place.items()}
    found = {k: results.students(cell) for cell, k in cells.items() if cell in results.records}
    means = [values.mean() for values in found.values()]
    panel.plot([*found], means, "x", color=colour, ms=4)


def draw_on_top(tops: list[OnTop]):
    """Draw how far ours is above the best of the paper's curves."""
    tables = list(dict.fromkeys(top.table for top in tops))
    picture, axes = panels(1, max(len(tables), 1), 4, 3)
    for panel, table in zip(axes[0], tables, strict=False):
        own = [top for top in tops if top.table == table]
        errors = np.nan_to_num([top.se for top in own])
        panel.errorbar(range(len(own)), [top.gap for top in own], errors, fmt="ko", capsize=3)
        panel.axhline(0, color="0.6")
        panel.set_xticks(range(len(own)), [top.size for top in own])
        panel.set(title=table, xlabel="trees of the student", ylabel="AUC, ours − best of theirs")
    return picture


def draw_depth(results: Results):
    """Draw AUC against the depth of the teacher, one row for each scale."""
    tables = results.tables("depth")
    picture, axes = panels(len(depth.SCALES), len(tables), 5, 3.8)
    for row, scale in zip(axes, depth.SCALES, strict=True):
        for panel, table in zip(row, tables, strict=True):
            _draw_scale(results, panel, table, scale)
            panel.set(title=f"{table}, scale {scale}", xlabel="depth of the teacher")
            panel.set_ylabel("test AUC")
    legend(picture, axes[-1][0], 4)
    return picture


def _draw_scale(results: Results, panel: Any, table: str, scale: str) -> None:
    depths = results.sizes("depth", table)
    place = {size: k for k, size in enumerate(depths)}
    alone = results.splits("depth", table, 0, "none")
    if len(alone):
        panel.axhline(alone.mean(), color=COLOURS["none"], label=depth.TITLES["none"])
    lowest = [alone.mean()] if len(alone) else []
    for curve, title in depth.TITLES.items():
        stored = depth.curve_on(scale, curve)
        points = _points(results, "depth", table, stored, depths)
        if not points:
            continue
        x, colour = [place[size] for size in points], COLOURS[curve]
        style = "--" if curve == "teacher" else "-"
        width = 2 if curve == "ours" else 1
        line(panel, x, [*points.values()], title, color=colour, ls=style, lw=width)
        _circles(panel, place, lambda d, c=curve: published.of_depth(table, scale, c, d), colour)
        if curve in depth.PAPERS:
            _crosses(results, panel, "depth", table, stored, place, colour)
        if curve != "orthogonal":  # it falls so far that the others would be one line
            lowest.append(min(values.mean() for values in points.values()))
    panel.set_ylim(bottom=min(lowest, default=0.5) - MARGIN)
    panel.set_xticks([*place.values()], [*place])


# ---- simulated tables ------------------------------------------------------------------------


def draw_simulated(results: Results):
    """Draw excess risk against n: a column for each world, a row for each student and teacher."""
    worlds = results.tables("simulated")
    pairs = [(s, t) for t in simulated.TEACHERS for s in simulated.STUDENTS]
    picture, axes = panels(len(pairs), len(worlds), 3.6, 2.9)
    for row, (student, teacher) in zip(axes, pairs, strict=True):
        for panel, world in zip(row, worlds, strict=True):
            _draw_world(results, panel, world, student, teacher)
        titles = (simulated.STUDENT_TITLES[student], simulated.TEACHER_TITLES[teacher])
        row[0].set_ylabel(f"{titles[0]}\ntaught by {titles[1]}\nexcess risk")
    for k, world in enumerate(worlds):
        axes[0][k].set_title(WORLDS[world].title.partition(":")[0])
        axes[-1][k].set_xlabel("training rows")
    legend(picture, axes[0][0], 6)
    return picture


def _draw_world(results: Results, panel: Any, world: str, student: str, teacher: str) -> None:
    for method, title in simulated.METHODS.items():
        curve = simulated.curve_name(method, student, teacher)
        found = {n: excess_of(results, world, n, curve) for n in results.sizes("simulated", world)}
        found = {n: values for n, values in found.items() if len(values)}
        if found:
            style = {"ls": "--" if method == "best" else "-", "lw": 2 if method == "ours" else 1}
            line(panel, [*found], [*found.values()], title, color=COLOURS[method], **style)
    panel.set(xscale="log", yscale="log")
    sizes = results.sizes("simulated", world)
    panel.set_xticks(sizes, [f"{n / 1000:g}k" for n in sizes])
    panel.minorticks_off()


def draw_when(results: Results):
    """Draw which method has the least excess risk: a panel for each student, n to the right."""
    from matplotlib.patches import Patch

    sizes = sorted({cell.size for cell in results.found("simulated")})
    lines = [(w, t) for w in results.tables("simulated") for t in simulated.TEACHERS]
    picture, axes = panels(len(simulated.STUDENTS), 1, 6.4, 0.34 * len(lines) + 0.9)
    for panel, (student, title) in zip(axes[:, 0], simulated.STUDENT_TITLES.items(), strict=True):
        for row, (world, teacher) in enumerate(lines):
            for column, n in enumerate(sizes):
                _draw_winner(panel, column, row, excesses(results, world, n, student, teacher))
        panel.set_title(title, loc="left")
        panel.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(len(lines) - 0.5, -0.5))
        panel.set_xticks(range(len(sizes)), [f"{n:,}" for n in sizes])
        titles = [f"{world}, {simulated.TEACHER_TITLES[teacher]}" for world, teacher in lines]
        panel.set_yticks(range(len(lines)), titles)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
    axes[-1, 0].set_xlabel("training rows (numbers: excess risk, as a share of that on labels)")
    handles = [
        Patch(color=COLOURS[method], alpha=0.75, label=simulated.METHODS[method].replace("`", ""))
        for method in simulated.SINGLE
    ]
    picture.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return picture


def _draw_winner(panel: Any, column: int, row: int, values: dict[str, np.ndarray]) -> None:
    """Colour a square by its best method, and write how much excess that leaves of labels'."""
    from matplotlib.patches import Rectangle

    means = single_means(values)
    if not means:
        return
    winner = min(means, key=means.get)
    style = {"facecolor": COLOURS[winner], "alpha": 0.75, "linewidth": 0}
    panel.add_patch(Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, **style))
    share = means[winner] / means["labels"] if "labels" in means else np.nan
    panel.text(column, row, f"{100 * share:.0f} %", ha="center", va="center", fontsize=8)
