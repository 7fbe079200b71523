"""How fit time and memory grow with rows, and what share of them is the suite's own.

LightGBM teacher and student, 20 columns. The suite's own share is the time of `fit` less the
time spent in `fit` and `predict_proba` of teachers and `fit` of the student, measured inside the
same run. Each size runs in a process of its own, so that the peak of resident memory is its own.

    python -m benchmarks.speed.growth
"""

import resource
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from time import perf_counter

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.datasets import make_classification

from skdistill import CrossFitDistiller, LossCorrectedDistiller

from . import write_page

SPENT = {"members": 0.0}


def timed(method):
    """Let a method add its time to what the members spend."""

    def wrapper(*args, **kwargs):
        start = perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            SPENT["members"] += perf_counter() - start

    return wrapper


class TimedTeacher(LGBMClassifier):
    """A teacher that keeps time."""

    fit = timed(LGBMClassifier.fit)
    predict_proba = timed(LGBMClassifier.predict_proba)


class TimedStudent(LGBMRegressor):
    """A student that keeps time."""

    fit = timed(LGBMRegressor.fit)


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(kind: str, n_rows: int) -> list[str]:
    X, y = make_classification(n_rows, 20, n_informative=8, flip_y=0.1, random_state=0)
    teacher = TimedTeacher(n_estimators=100, verbose=-1, random_state=0)
    student = TimedStudent(n_estimators=30, num_leaves=16, verbose=-1, random_state=0)
    distiller = {"cross-fit": CrossFitDistiller, "corrected": LossCorrectedDistiller}[kind]
    model = distiller(teacher, student, random_state=0)
    # Import and thread start-up are not the suite's.
    distiller(teacher, student, random_state=0).fit(X[:1000], y[:1000])
    before, SPENT["members"] = megabytes(), 0.0
    start = perf_counter()
    model.fit(X, y)
    total = perf_counter() - start
    own = total - SPENT["members"]
    times = [f"{total:.2f} s", f"{own:.3f} s", f"{100 * own / total:.1f} %"]
    sizes = [f"{X.nbytes / 1e6:.0f} MB", f"{before:,.0f} MB", f"{megabytes():,.0f} MB"]
    return [kind, f"{n_rows:,}", *times, f"{1e6 * own / n_rows:.2f} µs", *sizes]


def main() -> None:
    rows = []
    for kind in ("cross-fit", "corrected"):
        for n_rows in (10_000, 100_000, 1_000_000):
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                rows.append(process.submit(measure, kind, n_rows).result())
            print(rows[-1], flush=True)
    header = "distiller | rows | fit | own | own share | own per row | X | memory before | peak"
    write_page("growth", "Growth", header, rows)


if __name__ == "__main__":
    main()
