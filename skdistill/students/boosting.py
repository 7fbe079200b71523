"""LightGBM on soft labels: objectives, metric, starting scores, and one function that trains.

Two classes with labels in [0, 1] are LightGBM's own `cross_entropy`. What it has not, signed labels
and more classes, are custom objectives here: vectorised, in place, with the weights multiplied in
(LightGBM does not weigh custom gradients). A custom objective starts from the mean target by an
initial score, which LightGBM leaves out of predictions; after training it is added to the leaves
of the first tree of each class, so that the booster needs nobody to remember it. What is stored
names LightGBM's own objective for its scores, so that whoever reads it makes the same of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from .._utils.compat import index_rows
from .objectives import ROUNDING

if TYPE_CHECKING:
    import lightgbm as lgb

Array = NDArray[np.float64]
Gradients = tuple[NDArray[np.float32], NDArray[np.float32]]
Objective = Callable[[Array, Any], Gradients]

METRIC = "cross_entropy"
# Rows that are worked on at a time: their probabilities stay in the processor's cache.
_BLOCK = 8192


class Part(NamedTuple):
    """Rows to learn from or to judge by, with soft labels that sum to 1."""

    X: Any
    labels: Array
    weights: Array | None

    def take(self, rows: NDArray[np.intp]) -> Part:
        """Return some of the rows, by their numbers."""
        weights = None if self.weights is None else self.weights[rows]
        return Part(index_rows(self.X, rows), self.labels[rows], weights)

    def with_weight(self) -> Part:
        """Leave out rows of weight 0, which LightGBM counts in bins and leaves all the same."""
        if self.weights is None or self.weights.all():
            return self
        return self.take(np.flatnonzero(self.weights))


def boost(
    part: Part,
    held_out: Part | None,
    params: dict[str, Any],
    n_rounds: int,
    categorical_feature: Any = "auto",
) -> tuple[lgb.Booster, list[float]]:
    """Train a booster on soft labels, for `n_rounds` with LightGBM's `params`.

    Its raw scores are log-odds (two classes), or log-probabilities up to a constant of each row,
    and it predicts probabilities.
    Beside it comes the log loss of the held-out rows after every round, empty without any.
    """
    import lightgbm as lgb

    native = is_native(part.labels) and (held_out is None or is_native(held_out.labels))
    start = None if native else starting_scores(part.labels, part.weights)
    train_set = _dataset(part, start, params, categorical_feature=categorical_feature)
    watched = [] if held_out is None else [_dataset(held_out, start, params, reference=train_set)]
    judge = None
    if start is not None and held_out is not None:
        judge = log_loss_metric(held_out.labels, held_out.weights)
    task = _task(part, start, can_split=_can_split(train_set))
    history: dict[str, Any] = {}
    booster = lgb.train(
        {**params, **task},
        train_set,
        n_rounds,
        valid_sets=watched,
        valid_names=["held_out"] * len(watched),
        feval=judge,
        callbacks=[lgb.record_evaluation(history)] if watched else [],
        keep_training_booster=True,
    )
    if start is not None:
        fold_in(booster, start)
    # As LightGBM does itself, unless it is told to keep the data.
    booster = from_text(_with_objective(booster.model_to_string(), part.labels.shape[1]))
    return booster, history.get("held_out", {}).get(METRIC, [])


def _with_objective(text: str, n_classes: int) -> str:
    """Return a booster's text with the objective that says what its scores are.

    It stands above the trees, where custom ones leave none, and among the parameters below them.
    """
    name = "binary" if n_classes == 2 else "multiclass"
    detail = "sigmoid:1" if n_classes == 2 else f"num_class:{n_classes}"
    head, tree, trees = text.partition("\nTree=")
    head = re.sub(r"\nobjective=.*", "", head)
    head = head.replace("\nfeature_names=", f"\nobjective={name} {detail}\nfeature_names=", 1)
    trees, parameters, tail = trees.rpartition("\nparameters:")
    tail = re.sub(r"\n\[objective: .*\]", f"\n[objective: {name}]", tail, count=1)
    return head + tree + trees + parameters + tail


def from_text(text: str) -> lgb.Booster:
    """Return the booster of a text; all its rounds are the best ones."""
    import lightgbm as lgb

    booster = lgb.Booster(model_str=text)
    booster.best_iteration = booster.current_iteration()
    return booster


def is_native(labels: Array) -> bool:
    """Whether LightGBM's own objective takes these labels: two classes, in [0, 1]."""
    return labels.shape[1] == 2 and bool(labels.min() >= -ROUNDING)


def _task(part: Part, start: Array | None, *, can_split: bool) -> dict[str, Any]:
    """Return the parameters that say what is learned."""
    if start is None:
        return {"objective": "cross_entropy", "metric": METRIC}
    task: dict[str, Any] = {"num_class": len(start), "metric": "none"}
    if can_split:
        make = logistic_objective if len(start) == 1 else softmax_objective
        return {**task, "objective": make(part.labels, part.weights)}
    # LightGBM fails on a custom objective where it finds no column to split; its own ones give
    # the constant trees that the starting scores need.
    own = "cross_entropy" if len(start) == 1 else "multiclass"
    return {**task, "objective": own, "boost_from_average": False}


