"""The ways in which a model answers: scikit-learn, and what was written of it."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from skdistill import DistilledClassifier
from skdistill.export import to_c, to_onnx, to_sql

from ..ours import CompiledClassifier, CompiledCode, pickled_size, run_sql


class Way(NamedTuple):
    """What is called with an array of rows, what is shipped, and its bytes."""

    name: str
    predict_proba: Callable[[np.ndarray], np.ndarray]
    size: float
    reads_float32: bool = False


def as_shipped(teacher: Any) -> DistilledClassifier:
    """Return a fitted classifier as if it were a student, so that it can be written, too."""
    how = {"loss": "cross_entropy", "adapter": "WeightedCopies"}
    return DistilledClassifier(
        teacher, teacher.classes_, n_features=teacher.n_features_in_, **how
    )


def ways(model: DistilledClassifier, X: np.ndarray) -> list[Way]:
    """Return every way that there is here; what cannot be written so is left out with a word."""
    found = [Way("scikit-learn", alone(model.predict_proba), pickled_size(model))]
    for make in (_compiled, _c, _onnx, _sqlite, _duckdb):
        try:
            found.append(make(model, X))
        except (ValueError, ImportError, RecursionError) as reason:
            print(f"{make.__name__}: {type(reason).__name__}: {str(reason)[:120]}", flush=True)
    return found


def alone(call: Callable) -> Callable:
    """Return a function that runs on one core."""

    def limited(X: np.ndarray) -> np.ndarray:
        return call(X)

    threadpool_limits(1)
    return limited


def _compiled(model: DistilledClassifier, X: np.ndarray) -> Way:
    fast = CompiledClassifier(model)
    return Way("`compiled()`", fast.predict_proba, float("nan"))


def _c(model: DistilledClassifier, X: np.ndarray) -> Way:
    source = to_c(model)
    return Way("C", CompiledCode(source).predict_proba, len(source.encode()))


def _onnx(model: DistilledClassifier, X: np.ndarray) -> Way:
    import onnxruntime

    file = to_onnx(model, X[:200]).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def ask(rows: np.ndarray) -> np.ndarray:
        return session.run(["probabilities"], {name: rows})[0]

    return Way("onnxruntime", ask, len(file), reads_float32=True)


def _sqlite(model: DistilledClassifier, X: np.ndarray) -> Way:
    query = to_sql(model, dialect="sqlite")
    return Way("SQLite", lambda rows: run_sql(query, rows)[1], len(query.encode()))


def _duckdb(model: DistilledClassifier, X: np.ndarray) -> Way:
    if find_spec("duckdb") is None:
        raise ImportError("duckdb is not installed")
    query = to_sql(model, dialect="duckdb")
    return Way("DuckDB", lambda rows: run_sql(query, rows)[1], len(query.encode()))
