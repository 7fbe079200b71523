"""LightGBM as a student that learns soft labels by its own loss."""

import inspect
import pickle
import re

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
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
from skdistill.students.lgbm import _n_threads
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


# ---- tables ------------------------------------------------------------------------------------


def test_categories_of_a_frame_are_split_as_categories():
    """Odd and even categories differ: one split of sets, none of thresholds, parts them."""
    letters = np.array(list("abcdefghij"))[np.arange(400) % 10]
    frame = pd.DataFrame({"x": np.zeros(400), "letter": pd.Categorical(letters)})
    P = np.where((np.arange(400) % 2)[:, None], [[0.7, 0.2, 0.1]], [[0.1, 0.1, 0.8]])
    before = frame.copy()
    model = LGBMSoftClassifier(num_leaves=2, n_estimators=300, cat_l2=0, n_jobs=1)
    proba = model.fit(frame, P).predict_proba(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert_allclose(proba, P, atol=1e-3)
    # Codes of a shorter frame are others; what counts is the category.
    few = frame.iloc[3:4].assign(letter=pd.Categorical(["d"]))
    assert_array_equal(model.predict_proba(few), proba[3:4])
    unseen = frame.iloc[:1].assign(letter=pd.Categorical(["?"]))
    missing = frame.iloc[:1].assign(letter=pd.Categorical([None], categories=["a"]))
    assert_array_equal(model.predict_proba(unseen), model.predict_proba(missing))


def test_frame_with_categories_is_learned_as_by_lightgbms_own_classifier():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=500), "c": pd.Categorical(rng.choice(list("abcdef"), 500))}
    )
    y = (frame["x"] + frame["c"].isin(["a", "d"]) + rng.normal(size=500) > 0.5).astype(int)
    ours = LGBMSoftClassifier(**SMALL).fit(frame, np.eye(2)[y])
    theirs = LGBMClassifier(**SMALL, verbose=-1).fit(frame, y)
    assert_array_equal(ours.predict_proba(frame), theirs.predict_proba(frame))


@pytest.mark.parametrize("columns", [["c"], [1], "c", np.array([1])])
def test_categorical_columns_can_be_named_or_counted(columns):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=300), "c": rng.integers(0, 6, 300)})
    P = np.eye(2)[(frame["c"] % 2).to_numpy()]
    as_dtype = LGBMSoftClassifier(**SMALL).fit(frame.astype({"c": "category"}), P)
    named = LGBMSoftClassifier(**SMALL, categorical_feature=columns).fit(frame, P)
    plain = LGBMSoftClassifier(**SMALL).fit(frame, P)
    proba = named.predict_proba(frame)
    assert_array_equal(proba, as_dtype.predict_proba(frame.astype({"c": "category"})))
    assert (proba != plain.predict_proba(frame)).any()


def test_names_that_lightgbm_refuses():
    X, P = soft(3)
    names = ["income<=50K", "[1, 2)", "[1, 2]", 'a"b', "{x:1}", "f", "g", "h"]
    frame = pd.DataFrame(X, columns=names)
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    assert list(frame.columns) == list(model.feature_names_in_) == names
    assert_array_equal(
        model.predict_proba(frame), LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X)
    )


@pytest.mark.parametrize(
    "names",
    [
        ["a,b", "a_b", *"cdefgh"],
        ["a b", "a_b", *"cdefgh"],
        ["a\nb", "a", "a:b", "a_b_0", *"cdef"],
        ["", "b", " ", "_", "[", "{", "}", '"'],
        ["Column_1", "Column_0", *"cdefgh"],
    ],
)
def test_any_names_are_learned_by_their_place(names):
    X, P = soft(2)
    frame = pd.DataFrame(X, columns=names)
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    assert list(frame.columns) == list(model.feature_names_in_) == names
    proba = model.predict_proba(frame)
    assert_array_equal(proba, LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X))
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict_proba(frame), proba)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict_proba(frame[names[::-1]])


