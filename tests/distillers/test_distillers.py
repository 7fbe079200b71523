"""The distillers, as a scikit-learn user uses them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError, UnsetMetadataPassedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import get_tags

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
    corrections,
)
from skdistill._utils.rounding import on_grid

from ..conftest import noisy

DISTILLERS = [Distiller, CrossFitDistiller, LossCorrectedDistiller]


def tree(**kwargs):
    return DecisionTreeRegressor(random_state=0, **kwargs)


def bayes():
    return GaussianNB()


# ---- the three distillers, by hand -----------------------------------------------------------


def test_plain_distillation_by_hand(binary):
    X, y = binary
    proba = bayes().fit(X, y).predict_proba(X)
    model = Distiller(bayes(), tree()).fit(X, y)
    by_hand = tree().fit(X, proba[:, 1]).predict(X)
    # Students learn multiples of 2⁻⁴⁰, about 1e-12.
    assert_allclose(model.predict_proba(X)[:, 1], by_hand, atol=1e-11)


def test_cross_fitting_by_hand(binary):
    X, y = binary
    folds = StratifiedKFold(5, shuffle=True, random_state=7)
    proba = cross_val_predict(bayes(), X, y, cv=folds, method="predict_proba")
    model = CrossFitDistiller(bayes(), tree(), random_state=7, store_teacher_proba=True)
    model.fit(X, y)
    assert_array_equal(model.teacher_proba_, proba)
    # An unpruned tree has ties, which the same last bits break in the same way.
    assert_array_equal(model.student_.predict(X), tree().fit(X, on_grid(proba[:, 1])).predict(X))


def test_loss_correction_by_hand(binary):
    X, y = binary
    folds = StratifiedKFold(3)
    p = cross_val_predict(bayes(), X, y, cv=folds, method="predict_proba")[:, 1]
    label = (y == "malignant").astype(float)
    gamma = corrections.slow(p, label, c=0.4, link="identity")
    model = LossCorrectedDistiller(bayes(), Ridge(), correction="slow", c=0.4, cv=folds)
    model.fit(X, y)
    by_hand = Ridge().fit(X, p + gamma * (label - p))
    assert_allclose(model.student_.coef_, by_hand.coef_)


def test_in_sample_correction_of_a_frozen_teacher_by_hand(binary):
    X, y = binary
    teacher = FrozenEstimator(bayes().fit(X[:200], y[:200]))
    p = teacher.predict_proba(X)[:, 1]
    label = (y == "malignant").astype(float)
    model = LossCorrectedDistiller(teacher, Ridge(), correction=0.3, cv="in_sample").fit(X, y)
    assert_allclose(model.student_.coef_, Ridge().fit(X, 0.7 * p + 0.3 * label).coef_)


@pytest.mark.parametrize("loss", ["squared_error", "squared_error_logit"])
def test_share_zero_is_cross_fitting_to_the_last_bit(three_classes, loss):
    X, y = three_classes
    plain = CrossFitDistiller(bayes(), tree(), loss=loss, random_state=0).fit(X, y)
    corrected = LossCorrectedDistiller(bayes(), tree(), correction=0, loss=loss, random_state=0)
    assert_array_equal(corrected.fit(X, y).predict_proba(X), plain.predict_proba(X))


def test_orthogonal_correction_on_probabilities_is_training_on_labels(three_classes):
    X, y = three_classes
    model = LossCorrectedDistiller(bayes(), tree(max_depth=2), correction="orthogonal").fit(X, y)
    by_hand = tree(max_depth=2).fit(X, np.equal.outer(y, np.unique(y)).astype(float))
    assert_array_equal(model.student_.predict(X), by_hand.predict(X))


def test_default_constant_is_the_rules_own(binary):
    X, y = binary
    models = [
        LossCorrectedDistiller(bayes(), Ridge(), correction="fast", c=c, random_state=0).fit(X, y)
        for c in (None, 0.1)
    ]
    assert_array_equal(models[0].student_.coef_, models[1].student_.coef_)


def half_way(proba, y, *, link):
    assert link == "identity"
    return np.full_like(proba, 0.5)


def test_correction_may_be_a_function(binary):
    X, y = binary
    ours, share = (
        LossCorrectedDistiller(bayes(), Ridge(), correction=rule, random_state=0).fit(X, y)
        for rule in (half_way, 0.5)
    )
    assert_allclose(ours.student_.coef_, share.student_.coef_)


# ---- labels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("distiller", DISTILLERS)
@pytest.mark.parametrize("student", [tree(), DecisionTreeClassifier(random_state=0)])
@pytest.mark.parametrize(
    "names",
    [
        np.array(["no", "yes", "perhaps"]),
        np.array([3, 7, 20]),
        np.array([-1.0, 0.0, 1.0]),
        np.array(["a", "b", "c"], dtype=object),
        np.array([False, True]),
        np.array(["≤50K", ">50K"]),
    ],
)
def test_labels_of_any_type(three_classes, distiller, student, names):
    X, y = three_classes
    codes = np.unique(y, return_inverse=True)[1] % len(names)
    labels = names[codes]
    model = distiller(DecisionTreeClassifier(max_depth=4, random_state=0), student).fit(X, labels)
    assert_array_equal(model.classes_, np.unique(names))
    assert model.predict(X).dtype == labels.dtype
    assert model.score(X, labels) > 0.8


@pytest.mark.parametrize("dtype", ["category", "string", "boolean", "Int64"])
def test_labels_in_a_series_of_pandas(binary, dtype):
    X, y = binary
    kind = {"boolean": bool, "Int64": int}.get(dtype)
    values = pd.Series(y == "malignant").astype(kind) if kind else pd.Series(y)
    y = values.astype(dtype)
    model = Distiller(bayes(), tree(max_depth=3)).fit(X, y)
    assert (model.predict(X) == np.asarray(y)).mean() > 0.9
    assert model.classes_.dtype.kind == {"boolean": "b", "Int64": "i"}.get(dtype, "O")


def test_large_labels_in_a_series_of_pandas_stay_apart():
    X, labels = np.eye(4), 2**60 + np.arange(4)
    model = Distiller(bayes(), tree()).fit(X, pd.Series(labels, dtype="Int64"))
    assert_array_equal(model.classes_, labels)


# ---- rows of every kind ----------------------------------------------------------------------


def mixed_frame(n_samples=120):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"size": rng.normal(size=n_samples), "colour": rng.choice(["red", "blue"], n_samples)}
    )
    X.loc[::10, "size"] = np.nan
    y = np.where((X["colour"] == "red") ^ (X["size"].fillna(0) > 0), "in", "out")
    return X, y


def encoded(estimator):
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    select = make_column_selector(pattern="colour")
    return make_pipeline(
        make_column_transformer((encoder, select), remainder="passthrough"), estimator
    )


@pytest.mark.parametrize("distiller", DISTILLERS)
def test_frame_with_categories_and_missing_values_through_pipelines(distiller):
    X, y = mixed_frame()
    model = distiller(encoded(DecisionTreeClassifier()), encoded(tree())).fit(X, y)
    assert model.score(X, y) > 0.9
    assert list(model.feature_names_in_) == ["size", "colour"]
    assert model.n_features_in_ == 2


def test_polars_frame_keeps_its_names(binary):
    X, y = binary
    X = pl.DataFrame(X, schema=[f"c{i}" for i in range(X.shape[1])])
    model = CrossFitDistiller(bayes(), tree(), random_state=0).fit(X, y)
    assert list(model.feature_names_in_) == X.columns
    assert model.score(X, y) > 0.9


def test_names_of_an_earlier_frame_are_forgotten(binary):
    X, y = binary
    model = Distiller(bayes(), tree())
    model.fit(pd.DataFrame(X).add_prefix("c"), y).fit(X, y)
    assert not hasattr(model, "feature_names_in_")
    assert not hasattr(model.classifier_, "feature_names_in_")


@pytest.mark.parametrize("as_sparse", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
@pytest.mark.parametrize("distiller", DISTILLERS)
def test_sparse_rows(distiller, as_sparse):
    rng = np.random.default_rng(0)
    X = (rng.random((200, 6)) < 0.3).astype(float)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    kwargs = {} if distiller is Distiller else {"random_state": 0}
    model = distiller(BernoulliNB(), tree(), **kwargs)
    dense = clone(model).fit(X, y).predict_proba(X)
    # Sums over sparse columns come in another order.
    assert_allclose(model.fit(as_sparse(X), y).predict_proba(as_sparse(X)), dense, atol=1e-12)


def test_lists_become_arrays():
    model = Distiller(bayes(), tree()).fit([[0.0], [0.1], [1.0], [1.1]], ["a", "a", "b", "b"])
    assert list(model.predict([[0.0], [1.0]])) == ["a", "b"]


@pytest.mark.parametrize(
    ("teacher", "student", "expected"),
    [
        (DecisionTreeClassifier(), tree(), {"sparse": True, "allow_nan": True}),
        (bayes(), tree(), {"sparse": False, "allow_nan": False}),
        (LogisticRegression(), tree(), {"sparse": True, "allow_nan": False}),
        (None, tree(), {"sparse": True, "allow_nan": True}),
        (HistGradientBoostingClassifier(), tree(), {"sparse": False, "allow_nan": True}),
    ],
)
def test_tags_are_what_both_members_bear(teacher, student, expected):
    tags = get_tags(CrossFitDistiller(teacher, student)).input_tags
    assert {key: getattr(tags, key) for key in expected} == expected


class TwoClassesOnly(GaussianNB):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


@pytest.mark.parametrize(
    ("teacher", "student", "many"),
    [
        (bayes(), tree(), True),
        (TwoClassesOnly(), tree(), False),
        (bayes(), SoftLabelClassifier(TwoClassesOnly()), False),
    ],
)
def test_more_than_two_classes_are_for_members_that_can(teacher, student, many):
    assert get_tags(CrossFitDistiller(teacher, student)).classifier_tags.multi_class == many


def test_nothing_given_is_modified(binary):
    X, y = binary
    X_before, y_before = X.copy(), y.copy()
    weight = np.ones(len(y))
    proba = np.full((len(y), 2), 0.5)
    teacher, student = bayes(), tree()
    model = LossCorrectedDistiller(teacher, student)
    model.fit(X, y, sample_weight=weight)
    model.fit(X, y, teacher_proba=proba)
    assert_array_equal(X, X_before)
    assert_array_equal(y, y_before)
    assert_array_equal(weight, 1)
    assert_array_equal(proba, 0.5)
    assert vars(teacher) == vars(bayes())
    assert vars(student) == vars(tree())


# ---- a citizen of scikit-learn ---------------------------------------------------------------


def test_search_over_teacher_student_correction_and_constant(binary):
    X, y = binary
    model = LossCorrectedDistiller(
        RandomForestClassifier(5, random_state=0), tree(), cv=3, random_state=0
    )
    grid = [
        {"student__max_depth": [2, 4], "teacher__n_estimators": [3, 6]},
        {"correction": ["fast", "slow", 0.5, "orthogonal"], "c": [None, 0.5]},
    ]
    search = GridSearchCV(model, grid, cv=2, scoring="neg_log_loss", error_score="raise")
    search.fit(X, y)
    assert len(search.cv_results_["params"]) == 12
    assert np.isfinite(search.best_score_)


def test_search_and_ensembles_may_be_teachers(binary):
    X, y = binary
    for teacher in (
        GridSearchCV(DecisionTreeClassifier(), {"max_depth": [2, 3]}, cv=2),
        CalibratedClassifierCV(SVC(), ensemble=False, cv=2),
        make_pipeline(StandardScaler(), SelectKBest(k=3), LogisticRegression()),
        StackingClassifier([("a", bayes()), ("b", DecisionTreeClassifier(max_depth=2))]),
    ):
        assert CrossFitDistiller(teacher, tree(max_depth=3), cv=2).fit(X, y).score(X, y) > 0.85


@pytest.mark.parametrize(
    "student",
    [
        GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}, cv=2),
        MultiOutputRegressor(Ridge()),
        RegressorChain(Ridge()),
        CalibratedClassifierCV(GaussianNB(), cv=2),
    ],
)
def test_wrapped_students(binary, three_classes, student):
    for X, y in (binary, three_classes):
        assert Distiller(bayes(), student).fit(X, y).score(X, y) > 0.75


def test_student_in_a_pipeline_that_selects_by_its_target(binary):
    X, y = binary
    student = make_pipeline(SelectKBest(f_regression, k=3), tree(max_depth=3))
    assert Distiller(bayes(), student).fit(X, y).score(X, y) > 0.85


def test_distiller_inside_a_pipeline(binary):
    X, y = binary
    model = make_pipeline(StandardScaler(), CrossFitDistiller(bayes(), tree(max_depth=3)))
    assert model.fit(X, y).score(X, y) > 0.85


def test_clone_and_pickle(binary):
    X, y = binary
    model = LossCorrectedDistiller(bayes(), tree(), correction="slow", c=2, random_state=0)
    copy = pickle.loads(pickle.dumps(clone(model).fit(X, y)))
    assert_array_equal(copy.predict_proba(X), model.fit(X, y).predict_proba(X))
    assert repr(copy) == repr(model)


def test_html_shows_teacher_and_student():
    html = CrossFitDistiller(RandomForestClassifier(), tree())._repr_html_()
    assert "RandomForestClassifier" in html
    assert "DecisionTreeRegressor" in html


def test_output_is_an_array_whatever_set_output_says(binary):
    X, y = binary
    with sklearn.config_context(transform_output="pandas"):
        student = make_pipeline(StandardScaler(), tree())
        model = CrossFitDistiller(bayes(), student).fit(pd.DataFrame(X).add_prefix("c"), y)
        proba = model.predict_proba(pd.DataFrame(X).add_prefix("c"))
    assert type(proba) is np.ndarray


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba"])
def test_unfitted_distiller_says_so(method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(CrossFitDistiller(bayes(), tree()), method)(np.eye(2))


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
def test_same_bits_for_any_number_of_jobs(three_classes, distiller):
    X, y = three_classes
    teacher = RandomForestClassifier(10, random_state=0)
    model = distiller(teacher, tree(), random_state=0, n_jobs=2).fit(X, y)
    expected = distiller(teacher, tree(), random_state=0).fit(X, y)
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_generator_of_folds_serves_a_second_fit(binary):
    X, y = binary
    model = CrossFitDistiller(bayes(), tree(), cv=KFold(3).split(X))
    first = model.fit(X, y).predict_proba(X)
    assert_array_equal(model.fit(X, y).predict_proba(X), first)


def test_teachers_and_probabilities_are_kept_on_demand_only(binary):
    X, y = binary
    model = CrossFitDistiller(bayes(), tree(), cv=3)
    assert not {"teachers_", "teacher_proba_"} & set(vars(model.fit(X, y)))
    model.set_params(store_teachers=True, store_teacher_proba=True).fit(X, y)
    assert len(model.teachers_) == 3
    assert model.teacher_proba_.shape == (len(y), 2)
    model.set_params(store_teachers=False, store_teacher_proba=False).fit(X, y)
    assert not {"teachers_", "teacher_proba_"} & set(vars(model))


class FailsToLearn(DecisionTreeRegressor):
    """A student that cannot be taught."""

    def fit(self, X, y, sample_weight=None):
        raise ArithmeticError("no")


@pytest.mark.parametrize("distiller", [*DISTILLERS, LossCorrectedDistillerCV])
def test_members_rehearse_before_the_first_fit_unless_told_otherwise(binary, distiller):
    with pytest.raises(RuntimeError, match="cannot learn .* ArithmeticError: no"):
        distiller(bayes(), FailsToLearn()).fit(*binary)
    with pytest.raises((RuntimeError, ArithmeticError)) as caught:
        distiller(bayes(), FailsToLearn(), rehearse=False).fit(*binary)
    assert "cannot learn" not in str(caught.value)


def test_each_step_is_told_by_a_verbose_distiller(binary, capsys):
    LossCorrectedDistiller(bayes(), tree(), verbose=1).fit(*binary)
    told = capsys.readouterr().out.splitlines()
    steps = ["teachers (5 fits)", "correction", "student"]
    assert [line.partition("] ")[2].rpartition(":")[0] for line in told] == steps


# ---- given probabilities ---------------------------------------------------------------------


class NeverFitted(BaseEstimator):
    """A teacher that must not be fitted."""

    def fit(self, X, y):
        raise AssertionError("fitted")

    def predict_proba(self, X):
        raise AssertionError("asked")


@pytest.mark.parametrize("distiller", DISTILLERS)
@pytest.mark.parametrize("teacher", [None, NeverFitted()])
def test_given_probabilities_are_learned_and_no_teacher_is_fitted(binary, distiller, teacher):
    X, y = binary
    proba = cross_val_predict(bayes(), X, y, method="predict_proba")
    model = distiller(teacher, Ridge()).fit(X, y, teacher_proba=proba)
    if distiller is not LossCorrectedDistiller:
        assert_allclose(model.student_.coef_, Ridge().fit(X, proba[:, 1]).coef_, rtol=1e-9)
    assert model.score(X, y) > 0.85


def test_given_probabilities_are_sliced_by_a_search(binary):
    X, y = binary
    proba = cross_val_predict(bayes(), X, y, method="predict_proba")
    search = GridSearchCV(Distiller(None, tree()), {"student__max_depth": [1, 3]}, cv=2)
    assert search.fit(X, y, teacher_proba=proba).best_score_ > 0.8


def noisy_table():
    X, y, _ = noisy(1500, seed=0)
    return X, y, DecisionTreeClassifier(random_state=0).fit(X, y)


@pytest.mark.parametrize("distiller", DISTILLERS)
def test_probabilities_that_know_the_labels_are_warned_of(distiller):
    X, y, fitted = noisy_table()
    with pytest.warns(UserWarning, match="saw these very labels"):
        distiller(None, tree()).fit(X, y, teacher_proba=fitted.predict_proba(X))


@pytest.mark.parametrize(
    "model", [Distiller(None, tree()), LossCorrectedDistiller(None, tree(), cv="in_sample")]
)
def test_frozen_teacher_that_knows_the_labels_is_warned_of(model):
    X, y, fitted = noisy_table()
    with pytest.warns(UserWarning, match="saw these very labels"):
        clone(model).set_params(teacher=FrozenEstimator(fitted)).fit(X, y)


def test_honest_probabilities_are_not_warned_of():
    X, y, fitted = noisy_table()
    Distiller(FrozenEstimator(fitted), tree()).fit(*noisy(1500, seed=1)[:2])
    proba = cross_val_predict(clone(fitted), X, y, method="predict_proba")
    Distiller(None, tree()).fit(X, y, teacher_proba=proba)


# ---- weights, groups and metadata routing ----------------------------------------------------


def test_weights_weigh_teacher_and_student(binary):
    X, y = binary
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    proba = bayes().fit(X, y, sample_weight=weight).predict_proba(X)
    model = Distiller(bayes(), Ridge()).fit(X, y, sample_weight=weight)
    by_hand = Ridge().fit(X, proba[:, 1], sample_weight=weight)
    assert_allclose(model.student_.coef_, by_hand.coef_)


def test_weights_reach_the_last_steps_of_pipelines(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    model = Distiller(
        make_pipeline(StandardScaler(), bayes()), make_pipeline(StandardScaler(), Ridge())
    ).fit(X, y, sample_weight=weight)
    Z = StandardScaler().fit_transform(X)
    proba = bayes().fit(Z, y, sample_weight=weight).predict_proba(Z)
    by_hand = Ridge().fit(Z, proba[:, 1], sample_weight=weight)
    assert_allclose(model.student_[-1].coef_, by_hand.coef_)


def test_groups_reach_the_splitter(binary):
    X, y = binary
    groups = np.arange(len(y)) % 7
    model = CrossFitDistiller(bayes(), tree(), cv=GroupKFold(3), store_teacher_proba=True)
    model.fit(X, y, groups=groups)
    expected = cross_val_predict(
        bayes(), X, y, cv=GroupKFold(3), groups=groups, method="predict_proba"
    )
    assert_array_equal(model.teacher_proba_, expected)


def test_routing_follows_requests(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    groups = np.arange(len(y)) % 7
    with sklearn.config_context(enable_metadata_routing=True):
        model = CrossFitDistiller(
            bayes().set_fit_request(sample_weight=True),
            Ridge().set_fit_request(sample_weight=False),
            cv=GroupKFold(3),
            store_teacher_proba=True,
        ).fit(X, y, sample_weight=weight, groups=groups)
    proba = np.empty((len(y), 2))
    for train, test in GroupKFold(3).split(X, y, groups):
        fitted = bayes().fit(X[train], y[train], sample_weight=weight[train])
        proba[test] = fitted.predict_proba(X[test])
    assert_array_equal(model.teacher_proba_, proba)
    assert_allclose(model.student_.coef_, Ridge().fit(X, proba[:, 1]).coef_, rtol=1e-9)


def bare(member, name):
    return member.set_fit_request(sample_weight=name)


def piped(member, name):
    return make_pipeline(StandardScaler().set_fit_request(sample_weight=False), bare(member, name))


@pytest.mark.parametrize("kind", [LossCorrectedDistiller, LossCorrectedDistillerCV])
@pytest.mark.parametrize(("of_teacher", "of_student"), [(bare, bare), (piped, piped)])
def test_weights_by_another_name_weigh_correction_and_score(binary, kind, of_teacher, of_student):
    X, y = binary
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
    models = []
    for name in ("sample_weight", "importance"):
        with sklearn.config_context(enable_metadata_routing=True):
            members = of_teacher(bayes(), name), of_student(Ridge(), name)
            models.append(kind(*members, cv=3, random_state=0).fit(X, y, **{name: weight}))
    assert_array_equal(*(model.predict_proba(X) for model in models))
    if kind is LossCorrectedDistillerCV:
        assert models[0].best_score_ == models[1].best_score_


class Witness(GaussianNB):
    """A teacher that knows which rows it has seen; the first column is the row's number."""

    def fit(self, X, y):
        self.seen_ = X[:, 0].astype(int)
        return super().fit(X, y)

    def predict_proba(self, X):
        asked = X[:, 0].astype(int)
        unseen = np.setdiff1d(asked, self.seen_)
        assert not np.isin(unseen // 10, self.seen_ // 10).any()
        return super().predict_proba(X)


def test_groups_by_another_name_stay_together_in_all_folds():
    X, y, _ = noisy(200, seed=0)
    X = np.column_stack([np.arange(200), X])
    family = np.arange(200) // 10
    how = {"candidates": ["labels", "cross_fit"], "rehearse": False, "random_state": 0}
    with sklearn.config_context(enable_metadata_routing=True):
        how["cv"] = GroupKFold(4).set_split_request(groups="family")
        for teacher_cv in (None, 3):
            search = LossCorrectedDistillerCV(Witness(), Ridge(), teacher_cv=teacher_cv, **how)
            search.fit(X, y, family=family)
        forest = RandomForestClassifier(20, random_state=0)
        search = LossCorrectedDistillerCV(forest, Ridge(), teacher_cv="oob", **how)
        with pytest.raises(ValueError, match="bags ignore groups"):
            search.fit(X, y, family=family)


@pytest.mark.parametrize("how", [{"cv": 4}, {"cv": "in_sample"}])
def test_with_routing_groups_need_no_splitter_of_ones_own(how):
    X, y, _ = noisy(200, seed=0)
    X = np.column_stack([np.arange(200), X])
    groups = np.arange(200) // 10
    model = LossCorrectedDistiller(Witness(), Ridge(), rehearse=False, random_state=0, **how)
    expected = model.fit(X, y, groups=groups).predict_proba(X)
    with sklearn.config_context(enable_metadata_routing=True):
        assert_array_equal(model.fit(X, y, groups=groups).predict_proba(X), expected)


def test_groups_may_be_a_column(binary):
    X, y = binary
    groups = np.arange(len(y)) % 7
    model = CrossFitDistiller(bayes(), tree(), cv=3, random_state=0)
    expected = model.fit(X, y, groups=groups).predict_proba(X)
    assert_array_equal(model.fit(X, y, groups=groups[:, None]).predict_proba(X), expected)


@pytest.mark.parametrize("unit", [1 / 600, 1_000])
@pytest.mark.parametrize(
    "model",
    [
        LossCorrectedDistiller(RandomForestClassifier(60, random_state=0), tree(), cv="oob"),
        LossCorrectedDistillerCV(
            RandomForestClassifier(60, random_state=0), tree(), teacher_cv="oob", random_state=0
        ),
        LossCorrectedDistiller(GaussianNB(), tree(max_leaf_nodes=16), random_state=0),
    ],
)
def test_the_unit_of_weights_does_not_matter(model, unit):
    X, y, p0 = noisy(600, seed=0)
    plain, weighted = (
        clone(model).fit(X, y, sample_weight=np.full(600, own)).predict_proba(X)[:, 1]
        for own in (1, unit)
    )
    # Bags and bins may be drawn otherwise: as good, if not the same.
    assert weighted.std() == pytest.approx(plain.std(), rel=0.1)
    errors = [np.abs(proba - p0).mean() for proba in (plain, weighted)]
    assert errors[1] == pytest.approx(errors[0], abs=0.02)


def test_routing_demands_a_decision(binary):
    X, y = binary
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(UnsetMetadataPassedError, match="sample_weight"),
    ):
        Distiller(bayes(), Ridge()).fit(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("distiller", DISTILLERS)
def test_search_routes_weights_and_groups(binary, distiller):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y))
    groups = np.arange(len(y)) % 7
    kwargs = {} if distiller is Distiller else {"cv": GroupKFold(2)}
    with sklearn.config_context(enable_metadata_routing=True):
        model = distiller(
            bayes().set_fit_request(sample_weight=True),
            tree().set_fit_request(sample_weight=True),
            **kwargs,
        ).set_score_request(sample_weight=True)
        search = GridSearchCV(model, {"student__max_depth": [1, 3]}, cv=GroupKFold(3))
        search.fit(X, y, sample_weight=weight, groups=groups)
    assert search.best_score_ > 0.8


