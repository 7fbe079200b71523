"""What a method means, and what students learn from labels alone."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skdistill import CrossFitDistiller, Distiller, LossCorrectedDistiller, SoftLabelClassifier
from skdistill.evaluation import make_noisy_table
from skdistill.evaluation.measure.scores import excess_log_loss
from skdistill.evaluation.methods import (
    DIRECT,
    METHODS,
    parse_methods,
    prepare_pupil,
    search_grid,
    student_on_labels,
    title,
    tune_on_labels,
)
from skdistill.evaluation.teaching import as_answers, ask_outside, outside_source, teach
from skdistill.rows import check
from skdistill.students import prepare_student
from skdistill.targets import Lesson


def tree(**params):
    return DecisionTreeRegressor(random_state=0, **params)


@pytest.fixture(scope="module")
def noisy():
    return make_noisy_table(300, random_state=0)


# ---- which -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "outside"),
    [
        ("labels", False),
        ("tuned_labels", False),
        ("in_sample", False),
        ("cross_fit", True),
        ("corrected", True),
        ("tuned", True),
        (0.3, True),
        (("fast", 0.1), True),
    ],
)
def test_methods_know_whether_they_ask_about_unseen_rows(method, outside):
    (parsed,) = parse_methods([method], METHODS)
    assert parsed.key == method
    assert parsed.asks_outside is outside
    assert title(method)


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ([], "at least one of"),
        ("labels", "must be a list"),
        (["nonsense"], "found 'nonsense'"),
        (["tuned"], "found 'tuned'"),
        ([1.5], "methods holds 1.5"),
        ([("fast", -1)], r"methods holds \('fast', -1\)"),
        (["labels", "labels"], "differ from each other"),
    ],
)
def test_methods_that_mean_nothing_are_refused(methods, message):
    with pytest.raises(ValueError, match=message):
        parse_methods(methods, DIRECT)


# ---- students of targets ---------------------------------------------------------------------


@pytest.mark.parametrize("student", [tree(max_leaf_nodes=30), LogisticRegression()])
@pytest.mark.parametrize(
    ("method", "distiller"),
    [
        ("in_sample", Distiller(None, None)),
        ("cross_fit", CrossFitDistiller(None, None, random_state=0)),
        ("corrected", LossCorrectedDistiller(None, None, random_state=0)),
        (0.3, LossCorrectedDistiller(None, None, correction=0.3, random_state=0)),
        (
            ("fast", 0.2),
            LossCorrectedDistiller(None, None, correction="fast", c=0.2, random_state=0),
        ),
    ],
)
def test_methods_are_the_distillers_of_the_package(noisy, method, distiller, student):
    X, y, _ = noisy
    forest = RandomForestClassifier(10, random_state=0)
    rows = check(X, y)
    pupil = prepare_pupil(forest, student, 2)
    source = outside_source(5, seed=0, n_jobs=None)
    answers = as_answers(teach(forest, rows, source), ask_outside(forest, rows, source))
    lesson = Lesson(rows, answers)
    classifier = pupil.learn(rows, *pupil.lesson(parse_methods([method], DIRECT)[0], lesson))
    expected = distiller.set_params(teacher=forest, student=student).fit(X, y)
    assert_array_equal(classifier.predict_proba(X), expected.predict_proba(X))
    assert classifier.n_features_in_ == X.shape[1]


def test_student_with_other_parameters_is_another_one(noisy):
    X, y, _ = noisy
    rows, target = check(X, y), y.astype(float)
    student = prepare_student(tree(max_depth=2), 2)
    deeper = student.with_params({"max_depth": 4}).learn(rows, target)
    assert deeper.student.get_depth() == 4
    assert student.learn(rows, target).student.get_depth() == 2
    assert not hasattr(student.estimator, "tree_")


# ---- students on labels ----------------------------------------------------------------------


def test_regressor_on_labels_learns_zeros_and_ones(noisy):
    X, y, _ = noisy
    model = student_on_labels(tree(max_depth=3)).fit(X, y)
    alone = tree(max_depth=3).fit(X, y.astype(float))
    assert_array_equal(model.predict_proba(X)[:, 1], alone.predict(X))


def test_regressor_on_labels_learns_onehot_for_several_classes():
    X = np.random.RandomState(0).standard_normal((60, 2))
    y = np.repeat(["a", "b", "c"], 20)
    model = student_on_labels(tree(max_depth=2)).fit(X, y)
    onehot = np.eye(3)[np.repeat([0, 1, 2], 20)]
    assert_allclose(model.predict_proba(X), tree(max_depth=2).fit(X, onehot).predict(X))


def test_classifier_on_labels_is_the_classifier_itself(noisy):
    X, y, _ = noisy
    model = student_on_labels(LogisticRegression()).fit(X, y)
    alone = LogisticRegression().fit(X, y)
    assert_allclose(model.predict_proba(X), alone.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("name", ["teacher_proba", "X_transfer"])
def test_student_on_labels_refuses_what_a_teacher_would_say(noisy, name):
    X, y, _ = noisy
    given = {"teacher_proba": np.full((len(X), 2), 0.5), "X_transfer": X}[name]
    with pytest.raises(ValueError, match=f"learns from y alone: leave {name} out"):
        student_on_labels(tree(max_depth=2)).fit(X, y, **{name: given})


def test_student_on_labels_takes_missing_values_that_it_meets_only_later(noisy):
    X, y, _ = noisy
    model = student_on_labels(tree(max_depth=2)).fit(X, y)
    assert np.isfinite(model.predict_proba(np.full((1, X.shape[1]), np.nan))).all()


@pytest.mark.parametrize(
    ("student", "largest"),
    [(tree(), None), (tree(max_leaf_nodes=100), 64), (tree(max_leaf_nodes=4), 4)],
)
def test_search_stays_within_the_students_own_size(student, largest):
    _, grid = search_grid(student)
    assert grid["max_leaf_nodes"][-1] == largest


@pytest.mark.parametrize(
    ("student", "prefix"),
    [
        (make_pipeline(StandardScaler(), RandomForestRegressor(3)), "randomforestregressor__"),
        (SoftLabelClassifier(DecisionTreeClassifier()), "estimator__"),
    ],
)
def test_search_names_the_parameters_of_what_is_inside(student, prefix):
    first, *others = ParameterGrid(search_grid(student))
    assert first == {}
    assert set(others[0]) == {prefix + "max_leaf_nodes", prefix + "min_samples_leaf"}
    student.set_params(**others[0])


def test_student_without_a_known_search_has_no_grid():
    assert search_grid(LinearRegression()) == []


def test_tuning_beats_an_unpruned_tree_on_noisy_labels(noisy):
    X, y, _ = noisy
    X_test, _, bayes = make_noisy_table(1000, random_state=1)
    tuned = tune_on_labels(tree(), X, y, cv=3, random_state=0)
    plain = student_on_labels(tree()).fit(X, y)
    assert tuned.classifier_.student.get_n_leaves() < plain.classifier_.student.get_n_leaves()
    losses = [excess_log_loss(bayes, model.predict_proba(X_test)) for model in (tuned, plain)]
    assert losses[0] < losses[1]