def _dataset(
    part: Part, start: Array | None, params: dict[str, Any], **further: Any
) -> lgb.Dataset:
    import lightgbm as lgb

    n_samples = len(part.labels)
    if start is None:
        label = np.clip(part.labels[:, 1], 0.0, 1.0)
        return lgb.Dataset(part.X, label, weight=part.weights, params=params, **further)
    # Objective and metric know labels and weights by themselves, but a label there must be.
    label, scores = np.zeros(n_samples), np.repeat(start, n_samples)
    return lgb.Dataset(part.X, label, init_score=scores, params=params, **further)


def _can_split(train_set: lgb.Dataset) -> bool:
    """Whether any column has values that a split could part."""
    train_set.construct()
    return any(train_set.feature_num_bin(j) > 1 for j in range(train_set.num_feature()))


def starting_scores(labels: Array, weights: Array | None) -> Array:
    """Return the best constant scores: the mean's log-odds (1,), or its logarithms (n_classes,).

    Labels have shape (n_samples, n_classes); the mean of signed ones may leave [0, 1].
    """
    mean = np.average(labels, axis=0, weights=weights)
    # LightGBM's own floor. From there nothing can be learned any more, as p(1 − p) vanishes, and
    # a class with a signed mean of 0 may well have rows that want it.
    floor = 1e-15 if labels.min() >= 0 else 0.5 / len(labels)
    mean = np.clip(mean, floor, 1.0 - floor)
    if len(mean) == 2:
        return np.log(mean[1:] / mean[:1])
    return np.asarray(np.log(mean))


def logistic_objective(labels: Array, weights: Array | None) -> Objective:
    """Make the objective of one logistic output: gradient p − w, Hessian p(1 − p).

    Of labels (n_samples, 2). Both results have shape (n_samples,); the next call overwrites them.
    """
    target, scale = np.ascontiguousarray(labels[:, 1]), _as_lightgbm_weighs(weights)
    proba, spare = np.empty((2, len(target)))
    gradient, hessian = np.empty((2, len(target)), dtype=np.float32)

    # A function, as lightgbm.train copies whatever else is callable, with the arrays in it.
    def objective(scores: Array, _: Any) -> Gradients:
        expit(scores, out=proba)
        _derive(proba, target, scale, 1.0, spare, gradient, hessian)
        return gradient, hessian

    return objective


def softmax_objective(labels: Array, weights: Array | None) -> Objective:
    """Make the softmax objective: gradient p − w, and LightGBM's Hessian K/(K − 1) p(1 − p).

    Labels, scores and results have shape (n_samples, n_classes); the next call overwrites results.
    As LightGBM's scores they lie in Fortran's order, one class after the other.
    """
    n_samples, n_classes = labels.shape
    factor = n_classes / (n_classes - 1)
    target, scale = np.ascontiguousarray(labels.T), _as_lightgbm_weighs(weights)
    proba, spare = np.empty((2, n_classes, min(n_samples, _BLOCK)))
    gradient, hessian = np.empty((2, n_classes, n_samples), dtype=np.float32)

    def objective(scores: Array, _: Any) -> Gradients:
        for first in range(0, n_samples, _BLOCK):
            rows = slice(first, min(first + _BLOCK, n_samples))
            p, q = proba[:, : rows.stop - first], spare[:, : rows.stop - first]
            _softmax(scores.T[:, rows], p)
            s = scale[rows] if scale.ndim else scale
            _derive(p, target[:, rows], s, factor, q, gradient[:, rows], hessian[:, rows])
        return gradient.T, hessian.T

    return objective


def _as_lightgbm_weighs(weights: Array | None) -> NDArray[np.float32]:
    return np.asarray(1.0 if weights is None else weights, dtype=np.float32)


def _softmax(scores: Array, out: Array) -> None:
    """Write the softmax over the first axis into `out`."""
    np.subtract(scores, scores.max(axis=0), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=0)


def _derive(
    proba: Array,
    target: Array,
    scale: NDArray[np.float32],
    factor: float,
    spare: Array,
    gradient: NDArray[np.float32],
    hessian: NDArray[np.float32],
) -> None:
    """Write gradient and Hessian; `proba` and `spare` are used up.

    The steps are LightGBM's own, in its order, and rounded to float32 once at the end, so that
    ties between splits, which small tables are full of, are broken as its own objectives do.
    """
    np.subtract(proba, target, out=spare)
    np.multiply(spare, scale, out=gradient)
    np.subtract(1.0, proba, out=spare)
    np.multiply(proba, factor, out=proba)
    np.multiply(proba, spare, out=spare)
    np.multiply(spare, scale, out=hessian)


def log_loss_metric(labels: Array, weights: Array | None) -> Callable[..., Any]:
    """Make the metric of scores: the mean of −Σ w log p, w of shape (n_samples, n_classes).

    It returns LightGBM's triple of name, value, and False, as less is better.
    """

    def metric(scores: Array, _: Any) -> tuple[str, float, bool]:
        if scores.ndim == 1:
            losses = np.logaddexp(0.0, scores) - labels[:, 1] * scores
        else:
            losses = logsumexp(scores, axis=1) - (labels * scores).sum(axis=1)
        return METRIC, float(np.average(losses, weights=weights)), False

    return metric


def fold_in(booster: lgb.Booster, start: Array) -> None:
    """Add starting scores, one for each tree of a round, to the leaves of the first trees."""
    trees = booster.dump_model(num_iteration=1)["tree_info"]
    for k, score in enumerate(start.tolist()):
        for leaf in range(trees[k]["num_leaves"]):
            booster.set_leaf_output(k, leaf, booster.get_leaf_output(k, leaf) + score)
