"""The proof that a file answers as its model does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._utils.compat import index_rows
from ..rows import as_rows
from .c import CompiledCode, CSource
from .columns import UnknownPartError
from .kinds import Kind
from .neighbours import rows_beside
from .program import Program
from .reading import Distilled, kind_of, read_program, what_ships
from .skops import load_skops
from .sql import SQLQuery, run_sql
from .values import values_of

Array = NDArray[np.float64]
# Labels of rows, and what is said of them; None is the labels of the most probable classes.
Answers = tuple[NDArray[Any] | None, Array]
Ask = Callable[[Any], Answers]
# What asks a file, the numbers that it takes, and the tolerance of its kind.
Runner = tuple[Ask, Any, float]

_CALLS, _SECONDS = 200, 0.1
_ROWS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Verification:
    """How a file compares with its model, over so many rows.

    The largest difference of a probability, or of a number, how many rows get another class, what
    the difference may be for a file of that kind, and the median microseconds that one row takes in
    Python and in the file, called from Python. Of numbers a difference is a share of the number, or
    of the mean size of all numbers where that is more.
    """

    n_rows: int
    largest_difference: float
    labels_differing: int
    tolerance: float
    model_microseconds: float
    exported_microseconds: float

    @property
    def agrees(self) -> bool:
        """Whether the file may stand for the model."""
        return self.labels_differing == 0 and self.largest_difference <= self.tolerance


def verify(model: Any, exported: Any, X: Any) -> Verification:
    """Compare what a file answers with what its model does.

    Both are asked about the rows of X, and about rows made of them: with a value just beside every
    threshold of the student's trees, with every category, with unknown and missing ones where it
    takes them.

    Numbers of 32 bits are compared as the doubles that they are, as what a file computes of them is
    in doubles. About such rows as they are, scikit-learn may compute in 32 bits, and differ from
    the file, and from itself, by about 1e-7, or by a leaf where a scaled number meets a threshold.

    Parameters
    ----------
    model : distiller, DistilledClassifier or DistilledRegressor
        A fitted distiller, or its `classifier_` or `regressor_`.
    exported : str, onnx.ModelProto, path, or object with predict_proba or predict
        What :func:`to_c`, :func:`to_sql` or :func:`to_onnx` returned, the path of a file that ends
        in ``.onnx`` or ``.skops``, or anything that predicts, such as what
        :meth:`DistilledClassifier.compiled` returns.
    X : {array-like, frame} of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    Verification
        With `n_rows` that were compared, the `largest_difference` of a probability, how many
        labels differ (`labels_differing`) by more than rounding, the `tolerance` of such a file,
        whether it `agrees`, and the median time that one row takes, `model_microseconds` and
        `exported_microseconds`, both called from Python. Of numbers the difference is a share: of
        the number, or of the mean size of all numbers where that is more.

    Raises
    ------
    ValueError
        If nobody knows how to run `exported`, or X is not what the model takes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skdistill import Distiller, SoftmaxRegression
    >>> from skdistill.export import verify
    >>> X, y = load_iris(return_X_y=True)
    >>> model = Distiller(RandomForestClassifier(), SoftmaxRegression()).fit(X, y)
    >>> verify(model, model.classifier_, X).largest_difference
    0.0
    """
    shipped, X, program = what_ships(model), as_rows(X), _program(model)
    kind = kind_of(shipped)
    runner = _runner(exported, kind)
    found = _compare(shipped, kind, program, runner, X)
    one = index_rows(X, np.arange(1))
    times = [_microseconds(call, one) for call in (getattr(shipped, kind.method), runner[0])]
    return replace(found, model_microseconds=times[0], exported_microseconds=times[1])


def _compare(
    shipped: Distilled, kind: Kind, program: Program | None, runner: Runner, X: Any
) -> Verification:
    """Return how answers differ, without the time that they take."""
    ask, dtype, tolerance = runner
    n_rows, largest, differing, usual = 0, 0.0, 0, None
    for rows in _all_rows(program, X, dtype):
        expected, (labels, found) = kind.ask(shipped, rows), ask(rows)
        n_rows += len(expected)
        # Rows that were given come first.
        usual = kind.usual_size(expected) if usual is None else usual
        largest = max(largest, float(_differences(expected, found, usual).max(initial=0.0)))
        differing += kind.count_others(expected, found, labels, tolerance)
    return Verification(n_rows, largest, differing, tolerance, np.nan, np.nan)


def _differences(expected: Array, found: Array, usual: float) -> Array:
    """Return by how much answers differ, in units of a usual size, or of their own if larger."""
    with np.errstate(invalid="ignore"):  # of infinite ones
        shares = np.abs(expected - found) / np.maximum(np.abs(expected), usual)
    # No answer differs from every answer.
    return np.where(expected == found, 0.0, np.where(np.isnan(shares), np.inf, shares))


def refuse_different(model: Any, exported: Any, X: Any) -> None:
    """Refuse to hand over what does not answer as its model does."""
    shipped, program = what_ships(model), _program(model)
    kind = kind_of(shipped)
    found = _compare(shipped, kind, program, _runner(exported, kind), as_rows(X))
    if not found.agrees:
        raise ValueError(
            f"What was written does not answer as the model does: of {found.n_rows} rows "
            f"{kind.told_of_others(found.labels_differing)}the largest difference of a "
            f"{kind.one} is {found.largest_difference:.3g}, above {found.tolerance:g}."
        )


def _program(model: Any) -> Program | None:
    try:
        return read_program(model)
    except UnknownPartError:
        return None


def _all_rows(program: Program | None, X: Any, dtype: Any) -> Iterator[Any]:
    """Yield the rows given and those beside thresholds, in parts, as numbers of a type."""
    X = _in_doubles(X)
    # Rows that the model refuses are refused before others are made of them.
    for rows in chain([X], [] if program is None else rows_beside(program, X, dtype)):
        n_rows = int(rows.shape[0])
        for first in range(0, n_rows, _ROWS_AT_ONCE):
            part = np.arange(first, min(first + _ROWS_AT_ONCE, n_rows))
            yield _rounded(index_rows(rows, part), dtype)


def _in_doubles(rows: Any) -> Any:
    """Return rows whose floating-point numbers are doubles."""
    if hasattr(rows, "with_columns"):
        import polars.selectors

        return rows.with_columns(polars.selectors.by_dtype(polars.Float32).cast(float))
    if hasattr(rows, "select_dtypes"):
        words = {"float16", "float32", "Float32", "float[pyarrow]"}
        short = [name for name, kind in rows.dtypes.items() if str(kind) in words]
        return rows.astype(dict.fromkeys(short, float)) if short else rows
    is_short = getattr(rows, "dtype", None) in (np.float16, np.float32)
    return rows.astype(np.float64) if is_short else rows


def _rounded(rows: Any, dtype: Any) -> Any:
    """Return rows whose numbers are those of a type, still as doubles.

    So what stands before a learner computes in doubles, there and here.
    """
    if dtype == np.float64:
        return rows
    if hasattr(rows, "with_columns"):
        import polars.selectors

        return rows.with_columns(polars.selectors.numeric().cast(polars.Float32).cast(float))
    if hasattr(rows, "select_dtypes"):
        kinds = rows.select_dtypes("number").dtypes.to_dict()
        # Whole numbers may round to one above all of their type. Of such with gaps these stay NA.
        back = {
            name: "Float64" if kind.kind in "iu" and not isinstance(kind, np.dtype) else float
            for name, kind in kinds.items()
        }
        return rows.astype(dict.fromkeys(kinds, dtype)).astype(back)
    is_number = getattr(rows, "dtype", np.dtype(object)).kind in "fiub"
    return rows.astype(dtype).astype(np.float64) if is_number else rows


def _microseconds(call: Callable[[Any], Any], row: Any) -> float:
    times: list[float] = []
    while len(times) < _CALLS and sum(times) < _SECONDS:
        start = perf_counter()
        call(row)
        times.append(perf_counter() - start)
    return 1e6 * float(np.median(times))


# ---- how a file is run -----------------------------------------------------------------------


def _runner(exported: Any, kind: Kind) -> Runner:
    """Return what asks a file, the numbers that it takes, and the tolerance of its kind."""
    if isinstance(exported, CSource):
        return _of_c(exported)
    if isinstance(exported, SQLQuery):
        return _of_sql(exported), np.float64, 1e-6
    if isinstance(exported, str | Path):
        exported = _load(Path(exported))
    if hasattr(exported, "SerializeToString"):
        from .onnx import ask_session, open_session

        session = open_session(exported)
        return lambda rows: ask_session(session, rows), np.float32, 1e-6
    if hasattr(exported, kind.method):
        return lambda rows: (None, kind.ask(exported, rows)), np.float64, 1e-12
    raise ValueError(
        "exported must be what to_c, to_sql or to_onnx returned, a path that ends in .onnx or "
        f".skops, or have {kind.method}; found {type(exported).__name__}."
    )


def _of_c(source: CSource) -> Runner:
    code = CompiledCode(source)
    is_double = source.number == "double"
    dtype, tolerance = (np.float64, 1e-12) if is_double else (np.float32, 1e-5)
    program = source.program
    return lambda rows: (None, code.ask(values_of(program, rows))), dtype, tolerance


def _of_sql(query: SQLQuery) -> Ask:
    program = query.program
    return lambda rows: run_sql(query, program.columns, values_of(program, rows))


def _load(path: Path) -> Any:
    """Return what a file holds."""
    if path.suffix == ".skops":
        return load_skops(path)
    if path.suffix == ".onnx":
        import onnx

        return onnx.load(path)
    raise ValueError(f"exported must be a path that ends in .onnx or .skops, found {str(path)!r}.")
