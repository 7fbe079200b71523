"""Numbers as outcomes: tables are read as they lie, and the page says what was measured."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from benchmarks.regression import methods, page, splits, tables, worlds
from benchmarks.regression.measuring import Cell, compare, measure
from benchmarks.regression.splits import Split
from benchmarks.regression.tables import LICENCES, SOURCES, Source

# ---- tables ------------------------------------------------------------------------------------

FRAME = pd.DataFrame(
    {
        "rownames": [1, 2, 3, 4],
        "price ": [1.0, np.nan, 0.0, 8.0],
        "colour": ["red", "blue", "blue", "red"],
        "size": [1.0, 2.0, np.nan, 4.0],
        "tax": [1.0, 2.0, 3.0, 4.0],
    }
)


def test_table_becomes_numbers_without_what_gives_the_target_away():
    X, y, words = tables.prepare(FRAME, Source("p", "f", "price", ("tax",)))
    assert X.tolist() == [[1, 1], [0, 2.5], [1, 4]]  # the gap is the mean of what is there
    assert y.tolist() == [1, 0, 8]
    assert words == (0,)


def test_rows_without_a_logarithm_are_left_out():
    _, y, _ = tables.prepare(FRAME, Source("p", "f", "price", scale=np.log))
    assert y == pytest.approx(np.log([1, 8]))


def test_every_table_has_a_licence():
    assert {source.package for source in SOURCES.values()} == set(LICENCES)


def test_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(tables, "find_spec", lambda name: None)
    assert tables.missing_packages(["diamonds", "skewed"]) == ["plotnine"]
    with pytest.raises(SystemExit, match="needs the package plotnine"):
        tables.load.__wrapped__("diamonds")


# ---- worlds and splits -------------------------------------------------------------------------


@pytest.mark.parametrize("name", worlds.WORLDS)
def test_truth_is_the_mean_of_the_target(name):
    _, y, truth = worlds.draw(name, 20_000, 0)
    noise = y - truth
    error = noise.std() / np.sqrt(len(y))
    assert abs(noise.mean()) < 4 * error
    # Nor does the noise depend on the truth, but for its size.
    assert abs(np.corrcoef(noise, truth)[0, 1]) < 4 / np.sqrt(len(y)) * 2
    assert 0.2 < truth.var() / y.var() < 0.97


def test_training_rows_give_the_scale():
    data = splits.split("Friedman 1", 0, 300, 200, 0.7)
    assert data.y.mean() == pytest.approx(0, abs=1e-12)
    assert data.y.std() == pytest.approx(1)
    assert len(data.X_test) == len(data.y_test) == len(data.truth) == 200
    again = splits.split("Friedman 1", 0, 300, 200, 0.7)
    assert np.array_equal(again.X, data.X)


# ---- methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", methods.STUDENTS)
def test_tuning_never_makes_a_student_larger(name):
    student = methods.make_student(name, 0, (0,))
    for key, tried in methods.grid(name).items():
        most = student.get_params()[key]
        if key in ("max_leaf_nodes", "num_leaves", "mlpregressor__max_iter") and most is not None:
            assert max(tried) == most


@pytest.mark.parametrize("name", methods.STUDENTS)
def test_every_student_reads_words(name):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 3, 300), rng.normal(size=300)]).astype(float)
    y = (X[:, 0] == 1) * 3.0 + X[:, 1]
    y = (y - y.mean()) / y.std()
    student = methods.make_student(name, 0, (0,))
    if name == methods.NETWORK:
        student.set_params(mlpregressor__early_stopping=False, mlpregressor__tol=1e-3)
    assert clone(student).fit(X, y).score(X, y) > 0.9


def test_cell_is_measured_in_every_way(monkeypatch, tmp_path):
    for rival in ("shrunk", "imodels_distilled"):  # imodels is not among our requirements
        monkeypatch.setattr(methods, rival, lambda *models: clone(models[-1]))
    cell = Cell("Friedman 1", "forest, out-of-bag", 0, "tree of 64 leaves")
    settings = {"rows": 120, "test_rows": 50, "train_share": 0.7, "trees": 40}
    [(found, values)] = measure([cell], settings, tmp_path / "units" / "own")
    assert found == cell
    assert values["methods"].keys() == page.TITLES.keys()
    assert values["methods"]["teacher"]["r2"] > 0.2
    assert values["methods"]["imodels"] == values["methods"]["labels"]  # so it is patched
    assert values["choices"]["search"]["best"] in values["choices"]["search"]["scores"]


# ---- the comparison ----------------------------------------------------------------------------

Y = np.array([0.0, 1.0, 2.0, 3.0])
TOLD = {
    "labels": Y + 2,
    "in_sample": Y + 1,
    "cross_fit": Y - 3,
    "tuned_labels": Y + 1,
    "search": Y + (Y == 3),
}


def test_gain_is_a_difference_of_r2_paired_over_rows():
    nothing = np.empty((4, 0))
    found = compare(TOLD, Split(nothing, nothing, Y, Y, truth=Y + 1))
    own = found["methods"]["search"]
    assert own["r2"] == pytest.approx(1 - 0.25 / 1.25)
    assert own["gain"] == pytest.approx(own["r2"] - found["methods"]["tuned_labels"]["r2"])
    assert own["gain_se"] == pytest.approx(0.25 / 1.25)
    assert found["best_pure"] == "in_sample"
    assert own["over_pure"] == own["gain"]
    assert own["excess"] == pytest.approx((3 * 1 + 0) / 4 / 1.25)


# ---- the page ----------------------------------------------------------------------------------


def record(student="unpruned tree", table="diamonds", seed=0, gain=0.03, se=0.001, over=0.1):
    one = {"gain_se": se, "over_pure_se": se, "excess": 0.1}
    own = {name: {"r2": 0.5, "gain": 0.0, "over_pure": 0.0, **one} for name in page.TITLES}
    own["search"] = {"r2": 0.5 + gain, "gain": gain, "over_pure": over, **one}
    return {
        **Cell(table, "LightGBM", seed, student)._asdict(),
        "methods": own,
        "best_pure": "labels",
        "choices": {"search": {"best": "transfer"}},
        "date": "2026-01-02",
        "machine": "an abacus",
    }


def goal(text, student, what):
    [line] = [line for line in text.splitlines() if f"| {student} | search | {what}" in line]
    return line


def test_splits_of_a_table_are_no_further_tables():
    found = [record(gain=0.1), record(seed=1, gain=0.3), record(table="nox", gain=0.4)]
    assert page.by_table(found, "search", "gain") == pytest.approx([0.2, 0.4])


def test_goal_that_is_missed_says_by_how_much():
    found = [record(gain=0.03), record(table="nox", gain=-0.01)]
    assert "**no** | 0.0100 |" in goal(page.goals(found), "unpruned tree", "R²")
    close = goal(page.goals([record(gain=0.01999)]), "unpruned tree", "R²")
    assert "**no** | less than 0.0001 |" in close
    losses = goal(page.goals(found), "unpruned tree", "significant losses")
    assert "1 of 2, 50.0 %" in losses
    assert "**no** | 48.0 points |" in losses


def test_goal_that_holds_misses_nothing():
    found = [record("forest of 10", gain=0.001, se=0.001, over=-0.0005)]
    text = page.goals(found)
    assert "| yes |  |" in goal(text, "forest of 10", "R²")
    assert "0 of 1" in goal(text, "forest of 10", "significant losses")
    assert "100.0 % of 1 | yes" in goal(text, "all", "no regret")


def test_worse_by_more_than_one_error_is_regret():
    found = [record(over=-0.0011), record(over=-0.0009)]
    assert page.no_regret(found).tolist() == [False, True]
    assert page.regrets_table(found).count("| labels | transfer | -0.0") == 1


def test_page_keeps_worlds_apart_and_lists_losses(tmp_path):
    found = [record(gain=-0.02), record("ridge", table="sparse")]
    page.write_page(found, {"rows": 9, "test_rows": 8, "train_share": 0.7, "trees": 7}, tmp_path)
    text = (tmp_path / "README.md").read_text()
    real, simulated = text.split("## Worlds: distance from the truth")
    assert "| diamonds | LightGBM | unpruned tree | 0 | transfer | -0.0200 |" in real
    assert "ridge" not in real.partition("## Goals")[2]
    assert "| LightGBM | ridge | 1 | 0.100 |" in simulated
    assert "from 2026-01-02 to 2026-01-02: an abacus" in text
