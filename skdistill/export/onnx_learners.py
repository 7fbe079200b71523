"""Learners as nodes of an ONNX graph, and the way back from their answers to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import TensorProto
from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    RidgeCV,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    ExtraTreeRegressor,
)

from .._utils.probabilities import floor_of
from .._utils.trees import FORESTS
from ..students import DistilledClassifier, LGBMSoftClassifier, SoftLabelClassifier
from ..students.softmax import SoftmaxRegression
from ..targets import LOSSES, Loss
from ..targets.losses import CrossEntropy, SquaredError, SquaredErrorLogit
from .onnx_columns import known_transformers, transform
from .onnx_graph import Graph, Table, delegate, numbers, rounder_of
from .onnx_trees import (
    CannotExportError,
    Ensemble,
    of_histograms,
    of_lightgbm,
    of_trees,
    tree_attributes,
)


def answer(graph: Graph, learner: Any, table: Table) -> str:
    """Write what a regressor predicts, or the probabilities of a classifier's own classes."""
    if hasattr(learner, "best_estimator_"):
        return answer(graph, learner.best_estimator_, table)
    if type(learner).__module__ == "lightgbm.sklearn":
        return _lightgbm(graph, learner, table)
    writer = LEARNERS.get(type(learner))
    if writer is None:
        return delegate(graph, learner, table, known_learners())
    return writer(graph, learner, table)


def _pipeline(graph: Graph, pipeline: Pipeline, table: Table) -> str:
    for _, step in pipeline.steps[:-1]:
        table = transform(graph, step, table)
    return answer(graph, pipeline.steps[-1][1], table)


def _several(graph: Graph, learner: MultiOutputRegressor, table: Table) -> str:
    return graph.beside([answer(graph, one, table) for one in learner.estimators_])


def _soft_labels(graph: Graph, learner: SoftLabelClassifier, table: Table) -> str:
    inner = learner.estimator_
    proba = answer(graph, inner, table)
    return _aligned(graph, proba, inner.classes_, learner.classes_)


def _aligned(graph: Graph, proba: str, known: Any, classes: Any) -> str:
    """Arrange probabilities in the columns of classes; one that is not known has none."""
    if np.array_equal(known, classes):
        return proba
    none = graph.node("Mul", graph.take(proba, [0]), graph.constant([0.0]))
    places = {label: k for k, label in enumerate(known.tolist())}
    return graph.take(
        graph.beside([proba, none]), [places.get(label, len(known)) for label in classes.tolist()]
    )


def _two_columns(graph: Graph, positive: str) -> str:
    return graph.beside([graph.node("Sub", graph.constant([1.0]), positive), positive])


def _trees(graph: Graph, learner: Any, table: Table) -> str:
    return _raw(graph, of_trees(learner), learner, table)


def _raw(graph: Graph, ensemble: Ensemble, learner: Any, table: Table) -> str:
    """Write what trees add up to."""
    rounder = rounder_of(table)
    if rounder is not None:
        raise CannotExportError(
            f"{rounder} before {type(learner).__name__} cannot be exported: what it makes may be "
            "rounded otherwise, and a tree would send such rows to another leaf; "
            f"{known_transformers()}"
        )
    x = numbers(graph, table, learner)
    if ensemble.reads_float32:
        x = graph.cast(graph.cast(x, TensorProto.FLOAT), TensorProto.DOUBLE)
    total = graph.node("TreeEnsembleRegressor", x, **tree_attributes(ensemble))
    total = graph.cast(total, TensorProto.DOUBLE)
    if ensemble.divisor != 1:
        total = graph.node("Div", total, graph.constant([float(ensemble.divisor)]))
    return (
        graph.node("Add", total, graph.constant(ensemble.start)) if any(ensemble.start) else total
    )


def _histogram_regressor(graph: Graph, learner: Any, table: Table) -> str:
    raw = _raw(graph, of_histograms(learner), learner, table)
    return graph.node("Exp", raw) if learner.loss in ("poisson", "gamma") else raw


