"""The page tells of whatever has been measured, and keeps what was written by hand."""

import pytest

from benchmarks.data import FIRST_SEED
from benchmarks.paper import depth, page, published, simulated, tabular
from benchmarks.paper.cell import Cell
from benchmarks.paper.figures import write_figures
from benchmarks.paper.results import Results, on_top

COMMON = {"seconds": 1.0, "cpu_seconds": 3600.0, "date": "2026-01-02", "machine": "an abacus"}
PLANS = {tabular: "magic", depth: "adult", simulated: "smooth"}


def record(cell):
    """Return what a cell may hold: what was published where something was."""
    if cell.figure == "simulated":
        return COMMON | {"excess": 10 / cell.size + 0.001 * len(cell.curve)}
    curve, _, scale = cell.curve.rpartition("_")
    theirs = None
    if cell.figure == "tabular":
        theirs = published.student(cell.table, cell.curve, cell.size)
    elif scale in depth.SCALES:
        theirs = published.of_depth(cell.table, scale, curve, cell.size)
    mean = 0.9 if theirs is None else theirs.mean
    notes = {"chosen": "blend", "c": 0.001}
    return COMMON | notes | {"auc": [mean - 1e-4, mean + 1e-4], "log_loss": [0.3, 0.4]}


def planned(seeds=(FIRST_SEED, FIRST_SEED + 1)):
    return [
        cell for seed in seeds for figure, name in PLANS.items() for cell in figure.plan(name, seed)
    ]


def write(cells, by_hand=""):
    results = Results({cell: record(cell) for cell in cells})
    return page.write(results, planned(), ["higgs"], by_hand)


def test_page_counts_cells_and_names_what_is_absent():
    cells = planned((FIRST_SEED,))
    text = write(cells)
    for figure in PLANS:
        done = sum(cell.figure == figure.NAME for cell in cells)
        assert f"| {figure.NAME} | {done} of {2 * done} | {FIRST_SEED} ({done}) |" in text
    assert "Not measured here: higgs." in text
    assert "an abacus" in text


@pytest.mark.parametrize("name", ["tabular", "depth", "simulated"])
@pytest.mark.parametrize("n_cells", [1, 4, 12])
def test_page_of_a_run_that_has_only_begun(name, n_cells):
    cells = [cell for cell in planned() if cell.figure == name][:n_cells]
    assert f"| {name} | {n_cells} of " in write(cells)


def test_page_reports_a_goal_that_is_reached():
    text = write([cell for cell in planned() if cell.figure == "tabular"])
    # Six curves of nine sizes; the teacher is .9 here and .9369 in the paper.
    assert "| 98.2% of 55 |" in text
    assert "| tabular | magic | teacher | 0 | 0.9000 | 0.9369 |" in text


def test_words_written_by_hand_stay_under_their_heading():
    text = write(planned((FIRST_SEED,)), by_hand="\n\nBecause of *that*.\n")
    assert text.endswith(f"{page.EXPLANATION}\n\nBecause of *that*.\n")


def test_slope_is_that_of_a_power_law():
    cells = [Cell("simulated", "smooth", 1, n, "labels tree") for n in (500, 1_500, 5_000)]
    records = {cell: COMMON | {"excess": 3 * cell.size**-0.5} for cell in cells}
    assert page.slope(Results(records), "smooth", "labels tree") == "-0.50"


def test_figures_are_drawn_of_what_there_is(tmp_path):
    pytest.importorskip("matplotlib")
    cells = planned((FIRST_SEED,))
    for found in (cells, cells[:5]):
        results = Results({cell: record(cell) for cell in found})
        drawn = write_figures(results, on_top(results, "tabular", tabular.PAPERS), tmp_path)
        assert all((tmp_path / name).stat().st_size > 5_000 for name in drawn)
    assert drawn == ["tabular.png", "on_top.png"]
