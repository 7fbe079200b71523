"""A distilled student as an ONNX file, and the proof that the file answers as the student does."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ..distillers import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
)
from ..rows import as_rows, column_names
from ..students import (
    DistilledClassifier,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from .onnx_trees import MISSING_TEXT

__all__ = ["register_converters", "run_onnx", "to_onnx"]

Array = NDArray[np.float64]

_DISTILLERS = (CrossFitDistiller, Distiller, LossCorrectedDistiller, LossCorrectedDistillerCV)
_CLASSIFIERS = (
    *_DISTILLERS,
    DistilledClassifier,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
# The first that has all that is written; what runs ONNX anywhere reads it.
_OPSET = 15
# How far apart probabilities may be; what skl2onnx writes is less exact.
_TOLERANCE, _TOLERANCE_OF_OTHERS = 1e-6, 1e-5


def to_onnx(
    model: Any,
    X: Any,
    *,
    target_opset: int | None = None,
    path: str | Path | None = None,
    overwrite: bool = False,
) -> Any:
    """Convert a distilled student, with all that makes probabilities of its answers, to ONNX.

    The file takes numbers in float32, which knows whole numbers up to 16,777,216, and calculates
    in float64 from there on. Before it is handed over, its answers to `X` are compared with the
    student's: probabilities may differ by 1e-6 (1e-5 where a converter of skl2onnx takes part),
    labels only where two classes are as probable as that.

    The file refuses no row: where the student does, as for a category that is new, it answers
    something.

    Parameters
    ----------
    model : distiller or DistilledClassifier
        A fitted distiller, or its `classifier_`.
    X : {array-like, frame} of shape (n_samples, n_features)
        Rows by which the file is verified, and which say what its inputs are: of an array one,
        called ``X``, of a frame one for each column, under its name. Text becomes ONNX's text, all
        else float32. Where text is missing, ONNX gets an empty one.
    target_opset : int or None, default=None
        The version of ONNX's operators, 15 or newer. None means 15, which anything reads.
    path : str, Path or None, default=None
        Where the file is written, if anywhere.
    overwrite : bool, default=False
        Whether a file that is there already is replaced.

    Returns
    -------
    onnx.ModelProto
        The model, with the outputs ``label`` and ``probabilities``, the latter of shape
        (n_samples, n_classes).

    Raises
    ------
    FileExistsError
        If there is a file already, and it is not to be replaced.
    ImportError
        If what writes or runs ONNX is not installed.
    ValueError
        If the student, or what goes before it, cannot be converted, or the file would answer
        otherwise than the student does.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skdistill import CrossFitDistiller
    >>> from skdistill.export import to_onnx
    >>> from skdistill.export.onnx import run_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> teacher = RandomForestClassifier(50, random_state=0)
    >>> student = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)
    >>> model = CrossFitDistiller(teacher, student, cv="oob").fit(X, y)
    >>> exported = to_onnx(model, X)
    >>> labels, probabilities = run_onnx(exported, X[:2])
    >>> labels
    array([0, 0])
    """
    _check_path(path, overwrite)
    _check_installed()
    classifier = _classifier_of(model)
    rows = as_file_reads(X)
    expected = classifier.predict_proba(rows), classifier.predict(rows)
    exported, is_exact = _convert(classifier, rows, _check_opset(target_opset))
    tolerance = _TOLERANCE if is_exact else _TOLERANCE_OF_OTHERS
    _compare(expected, run_onnx(exported, rows), tolerance)
    if path is not None:
        # Between the check and here a file may have come.
        with open(path, "wb" if overwrite else "xb") as file:
            file.write(exported.SerializeToString())
    return exported


def run_onnx(model: Any, X: Any) -> tuple[NDArray[Any], Array]:
    """Ask an ONNX model, its bytes or its file about rows; return labels and probabilities."""
    return ask_session(open_session(model), X)


def open_session(model: Any) -> Any:
    """Return what runs an ONNX model, its bytes or its file, on one core."""
    _check_installed()
    import onnxruntime

    if hasattr(model, "SerializeToString"):
        model = model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    content = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def ask_session(session: Any, X: Any) -> tuple[NDArray[Any], Array]:
    """Return labels and probabilities of rows."""
    X = as_rows(X)
    fed = {one.name: _fed(X, one) for one in session.get_inputs()}
    labels, probabilities = session.run(["label", "probabilities"], fed)
    labels = np.asarray(labels)
    # ONNX Runtime's text is of type object, and its whole numbers of a type beside int64.
    labels = labels.astype(str if labels.dtype == object else np.int64)
    return labels, np.asarray(probabilities, dtype=np.float64)


def register_converters() -> None:
    """Let skl2onnx convert what holds a distiller or a student of ours.

    After it `skl2onnx.to_onnx` takes distillers, `DistilledClassifier`, `LGBMSoftClassifier`,
    `SoftLabelClassifier` and `SoftmaxRegression`, alone and in a Pipeline, search or vote, and
    LightGBM's own `LGBMClassifier` and `LGBMRegressor`, if it has no converters for them yet.
    Called again it changes nothing.

    What is converted so is not verified. Steps that go before a distiller are skl2onnx's own and
    calculate in float32 when they are given float32: a scaler before a tree then moves rows over
    thresholds. Hand float64 rows to `skl2onnx.to_onnx`, or put the scaler in the student's own
    Pipeline and use :func:`to_onnx`.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import skl2onnx
    >>> from skdistill import Distiller
    >>> from skdistill.export import register_converters
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), Distiller(GaussianNB(), Ridge())).fit(X, y)
    >>> register_converters()
    >>> exported = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    """
    _check_installed()
    from .onnx_converters import register

    register(_CLASSIFIERS)


# ---- checks ----------------------------------------------------------------------------------


def _check_path(path: str | Path | None, overwrite: bool) -> None:
    if path is not None and not overwrite and Path(path).exists():
        raise FileExistsError(
            f"There is a file {str(path)!r} already: choose another path, or set overwrite=True."
        )


def _check_installed() -> None:
    try:
        for package in ("onnx", "onnxruntime", "skl2onnx"):
            import_module(package)
    except ImportError as error:
        raise ImportError(
            'ONNX files need skl2onnx and onnxruntime: pip install "skdistill[onnx]"'
        ) from error


def _check_opset(target_opset: int | None) -> int:
    from skl2onnx import __max_supported_opset__ as newest

    if target_opset is None:
        return _OPSET
    if not isinstance(target_opset, int) or not _OPSET <= target_opset <= newest:
        raise ValueError(
            f"target_opset must be None or a whole number from {_OPSET} to {newest}, the newest "
            f"that skl2onnx knows, found {target_opset!r}."
        )
    return target_opset


def _classifier_of(model: Any) -> DistilledClassifier:
    if isinstance(model, _DISTILLERS):
        check_is_fitted(model)
        return model.classifier_
    if isinstance(model, DistilledClassifier):
        return model
    raise ValueError(
        f"model must be a fitted distiller or its classifier_, found {type(model).__name__}: of a "
        "search hand over best_estimator_; register_converters() lets skl2onnx.to_onnx convert "
        "what holds a distiller."
    )


# ---- rows ------------------------------------------------------------------------------------


def as_file_reads(X: Any) -> Any:
    """Return rows with numbers as a file gets them: rounded to float32, here in float64."""
    X = as_rows(X)
    if not hasattr(X, "columns"):
        return _as_float32(X).astype(np.float64)
    if column_names(X) is None:
        raise ValueError(f"X must have columns whose names are text, found {list(X.columns)[:5]}.")
    columns = {}
    for name in X.columns:
        values, is_text = _column(X, name)
        columns[name] = X[name] if is_text else values.astype(np.float64)
    return _frame(X, columns)


def _frame(X: Any, columns: dict[Any, Any]) -> Any:
    """Return a frame of X's own kind."""
    if hasattr(X, "iloc"):
        return type(X)(columns, index=X.index)
    return type(X)(columns)


