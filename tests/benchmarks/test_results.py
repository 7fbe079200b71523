"""Published numbers and ours are compared as the page says."""

import numpy as np
import pytest

from benchmarks.data import FIRST_SEED
from benchmarks.paper import depth, published, tabular
from benchmarks.paper.cell import Cell
from benchmarks.paper.results import MIN_SPLITS, Results, comparisons, on_top, whole

SEEDS = tuple(range(FIRST_SEED, FIRST_SEED + MIN_SPLITS))
SPREAD = 1e-4


def as_published(shift=0.0, teacher_shift=0.0):
    """Return records that repeat what was published, on some splits, with two students."""
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
    # Six curves of nine sizes on three tables, and two teachers: adult's is what others are
    # compared with.
    assert len(found) == 6 * 9 * 3 + 2
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
            for curve in tabular.PAPERS:
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
            for seed, values in zip(SEEDS, by_seed, strict=False)
        }
    )


def test_on_top_compares_with_the_best_curve_split_by_split():
    results = curves(
        ours=[[0.80], [0.90]] * 2, weak=[[0.7], [0.7]] * 2, strong=[[0.81], [0.93]] * 2
    )
    (top,) = on_top(results, "tabular", ["weak", "strong", "unmeasured"])
    assert top.rival == "strong"
    assert top.gap == pytest.approx(-0.02)
    assert top.se == pytest.approx(0.01 / np.sqrt(3))  # of −.01 and −.03, twice
    assert not top.holds


def test_on_top_holds_within_one_error():
    results = curves(ours=[[0.80], [0.90]] * 2, rival=[[0.79], [0.92]] * 2)
    (top,) = on_top(results, "tabular", ["rival"])
    assert top.gap == pytest.approx(-0.005)
    assert top.holds


@pytest.mark.parametrize("n_splits", [1, 2, 3])
def test_on_few_splits_students_of_the_first_are_the_pairs(n_splits):
    results = curves(ours=[[0.8, 0.9, 0.7], [0.9], [0.9]], rival=[[0.7, 0.7], [0.5], [0.5]])
    kept = SEEDS[:n_splits]
    results.records = {c: r for c, r in results.records.items() if c.seed in kept}
    (top,) = on_top(results, "tabular", ["rival"])
    assert top.gap == pytest.approx(0.15)
    assert top.se == pytest.approx(0.05)


# ---- whole splits ----------------------------------------------------------------------------

PLAN = [Cell("tabular", "magic", seed, 1, curve) for seed in (1, 2, 3) for curve in "abc"]


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        ({1: "abc", 2: "abc", 3: "a"}, {1, 2}),
        ({1: "ab", 2: "abc"}, {2}),
        ({1: "ab", 2: "a"}, {1}),
        ({2: "a"}, {2}),
    ],
)
def test_splits_that_are_not_whole_wait(measured, shown):
    cells = [Cell("tabular", "magic", s, 1, curve) for s in measured for curve in measured[s]]
    other = Cell("depth", "magic", 3, 1, "a")  # another figure, and nothing planned of it
    found = whole({cell: {} for cell in [*cells, other]}, PLAN)
    assert {cell.seed for cell in found if cell.figure == "tabular"} == shown
    assert other in found
