"""The page: what was measured, beside what was published, and what follows from it."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import page
from ..data import FIRST_SEED
from ..page import blocks, counted, explanation, table, yes
from ..scores import mean_and_error, standard_error
from . import depth, published, simulated, tabular
from .cell import Cell
from .results import (
    AGAINST_TEACHER,
    MIN_SPLITS,
    TOLERANCE,
    Comparison,
    OnTop,
    Results,
    comparisons,
    excesses,
    not_measured,
    on_top,
    progress_table,
    single_means,
    whole,
)
from .worlds import WORLDS

GOAL = 0.9
EXPLANATION = "## Explanation"
fill = partial(page.fill, "paper")


def write(results: Results, planned: Sequence[Cell], absent: Iterable[str], by_hand: str) -> str:
    """Return the page: progress of all cells, and the rest of whole splits."""
    told = progress_table(results, planned, "figure", ("hours", 3600))
    results = Results(whole(results.records, planned))
    records = results.records.values()
    dates = sorted({record["date"] for record in records})
    machines = "; ".join(sorted({record["machine"] for record in records}))
    parts = [
        fill("introduction", seed=FIRST_SEED, first=dates[0], last=dates[-1], machines=machines),
        fill("progress", table=told, absent=not_measured(absent)),
        reproduction(results),
        *(part(results) for name, part in PARTS.items() if results.found(name)),
        explanation(EXPLANATION, by_hand),
    ]
    return blocks(parts)


# ---- reproduction ----------------------------------------------------------------------------


def reproduction(results: Results) -> str:
    """Say how many of the published means are reproduced."""
    kinds = {f"on the paper's split ({FIRST_SEED}), over students": True, "over splits": False}
    found = {title: comparisons(results, same_split=same) for title, same in kinds.items()}
    rows = [row for title, compared in found.items() for row in _shares(title, compared)]
    if not rows:
        return ""
    header = ["figure", "table", "compared", "within", "mean difference", "goal reached"]
    away = {title: [c for c in compared if not c.holds] for title, compared in found.items()}
    return fill(
        "reproduction",
        tolerance=TOLERANCE,
        goal=GOAL,
        relative=", ".join(AGAINST_TEACHER),
        table=table(header, rows),
        away=blocks(
            fill("away", title=title, table=_comparison_table(compared))
            for title, compared in away.items()
            if compared
        ),
    )


def _shares(title: str, found: list[Comparison]) -> list[list[str]]:
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in found:
        groups.setdefault((comparison.figure, comparison.table), []).append(comparison)
    rows = [_share_row(*names, title, group) for names, group in groups.items()]
    return rows + ([_share_row("**all**", "", title, found)] if found else [])


def _share_row(figure: str, name: str, title: str, found: list[Comparison]) -> list[str]:
    share = float(np.mean([comparison.holds for comparison in found]))
    difference = np.mean([comparison.difference for comparison in found])
    within = f"{share:.1%} of {len(found)}"
    return [figure, name, title, within, f"{difference:+.4f}", yes(share >= GOAL)]


def _comparison_table(found: list[Comparison]) -> str:
    header = ["figure", "table", "curve", "size", "ours", "published", "difference"]
    rows = [[*c[:4], f"{c.ours.mean:.4f}", f"{c.theirs.mean:.4f}", _difference(c)] for c in found]
    return table(header, rows)


def _difference(comparison: Comparison) -> str:
    if not comparison.joint_se:
        return f"{comparison.difference:+.4f}"
    return f"{comparison.difference:+.4f} ({comparison.difference / comparison.joint_se:+.1f} se)"


# ---- figure "tabular" ------------------------------------------------------------------------


def tabular_part(results: Results) -> str:
    """Show the figure, its numbers, and whether ours is on top."""
    top = partial(on_top, results, "tabular")
    tables = [
        fill(
            "tabular table",
            name=name,
            levels=_levels(results, name),
            table=_points_table(results, name),
        )
        for name in results.tables("tabular")
    ]
    parts = [
        fill("tabular", tables=blocks(tables)),
        _on_top_part(top(tabular.PAPERS), "trees", ""),
        fill("on top figure"),
        _against("by auc", top(tabular.PAPERS, ours="ours_auc")),
        _against("against tuned", top(["tuned"])),
        fill("log loss", table=_log_losses(results)),
        fill("choices", by="", table=_choices(results, "tabular", "trees")),
        fill("c", table=_chosen_c(results)),
    ]
    return blocks(parts)


def _points(results: Results, figure: str) -> list[tuple[str, int]]:
    """Return all tables with all their sizes."""
    return [(name, n) for name in results.tables(figure) for n in results.sizes(figure, name)]


def _levels(results: Results, name: str) -> str:
    teacher = results.splits("tabular", name, 0, "teacher")
    if not len(teacher):
        return ""
    theirs = published.teacher(name)
    on_split = results.records.get(Cell("tabular", name, FIRST_SEED, 0, "teacher"))
    own = "" if on_split is None else f"; on the paper's split {np.mean(on_split['auc']):.4f}"
    return fill(
        "levels",
        mean=mean_and_error(teacher),
        own=own,
        published="" if theirs is None else f", published {theirs:.4f}",
        relative=" Differences are of distances from the teacher." * (name in AGAINST_TEACHER),
    )


def _points_table(results: Results, name: str) -> str:
    """Lay out each curve: ours over splits, ours on the paper's split, published, difference."""
    compared = {
        (c.curve, c.size): _difference(c)
        for c in comparisons(results, same_split=True)
        if (c.figure, c.table) == ("tabular", name)
    }
    header = ["curve", "trees", "mean over splits", "on the paper's split", "published"]
    rows = []
    for curve, title in tabular.TITLES.items():
        for size in results.sizes("tabular", name):
            values = results.splits("tabular", name, size, curve)
            if curve == "teacher" or not len(values):
                continue
            cell = Cell("tabular", name, FIRST_SEED, size, curve)
            own = mean_and_error(results.students(cell)) if cell in results.records else ""
            theirs = published.student(name, curve, size)
            told = "" if theirs is None else f"{theirs.mean:.4f} ± {theirs.se:.4f}"
            row = [title, size, mean_and_error(values), own, told]
            rows.append([*row, compared.get((curve, size), "")])
    return table([*header, "difference there"], rows)


