"""The honest search: what is tried, what it costs, and that it never looks at validation labels."""

import pickle

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    LossCorrectedDistillerRegressorCV,
    selection,
)
from skdistill.evaluation import student_on_labels
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources import Answers
from skdistill.students.shrinkage import SHRINKAGES
from skdistill.targets import Blend, Lesson
from skdistill.targets.losses import floor_proba, make_loss

from .conftest import noisy

FIVE = ["labels", "in_sample", "cross_fit", "residual", "blend"]


class CountedTeacher(GaussianNB):
    """A teacher that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedTeacher.fits += 1
        return super().fit(X, y, sample_weight=sample_weight)


class CountedForest(RandomForestClassifier):
    """A forest that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedForest.fits += 1
        return super().fit(X, y, sample_weight=sample_weight)


class CountedTree(DecisionTreeRegressor):
    """A student that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedTree.fits += 1
        return super().fit(X, y, sample_weight=sample_weight)


class CountedLine(LinearRegression):
    """A student that counts the fits of all its clones."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedLine.fits += 1
        return super().fit(X, y, sample_weight=sample_weight)


@pytest.fixture
def table():
    X, y, _ = noisy(300, seed=0)
    return X, np.array(["no", "yes"])[y]


def forest(n=40):
    return RandomForestClassifier(n, random_state=0)


def tree():
    return DecisionTreeRegressor(min_samples_leaf=5, random_state=0)


def search_cv(teacher=None, student=None, **params):
    # An unfitted forest has no truth value.
    teacher = GaussianNB() if teacher is None else teacher
    student = tree() if student is None else student
    settings = {"cv": 3, "random_state": 0, "rehearse": False} | params
    return LossCorrectedDistillerCV(teacher, student, **settings)


def made_up_task(codes, sample_weight=None, folds=()):
    rows = Rows(None, codes, Classes(np.arange(2)), codes, sample_weight)
    return selection.Task(rows, None, folds, 0.002)


# ---- honesty ---------------------------------------------------------------------------------


def recorded_targets(monkeypatch, model, X, y):
    """Fit, and return the targets of each fold, blend apart."""
    seen = []
    original = selection.try_students

    def spy(task, targets, *name):
        seen.append(targets)
        return original(task, targets, *name)

    monkeypatch.setattr(selection, "try_students", spy)
    model.fit(X, y)
    monkeypatch.setattr(selection, "try_students", original)
    return seen[0]


@pytest.mark.parametrize("teacher_cv", [None, "oob", 3])
@pytest.mark.parametrize("fold", [0, 2])
def test_no_target_of_a_fold_changes_with_its_validation_labels(
    monkeypatch, table, teacher_cv, fold
):
    X, y = table
    folds = list(KFold(3).split(X))
    permuted = y.copy()
    valid = folds[fold][1]
    permuted[valid] = np.random.default_rng(0).permutation(y[valid])
    assert (permuted != y).any()
    model = search_cv(
        forest(),
        cv=folds,
        teacher_cv=teacher_cv,
        candidates=[*FIVE, "transfer", 0.3, ("fast", 0.1), ("residual", 0.5)],
    )
    before, after = (
        recorded_targets(monkeypatch, clone(model), X, labels) for labels in (y, permuted)
    )
    assert set(before[fold]) == {*FIVE[:4], "transfer", 0.3, ("fast", 0.1), ("residual", 0.5)}
    for name, targets in before[fold].items():
        assert_array_equal(targets.own, after[fold][name].own)
    # The rows that were made, their target, and the rows that they were made of.
    (made,), (same,) = (found[fold]["transfer"].further for found in (before, after))
    for part, again in zip(made, same, strict=True):
        assert_array_equal(part, again)
    other = 1
    assert any((before[other][n].own != after[other][n].own).any() for n in before[other])
    assert (before[other]["transfer"].further[0][1] != after[other]["transfer"].further[0][1]).any()


# Stratified folds depend on the labels, so these do not.
@pytest.mark.parametrize("teacher_cv", [None, "oob", KFold(3)])
def test_out_of_fold_target_of_a_row_ignores_its_label(monkeypatch, table, teacher_cv):
    """Also inside the training part no teacher, and no residual model, has seen the row's label."""
    X, y = table
    folds = list(KFold(3).split(X))
    changed = y.copy()
    changed[150] = "yes" if y[150] == "no" else "no"
    # A share of 0 lets the label enter through the probabilities only.
    model = search_cv(
        forest(), cv=folds, teacher_cv=teacher_cv, candidates=["cross_fit", ("residual", 0)]
    )
    before, after = (
        recorded_targets(monkeypatch, clone(model), X, labels) for labels in (y, changed)
    )
    place = int(np.flatnonzero(folds[0][0] == 150)[0])
    assert before[0]["cross_fit"].own[place] == after[0]["cross_fit"].own[place]


