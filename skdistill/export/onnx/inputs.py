"""What comes in: rows in float32 and text become columns of float64."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...rows import column_names
from ..columns import UnknownPartError
from ..kinds import Kind
from ..program import UNKNOWN, Column, Program
from .graph import Graph

#: What stands for missing text in a file, as ONNX's text has no missing values.
MISSING_TEXT = ""


class Input(NamedTuple):
    """An input: its name, the columns of the rows that it holds, and the type that ONNX gives it.

    The type is STRING, FLOAT, or any other for other numbers.
    """

    name: str
    columns: tuple[int, ...]
    kind: str


def columns_read(program: Program) -> list[int]:
    """Return the columns that a student reads."""
    return sorted({feature.column for feature in program.features})


def outputs_of(kind: Kind) -> list[str]:
    """Return what the outputs of a file are called, what is said of rows last."""
    return ["label", "probabilities"] if kind.labels else ["prediction"]


def inputs_of(program: Program, X: Any) -> list[Input]:
    """Return the inputs of a file for rows like X: one for an array, or one for each column."""
    if not hasattr(X, "columns"):
        return [Input("X", tuple(range(len(program.columns))), "FLOAT")]
    names = column_names(X)
    if names is None:
        raise ValueError(f"X must have columns whose names are text, found {list(X.columns)[:5]}.")
    taken = sorted(set(outputs_of(program.kind)) & set(names))
    if taken:
        raise ValueError(
            f"X must not have columns called {taken}, as the file's outputs are: rename them "
            "before the model is fitted."
        )
    return [
        Input(names[place], (j,), "FLOAT" if program.columns[j].is_number else "STRING")
        for j, place in places_of(program, names).items()
    ]


def places_of(program: Program, names: Iterable[str]) -> dict[int, int]:
    """Return where the columns that are read stand: by name where all are there, or in order."""
    names, read = list(names), columns_read(program)
    wanted = {j: program.columns[j].name for j in read}
    if set(wanted.values()) <= set(names):
        return {j: names.index(name) for j, name in wanted.items()}
    if len(names) != len(program.columns):
        raise ValueError(
            f"X must have the columns {list(wanted.values())[:10]}, found {names[:10]}."
        )
    return {j: j for j in read}


def write_inputs(graph: Graph, program: Program, inputs: Sequence[Input]) -> tuple[str, list[int]]:
    """Write the columns of all inputs side by side in float64, and say which they are."""
    parts = [part for one in inputs for part in _parts(graph, program, one)]
    if not {one.kind for one in inputs} <= {"FLOAT", "STRING"}:
        parts = [graph.cast(part, "DOUBLE") for part in parts]
    return graph.cast(graph.beside(parts), "DOUBLE"), [j for one in inputs for j in one.columns]


def _parts(graph: Graph, program: Program, one: Input) -> list[str]:
    """Return numbers as they are, and codes of text in float32."""
    width, read = len(one.columns), columns_read(program)
    for j in one.columns:
        column = program.columns[j]
        if j in read and column.is_number == (one.kind == "STRING"):
            wanted, found = ("numbers", "text") if column.is_number else ("text", "numbers")
            raise UnknownPartError(
                f"X must hold {wanted} in the column {column.name!r}, as in fit, found {found}: "
                "what holds text must be a frame."
            )
    if one.kind != "STRING":
        return [one.name]
    return [
        _codes(graph, program.columns[j], graph.take(one.name, [k], width))
        for k, j in enumerate(one.columns)
    ]


def _codes(graph: Graph, column: Column, name: str) -> str:
    keys = [str(category) for category in column.categories or ()]
    codes = [*map(float, range(len(keys)))]
    if len(set(keys)) < len(keys) or (MISSING_TEXT in keys and column.takes_missing):
        raise UnknownPartError(
            f"The column {column.name!r} holds text that ONNX cannot tell apart, such as missing "
            "and empty text: replace one of them."
        )
    if MISSING_TEXT not in keys:
        keys, codes = [*keys, MISSING_TEXT], [*codes, np.nan]
    return graph.node(
        "LabelEncoder", name, keys_strings=keys, values_floats=codes, default_float=UNKNOWN
    )
