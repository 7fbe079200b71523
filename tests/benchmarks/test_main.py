"""The paper's one command plans what was asked for, and asks for no other tables."""

import pytest

from benchmarks.data import FIRST_SEED
from benchmarks.paper import __main__ as command
from benchmarks.paper import depth, images, simulated, tabular
from benchmarks.paper.cell import Cell
from benchmarks.store import Store


def test_whole_run_plans_every_figure_with_its_own_number_of_seeds():
    cells = command.plan(command.parse([]))
    for figure in (tabular, depth, simulated, images):
        own = [cell for cell in cells if cell.figure == figure.NAME]
        assert {cell.seed - FIRST_SEED for cell in own} == set(range(figure.N_SEEDS))
        assert {cell.table for cell in own} <= set(figure.TABLES)
    assert len(set(cells)) == len(cells)


def test_quick_run_plans_one_seed_and_nothing_that_the_whole_run_does_not():
    quick, whole = (command.plan(command.parse(words)) for words in (["--quick"], []))
    assert set(quick) < set(whole)
    assert {cell.seed for cell in quick} == {FIRST_SEED}


def test_absent_tables_are_not_planned():
    options = command.parse(["--figures", "tabular", "--seeds", "3"])
    tables = {cell.table for cell in command.plan(options, absent={"higgs": "", "adult": ""})}
    assert tables == {"fico_heloc", "magic", "stumbleupon"}


@pytest.mark.parametrize(
    ("words", "tables"),
    [
        (["--figures", "simulated"], {*simulated.TABLES}),
        (["--figures", "images"], {*images.TABLES}),
        (["--figures", "depth", "images", "--tables", "magic", "digits"], {"magic", "digits"}),
    ],
)
def test_only_tables_of_the_figures_are_asked_for(words, tables):
    assert set(command.wanted(command.parse(words))) == tables


def test_tables_that_belong_to_no_figure_are_refused(tmp_path, monkeypatch):
    words = ["paper", "--figures", "depth", "--tables", "smooth", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(command.runner, "stop_in_good_order", lambda: None)
    with pytest.raises(SystemExit, match="Nothing to measure"):
        command.main()


def test_trial_settings_reach_every_figure_that_has_them():
    settings = command.settings_of(command.parse(["--trees", "7", "--epochs", "2"]))
    assert [settings[name]["trees"] for name in ("tabular", "depth", "simulated")] == [7, 7, 7]
    assert "trees" not in settings["images"]
    assert settings["images"]["digits"] == images.SETTINGS["digits"] | {"epochs": 2}
    assert images.SETTINGS["digits"]["epochs"] != 2


def test_run_measures_and_renders_what_it_was_asked_for(tmp_path, monkeypatch):
    words = ["paper", "--figures", "simulated", "--tables", "smooth", "--quick", "--trees", "2"]
    words += ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.setattr(command.runner, "stop_in_good_order", lambda: None)
    monkeypatch.setattr(simulated, "QUICK_SIZES", (60,))
    monkeypatch.setattr(simulated, "curves", lambda: ["labels leaves", "cross_fit leaves forest"])
    command.main()
    records = Store(tmp_path / "out" / "cells.jsonl", Cell).read()
    assert [cell.curve for cell in records] == ["labels leaves", "cross_fit leaves forest"]
    assert 'Figure "simulated"' in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