def test_categories_are_found_by_names_that_lightgbm_does_not_take():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a,b": rng.normal(size=300), "a b": rng.integers(0, 6, 300)})
    P = np.eye(2)[(frame["a b"] % 2).to_numpy()]
    by_place = LGBMSoftClassifier(**SMALL, categorical_feature=[1]).fit(frame.to_numpy(), P)
    by_name = LGBMSoftClassifier(**SMALL, categorical_feature=["a b"]).fit(frame, P)
    assert_array_equal(by_name.predict_proba(frame), by_place.predict_proba(frame.to_numpy()))
    twice = frame.set_axis(["a", "a"], axis=1)
    with pytest.raises(ValueError, match="X must have columns of different names, found 'a' twice"):
        LGBMSoftClassifier(**SMALL, categorical_feature=["a"]).fit(twice, P)


@pytest.mark.parametrize("as_type", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_rows_are_learned_as_dense_ones(as_type):
    X, P = soft(3)
    X = np.where(X > 0, X, 0)
    dense = LGBMSoftClassifier(**SMALL).fit(X, P)
    model = LGBMSoftClassifier(**SMALL).fit(as_type(X), P)
    assert_allclose(model.predict_proba(as_type(X)), dense.predict_proba(X), rtol=1e-6)


def test_missing_values_are_learned_from():
    X = np.where(np.arange(100) % 2, np.nan, np.arange(100.0))[:, None]
    P = np.where(np.isnan(X), [[0.9, 0.1]], [[0.2, 0.8]])
    model = LGBMSoftClassifier(n_estimators=300, n_jobs=1).fit(X, P)
    assert_allclose(model.predict_proba(X), P, atol=1e-4)


def test_big_integers_keep_their_digits():
    X = 2**30 + np.arange(100)[:, None]
    P = np.eye(2)[(np.arange(100) >= 50).astype(int)]
    model = LGBMSoftClassifier(n_estimators=100, min_data_in_bin=1, n_jobs=1).fit(X, P)
    assert_array_equal(model.predict(X), P[:, 1])


def test_given_arrays_stay_as_they_are():
    X, P = soft(3, signed=True)
    P[0] *= 1 + 1e-6
    weight = np.random.default_rng(0).random(len(X))
    before = X.copy(), P.copy(), weight.copy()
    for array in (X, P, weight):
        array.flags.writeable = False
    LGBMSoftClassifier(**SMALL, early_stopping_rounds=3).fit(X, P, sample_weight=weight)
    for array, old in zip((X, P, weight), before, strict=True):
        assert_array_equal(array, old)


def test_columns_in_another_order_are_refused():
    X, P = soft(2)
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    model = LGBMSoftClassifier(**SMALL).fit(frame, P)
    for wrong in (frame[list("hgfedcba")], frame[list("abc")]):
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict_proba(wrong)
    with pytest.raises(ValueError, match="has 3 features, but LGBMSoftClassifier is expecting 8"):
        LGBMSoftClassifier(**SMALL).fit(X, P).predict_proba(X[:, :3])


@pytest.mark.parametrize(
    "column", [["a", "b"], pd.Series(["a", "b"], dtype="string"), pd.to_datetime(["2020"] * 2)]
)
def test_columns_of_text_or_times_are_refused(column):
    frame = pd.DataFrame({"x": [1.0, 2.0], "t": column})
    with pytest.raises(ValueError, match=r"found other columns: \['t'\].*dtype 'category'"):
        LGBMSoftClassifier().fit(frame, np.eye(2))


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


@pytest.mark.parametrize(
    ("further", "named"),
    [
        ({"feature_fraction": 0.5}, {"colsample_bytree": 0.5}),
        ({"sub_feature": 0.5}, {"colsample_bytree": 0.5}),
        ({"lambda_l2": 9.0}, {"reg_lambda": 9.0}),
        ({"num_iterations": 4}, {"n_estimators": 4}),
        ({"seed": 5, "bagging_fraction": 0.5, "bagging_freq": 1},
         {"random_state": 5, "subsample": 0.5, "subsample_freq": 1}),
        ({"verbosity": -1, "n_iter_no_change": 2}, {"early_stopping_rounds": 2}),
    ],
)  # fmt: skip
def test_further_parameters_win_under_any_name(further, named):
    X, P = soft(3)
    by_alias = LGBMSoftClassifier(**SMALL, **further).fit(X, P)
    by_name = LGBMSoftClassifier(**SMALL | named).fit(X, P)
    assert_array_equal(by_alias.predict_proba(X), by_name.predict_proba(X))
    default = LGBMSoftClassifier(**SMALL).fit(X, P)
    assert (by_name.predict_proba(X) != default.predict_proba(X)).any()


def test_further_parameters_are_parameters():
    model = LGBMSoftClassifier(num_leaves=7, max_bin=15)
    assert model.get_params()["max_bin"] == 15
    assert clone(model).get_params() == model.get_params()
    changed = clone(model).set_params(max_bin=31, num_leaves=3, path_smooth=1.0)
    assert changed.get_params() == model.get_params() | {
        "max_bin": 31,
        "num_leaves": 3,
        "path_smooth": 1.0,
    }
    assert "max_bin=15" in repr(model)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"num_leafs": 5}, "know no parameter 'num_leafs'; did you mean 'num_leaf'"),
        ({"nonsense_at_all": 5}, "know no parameter 'nonsense_at_all'."),
        ({"objective": "binary"}, "takes no 'objective': the labels decide it"),
        ({"num_classes": 3}, "takes no 'num_classes'"),
        ({"metrics": "auc"}, "takes no 'metrics'"),
        ({"scale_pos_weight": 3}, "pass sample_weight to fit"),
        ({"boost_from_average": False}, "starts from the mean"),
        ({"boosting_type": "rf"}, "boosting_type must be 'gbdt' or 'dart', found 'rf'"),
        ({"boosting": "random_forest"}, "found 'random_forest'"),
        ({"early_stopping_rounds": 1, "validation_fraction": 0.999}, "none of 600 rows to learn"),
        ({"categorical_feature": ["z"]}, "columns that X does not have: 'z'. X has no names"),
        ({"categorical_feature": [8]}, r"position 8, but X has 8 columns.* 0 to 7"),
        ({"categorical_feature": [-1]}, "categorical_feature holds the position -1"),
        ({"categorical_feature": [True]}, "categorical_feature names columns"),
        ({"categorical_feature": [1.0]}, "categorical_feature names columns"),
        ({"categorical_column": [9]}, "categorical_feature holds the position 9"),
        ({"categorical_feature": 3}, "categorical_feature must be 'auto' or a list, found 3"),
    ],
)
def test_bad_parameters_are_refused(params, message):
    X, P = soft(2)
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**params).fit(X, P)


