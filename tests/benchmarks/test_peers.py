"""Peers are measured in one way, and compared without a thumb on the scale."""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_classification

from benchmarks import runner
from benchmarks.data import FIRST_SEED
from benchmarks.page import RESULTS
from benchmarks.peers import measuring, page
from benchmarks.peers.__main__ import lacks_times, winners
from benchmarks.peers.page import Results
from benchmarks.peers.plan import COMPILED, METHODS, MULTICLASS, OURS, TABLES, TEACHER, Cell, plan
from benchmarks.peers.workers import own_worker, serving
from benchmarks.store import Store, missing

PEER = "shrinkage"
SCORES = {"calibration_error": 0.1, "bytes": 1000.0, "teacher_seconds": 1.0, "student_seconds": 2.0}


def records(auc: dict[str, list[float]], log_loss: dict[str, list[float]], student="tree64"):
    """Return records of a table, a seed for each number."""
    return {
        Cell(METHODS[method].peer, "magic", seed, method, student): {
            "auc": auc[method][seed],
            "log_loss": log_loss[method][seed],
            "trees": 500,
            "versions": {"imodels": "3"},
            "date": "2026-01-02",
            "machine": "an abacus",
            **SCORES,
        }
        for method in auc
        for seed in range(len(auc[method]))
    }


# ---- the plan ----------------------------------------------------------------------------------


def test_every_cell_is_planned_once_and_has_a_worker():
    cells = [cell for t in TABLES for cell in plan(t, 1, 1, tuple(measuring.WORKERS))]
    assert len(cells) == len(set(cells))
    assert {cell.peer for cell in cells} == set(measuring.WORKERS)
    folder = Path(serving.__file__).parent
    assert all((folder / f"{name}.py").exists() for name in measuring.WORKERS.values())


def test_peer_of_two_classes_is_not_asked_for_six():
    asked = {cell.method for cell in plan("satimage", 1, 1, tuple(measuring.WORKERS))}
    assert "distilled_regressor" not in asked
    assert {"shrinkage", "gbdt_student", "tuned"} <= asked


def test_converted_models_are_measured_on_the_first_split_alone():
    assert any(cell.peer == "onnx" for cell in plan("magic", 1, 1, ("onnx",)))
    assert plan("magic", 2, 1, ("onnx",)) == []


def test_teacher_comes_first_where_it_is_asked_and_not_there(tmp_path):
    cells = plan("magic", 1, 1, ("imodels", "ours"))
    assert [*measuring.by_peer(cells, tmp_path)] == ["teacher", "imodels", "ours"]
    (tmp_path / "teacher.npz").touch()
    assert [*measuring.by_peer(cells, tmp_path)] == ["imodels", "ours"]


# ---- environments ------------------------------------------------------------------------------


def test_missing_environment_is_told_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(measuring.PeerMissingError, match="--setup tabtune --envs"):
        measuring.check("tabtune", tmp_path)


@pytest.mark.parametrize("peer", measuring.MODULES)
def test_every_peer_has_pinned_requirements(peer):
    lines = measuring.requirements(peer).read_text().splitlines()
    assert all("==" in line for line in lines if not line.startswith("#"))


# ---- workers -----------------------------------------------------------------------------------


def test_boosters_on_labels_are_searched_within_what_compileml_may_build():
    grid, most = own_worker.grid(COMPILED), serving.SHALLOW
    assert {name: max(values) for name, values in grid.items()} == {
        "n_estimators": most["n_estimators"],
        "max_depth": most["max_depth"],
    }


@pytest.mark.parametrize(
    ("chosen", "student", "tried"),
    [
        ("labels", "tree64", ["labels"]),
        ("transfer", "tree64", ["in_sample", "transfer"]),
        ("residual", "tree64", ["in_sample", "transfer", "residual"]),
        ("0.3", "tree64", ["in_sample", "transfer", 0.3]),
        ("residual", "lgbm", ["in_sample", "residual"]),
    ],
)
def test_winner_that_is_known_is_tried_with_few(chosen, student, tried):
    assert own_worker.few(chosen, own_worker.own_student(student, 0)) == tried


