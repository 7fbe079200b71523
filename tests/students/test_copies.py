"""Who learns from weighted copies, who is refused, and what is counted by weight."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import recall_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skdistill import (
    CrossFitDistiller,
    Distiller,
    LossCorrectedDistillerCV,
    SoftLabelClassifier,
    compare_students,
)
from skdistill.evaluation import student_on_labels
from skdistill.students.copies import fit_soft_labels

P = np.array([[0.9, 0.1], [0.3, 0.7]] * 30)
X = np.random.default_rng(0).normal(size=(60, 2)) + P[:, 1:]


def tree(**params):
    return DecisionTreeClassifier(random_state=0, **params)


# ---- what splits rows inside its fit ----------------------------------------------------------

SPLITTERS = [
    (SVC(probability=True), "probability=True"),
    (NuSVC(probability=True), "probability=True"),
    (GridSearchCV(tree(), {"max_depth": [1, 2]}), "cv=None"),
    (TunedThresholdClassifierCV(LogisticRegression()), "cv=None"),
    (LogisticRegressionCV(cv=3), "cv=3"),
    (HistGradientBoostingClassifier(early_stopping=True), "early_stopping=True"),
    (GradientBoostingClassifier(n_iter_no_change=3), "n_iter_no_change=3"),
    (MLPClassifier(early_stopping=True), "early_stopping=True"),
    (make_pipeline(StandardScaler(), SVC(probability=True)), "probability=True"),
    (BaggingClassifier(CalibratedClassifierCV(GaussianNB())), "cv=None"),
    (VotingClassifier([("a", SVC(probability=True))], voting="soft"), "probability=True"),
]


@pytest.mark.parametrize(("student", "reason"), SPLITTERS)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_student_that_splits_rows_is_refused_at_every_door(binary, student, reason):
    X, y = binary
    message = rf"splits rows inside its fit \({reason}\)"
    teacher = GaussianNB()
    doors = [
        lambda: Distiller(teacher, student).fit(X, y),
        lambda: LossCorrectedDistillerCV(teacher, student).fit(X, y),
        lambda: compare_students(teacher, student, X, y),
        lambda: Distiller(teacher, SoftLabelClassifier(student)).fit(X, y),
        lambda: SoftLabelClassifier(student).fit(np.zeros((60, 2)), P),
    ]
    # A bag may hold a classifier without weights, which others refuse earlier.
    for door in doors:
        with pytest.raises(ValueError, match=rf"{message}|takes no sample_weight|takes sample_w"):
            door()


def test_labels_alone_show_each_row_once(binary):
    X, y = binary
    search = GridSearchCV(tree(), {"max_depth": [1, 3]}, cv=3)
    alone = clone(search).fit(X, y)
    model = student_on_labels(search).fit(X, y)
    assert model.student_.best_params_ == alone.best_params_
    assert_array_equal(model.predict(X), alone.predict(X))


def test_search_with_nothing_to_choose_may_learn(binary):
    X, y = binary
    search = GridSearchCV(tree(max_depth=3), {"min_samples_leaf": [2]}, cv=2)
    expected = Distiller(GaussianNB(), tree(max_depth=3, min_samples_leaf=2)).fit(X, y)
    found = Distiller(GaussianNB(), search).fit(X, y)
    assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


class Folds(ClassifierMixin, BaseEstimator):
    """Keeps the folds that it is given inside its fit."""

    def __init__(self, cv=3):
        self.cv = cv

    def fit(self, X, y, sample_weight=None):
        self.seen_ = [(X[train, 0], X[test, 0]) for train, test in self.cv]
        self.inner_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


def test_folds_inside_keep_the_copies_of_a_row_together():
    fitted = fit_soft_labels(Folds(), X, P, np.array([0, 1]), {})
    assert len(fitted.seen_) == 3
    for train, test in fitted.seen_:
        assert not np.isin(test, train).any()
    tested = np.concatenate([test for _, test in fitted.seen_])
    assert_array_equal(np.sort(tested), np.sort(np.repeat(X[:, 0], 2)))


@pytest.mark.parametrize(
    "student",
    [
        CalibratedClassifierCV(tree(max_depth=3), cv=3),
        StackingClassifier([("nb", GaussianNB()), ("tree", tree(max_depth=3))], cv=3),
    ],
)
def test_calibrated_and_stacked_students_learn_the_right_way_round(student):
    X, y = make_classification(900, 8, flip_y=0.1, random_state=0)
    teacher = RandomForestClassifier(50, min_samples_leaf=3, random_state=0)
    model = CrossFitDistiller(teacher, student, cv=3, random_state=0).fit(X[:600], y[:600])
    # The teacher's AUC here is .93.
    assert roc_auc_score(y[600:], model.predict_proba(X[600:])[:, 1]) > 0.85


# ---- what resamples ------------------------------------------------------------------------------


class Sampler(BaseEstimator):
    """As imbalanced-learn's: draws rows by their class."""

    def fit_resample(self, X, y):
        return X[::2], y[::2]

    def fit(self, X, y):
        return self


class Resampled(ClassifierMixin, BaseEstimator):
    """As imbalanced-learn's forests: balances classes inside its fit."""

    def __init__(self, sampling_strategy="auto"):
        self.sampling_strategy = sampling_strategy

    def fit(self, X, y, sample_weight=None):
        raise AssertionError("it must not be fitted")

    def predict_proba(self, X):
        raise AssertionError