BAD = {
    "boosting_type": ["forest", None, 1],
    "num_leaves": [1, 0, -3, 131073, 2.5, 31.0, "31", None, True],
    "max_depth": ["deep", 2.5, None, 2**33],
    "learning_rate": [0, -1, np.nan, np.inf, "fast", None, True],
    "n_estimators": [0, -1, 2.5, "many", None, True, np.nan],
    "subsample_for_bin": [0, -1, 1e5, "all"],
    "min_split_gain": [-0.1, np.nan, "no"],
    "min_child_weight": [-1, np.nan, np.inf, "light"],
    "min_child_samples": [-1, 1.5, "few", None],
    "subsample": [0, -0.5, 2, 1.01, np.nan, "half", True],
    "subsample_freq": [-1, 0.5, "often"],
    "colsample_bytree": [0, -0.5, 2, np.nan, None],
    "reg_alpha": [-1, np.nan, np.inf, "strong"],
    "reg_lambda": [-1e-9, np.nan, None],
    "early_stopping_rounds": [0, -1, 1.5, "soon", True],
    "validation_fraction": [0, 0.0, 1, 1.0, -0.1, np.nan, "0.1", None],
    "importance_type": ["weight", None, 3],
    "random_state": [-1, 1.5, "seed", np.random.default_rng(0)],
    "n_jobs": [1.5, "all", True],
    "verbose": ["loud", 0.5, True, None],
    # Under another of their names, too.
    "feature_fraction": [2.0, -1],
    "num_leaf": [1],
    "eta": [-0.1],
    "n_iter": [0],
    "n_iter_no_change": [0],
    "num_threads": [1.5],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_bad_values_are_refused_before_lightgbm_is_called(name, value, monkeypatch):
    monkeypatch.setattr("skdistill.students.lgbm.boost", None)
    X, P = soft(2)
    message = (
        rf"The '{name}' parameter of LGBMSoftClassifier must be .*Got {re.escape(repr(value))}"
    )
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**{name: value}).fit(X, P)


