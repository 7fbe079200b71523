"""LightGBM as a student that learns soft labels by its own loss."""

import pickle
import re

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdistill import CrossFitDistiller, LGBMSoftClassifier, LossCorrectedDistiller
from skdistill.targets.losses import floor_proba

SMALL = {"n_estimators": 15, "random_state": 0, "n_jobs": 1}


def table(n_classes, n_samples=600, seed=0):
    return make_classification(
        n_samples, 8, n_informative=6, n_classes=n_classes, flip_y=0.2, random_state=seed
    )


def soft(n_classes, *, signed=False, n_samples=600):
    """Rows with soft labels around their class."""
    X, y = table(n_classes, n_samples)
    P = 0.7 * np.eye(n_classes)[y]
    P += 0.3 * np.random.default_rng(0).dirichlet(np.ones(n_classes), size=n_samples)
    return X, (1.5 * P - 0.5 / n_classes) if signed else P


LABELS = [
    pytest.param(2, False, id="native"),
    pytest.param(2, True, id="signed"),
    pytest.param(3, False, id="three"),
    pytest.param(3, True, id="three-signed"),
]


def as_probabilities(scores):
    """What a user of the booster alone does with its raw scores."""
    if scores.ndim == 2:
        return softmax(scores, axis=1)
    return np.column_stack([1 - expit(scores), expit(scores)])


# ---- what is learned ---------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_one_hot_labels_give_lightgbms_own_classifier(n_classes, weighted):
    X, y = table(n_classes, 2000)
    weight = np.random.default_rng(0).uniform(0.1, 2, 2000) if weighted else None
    ours = LGBMSoftClassifier(**SMALL).fit(X, np.eye(n_classes)[y], sample_weight=weight)
    theirs = LGBMClassifier(**SMALL, verbose=-1).fit(X, y, sample_weight=weight)
    # Its weights are float32 already where the mean is taken, ours double.
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-7)


def test_labels_of_two_classes_give_lightgbms_cross_entropy_to_the_last_bit():
    X, P = soft(2)
    ours = LGBMSoftClassifier(**SMALL).fit(X, P)
    theirs = LGBMRegressor(**SMALL, objective="cross_entropy", verbose=-1).fit(X, P[:, 1])
    assert_array_equal(
        ours.booster_.predict(X, raw_score=True), theirs.booster_.predict(X, raw_score=True)
    )


def test_the_signed_way_agrees_with_the_native_one():
    """Both can learn nearly the same labels: one of 600 is below 0, by little."""
    X, P = soft(2)
    signed = P.copy()
    P[0], signed[0] = [1, 0], [1 + 1e-6, -1e-6]
    native, other = (LGBMSoftClassifier(**SMALL).fit(X, labels) for labels in (P, signed))
    # LightGBM rounds the native labels to float32.
    assert_allclose(other.predict_proba(X), native.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "means", [[[0.8, 0.2], [0.3, 0.7]], [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]], ids=["two", "three"]
)
@pytest.mark.parametrize("spread", [0.1, 0.9])
def test_what_is_learned_is_the_mean_label_of_a_group(means, spread):
    """The minimiser in each leaf is known, also where labels are signed (spread .9)."""
    group = np.repeat([0, 1], 50)
    shift = spread * np.tile([1, -1], 50)[:, None] * np.r_[1, -1, np.zeros(len(means[0]) - 2)]
    P = np.array(means)[group] + shift
    assert (P.min() < 0) == (spread > 0.5)
    model = LGBMSoftClassifier(n_estimators=400, n_jobs=1).fit(group[:, None], P)
    assert_allclose(model.predict_proba([[0], [1]]), means, atol=1e-5)


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_weights_move_the_mean(n_classes, signed):
    _, P = soft(n_classes, signed=signed)
    weight = np.random.default_rng(1).random(len(P))
    model = LGBMSoftClassifier(n_jobs=1).fit(np.zeros((len(P), 1)), P, sample_weight=weight)
    expected = np.average(P, axis=0, weights=weight)
    # LightGBM's own objective keeps labels and weights as float32.
    assert_allclose(model.predict_proba([[0]])[0], expected, rtol=1e-6)


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_rows_of_weight_zero_are_as_if_they_were_not_there(n_classes, signed):
    X, P = soft(n_classes, signed=signed)
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    there = weight > 0
    with_zeros = LGBMSoftClassifier(**SMALL).fit(X, P, sample_weight=weight)
    without = LGBMSoftClassifier(**SMALL).fit(X[there], P[there], sample_weight=weight[there])
    assert_array_equal(with_zeros.predict_proba(X), without.predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_class_without_any_probability(n_classes):
    X, P = soft(n_classes)
    P = np.column_stack([P, np.zeros(len(P))])
    proba = LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X)
    assert proba.shape == P.shape
    assert proba[:, -1].max() < 1e-12


