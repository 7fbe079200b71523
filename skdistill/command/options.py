"""What can be asked for on the command line."""

from __future__ import annotations

import argparse
import codecs
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from .. import __version__
from .._utils.names import did_you_mean
from .models import GIVEN, STUDENTS, TEACHERS
from .target import Task
from .terminal import BadInputError, say

LARGEST = 2**32 - 2  # the simulated test rows take the next seed
SIZE = re.compile(r"(\d+\.?\d*|\.\d+)\s*([kKMG]?)B?", re.ASCII)
TIME = re.compile(r"(\d+\.?\d*|\.\d+)\s*(µs|us|ms|s|)", re.ASCII)
MICROSECONDS = {"": 1.0, "µs": 1.0, "us": 1.0, "ms": 1e3, "s": 1e6}
FACTORS = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
# What reads SQL: the word for its dialect, and its name.
DATABASES = {"sqlite": "SQLite", "duckdb": "DuckDB", "postgresql": "PostgreSQL"}
ESCAPES = {"tab": "\t", "\\t": "\t", "space": r"\s+", " ": r"\s+"}


class _Parser(argparse.ArgumentParser):
    """Prints as the rest of the command does, and says on one line what is wrong."""

    def print_help(self, file: Any = None) -> None:
        say(self.format_help().rstrip("\n"))

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(self._about(unknown[0]))
        return found

    def _about(self, word: str) -> str:
        if not word.startswith("-"):
            target = " A column to predict goes with --target." * ("--target" in self.options)
            return f"{word!r} is one word too many.{target}"
        name = word.partition("=")[0]
        return f"there is no option {name}{did_you_mean(name, self.options)}"

    @property
    def options(self) -> list[str]:
        """What options are called."""
        return re.findall(r"--[\w-]+", self.format_usage())

    def error(self, message: str) -> NoReturn:
        said = re.sub(r"^argument (\S+): (must )?", r"\1 \2", message)
        raise BadInputError(f"{said.rstrip()} ({self.prog} --help lists what there is)")


class _Version(argparse.Action):
    """Prints the version as the rest of the command prints."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        say(f"skdistill {__version__}")
        parser.exit()


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return what is asked for; `command` is "predict" or "compare"."""
    if argv[:1] == ["predict"]:
        parsed = _predict_parser().parse_args(argv[1:])
        parsed.command = "predict"
        return parsed
    parsed = _compare_parser().parse_args(argv)
    parsed.command = "compare"
    return parsed


# ---- compare ---------------------------------------------------------------------------------


def _compare_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="skdistill",
        description=(
            "Distil a large teacher into a small student and print what is gained: accuracy and "
            "log loss (of numbers R², RMSE and MAE), size and prediction time (on one core) of the "
            "teacher, of the student trained and tuned on labels, and of the student distilled "
            "in-sample, cross-fit, corrected, and in the way that cross-validation chooses. "
            "Without a table: on "
            "scikit-learn's digits and on a simulated noisy table whose true probabilities are "
            "known."
        ),
        epilog="skdistill predict FILE TABLE answers new rows by a student that --save wrote.",
    )
    parser.add_argument(
        "table",
        nargs="?",
        help="a table with a header: CSV, also compressed, Parquet or Excel; its columns may hold "
        "numbers, text, dates and missing values; three in ten rows are held out for the test",
    )
    parser.add_argument(
        "--target", metavar="NAME", help="the column to predict, of classes or numbers"
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version, and exit")
    _add_reading(parser.add_argument_group("reading the table"))
    _add_columns(parser.add_argument_group("what is learned"))
    _add_models(parser.add_argument_group("teacher and students"))
    _add_results(parser.add_argument_group("what comes of it"))
    return parser


def _add_reading(group: Any) -> None:
    group.add_argument(
        "--sep",
        type=_separator,
        metavar="CHARACTER",
        help="what separates cells, such as ';', tab or space; default: found out",
    )
    _add_choice(
        group,
        "--decimal",
        ".,",
        help="what stands before decimals; default: found out, column by column",
    )
    group.add_argument(
        "--encoding",
        type=_encoding,
        metavar="NAME",
        help="default: UTF-8, UTF-16 with its mark, else Windows-1252",
    )
    group.add_argument(
        "--fetch", action="store_true", help="read the table over the network where it is a URL"
    )


def _add_columns(group: Any) -> None:
    group.add_argument(
        "--drop", action="append", default=[], metavar="NAME", help="leave out a column; repeatable"
    )
    group.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NAME",
        help="use a column that would be left out, such as a constant or an identifier; repeatable",
    )
    group.add_argument(
        "--na",
        action="store_true",
        help="take NA, None, null and the like in the target for missing values; default: they "
        "are classes",
    )
    _add_choice(
        group,
        "--task",
        Task,
        help="what the target holds; default: classes, unless it holds fractions or more than 50 "
        "whole numbers",
    )
    group.add_argument(
        "--rows",
        type=_rows,
        metavar="N",
        help="use N rows, drawn at random, or all; default: at most 20,000 of a table",
    )
    group.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="for every draw; default: %(default)s"
    )


