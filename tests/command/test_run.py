"""The command line, run in-process on small tables."""

import gzip
import io
import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.command import output, tables
from skdistill.command import run as command
from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.run import main
from skdistill.command.terminal import BadInputError
from skdistill.evaluation import make_noisy_table
from skdistill.evaluation.show.results import Comparison

from ..evaluation.show.test_results import made_up
from ..odd_tables import BROKEN_FILES, TARGETS, odd_table

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
    monkeypatch.setattr(output, "text_of", lambda *_, **__: "")


@pytest.fixture
def learned(monkeypatch):
    """Let the command do all but the learning; hold what would have been learned from."""
    held = {}

    def compare(_, __, X, y, *, X_test, y_test, **___):
        held.update(X=np.concatenate([X, X_test]), y=np.concatenate([y, y_test]))
        return Comparison([made_up("teacher"), made_up("labels")], {})

    monkeypatch.setattr(command, "compare_students", compare)
    return held


@pytest.fixture
def three_folds(monkeypatch):
    """Spare the tests that do not look at folds some time."""
    monkeypatch.setattr(command, "FOLDS", 3)


def two_columns(cells, labels, n_rows=40, names="a,y"):
    """Return a table whose cells and labels repeat themselves."""
    lines = [f"{cells[row % len(cells)]},{labels[row % len(labels)]}" for row in range(n_rows)]
    return "\n".join([names, *lines])


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


def test_the_seed_draws_the_simulated_rows_and_the_next_one_those_of_the_test():
    one, again, next_one = (tables.simulated(300, seed) for seed in (3, 3, 4))
    assert_array_equal(one.X_train, again.X_train)
    assert_array_equal(one.y_train, again.y_train)
    assert_array_equal(one.X_test[:10], make_noisy_table(10_000, random_state=4)[0][:10])
    assert not np.isin(one.X_train[:, 0], next_one.X_train[:, 0]).any()
    assert len(tables.simulated(None, 0).y_train) == 2_000


def test_large_forest_answers_out_of_bag_and_others_by_folds(monkeypatch, capsys):
    asked = []

    def compare(*_, teacher_cv, **__):
        asked.append(teacher_cv)
        raise BadInputError("enough")

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

    monkeypatch.setattr(output, "html_report", full)
    path = write(mixed_table())
    message = refusal(capsys, path, "--target", "target", "--html", str(tmp_path / "report.html"))
    assert "Could not write the report: No space left on device" in message


def test_report_that_cannot_be_drawn_is_told_so(learned, monkeypatch, capsys, tmp_path, write):
    def draw(*_):
        raise RuntimeError("latex could not be found\nat all")

    monkeypatch.setattr(output, "html_report", draw)
    old = tmp_path / "report.html"
    old.write_text("old")
    argv = [write(two_columns("123", "ab")), "--target", "y", "--html", str(old)]
    assert "report: latex could not be found at all" in refusal(capsys, *argv)
    assert old.read_text() == "old"


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize("reads_link", [False, True])
def test_report_never_overwrites_the_table(capsys, tmp_path, write, link, reads_link):
    table = write(two_columns("123", "ab"))
    report = table
    if link is not None:
        report = str(tmp_path / "report.html")
        link(table, report)
    names = (report, table) if reads_link else (table, report)
    message = refusal(capsys, names[0], "--target", "y", "--html", names[1])
    assert "would overwrite the table" in message
    with open(table) as file:
        assert file.read() == two_columns("123", "ab")


@pytest.mark.parametrize("name", ["x" * 300, "loop", "read only"])
def test_report_of_an_impossible_name_is_refused_before_any_fit(
    monkeypatch, capsys, tmp_path, name
):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    if name == "read only":
        monkeypatch.setattr(os, "access", lambda *_: False)
    assert "Could not write" in refusal(capsys, "--html", str(tmp_path / name))


def test_report_needs_no_screen(learned, capsys, tmp_path, monkeypatch, write):
    import matplotlib.pyplot as plt

    backends = []
    monkeypatch.setattr(plt, "switch_backend", backends.append)
    argv = [write(two_columns("123", "ab")), "--target", "y", "--html", str(tmp_path / "r.html")]
    run(capsys, *argv)
    assert backends == ["agg"]


# ---- the terminal ----------------------------------------------------------------------------


