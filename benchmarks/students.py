"""What students of many kinds gain from teachers of many kinds, on real tables.

Three tables: a dozen pairs of teacher and student on a two-class and a many-class table; students
that see only the cheap columns while the teacher sees all; and LightGBM students large and small,
where the teacher knows more and where it knows less than the student.

    python benchmarks/students.py [--parts pairs columns boosting] [--seeds 3] [--render]

Optional packages: xgboost, interpret-core (a pair whose package is missing is left out).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    SoftmaxRegression,
)
from skdistill.evaluation import student_on_labels
from skdistill.targets.losses import floor_proba

sys.path.insert(0, str(Path(__file__).parent))
from datasets import load, load_numbers
from report import RESULTS, heading, table, write

FLOOR = 1 / 500
STORE = RESULTS / "students.json"

# ---- measuring -------------------------------------------------------------------------------


def split(name: str, seed: int, rows: int | None = None) -> list[Any]:
    """Return training and test rows as numbers, then their labels as codes."""
    X, y = load_numbers(name)
    n_train = min(rows or len(y), int(0.7 * len(y)))
    return train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)


def scores(model: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return test log loss and AUC (one against the rest for several classes)."""
    proba = model.predict_proba(X)
    floored = floor_proba(proba, FLOOR)
    two = proba.shape[1] == 2
    auc = roc_auc_score(y, proba[:, 1] if two else proba, multi_class="ovr")
    loss = -np.log(floored[np.arange(len(y)), y]).mean()
    return {"log_loss": float(loss), "auc": float(auc)}


def measure(models: dict[str, Any], data: list[Any], **about: Any) -> Iterator[dict[str, Any]]:
    """Fit and score each model on the same rows."""
    X, X_test, y, y_test = data
    for name, model in models.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, y)
            found = scores(model, X_test, y_test)
        chosen = {"chosen": str(getattr(model, "best_candidate_", ""))}
        yield {**about, "method": name, **found, **chosen, "seconds": time.perf_counter() - start}


# ---- a dozen pairs ---------------------------------------------------------------------------


def forest(trees: int = 300) -> RandomForestClassifier:
    return RandomForestClassifier(trees, random_state=0)


def boosting() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(random_state=0)


def stacked() -> StackingClassifier:
    members = [
        ("forest", forest(100)),
        ("boosting", boosting()),
        ("linear", make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))),
    ]
    return StackingClassifier(members, LogisticRegression(max_iter=500), cv=3)


def network() -> Any:
    layers = MLPClassifier(hidden_layer_sizes=(64, 64), early_stopping=True, random_state=0)
    return make_pipeline(StandardScaler(), layers)


def support_vectors() -> Any:
    return make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(), ensemble=False))


def xgboost_student() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=50, max_depth=5, random_state=0, n_jobs=1)


def explainable_student() -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(
        interactions=0, outer_bags=1, max_rounds=500, random_state=0, n_jobs=1
    )


def first_columns() -> Any:
    """Return a tree that sees the first half of the columns."""
    return make_pipeline(
        make_column_transformer(("passthrough", slice(0, 8))),
        DecisionTreeRegressor(max_leaf_nodes=128, random_state=0),
    )


Maker = Callable[[], Any]
PAIRS: list[tuple[str, Maker, str, Maker, str]] = [
    ("forest", forest, "unpruned tree", lambda: DecisionTreeRegressor(random_state=0), ""),
    ("forest", forest, "forest of 10", lambda: RandomForestRegressor(10, random_state=0), ""),
    ("forest", forest, "LightGBM 50", lambda: LGBMSoftClassifier(n_estimators=50, n_jobs=1), ""),
    ("boosting", boosting, "XGBoost 50, by weighted copies", xgboost_student, "xgboost"),
    (
        "boosting",
        boosting,
        "linear",
        lambda: make_pipeline(StandardScaler(), SoftmaxRegression()),
        "",
    ),
    (
        "boosting",
        boosting,
        "tree of 128 leaves",
        lambda: DecisionTreeRegressor(max_leaf_nodes=128, random_state=0),
        "",
    ),
    (
        "stacked ensemble",
        stacked,
        "LightGBM 50",
        lambda: LGBMSoftClassifier(n_estimators=50, n_jobs=1),
        "",
    ),
    (
        "stacked ensemble",
        stacked,
        "MLP of 16",
        lambda: make_pipeline(
            StandardScaler(),
            MLPRegressor(hidden_layer_sizes=(16,), early_stopping=True, random_state=0),
        ),
        "",
    ),
    ("MLP", network, "unpruned tree", lambda: DecisionTreeRegressor(random_state=0), ""),
    (
        "MLP",
        network,
        "k-NN, 5",
        lambda: make_pipeline(StandardScaler(), KNeighborsRegressor(5)),
        "",
    ),
    (
        "calibrated SVM",
        support_vectors,
        "explainable boosting machine",
        explainable_student,
        "interpret",
    ),
    (
        "calibrated SVM",
        support_vectors,
        "linear",
        lambda: make_pipeline(StandardScaler(), SoftmaxRegression()),
        "",
    ),
    ("forest", forest, "Pipeline: 8 columns, tree of 128", first_columns, ""),
]
PAIR_TABLES = ("online_shoppers", "satimage")
PAIR_ROWS = 4_000


