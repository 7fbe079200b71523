"""What skl2onnx calls to convert a distiller or student of ours, inside what holds it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...distillers import (
    CrossFitDistiller,
    CrossFitDistillerRegressor,
    Distiller,
    DistillerRegressor,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
)
from ...students import (
    DistilledClassifier,
    DistilledRegressor,
    LGBMSoftClassifier,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from ..columns import UnknownPartError
from ..program import Program
from ..reading import read_estimator
from .graph import ML_VERSION, OLDEST_OPSET, Graph, check_installed
from .inputs import Input, places_of
from .model import labels_of, write_outputs

_CLASSIFIERS = (
    CrossFitDistiller,
    DistilledClassifier,
    Distiller,
    LGBMSoftClassifier,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
    SoftmaxRegression,
)
_REGRESSORS = (
    CrossFitDistillerRegressor,
    DistilledRegressor,
    DistillerRegressor,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
)


def register_converters() -> None:
    """Let skl2onnx convert what holds a distiller or a student of ours.

    After it `skl2onnx.to_onnx` takes distillers, `DistilledClassifier`, `DistilledRegressor`,
    `LGBMSoftClassifier`, `SoftLabelClassifier` and `SoftmaxRegression`, alone and in a Pipeline,
    search or vote, and LightGBM's own `LGBMClassifier` and `LGBMRegressor`, if it has no converters
    for them yet.
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
    check_installed("onnx", "onnxruntime", "skl2onnx")
    from lightgbm import LGBMClassifier, LGBMRegressor
    from skl2onnx import update_registered_converter
    from skl2onnx._supported_operators import sklearn_operator_name_map as known

    options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
    for kind in (*_CLASSIFIERS, *({LGBMClassifier} - known.keys())):
        name = f"Skdistill{kind.__name__}"
        update_registered_converter(kind, name, _set_classifier_types, _convert, options=options)
    for kind in (*_REGRESSORS, *({LGBMRegressor} - known.keys())):
        name = f"Skdistill{kind.__name__}"
        update_registered_converter(kind, name, _set_regressor_types, _convert)


def _set_classifier_types(operator: Any) -> None:
    from skl2onnx.common.data_types import Int64TensorType, StringTensorType

    classes = np.asarray(operator.raw_operator.classes_)
    is_text = labels_of(classes).dtype.kind == "U"
    operator.outputs[0].type = (StringTensorType if is_text else Int64TensorType)([None])
    operator.outputs[1].type = _number_type(operator)([None, len(classes)])


def _set_regressor_types(operator: Any) -> None:
    operator.outputs[0].type = _number_type(operator)([None, 1])


def _number_type(operator: Any) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

    is_double = any(isinstance(one.type, DoubleTensorType) for one in operator.inputs)
    return DoubleTensorType if is_double else FloatTensorType


def _convert(scope: Any, operator: Any, container: Any) -> None:
    program, inputs, graph = _begin(scope, operator, container)
    outputs = [one.full_name for one in operator.outputs]
    write_outputs(graph, program, inputs, outputs, _kind(operator.outputs[-1]))
    _add(container, graph)


def _begin(scope: Any, operator: Any, container: Any) -> tuple[Program, list[Input], Graph]:
    """Return what a model computes, its inputs, and a graph to write it to."""
    if container.target_opset < OLDEST_OPSET:
        raise UnknownPartError(
            f"target_opset must be {OLDEST_OPSET} or newer, found {container.target_opset}."
        )
    program = read_estimator(operator.raw_operator)
    return program, _inputs(program, operator.inputs), Graph(scope.get_unique_variable_name)


def _inputs(program: Program, variables: list[Any]) -> list[Input]:
    widths = [one.type.shape[1] for one in variables]
    kinds = [_kind(one) for one in variables]
    if widths == [1] * len(widths):
        places = places_of(program, [one.raw_name for one in variables])
        return [
            Input(variables[place].full_name, (j,), kinds[place]) for j, place in places.items()
        ]
    ends = np.cumsum(widths).tolist()
    return [
        Input(one.full_name, tuple(range(end - width, end)), kind)
        for one, width, end, kind in zip(variables, widths, ends, kinds, strict=True)
    ]


def _kind(variable: Any) -> str:
    """Return the type of a variable of skl2onnx, among those that matter here."""
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    if isinstance(variable.type, StringTensorType):
        return "STRING"
    # A kind of FloatTensorType is that of double numbers.
    return "FLOAT" if type(variable.type) is FloatTensorType else "DOUBLE"


def _add(container: Any, graph: Graph) -> None:
    """Hand nodes over to skl2onnx."""
    from onnx.helper import get_attribute_value

    for node in graph.nodes:
        container.add_node(
            node.op_type,
            list(node.input),
            list(node.output),
            op_domain=node.domain,
            op_version=ML_VERSION if node.domain else container.target_opset,
            **{one.name: get_attribute_value(one) for one in node.attribute},
        )
