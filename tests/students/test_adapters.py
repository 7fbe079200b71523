"""How regressors and classifiers learn targets."""

import numpy as np
import pytest
from lightgbm import LGBMRegressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller, LGBMSoftClassifier, SoftmaxRegression
from skdistill._utils.estimators import last_step
from skdistill.students import SoftLabelClassifier
from skdistill.students.adapters import (
    OneNumber,
    OneOutput,
    SeveralOutputs,
    SoftLabels,
    WeightedCopies,
    choose_adapter,
)

CLASSES = np.array(["a", "b", "c"])


def fit_student(student, X, target, classes, params):
    return choose_adapter(student, len(classes)).fit(student, X, target, classes, params)


def check_student_weights(student, n_classes):
    choose_adapter(student, n_classes).check_weights(student)


@pytest.fixture
def targets():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2)) + 5
    return X, rng.dirichlet(np.ones(3), size=80)


@pytest.mark.parametrize(
    ("student", "n_classes", "beyond"),
    [
        (DecisionTreeRegressor(), 2, True),
        (make_pipeline(StandardScaler(), Ridge()), 3, True),
        (LGBMRegressor(objective="cross_entropy"), 2, False),
        (LGBMRegressor(objective="cross_entropy"), 3, False),
        (SoftmaxRegression(), 3, True),
        (LGBMSoftClassifier(), 2, True),
        (LogisticRegression(), 2, False),
        (make_pipeline(StandardScaler(), LogisticRegression()), 3, False),
        (SoftLabelClassifier(LogisticRegression()), 2, False),
    ],
)
def test_who_learns_targets_beyond_labels(student, n_classes, beyond):
    assert choose_adapter(student, n_classes).learns_beyond(student) == beyond


@pytest.mark.parametrize(("student", "beyond"), [(Ridge(), True), (PoissonRegressor(), False)])
def test_which_deviances_know_targets_beyond_numbers(student, beyond):
    assert OneNumber().learns_beyond(student) == beyond


class LearnsProbabilities(ClassifierMixin, BaseEstimator):
    """A classifier that keeps what it is given."""

    accepts_soft_labels = True

    def fit(self, X, y, sample_weight=None):
        self.given_, self.weight_ = y, sample_weight
        self.classes_ = np.arange(y.shape[1])
        return self


@pytest.mark.parametrize(
    ("student", "kinds"),
    [
        (DecisionTreeRegressor(), [OneOutput, SeveralOutputs]),
        (make_pipeline(StandardScaler(), Ridge()), [OneOutput, SeveralOutputs]),
        (GridSearchCV(Ridge(), {"alpha": [1, 2]}), [OneOutput, SeveralOutputs]),
        (LogisticRegression(), [WeightedCopies, WeightedCopies]),
        (make_pipeline(StandardScaler(), LogisticRegression()), [WeightedCopies, WeightedCopies]),
        (SoftLabelClassifier(LogisticRegression()), [SoftLabels, SoftLabels]),
        (make_pipeline(StandardScaler(), LearnsProbabilities()), [SoftLabels, SoftLabels]),
    ],
)
def test_kind_of_student(student, kinds):
    assert [type(choose_adapter(student, n_classes)) for n_classes in (2, 3)] == kinds


def test_regressor_of_several_outputs_learns_all_classes_at_once(targets):
    X, T = targets
    fitted = fit_student(DecisionTreeRegressor(random_state=0), X, T, CLASSES, {})
    by_hand = DecisionTreeRegressor(random_state=0).fit(X, T)
    assert type(fitted) is DecisionTreeRegressor
    assert_array_equal(fitted.predict(X), by_hand.predict(X))


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_one_network_learns_all_classes(targets):
    X, T = targets
    network = MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0)
    by_hand = clone(network).fit(X, T)
    for student in (network, make_pipeline("passthrough", network)):
        fitted = fit_student(student, X, T, CLASSES, {})
        assert type(last_step(fitted)) is MLPRegressor
        assert_array_equal(fitted.predict(X), by_hand.predict(X))


