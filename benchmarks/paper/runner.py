"""Measures cells: in which order, in how many processes, and how long the rest will take."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from queue import Empty
from typing import Any, NamedTuple

import numpy as np
from report import machine
from threadpoolctl import threadpool_limits

from .store import Cell, Store, check_settings, missing, own_folder

STOPPED = "Stopped. The same command goes on; with --render it writes the page of what there is."
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SECONDS_TO_WAIT = 10


def module_of(figure: str) -> Any:
    """Return the module of a figure, which has its name."""
    return import_module(f"{__package__}.{figure}")


class Unit(NamedTuple):
    """Cells of one figure, table and seed: one process measures them one after the other."""

    figure: str
    table: str
    seed: int
    cells: tuple[Cell, ...]


class How(NamedTuple):
    """What a process needs to know."""

    settings: dict[str, dict]
    cache: Path


Message = tuple[Cell, dict | str]


def units_of(cells: list[Cell]) -> list[Unit]:
    """Group cells for processes, seed by seed.

    So a run that is stopped has measured all tables and figures on the first splits.
    """
    groups: dict[tuple, list[Cell]] = defaultdict(list)
    seeds = list(dict.fromkeys(cell.seed for cell in cells))
    for cell in cells:
        groups[seeds.index(cell.seed), cell.figure, cell.table].append(cell)
    ordered = sorted(groups.items(), key=lambda group: group[0][0])  # stable: figures, tables
    return [Unit(*found[0][:3], tuple(found)) for _, found in ordered]


def measure(unit: Unit, how: How) -> Iterator[Message]:
    """Yield cells and their values, or for one that fails the traceback."""
    figure = module_of(unit.figure)
    left, failed = list(unit.cells), False
    started = (time.perf_counter(), time.process_time())
    with threadpool_limits(1):
        while left:
            try:
                for cell, values in figure.measure(left, how.settings[unit.figure], how.cache):
                    now = (time.perf_counter(), time.process_time())
                    yield cell, {**values, **_about(unit, how, started, now)}
                    started = now
                    left = left[1:]
            except Exception:  # one cell that fails must not end the run of the others
                failed = True
                yield left.pop(0), traceback.format_exc()
                started = (time.perf_counter(), time.process_time())
    if not failed:
        forget(unit, how)


def _about(unit: Unit, how: How, started: tuple, now: tuple) -> dict[str, Any]:
    return {
        "seconds": round(now[0] - started[0], 2),
        "cpu_seconds": round(now[1] - started[1], 2),
        "settings": how.settings[unit.figure],
        "date": date.today().isoformat(),
        "machine": machine(),
    }


def forget(unit: Unit, how: How) -> None:
    """Remove what was kept for a unit alone: nobody else will ask."""
    folder = own_folder(how.cache, unit.figure, unit.table, unit.seed)
    shutil.rmtree(folder, ignore_errors=True)


# ---- a whole run -----------------------------------------------------------------------------


def measure_all(
    cells: list[Cell], store: Store, how: How, jobs: int, score: Callable[[dict], str]
) -> list[Cell]:
    """Measure what is missing, and tell how it goes; return the cells that failed."""
    records = store.read()
    check_settings(records, how.settings, store.path)
    left = dict.fromkeys(missing(cells, records))
    print(f"{len(cells) - len(left)} of {len(cells)} cells were measured before.", flush=True)
    failed = []
    for cell, values in run(units_of([*left]), jobs, how):
        del left[cell]
        if isinstance(values, str):
            failed.append(cell)
            print(f"{cell} FAILED\n{values}", flush=True)
            continue
        store.append(cell, values)
        records[cell] = values
        told = f"[{len(cells) - len(left)}/{len(cells)}] {cell}: {score(values)}"
        _tell(told, values["seconds"], guess_seconds([*left], records) / jobs)
    return failed


def _tell(told: str, spent: float, seconds: float) -> None:
    """Print how a cell went, and when the rest will be done."""
    left = f"{seconds / 3600:.1f} h" if seconds > 5400 else f"{seconds / 60:.0f} min"
    clock = time.strftime("%H:%M", time.localtime(time.time() + seconds))
    print(f"{told}; {spent:.1f} s; about {left} left, until {clock}", flush=True)


def stop_in_good_order() -> None:
    """Let signals end the run as an error would, with what was measured stored."""
    for number in _SIGNALS:
        signal.signal(number, _stop)


def _stop(*_) -> None:
    """End the run; a second signal must not disturb that."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(STOPPED)


# ---- processes -------------------------------------------------------------------------------


def run(units: list[Unit], jobs: int, how: How) -> Iterator[Message]:
    """Yield cells and their values as they come, from one process or several."""
    if jobs == 1:
        for unit in units:
            yield from measure(unit, how)
        return
    context = multiprocessing.get_context("spawn")
    tasks, results = context.Queue(), context.Queue()
    for task in [*units, *[None] * jobs]:
        tasks.put(task)
    workers = [
        context.Process(target=_serve, args=(tasks, results, how), daemon=True) for _ in range(jobs)
    ]
    for worker in workers:
        worker.start()
    try:
        yield from _receive(results, workers)
    finally:
        for worker in workers:
            worker.terminate()


def _serve(tasks: Any, results: Any, how: How) -> None:
    """Measure units until there are no more, or nobody waits for them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends us
    parent = multiprocessing.parent_process()
    while (unit := tasks.get()) is not None:
        for message in measure(unit, how):
            if parent is not None and not parent.is_alive():
                return
            results.put(message)
    results.put(None)


def _receive(results: Any, workers: list) -> Iterator[Message]:
    at_work = len(workers)
    while at_work:
        try:
            message = results.get(timeout=_SECONDS_TO_WAIT)
        except Empty:
            if any(worker.exitcode for worker in workers):
                raise SystemExit(
                    "A process died, perhaps for want of memory. What was measured is stored; "
                    "the same command goes on."
                ) from None
            continue
        if message is None:
            at_work -= 1
        else:
            yield message


# ---- the time that is left -------------------------------------------------------------------


def guess_seconds(cells: list[Cell], records: dict[Cell, dict]) -> float:
    """Guess how long cells take: as long as on other splits, else by the effort of their kind."""
    spent: dict[tuple, list[float]] = defaultdict(list)
    efforts: dict[str, list[float]] = defaultdict(list)
    for cell, record in records.items():
        spent[cell._replace(seed=0)].append(record["seconds"])
        efforts[cell.figure].append(effort(cell))
    rates = {
        figure: sum(sum(spent[key]) for key in spent if key[0] == figure) / sum(efforts[figure])
        for figure in efforts
    }
    usual = float(np.mean([*rates.values()])) if rates else 1.0
    return sum(
        float(np.mean(spent[key]))
        if (key := cell._replace(seed=0)) in spent
        else rates.get(cell.figure, usual) * effort(cell)
        for cell in cells
    )


def effort(cell: Cell) -> float:
    """Return roughly how long a cell takes, in seconds of one core."""
    return module_of(cell.figure).effort(cell)
