"""Measures cells: in which order, in how many processes, and how long the rest will take.

A cell is a NamedTuple with a seed. Cells that are alike in the fields that are `shared` make a
unit, with a process and a folder of answers.
"""

import argparse
import multiprocessing
import shutil
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from .page import machine
from .store import Records, Store, missing

STOPPED = "Stopped. The same command goes on; with --render it writes the page of what there is."
SAME = "*"  # settings of all cells
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SECONDS_TO_WAIT = 10


class How(NamedTuple):
    """What a process needs to know to measure cells.

    `measure(cells, settings, folder)` yields cells and their values, or a text for one that fails;
    settings are by the first field of a cell, or under `SAME`; what is kept in the unit's own
    folder below `cache` goes when the unit is done.
    """

    measure: Callable[..., Iterator[tuple[Any, Any]]]
    settings: dict[str, dict]
    cache: Path


Message = tuple[Any, dict | str]


def units_of(cells: list[Any], *, by_seed: bool = True) -> list[list[Any]]:
    """Group cells for processes, seed by seed.

    So a run that is stopped has measured all tables and figures on the first splits.
    """
    groups: dict[Any, list[Any]] = defaultdict(list)
    seeds = list(dict.fromkeys(cell.seed for cell in cells))
    for cell in sorted(cells, key=lambda cell: seeds.index(cell.seed)) if by_seed else cells:
        groups[cell[cell.shared]].append(cell)
    return [*groups.values()]


def own_folder(cache: Path, cell: Any) -> Path:
    """Return where answers are kept that only cells of this one's unit ask for."""
    return cache / "units" / "-".join(map(str, cell[cell.shared]))


def settings_of(cell: Any, settings: dict[str, dict]) -> dict:
    return settings[SAME if SAME in settings else cell[0]]


def check_settings(records: Records, settings: dict[str, dict], path: Path) -> None:
    """Refuse to mix numbers that were measured in different ways."""
    for cell, record in records.items():
        if SAME not in settings and cell[0] not in settings:
            continue
        own = settings_of(cell, settings)
        # What records of a benchmark with few settings hold beside its numbers.
        found = record.get("settings", {name: record.get(name) for name in own})
        if found != own:
            raise SystemExit(
                f"{path} holds {name_of(cell)}, measured with {found}, not {own}: "
                "move it away or use another --out."
            )


def measure(unit: list[Any], how: How) -> Iterator[Message]:
    """Yield cells and their values, or for one that fails the traceback."""
    left, failed = [*unit], False
    settings, folder = settings_of(unit[0], how.settings), own_folder(how.cache, unit[0])
    started = (time.perf_counter(), time.process_time())
    with threadpool_limits(1):
        while left:
            try:
                for cell, values in how.measure([*left], settings, folder):
                    now = (time.perf_counter(), time.process_time())
                    failed |= isinstance(values, str)
                    yield (
                        cell,
                        values
                        if isinstance(values, str)
                        else {
                            "seconds": round(now[0] - started[0], 2),
                            "cpu_seconds": round(now[1] - started[1], 2),
                            **values,
                            "settings": settings,
                            "date": date.today().isoformat(),
                            "machine": machine(),
                        },
                    )
                    started = now
                    left.remove(cell)
            except Exception:  # one cell that fails must not end the run of the others
                failed = True
                yield left.pop(0), traceback.format_exc()
                started = (time.perf_counter(), time.process_time())
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)


# ---- a whole run -----------------------------------------------------------------------------


def measure_all(
    cells: list[Any],
    store: Store,
    how: How,
    *,
    jobs: int = 1,
    score: Callable[[dict], str] = lambda values: "measured",
    effort: Callable[[Any], float] = lambda cell: 1.0,
    lacks: Callable[[Any, dict], bool] = lambda cell, record: False,
    by_seed: bool = True,
) -> list[Any]:
    """Measure what is missing, or lacks something; tell how it goes; return cells that failed."""
    stop_in_good_order()
    failed = []
    with store.opened():
        records = store.read()
        check_settings(records, how.settings, store.path)
        complete = {cell: record for cell, record in records.items() if not lacks(cell, record)}
        left = dict.fromkeys(missing(cells, complete))
        print(f"{len(cells) - len(left)} of {len(cells)} cells were measured before.", flush=True)
        for cell, values in run(units_of([*left], by_seed=by_seed), jobs, how):
            del left[cell]
            if isinstance(values, str):
                failed.append(cell)
                print(f"{name_of(cell)} FAILED\n{values}", flush=True)
                continue
            store.append(cell, values)
            records[cell] = values
            told = f"[{len(cells) - len(left)}/{len(cells)}] {name_of(cell)}: {score(values)}"
            _tell(told, values["seconds"], guess_seconds([*left], records, effort) / jobs)
    return failed


def measure_here(cells: list[Any], store: Store, measure: Any, settings: dict, **own: Any) -> list:
    """Measure what is missing, all in one way, with answers kept for this run alone."""
    with TemporaryDirectory(prefix="skdistill_") as cache:
        return measure_all(cells, store, How(measure, {SAME: settings}, Path(cache)), **own)


def report(failed: list[Any]) -> None:
    """End a run with an error if cells failed."""
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(map(name_of, failed))}")


def name_of(cell: Any) -> str:
    return "/".join(map(str, cell))


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


def parser(doc: str, **choices: list[str]) -> argparse.ArgumentParser:
    """Return a parser of what all runs understand, and of lists to choose from, by name."""
    made = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, known in choices.items():
        made.add_argument(
            f"--{name}", nargs="+", default=[*known], choices=[*known], metavar="NAME"
        )
    made.add_argument("--render", action="store_true", help="only write the page")
    return made


# ---- processes -------------------------------------------------------------------------------


def run(units: list[list[Any]], jobs: int, how: How) -> Iterator[Message]:
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


def guess_seconds(cells: list[Any], records: Records, effort: Callable[[Any], float]) -> float:
    """Guess how long cells take: as long as on other splits, else by the effort of their kind."""
    spent: dict[tuple, list[float]] = defaultdict(list)
    kinds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cell, record in records.items():
        if "seconds" in record:
            spent[_but_seed(cell)].append(record["seconds"])
            kinds[cell[0]].append((record["seconds"], effort(cell)))
    rates = {kind: np.sum(found, axis=0) for kind, found in kinds.items()}
    rates = {kind: seconds / efforts for kind, (seconds, efforts) in rates.items()}
    usual = float(np.mean([*rates.values()])) if rates else 1.0
    return sum(
        float(np.mean(spent[key]))
        if (key := _but_seed(cell)) in spent
        else rates.get(cell[0], usual) * effort(cell)
        for cell in cells
    )


def _but_seed(cell: Any) -> tuple:
    return tuple(value for field, value in cell._asdict().items() if field != "seed")