def test_hard_labels_of_any_type(three_classes):
    X, y = three_classes
    names = np.array(["", "", "", "setosa", "", "", "", "other"] + [""] * 12 + ["virginica"])[y]
    for labels in (y, names, list(names), pd.Series(names)):
        model = LGBMSoftClassifier(**SMALL).fit(X, labels)
        assert_array_equal(model.classes_, np.unique(labels))
        assert (model.predict(X) == labels).mean() > 0.95
    with pytest.warns(DataConversionWarning):
        column = LGBMSoftClassifier(**SMALL).fit(X, names[:, None])
    assert_array_equal(column.predict_proba(X), model.predict_proba(X))


# ---- the booster alone -------------------------------------------------------------------------


@pytest.mark.parametrize("params", [{}, {"early_stopping_rounds": 2}, {"boosting_type": "dart"}])
@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
@pytest.mark.filterwarnings("ignore:Early stopping is not available in dart")
def test_saved_booster_predicts_alone(n_classes, signed, params, tmp_path):
    X, P = soft(n_classes, signed=signed)
    model = LGBMSoftClassifier(**SMALL, **params).fit(X, P)
    model.booster_.save_model(tmp_path / "booster.txt")
    alone = lgb.Booster(model_file=tmp_path / "booster.txt")
    assert alone.current_iteration() == model.best_iteration_
    scores = alone.predict(X, raw_score=True)
    assert_allclose(as_probabilities(scores), model.predict_proba(X), rtol=1e-12)


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
@pytest.mark.parametrize("constant", [False, True])
def test_the_text_names_lightgbms_objective_whatever_was_learned_by(n_classes, signed, constant):
    X, P = soft(n_classes, signed=signed)
    # Columns without anything to split are learned from in another way.
    X = X * (not constant)
    model = LGBMSoftClassifier(**SMALL).fit(X, P)
    name, detail = ("binary", "sigmoid:1") if n_classes == 2 else ("multiclass", "num_class:3")
    text = model.booster_.model_to_string()
    assert re.findall(r"objective[=:].*", text) == [
        f"objective={name} {detail}",
        f"objective: {name}]",
    ]
    alone = lgb.Booster(model_str=text)
    # Tools ask for this one before the text; LightGBM 4.6 does not know it then.
    assert {b.params.get("objective", name) for b in (alone, model.booster_)} == {name}
    proba = alone.predict(X)
    if n_classes == 2:
        proba = np.column_stack([1 - proba, proba])
    assert_allclose(proba, model.predict_proba(X), rtol=1e-12)


def test_importances_rounds_and_columns_outlive_the_text():
    X, P = soft(3)
    frame = pd.DataFrame(X).assign(c=pd.Categorical(np.digitize(X[:, 0], [-1, 0, 1])))
    frame.columns = frame.columns.map(str)
    model = LGBMSoftClassifier(**SMALL, early_stopping_rounds=2).fit(frame, P)
    again = pickle.loads(pickle.dumps(model))
    assert "Booster" not in str({name: type(value) for name, value in model.__getstate__().items()})
    for booster in (model.booster_, again.booster_):
        assert booster.best_iteration == booster.current_iteration() == model.best_iteration_
        assert booster.pandas_categorical == [[0, 1, 2, 3]]
        assert booster.feature_name() == [f"Column_{j}" for j in range(9)]
    assert_array_equal(again.feature_importances_, model.feature_importances_)
    assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    again.importance_type = model.importance_type = "gain"
    assert_array_equal(again.feature_importances_, model.feature_importances_)
    # Values of categories, which are positions only where the categories are known.
    assert_array_equal(again.predict_proba(frame.astype(float)), model.predict_proba(frame))


