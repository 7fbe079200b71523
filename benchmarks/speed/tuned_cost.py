"""The honest search on one out-of-bag teacher against the paper's whole recipe: time and accuracy.

The paper fits ten teachers of 500 trees one after the other, and then searches nine constants c of
its correction by a 5-fold GridSearchCV of the student on the probabilities they gave.
`LossCorrectedDistillerCV(cv=3, teacher_cv="oob")` fits three teachers (two thirds of the rows
each), and one on all rows, and chooses among five kinds of target. Both teach the same student, and
run in turn in one process on one core; what counts is CPU time, which other work on the machine
does not lengthen.

    python -m benchmarks.speed.tuned_cost [--tables magic adult] [--seeds 3] [--trees 500]
"""

from time import process_time

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_predict

from skdistill import LossCorrectedDistillerCV

from ..data import split
from ..paper.lessons import RULES, Corrected
from ..scores import PROBA_FLOOR, mean_and_error
from . import options, write_page

OWN_ROWS = ["labels", "in_sample", "cross_fit", "residual"]
WAYS = ("paper", "ours", "own_rows")


def clipped(proba: np.ndarray) -> np.ndarray:
    return np.clip(proba, PROBA_FLOOR, 1 - PROBA_FLOOR)


def label_loss(model: Corrected, X: np.ndarray, y: np.ndarray) -> float:
    """Score a student on the labels."""
    return -log_loss(y[:, 1], clipped(model.predict(X)))


def paper(X, y, trees: int, size: int, seed: int):
    """Fit ten teachers, then search c; return what predicts probabilities."""
    folds = StratifiedKFold(10, shuffle=True, random_state=seed)
    teacher = RandomForestClassifier(trees, random_state=seed)
    proba = cross_val_predict(teacher, X, y, cv=folds, method="predict_proba")[:, 1]
    student = Corrected(RandomForestRegressor(size, random_state=seed))
    search = GridSearchCV(student, {"c": RULES["fast_realized"][1]}, scoring=label_loss, cv=5)
    return search.fit(X, np.column_stack([proba, y])).predict


def ours(X, y, trees: int, size: int, seed: int, **candidates):
    """Search honestly on out-of-bag answers; return what predicts probabilities."""
    teacher = RandomForestClassifier(trees, random_state=seed)
    student = RandomForestRegressor(size, random_state=seed)
    how = {"cv": 3, "teacher_cv": "oob", "random_state": seed, **candidates}
    model = LossCorrectedDistillerCV(teacher, student, **how).fit(X, y)
    return lambda rows: model.predict_proba(rows)[:, 1]


def own_rows(X, y, trees: int, size: int, seed: int):
    """Search among the candidates that learn from the rows there are."""
    return ours(X, y, trees, size, seed, candidates=OWN_ROWS)


def measure(name: str, size: int, seed: int, trees: int) -> dict[str, tuple[float, float, float]]:
    """Fit both ways; return seconds, test AUC and test log loss of each."""
    X, X_test, y, y_test = split(name, seed)
    result = {}
    for way in (paper, ours, own_rows) if seed % 2 else (own_rows, ours, paper):
        start = process_time()
        predict = way(X, y, trees, size, seed)
        spent = process_time() - start
        proba = clipped(predict(X_test))
        result[way.__name__] = (spent, roc_auc_score(y_test, proba), log_loss(y_test, proba))
    return result


def summarise(name: str, size: int, runs: list[dict]) -> list[object]:
    """Return a line of the table."""
    values = {way: np.array([run[way] for run in runs]).T for way in WAYS}
    cells = [name, "1 tree" if size == 1 else f"{size} trees", len(runs)]
    cells += [f"{values[way][0].mean():.0f} s" for way in WAYS]
    for way in WAYS[1:]:
        ratios = values["paper"][0] / values[way][0]
        cells.append(f"{np.median(ratios):.1f} ({ratios.min():.1f} to {ratios.max():.1f})")
    for k in (1, 2):
        cells += [f"{values[way][k].mean():.4f}" for way in WAYS]
        cells.append(mean_and_error(values["ours"][k] - values["paper"][k], "+.4f"))
    return cells


def main() -> None:
    asked = options(__doc__, ["magic", "adult"], 3, sizes=[1, 10])
    cells = [(name, size) for name in asked.tables for size in asked.sizes]
    runs = {cell: [] for cell in cells}
    header = "table | student | splits | paper | ours | own rows | times faster: ours | own rows"
    header += " | AUC: paper | ours | own rows | difference"
    header += " | log loss: paper | ours | own rows | difference"
    for seed in range(asked.seeds):
        for name, size in cells:
            runs[name, size].append(measure(name, size, seed, asked.trees))
            print(name, size, seed, runs[name, size][-1], flush=True)
            rows = [summarise(*cell, found) for cell, found in runs.items() if found]
            write_page("tuned_cost", "Cost of tuning", header, rows, trees=asked.trees)


if __name__ == "__main__":
    main()
