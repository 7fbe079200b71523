"""Compare a teacher and its students: ``python -m skdistill``, or with the name of a CSV file."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    ExtraTreesClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from .evaluation import compare_students, make_noisy_table
from .evaluation.measure.measurement import LARGE_BATCH
from .evaluation.measure.scores import bayes_log_loss
from .evaluation.show.pictures import pyplot
from .evaluation.show.report import Section, html_report
from .evaluation.show.results import Comparison
from .evaluation.show.tables import format_quantity, format_size, text_table

FOLDS = 5
TEST_SHARE = 0.3
# A forest of this many trees answers out-of-bag, which spares the fits of folds; with fewer, some
# rows would have hardly any tree that has not seen them.
TREES_OUT_OF_BAG = 100
# With 8 rows of a class at least 5 are trained on, one for each fold.
ROWS_PER_CLASS = 8
MOST_NUMERIC_CLASSES = 50
SIMULATED_ROWS = 2_000
SIMULATED_TEST_ROWS = 10_000
LINE_WIDTH = 94


class BadInputError(Exception):
    """Something that the user can put right; its message is one line."""


class Table(NamedTuple):
    """Rows to train and to test on, and the test rows' Bayes probabilities where known."""

    name: str
    X_train: Any
    X_test: Any
    y_train: NDArray[Any]
    y_test: NDArray[Any]
    bayes_proba: NDArray[np.float64] | None = None


# ---- teachers and students -------------------------------------------------------------------


def _lightgbm(seed: int, trees: int) -> Any:
    from lightgbm import LGBMClassifier

    # One thread, as its prediction is timed on one core like everybody's.
    return LGBMClassifier(n_estimators=trees, random_state=seed, n_jobs=1, verbose=-1)


def _logistic(seed: int) -> Any:
    return LogisticRegression(max_iter=2000)


TEACHERS: dict[str, Callable[[int, int], Any]] = {
    "forest": lambda seed, trees: RandomForestClassifier(trees, random_state=seed, n_jobs=-1),
    "extra_trees": lambda seed, trees: ExtraTreesClassifier(trees, random_state=seed, n_jobs=-1),
    "lightgbm": _lightgbm,
}
STUDENTS: dict[str, Callable[[int], Any]] = {
    "tree": lambda seed: DecisionTreeRegressor(random_state=seed),
    "tree256": lambda seed: DecisionTreeRegressor(max_leaf_nodes=256, random_state=seed),
    "forest10": lambda seed: RandomForestRegressor(10, random_state=seed),
    "lightgbm": lambda seed: _lightgbm(seed, trees=100),
    "logistic": _logistic,
}


def _text_columns(X: Any) -> list[str]:
    return list(X.select_dtypes(exclude="number").columns) if hasattr(X, "columns") else []


def _for_trees(estimator: Any, X: Any) -> Any:
    """Put ordinal codes in the place of text; trees take missing values as they are."""
    text = _text_columns(X)
    if not text:
        return estimator
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    columns = make_column_transformer(
        (codes, text), remainder="passthrough", verbose_feature_names_out=False
    )
    return make_pipeline(columns, estimator)


def _for_linear_model(estimator: Any, X: Any) -> Any:
    """Impute and scale numbers, one column for each frequent value of text."""
    text = _text_columns(X)
    numbers = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    if not text:
        return make_pipeline(numbers, estimator)
    one_hot = OneHotEncoder(handle_unknown="ignore", max_categories=50)
    columns = make_column_transformer((one_hot, text), remainder=numbers)
    return make_pipeline(columns, estimator)


def _student(name: str, seed: int, X: Any) -> Any:
    prepare = _for_linear_model if name == "logistic" else _for_trees
    return prepare(STUDENTS[name](seed), X)


# ---- built-in tables -------------------------------------------------------------------------


def _split(name: str, X: Any, y: NDArray[Any], seed: int) -> Table:
    parts = train_test_split(X, y, test_size=TEST_SHARE, stratify=y, random_state=seed)
    return Table(name, *parts)


def _digits(rows: int | None, seed: int) -> Table:
    X, y = load_digits(return_X_y=True)
    if rows is not None and rows < len(y):
        chosen = np.random.RandomState(seed).permutation(len(y))[:rows]
        X, y = X[chosen], y[chosen]
    _check_classes(y)
    return _split("Handwritten digits", X, y, seed)


def _simulated(rows: int | None, seed: int) -> Table:
    X, y, _ = make_noisy_table(rows or SIMULATED_ROWS, random_state=seed)
    _check_classes(y)
    X_test, y_test, bayes_proba = make_noisy_table(SIMULATED_TEST_ROWS, random_state=seed + 1)
    return Table("Simulated noisy table", X, X_test, y, y_test, bayes_proba)


