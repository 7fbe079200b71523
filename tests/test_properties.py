"""What holds for any table: probabilities, names, order, weights, containers, γ in its bounds.

The budget in the gate is small and its draws are fixed; `SKDISTILL_EXAMPLES=2000` draws more, anew
each time.
"""

import os

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, SoftmaxRegression
from skdistill.corrections import RULES
from skdistill.targets import LOSSES, make_loss

EXAMPLES = int(os.environ.get("SKDISTILL_EXAMPLES", "0"))
budget = settings(
    max_examples=EXAMPLES or 20,
    derandomize=not EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@st.composite
def tables(draw, constant=True):
    """Rows with signal, noise, and perhaps a constant column; each class at least six times.

    Naive Bayes divides by the spread of a column, and cannot have a constant one.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_classes = draw(st.integers(2, 4))
    n = draw(st.integers(6 * n_classes, 80))
    y = rng.permutation(np.arange(n) % n_classes)
    X = rng.normal(size=(n, draw(st.integers(1, 4)))) + y[:, None] * draw(st.floats(0, 2))
    if constant and draw(st.booleans()):
        X[:, 0] = 1.0
    return np.round(X, 3), y


def tree(**params):
    return DecisionTreeRegressor(max_depth=3, random_state=0, **params)


DISTILLERS = [
    lambda teacher: Distiller(teacher, tree()),
    lambda teacher: CrossFitDistiller(teacher, tree(), cv=3, random_state=0),
    lambda teacher: LossCorrectedDistiller(teacher, Ridge(), correction=0.3, cv=3, random_state=0),
    lambda teacher: LossCorrectedDistiller(
        teacher, SoftmaxRegression(max_iter=2000, C=0.1), cv=3, random_state=0
    ),
    lambda teacher: LossCorrectedDistiller(
        teacher, tree(), correction="relative", loss="squared_error_logit", cv=3, random_state=0
    ),
]
stump = DecisionTreeClassifier(max_depth=2, random_state=0)


@pytest.mark.parametrize("make", DISTILLERS)
@given(table=tables())
@budget
def test_answers_are_probabilities_and_names_are_carried_through(make, table):
    X, y = table
    model = make(stump).fit(X, y)
    proba = model.predict_proba(X)
    assert np.isfinite(proba).all()
    assert proba.min() >= 0
    assert proba.max() <= 1
    assert_allclose(proba.sum(axis=1), 1)
    assert_array_equal(model.classes_, np.unique(y))
    # Names in the same order change nothing but the names.
    names = np.array(["a", "b", "c", "d"])
    named = make(stump).fit(X, names[y])
    assert_array_equal(named.predict_proba(X), proba)
    assert_array_equal(named.predict(X), names[model.predict(X)])


@given(table=tables(constant=False))
@budget
def test_names_in_another_order_move_columns_only(table):
    X, y = table
    order = np.random.default_rng(0).permutation(y.max() + 1)
    plain = Distiller(GaussianNB(), tree()).fit(X, y).predict_proba(X)
    moved = Distiller(GaussianNB(), tree()).fit(X, order[y]).predict_proba(X)
    assert_allclose(moved[:, order], plain, atol=1e-9)


@given(table=tables(constant=False), seed=st.integers(0, 1000))
@budget
def test_order_of_rows_does_not_matter_with_fixed_folds(table, seed):
    X, y = table
    fold = np.arange(len(y)) % 3
    order = np.random.default_rng(seed).permutation(len(y))

    def fit(rows):
        folds = [
            (np.flatnonzero(fold[rows] != k), np.flatnonzero(fold[rows] == k)) for k in range(3)
        ]
        return CrossFitDistiller(GaussianNB(), Ridge(), cv=folds).fit(X[rows], y[rows])

    try:
        expected = fit(np.arange(len(y))).predict_proba(X)
    except UserWarning:  # a fold that lacks a class
        return
    assert_allclose(fit(order).predict_proba(X), expected, atol=1e-7)


@given(table=tables(constant=False), scale=st.sampled_from([0.25, 4.0]), seed=st.integers(0, 1000))
@budget
def test_unit_of_weights_does_not_matter_and_two_is_twice(table, scale, seed):
    X, y = table
    times = np.random.default_rng(seed).integers(1, 3, len(y))
    model = Distiller(GaussianNB(), LinearRegression())
    weighted = model.fit(X, y, sample_weight=times.astype(float)).predict_proba(X)
    scaled = model.fit(X, y, sample_weight=scale * times).predict_proba(X)
    assert_allclose(scaled, weighted, atol=1e-8)
    repeated = model.fit(np.repeat(X, times, axis=0), np.repeat(y, times)).predict_proba(X)
    assert_allclose(weighted, repeated, atol=1e-8)


@pytest.mark.parametrize("student", [DecisionTreeRegressor(), DecisionTreeClassifier()])
@given(table=tables(), seed=st.integers(0, 1000))
@budget
def test_trees_that_learn_from_trees_find_the_same_ties_with_weights(student, table, seed):
    X, y = table
    X = np.round(X)
    rng = np.random.default_rng(seed)
    times, order = rng.integers(1, 4, len(y)), rng.permutation(len(y))
    teacher = DecisionTreeClassifier(max_depth=2, random_state=seed)
    model = Distiller(teacher, student.set_params(max_depth=4, random_state=seed))
    repeated = model.fit(np.repeat(X, times, axis=0), np.repeat(y, times)).predict_proba(X)
    weighted = model.fit(X[order], y[order], sample_weight=times[order].astype(float))
    assert_array_equal(weighted.predict_proba(X), repeated)


@given(table=tables())
@budget
def test_containers_agree(table):
    X, y = table
    names = [f"c{j}" for j in range(X.shape[1])]
    expected = CrossFitDistiller(stump, tree(), cv=3, random_state=0).fit(X, y).predict_proba(X)
    for rows in (
        X.tolist(),
        np.asfortranarray(X),
        pd.DataFrame(X, columns=names),
        pl.DataFrame(X, schema=names),
        sparse.csr_array(X),
    ):
        model = CrossFitDistiller(stump, tree(), cv=3, random_state=0).fit(rows, y)
        # Sums over rows and over columns may differ in the last bit.
        assert_allclose(model.predict_proba(rows), expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("rule", RULES)
@given(
    proba=st.lists(st.floats(0.002, 0.998), min_size=1, max_size=20),
    share=st.floats(0.01, 1.5),
    seed=st.integers(0, 1000),
)
@budget
def test_gamma_lies_in_its_bounds(rule, proba, share, seed):
    p = np.array(proba)
    y = np.random.default_rng(seed).integers(0, 2, len(p))
    how = {} if rule == "orthogonal" else {"c": share}
    gamma = RULES[rule](p, y, link="identity", **how)
    assert gamma.min() >= -1e-12
    assert gamma.max() <= 1 + 1e-9
    on_logs = RULES[rule](p, y, link="log", **how)
    steepest = np.log(p / np.minimum(p, 1e-3)) / np.maximum(p - np.minimum(p, 1e-3), 1e-12)
    assert (on_logs >= -1e-9).all()
    assert (on_logs <= np.maximum(1 / p, steepest) * (1 + 1e-6)).all()


@pytest.mark.parametrize("name", LOSSES)
@given(table=tables())
@budget
def test_student_that_learns_its_target_exactly_gives_the_teacher_back(name, table):
    _, y = table
    n_classes = y.max() + 1
    proba = np.random.default_rng(len(y)).dirichlet(np.ones(n_classes), len(y))
    loss = make_loss(name, n_classes, proba_floor=1e-6)
    back = loss.probabilities(loss.target(proba, np.eye(n_classes)[y]))
    assert_allclose(back, proba, atol=1e-5)
