"""Cells are measured in a useful order, each once, in one process or several."""

from importlib import import_module
from pathlib import Path

import pytest

import benchmarks
from benchmarks.paper import depth, measuring, simulated, tabular
from benchmarks.paper.cell import Cell
from benchmarks.runner import How, guess_seconds, measure, own_folder, run, units_of

CURVES = ("best leaves", "labels leaves", "cross_fit leaves shallow")


@pytest.fixture
def how(tmp_path):
    return How(measuring.measure, {"simulated": {"trees": 5, "test_rows": 200}}, tmp_path)


def small_cells(seeds=(0,), curves=CURVES):
    return [
        Cell("simulated", world, seed, 60, curve)
        for seed in seeds
        for world in ("smooth", "noisy")
        for curve in curves
    ]


def numbers(messages):
    return {cell: values["excess"] for cell, values in messages}


def test_seeds_are_outermost():
    cells = [
        cell
        for figure, tables in ((tabular, ["fico_heloc", "magic"]), (depth, ["fico_heloc"]))
        for seed in (7, 3)
        for table in tables
        for cell in figure.plan(table, seed)
    ]
    units = units_of(cells)
    assert sorted(cell for unit in units for cell in unit) == sorted(cells)
    assert [(unit[0].seed, unit[0].figure, unit[0].table) for unit in units] == [
        (seed, *names)
        for seed in (7, 3)
        for names in (("tabular", "fico_heloc"), ("tabular", "magic"), ("depth", "fico_heloc"))
    ]


@pytest.mark.parametrize("figure", [tabular, depth, simulated], ids=lambda figure: figure.NAME)
def test_quick_cells_are_cells_of_the_whole_run(figure):
    name = "smooth" if figure is simulated else "magic"
    whole = figure.plan(name, 1)
    quick = figure.plan(name, 1, quick=True)
    assert len(set(whole)) == len(whole)
    assert set(quick) < set(whole)
    assert all(figure.effort(cell) > 0 for cell in whole)


def test_two_processes_find_what_one_does(how):
    units = units_of(small_cells())
    assert len(units) == 2
    alone = numbers(run(units, 1, how))
    assert set(alone) == set(small_cells())
    assert numbers(run(units, 2, how)) == alone


def test_a_cell_that_fails_does_not_end_the_others(how):
    cells = small_cells(curves=("best leaves", "best nobody", "labels leaves"))
    (unit, _) = units_of(cells)
    found = dict(measure(unit, how))
    assert list(found) == unit
    assert "KeyError: 'nobody'" in found[unit[1]]
    assert found[unit[2]]["excess"] > 0


def test_answers_are_kept_until_a_unit_is_complete(how):
    (unit, _) = units_of(small_cells())
    kept = own_folder(how.cache, unit[0])
    seen = [kept.exists() for _ in measure(unit, how)]
    assert seen[-1]
    assert not kept.exists()


def test_guess_takes_the_same_cell_of_another_seed_and_else_scales_by_effort():
    first = Cell("simulated", "smooth", 0, 500, "labels leaves")
    records = {first: {"seconds": 3.0}}
    larger = first._replace(size=5_000)
    assert guess_seconds([first._replace(seed=1)], records, simulated.effort) == pytest.approx(3)
    assert guess_seconds([larger], records, simulated.effort) == pytest.approx(30)


PROGRAMS = sorted(
    path.parent.name for path in Path(benchmarks.__file__).parent.glob("*/__main__.py")
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_processes_can_import_what_they_run(name):
    program = import_module(f"benchmarks.{name}.__main__")
    measure = getattr(program, "measure", None)
    # A process that is started imports no package's __main__.
    assert measure is None or not measure.__module__.endswith("__main__")
