"""Tables for people: aligned, escaped, and there without pandas."""

import sys

import pytest

from skdistill.evaluation.show.tables import (
    PlainTable,
    as_frame,
    format_percent,
    format_quantity,
    format_score,
    format_size,
    html_table,
    text_table,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (12_345_678, "12.3 MB"),
        (3e13, "30000.0 GB"),
        (float("nan"), "–"),
    ],
)
def test_size_is_readable(size, text):
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.056, "0.06"), (3.14, "3.1"), (31_415.9, "31,416"), (float("nan"), "–")]
)
def test_quantity_is_readable(value, text):
    assert format_quantity(value) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.91234, 0.01234, "0.912 ± 0.012"),
        (0.5, None, "0.500"),
        (0.5, float("nan"), "0.500"),
        (float("nan"), 0.1, "–"),
    ],
)
def test_score_is_readable(value, error, text):
    assert format_score(value, error) == text


@pytest.mark.parametrize(("part", "text"), [(0.0042, "0.42 %"), (0.999, "100 %"), (12, "1,200 %")])
def test_percent_is_readable(part, text):
    assert format_percent(part, 1) == text


def test_text_table_is_aligned_and_leaves_out_columns_without_cells():
    table = text_table({"a": ["1", "longer"], "none": [], "b": ["22", "3"]})
    lines = table.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split() == ["a", "b"]
    assert lines[2].startswith("1 ")
    assert lines[2].endswith("22")


def test_tables_print_names_on_one_line_and_stay_aligned():
    names = {"method\n": ["\x1b[2J", "b"], "score": ["1", "2"]}
    lines = text_table(names).splitlines()
    assert len(lines) == 4
    assert {len(line) for line in lines} == {len(lines[0])}
    assert "\x1b" not in text_table(names) + html_table(names) + str(PlainTable(names))


def test_notebooks_set_no_name_as_mathematics():
    assert "mathjax_ignore" in html_table({"$x$": ["$y$"]})


def test_html_table_escapes_what_it_shows():
    table = html_table({"<b>": ["<script>", "1 & 2"]})
    assert "<script>" not in table
    assert "&lt;script&gt;" in table
    assert "1 &amp; 2" in table


def test_html_table_lets_lines_stand_out_and_back():
    table = html_table({"a": ["1", "2"]}, bold=[True, False], faint=[False, True])
    first, second = table.split("<tr ")[1:]
    assert "font-weight:bold" in first
    assert "opacity" in second


COLUMNS = {"method": ["teacher", "labels"], "score": [0.91234, 0.5], "excess": [None, 0.25]}


def test_frame_is_a_dataframe_where_pandas_is_installed():
    frame = as_frame(COLUMNS)
    assert list(frame["score"]) == [0.91234, 0.5]


def test_frame_is_a_printable_table_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = as_frame(COLUMNS)
    assert isinstance(table, PlainTable)
    assert len(table) == 2
    assert table["score"] == [0.91234, 0.5]
    assert "0.9123" in str(table)
    assert repr(table) == str(table)
    assert "<td" in table._repr_html_()
