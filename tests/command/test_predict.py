"""New rows, answered by a student that was saved."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.command.run import main

from .running import numbers_only, predicted, refusal, run, with_dates


@pytest.fixture
def student(on_labels, capsys, write, tmp_path):
    """Return the path of a saved student of a mixed table with dates."""
    path = str(tmp_path / "student.joblib")
    run(capsys, write(with_dates()), "--target", "target", "--save", path)
    return path


ROW = "2024-05-06,1.5,red,True,False,3,"
HEAD = "when,size,colour,flag,sometimes,[odd] {name},target"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}".replace(",", ";"),
        f"{HEAD}\n{ROW}".replace(",", ";").replace("1.5", "1,5"),
        f"{HEAD}\n{ROW}".replace("True,False", "true,0").replace("2024-05-06", "06.05.2024"),
        f"more,{HEAD.removesuffix(',target')}\n,{ROW.removesuffix(',')}",
    ],
)
def test_new_rows_may_be_written_in_another_way(student, capsys, write, text):
    expected = predicted(capsys, student, write(f"{HEAD}\n{ROW}", "a.csv"))[1]
    assert_allclose(predicted(capsys, student, write(text, "b.csv"))[1], expected, rtol=0)


def test_missing_values_and_new_words_are_answered(student, capsys, write):
    path = write(f"{HEAD}\n,,,,,,\n2024-05-06,1e300,violet,True,False,3,\n", "new.csv")
    assert np.isfinite(predicted(capsys, student, path)[1]).all()


def test_no_rows_are_answered_by_a_header(student, capsys, write):
    assert main(["predict", student, write(HEAD, "none.csv")]) == 0
    assert capsys.readouterr().out == "class,probability no,probability yes\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEAD}\n{ROW}".replace("size", "sise"), "no column 'size'; did you mean 'sise'?"),
        (f"{HEAD}\n{ROW}".replace("1.5", "large"), "'size' must hold numbers, as in training"),
        (f"{HEAD}\n{ROW}".replace("2024-05-06", "May"), "'when' must hold dates"),
        ("", "as CSV"),
    ],
)
def test_rows_of_another_table(student, capsys, write, text, said):
    assert said in refusal(capsys, "predict", student, write(text, "other.csv"))


def test_files_that_hold_no_student(capsys, write, tmp_path):
    rows = write(numbers_only())
    other = tmp_path / "other.pkl"
    other.write_bytes(pickle.dumps({"no": "student"}))
    assert "no student that --save" in refusal(capsys, "predict", str(other), rows)
    assert "Could not read" in refusal(capsys, "predict", write("no pickle", "s.pkl"), rows)
    assert "There is no file" in refusal(capsys, "predict", "nowhere.pkl", rows)
    assert "predict reads .skops" in refusal(capsys, "predict", write("", "s.onnx"), rows)