def _add_models(group: Any) -> None:
    group.add_argument(
        "--teacher",
        type=_teacher,
        default="forest",
        metavar="NAME",
        help=f"{', '.join(TEACHERS)}, or FILE.csv: probabilities made elsewhere, one column for "
        "each class, or one of predicted numbers, one row for each of the table's; default: "
        "%(default)s",
    )
    group.add_argument(
        "--trees",
        type=_positive,
        metavar="N",
        help="trees of the teacher; default: 500, of boosters 100",
    )
    _add_choice(
        group,
        "--student",
        STUDENTS,
        action="append",
        help="tree: unpruned; tree256: at most 256 leaves; forest10: 10 trees; lightgbm: 100 "
        "trees; logistic: logistic regression, of classes; ridge: linear regression, of numbers; "
        "repeatable; default: tree",
    )


def _add_results(group: Any) -> None:
    group.add_argument(
        "--scoring",
        metavar="NAME",
        help="a score of scikit-learn, such as roc_auc, beside the log loss or the RMSE; default: "
        "accuracy, or R²",
    )
    group.add_argument(
        "--max-latency",
        type=_microseconds,
        metavar="TIME",
        help="the most that one row may take, such as 300 (microseconds) or 2ms",
    )
    group.add_argument(
        "--max-size",
        type=_size,
        metavar="SIZE",
        help="the most bytes of a pickled student, such as 200kB",
    )
    group.add_argument(
        "--save",
        metavar="FILE",
        help="write the student of lowest log loss, or RMSE, that fits: .skops, .joblib, .pkl, "
        ".onnx, .c or .sql",
    )
    _add_choice(
        group,
        "--dialect",
        DATABASES,
        help="the database that is to read a .sql of --save; default: sqlite",
    )
    group.add_argument("--overwrite", action="store_true", help="let --save replace a file")
    group.add_argument(
        "--html",
        metavar="FILE",
        help="also write a report with all scores, and pictures inside; needs matplotlib",
    )
    group.add_argument(
        "--quiet", action="store_true", help="say nothing about progress on standard error"
    )


# ---- predict ---------------------------------------------------------------------------------


def _predict_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="skdistill predict",
        description=(
            "Print class and probabilities, or a number, for each row of a table, as CSV. The "
            "table needs the columns that the student was trained on, in any order; others are "
            "ignored."
        ),
    )
    parser.add_argument(
        "model",
        metavar="FILE",
        help="what --save wrote: .skops or .onnx, or .joblib and .pkl, which run whatever code "
        "they hold: load only files from people you trust",
    )
    parser.add_argument("table", metavar="TABLE", help="the rows")
    _add_reading(parser)
    return parser


# ---- values ----------------------------------------------------------------------------------


def _add_choice(group: Any, option: str, words: Iterable[str], **more: Any) -> None:
    """Add an option that takes one of some words; argparse's own choices help nobody who errs."""
    words = [str(word) for word in words]

    def one_of(text: str) -> str:
        if text in words:
            return text
        raise argparse.ArgumentTypeError(_not_among(text, words))

    group.add_argument(option, type=one_of, metavar=f"{{{','.join(words)}}}", **more)


def _not_among(text: str, words: Sequence[str], more: str = "") -> str:
    near = did_you_mean(text, words)
    return f"must be one of {', '.join(map(repr, words))}{more}, found {text!r}{near}"


def _positive(text: str) -> int:
    return _whole_number(text, lowest=1)


def _seed(text: str) -> int:
    return _whole_number(text, lowest=0)


def _rows(text: str) -> int:
    return 0 if text == "all" else _whole_number(text, lowest=1, more=", or all")


def _whole_number(text: str, lowest: int, more: str = "") -> int:
    # Python refuses to read thousands of digits at all.
    if not text.isdecimal() or len(text) > 20 or not lowest <= int(text) <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {lowest} to {LARGEST}{more}, found {text!r}"
        )
    return int(text)


def _microseconds(text: str) -> float:
    return _quantity(text, TIME, MICROSECONDS, "a time, such as 300 (microseconds) or 2ms")


def _size(text: str) -> float:
    return _quantity(text, SIZE, FACTORS, "a number of bytes, such as 4000, 200kB or 1.5MB")


def _quantity(text: str, form: re.Pattern[str], factors: dict[str, float], what: str) -> float:
    """Return a number with a unit, above 0."""
    found = form.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise argparse.ArgumentTypeError(f"must be {what}, found {text!r}")
    return float(found[1]) * factors[found[2]]


def _separator(text: str) -> str:
    text = ESCAPES.get(text, text)
    if len(text) != 1 and text not in ESCAPES.values():
        raise argparse.ArgumentTypeError(f"must be one character, tab or space, found {text!r}")
    return text


def _encoding(text: str) -> str:
    try:
        return codecs.lookup(text).name
    except (LookupError, ValueError):
        raise argparse.ArgumentTypeError(
            f"must be an encoding, such as utf-8 or cp1252, found {text!r}"
        ) from None


def _teacher(text: str) -> str:
    if text in TEACHERS or text.lower().endswith(GIVEN):
        return text
    more = f", or a file that ends in {GIVEN}"
    raise argparse.ArgumentTypeError(_not_among(text, [*TEACHERS], more))
