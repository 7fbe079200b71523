"""The best student as a file, and what is refused before any fit."""

import pickle
import sqlite3
import sys

import pytest
from numpy.testing import assert_allclose

from skdistill.command import run as command
from skdistill.command import saving
from skdistill.command.models import STUDENTS
from skdistill.command.options import DATABASES
from skdistill.command.saving import with_names
from skdistill.export import to_sql
from skdistill.export.sql.dialects import DIALECTS, SQLite

from .running import mixed_table, numbers_only, predicted, refusal, run, with_dates

OF_CLASSES = [name for name in STUDENTS if name != "ridge"]

# ---- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("student", "ending"),
    [("tree256", ".pkl"), ("forest10", ".joblib"), *((name, ".skops") for name in OF_CLASSES)],
)
def test_what_is_saved_predicts_as_the_student_does(
    on_labels, capsys, write, tmp_path, student, ending
):
    if ending == ".skops":
        pytest.importorskip("skops")
    table, path = write(with_dates()), tmp_path / f"student{ending}"
    out = run(capsys, table, "--target", "target", "--student", student, "--save", str(path))
    assert f"Wrote {path}: {student}, student on labels, which answers as the student" in out
    labels, proba = predicted(capsys, path, table)
    X = on_labels["table"].X_test
    assert_allclose(proba[X.index], on_labels[student].predict_proba(X), rtol=1e-12)
    assert [labels[row] for row in X.index] == on_labels[student].predict(X).tolist()


def test_columns_of_numbers_are_found_by_name(on_labels, capsys, write, tmp_path):
    path = tmp_path / "student.joblib"
    text = numbers_only()
    run(capsys, write(text), "--target", "target", "--save", str(path))
    expected = predicted(capsys, path, write(text))[1]
    rows = [line.split(",") for line in text.split("\n")]
    turned = "\n".join(f"{b};{c};further;{a}" for a, b, c in rows)
    assert_allclose(predicted(capsys, path, write(turned, "turned.csv"))[1], expected)


@pytest.mark.parametrize("ending", [".c", ".onnx", ".sql"])
@pytest.mark.parametrize("text", [mixed_table(), numbers_only()], ids=["mixed", "numbers"])
def test_other_files_are_written_with_the_names_of_columns(
    on_labels, capsys, write, tmp_path, ending, text
):
    if ending == ".onnx":
        pytest.importorskip("skl2onnx")
        pytest.importorskip("onnxruntime")
    path = tmp_path / f"my student{ending}"
    argv = [write(text), "--target", "target", "--student", "tree256", "--save", str(path)]
    assert "Wrote" in run(capsys, *argv)
    names = {".c": b"left", ".sql": b'"left"', ".onnx": b"X"} if "left" in text else {}
    assert names.get(ending, b"size") in path.read_bytes()
    assert (tmp_path / "my student.h").exists() == (ending == ".c")


def test_the_saved_query_runs_in_a_database(on_labels, capsys, write, tmp_path):
    path = tmp_path / "student.sql"
    run(capsys, write(numbers_only()), "--target", "target", "--save", str(path))
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE rows (left, right)")
    base.execute("INSERT INTO rows VALUES (2, -2), (-2, 2)")
    assert [row[-1] for row in base.execute(path.read_text())] == ["yes", "no"]


@pytest.mark.parametrize("database", DATABASES)
def test_a_query_is_for_the_database_that_is_named(on_labels, capsys, write, tmp_path, database):
    if database == "duckdb":
        pytest.importorskip("duckdb")
    path = tmp_path / "s.sql"
    argv = [write(mixed_table()), "--target", "target", "--dialect", database, "--save", str(path)]
    out = run(capsys, *argv, "--student", "tree256")
    assert f"s.sql for {DATABASES[database]}: tree256, student on labels, " in out
    runs_here = database != "postgresql"
    assert ("which answers as the student does" in out) == runs_here
    assert ("not compared with the student, as PostgreSQL is a server" in out) != runs_here
    model = with_names(on_labels["tree256"], on_labels["table"])
    assert path.read_text() == to_sql(model, dialect=database) + "\n"


def test_a_query_that_is_wrong_is_not_saved(on_labels, monkeypatch, capsys, write, tmp_path):
    path = tmp_path / "s.sql"
    monkeypatch.setattr(SQLite, "_finite", lambda _, value: f"{value:.1f}")
    argv = [write(numbers_only()), "--target", "target", "--save", str(path)]
    assert "does not answer as the model does" in refusal(capsys, *argv)
    assert not path.exists()


