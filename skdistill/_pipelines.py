"""What a Pipeline ends in, and which of its steps gets which fit parameters."""

from __future__ import annotations

import inspect
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from ._compat import routing_enabled

Params = dict[str, Any]


def last_step(estimator: Any) -> Any:
    """Return what an estimator, if a Pipeline, ends in."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


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

    A Pipeline passes them on by its step's name; searches and ensembles take any keyword, so
    what they wrap decides.
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = weight_keyword(last)
        return None if inner is None else f"{name}__{inner}"
    if not hasattr(estimator, "fit"):
        return None
    parameters = inspect.signature(estimator.fit).parameters
    if "sample_weight" in parameters:
        return "sample_weight"
    if all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return None
    inner_estimator = getattr(estimator, "estimator", None)
    if hasattr(inner_estimator, "fit"):
        return weight_keyword(inner_estimator)
    return "sample_weight"


def address_weights(estimator: Any, params: Params) -> Params:
    """Name the weights as `estimator.fit` wants them; with metadata routing it knows itself."""
    if routing_enabled() or "sample_weight" not in params:
        return params
    rest = {key: value for key, value in params.items() if key != "sample_weight"}
    return {**rest, str(weight_keyword(estimator)): params["sample_weight"]}
