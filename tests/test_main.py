"""The command line, run in-process on small tables."""

import gzip
import re
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
    "distilled, tuned",
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
    monkeypatch.setattr(command, "_compare", lambda *_: None)
    monkeypatch.setattr(command, "_text", lambda _: "")


@pytest.fixture
def three_folds(monkeypatch):
    """Spare the tests that do not look at folds some time."""
    monkeypatch.setattr(command, "FOLDS", 3)


def methods(text):
    """Return the first cell of each line that is one of a method, whatever the tuned one chose."""
    cells = [re.sub(r"^(distilled, tuned) \(.*\)", r"\1", line) for line in text.splitlines()]
    return [cell for cell in (line.split("  ")[0] for line in cells) if cell in METHODS]


# ---- built-in tables -------------------------------------------------------------------------


def test_built_in_tables_show_every_method_and_one_sentence_each(three_folds, capsys):
    out = run(capsys, "--rows", "300", "--trees", "5")
    digits, noisy = out.split("Simulated noisy table")
    for text in (digits, noisy):
        assert methods(text) == METHODS
        assert text.count("Of the distilled students") == 1
    assert "210 rows to train and 90 to test, 64 features, 10 classes" in digits
    assert "excess" not in digits
    assert "Bayes risk 0.4" in noisy
    assert "excess" in noisy


def test_large_forest_answers_out_of_bag_and_others_by_folds(monkeypatch, capsys):
    asked = []

    def compare(*_, teacher_cv, **__):
        asked.append(teacher_cv)
        raise command.BadInputError("enough")

    monkeypatch.setattr(command, "compare_students", compare)
    for options in ([], ["--trees", "99"], ["--teacher", "extra_trees"]):
        refusal(capsys, *options)
    assert asked == ["oob", None, None]


# ---- the report ------------------------------------------------------------------------------


def test_report_holds_tables_and_pictures(three_folds, capsys, tmp_path):
    path = tmp_path / "report.html"
    out = run(capsys, "--rows", "300", "--trees", "5", "--html", str(path))
    assert out.endswith(f"Wrote {path}.\n")
    page = path.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    assert page.count("<h2>") == 2
    assert "distilled, corrected" in page
    assert "Bayes risk 0.4" in page


@pytest.mark.parametrize("name", ["", "nowhere/report.html"])
def test_report_that_cannot_be_written_is_refused_before_any_fit(
    monkeypatch, capsys, tmp_path, name
):
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    message = refusal(capsys, "--html", str(tmp_path / name))
    assert "Could not write a report" in message


def test_report_without_matplotlib_is_refused_before_any_fit(monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    message = refusal(capsys, "--html", str(tmp_path / "report.html"))
    assert "pip install skdistill[plot]" in message


def test_report_on_a_full_disk_is_told_so(reading_only, monkeypatch, capsys, tmp_path, write):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(command, "html_report", full)
    path = write(mixed_table())
    message = refusal(capsys, path, "--target", "target", "--html", str(tmp_path / "report.html"))
    assert "Could not write the report: No space left on device" in message


# ---- the user's own table --------------------------------------------------------------------


@pytest.mark.parametrize("student", STUDENTS)
def test_every_student_learns_from_a_mixed_table(three_folds, capsys, write, student):
    path = write(mixed_table())
    out = run(capsys, path, "--target", "target", "--trees", "5", "--student", student)
    assert f"Student: {student}." in out
    assert methods(out) == METHODS


@pytest.mark.parametrize("teacher", TEACHERS)
def test_every_teacher_teaches_a_table_of_numbers(three_folds, capsys, write, teacher):
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


def test_a_real_table_of_letters(three_folds, capsys, data_folder):
    path = str(data_folder / "letter.csv.gz")
    out = run(capsys, path, "--target", "target", "--trees", "10", "--rows", "1000")
    assert "26 classes" in out


def test_a_real_table_of_text_and_numbers(three_folds, capsys, data_folder):
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