def test_names_are_printed_on_one_line_and_command_nothing(learned, capsys, write):
    path = write(two_columns("123", "ab", names='"\x1b[2J\nrow",y'), "\x1b[31mred\n.csv")
    out = run(capsys, path, "--target", "y")
    assert out.startswith(r"\x1b[31mred\n.csv: 28 rows to train")
    message = refusal(capsys, path)
    assert message.endswith("there are: \\x1b[2J\\nrow, y\n")


def test_of_many_columns_the_first_are_named(capsys, write):
    names = ",".join(f"c{k}" for k in range(1000))
    message = refusal(capsys, write(f"{names}\n{names}"))
    assert message.endswith("c28, c29, …\n")


def test_options_that_are_unknown_command_nothing(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["table.csv", "\x1b[31m"])
    assert "\x1b" not in capsys.readouterr().err


def test_warnings_are_one_printable_line(learned, monkeypatch, capsys, write):
    def compare(*_):
        warnings.warn("columns\n  '\x1b[31m'", stacklevel=1)
        raise BadInputError("enough")

    monkeypatch.setattr(command, "_compare", compare)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main([write(two_columns("123", "ab")), "--target", "y"]) == 2
    lines = ["skdistill: columns '\\x1b[31m'", "skdistill: enough"]
    assert capsys.readouterr().err.splitlines() == lines


def test_ascii_terminals_are_spelt_for(learned, monkeypatch, write):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main([write(two_columns("123", "ab"), "größe.csv"), "--target", "y"]) == 0
    shown = stream.buffer.getvalue().decode("ascii")
    assert r"gr\xf6\xdfe.csv: 28 rows" in shown
    assert "us, one row" in shown
    assert "+/-" in shown


