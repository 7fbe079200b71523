"""Three cases that the honest search has to tell apart, each ending in what it chose.

A teacher that knows much more than the student finds by itself, one that knows less, and one that
is too simple. For each, the cross-validated log loss that the search saw, and the log loss on test
rows that it did not see. The user guide's page on the honest choice shows the result.

    python -m benchmarks.worked_cases
"""

from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.base import clone
from sklearn.metrics import log_loss

from .data import split
from .models import distillers, forest, tree, without_calibration
from .page import RESULTS, blocks, fill, heading, table, write
from .scores import PROBA_FLOOR

ROWS = 6_000


class Case(NamedTuple):
    """A table, a teacher that is asked out-of-bag (a forest of 500), and a student."""

    title: str
    table: str
    depth: int | None
    student_name: str
    student: Any


BOOSTER = LGBMRegressor(n_estimators=100, num_leaves=31, random_state=0, n_jobs=1, verbose=-1)
MORE = "The teacher knows much more than the student"
LESS = "The teacher knows less than the student"
CASES = [
    Case(MORE, "fico_heloc", None, "unpruned tree", tree()),
    Case(LESS, "adult", None, "LightGBM 100 × 31", BOOSTER),
    Case("The teacher is too simple", "magic", 4, "tree of 256 leaves", tree(256)),
]


def measure(case: Case) -> str:
    """Search, fit each candidate alone, and say what came out."""
    X, X_test, y, y_test = split(case.table, 0, ROWS)
    teacher = forest(500, 0, case.depth)

    def on_test(model: Any) -> float:
        proba = model.predict_proba(X_test)[:, 1]
        return log_loss(y_test, np.clip(proba, PROBA_FLOOR, 1 - PROBA_FLOOR))

    alone = distillers(teacher, case.student, cv="oob")
    search = alone.pop("ours").fit(X, y)
    tested = {name: f"{on_test(model.fit(X, y)):.4f}" for name, model in alone.items()}
    best, found = search.best_candidate_, search.cv_results_
    tested[best] = f"{on_test(without_calibration(search)):.4f}"
    seen = (found["candidate"], found["mean_test_score"], found["se_test_score"])
    rows = [
        [f"**{n}**" if n == best else n, f"{-mean:.4f} ± {error:.4f}", tested.get(n, "")]
        for n, mean, error in zip(*seen, strict=True)
    ]
    sigmoid = ", and no sigmoid"
    if search.calibration_ is not None:
        sigmoid = f", and a sigmoid of slope {search.calibration_.slope:.2f}, with which the "
        sigmoid += f"student reaches {on_test(search):.4f}"
    return fill(
        "worked_cases",
        "case",
        title=case.title,
        table=case.table,
        rows=ROWS,
        test_rows=len(y_test),
        teacher="forest of 500" + (f", depth {case.depth}" if case.depth else ""),
        student=case.student_name,
        candidates=table(["candidate", "log loss seen by the search", "on test rows"], rows),
        loss=on_test(clone(teacher).fit(X, y)),
        share=search.overfit_share_,
        weights=blend_weights(search),
        chosen=best,
        shrunk=f", shrunk by λ = {search.shrinkage_:g}" if search.shrinkage_ else "",
        sigmoid=sigmoid,
    )


def blend_weights(search: Any) -> str:
    """Say what the blend is made of, where one was tried."""
    weights = getattr(search, "blend_weights_", {})
    told = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
    return f"Weights of the blend: {told}. " if told else ""


def main() -> None:
    about = fill("worked_cases", "about")
    page = [heading("Three worked cases", "worked_cases", about), *map(measure, CASES)]
    write(RESULTS / "worked_cases.md", blocks(page))


if __name__ == "__main__":
    main()
