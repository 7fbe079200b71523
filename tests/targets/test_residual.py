"""The learned correction."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill.rows import Rows
from skdistill.targets.losses import floor_proba
from skdistill.targets.residual import ResidualModel

from ..conftest import noisy


def correct_proba(X, codes, proba, splits, sample_weight=None):
    classes = np.arange(proba.shape[1])
    rows = Rows(X, codes, classes, codes, sample_weight)
    return ResidualModel().fit(rows, proba, splits).corrected


def folds(y, n=5):
    return list(StratifiedKFold(n, shuffle=True, random_state=0).split(np.zeros(len(y)), y))


def prior(y):
    shares = np.bincount(y) / len(y)
    return np.tile(shares, (len(y), 1))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_what_a_teacher_missed_is_found(n_classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 3))
    y = np.digitize(X[:, 0] + 0.3 * rng.normal(size=2000), np.linspace(-1, 1, n_classes - 1))
    better = correct_proba(X, y, prior(y), folds(y))
    assert better.shape == (2000, n_classes)
    assert_allclose(better.sum(axis=1), 1)
    assert log_loss(y, better) < 0.7 * log_loss(y, prior(y))


def test_perfect_teacher_is_left_alone():
    X, y, p0 = noisy(3000, seed=0)
    proba = np.column_stack([1 - p0, p0])
    better = correct_proba(X, y, proba, folds(y))
    # Out of fold, 80 rounds of a model without a signal cost more than none.
    assert np.abs(better - proba).mean() < 0.02


def test_never_worse_out_of_fold_than_the_teacher():
    for seed in range(3):
        X, y, _ = noisy(400, seed=seed)
        proba = np.random.default_rng(seed).dirichlet([2, 2], size=400)
        better = correct_proba(X, y, proba, folds(y))
        assert log_loss(y, better) <= log_loss(y, floor_proba(proba, 1 / 500)) + 1e-12


def test_row_does_not_see_its_own_label_but_through_the_number_of_rounds():
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0]) * 0.5 + 0.25
    splits = folds(y)
    before = correct_proba(X, y, proba, splits)
    changed = y.copy()
    changed[17] = 1 - y[17]
    after = correct_proba(X, changed, proba, splits)
    own_fold = next(test for _, test in splits if 17 in test)
    assert_array_equal(before[own_fold], after[own_fold])
    assert (before != after).any()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_deterministic(n_classes):
    X, y, _ = noisy(500, seed=0)
    y = y + (np.arange(500) % 5 == 0) * (n_classes - 2)
    one, other = (correct_proba(X, y, prior(y), folds(y)) for _ in range(2))
    assert_array_equal(one, other)


def test_weights_count():
    X, y, _ = noisy(800, seed=0)
    weight = np.where(X[:, 1] > 0, 1.0, 1e-9)
    weighted = correct_proba(X, y, prior(y), folds(y), sample_weight=weight)
    plain = correct_proba(X, y, prior(y), folds(y))
    heavy = weight == 1
    assert not np.allclose(weighted, plain)
    assert log_loss(y[heavy], weighted[heavy]) < log_loss(y[heavy], prior(y)[heavy])


def test_tables_of_every_kind_say_the_same():
    X, y, _ = noisy(500, seed=0)
    X = np.round(X)
    expected = correct_proba(X, y, prior(y), folds(y))
    for other in (
        pd.DataFrame(X).add_prefix("c"),
        pd.DataFrame(X).add_prefix("c").assign(c4=lambda frame: frame["c4"].astype("category")),
        X.astype(object),
    ):
        assert_allclose(correct_proba(other, y, prior(y), folds(y)), expected)
    got = correct_proba(sparse.csr_array(X), y, prior(y), folds(y))
    assert log_loss(y, got) < log_loss(y, prior(y))


def test_words_and_missing_values():
    X, y, _ = noisy(600, seed=0)
    frame = pd.DataFrame({"kind": np.where(X[:, 0] > 0, "high", "low"), "x": X[:, 1]})
    frame.loc[::9, "x"] = np.nan
    frame.loc[::7, "kind"] = None
    assert log_loss(y, correct_proba(frame, y, prior(y), folds(y))) < log_loss(y, prior(y)) - 0.02


@pytest.mark.parametrize("loss", ["squared_error", "squared_error_logit"])
def test_distiller_learns_the_corrected_probabilities(loss):
    X, y, _ = noisy(500, seed=0)
    model = LossCorrectedDistiller(
        GaussianNB(),
        DecisionTreeRegressor(random_state=0),
        c=0,
        loss=loss,
        random_state=0,
        store_teacher_proba=True,
    ).fit(X, y)
    splits = folds(y)
    assert_allclose(
        model.student_.predict(X),
        CrossFitDistiller(None, DecisionTreeRegressor(random_state=0), loss=loss)
        .fit(X, y, teacher_proba=correct_proba(X, y, model.teacher_proba_, splits))
        .student_.predict(X),
    )


@pytest.mark.parametrize("cv", ["oob", "in_sample"])
def test_own_folds_where_the_teacher_has_none(cv):
    X, y, _ = noisy(500, seed=0)
    model = LossCorrectedDistiller(
        RandomForestClassifier(60, max_depth=2, random_state=0),
        DecisionTreeRegressor(max_depth=4),
        cv=cv,
        random_state=0,
    )
    assert model.fit(X, y).score(X, y) > 0.7


def test_useless_teacher_is_made_up_for():
    X, y, _ = noisy(2000, seed=0)
    student = DecisionTreeRegressor(min_samples_leaf=20, random_state=0)
    plain = CrossFitDistiller(DummyClassifier(), student, random_state=0).fit(X, y)
    learned = LossCorrectedDistiller(DummyClassifier(), student, random_state=0).fit(X, y)
    X_test, y_test, _ = noisy(2000, seed=1)
    assert log_loss(y_test, learned.predict_proba(X_test)) < 0.9 * log_loss(
        y_test, plain.predict_proba(X_test)
    )


@pytest.mark.parametrize("c", [-0.1, 1.5, "much", True])
def test_share_outside_the_unit_interval_is_refused(c):
    X, y, _ = noisy(50, seed=0)
    with pytest.raises(ValueError, match=r"c must be a share in \[0, 1\]"):
        LossCorrectedDistiller(GaussianNB(), DecisionTreeRegressor(), c=c).fit(X, y)


def test_of_many_classes_the_models_see_a_bounded_number_of_scores():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 40
    X = rng.normal(size=(400, 3))
    proba = rng.dirichlet(np.ones(40), size=400)
    model = ResidualModel().fit(Rows(X, y, np.arange(40), y), proba, folds(y, 2))
    assert {booster.num_feature() for booster in model.boosters} == {3 + 26}
    assert model.apply(X[:5], proba[:5]).shape == (5, 40)


def test_other_rows_are_corrected_by_the_mean_of_the_models():
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0]) * 0.5 + 0.25
    rows = Rows(X, y, np.arange(2), y)
    model = ResidualModel().fit(rows, proba, folds(y))
    X_new, y_new, p_new = noisy(2000, seed=1)
    given = np.column_stack([1 - p_new, p_new]) * 0.5 + 0.25
    assert log_loss(y_new, model.apply(X_new, given)) < log_loss(y_new, given) - 0.02
