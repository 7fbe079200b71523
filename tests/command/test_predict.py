"""New rows, answered by a student that was saved."""

import io
import pickle
import sys

import numpy as np
import pandas as pd
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
        (f"{HEAD}\n{ROW}".replace("when,", "day,"), "no column 'when month' (made of 'when')"),
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
    assert "predict reads .skops" in refusal(capsys, "predict", write("", "s.c"), rows)


# ---- ONNX ------------------------------------------------------------------------------------


@pytest.fixture
def without_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


def test_onnx_says_what_reads_it(without_onnxruntime, capsys, write):
    message = refusal(capsys, "predict", write("", "s.onnx"), write(numbers_only()))
    assert message.endswith("needs onnxruntime: pip install onnxruntime\n")


def test_onnx_of_others_holds_no_student(capsys, write, tmp_path):
    helper = pytest.importorskip("onnx").helper
    pytest.importorskip("onnxruntime")
    path, rows = tmp_path / "other.onnx", write(numbers_only())
    ends = [helper.make_tensor_value_info(name, 1, [1]) for name in "ab"]
    graph = helper.make_graph([helper.make_node("Abs", ["a"], ["b"])], "g", ends[:1], ends[1:])
    how = {"ir_version": 8, "opset_imports": [helper.make_opsetid("", 15)]}
    path.write_bytes(helper.make_model(graph, **how).SerializeToString())
    assert "no student that --save" in refusal(capsys, "predict", str(path), rows)
    assert "Could not read" in refusal(capsys, "predict", write("x", "s.onnx"), rows)
    assert "There is no file" in refusal(capsys, "predict", "nowhere.onnx", rows)


LABELS = {
    "text": ["no", "yes", "perhaps"],
    "numbers": ["-7", "3", "30"],
    "truth": ["false", "true"],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("names", ["size,colour,y", "X,other,y"], ids=["mixed", "numbers"])
@pytest.mark.parametrize("student", ["tree256", "logistic"])
def test_onnx_answers_as_its_student_does(
    on_labels, capsys, write, tmp_path, labels, names, student
):
    """Also with a column called as the input of all columns is."""
    pytest.importorskip("onnxruntime")
    path, rng = tmp_path / "s.onnx", np.random.RandomState(0)
    others = ["red", "", "blue"] if "colour" in names else ["1", "", "3"]
    lines = [
        f"{rng.randn():.3f},{others[k % 3]},{labels[k * k % 11 % len(labels)]}" for k in range(99)
    ]
    table = write("\n".join([names, *lines]))
    run(capsys, table, "--target", "y", "--student", student, "--save", str(path))
    shown = pd.read_csv(io.StringIO(run(capsys, "predict", str(path), table)))
    model, X = on_labels[student], on_labels["table"].X_test
    # Rows are read anew, so that of an array nobody knows which they were.
    X = X if hasattr(X, "columns") else pd.read_csv(table)[names.split(",")[:2]]
    shown = shown.loc[X.index]
    rows = X if "colour" in names else X.to_numpy()
    assert shown["class"].tolist() == model.predict(rows).tolist()
    titles = [f"probability {label}" for label in model.classes_.tolist()]
    assert shown.columns[1:].tolist() == titles
    assert_allclose(shown[titles], model.predict_proba(rows), atol=1e-6)


def test_onnx_answers_no_rows_by_a_header(on_labels, capsys, write, tmp_path):
    pytest.importorskip("onnxruntime")
    path = str(tmp_path / "s.onnx")
    run(capsys, write(numbers_only()), "--target", "target", "--save", path)
    header = run(capsys, "predict", path, write("right,left\n", "none.csv"))
    assert header == "class,probability no,probability yes\n"
    message = refusal(capsys, "predict", path, write("rihgt,left\n1,2\n", "other.csv"))
    assert "no column 'right'; did you mean 'rihgt'?" in message
