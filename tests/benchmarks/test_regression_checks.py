"""Numbers as outcomes: what is said of the check of given predictions, and of advice."""

import numpy as np
import pytest

from benchmarks.regression import diagnosis, in_sample_check
from benchmarks.regression.in_sample_check import OTHER_ROWS, Cell, evidence, plan

# ---- the check of given predictions ------------------------------------------------------------


@pytest.mark.parametrize(
    ("teacher", "how", "must_speak"),
    [
        ("forest", "in-sample", True),
        ("forest", "out-of-bag", False),
        ("ridge", "in-sample", None),
        ("ridge", "5-fold", False),
        ("1 neighbour", "in-sample", True),
        ("LightGBM", OTHER_ROWS, False),
        ("nobody", "the truth", False),
    ],
)
def test_who_has_seen_a_row_must_be_told(teacher, how, must_speak):
    assert Cell("nox", teacher, how).must_speak is must_speak


def test_truth_is_asked_for_where_it_is_known():
    kinds = {cell.how for cell in plan("Friedman 1")}
    assert in_sample_check.TRUTH in kinds


def test_evidence_tells_memory_from_truth():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 2))
    truth = X[:, 0]
    y = truth + rng.normal(size=600)
    assert not evidence(X, y, truth)["speaks"]
    assert evidence(X, y, truth + 0.6 * (y - truth))["speaks"]


def saw(teacher, how, speaks, slope=0.5):
    own = {"lower_slope": slope, "share": 0.1, "unexplained": 0.9, "speaks": speaks}
    return {**Cell("nox", teacher, how)._asdict(), **own}


def test_page_counts_errors_and_lists_them():
    found = [saw("forest", "in-sample", True, 1.5), saw("forest", "in-sample", False, 1.1)]
    found += [saw("ridge", "5-fold", True), saw("ridge", "in-sample", True)]
    text = in_sample_check.counts(found)
    assert "| forest | in-sample | 2 | speak | 1 | 1 | 1.10 to 1.50 | 0.900 |" in text
    assert "| ridge | in-sample | 1 | do either | 1 |  |" in text
    listed = in_sample_check.errors(found)
    assert "| nox | forest | in-sample | silent | 1.100 | 0.100 | 0.900 |" in listed
    assert listed.count("| nox |") == 2
    assert in_sample_check.errors(found[:1]) == "None."


# ---- advice ------------------------------------------------------------------------------------


def cell(lead=0.2, gain=0.0, overfit=0.6, student="tree", table="wage", seed=0):
    scores = dict(zip(diagnosis.ALWAYS, (0.1, 0.2, 0.5, 0.4), strict=True))
    return {
        **diagnosis.Cell(table, "forest", seed, student)._asdict(),
        "scores": {**scores, "LossCorrectedDistillerRegressorCV": 0.6},
        "overfit_share": overfit,
        "gain": [gain, 0.01],
        "lead": [lead, 0.01],
        "corrected_lead": [lead, 0.01],
    }


@pytest.mark.parametrize(
    ("found", "advice", "regret"),
    [
        (cell(), "LossCorrectedDistillerRegressor", "+0.1000"),
        (cell(overfit=0.0), "DistillerRegressor", "+0.3000"),
        (cell(gain=0.1), "LossCorrectedDistillerRegressor", "+0.1000"),
        (cell(lead=-0.1), "LossCorrectedDistillerRegressorCV", "-0.1000"),
    ],
)
def test_regret_is_what_the_best_has_more(found, advice, regret):
    assert diagnosis.advised(found) == advice
    assert diagnosis.line("all", [found])[2] == regret


def test_page_tells_tables_from_worlds(tmp_path):
    diagnosis.write_page([cell(), cell(student="tree of 64", table="skewed")], tmp_path / "a.md")
    tables, worlds = (tmp_path / "a.md").read_text().split("## Worlds")
    assert "| always labels | 1 | +0.4000 | 0% | +0.400 |" in tables
    assert "| tree of 64 | 1 | +0.1000 |" in worlds


def test_decision_is_shown_by_tables_that_had_a_say():
    cells = [cell(table="wage"), cell(table="wage"), cell(table="nox"), cell(gain=0.1)]
    assert diagnosis.advised_as_classes(cells[0]) == "CrossFitDistillerRegressor"
    told = diagnosis.decision([{**each, "seed": diagnosis.DECIDED} for each in cells])
    assert "| wage | 2 | -0.1000 |" in told
    assert "| **all** | 3 | **-0.1000 ± 0.0000** |" in told
    assert diagnosis.decision(cells[:2]) == ""


def test_cell_of_a_world_is_measured(monkeypatch, tmp_path):
    settings = {"rows": 100, "test_rows": 50, "train_share": 0.7}
    cells = [diagnosis.Cell("Friedman 1", "ridge", 0, "tree of 64")]
    [(found, values)] = diagnosis.measure(cells, settings, tmp_path)
    assert found == cells[0]
    assert {*diagnosis.ALWAYS, diagnosis.advised(values)} == {*values["scores"]}
    assert values["scores"]["CrossFitDistillerRegressor"] > 0.4
