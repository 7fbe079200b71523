"""How far the measured times of equal models lie apart.

Six copies of one model take the same time, and a comparison that says otherwise misleads. Two ways
to time them: the least time on the wall of each, one after the other, as a stopwatch would, and
what `compare_students` does. Other work on the machine is welcome: it is what both must bear, and
the page says how much there was.

    python -m benchmarks.speed.equal_models
"""

import os
from copy import deepcopy
from statistics import median
from time import perf_counter

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from ..ours import pareto_front, time_predictions
from . import write_page

COPIES, REPEATS, SECONDS, MIN_CALLS, MAX_CALLS = 6, 5, 0.2, 3, 1000
ROWS = (1, 10_000)


def stopwatch(model, rows) -> float:
    """Return the least time on the wall of calls for a while."""
    model.predict_proba(rows[:100])
    times, end = [], perf_counter() + SECONDS
    while len(times) < MIN_CALLS or (len(times) < MAX_CALLS and perf_counter() < end):
        start = perf_counter()
        model.predict_proba(rows)
        times.append(perf_counter() - start)
    return min(times)


def apart(times) -> float:
    return max(times) / min(times)


def share_of_front(timings) -> float:
    """Return how many of equal models share a place on the front."""
    times, errors, _, _ = np.transpose(timings)
    return float(pareto_front(np.ones(len(times)), times, errors).mean())


def compare(name: str, model, X, n_rows: int) -> list[str]:
    copies = [deepcopy(model) for _ in range(COPIES)]
    rows = np.resize(X, (n_rows, X.shape[1]))
    watched, timed = [], []
    for _ in range(REPEATS):
        watched.append(apart([stopwatch(copy, rows) for copy in copies]))
        timed.append(time_predictions(copies, X, batch=n_rows))
    ours = [apart([timing.microseconds for timing in timings]) for timings in timed]
    shares = [share_of_front(timings) for timings in timed]
    return [
        f"{name}, {n_rows:,} rows",
        f"{median(watched):.2f} ({max(watched):.2f})",
        f"{median(ours):.2f} ({max(ours):.2f})",
        f"{sum(shares) / len(shares):.0%}",
    ]


def main() -> None:
    X, y = make_classification(3_000, 20, random_state=0)
    models = {
        "forest of 100 trees": RandomForestClassifier(100, random_state=0).fit(X, y),
        "forest of 10 trees": RandomForestClassifier(10, random_state=0).fit(X, y),
        "one tree": DecisionTreeClassifier(random_state=0).fit(X, y),
    }
    before = os.getloadavg()[0]
    lines = [compare(*item, X, n_rows) for item in models.items() for n_rows in ROWS]
    header = (
        "model | least time on the wall, one after the other | as `compare_students` does it | "
        "on the front"
    )
    load = f"{(before + os.getloadavg()[0]) / 2:.0f}"
    write_page("equal_models", "Times of equal models", header, lines, repeats=REPEATS, load=load)


if __name__ == "__main__":
    main()
