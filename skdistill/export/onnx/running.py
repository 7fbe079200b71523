"""What runs a file: rows as it takes them, answers as it gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rows import as_rows
from ..columns import is_missing
from .graph import check_installed
from .inputs import MISSING_TEXT

Array = NDArray[np.float64]


def run_onnx(model: Any, X: Any) -> tuple[NDArray[Any] | None, Array]:
    """Ask an ONNX model, its bytes or its file about rows; return labels and probabilities.

    Of a student of numbers None, and the numbers in a column.
    """
    check_installed("onnx", "onnxruntime")
    return ask_session(open_session(model), X)


def open_session(model: Any) -> Any:
    """Return what runs an ONNX model, its bytes or its file, on one core."""
    check_installed("onnxruntime")
    import onnxruntime

    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def ask_session(session: Any, X: Any) -> tuple[NDArray[Any] | None, Array]:
    """Return labels, None where there are none, and what is said of rows."""
    X = as_rows(X)
    fed = {one.name: _fed(X, one) for one in session.get_inputs()}
    *chosen, answer = session.run([one.name for one in session.get_outputs()], fed)
    labels = _labels(np.asarray(chosen[0])) if chosen else None
    return labels, np.asarray(answer, dtype=np.float64)


def _labels(found: NDArray[Any]) -> NDArray[Any]:
    # ONNX Runtime's text is of type object, and its whole numbers of a type beside int64.
    return found.astype(str if found.dtype == object else np.int64)


def _fed(X: Any, wanted: Any) -> NDArray[Any]:
    """Return what an input of a file gets of rows."""
    if not hasattr(X, "columns"):
        X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
        return _numbers(X, "a frame where it holds text")
    name = wanted.name
    if name not in list(X.columns):
        raise ValueError(f"X must have the column {name!r}, which the file reads.")
    values = np.asarray(X[name], dtype=object)[:, None]
    missing = np.array([is_missing(value) for value in values[:, 0]], dtype=bool)[:, None]
    if wanted.type != "tensor(string)":
        return _numbers(np.where(missing, np.nan, values), f"of numbers in the column {name!r}")
    if not all(isinstance(value, str) for value in values[~missing]):
        raise ValueError(f"X must be of text in the column {name!r}, as in fit.")
    return np.where(missing, MISSING_TEXT, values)


def _numbers(values: NDArray[Any], wanted: str) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            return values.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"X must be {wanted}: {error}.") from error
