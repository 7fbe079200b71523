"""The page and the figure of `no_regret.py`: goals, tables of regret, what was chosen."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from report import heading, machine, table, write

PURE = ("labels", "in_sample", "cross_fit")
TITLES = {
    "labels": "labels always",
    "in_sample": "in-sample always",
    "cross_fit": "cross-fit always",
    "residual": "residual always",
    "leaky": "the paper's leaky search over shares",
    "shares": "honest search, shares only",
    "uncalibrated": "ours, never calibrated",
    "ours": "ours",
}
COMMAND = "python benchmarks/no_regret.py"


# ---- numbers ---------------------------------------------------------------------------------


def values(records: list[dict], strategy: str, what: str = "regret") -> np.ndarray:
    """Return a number of a strategy in each cell."""
    return np.array([record["strategies"][strategy][what] for record in records])


def in_order(records: list[dict]) -> list[str]:
    """Return the strategies, those with titles first."""
    names = records[0]["strategies"]
    return [*(n for n in TITLES if n in names), *(n for n in names if n not in TITLES)]


def within_one_error(records: list[dict], strategy: str) -> np.ndarray:
    """Say in which cells a strategy is at most one paired standard error worse than the best."""
    return values(records, strategy) <= values(records, strategy, "se")


def auc_gain(records: list[dict], strategy: str) -> np.ndarray:
    """Return each cell's AUC above that of the strategy with the least log loss of the pure."""
    best = [record["strategies"][record["best_pure"]]["auc"] for record in records]
    return values(records, strategy, "auc") - np.array(best)


def two_class(records: list[dict]) -> list[dict]:
    return [record for record in records if record["n_classes"] == 2]


def several_classes(records: list[dict]) -> list[dict]:
    return [record for record in records if record["n_classes"] > 2]


def percent(holds: np.ndarray) -> str:
    """Write a share of cells with its standard error."""
    share, n = float(np.mean(holds)), len(holds)
    return f"{100 * share:.1f} ± {100 * np.sqrt(share * (1 - share) / n):.1f} %"


def mean_and_error(numbers: np.ndarray, digits: int = 1) -> str:
    """Write mean ± standard error over cells."""
    error = (
        f" ± {numbers.std(ddof=1) / np.sqrt(len(numbers)):.{digits}f}" if len(numbers) > 1 else ""
    )
    return f"{numbers.mean():+.{digits}f}{error}"


# ---- parts of the page -----------------------------------------------------------------------


def goals(records: list[dict]) -> str:
    """Say whether each goal of the benchmark holds on the cells measured so far."""
    rows = []
    for kind, cells in kinds(records):
        within, better = within_one_error(cells, "ours"), values(cells, "ours") < 0
        rows.append(goal(kind, "within one paired standard error of the best pure", within, 0.95))
        rows.append(goal(kind, "strictly better than the best pure", better, 0.5))
    cells = two_class(records)
    if cells:
        regret = 1000 * values(cells, "ours")
        measured = mean_and_error(regret)
        verdict = yes(regret.mean() <= -8)
        rows.append(["two classes", "mean regret × 1000", "≤ −8", measured, verdict])
        better = values(cells, "residual") < values(cells, "cross_fit")
        rows.append(goal("two classes", "residual below cross-fit in log loss", better, 0.8))
    return table(["cells", "what", "goal", "measured", "holds"], rows)


def goal(kind: str, what: str, holds: np.ndarray, least: float) -> list[str]:
    return [kind, what, f"≥ {100 * least:.0f} %", percent(holds), yes(holds.mean() >= least)]


def yes(holds: bool) -> str:
    return "yes" if holds else "**no**"


def kinds(records: list[dict]) -> list[tuple[str, list[dict]]]:
    """Return all cells, those of two and those of several classes, without empty groups."""
    groups = [
        ("all", records),
        ("two classes", two_class(records)),
        ("several classes", several_classes(records)),
    ]
    return [(kind, cells) for kind, cells in groups if cells]


def strategies_table(records: list[dict]) -> str:
    """Compare all strategies on some cells."""
    rows = []
    for strategy in in_order(records):
        regret = 1000 * values(records, strategy)
        rows.append(
            [
                TITLES.get(strategy, strategy),
                mean_and_error(regret),
                f"{np.median(regret):+.1f}",
                f"{regret.max():+.1f}",
                percent(within_one_error(records, strategy)),
                percent(regret < 0),
                mean_and_error(1000 * auc_gain(records, strategy)),
            ]
        )
    header = ["strategy", "mean regret", "median", "worst", "within 1 se", "strictly better"]
    return table([*header, "AUC × 1000 above the best pure's"], rows)


