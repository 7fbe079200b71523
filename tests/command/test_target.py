"""Which classes a column means."""

import gzip

import numpy as np
import pytest

from ..odd_tables import TARGETS
from .running import mixed_table, refusal, run, two_columns


def test_three_text_labels_in_a_compressed_file(reading_only, capsys, tmp_path):
    path = tmp_path / "table.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write(mixed_table(labels=("a", "b", "c")))
    out = run(capsys, str(path), "--target", "target")
    assert "table.csv.gz: 112 rows to train and 48 to test, 5 features, 3 classes" in out


@pytest.mark.parametrize("labels", [("0", "1"), ("False", "True")])
def test_numbers_and_truth_values_are_labels_also_where_some_are_missing(
    reading_only, capsys, write, labels
):
    path = write(mixed_table(labels=labels, missing_target=10))
    assert "2 classes" in run(capsys, path, "--target", "target", "--trees", "5")


@pytest.mark.parametrize("kind", [kind for kind in TARGETS if TARGETS[kind][1]])
@pytest.mark.parametrize("gaps", [False, True])
def test_classes_never_merge(learned, capsys, write, kind, gaps):
    values, n_classes = TARGETS[kind]
    labels = [f'"{value}"' for value in values] * 6 + [""] * gaps
    run(capsys, write(two_columns("12345", labels, n_rows=90)), "--target", "y")
    assert len(set(learned["y"].tolist())) == n_classes


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["1", "0"], [0, 1]),
        (["1.0", "-2.0"], [-2, 1]),
        (["True", "false"], [False, True]),
        ([str(2**53), str(2**53 + 1)], [2**53, 2**53 + 1]),
        ([str(2**63 - 1), str(-(2**63))], [-(2**63), 2**63 - 1]),
        (["1e300", "1e301"], ["1e300", "1e301"]),
        (["007", "7"], ["007", "7"]),
        (["b", "a"], ["a", "b"]),
    ],
)
def test_classes_are_what_the_column_says(learned, capsys, write, labels, classes):
    run(capsys, write(two_columns("12", [*labels, *labels, ""])), "--target", "y")
    found = np.unique(learned["y"]).tolist()
    assert found == classes
    assert list(map(type, found)) == list(map(type, classes))


def test_spellings_of_one_class_are_named(learned, capsys, write):
    out = run(capsys, write(two_columns("12", ["1", "1.0", "2"])), "--target", "y")
    assert "Some classes of 'y' are spelt in several ways, and are one each: '1' = '1.0'." in out
    assert "2 classes" in out


@pytest.mark.parametrize("numbers", [[0.5, 1.25], range(100)])
def test_a_quantity_as_target(learned, capsys, write, numbers):
    rows = [f"{row % 7},{number}" for row, number in enumerate([*numbers] * 10)]
    out = run(capsys, write("\n".join(["a,price", *rows])), "--target", "price")
    assert f"'price' holds {len(numbers)} different numbers, a quantity: regressors" in out
    assert learned["y"].dtype == float
    assert set(learned["y"]) == set(numbers)


def test_most_classes_that_are_numbers(learned, capsys, write):
    for n_classes in (50, 51):
        table = two_columns("12", [str(k) for k in range(n_classes)], n_rows=20 * n_classes)
        out = run(capsys, write(table), "--target", "y")
        assert ("50 classes" if n_classes == 50 else "numbers from 0 to 50.") in out
        assert ("51 different numbers" in out) == (n_classes == 51)


def test_task_says_what_the_target_holds(learned, capsys, write):
    table = write(two_columns("12", ["1", "2", "3"]))
    out = run(capsys, table, "--target", "y", "--task", "numbers")
    assert "numbers from 1 to 3." in out
    assert "different numbers" not in out
    assert learned["y"].dtype == float


@pytest.mark.parametrize(
    ("label", "said"), [("only", "at least 2 classes"), ("", "'b' is missing in every row")]
)
def test_less_than_two_classes(capsys, write, label, said):
    rows = [f"{row},{label}" for row in range(20)]
    assert said in refusal(capsys, write("\n".join(["a,b", *rows])), "--target", "b")


def test_a_class_with_few_rows(capsys, write):
    rows = [f"{row},{'rare' if row < 7 else 'common'}" for row in range(100)]
    message = refusal(capsys, write("\n".join(["a,b", *rows])), "--target", "b")
    assert "Class 'rare' has 7 rows" in message
    assert "at least 8" in message


def test_the_smallest_class_that_is_taken(capsys, write):
    rows = [f"{row % 9},{'rare' if row < 8 else 'common'}" for row in range(100)]
    run(capsys, write("\n".join(["a,b", *rows])), "--target", "b", "--trees", "3")
