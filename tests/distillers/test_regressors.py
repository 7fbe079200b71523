"""The distillers of numbers: what their students learn, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    BaggingRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistillerRegressor,
    Distiller,
    DistillerRegressor,
    LossCorrectedDistillerRegressor,
    LossCorrectedDistillerRegressorCV,
    MungeSampler,
    NodeSampler,
    selection,
)
from skdistill._utils.rounding import to_digits
from skdistill.export import to_sql, verify
from skdistill.sources import folds

FOLDS = list(KFold(3).split(np.zeros(200)))
FAST_SEARCH = {"cv": 3, "random_state": 0, "rehearse": False}


@pytest.fixture(scope="module")
def table():
    return make_friedman1(200, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def forest():
    return RandomForestRegressor(60, random_state=0)


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **{"max_leaf_nodes": 8} | params)


class Remembers(LinearRegression):
    """A student that keeps what it was taught."""

    def fit(self, X, y, sample_weight=None):
        self.rows_, self.targets_, self.weights_ = X, np.array(y), sample_weight
        return super().fit(X, y, sample_weight)


def targets(model, X, y, **how):
    return model.fit(X, y, **how).student_.targets_


# ---- what students learn ---------------------------------------------------------------------


def test_plain_distillation_is_that_of_hand(table):
    X, y = table
    expected = tree().fit(X, y).predict(X)
    assert_array_equal(targets(DistillerRegressor(tree(), Remembers()), X, y), to_digits(expected))


@pytest.mark.parametrize("cv", [FOLDS, KFold(3)])
def test_cross_fitted_answers_are_those_of_scikit_learn(table, cv):
    X, y = table
    model = CrossFitDistillerRegressor(tree(), Remembers(), cv=cv, store_teacher_prediction=True)
    expected = cross_val_predict(tree(), X, y, cv=KFold(3))
    assert_array_equal(model.fit(X, y).teacher_prediction_, expected)
    assert_array_equal(model.student_.targets_, to_digits(expected))


def test_a_number_of_folds_is_shuffled_by_the_seed_and_keeps_groups(table):
    X, y = table
    model = CrossFitDistillerRegressor(
        tree(), tree(), cv=4, random_state=3, store_teacher_prediction=True
    )
    shuffled = KFold(4, shuffle=True, random_state=3)
    expected = cross_val_predict(tree(), X, y, cv=shuffled)
    assert_array_equal(model.fit(X, y).teacher_prediction_, expected)
    groups = np.arange(200) % 20
    own = clone(model).set_params(teacher=Remembers(), store_teachers=True)
    for teacher in own.fit(X, y, groups=groups).teachers_:
        seen = {row.tobytes() for row in teacher.rows_}
        of_group = [[row.tobytes() in seen for row in X[groups == g]] for g in range(20)]
        assert all(all(known) or not any(known) for known in of_group)


def test_answers_out_of_the_bag_are_those_of_the_forest(table, forest):
    X, y = table
    model = CrossFitDistillerRegressor(forest, tree(), cv="oob", store_teacher_prediction=True)
    expected = clone(forest).set_params(oob_score=True).fit(X, y).oob_prediction_
    assert_allclose(model.fit(X, y).teacher_prediction_, expected)
    bag = BaggingRegressor(tree(), 60, max_features=0.5, random_state=0)
    model.set_params(teacher=make_pipeline(StandardScaler(), bag)).fit(X, y)
    bag.set_params(oob_score=True).fit(StandardScaler().fit_transform(X), y)
    assert_allclose(model.teacher_prediction_, bag.oob_prediction_)


def test_a_share_of_nothing_is_plain_and_of_all_is_y(table):
    X, y = table
    how = {"cv": FOLDS}
    plain = targets(CrossFitDistillerRegressor(tree(), Remembers(), **how), X, y)
    corrected = LossCorrectedDistillerRegressor(tree(), Remembers(), correction=0.0, **how)
    assert_array_equal(targets(corrected, X, y), plain)
    for whole in (1.0, "orthogonal"):
        assert_array_equal(targets(corrected.set_params(correction=whole), X, y), to_digits(y))
    half = targets(corrected.set_params(correction=0.5), X, y)
    assert_allclose(half, (plain + y) / 2)
    assert_allclose(targets(corrected.set_params(correction=lambda m, y, link: 0.5), X, y), half)


def test_the_learned_correction_finds_a_bias(table):
    X, y = table
    wrong = np.full(200, y.mean() + 3)
    model = LossCorrectedDistillerRegressor(None, Remembers(), c=0, random_state=0)
    corrected = targets(model, X, y, teacher_prediction=wrong)
    assert ((corrected - y) ** 2).mean() < 0.6 * y.var()
    noise = targets(model, X, np.random.default_rng(0).normal(size=200), teacher_prediction=0 * y)
    assert_allclose(noise, 0, atol=0.2)


@pytest.mark.parametrize("unit", [1e-5, 1e9])
def test_the_unit_of_numbers_does_not_matter(table, unit):
    X, y = table
    model = LossCorrectedDistillerRegressor(Ridge(), tree(), random_state=0, transfer="nodes")
    expected = clone(model).fit(X, y).predict(X)
    assert_allclose(model.fit(X, y * unit).predict(X), expected * unit, rtol=1e-3)


# ---- honesty ---------------------------------------------------------------------------------


def test_no_answer_about_a_row_depends_on_its_own_number(table):
    X, y = table
    changed = y.copy()
    changed[10] += 5
    model = CrossFitDistillerRegressor(tree(), Remembers(), cv=FOLDS)
    # The learned correction sees it through the answers about other rows, if these change.
    corrected = LossCorrectedDistillerRegressor(None, Remembers(), random_state=0, c=0)
    for one, how in ((model, {}), (corrected, {"teacher_prediction": 0 * y})):
        before, after = targets(one, X, y, **how), targets(one, X, changed, **how)
        assert before[10] == after[10]
        assert (before != after).any()
    plain = DistillerRegressor(tree(max_leaf_nodes=None), Remembers())
    assert targets(plain, X, y)[10] != targets(plain, X, changed)[10]


@pytest.mark.parametrize("teacher_cv", [None, "oob"])
def test_no_target_of_a_fold_changes_with_its_validation_numbers(
    monkeypatch, table, forest, teacher_cv
):
    X, y = table
    seen, original = [], selection.try_students
    monkeypatch.setattr(
        selection, "try_students", lambda *args: seen.append(args[1]) or original(*args)
    )
    shuffled = y.copy()
    valid = FOLDS[1][1]
    shuffled[valid] = np.random.default_rng(0).permutation(y[valid])
    names = ["labels", "in_sample", "cross_fit", "residual", "transfer", 0.5, ("relative", 0.3)]
    teacher = clone(forest).set_params(max_depth=3) if teacher_cv else tree()
    model = LossCorrectedDistillerRegressorCV(
        teacher, tree(), candidates=names, teacher_cv=teacher_cv, **FAST_SEARCH | {"cv": FOLDS}
    )
    for labels in (y, shuffled):
        model.fit(X, labels)
    for name in names:
        before, after = seen[0][1][name], seen[1][1][name]
        assert_array_equal(before.own, after.own)
        for one, other in zip(before.further, after.further, strict=True):
            assert_array_equal(one[1], other[1])
    assert (seen[0][0]["labels"].own != seen[1][0]["labels"].own).any()


def test_overfit_share_of_an_unpruned_forest_is_that_of_the_bootstrap():
    X, y = make_friedman1(600, noise=2.0, random_state=0)
    model = LossCorrectedDistillerRegressorCV(
        RandomForestRegressor(100, random_state=0),
        tree(),
        teacher_cv="oob",
        candidates=["labels", "in_sample"],
        **FAST_SEARCH,
    )
    # By simulation, over tables of this size, .02 is more than two standard deviations.
    assert model.fit(X, y).overfit_share_ == pytest.approx(1 - 1 / np.e, abs=0.02)


def test_answers_that_saw_the_numbers_are_told():
    X, y = make_friedman1(800, noise=3.0, random_state=0)
    forest = RandomForestRegressor(40, oob_score=True, random_state=0).fit(X, y)
    model = DistillerRegressor(None, tree())
    with pytest.warns(UserWarning, match="saw these very labels"):
        model.fit(X, y, teacher_prediction=forest.predict(X))
    model.fit(X, y, teacher_prediction=forest.oob_prediction_)


# ---- the search ------------------------------------------------------------------------------


def test_scores_are_squared_errors_of_rows_and_the_best_is_fitted(table):
    X, y = table
    model = LossCorrectedDistillerRegressorCV(
        Ridge(), tree(), candidates=["labels", "cross_fit"], shrinkage=0, **FAST_SEARCH
    )
    model.fit(X, y)
    folds = KFold(3, shuffle=True, random_state=0)
    error = (cross_val_predict(tree(), X, y, cv=folds) - y) ** 2
    results = model.cv_results_
    assert results["mean_test_score"][0] == pytest.approx(-error.mean())
    assert results["se_test_score"][0] == pytest.approx(error.std(ddof=1) / np.sqrt(200))
    assert results["split0_test_score"][0] == pytest.approx(-error[next(folds.split(X))[1]].mean())
    assert model.best_candidate_ == results["candidate"][model.best_index_]
    assert model.best_score_ == results["mean_test_score"][model.best_index_]
    alone = clone(model).set_params(candidates=["labels"]).fit(X, y)
    assert_allclose(alone.predict(X), tree().fit(X, to_digits(y)).predict(X))
    assert not hasattr(model, "calibration_")
    scored = clone(model).set_params(scoring="neg_mean_absolute_error").fit(X, y)
    off = np.abs(cross_val_predict(tree(), X, y, cv=folds) - y)
    by_fold = [-off[test].mean() for _, test in folds.split(X)]
    assert scored.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(by_fold))


def test_a_blend_has_weights_and_the_student_their_mean(table, forest):
    X, y = table
    names = ["labels", "in_sample", "cross_fit", "blend"]
    model = LossCorrectedDistillerRegressorCV(
        forest, Remembers(), candidates=names, teacher_cv="oob", min_gain_se=0, **FAST_SEARCH
    ).fit(X, y)
    assert set(model.blend_weights_) == set(names[:3])
    assert sum(model.blend_weights_.values()) == pytest.approx(1)
    if model.best_candidate_ == "blend":
        fitted = clone(forest).set_params(oob_score=True).fit(X, y)
        members = [y, fitted.predict(X), fitted.oob_prediction_]
        mixed = np.dot(list(model.blend_weights_.values()), members)
        assert_allclose(model.student_.targets_, mixed)


def test_default_candidates_suit_the_student(table):
    X, y = table
    model = LossCorrectedDistillerRegressorCV(Ridge(), tree(), **FAST_SEARCH)
    found = list(model.fit(X, y).cv_results_["candidate"])
    assert found == ["labels", "in_sample", "cross_fit", "residual", "transfer"]
    assert model.shrinkage_ in (0, 1, 3, 10, 30, 100)
    found = model.set_params(student=Ridge()).fit(X, y).cv_results_["candidate"]
    assert list(found) == ["labels", "in_sample", "cross_fit", "residual", "blend"]
    # The learned correction knows no bounds.
    model.set_params(teacher=tree(), student=PoissonRegressor())
    counts = np.random.default_rng(0).poisson(y / 20).astype(float)
    found = model.fit(X, counts).cv_results_["candidate"]
    assert list(found) == ["labels", "in_sample", "cross_fit", "blend", 0.2]


@pytest.mark.parametrize(
    ("student", "names", "best"),
    [
        (tree(), ["labels", "transfer"], "transfer"),
        (make_pipeline(StandardScaler(), tree()), ["labels", "transfer"], "transfer"),
        (tree(), ["labels", ("transfer", 0.5)], ("transfer", 0.5)),
        (tree(), ["labels", "residual"], "labels"),
        (RandomForestRegressor(2, max_depth=1, random_state=0), ["labels", "transfer"], "labels"),
    ],
)
def test_one_tree_learns_from_made_rows_unless_another_is_clearly_better(
    table, student, names, best
):
    X, y = table
    teacher = DecisionTreeRegressor(max_depth=2, random_state=0)
    how = {"candidates": names, "min_gain_se": 1e6, **FAST_SEARCH}
    assert (
        LossCorrectedDistillerRegressorCV(teacher, student, **how).fit(X, y).best_candidate_ == best
    )


# ---- members ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "student",
    [
        PoissonRegressor(),
        GammaRegressor(alpha=0.01),
        HistGradientBoostingRegressor(loss="poisson", max_iter=5),
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        make_pipeline(StandardScaler(), Ridge()),
        GridSearchCV(tree(), {"max_depth": [2, 3]}, cv=2),
        MultiOutputRegressor(Ridge()),
    ],
)
def test_students_of_all_kinds_learn_the_mean(table, student):
    X, y = table
    teacher = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1)
    y = y - y.min() + 1
    model = LossCorrectedDistillerRegressor(teacher, student, random_state=0, rehearse=False)
    assert model.fit(X, y).score(X, y) > 0.3
    assert model.predict(X).shape == (200,)


@pytest.mark.parametrize(
    ("student", "y_from", "message"),
    [
        (GammaRegressor(), -1.0, "GammaRegressor learns positive numbers only.* in y: use a"),
        (PoissonRegressor(), -1.0, "PoissonRegressor learns non-negative numbers only.* in y"),
        (GammaRegressor(), 0.0, "positive numbers only.*teacher and correction make: use a teach"),
    ],
)
def test_a_deviance_of_positive_numbers_refuses_others(table, student, y_from, message):
    X, y = table
    y = y - y.min() + y_from
    model = LossCorrectedDistillerRegressor(tree(), student, correction=1.0, cv=FOLDS)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    # 0 is a number that another one may have as its mean.
    if y_from == 0:
        CrossFitDistillerRegressor(tree(), student, cv=FOLDS).fit(X, y)
        search = LossCorrectedDistillerRegressorCV(tree(), student, **FAST_SEARCH)
        with pytest.raises(ValueError, match="found 0 in y"):
            search.fit(X, y)


NO_MEANS = [QuantileRegressor(), GradientBoostingRegressor(loss="quantile", n_estimators=3)]


@pytest.mark.parametrize("member", [*NO_MEANS, make_pipeline(StandardScaler(), HuberRegressor())])
def test_labels_are_not_mixed_with_what_is_no_mean(table, member):
    X, y = table
    name = type(getattr(member, "steps", [[0, member]])[-1][1]).__name__
    corrected = LossCorrectedDistillerRegressor(member, tree(), correction=0.2)
    with pytest.raises(ValueError, match=rf"The teacher {name}.* answers no mean, and the correct"):
        corrected.fit(X, y)
    search = LossCorrectedDistillerRegressorCV(tree(), member)
    with pytest.raises(ValueError, match=rf"The student {name}.* the candidate 'labels' moves"):
        search.fit(X, y)
    # The answers of a teacher that is not there are what the user says that they are.
    given = np.full(200, y.mean())
    corrected.fit(X, y, teacher_prediction=given)
    search.set_params(teacher=member, student=tree(), candidates=["in_sample", "cross_fit"])
    with pytest.raises(ValueError, match="scoring=None judges by the squared error"):
        search.fit(X, y)


def test_a_quantile_is_taught_as_it_is(table):
    X, y = table
    teacher = QuantileRegressor(quantile=0.9, alpha=0)
    model = CrossFitDistillerRegressor(teacher, Ridge(alpha=1e-9), random_state=0).fit(X, y)
    assert (y < model.predict(X)).mean() > 0.8
    pinball = make_scorer(mean_pinball_loss, alpha=0.9, greater_is_better=False)
    names = ["in_sample", "cross_fit"]
    search = LossCorrectedDistillerRegressorCV(
        teacher, Ridge(alpha=1e-9), candidates=names, scoring=pinball, **FAST_SEARCH
    )
    assert (y < search.fit(X, y).predict(X)).mean() > 0.8


def test_medians_of_leaves_are_not_shrunk_to_means(table, forest):
    X, y = table
    student = tree(criterion="absolute_error")
    model = CrossFitDistillerRegressor(forest, student, cv="oob", store_teacher_prediction=True)
    model.fit(X, y)
    expected = clone(student).fit(X, to_digits(model.teacher_prediction_)).predict(X)
    assert_array_equal(model.predict(X), expected)
    for shrinkage in (1.0, np.int64(1)):
        with pytest.raises(ValueError, match="shrinkage makes nodes answer means"):
            model.set_params(shrinkage=shrinkage).fit(X, y)


def test_a_tree_is_shrunk_towards_the_mean(table, forest):
    X, y = table
    model = CrossFitDistillerRegressor(forest, tree(), cv="oob", shrinkage=1e9)
    mean = model.set_params(store_teacher_prediction=True).fit(X, y).teacher_prediction_.mean()
    assert_allclose(model.predict(X), mean, rtol=1e-4)


# ---- rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", ["nodes", MungeSampler(), NodeSampler()])
@pytest.mark.parametrize("kind", ["oob", "folds"])
def test_rows_are_made_and_labelled(table, forest, transfer, kind):
    X, y = table
    how = {"cv": "oob", "teacher": forest} if kind == "oob" else {"cv": 3, "teacher": tree()}
    model = LossCorrectedDistillerRegressor(
        student=Remembers(), transfer=transfer, random_state=0, **how
    )
    found = targets(model, X, y)
    assert 900 < len(found) <= 1400
    assert_array_equal(model.student_.rows_[:200], X)
    assert found[200:].mean() == pytest.approx(y.mean(), abs=1)
    assert 0.3 < found[200:].std() / y.std() < 1.2


def test_rows_without_numbers_are_labelled_by_the_mean_of_the_teachers(table):
    X, y = table
    model = CrossFitDistillerRegressor(tree(), Remembers(), cv=FOLDS, store_teachers=True)
    found = targets(model, X, y, X_transfer=X[:7] + 0.01)
    expected = np.mean([teacher.predict(X[:7] + 0.01) for teacher in model.teachers_], axis=0)
    assert_allclose(found[200:], expected)


def test_frozen_and_given_teachers_need_no_numbers(table):
    X, y = table
    ridge = Ridge().fit(X, y)
    expected = tree().fit(X, to_digits(ridge.predict(X))).predict(X)
    assert_array_equal(
        DistillerRegressor(FrozenEstimator(ridge), tree()).fit(X).predict(X), expected
    )
    for given in (ridge.predict(X), ridge.predict(X)[:, None], pd.Series(ridge.predict(X))):
        model = DistillerRegressor(None, tree()).fit(X, teacher_prediction=given)
        assert_array_equal(model.predict(X), expected)
    with pytest.raises(ValueError, match="requires y to be passed"):
        DistillerRegressor(Ridge(), tree()).fit(X)
    with pytest.raises(ValueError, match="requires y to be passed"):
        LossCorrectedDistillerRegressor(None, tree()).fit(X, teacher_prediction=expected)


def test_frames_sparse_rows_missing_values_and_categories(table):
    X, y = table
    frame = pd.DataFrame(X.copy(), columns=[f"c{j}" for j in range(X.shape[1])])
    frame["kind"] = pd.Categorical(np.array(["a", "b", "c"])[np.arange(200) % 3])
    frame.loc[3, "c1"] = np.nan
    boosted = HistGradientBoostingRegressor(max_iter=5, categorical_features="from_dtype")
    model = LossCorrectedDistillerRegressor(boosted, boosted, cv=2, random_state=0).fit(frame, y)
    shipped = pickle.loads(pickle.dumps(model.regressor_))
    assert_array_equal(shipped.predict(frame), model.predict(frame))
    # A frame that has lost its types means the same.
    assert_array_equal(shipped.predict(frame.astype({"kind": object})), model.predict(frame))
    with pytest.raises(ValueError, match="feature names should match"):
        shipped.predict(frame.rename(columns={"c1": "d1"}))
    rows = sparse.csr_array(np.where(X > 0.5, X, 0))
    for teacher, transfer in ((Ridge(), None), (tree(), "nodes")):
        model = LossCorrectedDistillerRegressor(
            teacher, tree(), cv=2, transfer=transfer, random_state=0
        )
        assert model.fit(rows, y).score(rows, y) > 0.3


def test_weights_reach_both_members_and_by_their_own_name(table):
    X, y = table
    weight = 1.0 + np.arange(200) % 3
    model = CrossFitDistillerRegressor(Remembers(), Remembers(), cv=FOLDS, store_teachers=True)
    model.fit(X, y, sample_weight=weight)
    assert_array_equal(model.student_.weights_, weight)
    assert_array_equal(model.teachers_[0].weights_, weight[FOLDS[0][0]])
    with sklearn.config_context(enable_metadata_routing=True):
        teacher = Remembers().set_fit_request(sample_weight=True)
        student = Remembers().set_fit_request(sample_weight="w")
        model.set_params(teacher=teacher, student=student).fit(X, y, sample_weight=weight, w=None)
        assert model.student_.weights_ is None
        assert_array_equal(model.teachers_[0].weights_, weight[FOLDS[0][0]])


def test_memory_spares_the_teacher(monkeypatch, table, tmp_path):
    X, y = table
    asked, original = [], folds.ask_each
    monkeypatch.setattr(
        folds, "ask_each", lambda *args, **how: asked.append(1) or original(*args, **how)
    )
    model = CrossFitDistillerRegressor(
        Ridge(), tree(), cv=FOLDS, memory=tmp_path, transfer="nodes", random_state=0
    )
    first = model.fit(X, y).predict(X)
    assert_array_equal(model.fit(X, y).predict(X), first)
    assert len(asked) == 1
    assert (model.fit(X, y + 1).predict(X) != first).all()
    assert len(asked) == 2


# ---- elsewhere -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "distiller",
    [
        DistillerRegressor(Ridge(), tree()),
        CrossFitDistillerRegressor(Ridge(), tree(), cv=2, random_state=0, shrinkage=3.0),
        LossCorrectedDistillerRegressor(Ridge(), tree(), cv=2, random_state=0, transfer="nodes"),
        LossCorrectedDistillerRegressorCV(Ridge(), tree(), cv=3, random_state=0),
    ],
    ids=lambda distiller: type(distiller).__name__,
)
def test_a_file_answers_as_each_distiller_does(table, distiller):
    X, y = table
    model = distiller.fit(X, y)
    query = to_sql(model, dialect="sqlite")
    assert query == to_sql(model.regressor_, dialect="sqlite")
    found = verify(model, query, X)
    assert found.n_rows > len(X)
    assert found.largest_difference == 0


def test_a_search_of_scikit_learns_and_several_outcomes(table):
    X, y = table
    model = LossCorrectedDistillerRegressor(Ridge(), tree(), cv=2, random_state=0)
    grid = {"student__max_leaf_nodes": [4, 8], "correction": ["residual", 0.2]}
    assert np.isfinite(GridSearchCV(model, grid, cv=2).fit(X, y).best_score_)
    several = MultiOutputRegressor(model).fit(X, np.column_stack([y, -y]))
    assert several.predict(X).shape == (200, 2)


# ---- bad input -------------------------------------------------------------------------------


Y = np.linspace(0, 1, 30) ** 2
ROWS = np.arange(60.0).reshape(30, 2)


@pytest.mark.parametrize(
    ("model", "y", "fit", "message"),
    [
        (DistillerRegressor(LogisticRegression(), tree()), Y, {}, "classifier: use Distiller, or"),
        (
            LossCorrectedDistillerRegressorCV(Ridge(), LogisticRegression()),
            Y,
            {},
            "student must be a regressor.* use LossCorrectedDistillerCV, or",
        ),
        (
            DistillerRegressor(KMeans(), tree()),
            Y,
            {},
            "teacher must be a regressor; KMeans",
        ),
        (DistillerRegressor(Ridge, tree()), Y, {}, "teacher must be a regressor instance"),
        (DistillerRegressor(None, tree()), Y, {}, "pass a regressor, or teacher_prediction to fit"),
        (DistillerRegressor(Ridge(), tree()), np.c_[Y, Y], {}, "MultiOutputRegressor"),
        (
            DistillerRegressor(None, tree()),
            Y,
            {"teacher_prediction": np.c_[Y, Y]},
            r"one number per sample, shape \(30,\), found shape \(30, 2\)",
        ),
        (DistillerRegressor(None, tree()), Y, {"teacher_prediction": Y[:5]}, r"found shape \(5,\)"),
        (
            DistillerRegressor(None, tree()),
            Y,
            {"teacher_prediction": np.full(30, np.nan)},
            "teacher_prediction must hold numbers, finite ones",
        ),
        (
            DistillerRegressor(None, tree()),
            Y,
            {"teacher_prediction": Y, "X_transfer": ROWS},
            "teacher_prediction holds no predictions of further rows",
        ),
        (LossCorrectedDistillerRegressor(Ridge(), tree(), correction="slow"), Y, {}, "'relative'"),
        (LossCorrectedDistillerRegressor(Ridge(), tree(), correction=1.5), Y, {}, r"in \[0, 1\]"),
        (LossCorrectedDistillerRegressor(Ridge(), tree(), c=2), Y, {}, "c must be a share"),
        (
            LossCorrectedDistillerRegressorCV(Ridge(), tree(), candidates=[("power", 2), "labels"]),
            Y,
            {},
            r"candidates holds \('power', 2\): correction must be 'residual', a share",
        ),
        (
            LossCorrectedDistillerRegressorCV(Ridge(), tree(), scoring="neg_log_loss"),
            Y,
            {},
            "scoring='neg_log_loss' cannot judge a regressor by its predict",
        ),
        (
            LossCorrectedDistillerRegressorCV(None, tree()),
            Y,
            {"teacher_prediction": Y},
            r"given predictions \(teacher_prediction\) may have seen",
        ),
        (CrossFitDistillerRegressor(Ridge(), tree(), cv=31), Y, {}, "cv=31 folds need at least 31"),
        (CrossFitDistillerRegressor(Ridge(), tree(), cv="oob"), Y, {}, "Ridge does not bag"),
        (
            CrossFitDistillerRegressor(FrozenEstimator(Ridge()), tree()),
            Y,
            {},
            "frozen teacher cannot be cross-fitted",
        ),
        (
            DistillerRegressor(Ridge(), Ridge(), shrinkage=2.0),
            Y,
            {},
            "shrinkage needs a tree or forest",
        ),
        (
            Distiller(LogisticRegression(), tree()),
            Y,
            {},
            "For quantities, .*LossCorrectedDistillerRegressor",
        ),
    ],
)
def test_bad_input_is_refused(model, y, fit, message):
    with pytest.raises(ValueError, match=message):
        model.fit(ROWS, y, **fit)


def test_a_teacher_that_answers_no_numbers_is_named(table):
    X, y = table

    class Odd(Ridge):
        def predict(self, X):
            return np.column_stack([super().predict(X)] * 2)

    with pytest.raises(ValueError, match=r"Odd.predict returned shape .* one number a row"):
        DistillerRegressor(Odd(), tree(), rehearse=False).fit(X, y)
