"""LightGBM on soft labels: objectives against finite differences, starting scores in the trees."""

import lightgbm as lgb
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import log_loss

from skdistill.students import boosting
from skdistill.students.boosting import (
    Part,
    boost,
    fold_in,
    is_native,
    log_loss_metric,
    logistic_objective,
    softmax_objective,
    starting_scores,
)

QUIET = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
# What LightGBM wants is float32.
FLOAT32 = 4 * np.finfo(np.float32).eps


def draw(n_samples, n_classes, seed=0):
    """Scores in LightGBM's order, signed labels that sum to 1, and weights."""
    rng = np.random.default_rng(seed)
    scores = np.asfortranarray(rng.normal(size=(n_samples, n_classes)) * 3)
    labels = rng.normal(size=(n_samples, n_classes))
    labels += (1 - labels.sum(axis=1, keepdims=True)) / n_classes
    return scores, labels, rng.random(n_samples)


def weighted_loss(scores, labels, weights):
    return -(weights[:, None] * labels * log_softmax(scores, axis=1)).sum()


def differences(function, scores, step=1e-3):
    """Central first and second differences of a sum over rows, entry by entry."""
    first, second = np.empty((2, *scores.shape))
    middle = function(scores)
    for entry in np.ndindex(scores.shape):
        up, down = scores.copy(), scores.copy()
        up[entry] += step
        down[entry] -= step
        first[entry] = (function(up) - function(down)) / (2 * step)
        second[entry] = (function(up) - 2 * middle + function(down)) / step**2
    return first, second


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_classes", [3, 10])
def test_softmax_gradient_is_exact_and_hessian_has_lightgbms_factor(
    n_classes, weighted, monkeypatch
):
    monkeypatch.setattr(boosting, "_BLOCK", 4)  # 11 rows are two blocks and three more
    scores, labels, weights = draw(11, n_classes)
    gradient, hessian = softmax_objective(labels, weights if weighted else None)(scores, None)
    w = weights if weighted else np.ones(11)
    first, second = differences(lambda f: weighted_loss(f, labels, w), scores)
    # Central differences of step h = 1e-3 err by about h²/12, and by rounding: second ones by
    # 4 units in the last place of the loss, a few hundred here, divided by h².
    assert_allclose(gradient, first, rtol=FLOAT32, atol=1e-6)
    assert_allclose(hessian, second * n_classes / (n_classes - 1), rtol=FLOAT32, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_gradient_and_hessian_are_exact(weighted):
    _, labels, weights = draw(11, 2)
    scores = np.linspace(-5, 5, 11)
    gradient, hessian = logistic_objective(labels, weights if weighted else None)(scores, None)
    w = weights if weighted else np.ones(11)

    def loss(f):
        return weighted_loss(np.column_stack([np.zeros(11), f]), labels, w)

    first, second = differences(loss, scores)
    assert_allclose(gradient, first, rtol=FLOAT32, atol=1e-6)
    assert_allclose(hessian, second, rtol=FLOAT32, atol=1e-6)


def test_gradients_are_what_lightgbm_takes_without_a_copy():
    scores, labels, _ = draw(20, 3)
    objective = softmax_objective(labels, None)
    given = scores.copy()
    for array, again in zip(objective(scores, None), objective(scores, None), strict=True):
        assert array.dtype == np.float32
        assert array.flags.f_contiguous
        assert np.shares_memory(array, again)
    assert_array_equal(scores, given)


def test_scores_of_any_size_give_finite_gradients():
    scores = np.asfortranarray([[800.0, 0.0, -800.0], [-800.0, -801.0, -800.0]])
    gradient, hessian = softmax_objective(np.eye(3)[[0, 2]], None)(scores, None)
    assert_allclose(gradient, softmax(scores, axis=1) - np.eye(3)[[0, 2]], atol=FLOAT32)
    assert np.isfinite(hessian).all()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_no_constant_is_better_than_the_starting_scores(n_classes, weighted):
    rng = np.random.default_rng(0)
    labels = rng.dirichlet(np.ones(n_classes), size=50)
    weights = rng.random(50) if weighted else None
    start = starting_scores(labels, weights)
    proba = expit(start) if n_classes == 2 else softmax(start)
    mean = np.average(labels, axis=0, weights=weights)
    # The gradient of the mean loss is the difference of the two.
    assert_allclose(proba, mean[1:] if n_classes == 2 else mean, rtol=1e-14)


def test_starting_scores_are_finite_whatever_the_mean_is():
    assert_allclose(starting_scores(np.array([[1.0, 0.0], [1.0, 0.0]]), None), np.log(1e-15))
    signed = np.array([[1.2, -0.2, 0.0], [0.9, -0.1, 0.2]])
    assert_allclose(starting_scores(signed, None), np.log([0.75, 0.25, 0.25]))


@pytest.mark.parametrize(
    ("labels", "native"),
    [
        ([[0.3, 0.7], [1, 0]], True),
        ([[1 + 1e-16, -1e-16]], True),
        ([[1.01, -0.01]], False),
        ([[-0.01, 1.01]], False),
        ([[0.2, 0.3, 0.5]], False),
    ],
)
def test_lightgbms_own_objective_serves_probabilities_of_two_classes(labels, native):
    assert is_native(np.array(labels)) is native


@pytest.mark.parametrize("n_classes", [2, 4])
def test_metric_is_the_log_loss(n_classes):
    scores, _, weights = draw(30, n_classes)
    codes = np.arange(30) % n_classes
    metric = log_loss_metric(np.eye(n_classes)[codes], weights)
    if n_classes == 2:
        name, value, more_is_better = metric(scores[:, 1] - scores[:, 0], None)
    else:
        name, value, more_is_better = metric(scores, None)
    expected = log_loss(codes, softmax(scores, axis=1), sample_weight=weights)
    assert (name, more_is_better) == ("cross_entropy", False)
    assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_metric_is_lightgbms_own_for_two_classes_and_like_it_for_more(n_classes):
    """The history of the native and of the signed way agree where both can go."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    labels = rng.dirichlet(np.ones(n_classes), size=400)
    part, held_out = Part(X[:300], labels[:300], None), Part(X[300:], labels[300:], None)
    booster, history = boost(part, held_out, QUIET, 10)
    scores = booster.predict(X[300:], raw_score=True)
    assert len(history) == 10
    last = log_loss_metric(labels[300:], None)(scores, None)[1]
    # LightGBM's two-class labels are float32.
    assert_allclose(history[-1], last, rtol=1e-6)


@pytest.mark.parametrize("n_classes", [1, 3])
def test_folded_in_scores_are_added_to_every_prediction(n_classes):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, max(n_classes, 2), 200)
    objective = "binary" if n_classes == 1 else "multiclass"
    params = {**QUIET, "objective": objective, "num_class": n_classes}
    booster = lgb.train({**params, "boost_from_average": False}, lgb.Dataset(X, y), 5)
    before = booster.predict(X, raw_score=True)
    start = np.arange(1.0, n_classes + 1)
    fold_in(booster, start)
    after = lgb.Booster(model_str=booster.model_to_string()).predict(X, raw_score=True)
    assert_allclose(after, before + (start if n_classes > 1 else start[0]), rtol=1e-14)


@pytest.mark.parametrize(
    "labels", [[[0.2, 0.3, 0.5]], [[1.4, -0.4], [0.2, 0.8]], [[0.3, 0.7]]], ids=str
)
def test_without_a_column_to_split_the_mean_is_learned(labels):
    labels = np.repeat(np.array(labels), 20, axis=0)
    booster, _ = boost(Part(np.zeros((len(labels), 1)), labels, None), None, QUIET, 5)
    scores = booster.predict(np.zeros((1, 1)), raw_score=True)
    proba = expit(scores) if labels.shape[1] == 2 else softmax(scores[0])
    # LightGBM's own two-class objective works with float32 labels.
    assert_allclose(proba, labels.mean(axis=0)[-len(proba) :], rtol=1e-7)