def pairs(seed: int) -> Iterator[dict[str, Any]]:
    """Teach each student of a pair on labels, by cross-fitting and with the correction."""
    for name in PAIR_TABLES:
        data = split(name, seed, PAIR_ROWS)
        for teacher_name, make_teacher, student_name, make_student, package in PAIRS:
            if package and find_spec(package) is None:
                print(f"{package} is not installed: left out {student_name}")
                continue
            teacher, student = make_teacher(), make_student()
            models = {
                "labels": student_on_labels(student),
                "cross-fit": CrossFitDistiller(teacher, student, random_state=0),
                "corrected": LossCorrectedDistiller(teacher, student, random_state=0),
                "teacher": clone(teacher),
            }
            about = {"table": name, "teacher": teacher_name, "student": student_name}
            yield from measure(models, data, **about)


# ---- cheap columns for the student -----------------------------------------------------------

# What one knows of a person without asking about money, work and family.
CHEAP = ["age", "education-num", "sex", "race", "native-country", "hours-per-week"]


def columns(seed: int) -> Iterator[dict[str, Any]]:
    """Let the teacher see all columns of Adult, and the student the cheap ones."""
    frame, _ = load("adult")
    cheap = [frame.columns.get_loc(name) for name in CHEAP if name in frame.columns]
    students = {
        "tree of 64 leaves": DecisionTreeRegressor(max_leaf_nodes=64, random_state=0),
        "unpruned tree": DecisionTreeRegressor(random_state=0),
        "LightGBM 50": LGBMSoftClassifier(n_estimators=50, n_jobs=1),
    }
    teacher = LGBMClassifier(n_estimators=100, random_state=0, n_jobs=1, verbose=-1)
    for rows in (2_000, None):
        data = split("adult", seed, rows)
        name = f"adult, {len(data[0]):,} rows"
        for student_name, last in students.items():
            student = make_pipeline(make_column_transformer(("passthrough", cheap)), last)
            models = {
                "labels": student_on_labels(student),
                "in-sample": Distiller(teacher, student),
                "cross-fit": CrossFitDistiller(teacher, student, random_state=0),
                "corrected": LossCorrectedDistiller(teacher, student, random_state=0),
            }
            about = {"table": name, "teacher": "LightGBM 100", "student": student_name}
            yield from measure(models, data, **about)


# ---- boosted students ------------------------------------------------------------------------


def boosting_students(seed: int) -> Iterator[dict[str, Any]]:
    """Teach LightGBM by a forest that knows more (FICO) and one that knows less (Adult)."""
    teacher = RandomForestClassifier(500, random_state=seed, n_jobs=-1)
    oob = {"cv": "oob", "random_state": seed}
    for name in ("fico_heloc", "adult"):
        data = split(name, seed)
        for trees, leaves in ((30, 16), (300, 31)):
            student = LGBMSoftClassifier(n_estimators=trees, num_leaves=leaves, n_jobs=1)
            models = {
                "labels": student_on_labels(student),
                "in-sample": Distiller(teacher, student),
                "out-of-bag": CrossFitDistiller(teacher, student, **oob),
                "corrected": LossCorrectedDistiller(teacher, student, **oob),
                "tuned": LossCorrectedDistillerCV(
                    teacher, student, teacher_cv="oob", random_state=seed
                ),
            }
            if trees == 30:
                models["teacher"] = clone(teacher)
            about = {"table": name, "teacher": "forest of 500", "student": f"{trees} × {leaves}"}
            yield from measure(models, data, **about)
    yield from tree_of_boosting(data, seed)


