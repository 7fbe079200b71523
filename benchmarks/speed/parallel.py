"""Which parallel policy leaves the machine neither idle nor oversubscribed.

Five folds of a forest, and of LightGBM, by every combination of backend, folds at the same time
and threads inside a teacher. CPU use is the processes' CPU time over wall time × cores.

    python -m benchmarks.speed.parallel
"""

import os
import resource
from statistics import median
from time import perf_counter

import joblib
from joblib.externals.loky import get_reusable_executor
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller

from . import write_page

CORES = os.cpu_count()
REPEATS = 3
TEACHERS = {
    "forest of 50": lambda n: RandomForestClassifier(50, random_state=0, n_jobs=n),
    "LightGBM 200 × 31": lambda n: LGBMClassifier(n_estimators=200, verbose=-1, n_jobs=n),
}


def cpu_seconds() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, kinds))


def measure(teacher, X, y, backend: str, n_jobs: int) -> tuple[float, float]:
    """Seconds and CPU use of a fit, workers started and ended inside."""
    student = DecisionTreeRegressor(max_depth=5)
    model = CrossFitDistiller(teacher, student, random_state=0, n_jobs=n_jobs)
    start, before = perf_counter(), cpu_seconds()
    with joblib.parallel_config(backend=backend):
        model.fit(X, y)
    spent = perf_counter() - start
    # Children's CPU time counts once they have ended.
    get_reusable_executor().shutdown(wait=True)
    return spent, (cpu_seconds() - before) / (spent * CORES)


def main() -> None:
    X, y = make_classification(20_000, 20, n_informative=8, random_state=0)
    policies = [("loky", 1, 1), ("loky", 1, CORES)]
    policies += [(b, CORES, inner) for b in ("loky", "threading") for inner in (1, CORES)]
    rows = []
    for name, make in TEACHERS.items():
        runs = {policy: [] for policy in policies}
        for _ in range(REPEATS):
            for backend, outer, inner in policies:
                runs[backend, outer, inner].append(measure(make(inner), X, y, backend, outer))
                print(name, backend, outer, inner, runs[backend, outer, inner][-1], flush=True)
        fastest = min(median(t for t, _ in found) for found in runs.values())
        for (backend, outer, inner), found in runs.items():
            spent, use = (median(values) for values in zip(*found, strict=True))
            where = "one after the other" if outer == 1 else f"{outer} at once, {backend}"
            numbers = [f"{spent:.1f} s", f"{spent / fastest:.2f}", f"{100 * use:.0f} %"]
            rows.append([name, where, inner, *numbers])
    header = "teacher | folds | threads in a teacher | time | ratio | CPU use"
    write_page("parallel", "Parallel policy", header, rows, repeats=REPEATS)


if __name__ == "__main__":
    main()
