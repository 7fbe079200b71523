"""What students of many kinds gain from teachers of many kinds, on real tables.

Three tables: a dozen pairs of teacher and student on a two-class and a many-class table; students
that see only the cheap columns while the teacher sees all; and LightGBM students large and small,
where the teacher knows more and where it knows less than the student.

    python -m benchmarks.students [--parts pairs columns boosting] [--seeds 3] [--render]

Optional packages: xgboost, interpret-core (a pair whose package is missing is left out).
"""

import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skdistill import LGBMSoftClassifier, SoftmaxRegression

from . import runner
from .data import load, split
from .models import distillers, forest, scaled, small_forest, tree
from .page import HERE, RESULTS, blocks, fill, heading, measured_before, table, write
from .scores import mean_and_error, scores
from .store import Store

Rows = list[dict[str, Any]]


class Cell(NamedTuple):
    """A part on one split."""

    part: str
    seed: int

    shared = slice(None)  # it shares nothing with others


# ---- measuring -------------------------------------------------------------------------------


def measure(cells: list[Cell], settings: dict, folder: Path) -> Iterator[tuple]:
    """Yield parts and their rows."""
    for cell in cells:
        yield cell, {"rows": [*PARTS[cell.part](cell.seed)]}


def measure_models(models: dict[str, Any], data: list[Any], **about: Any) -> Iterator[dict]:
    """Fit and score each model on the same rows."""
    X, X_test, y, y_test = data
    for name, model in models.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = scores(model.fit(X, y), X_test, y_test)
        chosen = {"chosen": str(getattr(model, "best_candidate_", ""))}
        yield {**about, "method": name, **found, **chosen, "seconds": time.perf_counter() - start}


def taught(teacher: Any, student: Any, *, seed: int = 0, cv: Any = 5) -> dict[str, Any]:
    """Return the student on labels, in-sample, cross-fitted, corrected and tuned."""
    names = ["labels", "in-sample", "out-of-bag" if cv == "oob" else "cross-fit", "corrected"]
    made = distillers(teacher, student, cv=cv, seed=seed).values()
    return dict(zip([*names, "tuned"], made, strict=True))


# ---- a dozen pairs ---------------------------------------------------------------------------


def stacked() -> StackingClassifier:
    linear = scaled(LogisticRegression(max_iter=500))
    members = [("forest", forest(100)), ("linear", linear)]
    members.insert(1, ("boosting", HistGradientBoostingClassifier(random_state=0)))
    return StackingClassifier(members, LogisticRegression(max_iter=500), cv=3)


def network() -> Any:
    layers = {"hidden_layer_sizes": (64, 64), "early_stopping": True, "random_state": 0}
    return scaled(MLPClassifier(**layers))


def xgboost_student() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=50, max_depth=5, random_state=0, n_jobs=1)


def explainable_student() -> Any:
    from interpret.glassbox import ExplainableBoostingClassifier

    size = {"interactions": 0, "outer_bags": 1, "max_rounds": 500}
    return ExplainableBoostingClassifier(**size, random_state=0, n_jobs=1)


def small_network() -> Any:
    layers = {"hidden_layer_sizes": (16,), "early_stopping": True, "random_state": 0}
    return scaled(MLPRegressor(**layers))


TEACHERS: dict[str, Callable[[], Any]] = {
    "forest": lambda: forest(300),
    "boosting": lambda: HistGradientBoostingClassifier(random_state=0),
    "stacked ensemble": stacked,
    "MLP": network,
    "calibrated SVM": lambda: scaled(CalibratedClassifierCV(SVC(), ensemble=False)),
}
STUDENTS: dict[str, Callable[[], Any]] = {
    "unpruned tree": tree,
    "forest of 10": lambda: small_forest(10),
    "LightGBM 50": lambda: LGBMSoftClassifier(n_estimators=50, n_jobs=1),
    "XGBoost 50, by weighted copies": xgboost_student,
    "linear": lambda: scaled(SoftmaxRegression()),
    "tree of 128 leaves": lambda: tree(128),
    "MLP of 16": small_network,
    "k-NN, 5": lambda: scaled(KNeighborsRegressor(5)),
    "explainable boosting machine": explainable_student,
    "Pipeline: 8 columns, tree of 128": lambda: seeing(slice(0, 8), tree(128)),
}
PAIRS = (
    ("forest", "unpruned tree"),
    ("forest", "forest of 10"),
    ("forest", "LightGBM 50"),
    ("boosting", "XGBoost 50, by weighted copies"),
    ("boosting", "linear"),
    ("boosting", "tree of 128 leaves"),
    ("stacked ensemble", "LightGBM 50"),
    ("stacked ensemble", "MLP of 16"),
    ("MLP", "unpruned tree"),
    ("MLP", "k-NN, 5"),
    ("calibrated SVM", "explainable boosting machine"),
    ("calibrated SVM", "linear"),
    ("forest", "Pipeline: 8 columns, tree of 128"),
)
PACKAGES = {
    "XGBoost 50, by weighted copies": "xgboost",
    "explainable boosting machine": "interpret",
}
PAIR_TABLES = ("online_shoppers", "satimage")
PAIR_ROWS = 4_000