def test_blend_weights_of_a_fold_use_no_row_of_it():
    rng = np.random.default_rng(0)
    own, changed = rng.uniform(0.1, 0.9, size=(2, 3, 90))
    task, valid = made_up_task(np.zeros(90, dtype=int)), np.arange(30, 60)
    others = np.delete(np.arange(90), valid)
    changed[:, others] = own[:, others]
    members, strangers = (
        [np.column_stack([p, 1 - p]) for p in answers] for answers in (own, changed)
    )
    assert_array_equal(
        selection.weights_without(task, members, valid),
        selection.weights_without(task, strangers, valid),
    )
    nobody = np.arange(0)
    assert not np.allclose(
        selection.weights_without(task, members, nobody),
        selection.weights_without(task, strangers, nobody),
    )


# ---- cost ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_folds", [3, 4])
@pytest.mark.parametrize(
    ("student", "fifth"), [(CountedTree(min_samples_leaf=5), "transfer"), (CountedLine(), "blend")]
)
def test_leaving_two_folds_out_costs_a_teacher_for_each_pair_and_each_fold(
    table, n_folds, student, fifth
):
    CountedTeacher.fits = type(student).fits = 0
    model = search_cv(CountedTeacher(), student, cv=n_folds).fit(*table)
    assert fifth in model.cv_results_["candidate"]
    chosen = [model.best_candidate_]
    if chosen == ["blend"]:
        chosen = [name for name, weight in model.blend_weights_.items() if weight > 0]
    # In-sample answers about all rows want a teacher of all rows.
    assert CountedTeacher.fits == n_folds * (n_folds + 1) // 2 + ("in_sample" in chosen)
    # Five candidates in each fold, and the winner.
    assert type(student).fits == 5 * n_folds + 1


def test_out_of_bag_search_costs_a_teacher_for_each_fold_and_one(table):
    CountedForest.fits = CountedTree.fits = 0
    model = search_cv(CountedForest(60, random_state=0), CountedTree(), teacher_cv="oob")
    model.fit(*table)
    assert CountedForest.fits == 3 + 1
    assert CountedTree.fits == 5 * 3 + 1


def test_nested_search_costs_its_folds_in_each_part(table):
    CountedTeacher.fits = 0
    search_cv(CountedTeacher(), teacher_cv=2, candidates=["cross_fit", 0.2, 0.4]).fit(*table)
    assert CountedTeacher.fits == (3 + 1) * 2


def test_labels_need_no_teacher(table):
    CountedTeacher.fits = 0
    model = search_cv(CountedTeacher(), candidates=["labels"]).fit(*table)
    assert CountedTeacher.fits == 0
    assert model.best_candidate_ == "labels"


@pytest.mark.parametrize("teacher_cv", [None, "oob", 2])
def test_memory_spares_the_teachers_of_a_second_search(table, tmp_path, teacher_cv):
    model = search_cv(
        CountedForest(60, random_state=0),
        teacher_cv=teacher_cv,
        memory=tmp_path,
        candidates=["labels", "cross_fit", "residual"],
        calibrate=False,
    )
    first = model.fit(*table).predict_proba(table[0])
    CountedForest.fits = 0
    again = clone(model).set_params(min_gain_se=0.5, calibrate=False).fit(*table)
    assert CountedForest.fits == 0
    assert_array_equal(again.predict_proba(table[0]), first)


# ---- what is found ---------------------------------------------------------------------------


def test_scores_are_those_of_students_fitted_by_hand(table):
    X, y = table
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    model = search_cv(candidates=["labels", 1.0], cv=folds, shrinkage=0).fit(X, y)
    by_hand = cross_val_predict(student_on_labels(tree()), X, y, cv=folds, method="predict_proba")
    expected = -log_loss(y, floor_proba(by_hand, 1 / 500))
    assert model.cv_results_["mean_test_score"][0] == pytest.approx(expected)
    # With squared error the full correction is the label.
    assert_array_equal(*model.cv_results_["mean_test_score"])


@pytest.mark.parametrize(
    ("candidate", "same"),
    [
        ("cross_fit", CrossFitDistiller(GaussianNB(), tree(), cv=3, random_state=0)),
        (0.4, LossCorrectedDistiller(GaussianNB(), tree(), correction=0.4, cv=3, random_state=0)),
        ("residual", LossCorrectedDistiller(GaussianNB(), tree(), cv=3, random_state=0)),
        (
            ("slow", 0.3),
            LossCorrectedDistiller(
                GaussianNB(), tree(), correction="slow", c=0.3, cv=3, random_state=0
            ),
        ),
        ("labels", student_on_labels(tree())),
    ],
)
def test_winner_is_the_distiller_of_that_name(table, candidate, same):
    X, y = table
    model = search_cv(candidates=[candidate], calibrate=False, shrinkage=0).fit(X, y)
    assert model.best_candidate_ == candidate
    assert_array_equal(model.predict_proba(X), same.fit(X, y).predict_proba(X))


