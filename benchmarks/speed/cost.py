"""Out-of-bag distillation against the paper's ten folds: time and accuracy of the same student.

The paper fits ten teachers of 500 trees one after the other, each with all cores; `cv="oob"` fits
one. Both sides run in turn in one process on the same rows, and teach the same student.

    python -m benchmarks.speed.cost [--tables adult magic fico_heloc] [--seeds 5] [--trees 500]
"""

from time import perf_counter

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from skdistill import CrossFitDistiller

from ..data import split
from ..scores import auc, standard_error
from . import options, write_page


def measure(name: str, seed: int, trees: int) -> dict[object, tuple[float, list[float]]]:
    """Fit both ways; return seconds and test AUCs of students of 1 and 10 trees for each."""
    X, X_test, y, y_test = split(name, seed)
    result = {}
    for cv in ("oob", 10) if seed % 2 else (10, "oob"):
        teacher = RandomForestClassifier(trees, n_jobs=-1, random_state=seed)
        student, how = RandomForestRegressor(1, random_state=seed), {"store_teacher_proba": True}
        model = CrossFitDistiller(teacher, student, cv=cv, random_state=seed, **how)
        start = perf_counter()
        model.fit(X, y)
        spent = perf_counter() - start
        ten = CrossFitDistiller(None, RandomForestRegressor(10, random_state=seed))
        ten.fit(X, y, teacher_proba=model.teacher_proba_)
        result[cv] = (spent, [auc(y_test, m.predict_proba(X_test)) for m in (model, ten)])
    told = {cv: round(spent, 1) for cv, (spent, _) in result.items()}
    print(f"{name}, seed {seed}: {told} s", flush=True)
    return result


def summarise(name: str, runs: list[dict]) -> list[list[str]]:
    ratios = np.array([run[10][0] / run["oob"][0] for run in runs])
    faster = f"{np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})"
    rows = []
    for k, size in enumerate(("1 tree", "10 trees")):
        folds, oob = (np.array([run[cv][1][k] for run in runs]) for cv in (10, "oob"))
        gap = f"{np.mean(oob - folds):+.4f} ± {standard_error(oob - folds):.4f}"
        rows.append([name, size, f"{folds.mean():.4f}", f"{oob.mean():.4f}", gap, faster])
    return rows


def main() -> None:
    asked = options(__doc__, ["adult", "magic", "fico_heloc"], 5)
    rows = []
    for name in asked.tables:
        seeds = range(asked.seeds)
        rows += summarise(name, [measure(name, seed, asked.trees) for seed in seeds])
    header = "table | student | ten folds | out-of-bag | difference | times faster"
    write_page("cost", "Cost", header, rows, trees=asked.trees, seeds=asked.seeds)


if __name__ == "__main__":
    main()
