"""Out-of-bag probabilities: one teacher fit instead of one per fold."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_digits
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, LossCorrectedDistiller
from skdistill.rows import check
from skdistill.sources import OutOfBag, Teacher
from skdistill.sources.bag import check_out_of_bag

BAGS = [
    RandomForestClassifier(60, random_state=0),
    ExtraTreesClassifier(60, bootstrap=True, random_state=0),
    BaggingClassifier(n_estimators=60, random_state=0),
    BaggingClassifier(GaussianNB(), n_estimators=60, max_samples=0.5, random_state=0),
]


def out_of_bag(teacher, X, y, params=None, **kwargs):
    answers = OutOfBag(**kwargs).ask(Teacher(teacher, params or {}), check(X, y), keep=True)
    return answers.out, answers.teachers


def in_and_out_of_bag(teacher, X, y, **kwargs):
    answers = OutOfBag(**kwargs).ask(Teacher(teacher), check(X, y), inside=True)
    return answers.out, answers.inside


def oob(teacher, X, y, params=None, **kwargs):
    return out_of_bag(teacher, X, y, params, **kwargs)[0]


def by_hand(bag, X, y):
    """Average the members of a fitted bag over the rows they have not seen."""
    total, votes = np.zeros((len(y), len(bag.classes_))), np.zeros(len(y))
    for member, samples in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        unseen = np.setdiff1d(np.arange(len(y)), samples)
        total[unseen] += member.predict_proba(X[unseen])
        votes[unseen] += 1
    return total / np.maximum(votes, 1)[:, None], votes


@pytest.mark.parametrize("bag", BAGS)
@pytest.mark.parametrize("table", ["binary", "three_classes"])
def test_members_that_have_not_seen_the_row_are_averaged(request, bag, table):
    X, y = request.getfixturevalue(table)
    expected, votes = by_hand(clone(bag).fit(X, y), X, y)
    assert votes.min() >= 5
    assert_allclose(oob(bag, X, y), expected, atol=1e-12)


@pytest.mark.parametrize(
    "bag",
    [
        *BAGS,
        RandomForestClassifier(60, random_state=0, n_jobs=2, oob_score=True),
        make_pipeline(StandardScaler(), RandomForestClassifier(60, random_state=0)),
    ],
)
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, sparse.csr_array])
def test_one_fit_answers_in_and_out_of_bag(three_classes, bag, container):
    X, y = three_classes
    X = np.where(X > 0, X, 0)
    X = container(X) if container is not pd.DataFrame else pd.DataFrame(X).add_prefix("x")
    if sparse.issparse(X) and not isinstance(bag, RandomForestClassifier | ExtraTreesClassifier):
        pytest.skip("a scaler and GaussianNB take no sparse rows")
    expected, (fitted,) = out_of_bag(bag, X, y)
    out, inside = in_and_out_of_bag(bag, X, y)
    assert_allclose(out, expected, atol=1e-12)
    assert_allclose(inside, fitted.predict_proba(X), atol=1e-12)


def test_forest_with_missing_values_and_few_votes_answers_in_both_ways(binary):
    X, y = binary
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    bag = RandomForestClassifier(9, random_state=0)
    with pytest.warns(UserWarning, match="rows have fewer than 5"):
        expected, (fitted,) = out_of_bag(bag, X, y, random_state=0)
    with pytest.warns(UserWarning, match="rows have fewer than 5"):
        out, inside = in_and_out_of_bag(bag, X, y, random_state=0)
    assert_allclose(out, expected, atol=1e-12)
    assert_allclose(inside, fitted.predict_proba(X), atol=1e-12)


def test_out_of_bag_probability_ignores_own_label(binary):
    X, y = binary
    bag = RandomForestClassifier(80, random_state=0)
    fitted = clone(bag).fit(X, y)
    changed = y.copy()
    changed[17] = "malignant" if y[17] == "benign" else "benign"
    unseen_by = [17 not in set(samples) for samples in fitted.estimators_samples_]
    assert 5 <= sum(unseen_by) < 80
    assert_array_equal(oob(bag, X, y)[17], oob(bag, X, changed)[17])


def test_rows_with_few_votes_are_predicted_by_folds(binary):
    X, y = binary
    bag = RandomForestClassifier(9, random_state=0)
    expected, votes = by_hand(clone(bag).fit(X, y), X, y)
    few = votes < 5
    with pytest.warns(UserWarning, match=rf"{few.sum()} of {len(y)} rows have fewer than 5"):
        proba = oob(bag, X, y, random_state=0)
    assert 0 < few.sum() < len(y)
    assert_allclose(proba[~few], expected[~few])
    assert_allclose(proba.sum(axis=1), 1)


@pytest.mark.parametrize("bag", [RandomForestClassifier, BaggingClassifier])
def test_bag_of_one_member_falls_back_to_folds_everywhere(binary, bag):
    X, y = binary
    with pytest.warns(UserWarning, match=f"{len(y)} of {len(y)} rows"):
        proba = oob(bag(n_estimators=1, random_state=0), X, y, random_state=0)
    assert_allclose(proba.sum(axis=1), 1)


def test_heavy_row_without_votes_is_predicted_by_folds(binary):
    """Since scikit-learn 1.9 rows are drawn by weight; before, weights count in the trees only."""
    X, y = binary
    weight = np.ones(len(y))
    weight[:3] = 200.0
    teacher = RandomForestClassifier(40, random_state=0)
    distiller = CrossFitDistiller(
        teacher, DecisionTreeRegressor(), cv="oob", random_state=0, store_teacher_proba=True
    )
    if "_sample_weight" in vars(clone(teacher).fit(X, y, sample_weight=weight)):
        with pytest.warns(UserWarning, match="3 of 569 rows"):
            distiller.fit(X, y, sample_weight=weight)
    else:
        distiller.fit(X, y, sample_weight=weight)
    assert_allclose(distiller.teacher_proba_.sum(axis=1), 1)


def test_weights_reach_the_bag(binary):
    X, y = binary
    weight = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    bag = RandomForestClassifier(60, oob_score=True, random_state=0)
    expected = clone(bag).fit(X, y, sample_weight=weight).oob_decision_function_
    assert_array_equal(oob(bag, X, y, {"sample_weight": weight}), expected)
    # Doubling changes no rank and rounds nothing, so that the trees are the same.
    piped = make_pipeline(FunctionTransformer(lambda rows: 2 * rows), bag)
    assert_array_equal(oob(piped, X, y, {"sample_weight": weight}), expected)


def test_bag_at_the_end_of_a_pipeline():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y"], 200)})
    y = np.where((X["b"] == "x") & (X["a"] > 0), "in", "out")
    head = make_column_transformer((OrdinalEncoder(), ["b"]), remainder="passthrough")
    bag = RandomForestClassifier(60, random_state=0)
    pipeline = make_pipeline(head, make_pipeline(StandardScaler(), bag))
    Z = StandardScaler().fit_transform(clone(head).fit_transform(X))
    assert_array_equal(oob(pipeline, X, y), oob(bag, Z, y))


def test_kept_teacher_is_the_whole_pipeline(binary):
    X, y = binary
    teacher = make_pipeline(StandardScaler(), RandomForestClassifier(40, random_state=0))
    model = CrossFitDistiller(teacher, DecisionTreeRegressor(), cv="oob", store_teachers=True)
    (fitted,) = model.fit(X, y).teachers_
    assert fitted.score(X, y) > 0.99
    assert not hasattr(teacher[0], "mean_")
    assert teacher[-1].oob_score is False


def test_sparse_rows(binary):
    X, y = binary
    bag = RandomForestClassifier(60, random_state=0)
    assert_allclose(oob(bag, sparse.csr_array(X), y), oob(bag, X, y), atol=1e-12)


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
def test_distillers_learn_from_out_of_bag_probabilities(binary, distiller):
    X, y = binary
    teacher = RandomForestClassifier(60, random_state=0)
    model = distiller(
        teacher, DecisionTreeRegressor(max_depth=4), cv="oob", store_teacher_proba=True
    )
    assert model.fit(X, y).score(X, y) > 0.9
    assert_array_equal(model.teacher_proba_, oob(teacher, X, y))


def test_rare_class_of_one_row():
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300].astype(str)
    y[0] = "a class of its own"
    with pytest.warns(UserWarning, match="fewer than 5 out-of-bag votes"):
        proba = oob(RandomForestClassifier(12, random_state=0), X, y, random_state=0)
    assert_allclose(proba.sum(axis=1), 1)


class ForgivesMissingLabels(TransformerMixin, BaseEstimator):
    """A transformer that learns from y where it can, and does not say so."""

    def fit(self, X, y=None):
        self.shift_ = 0.0 if y is None else 1.0
        return self

    def transform(self, X):
        return X + self.shift_


def test_transformer_that_would_learn_from_labels_in_silence_gets_none(binary):
    X, y = binary
    teacher = make_pipeline(ForgivesMissingLabels(), RandomForestClassifier(60, random_state=0))
    model = CrossFitDistiller(teacher, DecisionTreeRegressor(), cv="oob", store_teachers=True)
    assert model.fit(X, y).teachers_[0][0].shift_ == 0


FOREST = RandomForestClassifier(random_state=0)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (GaussianNB(), "needs a bagging teacher .*GaussianNB does not bag"),
        (GradientBoostingClassifier(subsample=0.5), "GradientBoostingClassifier does not bag"),
        (make_pipeline(StandardScaler(), GaussianNB()), "GaussianNB does not bag"),
        (ExtraTreesClassifier(), r"needs ExtraTreesClassifier\(bootstrap=True\)"),
        (RandomForestClassifier(bootstrap=False), r"needs RandomForestClassifier\(bootstrap=True"),
        (BaggingClassifier(bootstrap=False), r"needs BaggingClassifier\(bootstrap=True\)"),
        (make_pipeline(SelectKBest(), FOREST), "a step that learns from y"),
        (make_pipeline(TargetEncoder(), FOREST), "whose step TargetEncoder learns from y"),
        (
            make_pipeline(StandardScaler(), make_pipeline(SelectKBest(), FOREST)),
            "a step that learns from y",
        ),
    ],
)
def test_teacher_that_cannot_do_it_is_refused(binary, teacher, message):
    X, y = binary
    with pytest.raises(ValueError, match=message):
        CrossFitDistiller(teacher, DecisionTreeRegressor(), cv="oob").fit(X, y)


def test_frozen_teacher_is_refused(binary):
    X, y = binary
    frozen = FrozenEstimator(RandomForestClassifier(5).fit(X, y))
    for teacher in (frozen, make_pipeline(StandardScaler(), frozen)):
        with pytest.raises(ValueError, match="cannot serve a frozen teacher: use Distiller"):
            check_out_of_bag(teacher)


def test_step_that_learns_from_labels_without_saying_so_is_refused(binary):
    X, y = binary
    teacher = make_pipeline(SelectFromModel(LogisticRegression(max_iter=5000)), FOREST)
    with pytest.raises(ValueError, match="without y, because a step that learns from y"):
        CrossFitDistiller(teacher, DecisionTreeRegressor(), cv="oob").fit(X, y)


def test_groups_are_refused(binary):
    X, y = binary
    with pytest.raises(ValueError, match="bags ignore groups"):
        CrossFitDistiller(FOREST, DecisionTreeRegressor(), cv="oob").fit(X, y, groups=y)


def test_routing_reaches_the_steps(binary):
    X, y = binary
    weight = np.random.default_rng(0).random(len(y)) + 0.5
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=True),
            RandomForestClassifier(60, random_state=0).set_fit_request(sample_weight=True),
        )
        student = DecisionTreeRegressor(random_state=0).set_fit_request(sample_weight=True)
        model = CrossFitDistiller(teacher, student, cv="oob", store_teachers=True)
        model.fit(X, y, sample_weight=weight)
    scaler = StandardScaler().fit(X, sample_weight=weight)
    assert_array_equal(model.teachers_[0][0].mean_, scaler.mean_)


@pytest.mark.once
def test_student_is_as_good_as_with_ten_folds(data_folder):
    table = pd.read_csv(data_folder / "magic.csv.gz").sample(5000, random_state=0)
    X, y = table.drop(columns="target").to_numpy(), (table["target"] == "h").to_numpy()
    teacher = RandomForestClassifier(100, random_state=0)
    auc = {}
    for cv in ("oob", 10):
        model = CrossFitDistiller(
            teacher, DecisionTreeRegressor(max_leaf_nodes=64, random_state=0), cv=cv, random_state=0
        )
        proba = model.fit(X[:3000], y[:3000]).predict_proba(X[3000:])[:, 1]
        auc[cv] = roc_auc_score(y[3000:], proba)
    # Two standard errors of an AUC of .9 on 2,000 rows.
    assert abs(auc["oob"] - auc[10]) < 0.02


class SecondStep(TransformerMixin, BaseEstimator):
    """A transformer that learns from labels."""

    def fit(self, X, y):
        return self

    def transform(self, X):
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


@pytest.mark.parametrize("place", [0, 1, 2])
def test_step_that_learns_from_labels_is_refused_wherever_it_stands(place):
    steps = [StandardScaler(), StandardScaler()]
    steps.insert(place, SecondStep())
    with pytest.raises(ValueError, match="step SecondStep learns from y"):
        check_out_of_bag(make_pipeline(*steps, BAGS[0]))


def test_pipeline_that_caches_its_steps_answers_with_fitted_ones(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 3)), np.arange(80) % 2
    # All steps but the last two are cached, and cached steps are fitted as clones.
    steps = StandardScaler(), StandardScaler(), BAGS[0]
    plain, caching = (make_pipeline(*steps, memory=place) for place in (None, str(tmp_path)))
    expected, (teacher,) = out_of_bag(plain, X, y)
    found, (cached,) = out_of_bag(caching, X, y)
    assert_array_equal(found, expected)
    assert_array_equal(cached.predict_proba(X), teacher.predict_proba(X))


def test_nothing_is_kept_or_asked_from_inside_unless_it_is_wanted():
    X, y = np.arange(80.0)[:, None], np.arange(80) % 2
    answers = OutOfBag().ask(Teacher(BAGS[0]), check(X, y))
    assert answers.inside is None
    assert len(answers.teachers) == 0
