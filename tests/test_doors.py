"""No second door: what is checked or warned of is so for every public entry."""

import threading
import warnings

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistiller,
    LossCorrectedDistillerCV,
    SoftmaxRegression,
    compare_students,
    diagnose_teacher,
    distillation_curve,
    distillation_targets,
    teacher_probabilities,
)
from skdistill._utils.warn import quiet
from skdistill.evaluation import diagnosis
from skdistill.outcomes import Classes
from skdistill.rows import Rows
from skdistill.sources.folds import quiet_folds
from skdistill.students.calibration import fit_calibration
from skdistill.targets import residual
from skdistill.targets.residual import ResidualModel

TREE = DecisionTreeRegressor(max_leaf_nodes=30, random_state=0)
FOREST = RandomForestClassifier(60, random_state=0)
LEAVES = {"param_name": "max_leaf_nodes", "param_range": [30]}


def curve(teacher, X, y, **how):
    how = {"cv": GroupKFold(4), "methods": ["cross_fit"]} | how
    return distillation_curve(teacher, TREE, X, y, **LEAVES, random_state=0, **how)


# ---- groups ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def patients():
    """150 patients, 8 nearly equal visits each; a patient's label is a coin flip."""
    rng = np.random.RandomState(0)
    groups = np.repeat(np.arange(150), 8)
    X = rng.randn(150, 5)[groups] + 0.01 * rng.randn(1200, 5)
    return X, rng.randint(0, 2, 150)[groups], groups


def search(**params):
    settings = {"cv": GroupKFold(3), "random_state": 0, "candidates": ["cross_fit"]} | params
    return LossCorrectedDistillerCV(FOREST, TREE, **settings)


OOB_DOORS = {
    "distiller": lambda X, y, g: CrossFitDistiller(FOREST, TREE, cv="oob").fit(X, y, groups=g),
    "corrected": lambda X, y, g: LossCorrectedDistiller(FOREST, TREE, cv="oob").fit(X, y, groups=g),
    "search": lambda X, y, g: search(teacher_cv="oob").fit(X, y, groups=g),
    "curve": lambda X, y, g: curve(FOREST, X, y, groups=g, teacher_cv="oob"),
    "compare": lambda X, y, g: compare_students(FOREST, TREE, X, y, groups=g, teacher_cv="oob"),
    "diagnose": lambda X, y, g: diagnose_teacher(FOREST, X, y, groups=g, cv="oob"),
    "ask": lambda X, y, g: teacher_probabilities(FOREST, X, y, groups=g, cv="oob"),
    "targets": lambda X, y, g: distillation_targets(FOREST, X, y, groups=g, cv="oob"),
}


@pytest.mark.parametrize("door", OOB_DOORS)
def test_bags_refuse_groups(patients, door):
    with pytest.raises(ValueError, match="bags ignore groups"):
        OOB_DOORS[door](*patients)


TORN_DOORS = {
    "distiller": lambda X, y, g: CrossFitDistiller(
        FOREST, TREE, cv=list(KFold(3, shuffle=True, random_state=0).split(X))
    ).fit(X, y, groups=g),
    "curve": lambda X, y, g: curve(
        FOREST, X, y, groups=g, cv=list(KFold(3, shuffle=True, random_state=0).split(X))
    ),
    "ask": lambda X, y, g: teacher_probabilities(
        FOREST, X, y, groups=g, cv=list(KFold(3, shuffle=True, random_state=0).split(X))
    ),
}


@pytest.mark.parametrize("door", TORN_DOORS)
def test_folds_that_tear_groups_apart_are_refused(patients, door):
    with pytest.raises(ValueError, match="fold 1 on rows of one group, 0: use a splitter"):
        TORN_DOORS[door](*patients)


def coins(scores):
    """Whether mean log losses are near a coin's, .693, and not those of who saw siblings, 2."""
    return all(-1.1 < score < -0.6 for score in scores)