def _as_float32(X: Any) -> NDArray[np.float32]:
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if X.ndim != 2:
        raise ValueError(f"X must hold rows of columns, found the shape {X.shape}.")
    try:
        with np.errstate(over="ignore"):
            return np.asarray(X.astype(np.float32))
    except (TypeError, ValueError) as error:
        raise ValueError("X must be a frame where it holds text, found an array.") from error


def _column(X: Any, name: Any) -> tuple[NDArray[Any], bool]:
    """Return a column of a frame as ONNX gets it, and whether it is text."""
    values = np.asarray(X[name], dtype=object)
    missing = np.array([_is_missing(value) for value in values], dtype=bool)
    if any(isinstance(value, str) for value in values):
        return np.where(missing, MISSING_TEXT, values).astype(str).astype(object), True
    try:
        with np.errstate(over="ignore"):
            return np.where(missing, np.nan, values).astype(np.float32), False
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"X must hold numbers and text, found {type(values[0]).__name__} in the column "
            f"{name!r}."
        ) from error


def _is_missing(value: Any) -> bool:
    # pandas' NA cannot say whether it is equal to anything.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _fed(X: Any, wanted: Any) -> NDArray[Any]:
    """Return what an input of a file gets of rows."""
    if not hasattr(X, "columns"):
        return _as_float32(X)
    if wanted.name not in list(X.columns):
        raise ValueError(f"X must have the column {wanted.name!r}, which the file reads.")
    values, is_text = _column(X, wanted.name)
    wants_text = wanted.type == "tensor(string)"
    if wants_text and not is_text and np.isnan(values).all():
        values, is_text = np.full(len(values), MISSING_TEXT, dtype=object), True
    if is_text != wants_text:
        raise ValueError(
            f"X must hold {'text' if wants_text else 'numbers'} in the column {wanted.name!r}, as "
            "the rows did that the file was made with."
        )
    return values[:, None]


# ---- conversion and comparison -----------------------------------------------------------------


def _convert(classifier: DistilledClassifier, X: Any, opset: int) -> tuple[Any, bool]:
    """Return the model, and whether all of it was written here."""
    from .onnx_converters import convert

    if not hasattr(X, "columns"):
        return convert(classifier, [("X", X.shape[1], False)], opset)
    inputs = [(name, 1, _column(X, name)[1]) for name in X.columns]
    return convert(classifier, inputs, opset)


def _compare(
    expected: tuple[Array, NDArray[Any]], found: tuple[NDArray[Any], Array], tolerance: float
) -> None:
    """Refuse a file that answers otherwise than the student."""
    (proba, labels), (found_labels, found_proba) = expected, found
    if found_proba.shape != proba.shape:
        raise ValueError(
            f"The file answers probabilities of shape {found_proba.shape}, the student those of "
            f"{proba.shape}: it is not handed over."
        )
    difference = np.abs(found_proba - proba).max(initial=0.0)
    first, second = np.sort(proba, axis=1)[:, -1], np.sort(proba, axis=1)[:, -2]
    n_other = int(((found_labels != labels) & (first - second > tolerance)).sum())
    if not difference <= tolerance or n_other:
        raise ValueError(
            f"The file answers otherwise than the student, and is not handed over: of {len(proba)} "
            f"rows the largest difference of a probability is {difference:.2g}, where "
            f"{tolerance:.0e} is allowed, and {n_other} labels differ."
        )
