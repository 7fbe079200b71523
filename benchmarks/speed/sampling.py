"""What samplers cost: processor seconds, and the memory that they take for a while.

python -m benchmarks.speed.sampling
"""

import tracemalloc
from time import process_time
from typing import Any

from sklearn.datasets import make_classification

from skdistill import MungeSampler, NodeSampler

from . import write_page

COLUMNS = 20
CASES = [(NodeSampler, 10_000), (NodeSampler, 100_000), (NodeSampler, 1_000_000)]
CASES += [(MungeSampler, 10_000), (MungeSampler, 50_000)]


def measured(make: Any) -> tuple[Any, float]:
    """Return what a call returns, and its processor seconds."""
    start = process_time()
    return make(), process_time() - start


def peak(make: Any) -> float:
    """Return the memory that a call takes for a while, its result included."""
    tracemalloc.start()
    kept = make()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return found


def cost(kind: Any, n_rows: int) -> list[str]:
    """Return what fit and sample cost for as many rows as there are."""
    X, y = make_classification(n_rows, COLUMNS, n_informative=10, random_state=0)
    sampler, fit = measured(lambda: kind(random_state=0).fit(X, y))
    _, sample = measured(lambda: sampler.sample(n_rows))
    own = [peak(lambda: kind(random_state=0).fit(X, y)), peak(lambda: sampler.sample(n_rows))]
    sizes = [f"{bytes_ / X.nbytes:.1f}" for bytes_ in own]
    return [kind.__name__, f"{n_rows:,}", f"{fit:.2f}", f"{sample:.2f}", *sizes]


def main() -> None:
    header = "sampler | rows | fit, s | sample, s | fit, peak | sample, peak"
    rows = [cost(kind, n_rows) for kind, n_rows in CASES]
    write_page("sampling", "Samplers", header, rows, columns=COLUMNS)


if __name__ == "__main__":
    main()
