"""Steps before a learner as nodes of an ONNX graph: selections, scalers, imputers, encoders."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from .onnx_graph import Graph, Part, Table, delegate, numbers, rounder_of, single_columns
from .onnx_trees import MISSING_TEXT, CannotExportError


def transform(graph: Graph, step: Any, table: Table) -> Table:
    """Write what a fitted transformer makes of a table."""
    if step is None or step == "passthrough":
        return table
    if step == "drop" or not table:
        return []
    if isinstance(step, SelectorMixin):
        return _select(graph, table, step.get_support(indices=True).tolist(), None)
    writer = TRANSFORMERS.get(type(step))
    return _by_skl2onnx(graph, step, table) if writer is None else writer(graph, step, table)


def _steps(graph: Graph, pipeline: Pipeline, table: Table) -> Table:
    for _, step in pipeline.steps:
        table = transform(graph, step, table)
    return table


def _select(graph: Graph, table: Table, places: Sequence[int], names: Any) -> Table:
    """Take columns by their places in fit, or by their names where both sides have them."""
    if names is not None and all(part.column is not None for part in table):
        by_name = {part.column: part for part in table}
        missing = [name for name in (names[place] for place in places) if name not in by_name]
        if missing:
            raise CannotExportError(f"The inputs must have the columns {missing[:5]}.")
        return [by_name[names[place]] for place in places]
    if len(table) == 1:
        part = table[0]
        return [part._replace(name=graph.take(part.name, places), width=len(places))]
    single = single_columns(graph, table)
    return [single[place] for place in places]


def _column_transformer(graph: Graph, step: ColumnTransformer, table: Table) -> Table:
    if step.transformer_weights:
        raise CannotExportError("ColumnTransformer with transformer_weights cannot be exported.")
    names = getattr(step, "feature_names_in_", None)
    made = []
    for _, transformer, columns in step.transformers_:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        places = _places(columns, step.n_features_in_, names)
        made += transform(graph, transformer, _select(graph, table, places, names))
    # From here on columns are known by their places.
    return [part._replace(column=None) for part in made]


def _union(graph: Graph, step: FeatureUnion, table: Table) -> Table:
    if step.transformer_weights:
        raise CannotExportError("FeatureUnion with transformer_weights cannot be exported.")
    made = [part for _, one in step.transformer_list for part in transform(graph, one, table)]
    return [part._replace(column=None) for part in made]


def _places(columns: Any, n_columns: int, names: Any) -> list[int]:
    """Return the places of what a ColumnTransformer selects."""
    if isinstance(columns, slice) and isinstance(columns.start or columns.stop, str):
        known = list(names)
        start = None if columns.start is None else known.index(columns.start)
        stop = None if columns.stop is None else known.index(columns.stop) + 1
        columns = slice(start, stop, columns.step)
    if isinstance(columns, slice):
        return list(range(n_columns)[columns])
    columns = np.atleast_1d(np.asarray(columns, dtype=None if len(np.atleast_1d(columns)) else int))
    if columns.dtype.kind in "OU":
        return [list(names).index(column) for column in columns]
    return [int(place) for place in np.arange(n_columns)[columns]]


def _numeric(graph: Graph, step: Any, table: Table, write: Callable[[str], str]) -> Table:
    """Return what a step on numbers makes of each column as one part."""
    name = write(numbers(graph, table, step))
    return [Part(name, sum(part.width for part in table), made_by=rounder_of(table))]


def _scaler(graph: Graph, step: Any, table: Table) -> Table:
    """Write (x − centre) / scale."""
    centre = step.mean_ if isinstance(step, StandardScaler) else getattr(step, "center_", None)
    if not getattr(step, "with_mean", True):
        centre = None

    def write(x: str) -> str:
        if centre is not None:
            x = graph.node("Sub", x, graph.constant(centre))
        return x if step.scale_ is None else graph.node("Div", x, graph.constant(step.scale_))

    return _numeric(graph, step, table, write)


def _min_max_scaler(graph: Graph, step: MinMaxScaler, table: Table) -> Table:
    def write(x: str) -> str:
        x = graph.node("Mul", x, graph.constant(step.scale_))
        x = graph.node("Add", x, graph.constant(step.min_))
        if not step.clip:
            return x
        return graph.node("Clip", x, *(graph.constant(float(v)) for v in step.feature_range))

    return _numeric(graph, step, table, write)


def _function_transformer(graph: Graph, step: FunctionTransformer, table: Table) -> Table:
    if step.func is not None:
        return _by_skl2onnx(graph, step, table)
    return table


def _imputer(graph: Graph, step: SimpleImputer, table: Table) -> Table:
    """Write values in the place of missing ones; columns without any value in fit are left out."""
    if step.add_indicator and any(part.is_text for part in table):
        raise CannotExportError("SimpleImputer with add_indicator cannot be exported for text.")
    made = []
    for part, value in zip(single_columns(graph, table), step.statistics_, strict=True):
        if not part.is_text and value != value:
            continue
        missing = _is_missing(graph, part, step.missing_values)
        filled = str(value) if part.is_text else float(value)
        name = graph.node("Where", missing, graph.constant([filled]), part.name)
        made.append(part._replace(name=name))
    if step.add_indicator:
        single = single_columns(graph, table)
        for place in step.indicator_.features_:
            missing = _is_missing(graph, single[place], step.missing_values)
            name = graph.cast(missing, TensorProto.DOUBLE)
            made.append(Part(name, 1, made_by=single[place].made_by))
    return made


def _is_missing(graph: Graph, part: Part, value: Any) -> str:
    if not part.is_text:
        if value is None or value != value:
            return graph.node("IsNaN", part.name)
        return graph.node("Equal", part.name, graph.constant([float(value)]))
    key = value if isinstance(value, str) else MISSING_TEXT
    found = graph.node(
        "LabelEncoder", part.name, keys_strings=[key], values_int64s=[1], default_int64=0
    )
    return graph.cast(found, TensorProto.BOOL)


def _encoder(graph: Graph, step: Any, table: Table) -> Table:
    """Write an encoder as what it answers for each category, which it is asked."""
    made = []
    for j, part in enumerate(single_columns(graph, table)):
        codes = _codes(graph, part, step.categories_[j])
        answers = _answers(step, j)
        name = graph.node("Gather", graph.constant(answers), codes, axis=0)
        made.append(Part(name, answers.shape[1], made_by=part.made_by))
    return made


def _codes(graph: Graph, part: Part, categories: Any) -> str:
    """Return each value's place among the categories, after the last one for all others."""
    if any(isinstance(value, str) for value in categories) != part.is_text:
        found, wanted = ("text", "numbers") if part.is_text else ("numbers", "text")
        raise CannotExportError(
            f"X must hold {wanted} in the column {part.column!r}, as in fit, found {found}."
        )
    write = _codes_of_text if part.is_text else _codes_of_numbers
    return write(graph, part, categories)


