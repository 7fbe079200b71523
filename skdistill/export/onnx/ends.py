"""How the way from outputs to answers is written."""

from __future__ import annotations

import numpy as np

from ..program import (
    Calibrated,
    Clipped,
    End,
    Exp,
    Logistic,
    Normalised,
    Sharpened,
    Sigmoid,
    Softmax,
    Spread,
    TwoColumns,
)
from .graph import Graph


def write_end(graph: Graph, end: End, x: str, n_classes: int) -> str:
    """Write what an end makes of outputs x."""
    match end:
        case Exp():
            return graph.node("Exp", x)
        case Logistic():
            return graph.node("Sigmoid", x)
        case Clipped():
            return graph.node("Clip", x, graph.constant(0.0), graph.constant(1.0))
        case Sigmoid():
            return _two_columns(graph, graph.node("Sigmoid", x))
        case TwoColumns():
            return _two_columns(graph, x)
        case Softmax():
            return _softmax(graph, x)
        case Normalised():
            return _normalised(graph, x, n_classes)
        case Spread(columns, _):
            places = np.eye(n_classes)[list(columns)]
            return graph.node("MatMul", x, graph.constant(places))
        case Sharpened(power):
            logs = graph.node("Log", x)
            return _softmax(graph, graph.node("Mul", logs, graph.constant(power)))
        case Calibrated(slope, shift, floor):
            x = graph.node("Mul", x, graph.constant(1 - n_classes * floor))
            x = graph.node("Log", graph.node("Add", x, graph.constant(floor)))
            x = graph.node("Mul", x, graph.constant(slope))
            return _softmax(graph, graph.node("Add", x, graph.constant(shift)))
    raise TypeError(f"Nobody knows how to write {end!r}.")


def _two_columns(graph: Graph, positive: str) -> str:
    return graph.beside([graph.node("Sub", graph.constant(1.0), positive), positive])


def _softmax(graph: Graph, x: str) -> str:
    return graph.node("Softmax", x, axis=1)


def _normalised(graph: Graph, x: str, n: int) -> str:
    total = graph.node("ReduceSum", x, graph.constant([1]), keepdims=1)
    has_mass = graph.node("Greater", total, graph.constant(0.0))
    return graph.node("Where", has_mass, graph.node("Div", x, total), graph.constant([1.0 / n]))
