"""Compare a teacher and its students: ``python -m skdistill``, or with the name of a CSV file."""

from __future__ import annotations

import argparse
import codecs
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from textwrap import fill
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

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
from .evaluation.show.report import Section, html_report, write_page
from .evaluation.show.results import Comparison
from .evaluation.show.tables import format_quantity, format_size, printable, text_table

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
# More columns than this are not listed in a message.
LISTED_COLUMNS = 30
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
INFINITY = re.compile(r"\s*[+-]?inf(inity)?\s*", re.IGNORECASE)
# Digits behind a zero are a code and no number: 007 is not 7.
CODE = re.compile(r"\s*[+-]?0\d")
TRUTH_VALUES = dict.fromkeys(("True", "TRUE", "true"), True) | dict.fromkeys(
    ("False", "FALSE", "false"), False
)
# How our signs are written where the terminal knows ASCII alone.
SPELT = {"µ": "u", "±": "+/-", "–": "-", "×": "x", "²": "2"}


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
    X_test, y_test, bayes_proba = make_noisy_table(SIMULATED_TEST_ROWS, random_state=seed + 1)
    return Table("Simulated noisy table", X, X_test, y, y_test, bayes_proba)


# ---- the user's own table --------------------------------------------------------------------


def _own_table(
    path: str, target: str | None, rows: int | None, seed: int, fetch: bool = False
) -> Table:
    frame = _read(path, target, fetch)
    _check_target(frame, target, path)
    missing = int(frame[target].isna().sum())
    if missing:
        _say(f"Left out {missing:,} rows whose {target!r} is missing.\n")
        frame = frame[frame[target].notna()]
    if rows is not None and rows < len(frame):
        frame = frame.sample(rows, random_state=seed)
    y = _labels(frame[target])
    _check_classes(y)
    X = _features(frame.drop(columns=target))
    if not X.shape[1]:
        raise BadInputError(f"No column beside {target!r} has a value to predict it from.")
    name = os.path.basename(urlsplit(path).path if URL.match(path) else path)
    return _split(printable(name), X, y, seed)


def _read(path: str, target: str | None, fetch: bool) -> Any:
    """Read a table, its target as text: numbers might lose digits, and with them classes."""
    try:
        import pandas as pd
    except ImportError:
        raise BadInputError("Reading a table needs pandas: pip install skdistill[table]") from None
    place = _place(path, fetch)
    try:
        # low_memory guesses a column's type chunk by chunk, and may guess differently.
        frame = pd.read_csv(place, low_memory=False, dtype={target: str})
    except FileNotFoundError:
        raise BadInputError(f"There is no file {path!r}.") from None
    except Exception as error:  # a broken archive has as many errors as there are archivers
        raise BadInputError(f"Could not read {path!r} as CSV: {_reason(error)}") from error
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        _say("The rows have more cells than the header: the first are names of rows, not used.\n")
    return frame


def _place(path: str, fetch: bool) -> str:
    """Return what pandas is to read; only an absolute path is never taken for a URL by it."""
    if not URL.match(path):
        return os.path.abspath(path)
    if not fetch:
        raise BadInputError(f"{path!r} is a URL, and nothing is fetched unless --fetch is given.")
    return path


def _reason(error: BaseException | str) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _check_target(frame: Any, target: str | None, path: str) -> None:
    columns = ", ".join(map(printable, frame.columns[:LISTED_COLUMNS]))
    columns += ", …" if len(frame.columns) > LISTED_COLUMNS else ""
    if target is None:
        raise BadInputError(f"Say with --target which column to predict; there are: {columns}")
    if target not in frame.columns:
        raise BadInputError(f"There is no column {target!r}; there are: {columns}")
    if frame.shape[1] < 2:
        raise BadInputError(f"There is no column beside {target!r} to predict it from.")
    if f"{target}.1" in frame.columns and _is_doubled(path, target):
        raise BadInputError(f"There are several columns {target!r}: one must have another name.")


def _is_doubled(path: str, target: str) -> bool:
    """Look at the header itself: pandas makes a and a.1 of two columns a."""
    import pandas as pd

    # What is no file, such as a pipe, can be read only once.
    if not os.path.isfile(path):
        return False
    header = pd.read_csv(os.path.abspath(path), header=None, nrows=1, dtype=str)
    return int((header.iloc[0] == target).sum()) > 1