def seeing(columns: Any, student: Any) -> Any:
    """Return a student that sees some columns."""
    return make_pipeline(make_column_transformer(("passthrough", columns)), student)


def pairs(seed: int) -> Iterator[dict[str, Any]]:
    """Teach each student of a pair on labels, by cross-fitting and with the correction."""
    for name in PAIR_TABLES:
        data = split(name, seed, PAIR_ROWS)
        for teacher, student in PAIRS:
            package = PACKAGES.get(student)
            if package and find_spec(package) is None:
                print(f"{package} is not installed: left out {student}")
                continue
            models = taught(TEACHERS[teacher](), STUDENTS[student]())
            models = {name: models[name] for name in ("labels", "cross-fit", "corrected")}
            models["teacher"] = TEACHERS[teacher]()
            about = {"table": name, "teacher": teacher, "student": student}
            yield from measure_models(models, data, **about)


# ---- cheap columns for the student -----------------------------------------------------------

# What one knows of a person without asking about money, work and family.
CHEAP = ["age", "education-num", "sex", "race", "native-country", "hours-per-week"]


def columns(seed: int) -> Iterator[dict[str, Any]]:
    """Let the teacher see all columns of Adult, and the student the cheap ones."""
    frame, _ = load("adult")
    cheap = [frame.columns.get_loc(name) for name in CHEAP if name in frame.columns]
    last = {"tree of 64 leaves": lambda: tree(64)}
    last |= {name: STUDENTS[name] for name in ("unpruned tree", "LightGBM 50")}
    teacher = LGBMClassifier(n_estimators=100, random_state=0, n_jobs=1, verbose=-1)
    for rows in (2_000, None):
        data = split("adult", seed, rows)
        for student, make in last.items():
            about = {"table": f"adult, {len(data[0]):,} rows", "teacher": "LightGBM 100"}
            models = taught(teacher, seeing(cheap, make()))
            del models["tuned"]
            yield from measure_models(models, data, **about, student=student)


# ---- boosted students ------------------------------------------------------------------------


def boosting_students(seed: int) -> Iterator[dict[str, Any]]:
    """Teach LightGBM by a forest that knows more (FICO) and one that knows less (Adult)."""
    teacher = forest(500, seed, n_jobs=-1)
    for name in ("fico_heloc", "adult"):
        data = split(name, seed)
        for trees, leaves in ((30, 16), (300, 31)):
            student = LGBMSoftClassifier(n_estimators=trees, num_leaves=leaves, n_jobs=1)
            models = taught(teacher, student, seed=seed, cv="oob")
            if trees == 30:
                models["teacher"] = clone(teacher)
            about = {"table": name, "teacher": "forest of 500", "student": f"{trees} × {leaves}"}
            yield from measure_models(models, data, **about)
    # A tree of 1,024 leaves, taught by LightGBM on Adult.
    teacher = LGBMClassifier(n_estimators=400, random_state=seed, n_jobs=1, verbose=-1)
    student = tree(1_024, seed)
    models = taught(teacher, student, seed=seed) | {"teacher": clone(teacher)}
    about = {"table": "adult", "teacher": "LightGBM 400", "student": "tree of 1,024 leaves"}
    yield from measure_models(models, data, **about)


PARTS = {"pairs": pairs, "columns": columns, "boosting": boosting_students}


# ---- the page, and the tables of the user guide ----------------------------------------------

GUIDE = HERE.parent / "docs" / "user_guide" / "students_measured.inc"


def grouped(rows: Rows, *fields: str) -> dict[tuple, Rows]:
    """Return rows by some fields, in the order in which they came."""
    groups: dict[tuple, Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[field] for field in fields), []).append(row)
    return groups


def numbers(rows: Rows, score: str, **wanted: str) -> np.ndarray:
    """Return a score of the rows that have the wanted fields."""
    return np.array([r[score] for r in rows if all(r[f] == v for f, v in wanted.items())])


