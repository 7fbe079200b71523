"""What is counted as tried against the package is there."""

from itertools import chain

from benchmarks.trust import ROOT, TRIED


def test_tests_that_are_counted_are_where_they_are_looked_for():
    assert [path for path in chain(*TRIED.values()) if not (ROOT / path).exists()] == []