def test_routing_of_given_probabilities(binary):
    X, y = binary
    proba = cross_val_predict(bayes(), X, y, method="predict_proba")
    with sklearn.config_context(enable_metadata_routing=True):
        model = Distiller(None, tree()).set_fit_request(teacher_proba=True)
        search = GridSearchCV(model, {"student__max_depth": [1, 3]}, cv=2)
        search.fit(X, y, teacher_proba=proba)
    assert search.best_score_ > 0.8


# ---- students of every kind ------------------------------------------------------------------


@pytest.mark.parametrize("distiller", DISTILLERS)
@pytest.mark.parametrize(
    ("student", "loss"),
    [
        (RandomForestRegressor(5, random_state=0), "squared_error"),
        (make_pipeline(StandardScaler(), Ridge()), "squared_error_logit"),
        (LogisticRegression(max_iter=2000), "cross_entropy"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "auto"),
        (SoftLabelClassifier(DecisionTreeClassifier(max_depth=3)), "auto"),
        (make_pipeline(StandardScaler(), SoftLabelClassifier(bayes())), "auto"),
    ],
)
def test_students_of_every_kind_learn(binary, three_classes, distiller, student, loss):
    # The full step to the label is too noisy on the logit scale for a teacher as sure as this.
    rule = {"correction": "relative"} if distiller is LossCorrectedDistiller else {}
    for X, y in (binary, three_classes):
        model = distiller(bayes(), student, loss=loss, **rule).fit(X, y)
        proba = model.predict_proba(X)
        assert_allclose(proba.sum(axis=1), 1)
        assert proba.shape == (len(y), len(np.unique(y)))
        assert model.score(X, y) > 0.8