@pytest.mark.parametrize("teacher_cv", [None, 3])
def test_in_sample_winner_learns_from_a_teacher_of_all_rows(table, teacher_cv):
    X, y = table
    model = search_cv(candidates=["in_sample"], teacher_cv=teacher_cv, shrinkage=0).fit(X, y)
    proba = GaussianNB().fit(X, y).predict_proba(X)
    by_hand = tree().fit(X, proba[:, 1]).predict(X)
    assert_allclose(model.student_.predict(X), by_hand, rtol=1e-9)


@pytest.mark.parametrize("table_name", ["binary", "three_classes"])
@pytest.mark.parametrize(
    "student",
    [
        tree(),
        LogisticRegression(max_iter=3000),
        MLPRegressor(hidden_layer_sizes=(8,), learning_rate_init=0.02, tol=3e-3, random_state=0),
    ],
)
def test_results_have_the_shape_of_a_grid_search(request, table_name, student):
    X, y = request.getfixturevalue(table_name)
    model = search_cv(forest(), student, teacher_cv="oob").fit(X, y)
    # What trees and networks gain from is not what others gain from.
    with_made = not isinstance(student, LogisticRegression)
    names = [*FIVE[:4], "transfer" if with_made else "blend"]
    results = model.cv_results_
    assert list(results["candidate"]) == names
    assert [p["candidate"] for p in results["params"]] == names
    for key in (
        "mean_test_score",
        "se_test_score",
        "std_test_score",
        "rank_test_score",
        "mean_fit_time",
        "shrinkage",
        "split0_test_score",
        "split2_test_score",
    ):
        assert len(results[key]) == len(names)
    assert model.best_score_ == results["mean_test_score"][model.best_index_]
    assert names[model.best_index_] == model.best_candidate_
    if not with_made:
        assert sum(model.blend_weights_.values()) == pytest.approx(1)
        assert set(model.blend_weights_) == set(FIVE[:4])
    assert hasattr(model, "blend_weights_") is not with_made
    assert model.score(X, y) > 0.8
    assert pickle.loads(pickle.dumps(model)).best_candidate_ == model.best_candidate_


def test_overfit_share_of_a_forest_and_of_a_stable_teacher(table):
    X, y, _ = noisy(1500, seed=1)
    candidates = ["in_sample", "cross_fit"]
    of_forest = search_cv(forest(100), candidates=candidates, teacher_cv="oob").fit(X, y)
    of_bayes = search_cv(candidates=candidates).fit(X, y)
    # 1 − 1/e for an unpruned bootstrap forest; ten parameters on 1,000 rows remember about 1 %.
    assert of_forest.overfit_share_ == pytest.approx(1 - np.exp(-1), abs=0.03)
    assert abs(of_bayes.overfit_share_) < 0.03
    assert not hasattr(of_bayes.set_params(candidates=["cross_fit"]).fit(X, y), "overfit_share_")


def test_useless_teacher_is_not_followed():
    X, y, _ = noisy(600, seed=0)
    model = search_cv(DummyClassifier(strategy="prior"), candidates=["labels", "cross_fit"])
    model.set_params(student=LogisticRegression()).fit(X, y)
    assert model.best_candidate_ == "labels"


def test_good_teacher_is_followed():
    X, y, _ = noisy(600, seed=0)
    model = search_cv(
        LogisticRegression(),
        DecisionTreeRegressor(random_state=0),
        candidates=["labels", "cross_fit"],
    )
    assert model.fit(X, y).best_candidate_ == "cross_fit"


@pytest.mark.parametrize("scoring", ["roc_auc", "neg_brier_score", "accuracy", "neg_log_loss"])
def test_any_scorer(table, scoring):
    X, y = table
    if scoring in ("neg_brier_score",):
        y = (y == "yes").astype(int)
    model = search_cv(forest(), teacher_cv="oob", scoring=scoring).fit(X, y)
    assert np.isfinite(model.best_score_)


def test_own_scorer_is_given_a_classifier_and_validation_rows(table):
    X, y = table
    sizes = []

    def scorer(classifier, rows, labels):
        sizes.append(len(labels))
        return classifier.score(rows, labels)

    search_cv(candidates=["cross_fit"], scoring=scorer, shrinkage=0).fit(X, y)
    # Once on all rows, to see that it can judge a classifier, and once in each fold.
    assert sizes == [300, 100, 100, 100]


def test_scorer_may_read_the_rows():
    X, y, _ = noisy(200, seed=0)
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(X.shape[1])])

    def cost(classifier, rows, labels):
        return -float((rows["x1"].abs() * (classifier.predict(rows) != labels)).mean())

    assert search_cv(candidates=["labels", "cross_fit"], scoring=cost).fit(frame, y).best_score_ < 0


