"""What can be asked for."""

import pytest

from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.run import main

from .running import in_a_shell


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


def test_the_help_may_be_read_by_nobody(tmp_path):
    done = in_a_shell("--help | true", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
