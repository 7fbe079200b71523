"""Published numbers and ours are compared as the page says."""

import numpy as np
import pytest
from paper import depth, published, tabular
from paper.results import Results, comparisons, on_top
from paper.store import Cell
from protocol import FIRST_SEED

SEEDS = (FIRST_SEED, FIRST_SEED + 1)
SPREAD = 1e-4


def as_published(shift=0.0, teacher_shift=0.0):
    """Return records that repeat what was published, on two splits, with two students."""
    records = {}
    for table in published.tables():
        points = {(0, "teacher"): published.teacher(table)}
        for size in tabular.SIZES:
            for curve in tabular.PAPERS:
                points[size, curve] = published.student(table, curve, size).mean
        for (size, curve), mean in points.items():
            moved = mean + (teacher_shift if curve == "teacher" else shift)
            for seed in SEEDS:
                cell = Cell("tabular", table, seed, size, curve)
                records[cell] = {"auc": [moved - SPREAD, moved + SPREAD]}
    return Results(records)


@pytest.mark.parametrize("same_split", [True, False])
def test_what_repeats_the_paper_is_reproduced(same_split):
    found = comparisons(as_published(), same_split=same_split)
    # Four curves of nine sizes on three tables, and two teachers: adult's is what others are
    # compared with.
    assert len(found) == 4 * 9 * 3 + 2
    assert all(c.holds for c in found)
    assert max(abs(c.difference) for c in found) == pytest.approx(0, abs=1e-12)


def test_a_shift_is_noticed_but_on_adult_not_one_that_the_teacher_shares():
    alone = comparisons(as_published(shift=0.02), same_split=True)
    assert {c.table for c in alone if not c.holds} == {"adult", "magic", "fico_heloc"}
    shared = comparisons(as_published(shift=0.02, teacher_shift=0.02), same_split=True)
    assert {c.table for c in shared if not c.holds} == {"magic", "fico_heloc"}
    assert all(c.holds for c in shared if c.table == "adult")


def test_tolerance_is_two_joint_errors_plus_five_thousandths():
    found = comparisons(as_published(), same_split=True)
    comparison = next(c for c in found if (c.table, c.curve, c.size) == ("magic", "none", 1))
    assert comparison.theirs.se == 0.0011
    ours_se = np.std([-SPREAD, SPREAD], ddof=1) / np.sqrt(2)
    limit = 2 * np.hypot(ours_se, 0.0011) + 0.005
    theirs = comparison.theirs.mean
    for difference, holds in ((limit - 1e-6, True), (limit + 1e-6, False)):
        moved = comparison._replace(ours=comparison.ours._replace(mean=theirs + difference))
        assert bool(moved.holds) is holds


def test_published_curves_are_complete():
    for table in published.tables():
        for size in tabular.SIZES:
            for curve in (*tabular.PAPERS, *tabular.EXTRA):
                assert 0.6 < published.student(table, curve, size).mean < 0.94
            assert np.log10(published.chosen_c(table, size)).round(9) in range(-5, 4)
        for scale in depth.SCALES:
            for size in depth.DEPTHS:
                for curve in depth.PAPERS:
                    point = published.of_depth(table, scale, curve, size)
                    assert (point is None) == ((curve, scale) == ("orthogonal", "p"))


def curves(**auc):
    return Results(
        {
            Cell("tabular", "magic", seed, 10, curve): {"auc": values}
            for curve, by_seed in auc.items()
            for seed, values in zip(SEEDS, by_seed, strict=True)
        }
    )


def test_on_top_compares_with_the_best_curve_split_by_split():
    results = curves(ours=[[0.80], [0.90]], weak=[[0.7], [0.7]], strong=[[0.81], [0.93]])
    (top,) = on_top(results, "tabular", ["weak", "strong", "unmeasured"])
    assert top.rival == "strong"
    assert top.gap == pytest.approx(-0.02)
    assert top.se == pytest.approx(0.01)  # of −.01 and −.03
    assert not top.holds


def test_on_top_holds_within_one_error():
    (top,) = on_top(curves(ours=[[0.80], [0.90]], rival=[[0.79], [0.92]]), "tabular", ["rival"])
    assert top.gap == pytest.approx(-0.005)
    assert top.holds


def test_on_a_single_split_students_are_the_pairs():
    results = curves(ours=[[0.8, 0.9, 0.7], [0.5]], rival=[[0.7, 0.7], [0.5]])
    results.records = {c: r for c, r in results.records.items() if c.seed == SEEDS[0]}
    (top,) = on_top(results, "tabular", ["rival"])
    assert top.gap == pytest.approx(0.15)
    assert top.se == pytest.approx(0.05)