@pytest.mark.parametrize("candidates", [["labels", "cross_fit"], ["cross_fit", "labels"]])
def test_candidate_without_a_finite_score_is_not_chosen(candidates):
    X, y, _ = noisy(200, seed=0)

    def picky(classifier, rows, labels):
        proba = classifier.predict_proba(rows)
        return np.nan if np.isin(proba, [0, 1]).all() else classifier.score(rows, labels)

    model = search_cv(
        LogisticRegression(),
        DecisionTreeRegressor(random_state=0),
        candidates=candidates,
        scoring=picky,
        shrinkage=0,
    )
    with pytest.warns(UserWarning, match=r"candidates \['labels'\] are not finite"):
        model.fit(X, y)
    assert model.best_candidate_ == "cross_fit"
    ranks = dict(zip(candidates, model.cv_results_["rank_test_score"], strict=True))
    assert ranks == {"cross_fit": 1, "labels": 2}


def test_fold_whose_rows_weigh_nothing_has_no_score_but_does_not_end_the_search():
    X, y, _ = noisy(300, seed=0)
    groups = np.arange(300) // 25
    weights = np.ones(300)
    [*_, (_, switched_off)] = GroupKFold(4).split(X, y, groups)
    weights[switched_off] = 0
    model = search_cv(candidates=["labels", "cross_fit"], cv=GroupKFold(4))
    model.fit(X, y, sample_weight=weights, groups=groups)
    folds = [model.cv_results_[f"split{k}_test_score"] for k in range(4)]
    assert sorted(np.isnan(fold).all() for fold in folds) == [False, False, False, True]
    assert np.isfinite(model.cv_results_["std_test_score"]).all()
    assert np.isfinite(model.best_score_)


def test_scorer_that_judges_no_candidate_is_refused():
    X, y, _ = noisy(200, seed=0)
    model = search_cv(
        candidates=["labels", "cross_fit"],
        scoring=lambda classifier, rows, labels: 1.0 if len(rows) == 200 else np.nan,
    )
    with pytest.raises(ValueError, match="no finite score for any candidate"):
        model.fit(X, y)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_same_bits_for_any_number_of_jobs(table, n_jobs):
    X, y = table
    model = search_cv(forest(20), n_jobs=n_jobs).fit(X, y)
    expected = search_cv(forest(20)).fit(X, y)
    assert model.best_candidate_ == expected.best_candidate_
    assert_array_equal(
        model.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )
    assert_array_equal(model.predict_proba(X), expected.predict_proba(X))


def test_frames_with_categories_weights_and_groups():
    X, y, _ = noisy(400, seed=0)
    frame = pd.DataFrame(X).add_prefix("c").assign(kind=np.where(X[:, 0] > 0, "a", "b"))
    numeric = frame.columns[:-1].tolist()
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline

    def prepared(estimator):
        return make_pipeline(make_column_transformer(("passthrough", numeric)), estimator)

    model = search_cv(prepared(GaussianNB()), prepared(tree()), cv=GroupKFold(4))
    weight = np.random.default_rng(0).uniform(0.5, 1.5, len(y))
    model.fit(frame, y, sample_weight=weight, groups=np.arange(len(y)) % 8)
    assert model.score(frame, y) > 0.7


def test_unseen_labels_of_given_and_frozen_teachers():
    X, y, p0 = noisy(600, seed=0)
    proba = np.column_stack([1 - p0, p0])
    candidates = ["labels", "cross_fit", "residual", "blend", 0.3]
    given = search_cv(teacher_cv="unseen", candidates=candidates).fit(X, y, teacher_proba=proba)
    assert given.best_candidate_ != "labels"
    frozen = FrozenEstimator(GaussianNB().fit(*noisy(600, seed=9)[:2]))
    model = search_cv(frozen, teacher_cv="unseen", candidates=candidates).fit(X, y)
    assert model.best_candidate_ in candidates


# ---- shrunken trees --------------------------------------------------------------------------


def unpruned():
    return DecisionTreeRegressor(random_state=0)


@pytest.mark.parametrize("scoring", [None, "roc_auc"])
def test_each_candidate_is_shrunk_as_its_students_do_best_out_of_fold(table, scoring):
    """By force: a search for each number, with the same folds."""
    names = ["labels", "in_sample", "cross_fit", "residual"]
    model = search_cv(student=unpruned(), candidates=names, scoring=scoring, calibrate=False)
    found = clone(model).fit(*table)
    each = [clone(model).set_params(shrinkage=s).fit(*table).cv_results_ for s in SHRINKAGES]
    means = np.array([results["mean_test_score"] for results in each])
    best = means.argmax(axis=0)
    assert len(set(best)) > 1
    assert_array_equal(found.cv_results_["shrinkage"], np.take(SHRINKAGES, best))
    for key in ("mean_test_score", "se_test_score", "split0_test_score", "split2_test_score"):
        expected = [each[k][key][place] for place, k in enumerate(best)]
        assert_array_equal(found.cv_results_[key], expected)


@pytest.mark.parametrize("student", [unpruned(), DecisionTreeClassifier(random_state=0)])
def test_final_student_is_shrunk_as_the_winner(table, student):
    X, y = table
    model = search_cv(student=student, candidates=["cross_fit"], calibrate=False).fit(X, y)
    assert model.shrinkage_ == model.cv_results_["shrinkage"][model.best_index_] > 0
    expected = CrossFitDistiller(
        GaussianNB(), student, cv=3, shrinkage=model.shrinkage_, random_state=0
    )
    assert_array_equal(model.predict_proba(X), expected.fit(X, y).predict_proba(X))


