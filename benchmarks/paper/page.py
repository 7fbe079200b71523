"""The page: what was measured, beside what was published, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from protocol import FIRST_SEED, mean_and_error, standard_error
from report import table

from . import depth, images_page, published, simulated, tabular
from .progress import not_measured, progress_table
from .results import (
    AGAINST_TEACHER,
    MIN_SPLITS,
    TOLERANCE,
    Comparison,
    OnTop,
    Results,
    comparisons,
    excesses,
    on_top,
    single_means,
    whole,
)
from .store import Cell
from .worlds import WORLDS

GOAL = 0.9
EXPLANATION = "## Explanation"
COMMAND = "python benchmarks/paper"
IMAGES = (
    '## Figure "images"\n\nNetworks that classify images have [a page of their own]'
    f"({images_page.FIGURE}/README.md).\n"
)


def write(results: Results, planned: Sequence[Cell], absent: Iterable[str], by_hand: str) -> str:
    """Return the page: progress of all cells, and the rest of whole splits."""
    told = progress(results, planned, absent)
    results = Results(whole(results.records, planned))
    parts = [
        "# The paper's tables, reproduced\n",
        introduction(results),
        told,
        reproduction(results),
        tabular_part(results) if results.found("tabular") else "",
        depth_part(results) if results.found("depth") else "",
        simulated_part(results) if results.found("simulated") else "",
        IMAGES if results.found("images") else "",
        f"{EXPLANATION}\n\n{by_hand.strip() or '(not written yet)'}\n",
    ]
    return "\n".join(part for part in parts if part)


def introduction(results: Results) -> str:
    """Say what is compared, and with what it was measured."""
    records = results.records.values()
    dates = sorted({record["date"] for record in records})
    return (
        "T. Dao, G. Kamath, V. Syrgkanis, L. Mackey, *Knowledge Distillation as Semiparametric "
        "Inference* (ICLR 2021), teach random forests of a few trees what a larger forest knows. "
        "Here their curves are measured again, beside ours: `LossCorrectedDistillerCV` with "
        "out-of-bag teachers and its defaults. Numbers are test AUC unless said otherwise. "
        f"The paper has one split 70/30 (seed {FIRST_SEED}) and five students on it; here more "
        "splits follow, with five students each. What is searched (c, leaves, ours) is searched "
        "once for each split and size, and serves the five, as in the paper. Students of a split "
        "are nested: that of one tree is the first tree of that of forty.\n\n"
        f"* Measured from {dates[0]} to {dates[-1]}\n"
        f"* With: {'; '.join(sorted({record['machine'] for record in records}))}\n"
        f"* Again: `{COMMAND} --jobs 2`, with the tables' folder in `SKDISTILL_DATA`. What "
        "`cells.jsonl` holds is not measured again; `--render` writes this page from it.\n"
    )


def progress(results: Results, planned: Sequence[Cell], absent: Iterable[str]) -> str:
    """Say how much of what is planned has been measured."""
    return (
        progress_table(results, planned, "figure", ("hours", 3600))
        + "\nWhat follows shows splits that are whole, so that all curves have the same ones.\n"
        + not_measured(absent)
    )


# ---- reproduction ----------------------------------------------------------------------------


def reproduction(results: Results) -> str:
    """Say how many of the published means are reproduced."""
    kinds = {
        f"on the paper's split ({FIRST_SEED}), over students": comparisons(
            results, same_split=True
        ),
        "over splits": comparisons(results, same_split=False),
    }
    rows = [row for title, found in kinds.items() for row in _shares(title, found)]
    if not rows:
        return ""
    text = (
        "## Reproduction\n\nShares of the published means that lie within two joint standard "
        f"errors plus {TOLERANCE} of ours. Goal: {GOAL:.0%}. On {', '.join(AGAINST_TEACHER)} "
        "differences from the teacher are compared, because the paper's encoding of words is "
        "not known.\n\n"
    )
    header = ["figure", "table", "compared", "within", "mean difference", "goal reached"]
    text += table(header, rows)
    for title, found in kinds.items():
        away = [comparison for comparison in found if not comparison.holds]
        if away:
            text += f"\nNot within, {title}:\n\n" + _comparison_table(away)
    return text


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
    return [figure, name, title, within, f"{difference:+.4f}", _yes(share >= GOAL)]


def _comparison_table(found: list[Comparison]) -> str:
    header = ["figure", "table", "curve", "size", "ours", "published", "difference"]
    rows = [
        [
            *(c.figure, c.table, c.curve, c.size),
            f"{c.ours.mean:.4f}",
            f"{c.theirs.mean:.4f}",
            _difference(c),
        ]
        for c in found
    ]
    return table(header, rows)


def _difference(comparison: Comparison) -> str:
    if not comparison.joint_se:
        return f"{comparison.difference:+.4f}"
    return f"{comparison.difference:+.4f} ({comparison.difference / comparison.joint_se:+.1f} se)"


def _yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


# ---- figure "tabular" ------------------------------------------------------------------------


def tabular_part(results: Results) -> str:
    """Show the figure, its numbers, and whether ours is on top."""
    text = (
        '## Figure "tabular"\n\n![AUC against the number of trees](tabular.png)\n\nLines are '
        "means over splits (bands: one standard error), crosses those on the paper's split, "
        "circles what was published. The axes begin where curves part: without distillation, few "
        "trees lie far below.\n"
    )
    for name in results.tables("tabular"):
        text += f"\n### {name}\n\n{_levels(results, name)}\n{_points_table(results, name)}"
    rivals = tabular.PAPERS
    text += _on_top_part(on_top(results, "tabular", rivals), "trees")
    text += "\n![Ours above the best of the paper's curves](on_top.png)\n"
    beside = on_top(results, "tabular", rivals, ours="ours_auc")
    if beside:
        held = np.mean([top.holds for top in beside])
        gap = np.mean([top.gap for top in beside])
        text += (
            "\nThe same search with `scoring='roc_auc'`: at least the best minus one standard "
            f"error in {held:.0%} of {len(beside)} points, mean difference {gap:+.4f}.\n"
        )
    text += _against_tuned(on_top(results, "tabular", ["tuned"]))
    return text + _log_losses(results) + _choices(results, "tabular") + _chosen_c(results)


def _levels(results: Results, name: str) -> str:
    teacher = results.splits("tabular", name, 0, "teacher")
    if not len(teacher):
        return ""
    theirs = published.teacher(name)
    told = "" if theirs is None else f", published {theirs:.4f}"
    on_split = results.records.get(Cell("tabular", name, FIRST_SEED, 0, "teacher"))
    own = "" if on_split is None else f"; on the paper's split {np.mean(on_split['auc']):.4f}"
    relative = " Differences are of distances from the teacher." * (name in AGAINST_TEACHER)
    return f"Teacher: {mean_and_error(teacher)}{own}{told}.{relative}\n"


def _points_table(results: Results, name: str) -> str:
    """Lay out each curve: ours over splits, ours on the paper's split, published, difference."""
    compared = {
        (c.curve, c.size): c
        for c in comparisons(results, same_split=True)
        if (c.figure, c.table) == ("tabular", name)
    }
    header = ["curve", "trees", "mean over splits", "on the paper's split", "published"]
    header += ["difference there"]
    rows = []
    for curve, title in tabular.TITLES.items():
        for size in results.sizes("tabular", name):
            values = results.splits("tabular", name, size, curve)
            if curve == "teacher" or not len(values):
                continue
            cell = Cell("tabular", name, FIRST_SEED, size, curve)
            own = results.students(cell) if cell in results.records else None
            theirs = published.student(name, curve, size)
            rows.append(
                [
                    title,
                    size,
                    mean_and_error(values),
                    "" if own is None else mean_and_error(own),
                    "" if theirs is None else f"{theirs.mean:.4f} ± {theirs.se:.4f}",
                    _difference(compared[curve, size]) if (curve, size) in compared else "",
                ]
            )
    return table(header, rows)


