"""A linear classifier that learns soft labels, signed ones included."""

import re
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import softmax
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import (
    CrossFitDistiller,
    LossCorrectedDistiller,
    SoftLabelClassifier,
    SoftmaxRegression,
)
from skdistill.students.softmax_search import MAX_ROTATED_FEATURES

FORMATS = {"dense": np.asarray, "csr": sparse.csr_array, "csc": sparse.csc_matrix}


def draw(n_classes, seed=0, n_samples=150, n_features=4):
    """Rows with a few zeros, soft labels that a linear model does not reach, and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_features)) + rng.normal(size=n_features)
    X[rng.random(X.shape) < 0.3] = 0
    scores = X @ rng.normal(size=(n_features, n_classes)) + rng.gumbel(size=(n_samples, n_classes))
    return X, softmax(scores, axis=1), rng.uniform(0.1, 3.0, size=n_samples)


def sign(P, seed=0):
    """Labels with negative entries, whose rows sum to 1 and whose mean is that of P."""
    noise = 0.5 * np.random.default_rng(seed).normal(size=P.shape)
    noise -= noise.mean(axis=1, keepdims=True)
    signed = P + noise - noise.mean(axis=0)
    assert (signed < 0).any()
    return signed


def exact(C=1.0, **params):
    """scikit-learn's most exact solver."""
    return LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=200, **params)


def slope(model, X, T, weight=None):
    """Gradient of C Σ s ℓ + ½ ‖coef‖² in coefficients and intercepts."""
    weight = np.ones(len(X)) if weight is None else weight
    error = model.C * weight[:, None] * (model.predict_proba(X) - T)
    error = error[:, -len(model.coef_) :]
    return error.T @ X + model.coef_, error.sum(axis=0)


# ---- against scikit-learn --------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("as_format", FORMATS)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_one_hot_labels_give_the_coefficients_of_logistic_regression(
    n_classes, as_format, weighted, fit_intercept
):
    X, P, weight = draw(n_classes)
    y = P.argmax(axis=1)
    weight = weight if weighted else None
    params = {"C": 0.3, "fit_intercept": fit_intercept}
    ours = SoftmaxRegression(**params)
    ours.fit(FORMATS[as_format](X), np.eye(n_classes)[y], sample_weight=weight)
    theirs = exact(**params).fit(X, y, sample_weight=weight)
    assert ours.coef_.shape == theirs.coef_.shape
    assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    # Many classes: the intercepts are free up to one number, and ours sum to 0.
    centred = theirs.intercept_ - (theirs.intercept_.mean() if n_classes > 2 else 0)
    assert_allclose(ours.intercept_, centred, atol=1e-5)
    assert_allclose(ours.decision_function(X[:9]).shape, theirs.decision_function(X[:9]).shape)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
def test_real_columns_as_they_are_give_the_coefficients_of_logistic_regression(load):
    """Their scales differ by up to 1e5, and some are nearly copies of others."""
    X, y = load(return_X_y=True)
    ours = SoftmaxRegression().fit(X, y)
    assert_allclose(ours.coef_, exact().fit(X, y).coef_, atol=1e-4)