def test_a_number_is_taken_for_every_candidate(table):
    model = search_cv(student=unpruned(), shrinkage=7).fit(*table)
    assert set(model.cv_results_["shrinkage"]) == {7.0}
    assert model.shrinkage_ == 7.0


def test_less_is_taken_where_shrinking_more_scores_the_same(table):
    constant = search_cv(student=unpruned(), scoring=lambda *_: 0.5).fit(*table)
    assert constant.shrinkage_ == 0
    assert set(constant.cv_results_["shrinkage"]) == {0.0}


def test_scores_closer_than_rounding_are_equal_and_the_smaller_number_wins():
    task = selection.Task(None, None, [None] * 2, 0.002, judge="a scorer")
    scores = {0.0: 0.2, 1.0: 0.7, 3.0: 0.7 + 1e-14, 10.0: 0.6}
    ways = [[selection.Trial(None, score, 0.0, s)] * 2 for s, score in scores.items()]
    assert [trial.shrinkage for trial in selection._best_shrunk(task, ways)] == [1.0, 1.0]


def test_numbers_that_a_scorer_cannot_judge_lose():
    task = selection.Task(None, None, [None] * 2, 0.002, judge="a scorer")
    scores = {0.0: np.nan, 1.0: -0.7, 3.0: np.inf}
    ways = [[selection.Trial(None, score, 0.0, s)] * 2 for s, score in scores.items()]
    assert [trial.shrinkage for trial in selection._best_shrunk(task, ways)] == [1.0, 1.0]


def test_where_a_blend_is_judged_on_a_fold_its_members_are_shrunk_by_the_others():
    task = selection.Task(None, None, [None] * 3, 0.002, judge="a scorer")
    by_fold = {0.0: [0.9, 0.1, 0.2], 1.0: [0.1, 0.2, 0.3]}
    ways = [[selection.Trial(None, x, 0.0, s) for x in scores] for s, scores in by_fold.items()]
    chosen = [selection._best_shrunk(task, ways, k)[0].shrinkage for k in (None, 0, 1, 2)]
    assert chosen == [0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "student",
    [LinearRegression(), DecisionTreeRegressor(monotonic_cst=[1, 0, 0, 0, 0], random_state=0)],
)
def test_students_that_cannot_be_shrunk_stay_as_they_are(table, student):
    model = search_cv(student=student).fit(*table)
    expected = search_cv(student=student, shrinkage=0).fit(*table)
    assert model.shrinkage_ == 0
    assert set(model.cv_results_["shrinkage"]) == {0.0}
    assert_array_equal(model.predict_proba(table[0]), expected.predict_proba(table[0]))


def test_every_number_is_scored_in_every_fold_and_nothing_is_fitted_for_it(table):
    sizes = []

    def scorer(classifier, rows, labels):
        sizes.append(len(labels))
        return classifier.score(rows, labels)

    CountedTree.fits = 0
    search_cv(student=CountedTree(), candidates=["cross_fit"], scoring=scorer).fit(*table)
    assert sizes == [300] + [100] * 3 * len(SHRINKAGES)
    assert CountedTree.fits == 3 + 1


def recorded_students(monkeypatch, model, X, y):
    """Fit, and return what the students of each candidate and fold say, in all ways to shrink."""
    seen = []
    original = selection._try

    def spy(student, rows, fold, *rest):
        seen.append((fold, original(student, rows, fold, *rest)))
        return seen[-1][1]

    monkeypatch.setattr(selection, "_try", spy)
    model.fit(X, y)
    monkeypatch.setattr(selection, "_try", original)
    return seen


def test_no_student_of_a_fold_changes_with_its_validation_labels(monkeypatch, table):
    X, y = table
    folds = list(KFold(3).split(X))
    valid = folds[1][1]
    permuted = y.copy()
    permuted[valid] = np.random.default_rng(0).permutation(y[valid])
    model = search_cv(student=unpruned(), cv=folds, candidates=["labels", "cross_fit", "residual"])
    before, after = (
        recorded_students(monkeypatch, clone(model), X, labels) for labels in (y, permuted)
    )
    of_fold = 0
    for (fold, trials), (_, others) in zip(before, after, strict=True):
        if not np.array_equal(fold[1], valid):
            continue
        of_fold += 1
        assert [trial.shrinkage for trial in trials] == list(SHRINKAGES)
        for trial, other in zip(trials, others, strict=True):
            assert_array_equal(trial.proba, other.proba)
    assert of_fold == 3