def part_table(rows: Rows) -> str:
    """Return a line for each student, with its scores by each method."""
    methods = [method for (method,) in grouped(rows, "method")]
    lines = [
        [*names, score.replace("_", " "), *(cell(own, method, score) for method in methods)]
        for names, own in grouped(rows, "table", "teacher", "student").items()
        for score in ("log_loss", "auc")
    ]
    return table(["table", "teacher", "student", "score", *methods], lines)


def cell(rows: Rows, method: str, score: str) -> str:
    """Return a mean, and behind it the standard error of its difference from labels."""
    values = numbers(rows, score, method=method)
    if not len(values):
        return ""
    text = f"{values.mean():.4f}"
    if method not in ("labels", "teacher") and len(values) > 1:
        text += f" ({mean_and_error(values - numbers(rows, score, method='labels'), '+.4f')})"
    chosen = sorted({r["chosen"] for r in rows if r["method"] == method} - {""})
    return text + (f", chose {' or '.join(chosen)}" if chosen else "")


def rst_table(lines: list[list[str]]) -> str:
    """Lay out lines, the first of which is the header, in reStructuredText."""
    text = ".. list-table::\n   :header-rows: 1\n\n"
    for line in lines:
        text += "".join(f"   {'* -' if k == 0 else '  -'} {cell}\n" for k, cell in enumerate(line))
    return text.strip("\n")


def best_bold(means: list[float], best: Callable[..., float]) -> list[str]:
    """Write numbers, the best of them bold, and nothing for those that are not there."""
    known = best((m for m in means if not np.isnan(m)), default=np.nan)
    marks = ["**" if m == known else "" for m in means]
    return ["" if np.isnan(m) else f"{b}{m:.3f}{b}" for m, b in zip(means, marks, strict=True)]


def mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else np.nan


def pair_lines(rows: Rows) -> list[list[str]]:
    """Return a line for each pair, with both tables side by side."""
    methods = ("labels", "cross-fit", "corrected")
    lines = [["teacher", "student", *(f"{name}, {m}" for name in ("two", "six") for m in methods)]]
    for names, own in grouped(rows, "teacher", "student").items():
        cells = [*names]
        for name in PAIR_TABLES:
            means = [mean(numbers(own, "log_loss", table=name, method=m)) for m in methods]
            cells += best_bold(means, min)
        lines.append(cells)
    return lines


def student_lines(rows: Rows, score: str, best: Callable[..., float]) -> list[list[str]]:
    """Return a line for each table and student, and in it a mean for each method."""
    methods = [method for (method,) in grouped(rows, "method") if method != "teacher"]
    return [["table", "student", *methods]] + [
        [*names, *best_bold([mean(numbers(own, score, method=m)) for m in methods], best)]
        for names, own in grouped(rows, "table", "student").items()
    ]


def render(runs: dict[Cell, dict], told: str) -> None:
    """Write the page, and when all parts are there the tables of the user guide."""
    own = {part: [run["rows"] for cell, run in runs.items() if cell.part == part] for part in PARTS}
    flat = {part: [row for rows in found for row in rows] for part, found in own.items()}
    known = {"rows": PAIR_ROWS, "columns": ", ".join(CHEAP)}
    page = [heading("Students of many kinds", "students", fill("students", "about"), told)]
    for part, found in own.items():
        words = {**known, "splits": len(found), "table": part_table(flat[part])}
        page += [fill("students", part, **words)] if found else []
    write(RESULTS / "students.md", blocks(page))
    if not all(own.values()):
        return
    tables = [
        rst_table(pair_lines(flat["pairs"])),
        rst_table(student_lines(flat["columns"], "log_loss", min)),
        rst_table(student_lines(flat["boosting"], "auc", max)),
    ]
    guide = [
        fill("students", f"guide {part}", splits=len(own[part]), table=text, **known)
        for part, text in zip(PARTS, tables, strict=True)
    ]
    write(GUIDE, blocks(guide))


def main() -> None:
    parser = runner.parser(__doc__, parts=[*PARTS])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    store, failed = Store(RESULTS / "students.jsonl", Cell), []
    cells = [Cell(part, seed) for seed in range(options.seeds) for part in options.parts]
    if not options.render:
        failed = runner.measure_here(cells, store, measure, {})
    told = measured_before(RESULTS / "students.md") if options.render else ""
    render(store.read(), told)
    runner.report(failed)


if __name__ == "__main__":
    main()