def groups_table(records: list[dict], field: str) -> str:
    """Show how ours and its rivals fare for each table, student or teacher."""
    rows = []
    for name in dict.fromkeys(record[field] for record in records):
        cells = [record for record in records if record[field] == name]
        means = [
            f"{1000 * values(cells, strategy).mean():+.1f}"
            for strategy in (*PURE, "residual", "leaky", "shares")
        ]
        ours = mean_and_error(1000 * values(cells, "ours"))
        within, better = within_one_error(cells, "ours"), values(cells, "ours") < 0
        plain = f"{1000 * values(cells, 'uncalibrated').mean():+.1f}"
        spent = f"{np.mean([record['cpu_seconds']['cell'] for record in cells]):.0f}"
        shares = [f"{100 * within.mean():.0f} %", f"{100 * better.mean():.0f} %"]
        rows.append([name, len(cells), *means, plain, ours, *shares, spent])
    header = [field, "cells", "labels", "in-sample", "cross-fit", "residual", "leaky", "shares"]
    header += ["never calibrated", "ours", "within 1 se", "better", "CPU seconds a cell"]
    return table(header, sorted(rows))


def choices_table(records: list[dict]) -> str:
    """Count what each search chose, and which pure strategy was the best in hindsight."""
    rows = []
    for kind, cells in kinds(records)[1:]:
        best = Counter(record["best_pure"] for record in cells)
        rows.append([kind, "best pure in hindsight", counted(best)])
        for search in cells[0]["choices"]:
            chosen = Counter(record["choices"][search]["best"] for record in cells)
            rows.append([kind, TITLES.get(search, search), counted(chosen)])
        kept = np.mean([record["choices"]["ours"]["calibrated"] for record in cells])
        rows.append([kind, "ours", f"a sigmoid in {100 * kept:.0f} %"])
    return table(["cells", "search", "chose"], rows)


def counted(counter: Counter) -> str:
    total = sum(counter.values())
    return ", ".join(f"{name} {100 * n / total:.0f} %" for name, n in counter.most_common())


def overfit_table(records: list[dict]) -> str:
    """Show how much of its labels each teacher remembers."""
    rows = []
    for teacher in dict.fromkeys(record["teacher"] for record in records):
        shares = [
            record["choices"]["ours"]["overfit_share"]
            for record in records
            if record["teacher"] == teacher
        ]
        rows.append([teacher, f"{np.mean(shares):.2f}", f"{min(shares):.2f} to {max(shares):.2f}"])
    return table(["teacher", "overfit share, mean", "range"], sorted(rows))


def misses_table(records: list[dict]) -> str:
    """List the cells where ours is more than one standard error worse than the best pure."""
    missed = [
        r for r, near in zip(records, within_one_error(records, "ours"), strict=True) if not near
    ]
    missed.sort(key=lambda record: -record["strategies"]["ours"]["regret"])
    rows = [
        [
            *(record[field] for field in ("table", "student", "teacher", "seed")),
            record["best_pure"],
            record["choices"]["ours"]["best"]
            + (", calibrated" if record["choices"]["ours"]["calibrated"] else ""),
            f"{1000 * record['strategies']['ours']['regret']:+.1f}",
            f"{1000 * record['strategies']['ours']['se']:.1f}",
        ]
        for record in missed
    ]
    header = ["table", "student", "teacher", "seed", "best pure", "chosen", "regret", "1 se"]
    return table(header, rows) if rows else "None.\n"


# ---- the whole page --------------------------------------------------------------------------


def write_page(
    records: list[dict], planned: int, settings: dict[str, Any], options: argparse.Namespace
) -> None:
    """Write the page and, of what is reported, the figure."""
    out = options.out.resolve()
    page = out / "choosing.md" if options.choose else out.with_suffix(".md")
    command = COMMAND + (" --choose" if options.choose else "") + (" --quick" * options.quick)
    title = "No regret: choosing the pool" if options.choose else "No regret"
    parts = [
        heading(title, command, about(records, planned)),
        setting(settings),
        *sections(records),
    ]
    draw(records, out / ("choosing.png" if options.choose else "regret.png"))
    if not options.choose:
        parts.insert(1, f"![Regret of each strategy over all cells]({out.name}/regret.png)\n")
    write(str(page), "\n".join(parts))


def about(records: list[dict], planned: int) -> str:
    dates = sorted({record["date"] for record in records})
    machines = sorted({record["machine"] for record in records} - {machine()})
    seeds = sorted({record["seed"] for record in records})
    return (
        f"**{len(records)} of {planned} cells measured**, {dates[0]} to {dates[-1]}, seeds "
        f"{', '.join(map(str, seeds))}; cells come in random order, a balanced quick choice first. "
        "A cell is a table, a student, a teacher and a seed. Regret is the test log loss above "
        "that of the best of labels, in-sample and cross-fit in hindsight, × 1000 in all tables; "
        "standard errors of a cell are paired, over its test rows; ± is the standard error over "
        "cells. Tables from `SKDISTILL_DATA`."
        + (f" Cells were measured with {'; '.join(machines)}." if machines else "")
    )