# ---- its classes -----------------------------------------------------------------------------


def _labels(target: Any) -> NDArray[Any]:
    """Return whole numbers, truth values or text, from a column of text without gaps.

    Spellings of one number or truth value are one class, and it is said so; different ones never
    become one, as 1e300 and 1e301 do among integers, and long ids among floats.
    """
    texts = target.unique().tolist()
    if all(text in TRUTH_VALUES for text in texts):
        meant: dict[str, Any] = TRUTH_VALUES
    elif all(NUMBER.fullmatch(text) and not CODE.match(text) for text in texts):
        meant = _numbers(texts, target.name)
    else:
        meant = {text: text for text in texts}
    _tell_spellings(texts, meant, target.name)
    dtype = object if any(isinstance(meant[text], str) for text in texts) else None
    return np.array([meant[text] for text in target], dtype=dtype)


def _numbers(texts: list[str], name: str) -> dict[str, Any]:
    """Return the whole number that each text is, or its first spelling if one is too large."""
    try:
        numbers = {text: Decimal(text.strip()) for text in texts}
    except InvalidOperation:  # an exponent of twenty digits
        return {text: text for text in texts}
    different = set(numbers.values())
    whole = all(number == number.to_integral_value() for number in different)
    if not whole or len(different) > MOST_NUMERIC_CLASSES:
        raise BadInputError(
            f"{name!r} holds {len(different):,} different numbers, which looks "
            "like a quantity (a regression target): skdistill predicts classes."
        )
    if all(-(2**63) <= number < 2**63 for number in different):
        return {text: int(number) for text, number in numbers.items()}
    first: dict[Decimal, str] = {}
    return {text: first.setdefault(number, text) for text, number in numbers.items()}


def _tell_spellings(texts: list[str], meant: dict[str, Any], name: str) -> None:
    spellings: dict[Any, list[str]] = {}
    for text in texts:
        spellings.setdefault(meant[text], []).append(text)
    several = [found for found in spellings.values() if len(found) > 1]
    if several:
        pairs = ", ".join(" = ".join(map(repr, found[:3])) for found in several[:3])
        _say(f"Some classes of {name!r} are spelt in several ways, and are one each: {pairs}.\n")


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


# ---- its features ----------------------------------------------------------------------------


def _features(X: Any) -> Any:
    """Return a frame of numbers and text, or an array of numbers, without empty columns."""
    truth_values = X.select_dtypes("bool").columns
    X = X.astype(dict.fromkeys(truth_values, float))
    for name in _text_columns(X):
        X[name] = _as_numbers(X[name])
    X = _without_giants(X).dropna(axis="columns", how="all")
    return X if _text_columns(X) else X.to_numpy(np.float64)


def _as_numbers(column: Any) -> Any:
    """Return a column of numbers as such, which pandas takes for text if one has many digits."""
    cells = (str(cell) for cell in column.dropna())
    if not all(NUMBER.fullmatch(cell) or INFINITY.fullmatch(cell) for cell in cells):
        return column
    return column.astype(object).map(lambda cell: float(str(cell))).astype(np.float64)


def _without_giants(X: Any) -> Any:
    """Put missing values in the place of what no tree of scikit-learn takes, and say so."""
    numbers = X.select_dtypes("float")
    with np.errstate(over="ignore"):
        giants = np.isinf(numbers.astype(np.float32))
    if not giants.to_numpy().any():
        return X
    names = ", ".join(map(repr, giants.columns[giants.any()][:3]))
    more = ", …" if giants.any().sum() > 3 else ""
    _say(
        f"Took {int(giants.to_numpy().sum()):,} numbers for missing, which are infinite or beyond "
        f"±{np.finfo(np.float32).max:.1e}, the range of trees: in {names}{more}.\n"
    )
    X[numbers.columns] = numbers.mask(giants)
    return X


# ---- the command -----------------------------------------------------------------------------


def _tables(arguments: argparse.Namespace) -> Iterator[Table]:
    rows, seed = arguments.rows, arguments.seed
    if arguments.table is not None:
        yield _own_table(arguments.table, arguments.target, rows, seed, arguments.fetch)
        return
    if arguments.target is not None:
        raise BadInputError("--target goes with the name of a CSV file.")
    yield _digits(rows, seed)
    yield _simulated(rows, seed)


