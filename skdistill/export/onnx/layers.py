"""How linear models and networks are written."""

from __future__ import annotations

from ..program import Layers
from .graph import Graph

_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "exp": "Exp"}


def write_layers(graph: Graph, learner: Layers, x: str) -> str:
    """Write layers of features x."""
    for weights, bias, activation in learner.layers:
        x = graph.node("MatMul", x, graph.constant(weights))
        x = graph.node("Add", x, graph.constant(bias))
        if activation == "softmax":
            x = graph.node("Softmax", x, axis=1)
        elif activation != "identity":
            x = graph.node(_ACTIVATIONS[activation], x)
    return x
