"""The page and the figure of `no_regret.py`: goals, tables of regret, what was chosen."""

import argparse
from typing import Any

import numpy as np

from . import NAMES
from .colours import OLIVE, PURPLE
from .page import blocks, counted, draw, fill, heading, measured, table, write, yes
from .scores import mean_and_error

PURE = ("labels", "in_sample", "cross_fit")
TITLES = NAMES["no_regret"]
Cells = list[dict[str, Any]]


# ---- numbers ---------------------------------------------------------------------------------


def values(records: Cells, strategy: str, what: str = "regret") -> np.ndarray:
    """Return a number of a strategy in each cell."""
    return np.array([record["strategies"][strategy][what] for record in records])


def within_one_error(records: Cells, strategy: str) -> np.ndarray:
    """Say in which cells a strategy is at most one paired standard error worse than the best."""
    return values(records, strategy) <= values(records, strategy, "se")


def auc_gain(records: Cells, strategy: str) -> np.ndarray:
    """Return each cell's AUC above that of the strategy with the least log loss of the pure."""
    best = [record["strategies"][record["best_pure"]]["auc"] for record in records]
    return values(records, strategy, "auc") - np.array(best)


def percent(holds: np.ndarray) -> str:
    """Write a share of cells with its standard error."""
    share, n = float(np.mean(holds)), len(holds)
    return f"{100 * share:.1f} ± {100 * np.sqrt(share * (1 - share) / n):.1f} %"


def kinds(records: Cells) -> dict[str, Cells]:
    """Return all cells, those of two and those of several classes, without empty groups."""
    two = [record for record in records if record["n_classes"] == 2]
    several = [record for record in records if record["n_classes"] > 2]
    groups = {"all": records, "two classes": two, "several classes": several}
    return {kind: cells for kind, cells in groups.items() if cells}


def chosen(record: dict[str, Any], *, search: str = "ours") -> str:
    found = record["choices"][search]
    return found["best"] + (", calibrated" if found["calibrated"] else "")


# ---- parts of the page -----------------------------------------------------------------------


LARGE = ("unpruned tree", "tree of 256 leaves")


def goals(records: Cells) -> str:
    """Say whether each goal of the benchmark holds on the cells measured so far."""

    def goal(kind: str, what: str, holds: np.ndarray, least: float) -> list[str]:
        return [kind, what, f"≥ {100 * least:.0f} %", percent(holds), yes(holds.mean() >= least)]

    rows = []
    for kind, cells in kinds(records).items():
        within, better = within_one_error(cells, "ours"), values(cells, "ours") < 0
        rows.append(goal(kind, "within one paired standard error of the best pure", within, 0.95))
        rows.append(goal(kind, "strictly better than the best pure", better, 0.75))
    if cells := kinds(records).get("two classes"):
        regret = 1000 * values(cells, "ours")
        told = [mean_and_error(regret, "+.1f"), yes(regret.mean() <= -20)]
        rows.append(["two classes", "mean regret × 1000", "≤ −20", *told])
        better = values(cells, "residual") < values(cells, "cross_fit")
        rows.append(goal("two classes", "residual below cross-fit in log loss", better, 0.8))
    if large := [cell for cell in records if cell["student"] in LARGE]:
        better = values(large, "ours") < values(large, "residual")
        kind = "unpruned trees and trees of 256 leaves"
        rows.append(goal(kind, "ours below residual in log loss", better, 0.9))
    return table(["cells", "what", "goal", "measured", "holds"], rows)


def strategies_table(records: Cells) -> str:
    """Compare all strategies on some cells."""
    rows = []
    for strategy, title in TITLES.items():
        regret = 1000 * values(records, strategy)
        own = [title, mean_and_error(regret, "+.1f"), f"{np.median(regret):+.1f}"]
        own += [f"{regret.max():+.1f}", percent(within_one_error(records, strategy))]
        gain = mean_and_error(1000 * auc_gain(records, strategy), "+.1f")
        rows.append([*own, percent(regret < 0), gain])
    header = ["strategy", "mean regret", "median", "worst", "within 1 se", "strictly better"]
    return table([*header, "AUC × 1000 above the best pure's"], rows)


def groups_table(records: Cells, field: str) -> str:
    """Show how ours and its rivals fare for each table, student or teacher."""
    rows = []
    for name in dict.fromkeys(record[field] for record in records):
        cells = [record for record in records if record[field] == name]
        rivals = (*PURE, "residual", "leaky", "shares", "uncalibrated")
        means = [f"{1000 * values(cells, strategy).mean():+.1f}" for strategy in rivals]
        ours = values(cells, "ours")
        shares = [within_one_error(cells, "ours").mean(), (ours < 0).mean()]
        own = [mean_and_error(1000 * ours, "+.1f"), *(f"{100 * share:.0f} %" for share in shares)]
        spent = f"{np.mean([record['cpu_seconds']['cell'] for record in cells]):.0f}"
        rows.append([name, len(cells), *means, *own, spent])
    header = [field, "cells", "labels", "in-sample", "cross-fit", "residual", "leaky", "shares"]
    header += ["never calibrated", "ours", "within 1 se", "better", "CPU seconds a cell"]
    return table(header, sorted(rows))


def choices_table(records: Cells) -> str:
    """Count what each search chose, and which pure strategy was the best in hindsight."""
    rows = []
    for kind, cells in [*kinds(records).items()][1:]:

        def share(name: str, n: int, total: int = len(cells)) -> str:
            return f"{name} {100 * n / total:.0f} %"

        best = [record["best_pure"] for record in cells]
        rows.append([kind, "best pure in hindsight", counted(best, share)])
        for search in cells[0]["choices"]:
            found = [record["choices"][search]["best"] for record in cells]
            rows.append([kind, TITLES[search], counted(found, share)])
        kept = np.mean([record["choices"]["ours"]["calibrated"] for record in cells])
        rows.append([kind, "ours", f"a sigmoid in {100 * kept:.0f} %"])
    return table(["cells", "search", "chose"], rows)