@pytest.mark.parametrize("name", ["n_jobs", "num_threads", "nthread"])
def test_threads_are_those_that_are_set_now(name, monkeypatch):
    X, P = soft(2)
    model = LGBMSoftClassifier(n_estimators=2, n_jobs=1).fit(X, P)
    asked = []
    predict = lgb.Booster.predict
    monkeypatch.setattr(
        lgb.Booster,
        "predict",
        lambda *rows, **how: asked.append(how["num_threads"]) or predict(*rows, **how),
    )
    model.predict_proba(X)
    model.set_params(**{name: 2}).predict_proba(X)
    assert asked == [1, 2]


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_pickles_and_clones_answer_the_same(n_classes, signed):
    X, P = soft(n_classes, signed=signed)
    model = LGBMSoftClassifier(**SMALL, max_bin=31).fit(X, P)
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    copy = clone(model)
    assert not hasattr(copy, "booster_")
    assert_array_equal(copy.fit(X, P).predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_same_seeds_give_the_same_bits_whatever_the_threads(n_classes, signed):
    X, P = soft(n_classes, signed=signed)
    params = {**SMALL, "subsample": 0.5, "subsample_freq": 1, "colsample_bytree": 0.5}
    params["early_stopping_rounds"] = 5
    models = [LGBMSoftClassifier(**params | {"n_jobs": n_jobs}).fit(X, P) for n_jobs in (1, 1, 2)]
    trees = [model.booster_.model_to_string().partition("\nparameters")[0] for model in models]
    assert trees[0] == trees[1] == trees[2]
    other = LGBMSoftClassifier(**params | {"random_state": 1}).fit(X, P)
    assert (other.predict_proba(X) != models[0].predict_proba(X)).any()


def test_random_state_objects_seed_too():
    X, P = soft(2)
    params = {**SMALL, "subsample": 0.5, "subsample_freq": 1}

    def fitted(seed):
        return LGBMSoftClassifier(**params | {"random_state": seed}).fit(X, P).predict_proba(X)

    assert_array_equal(fitted(np.random.RandomState(3)), fitted(np.random.RandomState(3)))
    assert (fitted(np.random.RandomState(3)) != fitted(np.random.RandomState(4))).any()
    assert_array_equal(fitted(np.int64(0)), fitted(0))


# ---- logarithms --------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_log_probabilities_are_those_of_the_probabilities(n_classes, signed):
    X, P = soft(n_classes, signed=signed)
    model = LGBMSoftClassifier(**SMALL).fit(X, P)
    assert_allclose(model.predict_log_proba(X), np.log(model.predict_proba(X)), rtol=1e-10)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_probabilities_are_finite_where_probabilities_round_to_zero(n_classes):
    P = np.repeat(np.eye(n_classes)[:2], 50, axis=0)
    X = P[:, :1]
    model = LGBMSoftClassifier(n_estimators=60, learning_rate=5.0, min_child_weight=0, n_jobs=1)
    # Scores beyond those that an exponential can hold.
    model.fit(X, P).booster_.set_leaf_output(0, 0, 1e4)
    logs = model.predict_log_proba(X)
    assert np.isfinite(logs).all()
    assert model.predict_proba(X).min() == 0
    assert logs.min() < -5e3


# ---- early stopping ----------------------------------------------------------------------------


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_early_stopping_keeps_the_best_round(n_classes, signed):
    X, P = soft(n_classes, signed=signed)
    model = LGBMSoftClassifier(
        n_estimators=1000, early_stopping_rounds=5, learning_rate=0.3, random_state=0, n_jobs=1
    )
    model.fit(X, P)
    losses = model.validation_loss_
    assert model.best_iteration_ == losses.argmin() + 1 == len(losses) - 5
    assert model.booster_.num_trees() == model.best_iteration_ * (1 if n_classes == 2 else 3)


@pytest.mark.parametrize(("n_classes", "signed"), LABELS)
def test_validation_loss_is_that_of_rows_which_were_not_learned_from(n_classes, signed):
    """With the seed's rows left out by hand, the same model and the same loss come about."""
    n_samples = 200
    X, P = soft(n_classes, signed=signed, n_samples=n_samples)
    weight = np.random.default_rng(0).uniform(0.5, 1, n_samples)
    seed = 3
    model = LGBMSoftClassifier(
        **SMALL | {"random_state": seed}, early_stopping_rounds=15, validation_fraction=0.25
    ).fit(X, P, sample_weight=weight)
    held_out = np.random.RandomState(seed).permutation(n_samples)[:50]
    rest = np.setdiff1d(np.arange(n_samples), held_out)
    again = LGBMSoftClassifier(
        **SMALL | {"random_state": seed, "n_estimators": model.best_iteration_}
    ).fit(X[rest], P[rest], sample_weight=weight[rest])
    proba = again.predict_proba(X)
    assert_array_equal(proba, model.predict_proba(X))
    loss = -(P * np.log(proba)).sum(axis=1)[held_out]
    # LightGBM's own metric works with float32 labels and weights.
    assert_allclose(
        model.validation_loss_.min(), np.average(loss, weights=weight[held_out]), rtol=1e-6
    )


def test_refit_without_early_stopping_forgets_its_history():
    X, P = soft(2)
    model = LGBMSoftClassifier(**SMALL, early_stopping_rounds=2).fit(X, P)
    assert hasattr(model, "validation_loss_")
    assert not hasattr(model.set_params(early_stopping_rounds=None).fit(X, P), "validation_loss_")


# ---- parameters --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_usual_parameters_reach_lightgbm(n_classes):
    X, y = table(n_classes)
    params = {
        "num_leaves": 7,
        "max_depth": 3,
        "learning_rate": 0.3,
        "subsample_for_bin": 300,
        "min_split_gain": 0.1,
        "min_child_weight": 0.5,
        "min_child_samples": 9,
        "subsample": 0.7,
        "subsample_freq": 2,
        "colsample_bytree": 0.6,
        "reg_alpha": 0.1,
        "reg_lambda": 2.0,
    }
    if n_classes == 3:
        # LightGBM has drawn columns once before it learns that the objective is a custom one.
        del params["colsample_bytree"]
    ours = LGBMSoftClassifier(**SMALL, **params).fit(X, y)
    theirs = LGBMClassifier(**SMALL, **params, verbose=-1).fit(X, y)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-12)
    for name in params:
        default = LGBMSoftClassifier().get_params()[name]
        assert params[name] != default