def _histogram_classifier(graph: Graph, learner: Any, table: Table) -> str:
    ensemble = of_histograms(learner)
    raw = _raw(graph, ensemble, learner, table)
    return _from_scores(graph, raw, len(ensemble.start))


def _from_scores(graph: Graph, scores: str, n_outputs: int) -> str:
    """Write probabilities of log-odds, or of logarithms up to a constant."""
    if n_outputs > 1:
        return graph.node("Softmax", scores, axis=1)
    return _two_columns(graph, graph.node("Sigmoid", scores))


def _soft_lightgbm(graph: Graph, learner: LGBMSoftClassifier, table: Table) -> str:
    ensemble, _ = of_lightgbm(learner.booster_)
    raw = _raw(graph, ensemble, learner, table)
    return _from_scores(graph, raw, len(ensemble.start))


# What LightGBM's objectives make of raw scores.
_PLAIN = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
_EXPONENTIAL = ("poisson", "gamma", "tweedie")


def _lightgbm(graph: Graph, learner: Any, table: Table) -> str:
    """Write LightGBM's own estimators."""
    ensemble, told = of_lightgbm(learner.booster_)
    objective, *details = told.split() or [""]
    raw = _raw(graph, ensemble, learner, table)
    scale = next((float(d[8:]) for d in details if d.startswith("sigmoid:")), 1.0)
    if scale != 1:
        raw = graph.node("Mul", raw, graph.constant([scale]))
    if is_classifier(learner):
        if objective in ("binary", "multiclass", "cross_entropy"):
            return _from_scores(graph, raw, len(ensemble.start))
        if objective == "multiclassova":
            return graph.node("Sigmoid", raw)
    elif objective in _PLAIN and "sqrt" not in details:
        return raw
    elif objective in _EXPONENTIAL:
        return graph.node("Exp", raw)
    elif objective == "cross_entropy":
        return graph.node("Sigmoid", raw)
    raise CannotExportError(
        f"{type(learner).__name__} with the objective {told!r} cannot be exported: use "
        "LGBMSoftClassifier, or a usual objective."
    )


def _linear(graph: Graph, learner: Any, table: Table) -> str:
    coef = np.atleast_2d(np.asarray(learner.coef_, dtype=np.float64))
    return _layer(graph, numbers(graph, table, learner), coef.T, learner.intercept_)


def _layer(graph: Graph, x: str, weights: Any, bias: Any) -> str:
    product = graph.node("MatMul", x, graph.constant(np.asarray(weights, dtype=np.float64)))
    bias = np.atleast_1d(np.asarray(bias, dtype=np.float64))
    return graph.node("Add", product, graph.constant(bias))


def _linear_classifier(graph: Graph, learner: Any, table: Table) -> str:
    n_outputs = len(learner.coef_)
    how = getattr(learner, "multi_class", None)
    against_the_rest = how == "ovr" or getattr(learner, "solver", None) == "liblinear"
    if (n_outputs > 1 and against_the_rest) or (n_outputs == 1 and how == "multinomial"):
        raise CannotExportError(
            f"{type(learner).__name__} with multi_class={how!r} and solver={learner.solver!r} "
            "cannot be exported: use another solver, and leave multi_class alone."
        )
    return _from_scores(graph, _linear(graph, learner, table), n_outputs)


_ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}


def _network(graph: Graph, learner: Any, table: Table) -> str:
    x = numbers(graph, table, learner)
    kinds = [learner.activation] * (len(learner.coefs_) - 1) + [learner.out_activation_]
    for weights, bias, kind in zip(learner.coefs_, learner.intercepts_, kinds, strict=True):
        x = _layer(graph, x, weights, bias)
        if kind == "softmax":
            x = graph.node("Softmax", x, axis=1)
        elif kind != "identity":
            x = graph.node(_ACTIVATIONS[kind], x)
    one_column = isinstance(learner, MLPClassifier) and learner.n_outputs_ == 1
    return _two_columns(graph, x) if one_column else x


# ---- the way back --------------------------------------------------------------------------------


