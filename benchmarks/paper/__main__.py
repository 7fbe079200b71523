"""The paper's tables and figures, reproduced, with ours beside them.

    python -m benchmarks.paper --jobs 2           # hours; may be stopped, and goes on
    python -m benchmarks.paper --quick --jobs 2   # half an hour
    python -m benchmarks.paper --render           # the pages and the figures of what there is

Figures: "tabular" (students of 1 to 40 trees, taught by a forest of 500), "depth" (teachers that
may be too small), "simulated" (excess risk where the Bayes probabilities are known) and "images"
(networks; with `pip install skorch torch`). What is measured goes to `cells.jsonl`, a line
for each cell. A cache folder keeps teachers' answers, and those of students until their split is
done; it may be removed at any time.
"""

import argparse
import tempfile
from collections.abc import Container, Iterable
from pathlib import Path

import numpy as np

from .. import data, runner
from ..data import FIRST_SEED, names
from ..page import RESULTS, by_hand, write
from ..store import Store
from . import images, images_page, page, simulated, tabular
from .cell import Cell
from .figures import write_figures
from .image_sets import SETS
from .measuring import FIGURES, effort, measure
from .results import Results, on_top, whole

# Tables of the paper, the cheap ones first; the last two are not everywhere on hand.
TABLES = ("fico_heloc", "magic", "adult", "stumbleupon", "higgs")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    known = [*names(), *simulated.TABLES, *images.TABLES]
    parser = runner.parser(__doc__, figures=[*FIGURES], tables=known)
    parser.set_defaults(tables=[*TABLES, *simulated.TABLES, *images.TABLES])
    parser.add_argument("--seeds", nargs="+", type=int, help="splits (or samples)")
    parser.add_argument("--quick", action="store_true", help="few sizes, one split")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=RESULTS / "paper")
    cache = Path(tempfile.gettempdir()) / "skdistill_paper"
    parser.add_argument("--cache", type=Path, default=cache)
    trying = parser.add_argument_group("to try the program (with another --out)")
    trying.add_argument("--trees", type=int, help="trees of all teachers")
    trying.add_argument("--repeats", type=int, help="students of a kind on each split")
    trying.add_argument("--epochs", type=int, help="epochs of all networks")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace) -> dict[str, dict]:
    """Return how each figure is measured."""
    settings = {name: dict(module.SETTINGS) for name, module in FIGURES.items()}
    for name in ("trees", "repeats"):
        for own in settings.values():
            if getattr(options, name) is not None and name in own:
                own[name] = getattr(options, name)
    if options.epochs is not None:
        networks = settings[images.NAME]
        networks |= {name: networks[name] | {"epochs": options.epochs} for name in SETS}
    return settings


def wanted(options: argparse.Namespace) -> list[str]:
    """Return the tables that some figure of these options is measured on."""
    known = {table for name in options.figures for table in FIGURES[name].TABLES}
    return [table for table in options.tables if table in known]


def find_absent(tables: list[str]) -> dict[str, str]:
    """Return which tables and images cannot be had, and why."""
    ask = dict.fromkeys(images.TABLES, images.why_absent)
    reasons = {t: ask.get(t, data.why_absent)(t) for t in tables if t not in simulated.TABLES}
    return {name: reason for name, reason in reasons.items() if reason}


def plan(options: argparse.Namespace, absent: Container[str] = ()) -> list[Cell]:
    """Return all cells that a run with these options measures."""
    cells = []
    for name in options.figures:
        figure = FIGURES[name]
        n_seeds = 1 if options.quick else figure.N_SEEDS
        tables = [t for t in options.tables if t in figure.TABLES and t not in absent]
        for seed in options.seeds or range(FIRST_SEED, FIRST_SEED + n_seeds):
            for table in tables:
                cells += figure.plan(table, seed, quick=options.quick)
    return cells


def score(values: dict) -> str:
    """Write AUC, excess risk or accuracy of a cell."""
    name = next(name for name in ("auc", "excess", "accuracy") if name in values)
    return f"{name} {np.mean(values[name]):.5f}"


# ---- telling ---------------------------------------------------------------------------------


def render(store: Store, options: argparse.Namespace) -> None:
    """Write pages and figures of all that has been measured, here or elsewhere."""
    results = Results(store.read())
    if not results.records:
        print("Nothing has been measured yet.")
        return
    everything = parse([])  # what a run without options would measure
    measured = {cell.table for cell in results.records}
    absent = [name for name in everything.tables if name not in measured]
    write_tables(results, plan(everything, absent), absent, options.out)
    if own := results.found(images.NAME):
        planned = [cell for cell in plan(everything) if cell.figure == images.NAME]
        left_out = [name for name in absent if name in images.TABLES]
        path = options.out / images.NAME / "README.md"
        picture = images_page.write_figure(Results(own), path.parent)
        hand = by_hand(path, images_page.EXPLANATION)
        write(path, images_page.write(Results(own), planned, left_out, picture, hand))


def write_tables(
    results: Results, planned: list[Cell], absent: Iterable[str], folder: Path
) -> None:
    """Write the page of all figures, and draw those of tables and worlds."""
    shown = Results(whole(results.records, planned))
    write_figures(shown, on_top(shown, "tabular", tabular.PAPERS), folder)
    left_out = [name for name in absent if name in TABLES]
    path = folder / "README.md"
    write(path, page.write(results, planned, left_out, by_hand(path, page.EXPLANATION)))


def main() -> None:
    options = parse()
    store = Store(options.out / "cells.jsonl", Cell)
    failed = []
    if not options.render:
        absent = find_absent(wanted(options))
        for reason in dict.fromkeys(absent.values()):
            print(f"Left out: {reason}", flush=True)
        if not (cells := plan(options, absent)):
            raise SystemExit("Nothing to measure: none of these tables belongs to these figures.")
        how = runner.How(measure, settings_of(options), options.cache)
        own = {"jobs": options.jobs, "score": score, "effort": effort}
        failed = runner.measure_all(cells, store, how, **own)
    render(store, options)
    runner.report(failed)


if __name__ == "__main__":
    main()
