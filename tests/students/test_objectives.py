"""Boosters that learn probabilities by an objective of their own, as students."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import BaggingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, SoftLabelClassifier
from skdistill.students.objectives import (
    as_probabilities,
    check_objective,
    learns_one_probability,
    objective_of,
)
from skdistill.targets.losses import floor_proba

PARAMS = {"n_estimators": 20, "n_jobs": 1}


def lightgbm(objective="cross_entropy"):
    return LGBMRegressor(objective=objective, verbose=-1, random_state=0, **PARAMS)


def xgboost(objective="binary:logistic"):
    module = pytest.importorskip("xgboost")
    return module.XGBRegressor(objective=objective, random_state=0, **PARAMS)


def catboost(loss_function="CrossEntropy", kind="CatBoostClassifier"):
    module = pytest.importorskip("catboost")
    return getattr(module, kind)(
        loss_function=loss_function,
        iterations=20,
        random_seed=0,
        thread_count=1,
        verbose=0,
        allow_writing_files=False,
    )


REGRESSORS = [pytest.param(lightgbm, id="LightGBM"), pytest.param(xgboost, id="XGBoost")]
BOOSTERS = [*REGRESSORS, pytest.param(catboost, id="CatBoost")]


def leave_the_unit_interval(proba, y, *, link):
    """A correction that goes past the label."""
    return np.full_like(proba, 1.5)


class Tame(BaggingRegressor):
    """Anything whose name of an objective means nothing here."""

    objective = "fairness"


# ---- what they learn ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", REGRESSORS)
@pytest.mark.parametrize("in_a_pipeline", [False, True])
def test_regressor_learns_the_teachers_probabilities(make, in_a_pipeline, binary):
    X, y = binary
    student = make_pipeline(StandardScaler(), make()) if in_a_pipeline else make()
    model = CrossFitDistiller(GaussianNB(), student, random_state=0, store_teacher_proba=True)
    proba = model.fit(X, y).predict_proba(X)
    rows = StandardScaler().fit_transform(X) if in_a_pipeline else X
    by_hand = make().fit(rows, model.teacher_proba_[:, 1]).predict(rows)
    assert by_hand.min() >= 0
    assert by_hand.max() <= 1
    assert_allclose(proba[:, 1], by_hand, rtol=1e-9)
    # 20 rounds of rate .1 or .3 come close to what they are taught, in probability.
    assert np.abs(proba - model.teacher_proba_).mean() < 0.1


@pytest.mark.parametrize("make", REGRESSORS)
def test_several_classes_are_learned_one_by_one(make, three_classes):
    X, y = three_classes
    model = CrossFitDistiller(GaussianNB(), make(), random_state=0, store_teacher_proba=True)
    proba = model.fit(X, y).predict_proba(X)
    alone = [make().fit(X, column).predict(X) for column in model.teacher_proba_.T]
    # XGBoost answers in float32.
    assert_allclose(proba, np.transpose(alone / np.sum(alone, axis=0)), rtol=1e-6)


def test_catboosts_classifier_learns_probabilities_without_copies(binary):
    X, y = binary
    model = CrossFitDistiller(GaussianNB(), catboost(), random_state=0, store_teacher_proba=True)
    model.fit(X, y)
    target = floor_proba(model.teacher_proba_, 1 / 500)[:, 1]
    by_hand = catboost().fit(X, target)
    assert_allclose(model.predict_proba(X), by_hand.predict_proba(X), rtol=1e-9)
    assert_array_equal(model.classes_, ["benign", "malignant"])
    assert set(model.predict(X)) == {"benign", "malignant"}


def test_weights_reach_catboosts_classifier(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    model = Distiller(GaussianNB(), catboost()).fit(X, y, sample_weight=weight)
    proba = GaussianNB().fit(X, y, sample_weight=weight).predict_proba(X)
    by_hand = catboost().fit(X, floor_proba(proba, 1 / 500)[:, 1], sample_weight=weight)
    assert_allclose(model.predict_proba(X), by_hand.predict_proba(X), rtol=1e-9)


def test_catboosts_other_objectives_learn_by_weighted_copies(three_classes):
    X, y = three_classes
    student = catboost("MultiClass")
    assert not learns_one_probability(student)
    model = CrossFitDistiller(GaussianNB(), student, random_state=0).fit(X, y)
    assert_array_equal(model.student_.classes_, [3, 7, 20])


@pytest.mark.parametrize("correction", ["residual", "fast", 0.3])
@pytest.mark.parametrize("make", BOOSTERS)
def test_corrections_that_stay_in_the_unit_interval_are_learned(make, correction, binary):
    X, y = binary
    model = LossCorrectedDistiller(GaussianNB(), make(), correction=correction, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


# ---- what they refuse --------------------------------------------------------------------------


class NeverFitted(GaussianNB):
    """A teacher that says when it is asked."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("the teacher was fitted before the student was checked")


