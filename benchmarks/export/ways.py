"""The ways in which a model answers: scikit-learn, and what was written of it."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import numpy as np

from skdistill import DistilledClassifier
from skdistill.export import to_c, to_onnx, to_sql

from ..ours import CompiledCode, OneRow, open_session, pickled_size, read_program, run_sql

# More take minutes: tl2cgen's compiler, and treelite's interpreter for many rows.
MOST_TREES = 400


class Way(NamedTuple):
    """What is called with an array of rows, and the bytes of what is shipped."""

    name: str
    ask: Callable[[np.ndarray], np.ndarray]
    size: float = float("nan")
    dtype: type = np.float64


def as_shipped(teacher: Any) -> DistilledClassifier:
    """Return a fitted classifier as if it were a student, so that it can be written, too."""
    how = {"loss": "cross_entropy", "adapter": "WeightedCopies"}
    return DistilledClassifier(teacher, teacher.classes_, n_features=teacher.n_features_in_, **how)


def ways(model: DistilledClassifier, X: np.ndarray, *, in_sql: bool) -> list[Way]:
    """Return every way that there is; one that cannot be written so is left out with a word."""
    found = [Way("scikit-learn", model.predict_proba, pickled_size(model))]
    for make in (compiled, python, c, onnx, treelite, tl2cgen, *([sqlite, duckdb] * in_sql)):
        try:
            found.append(make(model, X))
        except (ValueError, ImportError, NotImplementedError) as reason:
            print(f"{make.__name__}: {str(reason)[:100]}", flush=True)
    return found


def compiled(model: DistilledClassifier, X: np.ndarray) -> Way:
    return Way("`compiled()`", model.compiled().predict_proba)


def python(model: DistilledClassifier, X: np.ndarray) -> Way:
    """Return what `compiled()` does for one row where there is no compiler."""
    one = OneRow(read_program(model))

    def ask(rows: np.ndarray) -> np.ndarray:
        if len(rows) > 1:
            return model.predict_proba(rows)
        return np.array([one(rows[0].tolist())])

    return Way("`compiled()`, no compiler", ask)


def c(model: DistilledClassifier, X: np.ndarray) -> Way:
    source = to_c(model)
    return Way("C", CompiledCode(source).ask, len(source.encode()))


def onnx(model: DistilledClassifier, X: np.ndarray) -> Way:
    file = to_onnx(model, X[:200]).SerializeToString()
    session = open_session(file)
    name = session.get_inputs()[0].name
    outputs = ["probabilities"]
    return Way("onnxruntime", lambda X: session.run(outputs, {name: X})[0], len(file), np.float32)


def treelite(model: DistilledClassifier, X: np.ndarray) -> Way:
    """Return treelite's own interpreter of the student's trees."""
    from treelite import gtil

    forest = _treelite_model(model)
    return Way("treelite", lambda rows: _both_classes(gtil.predict(forest, rows, nthread=1)))


def tl2cgen(model: DistilledClassifier, X: np.ndarray) -> Way:
    """Return C that tl2cgen writes of the trees, compiled by it."""
    import tl2cgen

    library = Path(mkdtemp()) / "student.so"
    forest = _treelite_model(model)
    tl2cgen.export_lib(forest, toolchain="gcc", libpath=str(library), params={})
    predictor = tl2cgen.Predictor(str(library), nthread=1)
    return Way(
        "tl2cgen",
        lambda rows: _both_classes(predictor.predict(tl2cgen.DMatrix(rows))),
        library.stat().st_size,
    )


def _treelite_model(model: DistilledClassifier) -> Any:
    from treelite import frontend, sklearn

    student = model.student
    if len(getattr(student, "estimators_", ())) > MOST_TREES:
        raise NotImplementedError(f"{len(student.estimators_)} trees take minutes")
    booster = getattr(student, "booster_", None)
    if booster is not None:
        return frontend.from_lightgbm(booster)
    if not hasattr(student, "estimators_"):
        raise NotImplementedError(f"treelite takes no {type(student).__name__}")
    return sklearn.import_model(student)


def _both_classes(answers: np.ndarray) -> np.ndarray:
    """Return a column for each class; for two, one output is the second's probability."""
    answers = answers.reshape(len(answers), -1)
    if answers.shape[1] > 1:
        return answers
    second = np.clip(answers, 0, 1)
    return np.hstack([1 - second, second])


def sqlite(model: DistilledClassifier, X: np.ndarray) -> Way:
    return _sql(model, "sqlite", "SQLite")


def duckdb(model: DistilledClassifier, X: np.ndarray) -> Way:
    return _sql(model, "duckdb", "DuckDB")


def _sql(model: DistilledClassifier, dialect: str, name: str) -> Way:
    query = to_sql(model, dialect=dialect)
    columns = query.program.columns
    return Way(name, lambda rows: run_sql(query, columns, rows)[1], len(query.encode()))
