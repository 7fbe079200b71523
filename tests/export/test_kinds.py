"""What differs between classes and numbers: sizes, labels, and what is printed."""

import numpy as np
import pytest

from skdistill.export.kinds import OfClasses, OfNumbers


def test_classes_have_labels_and_a_column_each():
    kind = OfClasses(np.array(["no", "yes"]))
    assert kind.labels == ["no", "yes"]
    assert kind.columns == ["probability_0", "probability_1"]
    assert kind.n_columns == 2
    assert kind.usual_size(np.array([[1e-9, 1.0]])) == 1.0


def test_labels_differ_where_another_class_is_more_probable():
    kind = OfClasses(np.array(["a", "b"]))
    expected = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1], [0.6, 0.4]])
    labels = np.array(["a", "a", "a", "c"])
    assert kind.count_others(expected, expected, labels, 1e-6) == 2
    assert kind.count_others(expected, expected[:, ::-1], None, 1e-6) == 3


def test_numbers_have_one_column_and_no_labels():
    kind = OfNumbers()
    assert (kind.columns, kind.n_columns, kind.labels) == (["prediction"], 1, [])
    assert not len(kind.classes)
    assert kind.count_others(np.ones((2, 1)), np.zeros((2, 1)), None, 1e-6) == 0


@pytest.mark.parametrize(
    ("numbers", "size"),
    [([2.0, -4.0], 3.0), ([0.0, 0.0], 1.0), ([1e-9], 1e-9), ([2.0, np.inf, np.nan], 2.0)],
)
def test_a_difference_counts_beside_the_mean_size(numbers, size):
    assert OfNumbers().usual_size(np.array(numbers)[:, None]) == size


def test_what_is_printed_of_classes():
    two, many = OfClasses(np.array([0, 1])), OfClasses(np.array(list("abcdefg")))
    assert two.heads() == ["P(1)"]
    assert two.cells(np.array([[0.25, 0.75]])) == [["0.750"]]
    assert many.heads() == ["class", "probability"]
    assert many.cells(np.eye(7)[[2]]) == [["c", "1.000"]]


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        ([12.3456, 61.5], ["12.35", "61.50"]),
        ([1_250_300.4, 90_000.2], ["1,250,300", "90,000"]),
        ([0.00012346, 0.0005], ["0.0001235", "0.0005000"]),
        ([2000.04, 2000.71], ["2,000.0400", "2,000.7100"]),
        ([7.0], ["7.000"]),
        ([0.3, 0.1 + 0.2], ["0.3000000000000", "0.3000000000000"]),
        ([0.0], ["0.000"]),
    ],
)
def test_numbers_are_printed_to_the_places_that_tell_them_apart(numbers, texts):
    assert OfNumbers().heads() == ["prediction"]
    assert OfNumbers().cells(np.array(numbers)[:, None]) == [[text] for text in texts]
