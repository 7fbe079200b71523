"""What can be asked for."""

import subprocess
import sys

import pytest

import skdistill
from skdistill.command.models import STUDENTS, TEACHERS
from skdistill.command.options import parse
from skdistill.command.run import main

from .running import in_a_shell, refusal


@pytest.mark.parametrize(
    "argv",
    [["--rows", "0"], ["--seed", "-1"], ["--student", "x"], ["--trees", "many"]],
)
def test_options_out_of_range(capsys, argv):
    assert f"skdistill: {argv[0]} must be" in refusal(capsys, *argv)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("--student tree512", "'ridge', found 'tree512'; did you mean 'tree'?"),
        ("--teacher randomforest", "ends in .csv, found 'randomforest'; did you mean 'forest'?"),
        ("--teacher random_forest", "found 'random_forest'; did you mean 'forest'?"),
        ("--rows 1e3", "--rows must be a whole number from 1 to 4294967294, or all, found '1e3'"),
        ("--task regression", "--task must be one of 'classes', 'numbers', found 'regression'"),
        ("--decimal .,", "--decimal must be one of '.', ',', found '.,'"),
        ("--save s.sql --dialect mysql", "--dialect must be one of 'sqlite', 'duckdb', "),
        ("--traget y", "there is no option --traget; did you mean '--target'?"),
        ("-t y", "there is no option -t ("),
        ("--studentt=tree", "no option --studentt; did you mean '--student'?"),
        ("y", "'y' is one word too many. A column to predict goes with --target. ("),
        ("--save", "--save expected one argument"),
        ("--ta y", "ambiguous option: --ta could match --target, --task"),
    ],
)
def test_what_is_misspelt_is_told_on_one_line(capsys, argv, said):
    message = refusal(capsys, "table.csv", *argv.split())
    assert said in message
    assert message.endswith("(skdistill --help lists what there is)\n")


def test_predict_says_what_is_wrong_as_well(capsys):
    message = refusal(capsys, "predict", "s.pkl", "rows.csv", "y")
    assert message == (
        "skdistill: 'y' is one word too many. (skdistill predict --help lists what there is)\n"
    )
    assert "arguments are required: TABLE" in refusal(capsys, "predict", "s.pkl")


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
    [
        ("4000", 4000),
        ("200kB", 200_000),
        ("3KB", 3000),
        ("1.5 MB", 1.5e6),
        ("2G", 2e9),
        (".5k", 500),
    ],
)
def test_sizes_may_have_units(text, size):
    assert parse(["--max-size", text]).max_size == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1 TB", "kB", "1e3", "nan"])
def test_sizes_that_are_none(text, capsys):
    assert "number of bytes" in refusal(capsys, "--max-size", text)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("300", 300), ("2.5us", 2.5), ("5 µs", 5), ("2ms", 2000), (".01 s", 10_000)],
)
def test_times_may_have_units(text, microseconds):
    assert parse(["--max-latency", text]).max_latency == pytest.approx(microseconds)


@pytest.mark.parametrize("text", ["", "0", "-1", "1 h", "ms", "nan", "inf"])
def test_times_that_are_none(text, capsys):
    assert "must be a time, such as 300" in refusal(capsys, "--max-latency", text)


def test_a_table_may_be_called_predict():
    assert parse(["predict", "model.skops", "rows.csv"]).command == "predict"
    found = parse(["./predict", "--target", "y"])
    assert (found.command, found.table) == ("compare", "./predict")
