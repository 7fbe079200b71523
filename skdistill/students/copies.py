"""Weighted copies: each row once for each class, weighted by its soft label.

For a classifier that minimises a weighted sum of losses over rows this is the expected loss under
the soft labels. What looks beyond weights would be misled: what splits rows inside its fit has
copies of one row on both sides, what resamples loses which target is whose, and what counts
classes finds all of them equally frequent.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ParameterGrid, check_cv
from sklearn.pipeline import Pipeline

from .._utils.compat import index_params, index_rows, n_rows
from .._utils.estimators import address_weights, last_step, split_params, weights_asked_for

Array = NDArray[np.float64]


def fit_soft_labels(
    estimator: Any,
    X: Any,
    labels: Array,
    classes: NDArray[Any],
    params: dict[str, Any],
    *,
    show_all: bool = False,
) -> Any:
    """Fit a classifier, in place, on weighted copies.

    Labels have shape (n_samples, n_classes); what is not positive is left out, but with `show_all`
    a class without any mass is shown once, with weight 0. A `sample_weight` among the parameters of
    `fit` is multiplied into them.
    """
    if isinstance(estimator, Pipeline):
        return _fit_pipeline(estimator, X, labels, classes, params, show_all=show_all)
    weights = np.maximum(labels, 0.0)
    if params.get("sample_weight") is not None:
        weights = weights * np.asarray(params["sample_weight"])[:, None]
    shown = weights > 0
    if show_all:
        shown[0] |= ~shown.any(axis=0)
    rows, columns = np.nonzero(shown)
    params = {**index_params(X, params, rows), "sample_weight": weights[rows, columns]}
    params = address_weights(estimator, params)
    _count_weights(estimator, weights.sum(axis=0), classes)
    if len(rows) > len(np.unique(rows)):
        _keep_together(estimator, X, labels, rows)
    return estimator.fit(index_rows(X, rows), classes[columns], **params)


def _fit_pipeline(
    pipeline: Pipeline,
    X: Any,
    labels: Array,
    classes: NDArray[Any],
    params: dict[str, Any],
    *,
    show_all: bool,
) -> Pipeline:
    """Fit the transformers on the rows as they are, and the last step on copies."""
    head, (name, last) = pipeline[:-1], pipeline.steps[-1]
    head_params, last_params = split_params(pipeline, params)
    last_params = _weights_by_their_name(last, last_params)
    if head.steps:
        before = n_rows(X)
        X = head.fit_transform(X, classes[labels.argmax(axis=1)], **head_params)
        if n_rows(X) != before:
            raise ValueError(
                f"The student's steps before {type(last).__name__} made {n_rows(X)} rows of "
                f"{before}, so that targets would no longer belong to their rows."
            )
    last = fit_soft_labels(last, X, labels, classes, last_params, show_all=show_all)
    # A Pipeline with a cache replaces its steps by fitted copies, so ask the head for them.
    pipeline.steps = [*head.steps, (name, last)]
    return pipeline


def _weights_by_their_name(last: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Rename weights that the last step of a Pipeline asked for by another name."""
    alias = weights_asked_for(last)
    if alias == "sample_weight" or alias not in params or isinstance(last, Pipeline):
        return params
    rest = {key: value for key, value in params.items() if key != alias}
    return {**rest, "sample_weight": params[alias]}


def _count_weights(estimator: Any, mass: Array, classes: NDArray[Any]) -> None:
    """Put the balanced weights of classes, by their mass, where copies would be counted."""
    present = mass > 0
    balanced = mass.sum() / (present.sum() * mass[present])
    weights = dict(zip(classes[present].tolist(), balanced.tolist(), strict=True))
    for name, value in estimator.get_params(deep=True).items():
        is_counted = isinstance(value, str) and value in ("balanced", "balanced_subsample")
        if name.rpartition("__")[2] == "class_weight" and is_counted:
            estimator.set_params(**{name: weights})


def _keep_together(estimator: Any, X: Any, labels: Array, rows: NDArray[np.intp]) -> None:
    """Let the folds inside a classifier's fit keep the copies of a row together."""
    params = estimator.get_params(deep=False)
    if params.get("early_stopping") == "auto":
        # It would hold out copies of what it learns from, and never stop.
        estimator.set_params(early_stopping=False)
    if "cv" not in params or "scoring" in params or params["cv"] == "prefit":
        return
    hard = labels.argmax(axis=1)
    folds = check_cv(params["cv"], hard, classifier=True).split(X, hard)
    estimator.set_params(
        cv=[
            (np.flatnonzero(np.isin(rows, train)), np.flatnonzero(np.isin(rows, test)))
            for train, test in folds
        ]
    )


# ---- who cannot learn from copies ---------------------------------------------------------------


def check_copies(estimator: Any) -> None:
    """Refuse a classifier that copies of rows would mislead."""
    learner = last_step(estimator)
    name = type(learner).__name__
    reason = _splits_rows(learner, is_outermost=True) or next(
        (
            found
            for value in _members(learner)
            if (found := _splits_rows(value, is_outermost=False))
        ),
        None,
    )
    if reason is not None:
        raise ValueError(
            f"The student {name} splits rows inside its fit ({reason}). It learns class "
            "probabilities by weighted copies of rows, and copies of one row would be on both "
            "sides: search around the distiller, or use a regressor or a student without that."
        )
    for member in (learner, *_members(learner)):
        if _own(member).get("is_unbalance") is True:
            raise ValueError(
                f"The student {name} counts rows of a class (is_unbalance=True), and copies make "
                'all classes equally frequent: use class_weight="balanced".'
            )


def refuse_resampling(estimator: Any) -> None:
    """Refuse a student that draws rows by their class: targets would not belong to them."""
    steps = [step for _, step in getattr(estimator, "steps", [])] or [estimator]
    for member in (*steps, *_members(last_step(estimator))):
        if hasattr(member, "fit_resample") or "sampling_strategy" in _own(member):
            raise ValueError(
                f"The student resamples rows in its fit ({type(member).__name__}), and the "
                "teacher's probabilities would no longer belong to their rows: leave resampling to "
                "the teacher, or use class_weight or sample_weight."
            )


def _members(estimator: Any) -> list[Any]:
    """Return the estimators inside of one."""
    params = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return [value for value in params.values() if hasattr(value, "get_params")]


def _own(estimator: Any) -> dict[str, Any]:
    is_estimator = hasattr(estimator, "get_params") and not isinstance(estimator, type)
    return dict(estimator.get_params(deep=False)) if is_estimator else {}


def _splits_rows(estimator: Any, *, is_outermost: bool) -> str | None:
    """Return by which parameter an estimator splits rows, None for most."""
    params = _own(estimator)
    if params.get("probability") is True:
        return "probability=True"
    if params.get("early_stopping") is True:
        return "early_stopping=True"
    if "validation_fraction" in params and "early_stopping" not in params:
        key = "n_iter_no_change" if "n_iter_no_change" in params else "early_stopping_rounds"
        return None if params.get(key) is None else f"{key}={params[key]}"
    if "cv" not in params or params["cv"] == "prefit":
        return None
    if "param_grid" in params and len(ParameterGrid(params["param_grid"])) == 1:
        return None  # nothing to choose
    # Scores inside know no weights, so that folds which keep copies together would not help.
    return None if is_outermost and "scoring" not in params else f"cv={params['cv']}"
