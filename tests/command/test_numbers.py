"""Numbers as targets: the whole way, from the table to answers about new rows."""

import csv
import io
import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.command import run as command
from skdistill.command import saving
from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.run import main
from skdistill.command.tables import Wanted, own_table

from .running import refusal, run

PACKAGES = {".skops": "skops", ".onnx": "onnxruntime"}


def prices(n_rows=120):
    """Return a table of numbers, text and gaps, whose target is a price."""
    rng = np.random.default_rng(0)
    size, kind = rng.normal(size=n_rows), rng.choice(["red", "green"], n_rows)
    price = 50 + 10 * size + 5 * (kind == "red") + rng.normal(size=n_rows)
    lines = [
        f"{'' if row % 11 == 0 else f'{size[row]:.3f}'},{kind[row]},{price[row]:.2f}"
        for row in range(n_rows)
    ]
    return "\n".join(["size,kind,price", *lines])


@pytest.fixture
def saved(monkeypatch):
    """Hold what was to be saved."""
    held, save_best = [], saving.save_best
    monkeypatch.setattr(saving, "save_best", lambda *given: held.append(given) or save_best(*given))
    return held


def test_saved_student_of_numbers_answers_one_column(three_folds, saved, capsys, write, tmp_path):
    table, path = write(prices()), str(tmp_path / "student.joblib")
    report = str(tmp_path / "report.html")
    argv = ["--teacher", "lightgbm", "--trees", "5", "--student", "ridge", "--html", report]
    out = run(capsys, table, "--target", "price", *argv, "--save", path)
    assert "84 rows to train and 36 to test, 2 features, numbers from " in out
    assert re.search(r" R² +RMSE +MAE ", out)
    assert "has the lowest RMSE" in out
    assert f"Wrote {path}: " in out
    assert "R² against prediction time" in (tmp_path / "report.html").read_text()
    assert main(["predict", path, table]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert head == ["prediction"]
    said = np.array(rows, dtype=float)[:, 0]
    known = np.array([line.split(",")[2] for line in prices().split("\n")[1:]], dtype=float)
    assert np.corrcoef(said, known)[0, 1] > 0.8
    assert main(["predict", path, write("kind,size\n", "none.csv")]) == 0
    assert capsys.readouterr().out == "prediction\n"
    for ending in (".sql", ".c", ".skops", ".onnx"):
        pytest.importorskip(PACKAGES.get(ending, "sklearn"))
        wish = saving.Wish(tmp_path / f"s{ending}", "sqlite")
        out = saving.save_best(wish, *saved[0][1:])
        assert "which answers as the student does" in out
    assert "int s_predict(const double *x, double *prediction);" in (tmp_path / "s.h").read_text()
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE rows (size, kind)")
    base.execute("INSERT INTO rows VALUES (1.5, 'red'), (NULL, 'green')")
    in_database = [row[0] for row in base.execute((tmp_path / "s.sql").read_text())]
    new = write("size,kind\n1.5,red\n,green\n", "new.csv")
    assert main(["predict", str(tmp_path / "s.skops"), new]) == 0
    said = [float(line) for line in capsys.readouterr().out.split()[1:]]
    assert_allclose(said, in_database, rtol=1e-12)
    assert main(["predict", str(tmp_path / "s.onnx"), new]) == 0
    head, *lines = capsys.readouterr().out.split()
    assert head == "prediction"
    assert_allclose(list(map(float, lines)), said, rtol=1e-5)


@pytest.fixture
def members(monkeypatch):
    """Hold who would teach and learn."""
    held = {}

    def compare(teacher, students, *_, **__):
        held.update(teacher=teacher, **students)
        raise command.BadInputError("enough")

    monkeypatch.setattr(command, "compare_students", compare)
    return held


@pytest.mark.parametrize("teacher", TEACHERS)
def test_teachers_of_numbers_are_regressors(members, capsys, write, teacher):
    pytest.importorskip({"xgboost": "xgboost", "catboost": "catboost"}.get(teacher, "sklearn"))
    students = [name for name in STUDENTS if name != "logistic"]
    options = [part for name in students for part in ("--student", name)]
    refusal(capsys, write(prices()), "--target", "price", "--teacher", teacher, *options)
    kinds = {name: type(member.steps[-1][1]).__name__ for name, member in members.items()}
    assert kinds["teacher"].endswith("Regressor")
    assert kinds["lightgbm"] == "LGBMRegressor"
    assert kinds["ridge"] == "Ridge"


def test_linear_models_have_their_kind_of_target(capsys, write):
    argv = [write(prices()), "--target", "price", "--student", "logistic"]
    assert "logistic is for classes" in refusal(capsys, *argv)
    argv = [write(prices()), "--target", "kind", "--student", "ridge"]
    assert "use --student logistic" in refusal(capsys, *argv)


@pytest.mark.parametrize("ending", [".skops", ".onnx", ".c", ".sql"])
def test_every_format_takes_every_student(write, ending):
    pytest.importorskip(PACKAGES.get(ending, "sklearn"))
    students = [name for name in STUDENTS if name != "logistic"]
    wish = saving.Wish(Path(f"student{ending}"), "sqlite")
    saving.rehearse_save(wish, students, own_table(Wanted(write(prices()), "price")), 0)
