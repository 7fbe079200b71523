"""What bad input is told, and that nothing is fitted before."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller
from skdistill._validation import class_columns

X = np.random.default_rng(0).normal(size=(30, 2))
Y = np.array([0, 1] * 15)
PROBA = np.full((30, 2), 0.5)


class CountsFits(ClassifierMixin, BaseEstimator):
    """A teacher that counts how often any of its clones is fitted."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        CountsFits.fits += 1
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


class NoWeights(CountsFits):
    """The same, without weights."""

    def fit(self, X, y):
        return super().fit(X, y)


TREE = DecisionTreeRegressor()
TEACHER = CountsFits()


def refused(distiller, message, *, error=ValueError, y=Y, X=X, **fit):
    CountsFits.fits = 0
    with pytest.raises(error, match=message):
        distiller.fit(X, y, **fit)
    assert CountsFits.fits == 0


@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        (LinearSVC(), TREE, "teacher must have predict_proba; LinearSVC has none"),
        (make_pipeline(StandardScaler(), LinearSVC()), TREE, "LinearSVC has none"),
        (Ridge(), TREE, "teacher must have predict_proba; Ridge has none"),
        (RandomForestClassifier, TREE, "teacher must be a classifier instance"),
        ("forest", TREE, "teacher must be a classifier instance, found 'forest'"),
        (None, TREE, "teacher is None: pass a classifier, or teacher_proba"),
        (TEACHER, KMeans(), "student must be a regressor or a classifier; KMeans is neither"),
        (TEACHER, StandardScaler(), "StandardScaler is neither"),
        (TEACHER, DecisionTreeRegressor, "student must be an estimator instance"),
        (TEACHER, None, "student must be an estimator instance, found None"),
        (TEACHER, FrozenEstimator(TREE), "student must not be frozen"),
        (TEACHER, KNeighborsClassifier(), "student KNeighborsClassifier takes no sample_weight"),
        (
            TEACHER,
            make_pipeline(StandardScaler(), KNeighborsClassifier()),
            "student KNeighborsClassifier takes no sample_weight",
        ),
        (TEACHER, SVC(kernel="precomputed"), "student SVC wants a matrix of distances"),
    ],
)
def test_unusable_teacher_or_student(distiller, teacher, student, message):
    refused(distiller(teacher, student), message)


@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("student", "params", "message"),
    [
        (TREE, {"loss": "hinge"}, "loss must be 'auto' or one of .*, found 'hinge'"),
        (TREE, {"loss": None}, "loss must be 'auto' or one of"),
        (TREE, {"loss": "cross_entropy"}, "loss='cross_entropy' needs a classifier as student"),
        (LogisticRegression(), {"loss": "squared_error"}, "needs a regressor as student"),
        (LogisticRegression(), {"loss": "squared_error_logit"}, "needs a regressor as student"),
        (TREE, {"temperature": 2}, "temperature must be 1 with loss='squared_error', found 2"),
        (LogisticRegression(), {"temperature": 0}, "temperature must be a positive number"),
        (LogisticRegression(), {"temperature": "hot"}, "temperature must be a positive number"),
        (LogisticRegression(), {"temperature": np.inf}, "temperature must be a positive number"),
        (TREE, {"proba_floor": 0}, "proba_floor must lie between 0 and 1 / n_classes = 0.5"),
        (TREE, {"proba_floor": 0.5}, "proba_floor must lie between 0 and 1 / n_classes = 0.5"),
        (TREE, {"proba_floor": None}, "proba_floor must lie between"),
    ],
)
def test_unusable_parameter(distiller, student, params, message):
    refused(distiller(TEACHER, student, **params), message)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"correction": "quick"}, "correction.*quick"),
        ({"correction": 1.5}, "correction.*1.5"),
        ({"correction": -0.1}, "correction.*-0.1"),
        ({"correction": True}, "correction.*True"),
        ({"correction": None}, "correction.*None"),
        ({"c": 0}, "c must be.*positive.*0"),
        ({"c": -1.0}, "c must be.*positive"),
        ({"c": np.nan}, "c must be.*positive"),
        ({"c": "small"}, "c must be.*positive"),
    ],
)
def test_unusable_correction(params, message):
    refused(LossCorrectedDistiller(TEACHER, TREE, **params), message)


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (1, "cv must be at least 2 folds"),
        (16, "cv=16 folds need at least 16 rows of each class, but class 0 has 15"),
        ("out_of_bag", "cv must be a number of folds, a splitter or an iterable"),
        (ShuffleSplit(2), "cv must predict every row exactly once"),
        ([(np.arange(10), np.arange(10, 20))], "20 rows are never predicted"),
    ],
)
def test_unusable_folds(distiller, cv, message):
    refused(distiller(TEACHER, TREE, cv=cv), message)


def test_in_sample_is_no_folds_for_cross_fitting():
    refused(CrossFitDistiller(TEACHER, TREE, cv="in_sample"), "cv must be a number of folds")