def _on_top_part(tops: list[OnTop], what: str) -> str:
    if not tops:
        return ""
    held = [top for top in tops if top.holds]
    ahead = np.mean([top.gap > 0 for top in tops])
    header = ["table", what, "ours", "best of the paper's curves", "its AUC", "difference"]
    header += ["≥ best − 1 se"]
    rows = [
        [
            *(top.table, top.size, f"{top.ours_mean:.4f}", top.rival, f"{top.rival_mean:.4f}"),
            f"{top.gap:+.4f} ± {np.nan_to_num(top.se):.4f}",
            _yes(top.holds),
        ]
        for top in tops
    ]
    return (
        "\n### Ours on top\n\nOurs, without a choice per table, against the best of the paper's "
        "curves as measured here (which is chosen for each point by the numbers it is compared "
        f"on). From {MIN_SPLITS} splits on differences are taken split by split, before that "
        "student by student on the paper's split.\n\n"
        f"At least the best minus one standard error: **{len(held)} of {len(tops)}** points; "
        f"above the best: {ahead:.0%}.\n\n" + table(header, rows)
    )


def _against_tuned(tops: list[OnTop]) -> str:
    if not tops:
        return ""
    held = np.mean([top.holds for top in tops])
    rows = [
        [top.table, top.size, f"{top.rival_mean:.4f}", f"{top.gap:+.4f} ± {top.se:.4f}"]
        for top in tops
    ]
    return (
        "\n### Against students that need no teacher\n\nA student of the same number of trees "
        "whose leaves are tuned on labels is no curve of the paper, but what one would do without "
        f"it. Ours, whose leaves are unpruned, is at least that minus one standard error in "
        f"{held:.0%} of {len(tops)} points.\n\n"
        + table(["table", "trees", "tuned on labels", "ours above it"], rows)
    )