def _on_top_part(tops: list[OnTop], what: str, by: str) -> str:
    if not tops:
        return ""
    header = ["table", what, "ours", "best of the paper's curves", "its AUC", "difference"]
    rows = [
        [
            *(top.table, top.size, f"{top.ours_mean:.4f}", top.rival, f"{top.rival_mean:.4f}"),
            f"{top.gap:+.4f} ± {np.nan_to_num(top.se):.4f}",
            yes(top.holds),
        ]
        for top in tops
    ]
    return fill(
        "on top",
        by=by,
        min_splits=MIN_SPLITS,
        held=sum(bool(top.holds) for top in tops),
        n=len(tops),
        ahead=np.mean([top.gap > 0 for top in tops]),
        table=table([*header, "≥ best − 1 se"], rows),
    )


def _against(part: str, tops: list[OnTop]) -> str:
    """Tell how often ours is on top of something else."""
    if not tops:
        return ""
    rows = [
        [top.table, top.size, f"{top.rival_mean:.4f}", f"{top.gap:+.4f} ± {top.se:.4f}"]
        for top in tops
    ]
    return fill(
        part,
        held=np.mean([top.holds for top in tops]),
        n=len(tops),
        gap=np.mean([top.gap for top in tops]),
        table=table(["table", "trees", "tuned on labels", "ours above it"], rows),
    )


def _log_losses(results: Results) -> str:
    curves = [curve for curve in tabular.TITLES if curve != "teacher"]
    rows = []
    for name, size in _points(results, "tabular"):
        values = [results.splits("tabular", name, size, c, "log_loss") for c in curves]
        rows.append([name, size, *(f"{v.mean():.4f}" if len(v) else "" for v in values)])
    return table(["table", "trees", *(tabular.TITLES[curve] for curve in curves)], rows)


def _choices(results: Results, figure: str, what: str) -> str:
    """Count what our search chose."""
    rows = []
    for name, size in _points(results, figure):
        chosen = [
            record["chosen"]
            for cell, record in results.found(figure).items()
            if (cell.table, cell.size, cell.curve) == (name, size, "ours")
        ]
        rows.append([name, size, counted(chosen, lambda choice, n: f"{choice} {n}")])
    return table(["table", what, "chosen (splits)"], rows)


def _chosen_c(results: Results) -> str:
    rows = []
    for name, size in _points(results, "tabular"):
        seeds = results.seeds("tabular", name, size, "fast_realized")
        cells = [Cell("tabular", name, seed, size, "fast_realized") for seed in seeds]
        own = ", ".join(f"{results.records[cell]['c']:g}" for cell in cells)
        theirs = published.chosen_c(name, size)
        rows.append([name, size, own, "" if theirs is None else f"{theirs:g}"])
    return table(["table", "trees", "here, by seed", "published"], rows)


# ---- figure "teacher depth" ------------------------------------------------------------------


def depth_part(results: Results) -> str:
    """Show the figure, its numbers, and whether ours is on top."""
    tables = [
        fill("depth table", name=name, table=_depth_table(results, name))
        for name in results.tables("depth")
    ]
    curves = [(scale, c) for scale in depth.SCALES for c in depth.PAPERS if c != "teacher"]
    rivals = [*dict.fromkeys(depth.curve_on(*curve) for curve in curves)]
    parts = [
        fill("depth", tables=blocks(tables)),
        _on_top_part(on_top(results, "depth", rivals), "depth", ", by depth"),
        fill("choices", by=", by depth", table=_choices(results, "depth", "depth")),
    ]
    return blocks(parts)


