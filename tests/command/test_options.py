"""What can be asked for."""

import subprocess
import sys

import pytest

import skdistill
from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.options import parse
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


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"skdistill {skdistill.__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["predict", "--help"], ["--version"]])
def test_help_waits_for_no_library(words):
    code = f"""
import sys
from skdistill.command.run import main
try:
    main({words!r})
except SystemExit:
    print(sorted({{"numpy", "pandas", "sklearn", "lightgbm"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize(
    ("text", "size"),
    [("4000", 4000), ("200kB", 200_000), ("1.5 MB", 1.5e6), ("2G", 2e9), (".5k", 500)],
)
def test_sizes_may_have_units(text, size):
    assert parse(["--max-size", text]).max_size == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1 TB", "kB", "1e3", "nan"])
def test_sizes_that_are_none(text, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(["--max-size", text])
    assert "number of bytes" in capsys.readouterr().err


def test_a_table_may_be_called_predict():
    assert parse(["predict", "model.skops", "rows.csv"]).command == "predict"
    found = parse(["./predict", "--target", "y"])
    assert (found.command, found.table) == ("compare", "./predict")