def _distilled(graph: Graph, classifier: DistilledClassifier, table: Table) -> str:
    student, classes = classifier.student, classifier.classes_
    x = answer(graph, student, table)
    if classifier.adapter == "WeightedCopies":
        known = getattr(student, "classes_", classes)
        codes = np.arange(len(classes))
        are_codes = not np.array_equal(known, classes) and np.array_equal(known, codes)
        x = _aligned(graph, x, known, codes if are_codes else classes)
    proba = _WAYS_BACK[LOSSES[classifier.loss]](graph, x, len(classes), classifier.temperature)
    return _calibrated(graph, proba, len(classes), classifier.calibration)


def _squared_error(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    x = graph.node("Clip", x, graph.constant(0.0), graph.constant(1.0))
    if n_classes == 2:
        return _two_columns(graph, x)
    total = graph.node("ReduceSum", x, graph.constant([1]), keepdims=1)
    # A row without any mass is uniform.
    empty = graph.node("Not", graph.cast(total, TensorProto.BOOL))
    x = graph.node("Where", empty, graph.constant([1.0]), x)
    return graph.node("Div", x, graph.node("ReduceSum", x, graph.constant([1]), keepdims=1))


def _squared_error_logit(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    return _from_scores(graph, x, 1 if n_classes == 2 else n_classes)


def _cross_entropy(graph: Graph, x: str, n_classes: int, temperature: float) -> str:
    if temperature == 1:
        return x
    scores = graph.node("Mul", graph.node("Log", x), graph.constant([float(temperature)]))
    return graph.node("Softmax", scores, axis=1)


_WAYS_BACK: dict[type[Loss], Callable[[Graph, str, int, float], str]] = {
    SquaredError: _squared_error,
    SquaredErrorLogit: _squared_error_logit,
    CrossEntropy: _cross_entropy,
}


def _calibrated(graph: Graph, proba: str, n_classes: int, by: dict[str, Any] | None) -> str:
    if by is None:
        return proba
    floor = floor_of(n_classes)
    x = graph.node("Mul", proba, graph.constant([1 - n_classes * floor]))
    x = graph.node("Log", graph.node("Add", x, graph.constant([floor])))
    x = graph.node("Mul", x, graph.constant([float(by["slope"])]))
    x = graph.node("Add", x, graph.constant(np.array(by["shift"], dtype=np.float64)))
    return graph.node("Softmax", x, axis=1)


# ---- who writes what -----------------------------------------------------------------------------

LEARNERS: dict[type, Callable[[Graph, Any, Table], str]] = {
    Pipeline: _pipeline,
    MultiOutputRegressor: _several,
    SoftLabelClassifier: _soft_labels,
    DistilledClassifier: _distilled,
    **dict.fromkeys(
        (
            DecisionTreeClassifier,
            DecisionTreeRegressor,
            ExtraTreeClassifier,
            ExtraTreeRegressor,
            *FORESTS,
        ),
        _trees,
    ),
    HistGradientBoostingRegressor: _histogram_regressor,
    HistGradientBoostingClassifier: _histogram_classifier,
    LGBMSoftClassifier: _soft_lightgbm,
    **dict.fromkeys(
        (
            LinearRegression,
            Ridge,
            RidgeCV,
            Lasso,
            LassoCV,
            ElasticNet,
            ElasticNetCV,
            BayesianRidge,
            HuberRegressor,
        ),
        _linear,
    ),
    **dict.fromkeys(
        (SoftmaxRegression, LogisticRegression, LogisticRegressionCV), _linear_classifier
    ),
    MLPRegressor: _network,
    MLPClassifier: _network,
}


def known_learners() -> str:
    """Say which students can be exported."""
    names = {kind.__name__ for kind in LEARNERS} - {"DistilledClassifier", "Pipeline"}
    names |= {"LGBMClassifier", "LGBMRegressor"}
    return (
        f"students that can are {', '.join(sorted(names))}, alone, in a search or at the end of a "
        "Pipeline, and what skl2onnx converts and holds no trees."
    )