@pytest.mark.parametrize("C", [1e-4, 1.0, 1e4, np.inf])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_strength_of_the_penalty_means_the_same(n_classes, C):
    X, P, _ = draw(n_classes)
    y = (P.cumsum(axis=1) < np.random.default_rng(1).random((len(X), 1))).sum(axis=1)
    theirs = exact(C=min(C, 1e12)).fit(X, y).coef_
    # As good as free of a penalty, theirs need not sum to 0 over the classes.
    theirs = theirs - (theirs.mean(axis=0) if n_classes > 2 else 0)
    assert_allclose(SoftmaxRegression(C=C).fit(X, y).coef_, theirs, atol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_soft_labels_give_the_coefficients_from_weighted_copies(n_classes):
    X, P, weight = draw(n_classes)
    ours = SoftmaxRegression(C=2.0).fit(X, P, sample_weight=weight)
    copies = SoftLabelClassifier(exact(C=2.0)).fit(X, P, sample_weight=weight)
    assert_allclose(ours.coef_, copies.estimator_.coef_, atol=1e-5)
    assert_allclose(ours.predict_proba(X), copies.predict_proba(X), atol=1e-6)


# ---- soft and signed labels --------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_soft_labels_of_a_linear_model_are_learned_to_the_last_digits(n_classes):
    X, _, _ = draw(n_classes)
    scores = X @ np.random.default_rng(1).normal(size=(X.shape[1], n_classes)) + 0.5
    P = softmax(scores, axis=1)
    ours = SoftmaxRegression(C=np.inf).fit(X, P)
    assert_allclose(ours.predict_proba(X), P, atol=1e-6)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_signed_labels_end_where_the_gradient_is_zero(n_classes, weighted):
    X, P, weight = draw(n_classes)
    T = sign(P)
    ours = SoftmaxRegression(C=0.5).fit(X, T, sample_weight=weight if weighted else None)
    for part in slope(ours, X, T, weight if weighted else None):
        # tol bounds the gradient of the mean loss in coordinates of curvature 1; here it is that
        # of a sum of 150 rows of weights below 3, in columns that bend it by at most 1.
        assert_allclose(part, 0, atol=1e-7 * 150 * 3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_loss_is_linear_in_the_labels(n_classes):
    """Two labels for each row count as their mean, also where one of them is signed."""
    X, P, _ = draw(n_classes)
    T = sign(P)
    both = SoftmaxRegression(C=1.0).fit(np.vstack([X, X]), np.vstack([T, P]))
    mean = SoftmaxRegression(C=2.0).fit(X, (T + P) / 2)
    assert_allclose(both.coef_, mean.coef_, atol=1e-5)


def test_penalty_bounds_what_a_row_with_a_negative_label_can_do():
    """A row that the model can single out: without penalty its loss falls for ever."""
    X, P, _ = draw(2)
    X = np.column_stack([X, np.r_[1.0, np.zeros(len(X) - 1)]])
    P[0] = [1.5, -0.5]
    penalised = SoftmaxRegression(C=10.0).fit(X, P)
    assert_allclose(slope(penalised, X, P)[0], 0, atol=1e-7 * 10 * 150 * 3)
    for max_iter in (50, 1000):
        with pytest.warns(ConvergenceWarning, match=f"max_iter={max_iter}: .* lower C"):
            SoftmaxRegression(C=np.inf, max_iter=max_iter).fit(X, P)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_negative_mean_of_a_column_is_refused_unless_there_is_no_intercept(n_classes):
    X, P, _ = draw(n_classes)
    P[:, 1] -= P[:, 1].mean() + 0.01
    P[:, 0] += 1 - P.sum(axis=1)
    with pytest.raises(ValueError, match=r"mean of column 1 of y must not be negative.*-0\.01:"):
        SoftmaxRegression().fit(X, P)
    free = SoftmaxRegression(fit_intercept=False).fit(X, P)
    assert_array_equal(free.intercept_, np.zeros(len(free.coef_)))


@pytest.mark.parametrize("absent", [0, 1])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_class_without_weight_has_a_probability_near_zero(n_classes, absent):
    X, P, _ = draw(n_classes, n_samples=128)  # shares of 1 / 128 sum to 1 exactly
    P[:, absent] = 0
    P[:, 1 - absent] = 1 - P[:, 2:].sum(axis=1)
    ours = SoftmaxRegression().fit(X, P)
    assert ours.predict_proba(X)[:, absent].max() < 1e-6
    assert np.isfinite(ours.coef_).all()


# ---- hard cases --------------------------------------------------------------------------------


def badly_scaled(n_classes, n_features=10, n_samples=400, correlation=0.99):
    """Correlated columns with scales from 1e-3 to 1e6, which lie a few of these from 0."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(n_samples, n_features)) * np.sqrt(1 - correlation**2)
    Z += correlation * rng.normal(size=(n_samples, 1))
    scores = Z @ rng.normal(size=(n_features, n_classes))
    P = softmax(scores + rng.gumbel(size=scores.shape), axis=1)
    scale = np.logspace(-3, 6, n_features)
    return (Z + 3 * rng.normal(size=n_features)) * scale, P, scale


@pytest.mark.parametrize("as_format", FORMATS)
@pytest.mark.parametrize("C", [1.0, 1e6])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_badly_scaled_correlated_columns_converge_in_a_few_iterations(n_classes, C, as_format):
    X, P, scale = badly_scaled(n_classes)
    ours = SoftmaxRegression(C=C).fit(FORMATS[as_format](X), P)
    assert ours.n_iter_ <= 40
    per_row = slope(ours, X, P)[0] / (C * len(X))
    # The gradient of the mean loss in units in which the columns have a spread and an offset of a
    # few, or where the penalty is all there is to the curvature.
    unit = np.maximum(scale, 1 / np.sqrt(C * len(X)))
    assert_allclose(per_row / unit, 0, atol=1e-6)


def test_unpenalised_coefficients_follow_the_scale_of_their_columns():
    X, P, scale = badly_scaled(3, correlation=0.5)
    raw = SoftmaxRegression(C=np.inf).fit(X, P)
    scaled = SoftmaxRegression(C=np.inf).fit(X / scale, P)
    assert_allclose(raw.coef_ * scale, scaled.coef_, atol=1e-5)
    assert_allclose(raw.intercept_, scaled.intercept_, atol=1e-4)


def test_stopping_early_is_said_with_what_helps():
    X, P, _ = badly_scaled(3)
    with pytest.warns(ConvergenceWarning, match=r"in 3 iterations.*max_iter=3.*StandardScaler"):
        short = SoftmaxRegression(max_iter=3).fit(X, P)
    assert short.n_iter_ == 3


def test_columns_far_from_zero_keep_their_digits():
    """Such as seconds since 1970."""
    X, P, _ = draw(3)
    far = X + np.array([1e10, 0, 0, 0])
    near = far - np.array([1e10, 0, 0, 0])
    ours, same = SoftmaxRegression().fit(far, P), SoftmaxRegression().fit(near, P)
    assert_allclose(ours.coef_, same.coef_, atol=1e-8)


@pytest.mark.parametrize("as_format", FORMATS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_numbers_too_large_to_be_squared_are_refused(fit_intercept, as_format):
    X, P, _ = draw(3)
    with pytest.raises(ValueError, match="too large to be squared"):
        SoftmaxRegression(fit_intercept=fit_intercept).fit(FORMATS[as_format](1e200 * X), P)


def test_tolerance_that_rounding_cannot_reach_is_no_reason_to_warn():
    X, P, _ = draw(3)
    ours = SoftmaxRegression(tol=1e-30).fit(X, P)
    assert ours.n_iter_ < 100
    assert_allclose(slope(ours, X, P)[0], 0, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_first_step_of_the_search_is_the_mean_label(n_classes):
    X, P, weight = draw(n_classes)
    ours = SoftmaxRegression(C=1e-12).fit(X, P, sample_weight=weight)
    assert ours.n_iter_ <= 1
    mean = np.average(P, axis=0, weights=weight)
    assert_allclose(ours.predict_proba(X), np.tile(mean, (len(X), 1)), rtol=1e-6)


@pytest.mark.parametrize("as_format", FORMATS)
def test_constant_and_repeated_columns(as_format):
    X, P, _ = draw(3)
    X = FORMATS[as_format](np.column_stack([np.full(len(X), 7.0), X, X[:, 0]]))
    for C in (1.0, np.inf):
        ours = SoftmaxRegression(C=C).fit(X, P)
        assert_allclose(ours.coef_[:, 0], 0, atol=1e-9)
        assert_allclose(ours.coef_[:, 1], ours.coef_[:, -1], atol=1e-5)


@pytest.mark.parametrize("n_features", [MAX_ROTATED_FEATURES - 100, 50_000])
def test_sparse_rows_are_never_made_dense(n_features):
    rng, n_samples = np.random.default_rng(0), 30_000
    entries = np.repeat(np.arange(n_samples), 2), rng.integers(n_features, size=2 * n_samples)
    X = sparse.csr_array((rng.normal(size=2 * n_samples), entries), shape=(n_samples, n_features))
    P = rng.dirichlet(np.ones(3), size=n_samples)
    tracemalloc.start()
    ours = SoftmaxRegression(C=0.1).fit(X, P)
    ours.predict_proba(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n_samples * n_features * 8 / 2


# ---- what it is given --------------------------------------------------------------------------


def test_class_labels_of_any_type():
    X, P, _ = draw(3)
    names = np.array(["low", "mid", "top"])
    ours = SoftmaxRegression().fit(X, names[P.argmax(axis=1)])
    assert_array_equal(ours.classes_, names)
    assert_array_equal(ours.predict(X), names[ours.predict_proba(X).argmax(axis=1)])


def test_classes_of_soft_labels_are_their_columns():
    X, P, _ = draw(3)
    assert_array_equal(SoftmaxRegression().fit(X, P).classes_, [0, 1, 2])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_probabilities_stay_finite_where_probabilities_round_to_zero(n_classes):
    X, P, _ = draw(n_classes)
    ours = SoftmaxRegression().fit(X, P)
    assert_allclose(ours.predict_log_proba(X), np.log(ours.predict_proba(X)))
    assert np.isfinite(ours.predict_log_proba(1e5 * X)).all()
    assert (ours.predict_proba(1e5 * X) == 0).any()


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_give_the_same_coefficients(frame):
    X, P, _ = draw(3)
    table = frame(dict(zip("abcd", X.T, strict=True)))
    ours = SoftmaxRegression().fit(table, P)
    assert_allclose(ours.coef_, SoftmaxRegression().fit(X, P).coef_, rtol=1e-10)
    assert_array_equal(ours.predict(table), ours.predict_proba(table).argmax(axis=1))


def test_soft_labels_may_come_as_a_frame():
    X, P, _ = draw(3)
    ours = SoftmaxRegression().fit(X, pd.DataFrame(P, columns=["low", "mid", "top"]))
    assert_allclose(ours.coef_, SoftmaxRegression().fit(X, P).coef_, rtol=1e-10)


@pytest.mark.parametrize("as_format", FORMATS)
def test_given_arrays_stay_as_they_are(as_format):
    X, P, weight = draw(3)
    given = FORMATS[as_format](X)
    before = given.copy(), P.copy(), weight.copy()
    for array in (P, weight):
        array.flags.writeable = False
    SoftmaxRegression().fit(given, P, sample_weight=weight)
    assert abs(given - before[0]).max() == 0
    assert_array_equal(P, before[1])
    assert_array_equal(weight, before[2])


BAD = {
    "C": [0, -1.0, np.nan, -np.inf, "1", None, True, [1.0]],
    "tol": [0.0, -1e-3, np.inf, np.nan, "small", None, False],
    "max_iter": [0, -5, 1.5, 100.0, True, "many", None],
    "fit_intercept": ["no", 1, None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_bad_parameters_are_refused(name, value):
    X, P, _ = draw(2)
    message = rf"The '{name}' parameter of SoftmaxRegression must be .*Got {re.escape(repr(value))}"
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression(**{name: value}).fit(X, P)


@pytest.mark.parametrize("params", [{"C": np.float32(2)}, {"max_iter": np.int64(50)}, {"C": 3}])
def test_numbers_of_any_kind_are_parameters(params):
    X, P, _ = draw(2)
    assert SoftmaxRegression(**params).fit(X, P).n_iter_ > 0


@pytest.mark.parametrize(
    ("P", "message"),
    [
        ([[0.5, np.nan], [1, 0]], "y contains NaN"),
        ([[0.0, 0.0], [1, 0]], "row 0 sums to 0"),
        ([[0.5, 0.5], [0.5, 0.6]], r"row 1 sums to 1\.1"),
        ([1, 1], "y must hold at least 2 classes"),
        ([0.3, 0.7], "Unknown label type: continuous"),
        ([[1, 0]], "inconsistent numbers of samples"),
        (None, "requires y to be passed"),
    ],
)
def test_bad_labels_are_refused(P, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression().fit(np.eye(2), P)


def test_a_single_column_is_a_column_of_labels():
    with pytest.warns(DataConversionWarning):
        fitted = SoftmaxRegression().fit(np.eye(2), [[4], [9]])
    assert_array_equal(fitted.classes_, [4, 9])


@pytest.mark.parametrize("weight", [[0, 0], [-1, 1], [np.nan, 1], [1], [[1, 1]]])
def test_bad_weights_are_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        SoftmaxRegression().fit(np.eye(2), np.eye(2), sample_weight=weight)


def test_prediction_before_fit_is_refused():
    with pytest.raises(NotFittedError):
        SoftmaxRegression().predict(np.eye(2))


# ---- as a student ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_student_gets_the_teacher_probabilities_as_they_are(n_classes):
    X, P, _ = draw(n_classes)
    y = np.array(["a", "b", "c"])[P.argmax(axis=1)]
    model = CrossFitDistiller(GaussianNB(), SoftmaxRegression(), cv=3, random_state=0)
    model.set_params(store_teacher_proba=True, proba_floor=1e-9).fit(X, y)
    by_hand = SoftmaxRegression().fit(X, model.teacher_proba_)
    assert_allclose(model.student_.coef_, by_hand.coef_, atol=1e-4)
    assert set(model.predict(X)) <= set(y)


def test_corrected_student_learns_signed_labels_at_the_end_of_a_pipeline():
    X, P, _ = draw(3, n_samples=300)
    y = P.argmax(axis=1)
    model = LossCorrectedDistiller(
        RandomForestClassifier(10, max_depth=2, random_state=0),
        make_pipeline(StandardScaler(), SoftmaxRegression()),
        correction="orthogonal",
        temperature=2.0,
        cv=3,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    # A linear model at T = 2 gives the probabilities softmax(2 f).
    scores = model.student_.decision_function(X)
    assert_allclose(model.predict_proba(X), softmax(2 * scores, axis=1))


def test_sparse_rows_reach_the_student():
    X, P, _ = draw(2)
    y = P.argmax(axis=1)
    teacher = LogisticRegression()
    model = CrossFitDistiller(teacher, SoftmaxRegression(), cv=3, random_state=0)
    dense = model.fit(X, y).predict_proba(X)
    assert_allclose(model.fit(sparse.csr_matrix(X), y).predict_proba(X), dense, atol=1e-5)


@pytest.mark.parametrize("as_format", FORMATS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_short_floats_are_learned_from_in_full_precision(fit_intercept, as_format):
    X, Y, _ = draw(3)
    short = X.astype(np.float32)
    one, other = (
        SoftmaxRegression(fit_intercept=fit_intercept).fit(FORMATS[as_format](table), Y)
        for table in (short, short.astype(float))
    )
    assert_array_equal(one.coef_, other.coef_)
    assert one.coef_.dtype == np.float64