def test_regressor_of_one_output_is_repeated_for_each_class(targets):
    X, T = targets
    fitted = fit_student(SVR(), X, T, CLASSES, {})
    for k, column in enumerate(T.T):
        assert_array_equal(fitted.predict(X)[:, k], SVR().fit(X, column).predict(X))


def test_only_the_last_step_of_a_pipeline_is_repeated(targets):
    X, T = targets
    student = make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), SVR()))
    fitted = fit_student(student, X, T, CLASSES, {})
    assert isinstance(fitted[-1][-1], MultiOutputRegressor)
    assert_allclose(fitted[0].mean_, X.mean(axis=0))
    scaled = StandardScaler().fit_transform(StandardScaler().fit_transform(X))
    assert_array_equal(fitted.predict(X)[:, 1], SVR().fit(scaled, T[:, 1]).predict(scaled))
    assert isinstance(student[-1][-1], SVR)


@pytest.mark.parametrize("head", [[], [StandardScaler()]])
def test_weights_reach_each_repeated_regressor(targets, head):
    X, T = targets
    weight = np.r_[np.zeros(40), np.ones(40)]
    student = make_pipeline(*head, SVR()) if head else SVR()
    fitted = fit_student(student, X, T, CLASSES, {"sample_weight": weight})
    prepared = head[0].fit_transform(X) if head else X
    by_hand = SVR().fit(prepared, T[:, 1], sample_weight=weight)
    assert_array_equal(fitted.predict(X)[:, 1], by_hand.predict(prepared))


def test_soft_label_student_gets_the_targets_as_they_are(targets):
    X, T = targets
    weight = np.ones(len(X))
    fitted = fit_student(
        make_pipeline(StandardScaler(), LearnsProbabilities()),
        X,
        T,
        CLASSES,
        {"sample_weight": weight},
    )
    assert_array_equal(fitted[-1].given_, T)
    assert_array_equal(fitted[-1].weight_, weight)


def test_classifier_learns_the_labels_of_the_table(targets):
    X, T = targets
    fitted = fit_student(LogisticRegression(), X, T, CLASSES, {})
    assert type(fitted) is LogisticRegression
    assert_array_equal(fitted.classes_, CLASSES)


@pytest.mark.parametrize(
    ("student", "n_classes", "message"),
    [
        (KNeighborsRegressor(), 2, "the student KNeighborsRegressor takes none in fit"),
        (make_pipeline(StandardScaler(), KNeighborsRegressor()), 3, "KNeighborsRegressor takes"),
        (GridSearchCV(SVR(), {"C": [1, 2]}), 3, "GridSearchCV learns one class at a time"),
    ],
)
def test_student_that_would_drop_weights_is_refused(student, n_classes, message):
    with pytest.raises(ValueError, match=message):
        check_student_weights(student, n_classes)


@pytest.mark.parametrize(
    ("student", "n_classes"),
    [
        (DecisionTreeRegressor(), 3),
        (GridSearchCV(SVR(), {"C": [1, 2]}), 2),
        (HistGradientBoostingRegressor(), 3),
        (make_pipeline(StandardScaler(), SVR()), 3),
    ],
)
def test_student_that_takes_weights_passes(student, n_classes):
    check_student_weights(student, n_classes)


class NeverFitted(GaussianNB):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("the student should have been refused before")


@pytest.mark.parametrize(
    "student",
    [
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        SoftLabelClassifier(KNeighborsClassifier()),
        make_pipeline(StandardScaler(), SoftLabelClassifier(KNeighborsClassifier())),
    ],
)
def test_classifier_without_weights_is_refused_before_a_teacher_is_fitted(student, targets):
    with pytest.raises(ValueError, match="takes no sample_weight in fit"):
        Distiller(NeverFitted(), student).fit(targets[0], np.arange(80) % 2)


def test_a_regressor_may_learn_from_a_single_row():
    X, target = np.array([[1.0, 2.0]]), np.array([0.3])
    fitted = OneOutput().fit(DecisionTreeRegressor(), X, target, np.arange(2), {})
    assert_array_equal(OneOutput().answer(fitted, X, np.arange(2)), target)
