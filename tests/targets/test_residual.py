"""The learned correction."""

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill.rows import Rows
from skdistill.targets import residual
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


def corrected_by_the_recipe(X, y, proba, splits, sample_weight):
    """Return what METHOD's recipe gives for each number of rounds, by scikit-learn's interface."""
    two = proba.shape[1] == 2
    scores = np.log(proba[:, 1:] / proba[:, :1]) if two else np.log(proba)
    table = np.hstack([X, scores])
    corrected = {}
    for rounds in (0, 10, 20, 40, 80):
        steps = np.zeros_like(scores)
        for train, test in splits if rounds else []:
            model = LGBMClassifier(
                num_leaves=7,
                learning_rate=0.05,
                min_child_samples=40,
                reg_lambda=5,
                n_estimators=rounds,
                n_jobs=1,
                verbose=-1,
                deterministic=True,
                force_row_wise=True,
            )
            start = scores[train, 0] if two else scores[train]
            model.fit(table[train], y[train], sample_weight[train], init_score=start)
            steps[test] = model.predict(table[test], raw_score=True).reshape(len(test), -1)
        positive = expit(scores + steps)
        corrected[rounds] = (
            np.hstack([1 - positive, positive]) if two else softmax(scores + steps, axis=1)
        )
    return corrected


@pytest.mark.parametrize(
    ("certainty", "n_samples", "n_classes", "rounds"),
    [
        (0.9, 300, 2, 0),
        (0.85, 300, 2, 10),
        (0.7, 300, 2, 20),
        (0.5, 300, 2, 40),
        (0, 300, 2, 80),
        (0, 400, 3, 80),
    ],
)
def test_models_are_those_of_the_recipe_and_rounds_have_the_least_weighted_risk(
    certainty, n_samples, n_classes, rounds
):
    X, y, p0 = noisy(n_samples, seed=4)
    p = certainty * p0 + (1 - certainty) * 0.5
    proba = np.column_stack([1 - p, p])
    if n_classes == 3:
        y, proba = y + (y * X[:, 3] > 0), np.tile([0.5, 0.3, 0.2], (n_samples, 1))
    weight = np.random.default_rng(0).uniform(0.5, 1.5, size=n_samples)
    splits = folds(y, 3)
    model = ResidualModel().fit(
        Rows(X, y, np.arange(n_classes), y, weight), floor_proba(proba), splits
    )
    expected = corrected_by_the_recipe(X, y, floor_proba(proba), splits, weight)
    risks = {
        k: log_loss(y, floor_proba(found), sample_weight=weight) for k, found in expected.items()
    }
    assert model.rounds == rounds == min(risks, key=risks.get)
    assert_allclose(model.corrected, expected[rounds])


@pytest.mark.parametrize(("weight", "best"), [(None, 0), ([1, 1, 1], 0), ([4, 1, 1], 1)])
def test_rows_are_weighed_where_rounds_are_chosen(weight, best):
    # Rounds 10 would move all rows to class 1; two of three are of class 0, but may weigh less.
    scores = np.array([np.zeros((3, 1)), np.ones((3, 1))])
    found, proba = residual._best(
        scores, np.array([1, 0, 0]), None if weight is None else np.array(weight)
    )
    assert found == best
    assert_allclose(proba[:, 1], expit(scores[best, :, 0]))


def test_of_equal_numbers_of_rounds_the_smallest_is_taken():
    assert residual._best(np.zeros((5, 4, 1)), np.array([0, 1, 0, 1]), None)[0] == 0


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
