"""What is handed over: names of students, rows held out, budgets, and what is refused."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skdistill.evaluation import neg_log_loss_floored
from skdistill.evaluation.arguments import (
    check_param_range,
    hold_out,
    name_students,
    score_name,
)


def tree(**params):
    return DecisionTreeRegressor(**params)


# ---- students --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("students", "names"),
    [
        (tree(), ["DecisionTreeRegressor"]),
        ([tree(), LinearRegression()], ["DecisionTreeRegressor", "LinearRegression"]),
        (
            [tree(max_depth=2), LinearRegression(), tree(max_leaf_nodes=8)],
            [
                "DecisionTreeRegressor(max_depth=2, max_leaf_nodes=None)",
                "LinearRegression",
                "DecisionTreeRegressor(max_depth=None, max_leaf_nodes=8)",
            ],
        ),
        ([tree(), tree()], ["DecisionTreeRegressor 1", "DecisionTreeRegressor 2"]),
        ([make_pipeline(StandardScaler(), tree())], ["DecisionTreeRegressor"]),
        ({"a": tree(), 3: tree()}, ["a", "3"]),
    ],
)
def test_students_are_named_after_what_tells_them_apart(students, names):
    assert list(name_students(students)) == names


def test_range_makes_a_student_of_each_value():
    student = make_pipeline(StandardScaler(), tree())
    named = name_students(student, "decisiontreeregressor__max_depth", np.array([2, 5]))
    assert list(named) == ["max_depth=2", "max_depth=5"]
    assert named["max_depth=5"].steps[-1][1].max_depth == 5
    assert student.steps[-1][1].max_depth is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "at least one student"),
        (({},), "at least one student"),
        (({1: tree(), "1": tree()},), "must differ in their names"),
        ((tree(), "max_depth"), "give both, or neither"),
        ((tree(), None, [1]), "give both, or neither"),
        (([tree(), tree()], "max_depth", [1]), "found several"),
        ((tree(), "depth", [1]), "parameter of the student"),
        ((tree(), "max_depth", []), "at least one value"),
    ],
)
def test_students_that_cannot_be_named_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        name_students(*arguments)


def test_values_of_arrays_become_pythons_own():
    _, values = check_param_range(tree(), "max_depth", np.array([2, 3]))
    assert [type(value) for value in values] == [int, int]


class Holder(BaseEstimator):
    """Has a parameter that is called as those of a distiller's student are."""

    def __init__(self, student=None):
        self.student = student

    def fit(self, X, y):
        return self


@pytest.mark.parametrize(
    ("student", "given", "expected"),
    [
        (tree(), "max_depth", "max_depth"),
        (tree(), "student__max_depth", "max_depth"),
        (make_pipeline(tree()), "student__decisiontreeregressor__max_depth", None),
        (Holder(tree()), "student__max_depth", "student__max_depth"),
    ],
)
def test_parameters_are_taken_as_a_search_over_a_distiller_calls_them(student, given, expected):
    expected = given.removeprefix("student__") if expected is None else expected
    assert check_param_range(student, given, [1]) == (expected, [1])
    assert list(name_students(student, given, [1, 2])) == ["max_depth=1", "max_depth=2"]


# ---- score -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scoring", "name"),
    [(None, "accuracy"), ("roc_auc", "roc_auc"), (neg_log_loss_floored, "neg_log_loss_floored")],
)
def test_scores_have_names(scoring, name):
    assert score_name(scoring) == name


# ---- rows ------------------------------------------------------------------------------------


def table(n_samples=100):
    X = np.random.default_rng(0).normal(size=(n_samples, 2))
    return X, np.array(["a", "b"])[np.arange(n_samples) % 2]


def held_out(X, y, **changes):
    given = {
        "X_test": None,
        "y_test": None,
        "test_size": 0.3,
        "groups": None,
        "groups_test": None,
        "bayes_proba": None,
        "scoring": None,
        "seed": 0,
    }
    return hold_out(X, y, **given | changes)


def test_rows_are_held_out_in_proportion_to_classes():
    X, y = table()
    train, test = held_out(X, y, test_size=0.2)
    assert (len(train.y), len(test.y)) == (80, 20)
    assert (test.y == "a").sum() == 10
    together = np.concatenate([train.X, test.X])
    assert_array_equal(np.sort(together, axis=0), np.sort(X, axis=0))


