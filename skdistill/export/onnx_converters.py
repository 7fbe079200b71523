"""What skl2onnx calls to convert a classifier of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx import convert_sklearn, update_registered_converter
from skl2onnx._supported_operators import sklearn_operator_name_map
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)

from ..students import DistilledClassifier
from .onnx_graph import ML_VERSION, Graph, read_inputs
from .onnx_learners import answer
from .onnx_trees import CannotExportError

_OLDEST_OPSET = 15


def convert(
    classifier: DistilledClassifier, inputs: Sequence[tuple[str, int, bool]], opset: int
) -> tuple[Any, bool]:
    """Convert a classifier without registering anything.

    Inputs are names, widths, and whether they hold text. Beside the model comes whether nothing
    was left to skl2onnx.
    """
    types = [
        (name, (StringTensorType if is_text else FloatTensorType)([None, width]))
        for name, width, is_text in inputs
    ]
    used = []

    def convert_and_tell(scope: Any, operator: Any, container: Any) -> None:
        used.append(_convert_classifier(scope, operator, container))

    kind = type(classifier)
    try:
        exported = convert_sklearn(
            classifier,
            initial_types=types,
            target_opset={"": opset, "ai.onnx.ml": ML_VERSION},
            custom_conversion_functions={kind: convert_and_tell},
            custom_shape_calculators={kind: _set_classifier_types},
            custom_parsers={kind: _parse},
        )
    except (RuntimeError, NotImplementedError, KeyError, TypeError) as error:
        if not used:  # nothing of it is skl2onnx's
            raise
        raise CannotExportError(
            f"skl2onnx does not convert the student {type(classifier.student).__name__}: {error}"
        ) from error
    _name_inputs(exported.graph, [name for name, *_ in inputs])
    return exported, not any(graph.delegated for graph in used)


def _name_inputs(graph: Any, names: Sequence[str]) -> None:
    """Give inputs the names of the columns, of which skl2onnx keeps letters and digits only."""
    taken = {one.name for one in graph.output} & set(names)
    if taken:
        raise CannotExportError(
            f"X must not have columns called {sorted(taken)}, as the file's outputs are: rename "
            "them before the model is fitted."
        )
    inside = {name for node in graph.node for name in node.output}
    inside |= {one.name for one in graph.initializer}
    _rename(graph, {name: f"{name} inside" for name in inside & set(names)})
    _rename(graph, {one.name: name for one, name in zip(graph.input, names, strict=True)})


def _rename(graph: Any, new: dict[str, str]) -> None:
    for node in graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for one in (*graph.initializer, *graph.input):
        one.name = new.get(one.name, one.name)


def _parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare a classifier with its two outputs."""
    operator = scope.declare_local_operator("SkdistillClassifier", model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("probabilities", FloatTensorType()))
    return operator.outputs


def register(classifiers: Sequence[type]) -> None:
    """Register converters of our classifiers, and of LightGBM's estimators that have none."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    options = {"zipmap": [True, False, "columns"], "nocl": [True, False]}
    missing = [LGBMClassifier] if LGBMClassifier not in sklearn_operator_name_map else []
    for kind in (*classifiers, *missing):
        update_registered_converter(
            kind,
            f"Skdistill{kind.__name__}",
            _set_classifier_types,
            _convert_classifier,
            options=options,
        )
    if LGBMRegressor not in sklearn_operator_name_map:
        update_registered_converter(
            LGBMRegressor, "SkdistillLGBMRegressor", _set_regressor_types, _convert_regressor
        )


# ---- what they do ----------------------------------------------------------------------------


def _model_of(operator: Any) -> Any:
    """Return a distiller's classifier, or a model itself."""
    return getattr(operator.raw_operator, "classifier_", operator.raw_operator)


def _number_type(operator: Any) -> Any:
    is_double = any(isinstance(one.type, DoubleTensorType) for one in operator.inputs)
    return DoubleTensorType if is_double else FloatTensorType


def _labels_of(model: Any) -> NDArray[Any]:
    """Return class labels as ONNX knows them: whole numbers or text."""
    classes = np.asarray(model.classes_)
    if classes.dtype.kind in "iub":
        return classes.astype(np.int64)
    if classes.dtype.kind == "f" and (classes == np.round(classes)).all():
        return classes.astype(np.int64)
    if all(isinstance(label, str) for label in classes.tolist()):
        return classes.astype(str)
    raise CannotExportError(
        f"Class labels of an ONNX file are whole numbers or text, found {classes.tolist()[:3]}: "
        "fit the model to labels of one of these kinds."
    )


def _set_classifier_types(operator: Any) -> None:
    model = _model_of(operator)
    is_text = _labels_of(model).dtype.kind == "U"
    operator.outputs[0].type = (StringTensorType if is_text else Int64TensorType)([None])
    operator.outputs[1].type = _number_type(operator)([None, len(model.classes_)])


def _set_regressor_types(operator: Any) -> None:
    operator.outputs[0].type = _number_type(operator)([None, 1])


def _begin(scope: Any, operator: Any, container: Any) -> tuple[Graph, str]:
    """Write what a model answers, in float64."""
    if container.target_opset < _OLDEST_OPSET:
        raise CannotExportError(
            f"target_opset must be {_OLDEST_OPSET} or newer, found {container.target_opset}."
        )
    graph = Graph(scope, container)
    return graph, answer(graph, _model_of(operator), read_inputs(graph, operator.inputs))


def _finish(graph: Graph, name: str, output: Any) -> None:
    is_double = isinstance(output.type, DoubleTensorType)
    graph.cast(name, TensorProto.DOUBLE if is_double else TensorProto.FLOAT, output.full_name)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> Graph:
    graph, proba = _begin(scope, operator, container)
    # The most probable class before probabilities are rounded to float32.
    best = graph.node("ArgMax", proba, axis=1, keepdims=0)
    labels = graph.constant(_labels_of(_model_of(operator)))
    graph.node("Gather", labels, best, axis=0, out=operator.outputs[0].full_name)
    _finish(graph, proba, operator.outputs[1])
    return graph


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    graph, predicted = _begin(scope, operator, container)
    _finish(graph, predicted, operator.outputs[0])