def test_number_of_folds_keeps_groups_together(patients):
    X, y, groups = patients
    asked = teacher_probabilities(FOREST, X, y, groups=groups, cv=5, random_state=0)
    diagnosis = diagnose_teacher(FOREST, X, y, groups=groups, random_state=0)
    found = search(cv=3, teacher_cv=3, candidates=["cross_fit", "residual"])
    found.fit(X, y, groups=groups)
    assert coins([-log_loss(y, asked), -diagnosis.out_of_fold_log_loss])
    assert coins(found.cv_results_["mean_test_score"])


def test_learned_correction_keeps_groups_of_given_answers_together(patients):
    X, y, groups = patients
    proba = cross_val_predict(FOREST, X, y, groups=groups, cv=GroupKFold(5), method="predict_proba")
    rng = np.random.RandomState(1)
    X_new, y_new = rng.randn(2000, 5), rng.randint(0, 2, 2000)
    model = LossCorrectedDistiller(None, TREE, random_state=0)
    losses = [
        log_loss(y_new, model.fit(X, y, teacher_proba=proba, groups=g).predict_proba(X_new))
        for g in (groups, None)
    ]
    assert losses[0] < losses[1]
    with pytest.raises(ValueError, match="splits no rows here"):
        Distiller(None, TREE).fit(X, y, teacher_proba=proba, groups=groups)


def test_folds_of_our_own_keep_groups_together(patients):
    _, y, groups = patients
    splits = quiet_folds(y, 0, groups=groups)
    assert_array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(1200))
    for train, test in splits:
        assert not np.isin(groups[test], groups[train]).any()


# ---- classes that a fold lacks -----------------------------------------------------------------


@pytest.fixture(scope="module")
def sites():
    rng = np.random.RandomState(0)
    site, X = np.repeat(np.arange(5), 100), rng.randn(500, 4)
    y = (X[:, 0] > 0).astype(int)
    y[(site == 4) & (X[:, 1] > 0.5)] = 2
    return X, y, site


@pytest.mark.parametrize(
    "door",
    [
        lambda X, y, g: CrossFitDistiller(GaussianNB(), TREE, cv=GroupKFold(5)).fit(X, y, groups=g),
        lambda X, y, g: LossCorrectedDistillerCV(
            GaussianNB(), TREE, cv=GroupKFold(5), candidates=["labels"]
        ).fit(X, y, groups=g),
        lambda X, y, g: teacher_probabilities(GaussianNB(), X, y, cv=GroupKFold(5), groups=g),
        lambda X, y, g: curve(GaussianNB(), X, y, groups=g, cv=GroupKFold(5), methods=["labels"]),
        lambda X, y, g: diagnose_teacher(GaussianNB(), X, y, cv=GroupKFold(5), groups=g),
    ],
)
def test_class_that_a_fold_lacks_is_named_with_the_fold(sites, door):
    with pytest.warns(UserWarning, match="Fold . of 5 trains on no row of class 2"):
        door(*sites)


def test_scorer_that_a_fold_defeats_is_told_before_any_teacher(sites):
    X, y, site = sites
    model = LossCorrectedDistillerCV(
        FailsAlways(), TREE, cv=GroupKFold(5), scoring="roc_auc_ovr", teacher_cv=3
    )
    with (
        pytest.warns(UserWarning, match="trains on no row"),
        pytest.raises(ValueError, match="scoring='roc_auc_ovr' cannot judge fold . of 5"),
    ):
        model.fit(X, y, groups=site)


@pytest.mark.parametrize("scoring", ["roc_auc_ovr", "neg_log_loss"])
def test_scorer_that_test_rows_defeat_is_told_before_any_teacher(sites, scoring):
    X, y, _ = sites
    few = y != 2
    halves = np.flatnonzero(few), np.flatnonzero(~few)
    with pytest.raises(ValueError, match=f"scoring='{scoring}' cannot judge the test rows: .*Use"):
        compare_students(
            FailsAlways(), TREE, X, y, X_test=X[few], y_test=y[few], scoring=scoring, rehearse=False
        )
    with (
        pytest.warns(UserWarning, match="trains on no row"),
        pytest.raises(ValueError, match=f"scoring='{scoring}' cannot judge fold 1 of 2: .*Use"),
    ):
        distillation_curve(
            FailsAlways(),
            TREE,
            X,
            y,
            param_name="max_depth",
            param_range=[2],
            cv=[halves, halves[::-1]],
            scoring=scoring,
            rehearse=False,
        )