def test_groups_are_never_split():
    X, y = table()
    groups = np.arange(100) // 5
    X = np.column_stack([X, groups])
    train, test = held_out(X, y, groups=groups)
    assert not set(train.X[:, 2]) & set(test.X[:, 2])
    assert_array_equal(train.groups, train.X[:, 2])
    assert_array_equal(test.groups, test.X[:, 2])


def test_groups_of_given_test_rows_reach_them():
    X, y = table()
    given = {"X_test": X[:4], "y_test": y[:4]}
    _, test = held_out(X, y, **given, groups_test=[[7], [7], [8], [8]])
    assert_array_equal(test.groups, [7, 7, 8, 8])
    _, test = held_out(X, y, **given, groups=np.arange(100))
    assert test.groups is None


def test_given_test_rows_are_taken_as_they_are():
    X, y = table()
    train, test = held_out(X, y, X_test=X[:4], y_test=y[:4], bayes_proba=np.full((4, 2), 0.5))
    assert len(train.y) == 100
    assert_array_equal(test.y, y[:4])
    assert_array_equal(test.truth, np.full((4, 2), 0.5))


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_test_rows_with_fewer_or_more_columns_are_refused(names):
    X, y = table()
    X_test = pd.DataFrame(0.0, index=range(2), columns=names)
    with pytest.raises(ValueError, match="feature names should match"):
        held_out(pd.DataFrame(X, columns=["a", "b"]), y, X_test=X_test, y_test=y[:2])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_bayes_probabilities_in_a_frame_are_read_by_the_classes_names(frame):
    X, y = table()
    bayes = np.array([[0.1, 0.9], [0.8, 0.2]])
    given = frame({"b": bayes[:, 1], "a": bayes[:, 0]})
    _, test = held_out(X, y, X_test=X[:2], y_test=y[:2], bayes_proba=given)
    assert_array_equal(test.truth, bayes)


@pytest.mark.parametrize(
    ("bayes_proba", "message"),
    [
        ([[-0.5, 1.5]], "bayes_proba must not be negative, found -0.5"),
        ([[np.nan, 1]], "Input bayes_proba contains NaN"),
        ([[0.5, 0.4]], "rows of bayes_proba must sum to 1"),
        ([0.5], r"bayes_proba must.*found shape \(1,\)"),
        (pd.DataFrame({"a": [0.5], "z": [0.5]}), "columns of bayes_proba name some classes"),
    ],
)
def test_bayes_probabilities_are_checked_as_given_teacher_probabilities(bayes_proba, message):
    X, y = table()
    with pytest.raises(ValueError, match=message):
        held_out(X, y, X_test=X[:1], y_test=y[:1], bayes_proba=bayes_proba)


def test_labels_of_test_rows_may_be_a_column():
    X, y = table()
    with pytest.warns(DataConversionWarning, match="column-vector"):
        _, test = held_out(X, y, X_test=X[:4], y_test=y[:4, None])
    assert_array_equal(test.y, y[:4])


def test_class_that_cannot_be_held_out_is_named():
    X, y = table()
    y = np.array([7, 9])[(y == "b").astype(int)]
    y[0] = 8
    with pytest.raises(ValueError, match="too few") as refusal:
        held_out(X, y)
    # Older versions of scikit-learn do not name it.
    assert re.findall(r"members are: \[(.*)\]", str(refusal.value)) in ([], ["8"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X_test": [[0, 0]]}, "X_test and y_test go together"),
        ({"y_test": ["a"]}, "X_test and y_test go together"),
        (
            {"X_test": np.zeros((1, 2)), "y_test": ["z"]},
            r"labels that no training row has: \['z'\]",
        ),
        ({"bayes_proba": np.ones((1, 2))}, "bayes_proba belongs to X_test"),
        (
            {"X_test": np.zeros((1, 2)), "y_test": ["a"], "bayes_proba": np.ones((2, 2))},
            r"bayes_proba must.*shape \(1, 2\), found shape \(2, 2\)",
        ),
        ({"groups_test": [1]}, "groups_test belongs to X_test"),
        (
            {"X_test": np.zeros((1, 2)), "y_test": ["a"], "groups_test": [1, 2]},
            "groups_test must have one entry per row",
        ),
        ({"test_size": 2.0}, "test_size"),
        ({"groups": [1]}, "groups must have one entry per row"),
        ({"scoring": "r2"}, "judges numbers and not classes"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        held_out(*table(), **changes)