def test_tree_learns_what_the_forest_knows(data_folder):
    """On MAGIC a single tree gains .1 in AUC from ten folds of a forest."""
    table = pd.read_csv(data_folder / "magic.csv.gz").sample(6000, random_state=0)
    X, y = table.drop(columns="target").to_numpy(), table["target"].to_numpy()
    forest = RandomForestClassifier(50, random_state=0, n_jobs=1)
    model = CrossFitDistiller(forest, RandomForestRegressor(1, random_state=0), random_state=0)
    plain = RandomForestRegressor(1, random_state=0).fit(X[:4000], y[:4000] == "h")
    auc = sklearn.metrics.roc_auc_score
    ours = auc(y[4000:], model.fit(X[:4000], y[:4000]).predict_proba(X[4000:])[:, 1])
    # The standard error of either AUC on 2,000 rows is about .01.
    assert ours > auc(y[4000:] == "h", plain.predict(X[4000:])) + 0.04


@pytest.mark.parametrize(
    "disguise",
    [
        lambda fitted: CalibratedClassifierCV(FrozenEstimator(fitted)),
        lambda fitted: VotingClassifier([("a", FrozenEstimator(fitted))], voting="soft"),
        lambda fitted: VotingClassifier(
            [("a", Distiller(fitted, DecisionTreeRegressor()).fit(*noisy(600, 0)[:2]).classifier_)],
            voting="soft",
        ),
    ],
    ids=["calibrated", "voting", "classifier_"],
)
def test_teacher_that_holds_a_fitted_one_is_found_out(disguise):
    X, y, _ = noisy(600, 0)
    fitted = DecisionTreeClassifier(random_state=0).fit(X, y)
    model = CrossFitDistiller(disguise(fitted), DecisionTreeRegressor(max_depth=2), cv=3)
    with pytest.warns(UserWarning, match="seen|saw"):
        model.fit(X, y)


def test_teacher_that_holds_a_fitted_transformer_is_not_suspected():
    X, y, _ = noisy(600, 0)
    scaler = FrozenEstimator(StandardScaler().fit(X))
    teacher = make_pipeline(scaler, LogisticRegression())
    CrossFitDistiller(teacher, DecisionTreeRegressor(max_depth=2), cv=3).fit(X, y)
