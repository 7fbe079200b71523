"""The figures, as PNG files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skdistill.evaluation.show.pictures import label_log_axis

from ..colours import COLOURS
from ..data import FIRST_SEED
from ..page import draw
from ..scores import standard_error
from . import depth, published, simulated, tabular
from .cell import Cell
from .results import OnTop, Results, excess_of, excesses, single_means
from .worlds import WORLDS

MARGIN = 0.012
SEEN_THROUGH = 0.65  # so that black letters can be read on every colour
# The methods of a search that is none, in few letters.
SHORT = {m: simulated.METHODS[m].partition(" by ")[0] for m in simulated.SINGLE}


def write_figures(results: Results, tops: list[OnTop], folder: Path) -> list[str]:
    """Draw what has been measured; return the names of the files."""
    drawings: dict[str, tuple[str, Callable[..., Any]]] = {
        "tabular.png": ("tabular", lambda: draw_tabular(results)),
        "on_top.png": ("tabular", lambda: draw_on_top(tops)),
        "depth.png": ("depth", lambda: draw_depth(results)),
        "simulated.png": ("simulated", lambda: draw_simulated(results)),
        "when.png": ("simulated", lambda: draw_when(results)),
    }
    own = {name: picture for name, (figure, picture) in drawings.items() if results.found(figure)}
    drawn = [draw(folder / name, picture) for name, picture in own.items()]
    return [name for name in drawn if name]


def panels(n_rows: int, n_columns: int, width: float, height: float):
    """Return a picture and its panels as a two-dimensional array."""
    from matplotlib.figure import Figure

    picture = Figure(figsize=(width * n_columns, height * n_rows), layout="constrained")
    return picture, picture.subplots(n_rows, n_columns, squeeze=False)


def legend(picture: Any, panel: Any, n_columns: int) -> None:
    """Write one legend below all panels."""
    handles, labels = panel.get_legend_handles_labels()
    picture.legend(handles, labels, loc="outside lower center", ncols=n_columns, frameon=False)


def line(panel: Any, points: dict[Any, np.ndarray], title: str, **style: Any) -> list[float]:
    """Draw means and a band of one standard error where there are numbers; return the means."""
    points = {x: values for x, values in points.items() if len(values)}
    if not points:
        return []
    means = np.array([values.mean() for values in points.values()])
    errors = np.nan_to_num([standard_error(values) for values in points.values()])
    panel.plot([*points], means, label=title.replace("`", ""), **style)
    bounds = (means - errors, means + errors)
    panel.fill_between([*points], *bounds, color=style.get("color"), alpha=0.15)
    return [*means]


# ---- the paper's figures ---------------------------------------------------------------------


def draw_tabular(results: Results):
    """Draw AUC against the number of trees, with what was published as circles."""
    tables = results.tables("tabular")
    picture, axes = panels(1, len(tables), 5, 4.2)
    for panel, table in zip(axes[0], tables, strict=True):
        teacher = results.splits("tabular", table, 0, "teacher")
        if len(teacher):
            panel.axhline(teacher.mean(), color=COLOURS["teacher"], ls="--", label="teacher")
        lowest, sizes = [], results.sizes("tabular", table)
        for curve, title in tabular.TITLES.items():
            if curve == "teacher":
                continue
            style = {"color": COLOURS[curve.removesuffix("_log")], "lw": 1 + (curve == "ours")}
            theirs = {size: published.student(table, curve, size) for size in sizes}
            # It lies on ours nearly everywhere.
            style["ls"] = ":" if curve == "ours_auc" else "-"
            crosses = curve in tabular.PAPERS
            cells = Cell("tabular", table, FIRST_SEED, 0, curve)
            means = _curve(results, panel, cells, sizes, title, theirs, crosses=crosses, **style)
            # Without distillation, few trees would squeeze all other curves into one.
            lowest += means if curve != "none" else []
        _finish(panel, sizes, lowest)
        panel.set(title=table, xlabel="trees of the student", ylabel="test AUC")
    legend(picture, axes[0][0], 5)
    return picture


def _curve(
    results: Results,
    panel: Any,
    cell: Cell,
    sizes: list[int],
    title: str,
    theirs: dict[int, Any],
    *,
    crosses: bool,
    **style: Any,
) -> list[float]:
    """Draw a curve at equal steps: ours, circles where published, crosses on the paper's split."""
    splits = [results.splits(*cell[:2], size, cell.curve) for size in sizes]
    means = line(panel, dict(enumerate(splits)), title, **style)
    if means:
        circles = {k: theirs[size].mean for k, size in enumerate(sizes) if theirs[size] is not None}
        marks = {"color": style["color"], "mfc": "none", "ms": 5}
        panel.plot([*circles], [*circles.values()], "o", **marks)
    if means and crosses:
        own = {k: cell._replace(size=size) for k, size in enumerate(sizes)}
        found = {k: results.students(c).mean() for k, c in own.items() if c in results.records}
        panel.plot([*found], [*found.values()], "x", color=style["color"], ms=4)
    return means


