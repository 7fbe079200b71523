"""Probabilities from a file in the place of a teacher."""

import numpy as np
import pytest

from .running import methods, mixed_table, refusal, run

N_ROWS = 160


def probabilities(names="yes,no", n_rows=N_ROWS, shares=(0.3, 0.7)):
    lines = [",".join(map(str, shares)) if row % 2 else "0.8,0.2" for row in range(n_rows)]
    return "\n".join([names, *lines])


def test_students_learn_from_probabilities_in_a_file(three_folds, capsys, write):
    lines = [f"{row % 7},{row % 5},{'yes' if row % 7 > 3 else 'no'}" for row in range(80)]
    path = write("\n".join(["a,[b] {c},target", *lines]))
    given = write(probabilities(n_rows=80), "given.csv")
    out = run(capsys, path, "--target", "target", "--teacher", given, "--student", "lightgbm")
    found = ["teacher", "student on labels", "student tuned on labels", "distilled in-sample"]
    assert methods(out) == found
    assert "Teacher: given.csv." in out
    assert "of the teacher's size" not in out


def test_probabilities_belong_to_rows_by_their_place_in_the_file(monkeypatch, capsys, write):
    from skdistill.command import run as command

    asked = {}

    def compare(table, teacher, *_):
        asked.update(X=table.X_test, proba=teacher.predict_proba(table.X_test))
        raise command.BadInputError("enough")

    monkeypatch.setattr(command, "_compare", compare)
    lines = [f"{row / 1000:.3f},{1 - row / 1000:.3f}" for row in range(N_ROWS)]
    given = write("\n".join(["yes,no", *lines]), "given.csv")
    path = write(mixed_table(missing_target=5))
    refusal(capsys, path, "--target", "target", "--teacher", given)
    # The columns are in the order of the classes, no before yes.
    expected = np.array(asked["X"].index) / 1000
    np.testing.assert_allclose(asked["proba"][:, 1], expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (probabilities(n_rows=100), "a row for each of the table's 160, found 100"),
        (probabilities("a,no"), "there is none for 'yes'"),
        (probabilities(shares=(0.3, 0.9)), "must sum to 1"),
        (probabilities(shares=(-0.3, 1.3)), "must not be negative"),
        (probabilities(shares=("", 0.5)), "must hold probabilities"),
        (probabilities(shares=("x", 0.5)), "must hold probabilities"),
        ("", "as CSV"),
    ],
)
def test_what_is_wrong_with_probabilities_is_told(capsys, write, text, said):
    argv = [write(mixed_table()), "--target", "target", "--teacher", write(text, "given.csv")]
    assert said in refusal(capsys, *argv)


def test_a_file_that_is_not_there_or_has_no_table(capsys, write):
    argv = [write(mixed_table()), "--target", "target", "--teacher", "nowhere.csv"]
    assert "There is no file 'nowhere.csv'" in refusal(capsys, *argv)
    assert "name of a table" in refusal(capsys, "--teacher", "given.csv")


def test_predictions_of_numbers_are_one_column(monkeypatch, capsys, write):
    from skdistill.command import run as command

    asked = {}

    def compare(table, teacher, *_):
        asked.update(X=table.X_test, prediction=teacher.predict(table.X_test))
        raise command.BadInputError("enough")

    monkeypatch.setattr(command, "_compare", compare)
    table = write("\n".join(["a,y", *(f"{row % 7},{row / 8}" for row in range(80))]))
    given = write("\n".join(["said", *(str(row / 4) for row in range(80))]), "given.csv")
    refusal(capsys, table, "--target", "y", "--teacher", given)
    np.testing.assert_array_equal(asked["prediction"], np.array(asked["X"].index) / 4)
    two = write("\n".join(["said,more", *["1,2"] * 80]), "two.csv")
    message = refusal(capsys, table, "--target", "y", "--teacher", two)
    assert "two.csv must have one column, of predictions, found 'said', 'more'" in message
    text = write("\n".join(["said", *["x"] * 80]), "text.csv")
    assert "must hold numbers" in refusal(capsys, table, "--target", "y", "--teacher", text)