# ---- the user's own table --------------------------------------------------------------------


def _own_table(path: str, target: str | None, rows: int | None, seed: int) -> Table:
    frame = _read(path)
    _check_target(frame, target)
    missing = int(frame[target].isna().sum())
    if missing:
        print(f"Left out {missing:,} rows whose {target!r} is missing.\n")
        frame = frame[frame[target].notna()]
    if rows is not None and rows < len(frame):
        frame = frame.sample(rows, random_state=seed)
    y = _labels(frame[target])
    _check_classes(y)
    X = _features(frame.drop(columns=target))
    return _split(os.path.basename(path), X, y, seed)


def _read(path: str) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise BadInputError("Reading a table needs pandas: pip install skdistill[table]") from None
    try:
        # low_memory guesses a column's type chunk by chunk, and may guess differently.
        return pd.read_csv(path, low_memory=False)
    except FileNotFoundError:
        raise BadInputError(f"There is no file {path!r}.") from None
    except (OSError, EOFError, ValueError) as error:  # pandas' own errors are ValueErrors
        reason = " ".join(str(error).split())
        raise BadInputError(f"Could not read {path!r} as CSV: {reason}") from None


def _check_target(frame: Any, target: str | None) -> None:
    columns = ", ".join(map(str, frame.columns))
    if target is None:
        raise BadInputError(f"Say with --target which column to predict; there are: {columns}")
    if target not in frame.columns:
        raise BadInputError(f"There is no column {target!r}; there are: {columns}")
    if frame.shape[1] < 2:
        raise BadInputError(f"There is no column beside {target!r} to predict it from.")


def _labels(target: Any) -> NDArray[Any]:
    """Return whole numbers, truth values or text, from a column without missing values."""
    target = target.infer_objects()
    if target.dtype == bool:
        return np.asarray(target)
    if target.dtype.kind not in "iuf":
        return np.asarray(target.astype(str), dtype=object)
    values = np.asarray(target)
    if (values != np.round(values)).any() or len(np.unique(values)) > MOST_NUMERIC_CLASSES:
        raise BadInputError(
            f"{target.name!r} holds {len(np.unique(values)):,} different numbers, which looks "
            "like a quantity (a regression target): skdistill predicts classes."
        )
    # A column of whole numbers with missing values was read as floats.
    return values.astype(np.int64)


def _check_classes(y: NDArray[Any]) -> None:
    classes, counts = np.unique(y, return_counts=True)
    names = classes.tolist()
    if len(names) < 2:
        raise BadInputError(f"The target must hold at least 2 classes, found {names}.")
    rarest = int(counts.argmin())
    if counts[rarest] < ROWS_PER_CLASS:
        raise BadInputError(
            f"Class {names[rarest]!r} has {counts[rarest]} rows, but each of the {len(names)} "
            f"classes needs at least {ROWS_PER_CLASS}: {FOLDS} folds in the "
            f"{1 - TEST_SHARE:.0%} of rows that are trained on. Take more rows, or join or "
            "leave out rare classes."
        )


def _features(X: Any) -> Any:
    """Return a frame of numbers and text, or an array of numbers, without empty columns."""
    X = X.dropna(axis="columns", how="all")
    truth_values = X.select_dtypes("bool").columns
    X = X.astype(dict.fromkeys(truth_values, float))
    # No estimator here takes infinity.
    X = X.replace([np.inf, -np.inf], np.nan)
    return X if _text_columns(X) else X.to_numpy(np.float64)


# ---- the command -----------------------------------------------------------------------------


def _tables(arguments: argparse.Namespace) -> Iterator[Table]:
    rows, seed = arguments.rows, arguments.seed
    if arguments.table is not None:
        yield _own_table(arguments.table, arguments.target, rows, seed)
        return
    if arguments.target is not None:
        raise BadInputError("--target goes with the name of a CSV file.")
    yield _digits(rows, seed)
    yield _simulated(rows, seed)


def _compare(table: Table, teacher: str, student: str, trees: int, seed: int) -> Comparison:
    return compare_students(
        _for_trees(TEACHERS[teacher](seed, trees), table.X_train),
        {student: _student(student, seed, table.X_train)},
        table.X_train,
        table.y_train,
        X_test=table.X_test,
        y_test=table.y_test,
        bayes_proba=table.bayes_proba,
        cv=FOLDS,
        teacher_cv="oob" if teacher == "forest" and trees >= TREES_OUT_OF_BAG else None,
        random_state=seed,
    )


