"""Writes the best student to a file, proved to answer as it does, and reads it again."""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np

from ..evaluation.kinds import FOR_CLASSES, FOR_NUMBERS
from ..evaluation.show.results import Comparison
from ..export import load_skops, to_c, to_onnx, to_skops, to_sql, verify
from ..export.c import find_compiler
from ..students import DistilledClassifier, DistilledRegressor
from .models import make_student
from .output import check_place
from .tables import Table
from .target import Task
from .terminal import BadInputError, reason

# The file is compared with the student on so many rows, and on rows beside every threshold.
VERIFIED_ROWS = 1_000
REHEARSED_ROWS_OF_A_CLASS, REHEARSED_ROWS = 5, 50
DIALECT = "sqlite"
# A plain type, which the imputer before logistic regression holds, and what a LightGBM student is
# made of: its text is read by LightGBM, as that of our own boosted student.
TRUSTED = (
    "numpy.dtype",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)


Distilled = DistilledClassifier | DistilledRegressor

# ---- formats ---------------------------------------------------------------------------------


def _skops(classifier: Any, X: Any, path: Path) -> None:
    to_skops(classifier, path)
    _verify(classifier, load_skops(path, trusted=TRUSTED), X)


def _pickle(classifier: Any, X: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(classifier))
    _verify(classifier, pickle.loads(path.read_bytes()), X)


def _joblib(classifier: Any, X: Any, path: Path) -> None:
    joblib.dump(classifier, path)
    _verify(classifier, joblib.load(path), X)


def _verify(model: Any, read: Any, X: Any) -> None:
    if not verify(model, read, X).agrees:
        raise ValueError("what was written does not answer as the student does.")


def _onnx(classifier: Any, X: Any, path: Path) -> None:
    to_onnx(classifier, X, path=path)


def _c(classifier: Any, X: Any, path: Path) -> None:
    name = re.sub(r"\W|^(?=\d)", "_", path.stem, flags=re.ASCII)
    name = name if re.match(r"[A-Za-z]", name) else f"student{name}"
    to_c(classifier, None if find_compiler() is None else X, name=name, path=path)


def _sql(classifier: Any, X: Any, path: Path) -> None:
    to_sql(classifier, dialect=DIALECT, X=X, path=path)


WRITERS: dict[str, Callable[[Any, Any, Path], None]] = {
    ".skops": _skops,
    ".joblib": _joblib,
    ".pkl": _pickle,
    ".onnx": _onnx,
    ".c": _c,
    ".sql": _sql,
}


# ---- before anything is fitted ---------------------------------------------------------------


def check_save(path: str | None, table: str | None, *, overwrite: bool) -> None:
    """Refuse a file that cannot or must not be written."""
    if path is None:
        return
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        raise BadInputError(
            f"--save writes files that end in {', '.join(WRITERS)}, found {path!r}."
        )
    if table is None:
        raise BadInputError("--save goes with the name of a table.")
    check_place(path, table, "student")
    beside = [path, *([str(Path(path).with_suffix(".h"))] if ending == ".c" else [])]
    there = [one for one in beside if os.path.exists(one)]
    if there and not overwrite:
        raise BadInputError(f"{there[0]!r} exists; --overwrite replaces it.")


def rehearse_save(path: str | None, students: list[str], table: Table, seed: int) -> None:
    """Write students that have seen a few rows, so that what no file can hold is known now."""
    if path is None:
        return
    few = _few(table.y_train, table.task)
    X, y = _take(table.X_train, few), table.y_train[few]
    for name in students:
        student = make_student(name, seed, table.X_train, table.task)
        _write(with_names(_on_labels(student, X, y, table.task), table), X, path, name)


def _few(y: Any, task: Task) -> Any:
    """Return some rows, of each class if it is classes."""
    if task is Task.NUMBERS:
        # Small ones and large ones: the first rows may hold one number alone.
        return np.argsort(y)[np.linspace(0, len(y) - 1, min(REHEARSED_ROWS, len(y))).astype(int)]
    parts = [np.flatnonzero(y == one)[:REHEARSED_ROWS_OF_A_CLASS] for one in np.unique(y)]
    return np.concatenate(parts)


def _on_labels(student: Any, X: Any, y: Any, task: Task) -> Any:
    """Return what ships of a student on labels."""
    kind = FOR_NUMBERS if task is Task.NUMBERS else FOR_CLASSES
    return getattr(kind.on_labels(student).fit(X, y), kind.shipped)


def _take(X: Any, rows: Any) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


# ---- what comes of it ------------------------------------------------------------------------


def save_best(path: str, comparison: Comparison, table: Table) -> str:
    """Write the student of lowest log loss, or RMSE, that fits, and say which it is."""
    fits = comparison.fits_budget
    found = [
        m for m, fit in zip(comparison.measurements, fits, strict=True) if fit and not m.is_teacher
    ]
    if not found:
        raise BadInputError("None of the students fits the budget: nothing was saved.")
    best = min(found, key=comparison.sheet.loss.of)
    model = with_names(comparison.models[best.student, best.method], table)
    X = _take(table.X_test, np.arange(min(VERIFIED_ROWS, len(table.y_test))))
    for name, content in _write(model, X, path, str(best.student)).items():
        _replace(Path(path).with_name(name), content)
    unproved = Path(path).suffix.lower() == ".c" and find_compiler() is None
    proof = (
        "not compared with the student, as there is no C compiler"
        if unproved
        else "which answers as the student does"
    )
    return f"Wrote {path}: {best.student}, {best.title}, {proof}."


def _write(classifier: Any, X: Any, path: str, student: str) -> Mapping[str, bytes]:
    """Return the files that hold a classifier, by name, or say why there are none."""
    ending = Path(path).suffix.lower()
    with TemporaryDirectory() as folder:
        try:
            WRITERS[ending](classifier, X, Path(folder) / Path(path).name)
        except Exception as error:  # of any of the libraries that write
            why = reason(error).replace(f"{folder}{os.sep}", "")
            raise BadInputError(
                f"The student {student!r} cannot be saved as {ending}: {why}"
            ) from error
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def _replace(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    try:
        with TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / "new"
            made.write_bytes(content)
            shutil.move(made, path)
    except OSError as error:
        raise BadInputError(f"Could not write {str(path)!r}: {reason(error)}") from None


def with_names(model: Distilled, table: Table) -> Distilled:
    """Return a model that knows what its columns are called, also where it got an array."""
    if model.feature_names is not None:
        return model
    names = np.array(table.columns, dtype=object)
    return type(model)(**{**model.get_params(), "feature_names": names})


def load(path: str) -> Distilled:
    """Read what was saved, if its columns have names."""
    ending = Path(path).suffix.lower()
    if ending not in (".skops", ".joblib", ".pkl"):
        raise BadInputError(f"predict reads .skops, .joblib and .pkl, found {path!r}.")
    try:
        found = load_skops(path, trusted=TRUSTED) if ending == ".skops" else joblib.load(path)
    except FileNotFoundError:
        raise BadInputError(f"There is no file {path!r}.") from None
    except Exception as error:  # a broken pickle has as many errors as there are types
        raise BadInputError(f"Could not read {path!r}: {reason(error)}") from error
    if not isinstance(found, Distilled) or found.feature_names is None:
        raise BadInputError(f"{path!r} holds no student that --save has written.")
    return found