def test_table_of_constraints_is_about_all_parameters():
    own = set(inspect.signature(LGBMSoftClassifier).parameters) - {"kwargs"}
    assert set(LGBMSoftClassifier._parameter_constraints) == own
    assert own - set(BAD) == {"categorical_feature"}


@pytest.mark.parametrize(
    "params",
    [
        {"num_leaves": np.int64(4), "learning_rate": np.float32(0.2), "n_estimators": np.int32(3)},
        {"learning_rate": 1, "subsample": 1, "reg_lambda": 0, "min_child_samples": 0},
        {"max_depth": -1, "n_jobs": -1, "early_stopping_rounds": None, "random_state": None},
        {"boosting_type": "goss"},
    ],
)
def test_good_values_are_not_refused(params):
    X, P = soft(2, n_samples=100)
    assert LGBMSoftClassifier(**{"n_estimators": 2} | params).fit(X, P).best_iteration_ > 0


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_bin": 1}, r"^max_bin must be > 1, found 1\.$"),
        ({"max_bins": 0}, r"^max_bins must be > 1, found 0\.$"),
        ({"path_smooth": np.nan}, r"^path_smooth must be >= 0.0, found nan\.$"),
        ({"feature_fraction_bynode": 2}, r"^feature_fraction_bynode must be <= 1.0, found 2\.$"),
        ({"max_bin": 2.5}, "take max_bin=2.5: Parameter max_bin should be of type int"),
        ({"max_bin": {}}, "take max_bin={}: Unknown type of parameter"),
        ({"extra_trees": "maybe"}, "take extra_trees='maybe': .* \"true\""),
        ({"tree_learner": "nope"}, "take tree_learner='nope': Unknown tree learner"),
        ({"cat_smooth": "a"}, "take cat_smooth='a': Unknown token a"),
        ({"monotone_constraints": [1]}, "monotone_constraints must have one entry for each column"),
        (
            {"data_sample_strategy": "goss", "top_rate": 0.9, "other_rate": 0.9},
            r"take top_rate=0.9, other_rate=0.9: Check failed: .* <= \(1.0f\)$",
        ),
    ],
)
def test_further_parameters_that_lightgbm_refuses_are_named(params, message):
    X, P = soft(2)
    with pytest.raises(ValueError, match=message):
        LGBMSoftClassifier(**SMALL, **params).fit(X, P)


def test_errors_that_are_about_no_parameter_stay_lightgbms(monkeypatch):
    def fail(*args):
        raise lgb.basic.LightGBMError("No OpenCL device found")

    monkeypatch.setattr("skdistill.students.lgbm.boost", fail)
    X, P = soft(2)
    with pytest.raises(lgb.basic.LightGBMError, match="OpenCL"):
        LGBMSoftClassifier(**SMALL, device_type="gpu").fit(X, P)


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


def test_number_of_threads(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    given = (None, 0, 1, 3, -1, -2, -100)
    assert [_n_threads(n_jobs) for n_jobs in given] == [0, 0, 1, 3, 8, 7, 1]


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