def tree_of_boosting(data: list[Any], seed: int) -> Iterator[dict[str, Any]]:
    """Teach a tree of 1,024 leaves by LightGBM on Adult."""
    teacher = LGBMClassifier(n_estimators=400, random_state=seed, n_jobs=1, verbose=-1)
    student = DecisionTreeRegressor(max_leaf_nodes=1_024, random_state=seed)
    models = {
        "labels": student_on_labels(student),
        "in-sample": Distiller(teacher, student),
        "cross-fit": CrossFitDistiller(teacher, student, random_state=seed),
        "corrected": LossCorrectedDistiller(teacher, student, random_state=seed),
        "tuned": LossCorrectedDistillerCV(teacher, student, random_state=seed),
        "teacher": clone(teacher),
    }
    about = {"table": "adult", "teacher": "LightGBM 400", "student": "tree of 1,024 leaves"}
    yield from measure(models, data, **about)


PARTS = {"pairs": pairs, "columns": columns, "boosting": boosting_students}


# ---- the page --------------------------------------------------------------------------------

TITLES = {
    "pairs": "A dozen pairs",
    "columns": "Different columns for teacher and student",
    "boosting": "Boosted students",
}
TEXTS = {
    "pairs": f"At most {PAIR_ROWS:,} training rows. Five folds.",
    "columns": f"The teacher sees all columns, the student {', '.join(CHEAP)}.",
    "boosting": "70 % of the rows. The forest is asked out-of-bag; LightGBM in five folds.",
}