class FailsAlways(GaussianNB):
    """A teacher that must not be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("a teacher was fitted")


# ---- teachers that have seen the labels --------------------------------------------------------


@pytest.fixture(scope="module")
def seen():
    rng = np.random.RandomState(0)
    X = rng.randn(800, 6)
    y = (X[:, 0] + 2.5 * rng.randn(800) > 0).astype(int)
    return X, y, RandomForestClassifier(100, random_state=0).fit(X, y)


@pytest.mark.parametrize(
    "wrap",
    [
        FrozenEstimator,
        lambda model: CalibratedClassifierCV(FrozenEstimator(model)),
        lambda model: VotingClassifier(
            [("a", FrozenEstimator(model)), ("b", LogisticRegression())], voting="soft"
        ),
    ],
)
def test_teacher_that_is_judged_on_rows_it_has_learned_is_told_of(seen, wrap):
    X, y, fitted = seen
    teacher = wrap(fitted)
    with pytest.warns(UserWarning, match="had seen the labels of the very rows"):
        compare_students(teacher, TREE, X, y, methods=["labels"], random_state=0)
    with pytest.warns(UserWarning, match="had seen the labels of the very rows"):
        curve(teacher, X, y, cv=3, methods=["labels"])


def test_frozen_teacher_of_other_rows_is_judged_without_a_word(seen):
    _, _, fitted = seen
    rng = np.random.RandomState(1)
    X = rng.randn(800, 6)
    y = (X[:, 0] + 2.5 * rng.randn(800) > 0).astype(int)
    compare_students(FrozenEstimator(fitted), TREE, X, y, methods=["labels"], random_state=0)


# ---- answers that are no probabilities ---------------------------------------------------------


class Answers(ClassifierMixin, BaseEstimator):
    """Naive Bayes whose answers are put on another scale."""

    def __init__(self, scale="percent"):
        self.scale = scale

    def fit(self, X, y, sample_weight=None):
        self.inner_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        proba = self.inner_.predict_proba(X)
        if self.scale == "logarithm":
            return self.inner_.predict_log_proba(X)
        return proba * {"percent": 100, "half": 0.5, "twice": 2, "huge": 1e308}[self.scale]

    def predict(self, X):
        return self.inner_.predict(X)


SCALES = ["percent", "half", "twice", "huge", "logarithm"]
WRONG = "must be probabilities in|must sum to 1|infinite"


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.filterwarnings("ignore:overflow")
def test_answers_on_another_scale_are_refused(binary, scale):
    X, y = binary
    teacher = Answers(scale)
    doors = [
        lambda: Distiller(teacher, TREE).fit(X, y),
        lambda: CrossFitDistiller(teacher, TREE).fit(X, y),
        lambda: LossCorrectedDistillerCV(teacher, TREE).fit(X, y),
        lambda: compare_students(teacher, TREE, X, y, methods=["labels"]),
        lambda: diagnose_teacher(teacher, X, y),
        lambda: curve(teacher, X, y, cv=3),
        lambda: teacher_probabilities(teacher, X, y),
        lambda: CrossFitDistiller(GaussianNB(), teacher).fit(X, y),
    ]
    for door in doors:
        with pytest.raises(ValueError, match=WRONG):
            door()


class AnswersNan(RegressorMixin, BaseEstimator):
    """A student that breaks without a word."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.where(np.arange(len(X)) == len(X) - 1, np.nan, 0.5)


def test_student_that_answers_nan_is_refused_and_leaves_nothing(binary):
    X, y = binary
    model = LossCorrectedDistillerCV(GaussianNB(), TREE, cv=3, random_state=0)
    before = model.fit(X, y).predict_proba(X)
    with pytest.raises(ValueError, match="student AnswersNan answers must be finite"):
        model.set_params(student=AnswersNan()).fit(X[:, :4], y)
    assert_array_equal(model.predict_proba(X), before)
    assert model.n_features_in_ == X.shape[1]
    assert model.set_params(student=TREE).fit(X[:, :4], y).n_features_in_ == 4