def test_linear_leaves_are_refused_where_the_mean_could_not_be_folded_in():
    X, P = soft(2)
    native = LGBMSoftClassifier(**SMALL, linear_tree=True).fit(X, P)
    theirs = LGBMRegressor(**SMALL, objective="cross_entropy", linear_tree=True, verbose=-1)
    assert_allclose(native.predict_proba(X)[:, 1], theirs.fit(X, P[:, 1]).predict(X), rtol=1e-12)
    for labels in (soft(2, signed=True)[1], soft(3)[1]):
        with pytest.raises(ValueError, match="linear_tree must be False"):
            LGBMSoftClassifier(**SMALL, linear_tree=True).fit(X, labels)


@pytest.mark.parametrize("weight", [[0, 0], [-1, 1], [np.nan, 1], [1], [[1, 1]]])
def test_bad_weights_are_refused(weight):
    with pytest.raises(ValueError, match="weight"):
        LGBMSoftClassifier().fit(np.eye(2), np.eye(2), sample_weight=weight)


def test_prediction_before_fit_is_refused():
    for ask in (LGBMSoftClassifier().predict_proba, LGBMSoftClassifier().predict):
        with pytest.raises(NotFittedError):
            ask(np.eye(2))


@pytest.mark.parametrize("kind", ["split", "gain"])
def test_importances(kind):
    X, P = soft(3)
    X[:, 4] = 0
    model = LGBMSoftClassifier(**SMALL, importance_type=kind).fit(X, P)
    assert model.feature_importances_.shape == (8,)
    assert model.feature_importances_[4] == 0
    tree = model.booster_.trees_to_dataframe().dropna(subset="split_gain")
    expected = len(tree) if kind == "split" else tree["split_gain"].sum()
    assert_allclose(model.feature_importances_.sum(), expected, rtol=1e-5)


