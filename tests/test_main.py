"""The command line, run in-process on small tables."""

import gzip
import sys

import numpy as np
import pytest

import skdistill.__main__ as command
from skdistill.__main__ import STUDENTS, TEACHERS, main

METHODS = [
    "teacher",
    "student on labels",
    "student tuned on labels",
    "distilled in-sample",
    "distilled cross-fit",
    "distilled, corrected",
]


@pytest.fixture
def write(tmp_path):
    """Write text as a file and return its path."""

    def write_text(text, name="table.csv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write_text


def mixed_table(n_rows=160, labels=("no", "yes"), missing_target=0):
    """Numbers, text, truth values and an empty column, each with missing values; a text target."""
    rng = np.random.RandomState(0)
    lines = ["size,colour,flag,sometimes,[odd] {name},empty,target"]
    for row in range(n_rows):
        size = rng.standard_normal()
        colour = rng.choice(["red", "green", "blue", ""])
        label = labels[int(size > 0 or colour == "red") if row % 5 else row // 5 % len(labels)]
        cells = [
            "" if row % 11 == 0 else f"{size:.3f}",
            colour if row else "seen only once",
            rng.choice(["True", "False"]),
            rng.choice(["True", "False", ""]),
            "inf" if row == 3 else str(rng.randint(9)),
            "",
            "" if row < missing_target else label,
        ]
        lines.append(",".join(cells))
    return "\n".join(lines)


def run(capsys, *argv):
    assert main(argv) == 0
    return capsys.readouterr().out


def refusal(capsys, *argv):
    """Return the one line that says what is wrong."""
    assert main(argv) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert message.startswith("skdistill: ")
    return message


@pytest.fixture
def reading_only(monkeypatch):
    """Let the command read a table and announce it, but fit nothing."""
    monkeypatch.setattr(command, "_report", lambda *_: "")


@pytest.fixture
def two_folds(monkeypatch):
    """Spare the tests that do not look at folds some time."""
    monkeypatch.setattr(command, "FOLDS", 2)


def first_cells(text):
    return [line.split("  ")[0] for line in text.splitlines()]


# ---- built-in tables -------------------------------------------------------------------------


def test_built_in_tables_show_every_method_and_one_sentence_each(two_folds, capsys):
    out = run(capsys, "--rows", "300", "--trees", "5")
    digits, noisy = out.split("Simulated noisy table")
    for text in (digits, noisy):
        assert [cell for cell in first_cells(text) if cell in METHODS] == METHODS
        assert text.count("Of the distilled students") == 1
    assert "210 rows to train and 90 to test, 64 features, 10 classes" in digits
    assert "excess" not in digits
    assert "Bayes risk 0.4" in noisy
    assert "excess" in noisy


# ---- the user's own table --------------------------------------------------------------------


@pytest.mark.parametrize("student", STUDENTS)
def test_every_student_learns_from_a_mixed_table(two_folds, capsys, write, student):
    path = write(mixed_table())
    out = run(capsys, path, "--target", "target", "--trees", "5", "--student", student)
    assert f"Student: {student}." in out
    assert [cell for cell in first_cells(out) if cell in METHODS] == METHODS


@pytest.mark.parametrize("teacher", TEACHERS)
def test_every_teacher_teaches_a_table_of_numbers(two_folds, capsys, write, teacher):
    lines = [f"{row % 7},{row % 5},{int(row % 7 > 3)}" for row in range(80)]
    path = write("\n".join(["a,[b] {c},target", *lines]))
    out = run(capsys, path, "--target", "target", "--trees", "5", "--teacher", teacher)
    assert f"Teacher: {teacher}, 5 trees." in out


def test_three_text_labels_in_a_compressed_file(reading_only, capsys, tmp_path):
    path = tmp_path / "table.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write(mixed_table(labels=("a", "b", "c")))
    out = run(capsys, str(path), "--target", "target")
    assert "table.csv.gz: 112 rows to train and 48 to test, 5 features, 3 classes" in out


def test_rows_without_a_label_are_left_out_and_counted(reading_only, capsys, write):
    path = write(mixed_table(missing_target=20))
    out = run(capsys, path, "--target", "target", "--trees", "5")
    assert "Left out 20 rows whose 'target' is missing." in out
    assert "98 rows to train and 42 to test" in out


@pytest.mark.parametrize("labels", [("0", "1"), ("False", "True")])
def test_numbers_and_truth_values_are_labels_also_where_some_are_missing(
    reading_only, capsys, write, labels
):
    path = write(mixed_table(labels=labels, missing_target=10))
    assert "2 classes" in run(capsys, path, "--target", "target", "--trees", "5")


def test_rows_are_drawn_at_random(reading_only, capsys, write):
    path = write(mixed_table())
    out = run(capsys, path, "--target", "target", "--trees", "5", "--rows", "100")
    assert "70 rows to train and 30 to test" in out


def test_a_real_table_of_letters(two_folds, capsys, data_folder):
    path = str(data_folder / "letter.csv.gz")
    out = run(capsys, path, "--target", "target", "--trees", "10", "--rows", "1000")
    assert "26 classes" in out


def test_a_real_table_of_text_and_numbers(two_folds, capsys, data_folder):
    path = str(data_folder / "adult.csv.gz")
    out = run(capsys, path, "--target", "target", "--trees", "10", "--rows", "500")
    assert "14 features, 2 classes" in out


# ---- what cannot be used ---------------------------------------------------------------------


def test_a_file_that_is_not_there(capsys):
    message = refusal(capsys, "nowhere.csv", "--target", "target")
    assert "There is no file 'nowhere.csv'" in message


@pytest.mark.parametrize("text", ["", '"unfinished', "a,b\n1,2\n1,2,3,4\n"])
def test_a_file_that_is_no_table(capsys, write, text):
    assert "as CSV" in refusal(capsys, write(text), "--target", "target")


def test_a_file_that_is_not_compressed_though_it_says_so(capsys, write):
    assert "as CSV" in refusal(capsys, write("a,b\n1,2", "t.csv.gz"), "--target", "a")


def test_a_folder(capsys, tmp_path):
    assert "as CSV" in refusal(capsys, str(tmp_path), "--target", "target")


@pytest.mark.parametrize("argv", [[], ["--target", "nope"]])
def test_a_target_that_is_missing_or_unknown_lists_the_columns(capsys, write, argv):
    assert "there are: a, b" in refusal(capsys, write("a,b\n1,2"), *argv)


def test_a_target_without_a_table(capsys):
    assert "name of a CSV file" in refusal(capsys, "--target", "target")


def test_a_table_of_the_target_alone(capsys, write):
    assert "no column beside" in refusal(capsys, write("a\n1\n2"), "--target", "a")


@pytest.mark.parametrize("numbers", [[0.5, 1.25], range(100)])
def test_a_quantity_as_target(capsys, write, numbers):
    rows = [f"{row},{number}" for row, number in enumerate([*numbers] * 10)]
    message = refusal(capsys, write("\n".join(["a,price", *rows])), "--target", "price")
    assert "regression target" in message


@pytest.mark.parametrize("labels", [["only"] * 20, [""] * 20])
def test_less_than_two_classes(capsys, write, labels):
    rows = [f"{row},{label}" for row, label in enumerate(labels)]
    message = refusal(capsys, write("\n".join(["a,b", *rows])), "--target", "b")
    assert "at least 2 classes" in message


def test_a_class_with_few_rows(capsys, write):
    rows = [f"{row},{'rare' if row < 7 else 'common'}" for row in range(100)]
    message = refusal(capsys, write("\n".join(["a,b", *rows])), "--target", "b")
    assert "Class 'rare' has 7 rows" in message
    assert "at least 8" in message


def test_the_smallest_class_that_is_taken(capsys, write):
    rows = [f"{row % 9},{'rare' if row < 8 else 'common'}" for row in range(100)]
    run(capsys, write("\n".join(["a,b", *rows])), "--target", "b", "--trees", "3")


def test_no_pandas(capsys, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = refusal(capsys, write("a,b\n1,2"), "--target", "b")
    assert "pip install skdistill[table]" in message


@pytest.mark.parametrize(
    "argv",
    [["--rows", "0"], ["--seed", "-1"], ["--student", "x"], ["--trees", "many"]],
)
def test_options_out_of_range(capsys, argv):
    with pytest.raises(SystemExit, match="2"):
        main(argv)
    assert f"error: argument {argv[0]}" in capsys.readouterr().err


def test_help_names_every_teacher_and_student(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in [*TEACHERS, *STUDENTS])
