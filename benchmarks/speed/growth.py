"""How fit time and memory grow with rows, and what share of them is the suite's own.

LightGBM teacher and student, 20 columns. The suite's own share is the time of `fit` less the
time spent in `fit` and `predict_proba` of teachers and `fit` of the student, measured inside the
same run. Each size runs in a process of its own, so that the peak of resident memory is its own.

    python benchmarks/speed/growth.py
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.datasets import make_classification

from skdistill import CrossFitDistiller, LossCorrectedDistiller

sys.path.insert(0, str(Path(__file__).parents[1]))
from report import heading, table, write

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


def measure(n_rows: int, kind: str) -> dict[str, float]:
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
    return {
        "total": total,
        "own": total - SPENT["members"],
        "before": before,
        "peak": megabytes(),
        "rows": X.nbytes / 1e6,
    }


def in_own_process(n_rows: int, kind: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--rows", str(n_rows), "--kind", kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int)
    parser.add_argument("--kind", default="cross-fit")
    options = parser.parse_args()
    if options.rows:
        print(json.dumps(measure(options.rows, options.kind)))
        return
    rows = []
    for kind in ("cross-fit", "corrected"):
        for n_rows in (10_000, 100_000, 1_000_000):
            found = in_own_process(n_rows, kind)
            rows.append(
                [
                    kind,
                    f"{n_rows:,}",
                    f"{found['total']:.2f} s",
                    f"{found['own']:.3f} s",
                    f"{100 * found['own'] / found['total']:.1f} %",
                    f"{1e6 * found['own'] / n_rows:.2f} µs",
                    f"{found['rows']:.0f} MB",
                    f"{found['before']:,.0f} MB",
                    f"{found['peak']:,.0f} MB",
                ]
            )
            print(rows[-1], flush=True)
    about = (
        "LightGBM teacher (100 × 31, five folds) and student (30 × 16), 20 columns. The suite's "
        "own time is that of `fit` less what its members spend in their `fit` and "
        "`predict_proba`, in the same run. Goal: below 5 %, and linear in rows."
    )
    page = heading("Growth", "python benchmarks/speed/growth.py", about)
    header = [
        "distiller",
        "rows",
        "fit",
        "own",
        "own share",
        "own per row",
        "X",
        "memory before",
        "peak",
    ]
    write("speed/growth.md", page + "\n" + table(header, rows))


if __name__ == "__main__":
    main()