# ---- in company --------------------------------------------------------------------------------


def test_search_over_named_and_further_parameters():
    X, y = table(2)
    grid = {"num_leaves": [3, 15], "max_bin": [7, 63]}
    search = GridSearchCV(LGBMSoftClassifier(**SMALL), grid, scoring="neg_log_loss", cv=3)
    search.fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 4


def test_search_on_soft_labels():
    X, P = soft(3)

    def score(model, X, P):
        return (P * np.log(model.predict_proba(X))).sum(axis=1).mean()

    grid = {"learning_rate": [1e-4, 0.1]}
    search = GridSearchCV(LGBMSoftClassifier(**SMALL), grid, scoring=score, cv=3).fit(X, P)
    assert search.best_params_ == {"learning_rate": 0.1}


def test_last_step_of_a_pipeline():
    X, P = soft(3)
    pipeline = make_pipeline(StandardScaler(), LGBMSoftClassifier(**SMALL)).fit(X, P)
    scaled = StandardScaler().fit_transform(X)
    alone = LGBMSoftClassifier(**SMALL).fit(scaled, P)
    assert_array_equal(pipeline.predict_proba(X), alone.predict_proba(scaled))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_distiller_hands_it_the_teachers_probabilities(n_classes):
    X, y = table(n_classes)
    names = np.array(["c", "a", "b"])[y]
    student = LGBMSoftClassifier(**SMALL)
    model = CrossFitDistiller(GaussianNB(), student, random_state=0, store_teacher_proba=True)
    model.fit(X, names)
    by_hand = clone(student).fit(X, floor_proba(model.teacher_proba_, 1 / 500))
    assert_allclose(model.predict_proba(X), by_hand.predict_proba(X), rtol=1e-9)
    assert type(model.student_) is LGBMSoftClassifier
    assert_array_equal(model.classes_, np.unique(names))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_orthogonal_correction_is_training_on_labels(n_classes):
    X, y = table(n_classes)
    student = LGBMSoftClassifier(**SMALL)
    corrected = LossCorrectedDistiller(
        GaussianNB(), student, correction="orthogonal", random_state=0
    ).fit(X, y)
    assert_array_equal(corrected.predict_proba(X), clone(student).fit(X, y).predict_proba(X))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_signed_targets_of_a_correction_are_learned_as_they_are(n_classes, monkeypatch):
    """At temperature 3 the corrected labels leave [0, 1], and nothing clips them."""
    given = []
    fit = LGBMSoftClassifier.fit

    def spy(self, X, y, sample_weight=None):
        given.append(np.array(y))
        return fit(self, X, y, sample_weight)

    monkeypatch.setattr(LGBMSoftClassifier, "fit", spy)
    X, y = table(n_classes)
    model = LossCorrectedDistiller(
        LogisticRegression(),
        LGBMSoftClassifier(**SMALL, reg_lambda=10.0),
        correction="orthogonal",
        temperature=3.0,
        random_state=0,
        rehearse=False,
    ).fit(X, y)
    assert given[0].min() < 0
    assert_allclose(given[0].sum(axis=1), 1)
    uniform = np.full((len(y), n_classes), 1 / n_classes)
    assert log_loss(y, model.predict_proba(X)) < log_loss(y, uniform)