def test_a_database_that_is_missing_is_told(on_labels, monkeypatch, capsys, write, tmp_path):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    argv = [write(numbers_only()), "--target", "target", "--dialect", "duckdb"]
    out = run(capsys, *argv, "--save", str(tmp_path / "s.sql"))
    assert "not compared with the student, as duckdb is not installed." in out


def test_every_dialect_can_be_asked_for():
    assert [*DATABASES] == [*DIALECTS]


@pytest.mark.parametrize("save", [[], ["--save", "s.onnx"]])
def test_a_dialect_goes_with_sql(capsys, write, save):
    argv = [write(numbers_only()), "--target", "target", "--dialect", "duckdb", *save]
    assert "--dialect goes with --save and a file that ends in .sql" in refusal(capsys, *argv)


def test_c_is_written_where_nobody_can_compile_it_and_it_is_said(
    on_labels, monkeypatch, capsys, write, tmp_path
):
    monkeypatch.setattr(saving, "find_compiler", lambda: None)
    path = tmp_path / "2 students.c"
    out = run(capsys, write(numbers_only()), "--target", "target", "--save", str(path))
    assert "as there is no C compiler" in out
    assert "int student_2_students_predict(" in path.read_text()


# ---- which -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("budget", "best"), [([], "logistic"), (["--max-size", "1kB"], "tree")])
def test_the_best_that_fits_is_saved(on_labels, capsys, write, tmp_path, budget, best):
    argv = [write(numbers_only()), "--target", "target", "--student", "tree", *budget]
    out = run(capsys, *argv, "--student", "logistic", "--save", str(tmp_path / "s.pkl"))
    assert f"s.pkl: {best}, student on labels" in out
    assert ("over\n" in out) == bool(budget)


def test_nothing_is_saved_that_does_not_fit(on_labels, capsys, write, tmp_path):
    argv = [write(numbers_only()), "--target", "target", "--max-size", "10", "--save"]
    assert "nothing was saved" in refusal(capsys, *argv, str(tmp_path / "s.pkl"))
    assert not (tmp_path / "s.pkl").exists()


# ---- refused before any fit ------------------------------------------------------------------


@pytest.fixture
def never(monkeypatch):
    """Fail if anything is compared."""
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("compared"))


def test_a_file_is_never_replaced_unless_that_is_said(on_labels, capsys, write, tmp_path):
    path = tmp_path / "s.pkl"
    path.write_text("old")
    argv = [write(numbers_only()), "--target", "target", "--save", str(path)]
    assert "exists; --overwrite replaces it" in refusal(capsys, *argv)
    assert path.read_text() == "old"
    run(capsys, *argv, "--overwrite")
    assert list(pickle.loads(path.read_bytes()).feature_names) == ["left", "right"]


@pytest.mark.usefixtures("never")
def test_a_header_beside_c_is_not_replaced_either(capsys, write, tmp_path):
    (tmp_path / "s.h").write_text("old")
    argv = [write(numbers_only()), "--target", "target", "--save", str(tmp_path / "s.c")]
    assert "s.h' exists" in refusal(capsys, *argv)


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere/s.pkl", "Could not write"), ("s.txt", "end in .skops"), ("", "end in .skops")],
)
def test_a_file_that_cannot_be_written(capsys, write, tmp_path, name, said):
    argv = [write(numbers_only()), "--target", "target", "--save", str(tmp_path / name)]
    assert said in refusal(capsys, *argv)


@pytest.mark.usefixtures("never")
def test_the_table_is_never_overwritten(capsys, write):
    path = write(numbers_only(), "table.pkl")
    argv = [path, "--target", "target", "--save", path, "--overwrite"]
    assert "would overwrite the table" in refusal(capsys, *argv)


def test_a_built_in_table_is_not_saved(capsys):
    assert "name of a table" in refusal(capsys, "--save", "s.pkl")


@pytest.mark.usefixtures("never")
def test_a_package_that_is_missing(monkeypatch, capsys, write, tmp_path):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    argv = [write(numbers_only()), "--target", "target", "--save", str(tmp_path / "s.skops")]
    assert "needs skops: pip install skops\n" in refusal(capsys, *argv)


@pytest.mark.usefixtures("never")
def test_a_student_that_a_format_cannot_take(monkeypatch, capsys, write, tmp_path):
    from sklearn.neighbors import KNeighborsRegressor

    monkeypatch.setitem(STUDENTS, "tree", lambda *_: KNeighborsRegressor(1))
    argv = [write(numbers_only()), "--target", "target", "--save", str(tmp_path / "s.c")]
    message = refusal(capsys, *argv)
    assert "The student 'tree' cannot be saved as .c: KNeighborsRegressor" in message
