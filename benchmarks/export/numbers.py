"""Largest differences between students of numbers in Python and as files.

python -m benchmarks.export.numbers [--rows 20000]
"""

import argparse
from typing import Any

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import PoissonRegressor, Ridge, TweedieRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline

from skdistill import DistilledRegressor, DistillerRegressor

from ..page import RESULTS, fill, heading, table, write
from .exactness import BOOSTED, TREE, WAYS, encoder, rows_of, told, with_gaps

STUDENTS = {
    "tree": TREE,
    "forest of 10": RandomForestRegressor(10, max_leaf_nodes=128, random_state=0),
    "LightGBM 100 × 31": LGBMRegressor(**BOOSTED),
    "LightGBM 100 × 31, Tweedie": LGBMRegressor(objective="tweedie", **BOOSTED),
    "histogram boosting, Gamma": HistGradientBoostingRegressor(loss="gamma"),
    "Ridge": Ridge(),
    "Poisson": PoissonRegressor(),
    "Tweedie": TweedieRegressor(power=1.5),
    "network": MLPRegressor(hidden_layer_sizes=(20, 10), max_iter=1000, random_state=0),
    "text, gaps, scaler, tree": make_pipeline(encoder(), TREE),
}
#: What predictions are multiplied by: doses, amounts, and turnover.
UNITS = (1e-9, 1.0, 1e9)


def fit(name: str, unit: float, rows: Any) -> DistilledRegressor:
    """Return a student of amounts, which a teacher expects of rows."""
    train = rows[:5_000]
    X = with_gaps(train) if "text" in name else train.filter(like="x").to_numpy()
    amounts = unit * np.exp(3 + train["x0"] + 0.5 * (train["x1"] > 0)).to_numpy()
    model = DistillerRegressor(None, STUDENTS[name])
    return model.fit(X, teacher_prediction=amounts).regressor_


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    rows, _ = rows_of(2, options.rows)
    lines: list[list[Any]] = []
    for name in STUDENTS:
        for unit in UNITS:
            # A deviance of counts knows no amounts of that size.
            if unit != 1 and name in ("Poisson", "Tweedie", "network"):
                continue
            lines.append([name, f"{unit:g}", *told(name, fit(name, unit, rows), rows)])
            print(*lines[-1], flush=True)
    header = ["student", "unit", *WAYS, "rows in SQL"]
    about = fill("export", "numbers", rows=f"{options.rows:,}")
    page = heading("Exactness of files of numbers", "export.numbers", about)
    write(RESULTS / "export" / "numbers.md", f"{page}\n\n{table(header, lines)}")


if __name__ == "__main__":
    main()