def _depth_table(results: Results, name: str) -> str:
    depths = results.sizes("depth", name)
    rows = []
    curves = [(scale, curve) for scale in depth.SCALES for curve in depth.PAPERS]
    for scale, curve in [*curves, ("p", "ours")]:
        title = "**ours**" if curve == "ours" else f"{depth.TITLES[curve]}, {scale}"
        cells = [_depth_cell(results, name, scale, curve, d) for d in depths]
        if any(cells) or curve == "ours":
            rows.append([title, *cells])
    return table(["measured (published)", *(f"depth {d}" for d in depths)], rows)


def _depth_cell(results: Results, name: str, scale: str, curve: str, d: int) -> str:
    size = 0 if curve == "none" else d
    cell = Cell("depth", name, FIRST_SEED, size, depth.curve_on(scale, curve))
    if cell not in results.records:
        return ""
    theirs = published.of_depth(name, scale, curve, d)
    ours = f"{results.students(cell).mean():.4f}"
    return ours + ("" if theirs is None else f" ({theirs.mean:.4f})")


# ---- figure "simulated" ----------------------------------------------------------------------


def simulated_part(results: Results) -> str:
    """Show the figure, excess risks at the largest n, slopes, and who wins where."""
    worlds = results.tables("simulated")
    seeds = {w: {c.seed for c in results.found("simulated") if c.table == w} for w in WORLDS}
    return fill(
        "simulated",
        worlds="\n".join(f"* {WORLDS[world].title}" for world in worlds),
        excess=_excess_table(results),
        above=_excess_table(results, above="best"),
        seeds=", ".join(f"{world} {len(found)}" for world, found in seeds.items() if found),
        slopes=_slope_table(results),
        winners=_winner_table(results),
    )


def _lessons(results: Results) -> list[tuple[str, str, str, list[str]]]:
    """Return all worlds, students and teachers, and what they are called."""
    return [
        (w, s, t, [w, simulated.TEACHER_TITLES[t], simulated.STUDENT_TITLES[s]])
        for w in results.tables("simulated")
        for t in simulated.TEACHERS
        for s in simulated.STUDENTS
    ]


NAMES = ["world", "teacher", "student"]


def _excess_table(results: Results, above: str | None = None) -> str:
    """Lay out excess risks, those of p0 or of another method taken off."""
    methods = [method for method in simulated.METHODS if method != above]
    rows = []
    for world, student, teacher, names in _lessons(results):
        n = max(results.sizes("simulated", world))
        found = excesses(results, world, n, student, teacher)
        values = {method: found[method] for method in methods}
        if above is not None:
            values = {m: v - found[above] if len(v) else v for m, v in values.items()}
        means = {m: v.mean() for m, v in values.items() if m != "best" and len(v)}
        least = min(means, key=means.get, default=None)
        cells = [_excess_cell(v, bold=method == least) for method, v in values.items()]
        rows.append([*names, n, *cells])
    return table([*NAMES, "n", *(simulated.METHODS[method] for method in methods)], rows)


def _excess_cell(values: np.ndarray, *, bold: bool) -> str:
    if not len(values):
        return ""
    mark = "**" if bold else ""
    error = f" ± {1000 * standard_error(values):.1f}" if len(values) > 1 else ""
    return f"{mark}{1000 * values.mean():.1f}{mark}{error}"


def _slope_table(results: Results) -> str:
    curves = [
        (names, world, [simulated.curve_name(m, student, teacher) for m in simulated.METHODS])
        for world, student, teacher, names in _lessons(results)
    ]
    rows = [[*names, *(slope(results, world, c) for c in own)] for names, world, own in curves]
    return table([*NAMES, *simulated.METHODS.values()], rows)


def slope(results: Results, world: str, curve: str) -> str:
    """Return the slope of log excess against log n, for the seeds that have every n."""
    sizes = results.sizes("simulated", world)
    complete = set.intersection(*(set(results.seeds("simulated", world, n, curve)) for n in sizes))
    if len(sizes) < 2 or not complete:
        return ""
    slopes = []
    for seed in sorted(complete):
        cells = [Cell("simulated", world, seed, n, curve) for n in sizes]
        risks = [max(results.records[cell]["excess"], 1e-7) for cell in cells]
        slopes.append(np.polyfit(np.log(sizes), np.log(risks), 1)[0])
    return mean_and_error(slopes, ".2f")


def _winner_table(results: Results) -> str:
    sizes = sorted({cell.size for cell in results.found("simulated")})
    rows = [
        [*names, *(_winner(excesses(results, world, n, student, teacher)) for n in sizes)]
        for world, student, teacher, names in _lessons(results)
    ]
    return table([*NAMES, *(f"n = {n:,}" for n in sizes)], rows)


def _winner(values: dict[str, np.ndarray]) -> str:
    single = single_means(values)
    if not single:
        return ""
    winner = min(single, key=single.get)
    told = simulated.METHODS[winner].replace("corrected by ", "")
    if not len(values["ours"]):
        return told
    return f"{told} ({1000 * (values['ours'].mean() - single[winner]):+.1f})"


PARTS: dict[str, Any] = {
    "tabular": tabular_part,
    "depth": depth_part,
    "simulated": simulated_part,
    "images": lambda results: fill("images"),
}
