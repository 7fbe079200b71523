"""Largest differences between students in Python and as files, on rows beside every threshold.

python -m benchmarks.export.exactness [--rows 100000]
"""

import argparse
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller, LGBMSoftClassifier, SoftmaxRegression
from skdistill.export import to_c, to_onnx, to_sql, verify

from ..page import RESULTS, fill, heading, table, write

TREE = DecisionTreeRegressor(max_leaf_nodes=64, random_state=0)
LOSSES = ("squared_error", "squared_error_logit", "cross_entropy")
BOOSTED = {"n_estimators": 100, "num_leaves": 31, "n_jobs": 1, "verbose": -1}
WAYS = {
    "C": to_c,
    "ONNX": to_onnx,
    "SQLite": lambda model: to_sql(model, dialect="sqlite"),
    "DuckDB": lambda model: to_sql(model, dialect="duckdb"),
}


def encoder() -> Any:
    text = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer((text, ["town"]), (numbers, [f"x{j}" for j in range(8)]))


STUDENTS = {
    "tree": TREE,
    "forest of 10": RandomForestRegressor(10, max_leaf_nodes=128, random_state=0),
    "LightGBM 100 × 31": LGBMSoftClassifier(**BOOSTED),
    "SoftmaxRegression": SoftmaxRegression(),
    "Ridge": Ridge(),
    "text, gaps, scaler, tree": make_pipeline(encoder(), TREE),
}


def rows_of(n_classes: int, n_rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a table of numbers with gaps and a word, and labels."""
    how = {"n_informative": 6, "n_redundant": 0, "n_clusters_per_class": 1, "random_state": 0}
    X, y = make_classification(n_rows, 8, n_classes=n_classes, **how)
    rows = pd.DataFrame(X, columns=[f"x{j}" for j in range(8)])
    rows["town"] = np.array(["Rome", "Oslo", "Bern", "Lima"], dtype=object)[
        (X[:, 0] > 0) * 2 + (X[:, 1] > 0)
    ]
    return rows, np.array(list("abcdefghij"))[y]


def models(name: str, n_classes: int, rows: pd.DataFrame, y: np.ndarray) -> dict[str, Any]:
    """Return the student after each loss that it learns by, plain and calibrated."""
    train, others = slice(0, 5_000), slice(5_000, 10_000)
    every = rows.filter(like="x").to_numpy()
    numbers = every[train]
    teacher = RandomForestClassifier(50, random_state=0).fit(every[others], y[others])
    proba = teacher.predict_proba(numbers)
    found = {}
    for loss in LOSSES:
        learns_labels = hasattr(STUDENTS[name], "predict_proba")
        if learns_labels != (loss == "cross_entropy"):
            continue
        X = with_gaps(rows[train]) if "text" in name else numbers
        model = Distiller(None, STUDENTS[name], loss=loss).fit(X, y[train], teacher_proba=proba)
        found[loss] = model.classifier_
        found[f"{loss}, calibrated"] = calibrated = copy(model.classifier_)
        calibrated.calibration = {"slope": 0.8, "shift": np.linspace(0, 0.3, n_classes).tolist()}
    return found


def with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.copy()
    rows.loc[rows.index[::7], "x3"] = np.nan
    rows.loc[rows.index[::11], "town"] = None
    return rows


def compare(name: str, model: Any, rows: pd.DataFrame, way: str) -> Any:
    X = with_gaps(rows) if "text" in name else rows.filter(like="x").to_numpy()
    make = WAYS[way]
    exported = make(model, X[:200]) if way == "ONNX" else make(model)
    # A booster in a database takes a second for a thousand rows.
    return verify(model, exported, X[:2_000] if way in ("SQLite", "DuckDB") else X)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    lines: list[list[Any]] = []
    for name in STUDENTS:
        for n_classes in (2, 3, 10):
            rows, y = rows_of(n_classes, options.rows)
            for how, model in models(name, n_classes, rows, y).items():
                lines.append([name, n_classes, how, *told(name, model, rows)])
                print(*lines[-1], flush=True)
        write_page(lines, options.rows)


def told(name: str, model: Any, rows: pd.DataFrame) -> list[str]:
    """Return the largest difference of each way, and the rows of the last."""
    cells = []
    for way in WAYS:
        found = compare(name, model, rows, way)
        largest = f"{found.largest_difference:.0e}" if found.largest_difference else "0"
        cells.append(largest if found.agrees else f"**{largest}, {found.labels_differing} labels**")
    return [*cells, f"{found.n_rows:,}"]


def write_page(lines: list[list[Any]], n_rows: int) -> None:
    header = ["student", "classes", "loss", *WAYS, "rows in SQL"]
    page = heading(
        "Exactness of files", "export.exactness", fill("export", "exactness", rows=f"{n_rows:,}")
    )
    write(RESULTS / "export" / "exactness.md", f"{page}\n\n{table(header, lines)}")


if __name__ == "__main__":
    main()