def _log_losses(results: Results) -> str:
    curves = [curve for curve in tabular.TITLES if curve != "teacher"]
    rows = []
    for name in results.tables("tabular"):
        for size in results.sizes("tabular", name):
            values = [results.splits("tabular", name, size, c, "log_loss") for c in curves]
            rows.append([name, size, *(f"{v.mean():.4f}" if len(v) else "" for v in values)])
    header = ["table", "trees", *(tabular.TITLES[curve] for curve in curves)]
    text = "\n### Log loss\n\nMeans over splits, probabilities clipped at 1/500.\n\n"
    return text + table(header, rows)


def _choices(results: Results, figure: str) -> str:
    """Count what our search chose."""
    rows = []
    for name in results.tables(figure):
        for size in results.sizes(figure, name):
            chosen = Counter(
                record["chosen"]
                for cell, record in results.found(figure).items()
                if (cell.table, cell.size, cell.curve) == (name, size, "ours")
            )
            told = ", ".join(f"{choice} {n}" for choice, n in chosen.most_common())
            rows.append([name, size, told])
    header = ["table", "trees" if figure == "tabular" else "depth", "chosen (splits)"]
    return "\n### What ours chose\n\n" + table(header, rows)


def _chosen_c(results: Results) -> str:
    rows = []
    for name in results.tables("tabular"):
        for size in results.sizes("tabular", name):
            seeds = results.seeds("tabular", name, size, "fast_realized")
            cells = [Cell("tabular", name, seed, size, "fast_realized") for seed in seeds]
            own = ", ".join(f"{results.records[cell]['c']:g}" for cell in cells)
            theirs = published.chosen_c(name, size)
            rows.append([name, size, own, "" if theirs is None else f"{theirs:g}"])
    text = "\n### The constant c that the paper's search chose (`fast_realized`)\n\n"
    return text + table(["table", "trees", "here, by seed", "published"], rows)


# ---- figure "teacher depth" ------------------------------------------------------------------


def depth_part(results: Results) -> str:
    """Show the figure, its numbers, and whether ours is on top."""
    text = (
        '## Figure "teacher depth"\n\n![AUC against the depth of the teacher](depth.png)\n\n'
        "Students of 10 trees. Lines are means over splits, crosses those on the paper's split, "
        "circles what was published.\n"
    )
    for name in results.tables("depth"):
        text += f"\n### {name}\n\n{_depth_table(results, name)}"
    rivals = [
        depth.curve_on(scale, curve)
        for scale in depth.SCALES
        for curve in depth.PAPERS
        if curve != "teacher"
    ]
    tops = on_top(results, "depth", list(dict.fromkeys(rivals)))
    return (
        text
        + _on_top_part(tops, "depth").replace("Ours on top", "Ours on top, by depth")
        + (_choices(results, "depth").replace("What ours chose", "What ours chose, by depth"))
    )


def _depth_table(results: Results, name: str) -> str:
    depths = results.sizes("depth", name)
    rows = []
    for scale in depth.SCALES:
        for curve in depth.PAPERS:
            stored = depth.curve_on(scale, curve)
            cells = [_depth_cell(results, name, scale, curve, stored, d) for d in depths]
            if any(cells):
                rows.append([f"{depth.TITLES[curve]}, {scale}", *cells])
    cells = [_depth_cell(results, name, "p", "ours", "ours", d) for d in depths]
    rows.append(["**ours**", *cells])
    header = ["measured (published)", *(f"depth {d}" for d in depths)]
    return "On the paper's split; in brackets what was published.\n\n" + table(header, rows)


def _depth_cell(results: Results, name: str, scale: str, curve: str, stored: str, d: int) -> str:
    cell = Cell("depth", name, FIRST_SEED, 0 if curve == "none" else d, stored)
    if cell not in results.records:
        return ""
    theirs = published.of_depth(name, scale, curve, d)
    ours = f"{results.students(cell).mean():.4f}"
    return ours + ("" if theirs is None else f" ({theirs.mean:.4f})")


# ---- figure "simulated" ----------------------------------------------------------------------