def _compare(table: Table, teacher: str, student: str, trees: int, seed: int) -> Comparison:
    try:
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
    except Exception as error:  # of any of the three libraries that learn
        kind = type(error).__name__
        raise BadInputError(f"{table.name} cannot be learned: {kind}: {_reason(error)}") from error


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


def _check_report(path: str | None, table: str | None) -> None:
    """Refuse what cannot or must not be written, before anything is fitted."""
    if path is None:
        return
    if table is not None and _are_same_file(path, table):
        raise BadInputError(f"The report {path!r} would overwrite the table that it is about.")
    if not _is_writable(path):
        raise BadInputError(f"Could not write a report to {path!r}.")
    try:
        # No window is opened, and some that matplotlib is told to open need a screen.
        pyplot("A report").switch_backend("agg")
    except (ImportError, ValueError) as error:
        raise BadInputError(_reason(error)) from None


def _are_same_file(path: str, other: str) -> bool:
    """Follow links, hard ones too."""
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them is not there, or can be no name of a file
        return False


def _is_writable(path: str) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError):  # such as a name that is too long
        return False
    folder = os.path.dirname(os.path.realpath(path))
    into = os.path.basename(path) != "" and os.path.isdir(folder) and os.access(folder, os.W_OK)
    if not os.path.exists(path):
        return into
    # Nothing is put beside a device or a pipe.
    into = into or not os.path.isfile(path)
    return into and os.access(path, os.W_OK) and not os.path.isdir(path)


def _write_report(path: str, sections: list[Section]) -> None:
    try:
        write_page(path, html_report("What distillation gains", sections))
    except Exception as error:  # of the disk, or of matplotlib under the user's own settings
        raise BadInputError(f"Could not write the report: {_reason(error)}") from error
    _say(f"Wrote {printable(path)}.")


# ---- what is printed -------------------------------------------------------------------------


def _say(text: str) -> bool:
    """Print, and return whether anybody reads it: `head` closes the pipe when it has enough."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _fall_silent()
        return False
    except OSError as error:
        _fall_silent()
        raise BadInputError(f"Could not print: {_reason(error)}") from None
    return True


def _fall_silent() -> None:
    """Lead what is still to be printed nowhere, that which Python flushes at its end as well."""
    with suppress(OSError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Say how to print what the terminal has no letter for."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    unknown = error.object[error.start : error.end]
    spelt = [SPELT.get(c) or c.encode("unicode_escape").decode("ascii") for c in unknown]
    return "".join(spelt), error.end


def _spell_for_terminal() -> None:
    codecs.register_error("skdistill", _spell)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="skdistill")


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"skdistill: {printable(_reason(message))}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Prints as the rest of the command does."""

    def print_help(self, file: Any = None) -> None:
        _say(self.format_help().rstrip("\n"))

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
        "--fetch", action="store_true", help="read the table over the network where it is a URL"
    )
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
    # Python refuses to read thousands of digits at all.
    if not text.isdecimal() or len(text) > 20 or not lowest <= int(text) <= largest:
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
    _spell_for_terminal()
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            # LightGBM before 4.7 makes up names for the columns of arrays and misses them.
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            warnings.showwarning = _warn
            _run(arguments)
    except BadInputError as error:
        print(f"skdistill: {printable(error)}", file=sys.stderr)
        return 2
    return 0


def _run(arguments: argparse.Namespace) -> None:
    teacher, student, seed = arguments.teacher, arguments.student, arguments.seed
    trees = arguments.trees or (100 if teacher == "lightgbm" else 500)
    sections = []
    _check_report(arguments.html, arguments.table)
    for table in _tables(arguments):
        heading = _heading(table, teacher, student, trees)
        read = _say("\n".join(heading) + "\n")
        # A report is wanted also where nobody reads what is printed.
        if not read and arguments.html is None:
            return
        comparison = _compare(table, teacher, student, trees, seed)
        read = _say(_text(comparison) + "\n")
        if not read and arguments.html is None:
            return
        sections.append(Section(table.name, " ".join(heading), comparison))
    if arguments.html is not None:
        _write_report(arguments.html, sections)


if __name__ == "__main__":
    sys.exit(main())