@pytest.mark.parametrize("distiller", [CrossFitDistiller, LossCorrectedDistiller])
def test_frozen_teacher_cannot_be_cross_fitted(distiller):
    frozen = FrozenEstimator(GaussianNB().fit(X, Y))
    message = r"frozen teacher cannot be cross-fitted: use Distiller, or LossCorrectedDistiller\("
    refused(distiller(frozen, TREE), message)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(30), "y must hold at least 2 classes to learn from, found one class"),
        (Y[:20], "inconsistent numbers of samples"),
        (None, "y cannot be None|requires y to be passed"),
        (np.linspace(0, 1, 30), "Unknown label type"),
        (np.where(Y == 0, np.nan, 1.0), "NaN"),
        (np.column_stack([Y, Y]), "y should be a 1d array"),
    ],
)
def test_unusable_labels(y, message):
    refused(CrossFitDistiller(TEACHER, TREE), message, y=y)


def with_entry(value):
    proba = PROBA.copy()
    proba[3, 1] = value
    return proba


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        (PROBA[:, :1], r"teacher_proba must have one row per sample.*\(30, 2\), found.*\(30, 1\)"),
        (PROBA[:20], r"shape \(30, 2\), found shape \(20, 2\)"),
        (np.full((30, 3), 1 / 3), r"shape \(30, 2\), found shape \(30, 3\)"),
        (with_entry(np.nan), "teacher_proba contains NaN"),
        (with_entry(np.inf), "teacher_proba contains infinity"),
        (with_entry(-0.1), "teacher_proba must not be negative, found -0.1"),
        (with_entry(0.7), "rows of teacher_proba must sum to 1, found one that is off by 0.2"),
    ],
)
@pytest.mark.parametrize("distiller", [Distiller, CrossFitDistiller, LossCorrectedDistiller])
def test_unusable_given_probabilities(distiller, proba, message):
    refused(distiller(None, TREE), message, teacher_proba=proba)


def test_given_probabilities_of_low_precision_are_fine():
    proba = np.random.default_rng(0).dirichlet(np.ones(2), size=30).astype(np.float32)
    Distiller(None, TREE).fit(X, Y, teacher_proba=proba)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.r_[-1.0, np.ones(29)], "Negative values in data passed to sample_weight"),
        (np.r_[np.nan, np.ones(29)], "sample_weight contains NaN"),
        (np.zeros(30), "sample_weight is all zero"),
        (np.ones(29), r"sample_weight must have one weight per row, shape \(30,\)"),
        (np.ones((30, 1)), r"found shape \(30, 1\)"),
    ],
)
def test_unusable_weights(weight, message):
    refused(CrossFitDistiller(TEACHER, TREE), message, sample_weight=weight)


@pytest.mark.parametrize(
    ("teacher", "student", "message"),
    [
        (NoWeights(), TREE, "the teacher NoWeights takes none in fit"),
        (make_pipeline(StandardScaler(), NoWeights()), TREE, "the teacher NoWeights takes none"),
        (TEACHER, KNeighborsRegressor(), "the student KNeighborsRegressor takes none in fit"),
        (
            TEACHER,
            GridSearchCV(KNeighborsRegressor(), {"n_neighbors": [1, 2]}),
            "the student GridSearchCV takes none",
        ),
    ],
)
def test_weights_that_a_member_would_drop(teacher, student, message):
    refused(CrossFitDistiller(teacher, student), message, sample_weight=np.ones(30))


def test_weights_need_no_teacher_that_takes_them_where_probabilities_are_given():
    model = Distiller(NoWeights(), TREE)
    model.fit(X, Y, sample_weight=np.ones(30), teacher_proba=PROBA)


def test_groups_without_folds():
    refused(Distiller(TEACHER, TREE), "groups was given, but Distiller splits no rows", groups=Y)


def test_further_parameters_need_routing():
    refused(Distiller(TEACHER, TREE), r"fit got \['colour'\].*enable_metadata_routing", colour=1)


def test_good_input_fits_one_teacher_per_fold():
    CountsFits.fits = 0
    CrossFitDistiller(TEACHER, TREE, cv=KFold(4)).fit(X, Y)
    assert CountsFits.fits == 4


def test_columns_are_put_where_the_classes_are():
    classes = np.array(["a", "b", "c"])
    fitted = GaussianNB().fit(X, np.where(Y, "c", "a"))
    aligned = class_columns(classes, fitted, fitted.predict_proba(X))
    assert_array_equal(aligned[:, [0, 2]], fitted.predict_proba(X))
    assert_array_equal(aligned[:, 1], 0)


def test_wrong_number_of_columns_is_refused():
    fitted = GaussianNB().fit(X, Y)
    with pytest.raises(ValueError, match="expected one column for each of its 2 classes"):
        class_columns(np.array([0, 1]), fitted, np.ones((30, 3)))