@pytest.mark.parametrize("is_found", [True, False])
def test_search_among_few_finds_the_same_student_and_sigmoid(tmp_path, monkeypatch, is_found):
    X, y = make_classification(200, random_state=1)
    job = serving.Job.__new__(serving.Job)
    job.X, job.y, job.seed, job.trees, job.folder = X, y, 0, 40, tmp_path
    whole = own_worker.search(job, own_worker.own_student("tree16", 0))
    job.chosen = {"tree16": str(whole.best_candidate_)}
    if not is_found:  # then all are tried
        monkeypatch.setattr(own_worker, "few", lambda chosen, student: ["labels"])
    again = own_worker.search_again(job, "tree16")
    n_tried = len(again.cv_results_["candidate"])
    assert n_tried < 5 if is_found else n_tried == 5
    assert again.calibration_ == whole.calibration_
    np.testing.assert_array_equal(again.predict_proba(X), whole.predict_proba(X))


def test_what_searches_chose_is_read_from_their_notes():
    cell = Cell("ours", "magic", 1, OURS, "tree64")
    other = cell._replace(method="uncalibrated")
    told = {cell: {"notes": "chose 0.3"}, other: {"notes": "chose 0.3, a sigmoid was kept"}}
    assert winners(told) == {cell: "0.3"}


def test_students_measured_without_their_sigmoid_are_those_of_the_whole_search():
    known = Store(RESULTS / "peers" / "cells.jsonl", Cell).read()
    plain = {cell: record for cell, record in known.items() if cell.method == page.UNCALIBRATED}
    assert plain
    for cell, record in plain.items():
        whole = known[cell._replace(method=OURS)]
        assert record["notes"].startswith(f"{whole['notes']}, ")
        if cell.table not in MULTICLASS:  # a sigmoid keeps the order of two classes
            assert record["auc"] == whole["auc"]
        if not record["notes"].endswith(f", {page.SIGMOID}"):
            assert record["log_loss"] == whole["log_loss"]


@pytest.mark.parametrize("student", ["tree16", "tree64", "tree256", "unpruned"])
def test_search_on_labels_never_exceeds_the_budget(student):
    leaves = own_worker.grid(student)["max_leaf_nodes"]
    budget = serving.classifier(student, 0).max_leaf_nodes
    assert budget in leaves
    assert budget is None or max(leaves) == budget


def test_what_several_students_share_is_not_counted_in_a_fit(monkeypatch):
    clock = iter(np.cumsum([0.0, 1.0, 7.0, 2.0]))  # start, shared work begins, ends; fit ends
    monkeypatch.setattr(serving, "cpu_seconds", lambda: next(clock))
    job = serving.Job.__new__(serving.Job)
    job.aside_seconds, job._kept, job.timed, job.X_test = 0.0, {}, False, np.zeros((2, 1))
    job.of_numbers = False

    def make(job, student):
        value, seconds = job.aside("shared", lambda: "teacher")
        assert (value, seconds) == ("teacher", 7.0)
        classifier = serving.ByFunction(lambda X: np.full((len(X), 2), 0.5))
        return serving.Fitted(classifier, size=3.0, teacher_seconds=seconds, search_seconds=4.0)

    found = serving.measure(make, job, "tree16")
    assert found["teacher_seconds"] == 7.0
    assert found["student_seconds"] == 1.0 + 2.0 + 4.0
    assert found["bytes"] == 3.0


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.25, -0.5, 1.5], [[0.75, 0.25], [1, 0], [0, 1]]),
        ([[1.0, 1.0], [-1.0, 2.0], [0.0, 0.0]], [[0.5, 0.5], [0, 1], [0.5, 0.5]]),
    ],
)
def test_regressors_shares_become_probabilities(shares, expected):
    assert serving.as_proba(np.array(shares)).tolist() == expected


def how(folder):
    measure = partial(measuring.measure, pythons={"sklearn": Path(sys.executable)})
    return runner.How(measure, {runner.SAME: {"trees": 500}}, folder)


def test_worker_measures_and_runner_scores(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] > 0).astype(int)
    monkeypatch.setattr(
        measuring, "paper_split", lambda table, seed: (X[:200], X[200:], y[:200], y[200:])
    )
    cells = [Cell("sklearn", "magic", FIRST_SEED, "labels", "tree16")]
    [(cell, found)] = runner.measure(cells, how(tmp_path))
    assert cell == cells[0]
    assert found["auc"] > 0.95  # the label is a threshold on one column
    assert 0 < found["log_loss"] < 0.5
    assert found["us_one_row"] > found["us_per_row_of_many"] > 0
    assert found["teacher_seconds"] == 0
    assert found["trees"] == 500
    assert not runner.own_folder(tmp_path, cell).exists()


