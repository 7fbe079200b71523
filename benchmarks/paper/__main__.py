"""The paper's tables and figures, reproduced, with ours beside them.

    python benchmarks/paper --jobs 2           # hours; may be stopped, and goes on
    python benchmarks/paper --quick --jobs 2   # half an hour
    python benchmarks/paper --render           # the page and the figures of what there is

Figures: "tabular" (students of 1 to 40 trees, taught by a forest of 500), "depth" (teachers that
may be too small) and "simulated" (excess risk where the Bayes probabilities are known). What is
measured goes to `cells.jsonl`, a line for each cell; teachers' and students' answers are kept in a
cache folder until nobody needs them any more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from datasets import TableNotFoundError, load_numbers, names
from protocol import FIRST_SEED, write_whole, written_by_hand
from report import RESULTS

from paper import page
from paper.figures import write_figures
from paper.page import FIGURES
from paper.results import Results, on_top
from paper.runner import How, measure_all, stop_in_good_order
from paper.store import Cell, Store
from paper.tabular import EXTRA, PAPERS
from paper.worlds import WORLDS

# The cheap ones first; the last two are not everywhere on hand.
TABLES = ("fico_heloc", "magic", "adult", "stumbleupon", "higgs")
SEEDS = tuple(range(FIRST_SEED, FIRST_SEED + 5))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", nargs="+", default=[*FIGURES], choices=[*FIGURES])
    parser.add_argument(
        "--tables",
        nargs="+",
        default=[*TABLES, *WORLDS],
        choices=[*names(), *WORLDS],
        help="tables, and worlds of the figure 'simulated'",
    )
    parser.add_argument("--seeds", nargs="+", type=int, help="splits (or samples)")
    parser.add_argument("--quick", action="store_true", help="few sizes, one split")
    parser.add_argument("--render", action="store_true", help="only write page and figures")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=RESULTS / "paper")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "skdistill_paper"
    )
    trying = parser.add_argument_group("to try the program (with another --out)")
    trying.add_argument("--trees", type=int, help="trees of all teachers")
    trying.add_argument("--repeats", type=int, help="students of a kind on each split")
    options = parser.parse_args(arguments)
    options.seeds = options.seeds or [*(SEEDS[:1] if options.quick else SEEDS)]
    return options


def settings_of(options: argparse.Namespace) -> dict[str, dict]:
    """Return how each figure is measured."""
    settings = {name: dict(module.SETTINGS) for name, module in FIGURES.items()}
    for name in ("trees", "repeats"):
        for own in settings.values():
            if getattr(options, name) is not None and name in own:
                own[name] = getattr(options, name)
    return settings


def find_absent(tables: list[str]) -> dict[str, str]:
    """Return which tables cannot be had, and why."""
    absent = {}
    for name in tables:
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="A network error occurred")
                load_numbers(name)
        except TableNotFoundError as error:
            absent[name] = str(error)
    return absent


def plan(options: argparse.Namespace, absent: dict[str, str]) -> list[Cell]:
    """Return all cells that a run with these options measures."""
    cells = []
    for seed in options.seeds:
        for figure in options.figures:
            on_hand = [*WORLDS] if figure == "simulated" else [*names()]
            tables = [t for t in options.tables if t in on_hand and t not in absent]
            for table in tables:
                cells += FIGURES[figure].plan(table, seed, quick=options.quick)
    return cells


def score(values: dict) -> str:
    """Write the AUC, or the excess risk, of a cell."""
    number = values.get("auc", values.get("excess"))
    if isinstance(number, list):
        return f"{sum(number) / len(number):.4f}"
    return f"{number:.5f}"


# ---- telling ---------------------------------------------------------------------------------


def render(store: Store, options: argparse.Namespace, absent: dict[str, str]) -> None:
    """Write page and figures of all that has been measured."""
    results = Results(store.read())
    if not results.records:
        print("Nothing has been measured yet.")
        return
    whole = parse([])  # what a run without options would measure
    planned = plan(whole, dict.fromkeys(absent, ""))
    folder = options.out
    write_figures(results, on_top(results, "tabular", [*PAPERS, *EXTRA]), folder)
    path = folder / "README.md"
    by_hand = written_by_hand(path, page.EXPLANATION)
    write_whole(path, page.write(results, planned, absent, by_hand))
    print(f"The page is {path}.")


def main() -> None:
    options = parse()
    store = Store(options.out / "cells.jsonl")
    stop_in_good_order()
    # The page tells of all tables, also of those that this run was not asked for.
    wanted = {*TABLES, *options.tables} - {*WORLDS, *(cell.table for cell in store.read())}
    absent = find_absent(sorted(wanted))
    for reason in absent.values():
        print(f"{reason} It is left out.", flush=True)
    failed = []
    if not options.render:
        with store.opened():
            how = How(settings_of(options), options.cache)
            failed = measure_all(plan(options, absent), store, how, options.jobs, score)
    render(store, options, absent)
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(map(str, failed))}")


if __name__ == "__main__":
    main()