# ---- calibration -----------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibrated_students_are_less_sure_and_no_less_right(n_classes):
    X, y, _ = noisy(900, seed=0)
    if n_classes == 3:
        y = y + (np.random.default_rng(0).random(len(y)) < 0.2)
    student = DecisionTreeRegressor(random_state=0)
    plain = search_cv(forest(), student, teacher_cv="oob", calibrate=False, shrinkage=0)
    plain.fit(X[:600], y[:600])
    sigmoid = clone(plain).set_params(calibrate=True).fit(X[:600], y[:600])
    assert plain.calibration_ is None
    assert sigmoid.calibration_.slope < 1
    assert sigmoid.best_candidate_ == plain.best_candidate_
    losses = [log_loss(y[600:], m.predict_proba(X[600:])) for m in (plain, sigmoid)]
    assert losses[1] < losses[0]
    if n_classes == 2:
        order = [
            np.argsort(m.predict_proba(X[600:])[:, 1], kind="stable") for m in (plain, sigmoid)
        ]
        assert_array_equal(*order)
    shipped = pickle.loads(pickle.dumps(sigmoid.classifier_))
    assert_array_equal(shipped.predict_proba(X), sigmoid.predict_proba(X))


def test_a_sigmoid_that_proves_itself_is_kept_without_being_asked_for():
    X, y, _ = noisy(600, seed=0)
    student = DecisionTreeRegressor(random_state=0)
    model = search_cv(student=student, candidates=["labels"])
    forced = clone(model).set_params(calibrate=True).fit(X, y)
    assert model.fit(X, y).calibration_ == forced.calibration_
    assert_array_equal(model.predict_proba(X), forced.predict_proba(X))


