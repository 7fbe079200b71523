"""What a Pipeline ends in, and which of its steps gets which fit parameters."""

from __future__ import annotations

import inspect
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.base import is_classifier as _is_classifier
from sklearn.base import is_regressor as _is_regressor
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, get_routing_for_object

from .compat import routing_enabled

Params = dict[str, Any]


def last_step(estimator: Any) -> Any:
    """Return what an estimator, if a Pipeline, ends in."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def earlier_steps(estimator: Any) -> list[Any]:
    """Return the estimators that come before the last step of a Pipeline."""
    if not isinstance(estimator, Pipeline):
        return []
    steps = [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
    return steps + earlier_steps(estimator.steps[-1][1])


def read_by_last(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return what a fitted estimator, if a Pipeline, ends in, and rows as that reads them.

    Step by step: a part of a Pipeline asks its own last step whether it was fitted, which one that
    learns nothing cannot tell.
    """
    while isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            X = X if step in (None, "passthrough") else step.transform(X)
        estimator = estimator.steps[-1][1]
    return estimator, X


def split_params(pipeline: Pipeline, params: Params) -> tuple[Params, Params]:
    """Divide fit parameters among the transformers of a Pipeline and its last step.

    Without metadata routing weights are the last step's; with it each gets what it requests.
    """
    if not routing_enabled():
        return {}, params
    head, last = pipeline[:-1], pipeline.steps[-1][1]
    to_head = _requested(head, "fit_transform", params) if head.steps else {}
    return to_head, _requested(last, "fit", params)


def _requested(estimator: Any, method: str, params: Params) -> Params:
    wanted = get_routing_for_object(estimator).consumes(method, params.keys())
    return {key: params[key] for key in wanted}


def weight_keyword(estimator: Any) -> str | None:
    """Return the name under which an estimator's `fit` takes weights, None if it takes none.

    A Pipeline passes them on by its step's name. Where others wrap estimators, these must take
    the weights too: scikit-learn's own would drop them with a warning, or fail in the middle.
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = weight_keyword(last)
        return None if inner is None else f"{name}__{inner}"
    if not hasattr(estimator, "fit"):
        return None
    parameters = inspect.signature(estimator.fit).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    if "sample_weight" not in parameters and not takes_any:
        return None
    # Bags draw rows by weight, or ask their members themselves.
    if isinstance(estimator, BaggingClassifier | BaggingRegressor):
        return "sample_weight"
    keywords = {weight_keyword(member) for member in _wrapped(estimator)}
    if keywords <= {"sample_weight"}:
        return "sample_weight"
    hands_on = takes_any and "sample_weight" not in parameters and len(_wrapped(estimator)) == 1
    return keywords.pop() if hands_on else None


def _wrapped(estimator: Any) -> list[Any]:
    """Return the estimators that another one fits."""
    inner = [getattr(estimator, name, None) for name in ("estimator", "regressor")]
    pairs = getattr(estimator, "estimators", None)
    if isinstance(pairs, list):
        inner += [pair[1] for pair in pairs if isinstance(pair, tuple)]
    return [member for member in inner if hasattr(member, "fit")]


def is_classifier(estimator: Any) -> bool:
    """Whether an estimator is a classifier, also where its mixins stand in the wrong order.

    scikit-learn asks tags, which `class Student(BaseEstimator, ClassifierMixin)` hides.
    """
    last = last_step(estimator)
    return bool(_is_classifier(estimator) or isinstance(last, ClassifierMixin))


def is_regressor(estimator: Any) -> bool:
    """Whether an estimator is a regressor, also where its mixins stand in the wrong order."""
    return bool(_is_regressor(estimator) or isinstance(last_step(estimator), RegressorMixin))


def is_frozen(estimator: Any) -> bool:
    """Whether an estimator, or what a Pipeline ends in, stays as it was fitted before."""
    return isinstance(last_step(estimator), FrozenEstimator)


def holds_fitted(estimator: Any) -> bool:
    """Whether something inside an estimator stays as it was fitted before.

    For instance what ``CalibratedClassifierCV(FrozenEstimator(model))`` calibrates, or a student
    that was taken out of its distiller: what a clone leaves as it is.
    """
    params = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return any(isinstance(value, str) and value == "prefit" for value in params.values()) or any(
        hasattr(value, "__sklearn_clone__") and hasattr(value, "fit") and clone(value) is value
        for value in (estimator, *params.values())
        if not isinstance(value, type)
    )


def predicts_proba(estimator: Any) -> bool:
    """Whether an estimator will have `predict_proba` once it is fitted."""
    last = last_step(estimator)
    # Before it is fitted, a stack without a final estimator of its own denies what it will do.
    if isinstance(last, StackingClassifier) and last.final_estimator is None:
        return True
    return hasattr(last, "predict_proba")


def address_weights(estimator: Any, params: Params) -> Params:
    """Name the weights as `estimator.fit` wants them; with metadata routing it knows itself."""
    if routing_enabled() or "sample_weight" not in params:
        return params
    rest = {key: value for key, value in params.items() if key != "sample_weight"}
    return {**rest, str(weight_keyword(estimator)): params["sample_weight"]}


def weights_of(estimator: Any, params: Params) -> Any:
    """Return the weights that the last step of an estimator fits with, None for none."""
    for member in _inwards(estimator):
        if isinstance(member, Pipeline):
            _, params = split_params(member, params)
    return params.get(weights_name(estimator))


def weights_name(estimator: Any) -> str:
    """Return the name that weights bear among the parameters of an estimator's fit.

    What is handed through others with metadata routing bears the name by which the last one asked.
    """
    innermost = _inwards(estimator)[-1]
    return "sample_weight" if innermost is estimator else weights_asked_for(innermost)


def _inwards(estimator: Any) -> list[Any]:
    """Return an estimator and, one in the other, those that it hands weights on to."""
    members = [estimator]
    while isinstance(members[-1], Pipeline) or _hands_on(members[-1]):
        members.append(_inside(members[-1]))
    return members


def _inside(estimator: Any) -> Any:
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator.estimator


def _hands_on(estimator: Any) -> bool:
    """Whether what an estimator wraps gets its weights by the name that it asked for."""
    wraps = routing_enabled() and hasattr(estimator, "estimator")
    return wraps and isinstance(get_routing_for_object(estimator), MetadataRouter)


def weights_asked_for(estimator: Any) -> str:
    """Return the name by which a step of a Pipeline asks for weights."""
    if not routing_enabled():
        return "sample_weight"
    asked = getattr(get_routing_for_object(estimator), "fit", None)
    alias = None if asked is None else asked.requests.get("sample_weight")
    return alias if isinstance(alias, str) else "sample_weight"
