"""Time and memory: `python -m benchmarks.speed.NAME`."""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from ..page import RESULTS, fill, heading, table, write


def pairs(
    ours: Callable,
    theirs: Callable,
    repeats: int,
    calls: int = 1,
    clock: Callable[[], float] = perf_counter,
) -> list[tuple]:
    """Time two functions in turn, the first of each pair changing."""
    times = []
    for repeat in range(repeats):
        first, second = (ours, theirs) if repeat % 2 else (theirs, ours)
        spent = [seconds(f, calls, clock) for f in (first, second)]
        times.append(tuple(spent) if repeat % 2 else tuple(reversed(spent)))
    return times


def seconds(function: Callable, calls: int, clock: Callable[[], float] = perf_counter) -> float:
    """Mean time of a call."""
    start = clock()
    for _ in range(calls):
        function()
    return (clock() - start) / calls


def ratio(times: list[tuple[float, float]]) -> str:
    """Write the median of paired ratios."""
    return f"{median(ours / theirs for ours, theirs in times):.3f}"


def write_page(name: str, title: str, header: str, rows: list[list], **known: Any) -> None:
    """Write a page of one table, whose columns' names come in one line, and whose words wait."""
    page = heading(title, f"speed.{name}", fill("speed", name, **known))
    write(RESULTS / "speed" / f"{name}.md", f"{page}\n\n{table(header.split(' | '), rows)}")


def options(doc: str, tables: list[str], seeds: int, **sizes: list[int]) -> argparse.Namespace:
    """Read what is asked for of a program that teaches forests on tables."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=tables)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--trees", type=int, default=500)
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", nargs="+", type=int, default=default)
    return parser.parse_args()