def overfit_table(records: Cells) -> str:
    """Show how much of its labels each teacher remembers."""
    shares: dict[str, list[float]] = {}
    for record in records:
        own = record["choices"]["ours"]["overfit_share"]
        shares.setdefault(record["teacher"], []).append(own)
    rows = [
        [teacher, f"{np.mean(own):.2f}", f"{min(own):.2f} to {max(own):.2f}"]
        for teacher, own in sorted(shares.items())
    ]
    return table(["teacher", "overfit share, mean", "range"], rows)


def misses_table(records: Cells) -> str:
    """List the cells where ours is more than one standard error worse than the best pure."""
    near = within_one_error(records, "ours")
    missed = [record for record, holds in zip(records, near, strict=True) if not holds]
    missed.sort(key=lambda record: -record["strategies"]["ours"]["regret"])
    rows = []
    for record in missed:
        names = [record[field] for field in ("table", "student", "teacher", "seed", "best_pure")]
        ours = record["strategies"]["ours"]
        numbers = [f"{1000 * ours['regret']:+.1f}", f"{1000 * ours['se']:.1f}"]
        rows.append([*names, chosen(record), *numbers])
    header = ["table", "student", "teacher", "seed", "best pure", "chosen", "regret", "1 se"]
    return table(header, rows) if rows else "None."


# ---- the whole page --------------------------------------------------------------------------


def write_page(
    records: Cells, planned: int, settings: dict[str, Any], options: argparse.Namespace
) -> None:
    """Write the page and the figure of what has been measured."""
    out, page = options.out, options.out.with_suffix(".md")
    seeds = ", ".join(map(str, sorted({record["seed"] for record in records})))
    about = fill("no_regret", "about", n=len(records), planned=planned, seeds=seeds)
    command = "no_regret" + " --quick" * options.quick
    setting = fill("no_regret", "setting", share=100 * settings["train_share"], **settings)
    draw(out / "regret.png", lambda: figure(records), dpi=150, bbox_inches=None)
    top = heading("No regret", command, about, measured(records))
    write(page, blocks([top, setting, *sections(records)]))


def sections(records: Cells) -> list[str]:
    """Return headings and tables."""
    found = kinds(records)
    parts = ["## Goals", goals(records)]
    for kind, cells in found.items():
        parts += [f"## Strategies: {kind}, {len(cells)} cells", strategies_table(cells)]
    for field in ("student", "teacher"):
        for kind, title in (("two classes", "two classes"), ("several classes", "several")):
            if kind in found:
                parts += [f"## By {field}: {title}", groups_table(found[kind], field)]
    parts += ["## By table", groups_table(records, "table")]
    parts += ["## What was chosen", choices_table(records), overfit_table(records)]
    return [*parts, "## Cells more than one standard error worse", misses_table(records)]


# ---- the figure ------------------------------------------------------------------------------

# Not those of methods.
KINDS = {"two classes": PURPLE, "several classes": OLIVE}


def figure(records: Cells) -> Any:
    """Draw the regret of each strategy in all cells."""
    from matplotlib.figure import Figure

    size = (9, 0.62 * len(TITLES) + 1.4)
    picture = Figure(figsize=size, layout="constrained", facecolor="white")
    axes = picture.subplots()
    for place, strategy in enumerate(reversed(TITLES)):
        draw_strategy(axes, place, records, strategy)
    axes.axvline(0, color="#444444", linewidth=1)
    axes.set_xscale("symlog", linthresh=3, linscale=0.6)
    ticks = [-300, -100, -30, -10, -3, 0, 3, 10, 30, 100, 300, 1000]
    axes.set_xticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(TITLES)), [*reversed(TITLES.values())])
    axes.set_xlabel("regret × 1000: test log loss above the best of labels, in-sample, cross-fit")
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(f"Left of 0 is better ({len(records)} cells)", loc="left", fontsize=11)
    axes.legend(handles=legend(), loc="lower right", frameon=True, fontsize=9)
    return picture


def draw_strategy(axes: Any, place: int, records: Cells, strategy: str) -> None:
    """Draw a dot for each cell, the middle half of the cells, their median and mean."""
    jitter = np.random.default_rng(0).uniform(-0.28, 0.28, len(records))
    regret = 1000 * values(records, strategy)
    two, several = KINDS.values()
    colours = [two if record["n_classes"] == 2 else several for record in records]
    axes.scatter(regret, place + jitter, s=9, c=colours, alpha=0.45, linewidths=0)
    low, middle, high = np.percentile(regret, [25, 50, 75])
    axes.plot([low, high], [place, place], color="#222222", linewidth=3, alpha=0.8)
    axes.plot(middle, place, "|", color="#222222", markersize=15, markeredgewidth=2.2)
    axes.plot(regret.mean(), place, "D", color="white", markeredgecolor="#222222", markersize=5.5)


def legend() -> list:
    from matplotlib.lines import Line2D

    dot = {"marker": "o", "linestyle": "", "markersize": 5}
    dots = [Line2D([], [], color=colour, label=kind, **dot) for kind, colour in KINDS.items()]
    black, alone = {"color": "#222222"}, {"linestyle": "", "color": "#222222"}
    return [
        *dots,
        Line2D([], [], linewidth=3, **black, label="middle half of the cells"),
        Line2D([], [], marker="|", markersize=12, **alone, label="median"),
        Line2D([], [], marker="D", markerfacecolor="white", **alone, label="mean"),
    ]
