"""A graph of ONNX as it is written: nodes one after the other, constants among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from ..._utils.packages import needs

#: The version of ONNX's operators of machine learning that knows trees in float64.
ML_VERSION = 3
#: The first version of the others that has all that is written; what runs ONNX anywhere reads it.
OLDEST_OPSET = 15


def check_installed(*packages: str) -> None:
    """Refuse to go on without packages that write or run ONNX."""
    try:
        for package in packages:
            import_module(package)
    except ImportError as error:
        raise ImportError(needs("An ONNX file", *packages)) from error


class Graph:
    """Nodes, whose outputs get names that `new_name` makes of a word."""

    def __init__(self, new_name: Callable[[str], str]) -> None:
        self.new_name = new_name
        self.nodes: list[Any] = []

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Add a node, and return the name of its output, which is new if none is given."""
        from onnx.helper import make_node

        out = out or self.new_name(kind.lower())
        domain = "ai.onnx.ml" if kind in ("LabelEncoder", "TreeEnsembleRegressor") else ""
        self.nodes.append(make_node(kind, inputs, [out], domain=domain, **attributes))
        return out

    def constant(self, value: Any) -> str:
        """Add an array of float64, whole numbers or text."""
        from onnx.numpy_helper import from_array

        value = np.asarray(value)
        return self.node("Constant", value=from_array(_plain(value)))

    def cast(self, name: str, kind: str, out: str | None = None) -> str:
        """Add a cast, to DOUBLE, FLOAT or another type of ONNX."""
        from onnx import TensorProto

        return self.node("Cast", name, out=out, to=TensorProto.DataType.Value(kind))

    def beside(self, names: Sequence[str]) -> str:
        """Put columns side by side."""
        return names[0] if len(names) == 1 else self.node("Concat", *names, axis=1)

    def take(self, name: str, places: Sequence[int], width: int) -> str:
        """Take columns, of so many, by their places."""
        if list(places) == list(range(width)):
            return name
        return self.node("Gather", name, self.constant(np.array(places, dtype=np.int64)), axis=1)


def _plain(value: Any) -> Any:
    kinds = {"f": np.float64, "i": np.int64, "u": np.int64, "b": np.int64}
    return value.astype(kinds.get(value.dtype.kind, object))