def simulated_part(results: Results) -> str:
    """Show the figure, excess risks at the largest n, slopes, and who wins where."""
    worlds = results.tables("simulated")
    text = (
        '## Figure "simulated"\n\n![Excess risk against the number of rows](simulated.png)\n\n'
        "Tables with known Bayes probabilities p0. Excess risk: expected log loss under p0 "
        "(student's probabilities floored at 1/500) above that of p0. *Best in class* is the same "
        "student taught p0 itself. It can be beaten: a student finds its splits greedily, an "
        "unpruned tree repeats single rows even then, and ours may have a sigmoid. Trees learn by "
        "squared error, LightGBM by cross-entropy (`LGBMSoftClassifier`, which on labels is "
        "`LGBMClassifier`). Teachers are forests of 100 trees, asked out-of-bag.\n\n"
    )
    text += "\n".join(f"* {WORLDS[world].title}" for world in worlds) + "\n"
    text += "\n### Excess risk × 1000 at the largest n\n\n"
    text += "In bold the least but for *best in class*.\n\n" + _excess_table(results)
    text += "\n### Above the best student in class × 1000 at the largest n\n\n"
    text += "Differences seed by seed.\n\n" + _excess_table(results, above="best")
    text += (
        "\n### Slopes\n\nOf log excess risk against log n, mean over the samples that have every n "
        f"({_told_seeds(results)}). The excess contains what no student of that class can learn, "
        "so slopes flatten with n for every method.\n\n"
    )
    text += _slope_table(results)
    text += "\n### Which distiller when\n\n![The best method by world, teacher and n](when.png)\n\n"
    text += "The method without a search that has the least mean excess risk at each n, and in "
    text += "brackets how far ours is above it, × 1000. In the picture: its excess risk as a share "
    text += "of that of the same student on labels.\n\n"
    return text + _winner_table(results)


def _told_seeds(results: Results) -> str:
    """Say how many samples each world has."""
    seeds = {w: {c.seed for c in results.found("simulated") if c.table == w} for w in WORLDS}
    return ", ".join(f"{world} {len(found)}" for world, found in seeds.items() if found)


def _lessons() -> list[tuple[str, str]]:
    return [(student, teacher) for teacher in simulated.TEACHERS for student in simulated.STUDENTS]


def _names(world: str, student: str, teacher: str) -> list[str]:
    return [world, simulated.TEACHER_TITLES[teacher], simulated.STUDENT_TITLES[student]]


def _excess_table(results: Results, above: str | None = None) -> str:
    """Lay out excess risks, those of p0 or of another method taken off."""
    methods = [method for method in simulated.METHODS if method != above]
    rows = []
    for world in results.tables("simulated"):
        n = max(results.sizes("simulated", world))
        for student, teacher in _lessons():
            found = excesses(results, world, n, student, teacher)
            values = {method: found[method] for method in methods}
            if above is not None:
                values = {m: v - found[above] if len(v) else v for m, v in values.items()}
            means = {m: v.mean() for m, v in values.items() if m != "best" and len(v)}
            least = min(means, key=means.get, default=None)
            cells = [_excess_cell(v, bold=method == least) for method, v in values.items()]
            rows.append([*_names(world, student, teacher), n, *cells])
    titles = (simulated.METHODS[method] for method in methods)
    return table(["world", "teacher", "student", "n", *titles], rows)


def _excess_cell(values: np.ndarray, *, bold: bool) -> str:
    if not len(values):
        return ""
    mark = "**" if bold else ""
    error = f" ± {1000 * standard_error(values):.1f}" if len(values) > 1 else ""
    return f"{mark}{1000 * values.mean():.1f}{mark}{error}"


def _slope_table(results: Results) -> str:
    rows = []
    for world in results.tables("simulated"):
        for student, teacher in _lessons():
            cells = [
                slope(results, world, simulated.curve_name(method, student, teacher))
                for method in simulated.METHODS
            ]
            rows.append([*_names(world, student, teacher), *cells])
    return table(["world", "teacher", "student", *simulated.METHODS.values()], rows)


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
    error = f" ± {standard_error(np.array(slopes)):.2f}" if len(slopes) > 1 else ""
    return f"{np.mean(slopes):.2f}{error}"


def _winner_table(results: Results) -> str:
    sizes = sorted({cell.size for cell in results.found("simulated")})
    rows = []
    for world in results.tables("simulated"):
        for student, teacher in _lessons():
            cells = [_winner(results, world, n, student, teacher) for n in sizes]
            rows.append([*_names(world, student, teacher), *cells])
    return table(["world", "teacher", "student", *(f"n = {n:,}" for n in sizes)], rows)


def _winner(results: Results, world: str, n: int, student: str, teacher: str) -> str:
    values = excesses(results, world, n, student, teacher)
    single = single_means(values)
    if not single:
        return ""
    winner = min(single, key=single.get)
    told = simulated.METHODS[winner].replace("corrected by ", "")
    if not len(values["ours"]):
        return told
    return f"{told} ({1000 * (values['ours'].mean() - single[winner]):+.1f})"
