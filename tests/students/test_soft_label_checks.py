"""What students that learn soft labels accept as y."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression

from skdistill import LGBMSoftClassifier, SoftLabelClassifier, SoftmaxRegression
from skdistill.students.soft_label_checks import check_soft_labels


def test_soft_labels_come_back_as_they_are_in_a_new_array():
    P = np.array([[0.25, 0.75], [1.5, -0.5]])
    labels, classes, is_soft = check_soft_labels(P, signed=True)
    assert_array_equal(labels, P)
    assert_array_equal(classes, [0, 1])
    assert is_soft
    assert not np.shares_memory(labels, P)


@pytest.mark.parametrize("as_type", [list, pd.Series, np.array])
def test_class_labels_become_one_hot(as_type):
    labels, classes, is_soft = check_soft_labels(as_type(["b", "a", "c", "a"]), signed=False)
    assert_array_equal(labels, np.eye(3)[[1, 0, 2, 0]])
    assert_array_equal(classes, ["a", "b", "c"])
    assert not is_soft


def test_one_column_is_a_column_of_class_labels():
    with pytest.warns(DataConversionWarning):
        labels, classes, is_soft = check_soft_labels([[7], [3]], signed=True)
    assert_array_equal(labels, [[0, 1], [1, 0]])
    assert_array_equal(classes, [3, 7])
    assert not is_soft


def test_what_float32_rounds_away_is_put_right():
    P = np.random.default_rng(0).dirichlet(np.ones(5), size=100)
    labels = check_soft_labels(P.astype(np.float32), signed=False)[0]
    # Division leaves each entry with half a unit in the last place; so five of them.
    assert_allclose(labels.sum(axis=1), 1, rtol=0, atol=5 * np.finfo(float).eps)
    assert_allclose(labels, P, rtol=0, atol=2 * np.finfo(np.float32).eps)


def test_frame_of_soft_labels():
    frame = pd.DataFrame({"no": [0.3, 1.0], "yes": [0.7, 0.0]})
    labels, classes, _ = check_soft_labels(frame, signed=False)
    assert_array_equal(labels, frame.to_numpy())
    assert_array_equal(classes, [0, 1])


BAD = [
    ([[0.5, np.nan], [1, 0]], "y contains NaN"),
    ([[0.5, np.inf], [1, 0]], "y contains infinity"),
    ([[0.0, 0.0], [1, 0]], "must sum to 1; row 0 sums to 0"),
    ([[1, 0], [0.5, 0.6]], "must sum to 1; row 1 sums to 1.1. .* pass it as sample_weight"),
    ([[-1.0, -1.0], [1, 0]], "must sum to 1; row 0 sums to -2"),
    ([1, 1], "y must hold at least 2 classes"),
    ([0.2, 0.8], "one column per class: np.column_stack"),
    ([["no", "yes"], ["a", "b"]], "could not convert string to float"),
    (np.zeros((2, 2, 2)), "dim 3"),
    (np.zeros((2, 0)), "0 feature"),
]


@pytest.mark.parametrize(("y", "message"), BAD)
def test_bad_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        check_soft_labels(y, signed=True)


def test_negative_labels_are_refused_where_they_are_not_taken():
    with pytest.raises(ValueError, match="must not be negative here, found -0.1"):
        check_soft_labels([[1.1, -0.1], [0.5, 0.5]], signed=False)


def test_rows_may_keep_their_sums():
    P = [[2.0, 1.0], [0.1, 0.0]]
    assert_array_equal(check_soft_labels(P, signed=True, sums_to_one=False)[0], P)
    with pytest.raises(ValueError, match="a positive probability in every row"):
        check_soft_labels([[0.0, -1.0], [0, 1]], signed=True, sums_to_one=False)


@pytest.mark.parametrize(
    "student", [LGBMSoftClassifier(), SoftmaxRegression()], ids=lambda student: type(student)
)
@pytest.mark.parametrize(("y", "message"), BAD)
def test_native_students_refuse_them_too(student, y, message):
    with pytest.raises(ValueError, match=message):
        student.fit(np.eye(2), y)


def test_all_students_want_as_many_labels_as_rows():
    for student in (
        LGBMSoftClassifier(),
        SoftmaxRegression(),
        SoftLabelClassifier(LogisticRegression()),
    ):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            student.fit(np.eye(3), np.eye(2))