def setting(settings: dict[str, Any]) -> str:
    return (
        f"Training rows: {settings['rows']:,}, at most {100 * settings['train_share']:.0f} % of a "
        f"table; test rows: the rest, at most {settings['test_rows']:,}. Forests as teachers have "
        f"{settings['trees']} trees; LightGBM as teacher has 100 trees of 31 leaves. The "
        "unpruned forest is asked out-of-bag, the other two in 5 folds (in searches: "
        "leave-two-folds-out). Probabilities are raised to 1/500 and normalised before the log "
        "loss, as in the searches' own score. For several classes the AUC is the mean over "
        "classes against the rest. Trees and forests learn class probabilities by squared error, "
        "LightGBM is `LGBMSoftClassifier`, logistic regression learns weighted copies, "
        "scaled; the MLP is scikit-learn's MLPRegressor with one layer of 32, scaled, early "
        "stopping, at most 100 epochs, one network for all classes.\n\n"
        "The paper's search is given out-of-fold (out-of-bag) probabilities of all rows, made "
        "beforehand, and chooses among shares 0, .1, .2, .3, .5, .7 and 1 by a 5-fold "
        "cross-validation of the student's log loss. Shares only is "
        "`LossCorrectedDistillerCV` over labels, in-sample, cross-fit and shares "
        ".1, .2, .3, .5, .7, without calibration. Ours is `LossCorrectedDistillerCV` with its "
        "defaults; the sigmoid that it keeps where that proves itself is not distillation's own "
        "merit, so the same choice without it is shown beside.\n"
    )


def sections(records: list[dict]) -> list[str]:
    parts = ["## Goals\n", goals(records)]
    for kind, cells in kinds(records):
        parts += [f"## Strategies: {kind}, {len(cells)} cells\n", strategies_table(cells)]
    by: list[tuple[str, Callable]] = [("two classes", two_class), ("several", several_classes)]
    for field in ("student", "teacher"):
        for kind, select in by:
            if select(records):
                parts += [f"## By {field}: {kind}\n", groups_table(select(records), field)]
    parts += ["## By table\n", groups_table(records, "table")]
    parts += ["## What was chosen\n", choices_table(records), overfit_table(records)]
    return [*parts, "## Cells more than one standard error worse\n", misses_table(records)]


# ---- the figure ------------------------------------------------------------------------------

COLOURS = {"two classes": "#2a6fbb", "several classes": "#d9822b"}


def draw(records: list[dict], path) -> None:
    """Draw the regret of each strategy in all cells."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    order = in_order(records)
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(order) + 1.4), layout="constrained")
    figure.set_facecolor("white")
    for place, strategy in enumerate(reversed(order)):
        draw_strategy(axes, place, records, strategy)
    axes.axvline(0, color="#444444", linewidth=1)
    axes.set_xscale("symlog", linthresh=3, linscale=0.6)
    ticks = [-300, -100, -30, -10, -3, 0, 3, 10, 30, 100, 300, 1000]
    axes.set_xticks(ticks, [f"{tick}".replace("-", "−") for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(order)), [TITLES.get(n, n) for n in reversed(order)])
    axes.set_xlabel("regret × 1000: test log loss above the best of labels, in-sample, cross-fit")
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_title(f"Left of 0 is better ({len(records)} cells)", loc="left", fontsize=11)
    axes.legend(handles=legend(), loc="lower right", frameon=True, fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_strategy(axes, place: int, records: list[dict], strategy: str) -> None:
    """Draw a dot for each cell, the middle half of the cells, their median and mean."""
    jitter = np.random.default_rng(0).uniform(-0.28, 0.28, len(records))
    regret = 1000 * values(records, strategy)
    colours = [
        COLOURS["two classes" if record["n_classes"] == 2 else "several classes"]
        for record in records
    ]
    axes.scatter(regret, place + jitter, s=9, c=colours, alpha=0.45, linewidths=0)
    low, middle, high = np.percentile(regret, [25, 50, 75])
    axes.plot([low, high], [place, place], color="#222222", linewidth=3, alpha=0.8)
    axes.plot(middle, place, "|", color="#222222", markersize=15, markeredgewidth=2.2)
    axes.plot(regret.mean(), place, "D", color="white", markeredgecolor="#222222", markersize=5.5)


def legend() -> list:
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=5, label=kind)
        for kind, colour in COLOURS.items()
    ]
    black = {"color": "#222222"}
    return [
        *dots,
        Line2D([], [], linewidth=3, **black, label="middle half of the cells"),
        Line2D([], [], marker="|", linestyle="", markersize=12, **black, label="median"),
        Line2D([], [], marker="D", linestyle="", markerfacecolor="white", **black, label="mean"),
    ]