def test_a_sigmoid_that_gains_nothing_is_left_out():
    """Logistic regression on its own kind of labels is calibrated as it is."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2_000, 2))
    y = (rng.random(2_000) < expit(X[:, 0])).astype(int)
    model = search_cv(student=LogisticRegression(), candidates=["labels"]).fit(X, y)
    plain = clone(model).set_params(calibrate=False).fit(X, y)
    assert model.calibration_ is None
    assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


def test_own_scoring_gets_no_sigmoid_unasked(table):
    student = DecisionTreeRegressor(random_state=0)
    model = search_cv(student=student, candidates=["labels"], scoring="roc_auc").fit(*table)
    assert model.calibration_ is None
    assert model.set_params(calibrate=True).fit(*table).calibration_ is not None


def test_sigmoids_that_are_judged_on_a_fold_have_seen_none_of_it(monkeypatch):
    n, folds = 90, list(KFold(3).split(np.zeros(90)))
    proba = np.random.default_rng(0).uniform(0.1, 0.9, size=(n, 1))
    proba = np.hstack([proba, 1 - proba])
    codes = (np.arange(n) % 2).astype(np.intp)
    task = made_up_task(codes, folds=folds)
    seen = []
    monkeypatch.setattr(
        selection, "fit_calibration", lambda p, *rest: seen.append(p) or (lambda q: q * 0 + 0.5)
    )
    selection.calibrate(task, proba, 0.5)
    for (_, valid), rows in zip(folds, seen, strict=False):
        assert len(rows) == n - len(valid)
        assert not np.isin(rows[:, 0], proba[valid, 0]).any()


@pytest.mark.parametrize("scale", [1.0, 7.0])
def test_sigmoid_is_judged_by_weighted_paired_gain(scale):
    """Rows without weight do not count, and the unit of weights does not matter."""
    rng = np.random.default_rng(0)
    n, folds = 600, list(KFold(3, shuffle=True, random_state=0).split(np.zeros(600)))
    truth = rng.uniform(0.2, 0.8, size=n)
    codes = (rng.random(n) < truth).astype(np.intp)
    sure = expit(4 * np.log(truth / (1 - truth)))
    proba, weight = np.column_stack([1 - sure, sure]), np.full(n, scale)
    task = made_up_task(codes, weight, folds)
    found = selection.calibrate(task, proba, 0.5)
    assert found.slope == pytest.approx(0.25, abs=0.1)
    weight[:] = 0
    weight[(codes == 1) == (sure > 0.5)] = scale
    # Among the rows that it has right, the student is not sure enough.
    assert selection.calibrate(task, proba, 0.5).slope > 1


# ---- pieces ----------------------------------------------------------------------------------


CHOICES = [
    # Gains on the best pure one: .1 ± 0; more than half a standard error; less than that.
    (["labels", "cross_fit", 0.5], [[0, 0], [0.1, 0.1], [0.2, 0.2]], 2),
    (["labels", "cross_fit", 0.5], [[0, 0], [0.1, 0.1], [0.05, 0.05]], 1),
    (["labels", 0.5], [[0, 0], [1.0, -0.9]], 0),
    (["labels", 0.5], [[0, 0], [1.0, 0.1]], 1),
    ([0.5, 0.7], [[0, 0], [1.0, -0.9]], 1),
    (["labels", "cross_fit"], [[0, 0], [1.0, -0.9]], 1),
]


@pytest.mark.parametrize(("names", "scores", "best"), CHOICES)
def test_best_pure_strategy_unless_another_gains_enough(names, scores, best):
    candidates = selection.parse_candidates(names)
    assert selection.choose(candidates, np.array(scores, float), np.ones(2), 0.5) == best


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        # Labels gain less than half a standard error on them, and more.
        ([[1.1, -0.9], [0.0, 0.0], [0.0, 0.0]], 1),
        ([[1.1, -0.1], [0.0, 0.0], [0.0, 0.0]], 0),
        ([[0.0, 0.0], [0.1, 0.1], [0.2, 0.2]], 2),
    ],
)
def test_made_rows_stand_where_they_are_trusted(scores, best):
    candidates = selection.parse_candidates(["labels", "transfer", ("transfer", 0.5)])
    scores = np.array(scores)
    assert selection.choose(candidates, scores, np.ones(2), 0.5, made_first=True) == best


def test_pure_candidates_stand_where_no_rows_are_made():
    candidates = selection.parse_candidates(["labels", 0.5])
    scores = np.array([[0, 0], [1.0, -0.9]])
    assert selection.choose(candidates, scores, np.ones(2), 0.5, made_first=True) == 0


def test_candidates_closer_than_rounding_are_equal_and_the_first_wins():
    candidates = selection.parse_candidates(["in_sample", "labels", 0.3, 0.5])
    losses = np.random.default_rng(0).normal(-0.3, 0.1, 50)
    scores = losses + np.array([0.0, 4e-16, 1e-13, 2e-13])[:, None]
    assert selection.choose(candidates, scores, np.ones(50), 0.5) == 0
    assert selection.choose(candidates[2:], scores[2:], np.ones(50), 0.5) == 0
    scores[1:] += 1e-6
    assert selection.choose(candidates, scores, np.ones(50), 0.5) == 1


@pytest.mark.parametrize(
    ("names", "members"),
    [
        (["blend", "labels", 0.3, "residual"], ["labels", "residual"]),
        (["labels", 0.3, ("fast", 0.1), "blend"], ["labels", 0.3, ("fast", 0.1)]),
        ([0.3, "blend", 0.5], [0.3, 0.5]),
        ([*FIVE, 0.2], FIVE[:4]),
    ],
)
def test_named_candidates_are_blended_or_all_where_few_are_named(names, members):
    found = selection.blend_members(selection.parse_candidates(names))
    assert [member.name for member in found] == members


def test_mean_score_of_a_fold_counts_rows_as_they_weigh():
    scores = np.array([[1.0, 3.0], [0.0, 4.0]])
    assert_allclose(selection._fold_means(scores, np.array([1.0, 3.0])), [2.5, 3])
    assert np.isnan(selection._fold_means(scores, np.zeros(2))).all()


def test_standard_error_is_that_of_a_mean_whatever_the_unit_of_weights():
    values = np.random.default_rng(0).normal(size=9)
    expected = values.std(ddof=1) / 3
    assert selection.standard_error(values, np.full(9, 5.0)) == pytest.approx(expected)
    # Two values of weights 1/4 and 3/4: mean .75, terms (3/16)² twice, and n/(n − 1) = 2.
    unequal = selection.standard_error(np.array([0.0, 1.0]), np.array([1.0, 3.0]))
    assert unequal == pytest.approx(3 / 16 * 2)
    assert selection.standard_error(values[:1], np.ones(1)) == 0


def test_blended_target_is_the_weighted_mean_of_targets():
    targets = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 0.0]), "c": np.array([9.0, 9.0])}
    blend = Blend("blend", weights={"a": 0.25, "b": 0.75, "c": 0.0})
    assert_allclose(blend.mix(targets), [2.5, 0.5])


@pytest.mark.parametrize("name", ["squared_error", "squared_error_logit", "cross_entropy"])
def test_label_targets_have_no_teacher_in_them(name):
    codes = np.array([0, 1, 1, 0])
    out = np.random.default_rng(0).dirichlet(np.ones(2), 4)
    loss = make_loss(name, 2, temperature=1.0, proba_floor=0.01)
    rows = Rows(np.zeros((4, 1)), codes, Classes(np.arange(2)), codes)
    (labels,) = selection.parse_candidates(["labels"])
    target = labels.target(Lesson(rows, Answers(out)), loss)
    assert_allclose(loss.probabilities(target)[np.arange(4), codes], 1, atol=0.011)


# ---- rows without labels ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("search", "teacher", "student"),
    [
        (
            LossCorrectedDistillerCV,
            GaussianNB(),
            LGBMRegressor(objective="cross_entropy", n_estimators=5, verbose=-1),
        ),
        (LossCorrectedDistillerRegressorCV, DecisionTreeRegressor(max_depth=2), PoissonRegressor()),
    ],
)
def test_auto_tries_shares_that_a_student_of_few_numbers_learns(search, teacher, student):
    """Each row with a label stands for five, and a share of .7 for 3.5 times the way to it."""
    X, y, p0 = noisy(300, seed=0)
    y = y if search is LossCorrectedDistillerCV else np.random.default_rng(0).poisson(3 * p0)
    more = noisy(1200, seed=1)[0]
    model = search(teacher, student, cv=3, random_state=0).fit(X, y, X_transfer=more)
    assert np.isfinite(model.cv_results_["mean_test_score"]).all()
    assert any(isinstance(name, float) for name in model.cv_results_["candidate"])


def test_blend_of_shares_is_no_worse_than_shares_of_rows_that_stand_for_themselves():
    rng = np.random.default_rng(0)
    X, more = rng.normal(size=(300, 2)), rng.normal(size=(1500, 2))
    y = X[:, 0] + X[:, 1] ** 2 + rng.normal(size=300)
    model = LossCorrectedDistillerRegressorCV(
        LinearRegression(),
        DecisionTreeRegressor(max_leaf_nodes=8, random_state=0),
        candidates=[0.5, 0.7, "blend"],
        cv=3,
        shrinkage=0.0,
        random_state=0,
    )
    alone = model.fit(X, y).cv_results_["mean_test_score"]
    among_others = model.fit(X, y, X_transfer=more).cv_results_["mean_test_score"]
    assert among_others[2] > alone.min() - 0.5  # it was −50.7


# ---- bad input -------------------------------------------------------------------------------


FROZEN = FrozenEstimator(GaussianNB().fit(np.arange(4.0)[:, None], [0, 1, 0, 1]))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"candidates": []}, "candidates must be 'auto' or a list with at least one of"),
        ({"candidates": "residual"}, "candidates must be 'auto' or a list"),
        ({"candidates": None}, "candidates must be 'auto' or a list"),
        (
            {"candidates": ["labels", "magic"]},
            "candidates must be 'auto' or hold names of .*found 'magic'",
        ),
        ({"candidates": [1.5]}, r"candidates holds 1.5: correction.*\[0, 1\]"),
        ({"candidates": [("fast", -1)]}, "candidates holds .*c must be a positive"),
        ({"candidates": [("quick", 1)]}, "candidates holds .*correction must be 'residual'"),
        ({"candidates": [("residual", 2)]}, "candidates holds .*c must be a share"),
        ({"candidates": ["labels", "labels"]}, "candidates must differ"),
        ({"candidates": ["blend"]}, "at least two others besides 'blend'"),
        ({"candidates": ["labels", "blend"]}, "at least two others besides 'blend'"),
        ({"scoring": "beauty"}, "scoring='beauty' cannot judge a classifier"),
        ({"scoring": "r2"}, "scoring='r2' judges numbers and not classes"),
        ({"cv": 1}, "cv must be at least 2 folds"),
        ({"cv": 2}, "cv must give at least 3 folds with teacher_cv=None, and 2 otherwise"),
        ({"cv": 200}, "cv=200 folds need at least 200 rows of each class"),
        ({"teacher_cv": [([0], [1])]}, "an iterable of rows does not fit the training part"),
        ({"teacher_cv": "in_sample"}, "teacher_cv must be None, 'oob', 'unseen', a number"),
        ({"teacher_cv": 1}, "cv must be at least 2 folds"),
        ({"cv": "oob"}, "cv must be a number of folds.*out-of-bag answers with teacher_cv='oob'"),
        ({"teacher_cv": "oob"}, "cv='oob' needs a bagging teacher"),
        ({"teacher_cv": "unseen"}, "'unseen' is for a frozen teacher or given answers"),
        (
            {"min_gain_se": -0.1},
            "'min_gain_se' parameter of .* must be a float.*-0.1",
        ),
        (
            {"calibrate": "always"},
            "'calibrate' parameter of .* must be .*'always'",
        ),
        (
            {"min_gain_se": None},
            "'min_gain_se' parameter of .* must be a float.*None",
        ),
        ({"teacher": FROZEN}, "only the candidate 'labels' would be judged honestly"),
        ({"teacher": FROZEN, "teacher_cv": "unseen"}, "must not hold 'in_sample' for a frozen"),
    ],
)
def test_bad_input_is_refused_before_anything_is_fitted(table, params, message):
    CountedTeacher.fits = CountedTree.fits = 0
    settings = {"teacher": CountedTeacher(), "student": CountedTree()} | params
    with pytest.raises(ValueError, match=message):
        search_cv(**settings).fit(*table)
    assert CountedTeacher.fits == CountedTree.fits == 0


def test_given_probabilities_are_refused_without_a_statement(table):
    X, y = table
    proba = np.full((len(y), 2), 0.5)
    with pytest.raises(ValueError, match="state teacher_cv='unseen'"):
        search_cv().fit(X, y, teacher_proba=proba)
    only_labels = search_cv(candidates=["labels"]).fit(X, y, teacher_proba=proba)
    assert only_labels.best_candidate_ == "labels"


def test_student_may_be_any_classifier(table):
    model = search_cv(student=DecisionTreeClassifier(max_depth=3, random_state=0))
    assert model.fit(*table).score(*table) > 0.6