class Unwritable(io.StringIO):
    """A stream of which nobody reads."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def test_a_closed_pipe_ends_quietly_before_any_fit(monkeypatch, capsys, write):
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    monkeypatch.setattr(sys, "stdout", Unwritable(BrokenPipeError()))
    assert main([write(two_columns("123", "ab")), "--target", "y"]) == 0
    assert capsys.readouterr().err == ""


def test_a_report_is_written_though_the_pipe_is_closed(learned, monkeypatch, tmp_path, write):
    monkeypatch.setattr(sys, "stdout", Unwritable(BrokenPipeError()))
    report = tmp_path / "report.html"
    assert main([write(two_columns("123", "ab")), "--target", "y", "--html", str(report)]) == 0
    assert "<table" in report.read_text(encoding="utf-8")


def test_what_cannot_be_printed_is_told(learned, monkeypatch, capsys, write):
    monkeypatch.setattr(sys, "stdout", Unwritable(OSError("No space left on device")))
    message = refusal(capsys, write(two_columns("123", "ab")), "--target", "y")
    assert "Could not print: No space left on device" in message


def test_what_cannot_be_learned_is_told(monkeypatch, capsys, write):
    def compare(*_, **__):
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(command, "compare_students", compare)
    message = refusal(capsys, write(two_columns("123", "ab")), "--target", "y")
    assert "table.csv cannot be learned: RuntimeError: two lines" in message


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


def test_numbers_that_trees_cannot_hold_are_missing_and_counted(learned, capsys, write):
    cells = ["1", "1e39", "-inf", "3.4e38", "1e400"]
    out = run(capsys, write(two_columns(cells, "ab")), "--target", "y")
    assert "Took 24 numbers for missing, which are infinite or beyond ±3.4e+38" in out
    assert "in 'a'" in out
    found = learned["X"]
    assert np.isnan(found).sum() == 24
    assert np.isfinite(found[~np.isnan(found)].astype(np.float32)).all()


def test_numbers_of_many_digits_are_no_text(learned, capsys, write):
    run(capsys, write(two_columns(["3", "1" * 25, ""], "ab")), "--target", "y")
    assert_array_equal(np.unique(learned["X"]), [3, float("1" * 25), np.nan])


def test_columns_may_have_any_name(learned, capsys, write):
    cells = ["1,x,1", "2,z,2", "3,x,3"]
    path = write(two_columns(cells, "ab", names="self,self,self.2,y"))
    assert "3 features" in run(capsys, path, "--target", "y")


def test_names_of_rows_are_no_column_and_it_is_said(learned, capsys, write):
    path = write(two_columns(["r1,5", "r2,6", "r3,7"], "ab"))
    assert "the first are names of rows, not used" in run(capsys, path, "--target", "y")
    assert set(learned["X"].ravel()) == {5, 6, 7}


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


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_an_archive_that_is_none_or_broken(capsys, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BROKEN_FILES[name](two_columns("123", "ab").encode()))
    message = refusal(capsys, str(path), "--target", "y")
    assert "as CSV" in message or "pip install zstandard" in message


@pytest.mark.parametrize("url", ["http://h.invalid/t.csv", "s3://b/t.csv", "a::FILE:///t.csv"])
def test_a_url_is_fetched_only_where_that_is_asked_for(monkeypatch, capsys, url):
    import pandas as pd

    asked = []

    def read_csv(place, **_):
        asked.append(place)
        raise OSError("no network")

    monkeypatch.setattr(pd, "read_csv", read_csv)
    assert "nothing is fetched unless --fetch" in refusal(capsys, url, "--target", "y")
    assert asked == []
    assert "no network" in refusal(capsys, url, "--target", "y", "--fetch")
    assert asked == [url]


def test_a_file_whose_name_looks_like_a_url_is_read(learned, monkeypatch, capsys, tmp_path, write):
    write(two_columns("123", "ab"), "http:t.csv")
    monkeypatch.chdir(tmp_path)
    assert "http:t.csv: 28 rows" in run(capsys, "http:t.csv", "--target", "y")


def test_a_target_that_is_there_twice(capsys, write):
    path = write("y,a,y\n1,2,3\n")
    assert "several columns 'y'" in refusal(capsys, path, "--target", "y")


def test_a_target_beside_one_of_a_like_name(learned, capsys, write):
    run(capsys, write(two_columns("123", "ab", names="y.1,y")), "--target", "y")


@pytest.mark.parametrize("cells", [[""], ["inf", ""], ["NA", "1e39"]])
def test_no_column_with_a_value(capsys, write, cells):
    assert main([write(two_columns(cells, "ab")), "--target", "y"]) == 2
    assert "No column beside 'y' has a value" in capsys.readouterr().err


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


def test_most_classes_that_are_numbers(learned, capsys, write):
    for n_classes in (50, 51):
        table = two_columns("12", [str(k) for k in range(n_classes)], n_rows=20 * n_classes)
        path = write(table)
        if n_classes == 50:
            assert "50 classes" in run(capsys, path, "--target", "y")
        else:
            assert "51 different numbers" in refusal(capsys, path, "--target", "y")


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


# ---- whatever the table ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(150))
def test_odd_tables_are_compared_or_refused_in_one_line(monkeypatch, capsys, tmp_path, seed):
    def compare(_, __, X, y, *, y_test, **___):
        classes.update(y.tolist(), y_test.tolist())
        return Comparison([made_up("teacher"), made_up("labels")], {})

    classes = set()
    monkeypatch.setattr(command, "compare_students", compare)
    table = odd_table(seed, tmp_path / "tables")
    code = main(table.argv)
    shown, message = capsys.readouterr()
    if code == 0:
        assert "--rows" in table.argv or table.n_classes in (None, len(classes)), table.what
    else:
        assert code == 2
    assert message.count("\n") == (code == 2), table.what
    assert (shown + message).replace("\n", "").replace("\u200d", "").isprintable(), table.what


def in_a_shell(arguments, tmp_path, **environment):
    """Run the command in a process of its own."""
    return subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m skdistill {arguments}; exit ${{PIPESTATUS[0]}}'],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=120,
    )


def test_a_process_speaks_ascii_and_leaves_a_closed_pipe_quietly(tmp_path, write):
    write(two_columns(["1", "1e300", ""], ["1e300", "1e301"]), "größe.csv")
    arguments = "gr*.csv --target y --trees 3 --student tree256 --quiet"
    done = in_a_shell(f"{arguments} | head -n 1", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"gr\\xf6\\xdfe.csv: 28 rows")
    done = in_a_shell(f"{arguments} | cat", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"gr\\xf6\\xdfe.csv: 28 rows" in done.stdout
    assert b"us, one row" in done.stdout


@pytest.mark.parametrize("name", ["none.zip", "none.csv.zst"])
def test_a_process_refuses_in_one_line(tmp_path, write, name):
    write(two_columns("123", "ab"), name)
    done = in_a_shell(f"{name} --target y", tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


def test_the_help_may_be_read_by_nobody(tmp_path):
    done = in_a_shell("--help | true", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
