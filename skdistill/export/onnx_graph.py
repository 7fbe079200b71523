"""The graph that an exported model becomes, and rows on their way through it.

Numbers become float64 as they come in, and each step does what scikit-learn does, in its order. So
a scaled value is rounded as there, to the last bit, and no row changes its side of a threshold.
What has no writer here is left to skl2onnx, and no tree may follow such a step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from onnx import TensorProto
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import BaseDecisionTree

from .._utils.trees import FORESTS
from .onnx_trees import CannotExportError

# The version of ONNX's operators of machine learning that knows trees in float64.
ML_VERSION = 3


class Graph:
    """What nodes are written to while skl2onnx converts a model."""

    def __init__(self, scope: Any, container: Any) -> None:
        self.scope = scope
        self.container = container
        #: Whether anything was left to skl2onnx.
        self.delegated = False

    def node(self, kind: str, *inputs: str, out: str | None = None, **attributes: Any) -> str:
        """Add a node, and return the name of its output, which is new if none is given."""
        out = out or self.scope.get_unique_variable_name(kind.lower())
        is_ml = kind in ("LabelEncoder", "TreeEnsembleRegressor")
        self.container.add_node(
            kind,
            list(inputs),
            [out],
            name=self.scope.get_unique_operator_name(kind),
            op_domain="ai.onnx.ml" if is_ml else "",
            op_version=ML_VERSION if is_ml else self.container.target_opset,
            **attributes,
        )
        return out

    def constant(self, value: Any) -> str:
        """Add an array of float64, whole numbers or text, and return its name."""
        value = np.asarray(value)
        kind = {"f": TensorProto.DOUBLE, "i": TensorProto.INT64}.get(value.dtype.kind)
        content = value.ravel().tolist()
        if kind is None:
            kind, content = TensorProto.STRING, [str(text).encode() for text in content]
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, kind, list(value.shape), content)
        return str(name)

    def cast(self, name: str, kind: int, out: str | None = None) -> str:
        """Add a cast."""
        return self.node("Cast", name, out=out, to=kind)

    def beside(self, names: Sequence[str]) -> str:
        """Put columns side by side."""
        return names[0] if len(names) == 1 else self.node("Concat", *names, axis=1)

    def take(self, name: str, places: Any) -> str:
        """Take columns by their places."""
        return self.node("Gather", name, self.constant(np.asarray(places, dtype=int)), axis=1)


# ---- rows on their way ---------------------------------------------------------------------------


class Part(NamedTuple):
    """Columns side by side: numbers in float64, or text."""

    name: str
    width: int
    is_text: bool = False
    column: str | None = None  # what a column of a frame is called
    made_by: str | None = None  # what may have rounded otherwise than scikit-learn does


Table = list[Part]


def read_inputs(graph: Graph, variables: Sequence[Any]) -> Table:
    """Return a model's inputs as a table, with float64 in the place of other numbers."""
    named = len(variables) > 1 or variables[0].type.shape[1] == 1
    table = []
    for variable in variables:
        is_text = isinstance(variable.type, StringTensorType)
        is_double = isinstance(variable.type, DoubleTensorType)
        name = variable.full_name
        if not is_text and not is_double:
            name = graph.cast(name, TensorProto.DOUBLE)
        column = variable.raw_name if named else None
        table.append(Part(name, variable.type.shape[1], is_text, column))
    return table


def numbers(graph: Graph, table: Table, reader: Any) -> str:
    """Return a table as one tensor of float64, which `reader` is about to read."""
    text = [part.column or "X" for part in table if part.is_text]
    if text:
        raise CannotExportError(
            f"{type(reader).__name__} would read text of the columns {text[:5]}, which cannot be "
            "exported: encode it in a Pipeline before."
        )
    return graph.beside([part.name for part in table])


def single_columns(graph: Graph, table: Table) -> Table:
    """Return a table of parts of one column each."""
    return [
        part if part.width == 1 else part._replace(name=graph.take(part.name, [j]), width=1)
        for part in table
        for j in range(part.width)
    ]


def rounder_of(table: Table) -> str | None:
    """Return what has made a table that may have rounded otherwise than scikit-learn does."""
    return next((part.made_by for part in table if part.made_by), None)


# ---- what skl2onnx writes ------------------------------------------------------------------------


def delegate(graph: Graph, estimator: Any, table: Table, known: str) -> str:
    """Leave an estimator to skl2onnx, and return what it answers, in float64.

    `known` are those that it may be replaced by, for the message.
    """
    alias = sklearn_operator_name_map.get(type(estimator))
    if alias is None or _holds_trees(estimator):
        raise CannotExportError(f"{type(estimator).__name__} cannot be exported: {known}")
    x = numbers(graph, table, estimator)
    width = sum(part.width for part in table)
    # In float32, as its converters are made for that, and some fail in float64.
    variable = graph.scope.declare_local_variable("rows", FloatTensorType([None, width]))
    graph.cast(x, TensorProto.FLOAT, variable.full_name)
    operator = graph.scope.declare_local_operator(alias, estimator)
    operator.inputs.append(variable)
    if is_classifier(estimator):
        operator.outputs.append(graph.scope.declare_local_variable("label", Int64TensorType()))
    answer = graph.scope.declare_local_variable("answer", FloatTensorType())
    operator.outputs.append(answer)
    graph.delegated = True
    return graph.cast(answer.full_name, TensorProto.DOUBLE)


def _holds_trees(estimator: Any) -> bool:
    """Whether there are trees inside, which skl2onnx writes otherwise than they answer."""
    members = [*estimator.get_params().values(), *np.ravel(getattr(estimator, "estimators_", []))]
    kinds = (BaseDecisionTree, *FORESTS, HistGradientBoostingClassifier)
    return any(
        isinstance(member, (*kinds, HistGradientBoostingRegressor))
        or type(member).__module__.partition(".")[0] == "lightgbm"
        for member in members
    )