# ---- weights -----------------------------------------------------------------------------------


def test_scorer_and_correction_get_the_weights_that_were_asked_for():
    X, y = make_classification(600, 6, flip_y=0.2, random_state=0)
    weight = np.where(X[:, 0] > 0, 10.0, 0.01)
    seen = []

    def judge(y_true, proba, sample_weight=None):
        seen.append(sample_weight is not None)
        return -log_loss(y_true, proba, sample_weight=sample_weight)

    teacher, student = (
        LogisticRegression(),
        DecisionTreeRegressor(max_leaf_nodes=20, random_state=0),
    )
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(judge, response_method="predict_proba")
        scorer = scorer.set_score_request(sample_weight=True)
        t, s = (clone(m).set_fit_request(sample_weight=True) for m in (teacher, student))
        search = LossCorrectedDistillerCV(
            t, s, cv=3, scoring=scorer, candidates=["labels"], shrinkage=0, random_state=0
        ).fit(X, y, sample_weight=weight)
        t, s = (clone(m).set_fit_request(sample_weight="w") for m in (teacher, student))
        alias = LossCorrectedDistiller(t, s, cv=3, random_state=0).fit(X, y, w=weight)
    assert seen == [False, True, True, True]  # once to see that it can judge
    plain = LossCorrectedDistillerCV(
        teacher, student, cv=3, candidates=["labels"], shrinkage=0, random_state=0
    ).fit(X, y, sample_weight=weight)
    assert search.best_candidate_ == plain.best_candidate_
    expected = LossCorrectedDistiller(teacher, student, cv=3, random_state=0)
    expected.fit(X, y, sample_weight=weight)
    assert_array_equal(alias.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize(("cv", "are_drawn"), [(3, True), (KFold(3), False)])
@pytest.mark.parametrize(
    "door",
    [
        lambda X, y, cv: compare_students(
            GaussianNB(), TREE, X, y, methods=["corrected"], teacher_cv=cv
        ),
        lambda X, y, cv: distillation_curve(
            GaussianNB(),
            TREE,
            X,
            y,
            param_name="max_depth",
            param_range=[2],
            methods=["corrected"],
            cv=2,
            teacher_cv=cv,
        ),
        lambda X, y, cv: diagnose_teacher(GaussianNB(), X, y, cv=cv),
        lambda X, y, cv: distillation_targets(GaussianNB(), X, y, correction="residual", cv=cv),
        lambda X, y, cv: LossCorrectedDistiller(GaussianNB(), TREE, cv=cv).fit(X, y),
        lambda X, y, cv: LossCorrectedDistillerCV(
            GaussianNB(), TREE, cv=cv, candidates=["residual"]
        ).fit(X, y),
        lambda X, y, cv: LossCorrectedDistillerCV(
            GaussianNB(), TREE, cv=3, teacher_cv=cv, candidates=["residual"]
        ).fit(X, y),
    ],
)
def test_only_folds_that_were_drawn_are_joined_for_the_learned_correction(
    patients, door, cv, are_drawn, told_of_folds
):
    X, y, _ = patients
    door(X[:200], y[:200], cv)
    assert set(told_of_folds) == {are_drawn}


@pytest.mark.parametrize("cv", [3, "in_sample"])
@pytest.mark.parametrize("grouped", [True, False])
def test_groups_are_not_joined_for_the_learned_correction(patients, cv, grouped, told_of_folds):
    X, y, groups = patients
    model = LossCorrectedDistiller(GaussianNB(), TREE, cv=cv)
    model.fit(X, y, groups=groups if grouped else None)
    assert told_of_folds == [not grouped]


@pytest.fixture
def told_of_folds(monkeypatch):
    """What models of the learned correction are told of their folds."""
    told = []

    class Listening(ResidualModel):
        def fit(self, *args, are_drawn, **kwargs):
            told.append(are_drawn)
            return super().fit(*args, are_drawn=are_drawn, **kwargs)

    for module in (residual, diagnosis):
        monkeypatch.setattr(module, "ResidualModel", Listening)
    return told


def test_rows_of_weight_zero_do_not_move_the_learned_correction():
    rng = np.random.RandomState(0)
    X = rng.randn(900, 4)
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.randn(900) > 0).astype(int)
    weight = (rng.rand(900) > 0.5).astype(float)
    keep = np.flatnonzero(weight)
    masked = X.copy()
    masked[weight == 0] = 50 * rng.randn(900 - len(keep), 4) ** 3
    proba = np.full((900, 2), 0.5)
    folds = list(KFold(3, shuffle=True, random_state=0).split(X))
    place = np.full(900, -1)
    place[keep] = np.arange(len(keep))
    kept = [tuple(place[np.intersect1d(part, keep)] for part in fold) for fold in folds]
    classes = Classes(np.arange(2))
    all_rows = ResidualModel().fit(Rows(masked, y, classes, y, weight), proba, folds)
    few_rows = ResidualModel().fit(Rows(X[keep], y[keep], classes, y[keep]), proba[keep], kept)
    assert_allclose(all_rows.corrected[keep], few_rows.corrected)


