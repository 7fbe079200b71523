"""Out-of-bag distillation against the paper's ten folds: time and accuracy of the same student.

The paper fits ten teachers of 500 trees one after the other, each with all cores; `cv="oob"` fits
one. Both sides run in turn in one process on the same rows, and teach the same student.

    python benchmarks/speed/cost.py [--tables adult magic fico_heloc] [--seeds 5] [--trees 500]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from skdistill import CrossFitDistiller

sys.path.insert(0, str(Path(__file__).parents[1]))
from datasets import load_numbers
from report import heading, table, write


def measure(name: str, seed: int, trees: int) -> dict[object, tuple[float, np.ndarray]]:
    """Fit both ways; return seconds and test AUCs of students of 1 and 10 trees for each."""
    X, y = load_numbers(name)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    result = {}
    for cv in ("oob", 10) if seed % 2 else (10, "oob"):
        teacher = RandomForestClassifier(trees, n_jobs=-1, random_state=seed)
        student = RandomForestRegressor(1, random_state=seed)
        model = CrossFitDistiller(
            teacher, student, cv=cv, random_state=seed, store_teacher_proba=True
        )
        start = perf_counter()
        model.fit(X, y)
        spent = perf_counter() - start
        ten = CrossFitDistiller(None, RandomForestRegressor(10, random_state=seed)).fit(
            X, y, teacher_proba=model.teacher_proba_
        )
        aucs = [roc_auc_score(y_test, m.predict_proba(X_test)[:, 1]) for m in (model, ten)]
        result[cv] = (spent, np.array(aucs))
    return result


def summarise(name: str, runs: list[dict]) -> list[list[str]]:
    ratios = np.array([run[10][0] / run["oob"][0] for run in runs])
    differences = np.array([run["oob"][1] - run[10][1] for run in runs])
    rows = []
    for k, size in enumerate(("1 tree", "10 trees")):
        mean = differences[:, k].mean()
        error = differences[:, k].std(ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.nan
        rows.append(
            [
                name,
                size,
                f"{np.mean([run[10][1][k] for run in runs]):.4f}",
                f"{np.mean([run['oob'][1][k] for run in runs]):.4f}",
                f"{mean:+.4f} ± {error:.4f}",
                f"{np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=["adult", "magic", "fico_heloc"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trees", type=int, default=500)
    options = parser.parse_args()
    rows = []
    for name in options.tables:
        runs = []
        for seed in range(options.seeds):
            runs.append(measure(name, seed, options.trees))
            spent = {cv: round(seconds, 1) for cv, (seconds, _) in runs[-1].items()}
            print(f"{name}, seed {seed}: {spent} s", flush=True)
        rows += summarise(name, runs)
    about = (
        f"The same students, taught by a forest of {options.trees} trees: by ten folds fitted one "
        "after the other, each with all cores, as in the paper, and by the forest's out-of-bag "
        f"answers. Test AUC, means of {options.seeds} splits 70/30; difference with its standard "
        "error over splits; ratio of the two fits' times (student of one tree included), median "
        "and range. Tables from `SKDISTILL_DATA`."
    )
    header = ["table", "student", "ten folds", "out-of-bag", "difference", "times faster"]
    page = heading("Cost", "python benchmarks/speed/cost.py", about)
    write("speed/cost.md", page + "\n" + table(header, rows))


if __name__ == "__main__":
    main()
