"""What is printed of a comparison, and the report."""

import os
import sys

import pytest

from skdistill.command import output
from skdistill.command import run as command
from skdistill.command.run import main
from skdistill.evaluation.show.results import Comparison

from ..evaluation.show.test_results import made_up
from .running import Unwritable, mixed_table, refusal, run, two_columns


def test_report_holds_tables_and_pictures(three_folds, capsys, tmp_path):
    path = tmp_path / "report.html"
    out = run(capsys, "--rows", "300", "--trees", "5", "--html", str(path))
    assert out.endswith(f"Wrote {path}.\n")
    page = path.read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 4
    assert page.count("<h2>") == 2
    assert "distilled, corrected" in page
    assert "Bayes risk 0.4" in page


@pytest.mark.parametrize("name", ["", "nowhere/report.html"])
def test_report_that_cannot_be_written_is_refused_before_any_fit(
    monkeypatch, capsys, tmp_path, name
):
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    message = refusal(capsys, "--html", str(tmp_path / name))
    assert "Could not write a report" in message


def test_report_without_matplotlib_is_refused_before_any_fit(monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    message = refusal(capsys, "--html", str(tmp_path / "report.html"))
    assert "needs matplotlib: pip install matplotlib\n" in message


def test_report_on_a_full_disk_is_told_so(reading_only, monkeypatch, capsys, tmp_path, write):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(output, "html_report", full)
    path = write(mixed_table())
    message = refusal(capsys, path, "--target", "target", "--html", str(tmp_path / "report.html"))
    assert "Could not write the report: No space left on device" in message


def test_report_that_cannot_be_drawn_is_told_so(learned, monkeypatch, capsys, tmp_path, write):
    def draw(*_):
        raise RuntimeError("latex could not be found\nat all")

    monkeypatch.setattr(output, "html_report", draw)
    old = tmp_path / "report.html"
    old.write_text("old")
    argv = [write(two_columns("123", "ab")), "--target", "y", "--html", str(old)]
    assert "report: latex could not be found at all" in refusal(capsys, *argv)
    assert old.read_text() == "old"


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize("reads_link", [False, True])
def test_report_never_overwrites_the_table(capsys, tmp_path, write, link, reads_link):
    table = write(two_columns("123", "ab"))
    report = table
    if link is not None:
        report = str(tmp_path / "report.html")
        link(table, report)
    names = (report, table) if reads_link else (table, report)
    message = refusal(capsys, names[0], "--target", "y", "--html", names[1])
    assert "would overwrite the table" in message
    with open(table) as file:
        assert file.read() == two_columns("123", "ab")


@pytest.mark.parametrize("name", ["x" * 300, "loop", "read only"])
def test_report_of_an_impossible_name_is_refused_before_any_fit(
    monkeypatch, capsys, tmp_path, name
):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setattr(command, "_compare", lambda *_: pytest.fail("computed"))
    if name == "read only":
        monkeypatch.setattr(os, "access", lambda *_: False)
    assert "Could not write" in refusal(capsys, "--html", str(tmp_path / name))


def test_report_needs_no_screen(learned, capsys, tmp_path, monkeypatch, write):
    import matplotlib.pyplot as plt

    backends = []
    monkeypatch.setattr(plt, "switch_backend", backends.append)
    argv = [write(two_columns("123", "ab")), "--target", "y", "--html", str(tmp_path / "r.html")]
    run(capsys, *argv)
    assert backends == ["agg"]


def test_a_report_is_written_though_the_pipe_is_closed(learned, monkeypatch, tmp_path, write):
    monkeypatch.setattr(sys, "stdout", Unwritable(BrokenPipeError()))
    report = tmp_path / "report.html"
    assert main([write(two_columns("123", "ab")), "--target", "y", "--html", str(report)]) == 0
    assert "<table" in report.read_text(encoding="utf-8")


# ---- figures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_test", "shown"), [(20, "0.88"), (300, "0.877"), (5000, "0.8765")])
def test_scores_have_the_digits_that_the_rows_allow(n_test, shown):
    found = [made_up("teacher"), made_up("labels", score=0.87654)]
    line = output.text_of(Comparison(found, {}, n_test=n_test)).splitlines()[3]
    assert line.split()[3] == shown


def test_students_and_the_budget_have_a_column_where_there_are_any():
    found = [made_up("teacher"), made_up("labels"), made_up("labels", student="t", size=5000)]
    lines = output.text_of(Comparison(found, {}, max_size=2000)).splitlines()
    assert lines[0].startswith("student  method")
    assert [line.endswith(" over") for line in lines[2:5]] == [False, False, True]
    lines = output.text_of(Comparison(found[:2], {})).splitlines()
    assert lines[0].startswith("method")
    assert "budget" not in lines[0]