def _codes_of_text(graph: Graph, part: Part, categories: Any) -> str:
    keys = [value if isinstance(value, str) else MISSING_TEXT for value in categories]
    if len(set(keys)) < len(keys):
        raise CannotExportError(
            f"The column {part.column!r} holds missing and empty text, which ONNX cannot tell "
            "from each other: replace one of them."
        )
    found = graph.node(
        "LabelEncoder",
        part.name,
        keys_strings=keys,
        values_int64s=list(range(len(keys))),
        default_int64=len(keys),
    )
    return graph.node("Reshape", found, graph.constant([-1]))


def _codes_of_numbers(graph: Graph, part: Part, categories: Any) -> str:
    known = np.asarray(categories, dtype=np.float64)
    rounded = known.astype(np.float32)
    if not np.array_equal(rounded, known, equal_nan=True):
        raise CannotExportError(
            f"The column {part.column!r} has categories that float32 rounds, such as "
            f"{known[rounded != known][0]}: make them whole numbers or text."
        )
    matches = [graph.node("Equal", part.name, graph.constant([value])) for value in known]
    if np.isnan(known).any():  # the last of the categories
        matches[-1] = graph.node("IsNaN", part.name)
    columns = [graph.cast(match, TensorProto.INT64) for match in matches]
    # The first of the largest is taken: where there is none, a column of ones after the last.
    one = graph.constant([1])
    columns.append(graph.node("Add", graph.node("Mul", columns[0], graph.constant([0])), one))
    return graph.node("ArgMax", graph.beside(columns), axis=1, keepdims=0)


def _answers(step: Any, j: int) -> NDArray[np.float64]:
    """Return the columns that an encoder makes of each category of its column j, and of others.

    NaN stands where it refuses others.
    """
    categories = step.categories_
    is_text = any(isinstance(value, str) for value in categories[j])
    stranger = "\0" if is_text else np.nanmax([0.0, *np.asarray(categories[j], dtype=float)]) + 1
    values = [*categories[j], *([] if step.handle_unknown == "error" else [stranger])]
    rows = np.empty((len(values), len(categories)), dtype=object)
    rows[:] = [known[0] for known in categories]
    rows[:, j] = values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        made = step.transform(rows)
    made = np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=np.float64)
    widths = _widths(step)
    answers = made[:, sum(widths[:j]) : sum(widths[: j + 1])]
    if step.handle_unknown == "error":
        answers = np.vstack([answers, np.full(answers.shape[1], np.nan)])
    return answers


def _widths(step: Any) -> list[int]:
    """Return how many columns an encoder makes of each."""
    if not isinstance(step, OneHotEncoder):
        return [1] * len(step.categories_)
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(step.categories_)
    rare = getattr(step, "infrequent_categories_", None) or [None] * len(step.categories_)
    return [
        len(known) - (gone is not None) - (0 if few is None else len(few) - 1)
        for known, gone, few in zip(step.categories_, dropped, rare, strict=True)
    ]


def _by_skl2onnx(graph: Graph, step: Any, table: Table) -> Table:
    """Leave a transformer to skl2onnx."""
    width = len(step.get_feature_names_out())
    name = delegate(graph, step, table, known_transformers())
    return [Part(name, width, made_by=type(step).__name__)]


TRANSFORMERS: dict[type, Callable[[Graph, Any, Table], Table]] = {
    Pipeline: _steps,
    ColumnTransformer: _column_transformer,
    FeatureUnion: _union,
    StandardScaler: _scaler,
    RobustScaler: _scaler,
    MaxAbsScaler: _scaler,
    MinMaxScaler: _min_max_scaler,
    SimpleImputer: _imputer,
    OneHotEncoder: _encoder,
    OrdinalEncoder: _encoder,
    FunctionTransformer: _function_transformer,
}


def known_transformers() -> str:
    """Say what may stand before a tree."""
    names = ", ".join(sorted(kind.__name__ for kind in TRANSFORMERS))
    return (
        f"before a tree there may be {names} and selectors of columns, before other students "
        "also what skl2onnx converts."
    )
