"""Teachers and students by their names."""

import pytest

from skdistill.command import run as command
from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.terminal import BadInputError

from .running import METHODS, methods, mixed_table, refusal, run


def test_large_forest_answers_out_of_bag_and_others_by_folds(monkeypatch, capsys):
    asked = []

    def compare(*_, teacher_cv, **__):
        asked.append(teacher_cv)
        raise BadInputError("enough")

    monkeypatch.setattr(command, "compare_students", compare)
    for options in ([], ["--trees", "99"], ["--teacher", "extra_trees"]):
        refusal(capsys, *options)
    assert asked == ["oob", None, None]


@pytest.mark.parametrize("student", [name for name in STUDENTS if name != "ridge"])
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
