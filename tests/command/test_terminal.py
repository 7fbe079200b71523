"""Lines for terminals of all kinds, and for readers who leave."""

import io
import re
import sys
import threading
import warnings
from time import sleep

import pytest

from skdistill._utils import progress
from skdistill.command import run as command
from skdistill.command import tables
from skdistill.command.run import main
from skdistill.command.terminal import BadInputError

from .running import Unwritable, in_a_shell, refusal, run, two_columns


def test_names_are_printed_on_one_line_and_command_nothing(learned, capsys, write):
    path = write(two_columns("123", "ab", names='"\x1b[2J\nrow",y'), "\x1b[31mred\n.csv")
    out = run(capsys, path, "--target", "y")
    assert out.startswith(r"\x1b[31mred\n.csv: 28 rows to train")
    message = refusal(capsys, path)
    assert message.endswith("there are: \\x1b[2J\\nrow, y\n")


def test_options_that_are_unknown_command_nothing(capsys):
    assert "\x1b" not in refusal(capsys, "table.csv", "\x1b[31m")


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


def test_a_closed_pipe_ends_quietly_before_any_fit(monkeypatch, capsys, write):
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    monkeypatch.setattr(sys, "stdout", Unwritable(BrokenPipeError()))
    assert main([write(two_columns("123", "ab")), "--target", "y"]) == 0
    assert capsys.readouterr().err == ""


def test_what_cannot_be_printed_is_told(learned, monkeypatch, capsys, write):
    monkeypatch.setattr(sys, "stdout", Unwritable(OSError("No space left on device")))
    message = refusal(capsys, write(two_columns("123", "ab")), "--target", "y")
    assert "Could not print: No space left on device" in message


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


# ---- progress --------------------------------------------------------------------------------


def test_silence_is_broken_while_a_table_is_read(monkeypatch, capsys, write):
    monkeypatch.setattr(progress, "SECONDS_OF_SILENCE", 0.2)

    def read(_):
        sleep(0.9)
        raise BadInputError("enough")

    monkeypatch.setattr(tables, "own_table", read)
    before = threading.active_count()
    assert main(["größe\n.csv", "--target", "y"]) == 2
    *signs, last = capsys.readouterr().err.splitlines()
    assert last == "skdistill: enough"
    assert 1 <= len(signs) <= 4
    assert all(re.fullmatch(r"\[skdistill\] reading größe\\n.csv, \d s so far", s) for s in signs)
    assert threading.active_count() == before


def test_the_quiet_option_spares_them(learned, monkeypatch, capsys, write):
    asked = []

    def compare(*_, verbose, **__):
        asked.append(verbose)
        raise BadInputError("enough")

    monkeypatch.setattr(command, "compare_students", compare)
    argv = [write(two_columns("123", "ab")), "--target", "y"]
    refusal(capsys, *argv)
    refusal(capsys, *argv, "--quiet")
    assert asked == [1, 0]