@pytest.mark.parametrize("make", REGRESSORS)
def test_log_odds_are_refused_before_the_teacher_is_fitted(make, binary):
    model = CrossFitDistiller(NeverFitted(), make(), loss="squared_error_logit")
    with pytest.raises(ValueError, match=r"takes targets in \[0, 1\] only: use loss='squared_err"):
        model.fit(*binary)


@pytest.mark.parametrize("make", BOOSTERS)
def test_correction_that_leaves_the_unit_interval_is_refused(make, binary):
    model = LossCorrectedDistiller(
        GaussianNB(), make(), correction=leave_the_unit_interval, random_state=0
    )
    with pytest.raises(ValueError, match=r"makes targets from -\d.* use a correction whose γ lies"):
        model.fit(*binary)


@pytest.mark.parametrize(
    ("make", "objective", "remedy"),
    [
        (lightgbm, "binary", "cross_entropy"),
        (lightgbm, "cross_entropy_lambda", "cross_entropy"),
        (xgboost, "binary:logitraw", "binary:logistic"),
        (xgboost, "binary:hinge", "binary:logistic"),
    ],
)
def test_objectives_that_answer_no_probabilities_are_refused(make, objective, remedy, binary):
    with pytest.raises(ValueError, match=f"use objective='{remedy}'"):
        CrossFitDistiller(NeverFitted(), make(objective)).fit(*binary)


def test_catboosts_cross_entropy_is_for_two_classes(three_classes):
    with pytest.raises(ValueError, match="learns two classes, y holds 3: use 'MultiClass'"):
        CrossFitDistiller(NeverFitted(), catboost()).fit(*three_classes)


def test_classifier_in_an_adapter_takes_any_correction(binary):
    """Its objective is the same, but the adapter clips what is negative."""
    module = pytest.importorskip("xgboost")
    student = SoftLabelClassifier(module.XGBClassifier(**PARAMS))
    model = LossCorrectedDistiller(GaussianNB(), student, correction=leave_the_unit_interval)
    assert model.fit(*binary).score(*binary) > 0.9


# ---- by which name -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("student", "name"),
    [
        (lightgbm(), "cross_entropy"),
        (lightgbm(None), None),
        (make_pipeline(StandardScaler(), lightgbm()), "cross_entropy"),
        (GridSearchCV(make_pipeline(lightgbm()), {}), "cross_entropy"),
        (MultiOutputRegressor(lightgbm()), "cross_entropy"),
        (lightgbm(lambda y, f: (f - y, np.ones_like(y))), None),
        (Ridge(), None),
    ],
)
def test_name_of_the_objective(student, name):
    assert objective_of(student) == name


def test_catboosts_loss_function_is_its_objective():
    assert objective_of(catboost()) == "CrossEntropy"
    assert objective_of(catboost("RMSE", "CatBoostRegressor")) == "RMSE"


@pytest.mark.parametrize("student", [Ridge(), lightgbm(None), Tame()])
@pytest.mark.parametrize("loss", ["squared_error", "squared_error_logit"])
def test_other_regressors_pass(student, loss):
    check_objective(student, targets_are_logarithms=loss == "squared_error_logit")
    target = np.array([-3.0, 0.5, 7.0])
    assert as_probabilities(student, target) is target


def test_rounding_errors_are_taken_away():
    target = np.array([-1e-16, 0.5, 1 + 2e-16])
    assert_array_equal(as_probabilities(lightgbm(), target), [0, 0.5, 1])