def _finish(panel: Any, sizes: list[int], lowest: list[float]) -> None:
    panel.set_ylim(bottom=min(lowest, default=0.5) - MARGIN)
    panel.set_xticks(range(len(sizes)), sizes)


def draw_on_top(tops: list[OnTop]):
    """Draw how far ours is above the best of the paper's curves."""
    tables = list(dict.fromkeys(top.table for top in tops))
    picture, axes = panels(1, max(len(tables), 1), 4, 3)
    for panel, table in zip(axes[0], tables, strict=False):
        own = [top for top in tops if top.table == table]
        errors = np.nan_to_num([top.se for top in own])
        panel.errorbar(
            range(len(own)),
            [top.gap for top in own],
            errors,
            fmt="o",
            color=COLOURS["ours"],
            capsize=3,
        )
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
    alone = results.splits("depth", table, 0, "none")
    if len(alone):
        panel.axhline(alone.mean(), color=COLOURS["none"], label=depth.TITLES["none"])
    lowest = [alone.mean()] if len(alone) else []
    for curve, title in depth.TITLES.items():
        style = {"color": COLOURS[curve], "ls": "--" if curve == "teacher" else "-"}
        theirs = {d: published.of_depth(table, scale, curve, d) for d in depths}
        style |= {"lw": 1 + (curve == "ours"), "crosses": curve in depth.PAPERS}
        cell = Cell("depth", table, FIRST_SEED, 0, depth.curve_on(scale, curve))
        means = (
            [] if curve == "none" else _curve(results, panel, cell, depths, title, theirs, **style)
        )
        # It falls so far that the others would be one line.
        lowest += means if curve != "orthogonal" else []
    _finish(panel, depths, lowest)


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


def thousands(n: int) -> str:
    return f"{n / 1000:g}k"


def _draw_world(results: Results, panel: Any, world: str, student: str, teacher: str) -> None:
    sizes = results.sizes("simulated", world)
    for method, title in simulated.METHODS.items():
        curve = simulated.curve_name(method, student, teacher)
        style = {"ls": "--" if method == "best" else "-", "lw": 2 if method == "ours" else 1}
        points = {n: excess_of(results, world, n, curve) for n in sizes}
        line(panel, points, title, color=COLOURS[method], **style)
    panel.set(xscale="log", yscale="log")
    label_log_axis(panel.yaxis, *panel.get_ylim())
    panel.set_xticks(sizes, [thousands(n) for n in sizes])
    panel.minorticks_off()


def draw_when(results: Results):
    """Draw which method has the least excess risk: a panel for each student, n to the right.

    It is as wide as a phone, which shows one panel at a time: each has the key.
    """
    from matplotlib.patches import Patch

    sizes = sorted({cell.size for cell in results.found("simulated")})
    lines = [(w, t) for w in results.tables("simulated") for t in simulated.TEACHERS]
    picture, axes = panels(len(simulated.STUDENTS), 1, 5.4, 0.34 * len(lines) + 1.3)
    handles = [Patch(color=COLOURS[m], alpha=SEEN_THROUGH, label=SHORT[m]) for m in SHORT]
    for panel, (student, title) in zip(axes[:, 0], simulated.STUDENT_TITLES.items(), strict=True):
        for row, (world, teacher) in enumerate(lines):
            for column, n in enumerate(sizes):
                _draw_winner(panel, column, row, excesses(results, world, n, student, teacher))
        panel.set_title(f"Student: {title}", loc="right", pad=30)
        panel.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(len(lines) - 0.5, -0.5))
        panel.set_xticks(range(len(sizes)), [thousands(n) for n in sizes])
        panel.set_xlabel("training rows")
        titles = [f"{world}, {simulated.TEACHER_TITLES[teacher]}" for world, teacher in lines]
        panel.set_yticks(range(len(lines)), titles)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        where = {"loc": "lower right", "bbox_to_anchor": (1.02, 0.985), "ncols": len(SHORT)}
        panel.legend(handles=handles, frameon=False, columnspacing=1.2, handlelength=1.2, **where)
    picture.supxlabel("numbers: excess risk, as a share of that on labels", fontsize="medium")
    return picture


def _draw_winner(panel: Any, column: int, row: int, values: dict[str, np.ndarray]) -> None:
    """Colour a square by its best method, and write how much excess that leaves of labels'."""
    from matplotlib.patches import Rectangle

    means = single_means(values)
    if not means:
        return
    winner = min(means, key=means.get)
    style = {"facecolor": COLOURS[winner], "alpha": SEEN_THROUGH, "linewidth": 0}
    panel.add_patch(Rectangle((column - 0.47, row - 0.45), 0.94, 0.9, **style))
    share = means[winner] / means["labels"] if "labels" in means else np.nan
    panel.text(column, row, f"{100 * share:.0f} %", ha="center", va="center", fontsize=8)
