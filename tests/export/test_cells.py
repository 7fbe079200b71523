"""Cells divide a column where splits do, and sets of them have words."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.export.cells import Split, as_text, cells_of
from skdistill.export.program import Bin, Clip, Column, Feature, Fill, Lookup, Minus, Over


def numbers(steps, thresholds, *, read=np.float32, missing=True):
    split = Split(Feature(0, steps), np.array(thresholds, dtype=np.float64), read)
    return cells_of(Column("age", takes_missing=missing), [split])


def said(cells, *chosen):
    """Return the words for some cells, told by their places."""
    mask = np.zeros(len(cells.points), dtype=bool)
    mask[list(chosen)] = True
    return cells.describe(mask).text


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ([0], "age ≤ 30.5"),
        ([1], "30.5 < age ≤ 45"),
        ([2], "age > 45"),
        ([0, 1], "age ≤ 45"),
        ([0, 2], "age ≤ 30.5 or age > 45"),
        ([1, 3], "30.5 < age ≤ 45 or missing"),
        ([3], "age is missing"),
        ([0, 1, 2], "age is not missing"),
    ],
)
def test_intervals(chosen, text):
    assert said(numbers((), [30.5, 45.0]), *chosen) == text


def test_fields_hold_exactly_what_goes_which_way():
    cells = numbers((), [0.1])
    # The last double that is at most .1 once it is rounded to 32 bits.
    ((low, high),) = cells.describe(np.array([True, False, False])).intervals
    assert low == -np.inf
    assert float(np.float32(high)) <= 0.1 < float(np.float32(np.nextafter(high, 1)))
    assert_array_equal(cells.points[:2], [high, np.nextafter(high, 1)])


@pytest.mark.parametrize(
    ("steps", "threshold", "text"),
    [
        ((), float(np.mean(np.float32([0.1423, 0.1424]))), "age ≤ 0.14235"),
        ((), 184367.5, "age ≤ 184367.5"),
        ((Minus(38.6), Over(13.7)), (30.5 - 38.6) / 13.7, "age ≤ 30.5"),
        ((Minus(1000.0), Over(7000.0)), (0.5 - 1000) / 7000, "age ≤ 0.5"),
        ((Over(1e-12),), 2e9, "age ≤ 0.002"),
        ((Minus(1.0), Clip(0.0, 5.0)), 2.5, "age ≤ 3.5"),
        ((), 0.0, "age ≤ 0"),
        ((), -2.5, "age ≤ -2.5"),
        ((), 1e30, "age ≤ 1e+30"),
    ],
)
def test_scales_are_undone_and_numbers_are_short(steps, threshold, text):
    assert said(numbers(steps, [threshold]), 0) == text


def test_a_threshold_that_no_number_crosses_divides_nothing():
    cells = numbers((Clip(0.0, 1.0),), [-1.0, 0.5, 2.0])
    assert [cut.text for cut in cells.cuts] == ["0.5"]
    assert len(numbers((Over(np.nan),), [0.0]).cuts) == 0


def test_what_reads_zero_in_a_wide_sense_is_told_as_zero():
    tiny = float(np.float32(1e-35))
    cells = numbers((), [np.nextafter(-tiny, -np.inf), tiny], read=np.float64)
    assert [said(cells, k) for k in range(3)] == ["age < 0", "age = 0", "age > 0"]


def test_numbers_that_would_read_the_same_are_told_in_full():
    cells = numbers((), [1.0, 1.0 + 1e-9, 2.0], read=np.float64)
    assert [cut.text for cut in cells.cuts] == ["1", "1.000000001", "2"]


def test_bins_and_single_numbers():
    bins = numbers((Bin((3.0, 7.0)),), [0.5, 1.5])
    assert [said(bins, k) for k in range(3)] == ["age < 3", "3 ≤ age < 7", "age ≥ 7"]
    filled = numbers((Fill(10.0, -1.0),), [5.0])
    assert said(filled, 1, 3) == "age = -1 or age > 5"


def test_numbers_that_are_looked_up_are_categories():
    lookup = Lookup((1.0, 2.0, 5.0), (1.0, 0.0, 0.0), 0.0, None)
    cells = numbers((lookup,), [0.5], missing=False)
    assert_array_equal(cells.points, [1, 2, 5, 6])
    assert said(cells, 0, 1) == "age ≠ 5"
    assert cells.describe(np.array([True, False, False, True])).categories == (1.0,)


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ([0], "job = a"),
        ([0, 1], "job in {a, b}"),
        ([0, 1, 2, 3], "job ≠ 'e, f'"),
        ([0, 1, 2], "job not in {'missing', 'e, f'}"),
        ([3, 5], "job = 'missing' or unknown"),
        ([3, 5, 6], "job = 'missing' or unknown or missing"),
        ([5, 6], "job is unknown or missing"),
        ([6], "job is missing"),
        ([0, 1, 2, 3, 4], "job is known"),
        ([0, 1, 2, 3, 4, 6], "job is known or missing"),
        ([0, 1, 2, 3, 4, 5], "job is not missing"),
    ],
)
def test_categories(chosen, text):
    column = Column("job", ("a", "b", "c", "missing", "e, f"))
    assert said(cells_of(column, []), *chosen) == text


def test_categories_where_nothing_else_is_taken():
    column = Column("job", ("a", "b", "c"), takes_unknown=False)
    assert said(cells_of(column, []), 0, 1, 2) == "job is not missing"
    assert len(cells_of(Column("job", ("a",), takes_missing=False), []).points) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(45.0, "45"), (0.25, "0.25"), ("", "''"), (" a", "' a'"), ("unknown", "'unknown'")],
)
def test_a_category_cannot_be_misread(value, text):
    assert as_text(value) == text