def render(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Lay out what was measured."""
    about = (
        "Test scores of the same student taught in different ways: means over splits, behind ± "
        "the standard error over splits of the difference from the student on labels. Log loss "
        "with probabilities floored at 1/500, AUC one against the rest. Tables from "
        "`SKDISTILL_DATA`."
    )
    page = heading("Students of many kinds", "python benchmarks/students.py", about)
    for part, title in TITLES.items():
        found = [run for key, run in runs.items() if key.startswith(part)]
        if found:
            flat = [row for run in found for row in run]
            page += f"\n## {title}\n\n{TEXTS[part]} Splits: {len(found)}.\n\n" + part_table(flat)
    return page


def part_table(rows: list[dict[str, Any]]) -> str:
    """Return a line for each student, with its scores by each method."""
    keys = list(dict.fromkeys((r["table"], r["teacher"], r["student"]) for r in rows))
    methods = list(dict.fromkeys(r["method"] for r in rows))
    lines = []
    for key in keys:
        own = [r for r in rows if (r["table"], r["teacher"], r["student"]) == key]
        for measure_name in ("log_loss", "auc"):
            cells = [cell(own, method, measure_name) for method in methods]
            lines.append([*key, measure_name.replace("_", " "), *cells])
    return table(["table", "teacher", "student", "score", *methods], lines)


def cell(rows: list[dict[str, Any]], method: str, measure_name: str) -> str:
    """Return a mean, and behind it the standard error of its difference from labels."""
    values = np.array([r[measure_name] for r in rows if r["method"] == method])
    if not len(values):
        return ""
    labels = np.array([r[measure_name] for r in rows if r["method"] == "labels"])
    text = f"{values.mean():.4f}"
    if method not in ("labels", "teacher") and len(values) > 1:
        difference = values - labels
        text += f" ({difference.mean():+.4f} ± {difference.std(ddof=1) / len(values) ** 0.5:.4f})"
    chosen = sorted({r["chosen"] for r in rows if r["method"] == method} - {""})
    return text + (f", chose {' or '.join(chosen)}" if chosen else "")


# ---- the table of the user guide ------------------------------------------------------------

GUIDE = Path(__file__).parents[1] / "docs" / "user_guide" / "students_measured.inc"
GUIDE_TEXT = """What was measured
-----------------

Test log loss of the same student on labels, and on what a teacher says, for two classes
(``online_shoppers``) and six (``satimage``), at most {rows:,} training rows; number of splits:
{splits}. The best of the three is bold. Everything is in ``benchmarks/results/students.md``, with
standard errors and AUC.

"""


COLUMNS_TEXT = """
Different columns for teacher and student
-----------------------------------------

The teacher may see columns that will not be there, or cost too much, when the student predicts. On
Adult the student sees {columns}; the teacher, LightGBM, sees all. With few rows the student gains
much, because the teacher's probabilities are less noisy than labels; with many, little. Test log
loss, means over {splits} splits; ``benchmarks/results/students.md`` has the rest.

"""
BOOSTING_TEXT = """
Where it pays, and where it does not
------------------------------------

Test AUC of LightGBM students of a forest of 500 trees (out-of-bag), and of a tree taught by
LightGBM of 400 trees, means over {splits} splits. On FICO the forest knows more than a big booster
finds by itself, and distillation lifts the booster above its teacher or close to it. On Adult the
forest is the weaker model, and following it hurts; the tuned distiller comes back to the labels'
score. Distillation pays where the teacher knows something that the student alone does not. What it
knows may be no more than that a smaller or slower student would do: with leaves and learning rate
tuned on labels, the big booster on FICO reaches the distilled one's AUC by itself
(``benchmarks/results/readme_table.md``).

"""


def rst_table(lines: list[list[str]]) -> str:
    """Lay out lines, the first of which is the header, in reStructuredText."""
    text = ".. list-table::\n   :header-rows: 1\n\n"
    for line in lines:
        text += "".join(f"   {'* -' if k == 0 else '  -'} {cell}\n" for k, cell in enumerate(line))
    return text


def best_bold(means: list[float], best: float) -> list[str]:
    """Write numbers, the best of them bold."""
    return [f"**{m:.3f}**" if m == best else f"{m:.3f}" for m in means]


def guide(runs: dict[str, list[dict[str, Any]]]) -> str:
    """Lay out the measured tables for the user guide, in reStructuredText."""
    pairs_runs, columns_runs, boosting_runs = (
        [run for key, run in runs.items() if key.startswith(part)] for part in PARTS
    )
    text = GUIDE_TEXT.format(splits=len(pairs_runs), rows=PAIR_ROWS)
    text += rst_table(pair_lines([row for run in pairs_runs for row in run]))
    text += COLUMNS_TEXT.format(columns=", ".join(CHEAP), splits=len(columns_runs))
    text += rst_table(student_lines(columns_runs, "log_loss", min))
    text += BOOSTING_TEXT.format(splits=len(boosting_runs))
    return text + rst_table(student_lines(boosting_runs, "auc", max))


def pair_lines(rows: list[dict[str, Any]]) -> list[list[str]]:
    """Return a line for each pair, with both tables side by side."""
    methods = ("labels", "cross-fit", "corrected")
    lines = [["teacher", "student", *(f"{name}, {m}" for name in ("two", "six") for m in methods)]]
    for teacher, student in dict.fromkeys((r["teacher"], r["student"]) for r in rows):
        own = [r for r in rows if (r["teacher"], r["student"]) == (teacher, student)]
        cells = [teacher, student]
        for name in PAIR_TABLES:
            means = [
                np.mean([r["log_loss"] for r in own if (r["table"], r["method"]) == (name, m)])
                for m in methods
            ]
            cells += best_bold(means, min(means))
        lines.append(cells)
    return lines


def student_lines(
    runs: list[list[dict[str, Any]]], measure_name: str, best: Callable[[list[float]], float]
) -> list[list[str]]:
    """Return a line for each table and student, and in it a mean for each method."""
    rows = [row for run in runs for row in run]
    methods = [m for m in dict.fromkeys(r["method"] for r in rows) if m != "teacher"]
    lines = [["table", "student", *methods]]
    for name, student in dict.fromkeys((r["table"], r["student"]) for r in rows):
        own = [r for r in rows if (r["table"], r["student"]) == (name, student)]
        found = {m: [r[measure_name] for r in own if r["method"] == m] for m in methods}
        means = [float(np.mean(v)) if v else np.nan for v in found.values()]
        known = [m for m in means if not np.isnan(m)]
        cells = best_bold(means, best(known))
        lines.append([name, student, *("" if cell == "nan" else cell for cell in cells)])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--render", action="store_true", help="only write the page")
    options = parser.parse_args()
    runs = json.loads(STORE.read_text()) if STORE.exists() else {}
    for seed in range(0 if options.render else options.seeds):
        for part in options.parts:
            key = f"{part}/{seed}"
            if key in runs:
                continue
            start = time.perf_counter()
            runs[key] = list(PARTS[part](seed))
            half = STORE.with_suffix(".part")
            half.write_text(json.dumps(runs, indent=1) + "\n")
            half.replace(STORE)
            print(f"{key}: {time.perf_counter() - start:.0f} s", flush=True)
    write("students.md", render(runs))
    if {key.partition("/")[0] for key in runs} == set(PARTS):
        GUIDE.write_text(guide(runs), encoding="utf-8")


if __name__ == "__main__":
    main()