def _text(comparison: Comparison) -> str:
    """Return what fits on a terminal, and the sentence."""
    found = comparison.measurements
    table = text_table(
        {
            "method": [m.title for m in found],
            "accuracy": [f"{m.score:.4f}" for m in found],
            "log loss": [f"{m.log_loss:.4f}" for m in found],
            "excess": [f"{m.excess:.4f}" for m in found if m.excess is not None],
            "size": [format_size(m.size) for m in found],
            f"µs/row, {LARGE_BATCH:,} rows": [format_quantity(m.batch_time) for m in found],
            "µs, one row": [format_quantity(m.row_time) for m in found],
        }
    )
    return table + "\n\n" + fill(comparison.describe(), width=LINE_WIDTH)


def _heading(table: Table, teacher: str, student: str, trees: int) -> list[str]:
    """Return what the table is, what is compared, and how to read the excess."""
    n_train, n_features = table.X_train.shape
    heading = [
        f"{table.name}: {n_train:,} rows to train and {len(table.y_test):,} to test, "
        f"{n_features} features, {len(np.unique(table.y_train))} classes.",
        f"Teacher: {teacher}, {trees:,} trees. Student: {student}.",
    ]
    if table.bayes_proba is not None:
        heading[-1] += f" Bayes risk {bayes_log_loss(table.bayes_proba):.4f}:"
        heading.append(
            "the log loss of the true probabilities; excess is what a model loses beyond it."
        )
    return heading


def _check_report(path: str | None) -> None:
    """Refuse what cannot be written, before anything is fitted."""
    if path is None:
        return
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise BadInputError(f"Could not write a report to {path!r}.")
    try:
        pyplot("A report")
    except ImportError as error:
        raise BadInputError(str(error)) from None


def _write_report(path: str, sections: list[Section]) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(html_report("What distillation gains", sections))
    except OSError as error:
        raise BadInputError(f"Could not write the report: {error}") from None
    print(f"Wrote {path}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skdistill",
        description=(
            "Distil a large teacher into a small student and print what is gained: accuracy, log "
            "loss, size and prediction time (on one core) of the teacher, of the student trained "
            "and tuned on labels, and of the student distilled in-sample, cross-fit, with "
            "corrected loss, and in the way that cross-validation chooses. Without a table: on "
            "scikit-learn's digits and on a simulated noisy table whose true probabilities are "
            "known."
        ),
    )
    parser.add_argument(
        "table",
        nargs="?",
        help="a CSV file with a header, .csv or .csv.gz; its columns may hold numbers, text and "
        "missing values; three in ten rows are held out for the test",
    )
    _add_options(parser)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", metavar="NAME", help="the column of class labels to predict")
    parser.add_argument(
        "--teacher", choices=TEACHERS, default="forest", help="default: %(default)s"
    )
    parser.add_argument(
        "--student",
        choices=STUDENTS,
        default="tree",
        help="tree: unpruned; tree256: at most 256 leaves; forest10: 10 trees; lightgbm: 100 "
        "trees; logistic: logistic regression; default: %(default)s",
    )
    parser.add_argument(
        "--trees",
        type=_positive,
        metavar="N",
        help="trees of the teacher; default: 500, lightgbm 100",
    )
    parser.add_argument(
        "--rows", type=_positive, metavar="N", help="use N rows, drawn at random; default: all"
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="for every draw; default: %(default)s"
    )
    parser.add_argument(
        "--html",
        metavar="FILE",
        help="also write a report with all scores, and pictures inside; needs matplotlib: "
        "pip install skdistill[plot]",
    )


def _positive(text: str) -> int:
    return _whole_number(text, lowest=1)


def _seed(text: str) -> int:
    return _whole_number(text, lowest=0)


def _whole_number(text: str, lowest: int) -> int:
    largest = 2**32 - 2  # the simulated test rows take the next seed
    if not text.isdecimal() or not lowest <= int(text) <= largest:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {lowest} to {largest}, found {text!r}"
        )
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, default=None
        Its arguments; those of the command line by default.

    Returns
    -------
    int
        Exit code: 0, or 2 for input that cannot be used.
    """
    arguments = _parser().parse_args(argv)
    teacher, student, seed = arguments.teacher, arguments.student, arguments.seed
    trees = arguments.trees or (100 if teacher == "lightgbm" else 500)
    sections = []
    try:
        _check_report(arguments.html)
        for table in _tables(arguments):
            heading = _heading(table, teacher, student, trees)
            print("\n".join(heading) + "\n", flush=True)
            with warnings.catch_warnings():
                # LightGBM before 4.7 makes up names for the columns of arrays and misses them.
                warnings.filterwarnings("ignore", message="X does not have valid feature names")
                comparison = _compare(table, teacher, student, trees, seed)
            print(_text(comparison) + "\n", flush=True)
            sections.append(Section(table.name, " ".join(heading), comparison))
        if arguments.html is not None:
            _write_report(arguments.html, sections)
    except BadInputError as error:
        print(f"skdistill: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