def test_model_that_fails_is_told_and_its_split_kept(monkeypatch, tmp_path):
    X, y = np.full((20, 2), np.inf), np.arange(20) % 2
    monkeypatch.setattr(measuring, "paper_split", lambda table, seed: (X, X, y, y))
    cells = [Cell("sklearn", "magic", 1, "labels", "tree16")]
    [(cell, found)] = runner.measure(cells, how(tmp_path))
    assert "infinity" in found
    assert (runner.own_folder(tmp_path, cell) / "split.npz").exists()


def test_first_split_is_missing_without_times():
    first = Cell("ours", "magic", FIRST_SEED, "tuned", "tree64")
    later = first._replace(seed=first.seed + 1)
    assert missing([first], {}) == [first]
    assert lacks_times(first, {"auc": 0.5})
    assert not lacks_times(first, {"auc": 0.5, "us_one_row": 80.0})
    assert not lacks_times(later, {"auc": 0.5})


def test_store_gives_back_what_it_was_given(tmp_path):
    store = Store(tmp_path / "cells.jsonl", Cell)
    cell = Cell("ours", "magic", 1, "tuned", "tree64")
    store.append(cell, {"auc": 0.5})
    assert store.read()[cell]["auc"] == 0.5


# ---- who wins ----------------------------------------------------------------------------------


def test_lead_is_positive_where_ours_is_better_whatever_the_score():
    auc = {OURS: [0.8, 0.9], PEER: [0.7, 0.6]}
    log_loss = {OURS: [0.5, 0.5], PEER: [0.4, 0.4]}
    results = Results(records(auc, log_loss))
    by_auc, by_loss = (results.lead("magic", "tree64", field) for field in ("auc", "log_loss"))
    assert by_auc[:2] == (PEER, pytest.approx(0.2))
    assert by_auc.se == pytest.approx(0.1)  # gaps .1 and .3
    assert by_loss[:2] == (PEER, pytest.approx(-0.1))


def test_lead_is_over_the_splits_that_both_have():
    auc = {OURS: [0.8, 0.1], PEER: [0.7]}
    assert Results(records(auc, auc)).lead("magic", "tree64", "auc").gap == pytest.approx(0.1)


def test_split_that_is_not_whole_does_not_count(monkeypatch):
    monkeypatch.setitem(TABLES, "magic", ("tree64",))
    found = records({OURS: [0.8], PEER: [0.7, 0.9]}, {OURS: [0.4], PEER: [0.5, 0.5]})
    assert Results(found).values("magic", PEER, "tree64", "auc") == {0: 0.7}
    del found[Cell("ours", "magic", 0, OURS, "tree64")]
    assert Results(found).values("magic", PEER, "tree64", "auc") == {0: 0.7, 1: 0.9}


def test_page_says_where_a_peer_wins_and_keeps_what_a_person_wrote():
    found = records({OURS: [0.7], PEER: [0.8]}, {OURS: [0.4], PEER: [0.5]})
    found |= records({"teacher": [0.9]}, {"teacher": [0.3]}, TEACHER)
    text = page.write(found, ["tabtune"], "\nOurs.\n")
    assert "**-0.1000 (hierarchical shrinkage)**" in text
    assert "+0.1000 (hierarchical shrinkage)" in text
    assert "By AUC a peer wins 1 of 1 places" in text
    assert "Measured from 2026-01-02 to 2026-01-02: an abacus." in text
    assert "Not measured here: tabtune." in text
    assert text.endswith(page.BY_HAND + "\nOurs.\n")


def test_sigmoid_is_judged_on_the_splits_that_were_asked_in_both_ways():
    scores = {OURS: [0.8, 0.8, 0.8], "uncalibrated": [0.8, 0.8]}
    found = records(scores, scores)
    errors = {OURS: [0.02, 0.03], "uncalibrated": [0.05, 0.03]}
    for method, seed in ((method, seed) for method in errors for seed in (0, 1)):
        kept = page.SIGMOID if seed == 0 else "no sigmoid was kept"
        own = {"calibration_error": errors[method][seed], "notes": f"chose labels, {kept}"}
        found[Cell("ours", "magic", seed, method, "tree64")] |= own
    line = page.calibration_table(Results(found)).splitlines()[-1]
    assert "| 1 of 2 | 0.0400 ± 0.0100 | 0.0250 ± 0.0050 | -0.0150 ± 0.0150 |" in line


def test_a_tie_is_nobodys_win():
    found = records({OURS: [0.7], PEER: [0.7]}, {OURS: [0.4], PEER: [0.5]})
    text = page.write(found, [], "")
    assert "By AUC a peer wins 0 of 1 places (0 beyond two standard errors), ours 0" in text
    assert "By log loss a peer wins 0 of 1 places (0 beyond two standard errors), ours 1" in text