# ---- many classes ------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [490, 510, 1000])
def test_sigmoids_of_many_classes_are_finite(n_classes):
    codes = np.arange(2 * n_classes) % n_classes
    proba = np.full((2 * n_classes, n_classes), 0.5 / n_classes)
    proba[np.arange(2 * n_classes), codes] += 0.5
    calibrated = fit_calibration(proba, codes)(proba)
    assert np.isfinite(calibrated).all()
    assert_allclose(calibrated.sum(axis=1), 1)


# ---- what ships --------------------------------------------------------------------------------


def test_search_over_the_shipped_student_is_refused_and_changes_nothing(binary):
    X, y = binary
    model = CrossFitDistiller(GaussianNB(), TREE, random_state=0).fit(X, y)
    before = model.predict_proba(X)
    for grid in ({"calibration": [None]}, {"student__max_leaf_nodes": [2]}):
        with pytest.raises(ValueError, match="A distilled classifier stays as it is"):
            GridSearchCV(model.classifier_, grid, cv=3).fit(X, y)
    assert_array_equal(model.predict_proba(X), before)
    assert clone(model.classifier_) is model.classifier_


# ---- teachers that rebalance -------------------------------------------------------------------


def test_shares_that_a_teacher_shifts_are_told_with_the_cure():
    X, y = make_classification(1500, 8, weights=[0.9], flip_y=0.02, random_state=0)
    balanced = LogisticRegression(class_weight="balanced")
    with pytest.warns(UserWarning, match="class 0 .* below its share.*LossCorrectedDistiller"):
        CrossFitDistiller(balanced, TREE, random_state=0).fit(X, y)
    LossCorrectedDistiller(balanced, TREE, random_state=0).fit(X, y)


# ---- warnings and threads ----------------------------------------------------------------------


def test_filters_of_warnings_survive_threads():
    before = list(warnings.filters)
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with quiet("nothing"):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait(10)
    with quiet("something"):
        leave.set()
        thread.join()
    assert list(warnings.filters) == before


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (lambda X, y, t, _: Distiller(FrozenEstimator(t), TREE).fit(X, y), "saw these very labels"),
        (lambda X, y, t, _: SoftmaxRegression(max_iter=1).fit(X, y), "did not converge"),
        (
            lambda X, y, t, _: CrossFitDistiller(
                RandomForestClassifier(8, random_state=0), TREE, cv="oob"
            ).fit(X, y),
            "out-of-bag votes",
        ),
        (
            lambda X, y, t, folder: CrossFitDistiller(GaussianNB(), TREE, memory=folder).fit(X, y),
            "memory has no effect",
        ),
    ],
)
def test_warning_points_at_the_users_line(seen, tmp_path, fit, message):
    with pytest.warns(UserWarning, match=message) as told:
        fit(*seen, tmp_path)
    assert {warning.filename for warning in told} == {__file__}
