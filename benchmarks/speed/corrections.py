"""Time and memory of the γ rules against a plain minimiser that tabulates a grid of γ per row.

python -m benchmarks.speed.corrections
"""

import tracemalloc
from time import perf_counter

import numpy as np

from skdistill.corrections import resolve

from . import write_page

RULES = ["orthogonal", "fast", "slow", "relative", "absolute", "power"]
GRID = np.arange(-10, 10, 0.05)
SAMPLES = 10


def tabulated(proba: np.ndarray, rule: str) -> np.ndarray:
    """Minimise over a grid of γ, and for `relative` over sampled p, on the probability scale."""
    gamma = GRID[None, :]
    if rule == "slow":
        variance = (proba * (1 - proba))[:, None]
        return GRID[(0.1 * (gamma - 1) ** 4 + gamma**2 * variance).argmin(axis=1)]
    low, high = proba / 1.5, np.minimum(1.5 * proba, 1)
    worst = np.zeros((len(proba), len(GRID)))
    for p in np.linspace(low, high, SAMPLES):
        distance, noise = (p - proba)[:, None], (p * (1 - p))[:, None]
        np.maximum(worst, (gamma - 1) ** 2 * distance**2 + gamma**2 * noise, out=worst)
    return GRID[worst.argmin(axis=1)]


def cost(function, *args, **kwargs) -> list[str]:
    """Seconds, and peak of newly allocated megabytes."""
    start = perf_counter()
    function(*args, **kwargs)
    spent = perf_counter() - start
    tracemalloc.start()
    function(*args, **kwargs)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return [f"{spent:.3f} s", f"{peak:,.0f} MB"]


def main() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for n_rows in (10_000, 100_000, 1_000_000):
        proba = rng.uniform(0.002, 0.998, n_rows)
        y = (rng.random(n_rows) < proba).astype(float)
        for name in RULES:
            for link in ("identity", "log", "logit"):
                spent = cost(resolve(name), proba, y, link=link)
                rows.append([f"{n_rows:,}", name, link, *spent])
        for name in ("slow", "relative"):
            needed = n_rows * len(GRID) * 8 / 1e9
            # A million rows would need more than this machine has; a tenth shows the slope.
            spent = ["not run", f"over {needed:.0f} GB for each table of rows × grid"]
            spent = cost(tabulated, proba, name) if n_rows <= 100_000 else spent
            rows.append([f"{n_rows:,}", f"{name}, tabulated", "identity", *spent])
        print(f"{n_rows:,} rows done", flush=True)
    header = "rows | rule | link | time | peak memory"
    write_page("corrections", "Corrections", header, rows, grid=len(GRID), samples=SAMPLES)


if __name__ == "__main__":
    main()
