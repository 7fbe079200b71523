"""Writes the best student to a file, proved to answer as it does."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import joblib
import numpy as np

from ..evaluation.kinds import FOR_CLASSES, FOR_NUMBERS
from ..evaluation.show.results import Comparison
from ..export import load_skops, to_c, to_onnx, to_skops, to_sql, verify
from ..export.c import find_compiler
from ..students import DistilledClassifier, DistilledRegressor
from .models import make_student
from .options import DATABASES
from .output import check_place
from .tables import Table
from .target import Task
from .terminal import BadInputError, reason

# The file is compared with the student on so many rows, and on rows beside every threshold.
VERIFIED_ROWS = 1_000
REHEARSED_ROWS_OF_A_CLASS, REHEARSED_ROWS = 5, 50
# A plain type, which the imputer before logistic regression holds, and what a LightGBM student is
# made of: its text is read by LightGBM, as that of our own boosted student.
TRUSTED = (
    "numpy.dtype",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)
# What an ONNX file says of columns and classes, which its inputs and outputs do not name.
NOTE = "skdistill"

Distilled = DistilledClassifier | DistilledRegressor


class Wish(NamedTuple):
    """A file that is wanted, and the database that is to read it, if it is SQL."""

    path: Path
    database: str

    @property
    def ending(self) -> str:
        """Tell formats apart."""
        return self.path.suffix.lower()

    @property
    def unproved(self) -> str:
        """Say why the file cannot be run here, nothing where it can."""
        if self.ending == ".c" and find_compiler() is None:
            return "there is no C compiler"
        if self.ending == ".sql" and self.database == "postgresql":
            return "PostgreSQL is a server of its own"
        if self.ending == ".sql" and self.database == "duckdb" and find_spec("duckdb") is None:
            return "duckdb is not installed"
        return ""


# ---- formats ---------------------------------------------------------------------------------


# Each writes a model to a place, and compares the file with it on rows, which are None where it
# cannot be run.


def _skops(model: Any, X: Any, place: Wish) -> None:
    to_skops(model, place.path)
    _verify(model, load_skops(place.path, trusted=TRUSTED), X)


def _pickle(model: Any, X: Any, place: Wish) -> None:
    place.path.write_bytes(pickle.dumps(model))
    _verify(model, pickle.loads(place.path.read_bytes()), X)


def _joblib(model: Any, X: Any, place: Wish) -> None:
    joblib.dump(model, place.path)
    _verify(model, joblib.load(place.path), X)


def _verify(model: Any, read: Any, X: Any) -> None:
    if not verify(model, read, X).agrees:
        raise ValueError("what was written does not answer as the student does.")


def _onnx(model: Any, X: Any, place: Wish) -> None:
    graph = to_onnx(model, X)
    classes = model.classes_.tolist() if hasattr(model, "classes_") else None
    said = {"columns": list(map(str, model.feature_names)), "classes": classes}
    graph.metadata_props.add(key=NOTE, value=json.dumps(said))
    place.path.write_bytes(graph.SerializeToString())


def _c(model: Any, X: Any, place: Wish) -> None:
    name = re.sub(r"\W|^(?=\d)", "_", place.path.stem, flags=re.ASCII)
    name = name if re.match(r"[A-Za-z]", name) else f"student{name}"
    to_c(model, X, name=name, path=place.path)


def _sql(model: Any, X: Any, place: Wish) -> None:
    to_sql(model, dialect=place.database, X=X, path=place.path)


WRITERS: dict[str, Callable[[Any, Any, Wish], None]] = {
    ".skops": _skops,
    ".joblib": _joblib,
    ".pkl": _pickle,
    ".onnx": _onnx,
    ".c": _c,
    ".sql": _sql,
}


# ---- before anything is fitted ---------------------------------------------------------------


def check_save(
    path: str | None, table: str | None, *, overwrite: bool, database: str | None = None
) -> Wish | None:
    """Return the file that is wanted, if one is; refuse one that cannot or must not be written."""
    wish = Wish(Path(path or ""), database or "sqlite")
    if database is not None and wish.ending != ".sql":
        raise BadInputError("--dialect goes with --save and a file that ends in .sql.")
    if path is None:
        return None
    if wish.ending not in WRITERS:
        raise BadInputError(
            f"--save writes files that end in {', '.join(WRITERS)}, found {path!r}."
        )
    if table is None:
        raise BadInputError("--save goes with the name of a table.")
    check_place(path, table, "student")
    beside = [path, *([str(wish.path.with_suffix(".h"))] if wish.ending == ".c" else [])]
    there = [one for one in beside if os.path.exists(one)]
    if there and not overwrite:
        raise BadInputError(f"{there[0]!r} exists; --overwrite replaces it.")
    return wish


def rehearse_save(wish: Wish, students: list[str], table: Table, seed: int) -> None:
    """Write students that have seen a few rows, so that what no file can hold is known now."""
    few = _few(table.y_train, table.task)
    X, y = _take(table.X_train, few), table.y_train[few]
    for name in students:
        student = make_student(name, seed, table.X_train, table.task)
        _write(with_names(_on_labels(student, X, y, table.task), table), X, wish, name)


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


def save_best(wish: Wish, comparison: Comparison, table: Table) -> str:
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
    for name, content in _write(model, X, wish, str(best.student)).items():
        _replace(wish.path.with_name(name), content)
    proof = "which answers as the student does"
    if wish.unproved:
        proof = f"not compared with the student, as {wish.unproved}"
    reader = f" for {DATABASES[wish.database]}" if wish.ending == ".sql" else ""
    return f"Wrote {wish.path}{reader}: {best.student}, {best.title}, {proof}."


def _write(model: Any, X: Any, wish: Wish, student: str) -> Mapping[str, bytes]:
    """Return the files that hold a model, by name, or say why there are none."""
    with TemporaryDirectory() as folder:
        place = wish._replace(path=Path(folder) / wish.path.name)
        try:
            WRITERS[wish.ending](model, None if wish.unproved else X, place)
        except Exception as error:  # of any of the libraries that write
            why = reason(error).replace(f"{folder}{os.sep}", "")
            raise BadInputError(
                f"The student {student!r} cannot be saved as {wish.ending}: {why}"
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