class Shortens(TransformerMixin, BaseEstimator):
    """Leaves rows out."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[::2]


@pytest.mark.parametrize(
    "student",
    [
        make_pipeline(StandardScaler(), Resampled()),
        Resampled(),
        BaggingClassifier(Resampled()),
    ],
)
def test_student_that_resamples_is_refused(binary, student):
    with pytest.raises(ValueError, match=r"The student resamples rows in its fit \(Resampled"):
        CrossFitDistiller(GaussianNB(), student).fit(*binary)


def test_pipeline_with_a_sampler_is_refused(binary):
    student = make_pipeline(StandardScaler(), tree())
    student.steps.insert(1, ("sampler", Sampler()))
    for kind in (
        student,
        clone(student).set_params(decisiontreeclassifier=DecisionTreeRegressor()),
    ):
        with pytest.raises(ValueError, match=r"The student resamples rows in its fit \(Sampler"):
            CrossFitDistiller(GaussianNB(), kind).fit(*binary)


def test_steps_that_change_the_number_of_rows_are_refused():
    student = make_pipeline(Shortens(), tree())
    with pytest.raises(ValueError, match="made 30 rows of 60, so that targets would no longer"):
        fit_soft_labels(student, X, P, np.array([0, 1]), {})


# ---- what counts classes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda weight: tree(max_depth=4, class_weight=weight),
        lambda weight: LogisticRegression(class_weight=weight),
        lambda weight: make_pipeline(StandardScaler(), LogisticRegression(class_weight=weight)),
        lambda weight: BaggingClassifier(tree(max_depth=4, class_weight=weight), random_state=0),
    ],
)
def test_balanced_weights_of_classes_do_not_vanish(make):
    X, y = make_classification(4000, 8, weights=[0.93], flip_y=0.05, class_sep=0.7, random_state=0)
    teacher = RandomForestClassifier(50, min_samples_leaf=5, random_state=0)
    recall = {}
    for weight in (None, "balanced"):
        model = CrossFitDistiller(teacher, make(weight), cv=3, random_state=0)
        model.fit(X[:2000], y[:2000])
        recall[weight] = recall_score(y[2000:], model.predict(X[2000:]))
    assert recall["balanced"] > recall[None] + 0.2


def test_balanced_weights_are_those_of_labels_where_labels_are_hard(binary):
    X, y = binary
    classes, codes = np.unique(y, return_inverse=True)
    student = LogisticRegression(class_weight="balanced", max_iter=5000)
    found = fit_soft_labels(clone(student), X, np.eye(2)[codes], classes, {})
    assert_allclose(found.coef_, student.fit(X, y).coef_, rtol=1e-3)


def test_unbalance_that_counts_rows_is_refused(binary):
    from lightgbm import LGBMClassifier

    student = LGBMClassifier(is_unbalance=True, verbose=-1)
    with pytest.raises(ValueError, match=r'counts rows of a class .* use class_weight="balanced"'):
        CrossFitDistiller(GaussianNB(), student).fit(*binary)


# ---- labels 0 to K − 1 ---------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [["a", "b", "c"], [1, 2, 3], [-1, 0, 5]])
def test_members_that_want_codes_get_codes(labels):
    X, y = load_iris(return_X_y=True)
    booster = XGBClassifier(n_estimators=10, n_jobs=1)
    names = np.array(labels)[y]
    for teacher, student in ((booster, DecisionTreeRegressor(random_state=0)), (tree(), booster)):
        coded = CrossFitDistiller(teacher, student, random_state=0).fit(X, y)
        named = CrossFitDistiller(teacher, student, random_state=0).fit(X, names)
        assert_array_equal(named.predict_proba(X), coded.predict_proba(X))
        assert_array_equal(named.predict(X), np.array(labels)[coded.predict(X)])


@pytest.mark.filterwarnings("ignore:Fold:UserWarning", "ignore:The teacher gives:UserWarning")
def test_fold_without_a_class_in_the_middle_is_no_matter():
    X, y = load_iris(return_X_y=True)
    left_out = y == 1
    folds = [
        (np.flatnonzero(~left_out), np.flatnonzero(left_out)),
        (np.flatnonzero(left_out | (np.arange(150) % 2 == 0)), np.flatnonzero(~left_out)[1::2]),
        (np.flatnonzero(left_out | (np.arange(150) % 2 == 1)), np.flatnonzero(~left_out)[::2]),
    ]
    model = CrossFitDistiller(
        XGBClassifier(n_estimators=10, n_jobs=1),
        DecisionTreeRegressor(),
        cv=folds,
        store_teacher_proba=True,
    ).fit(X, y)
    assert_array_equal(model.teacher_proba_[left_out, 1], 0)
    assert (model.predict(X)[~left_out] == y[~left_out]).mean() > 0.9


def test_error_that_codes_do_not_mend_is_the_first_one():
    class Broken(ClassifierMixin, BaseEstimator):
        def fit(self, X, y, sample_weight=None):
            raise ValueError(f"no labels like {y[0]!r}")

        def predict_proba(self, X):
            raise AssertionError

    y = np.array(["no", "yes"] * 30)
    with pytest.raises(ValueError, match="no labels like.*(no|yes)"):
        Distiller(Broken(), DecisionTreeRegressor()).fit(X, y)


# ---- mixins in the wrong order ---------------------------------------------------------------


class WrongOrder(BaseEstimator, ClassifierMixin):
    """As some packages write it: scikit-learn's tags say that it is nothing."""

    def fit(self, X, y, sample_weight=None):
        self.inner_ = tree(max_depth=3).fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


@pytest.mark.filterwarnings("ignore:.*(wrong|inherit).*")
def test_mixins_in_the_wrong_order_are_taken_for_what_they_are(binary):
    X, y = binary
    model = CrossFitDistiller(WrongOrder(), WrongOrder(), random_state=0).fit(X, y)
    assert model.score(X, y) > 0.85
