"""AutoGluon on numbers: asked in its words, scored by our code, shown beside the same cells."""

import numpy as np
import pytest

from benchmarks.regression import SETTINGS, autogluon, methods, page
from benchmarks.regression.autogluon import Cell, Wanted
from benchmarks.regression.splits import Split

from .test_regression import record


def test_every_student_but_those_without_words_is_asked_for():
    assert {*methods.STUDENTS} - {*autogluon.STUDENTS} == {methods.RIDGE, methods.NETWORK}


def test_worker_is_told_that_numbers_are_wanted_and_its_answers_are_scored(monkeypatch, tmp_path):
    y = np.array([0.0, 1.0, 2.0, 3.0])
    data = Split(np.zeros((4, 1)), np.ones((4, 1)), y, y)
    monkeypatch.setattr(autogluon, "split", lambda *how: data)
    asked = {}

    def worker(peer, wanted, folder, python):
        asked.update(peer=peer, job=(folder / "job.json").read_text())
        np.save(folder / "autogluon-tree64.npy", y[::-1] * 0 + 1.5)
        yield wanted[0], {"notes": ""}
        yield wanted[1], {"error": "Traceback\n  somewhere\nValueError: no\n"}

    monkeypatch.setattr(autogluon, "run_worker", worker)
    cells = [Cell("diamonds", 0, "tree of 64 leaves"), Cell("diamonds", 0, page.ITS_TEACHER)]
    (first, found), (second, failed) = autogluon.measure(cells, SETTINGS, tmp_path, tmp_path)
    assert (first, second) == tuple(cells)
    assert found["r2"] == 0  # it answered the mean
    assert failed == {"error": "ValueError: no"}
    assert asked["peer"] == "autogluon"
    assert '"of_numbers": true' in asked["job"]
    assert '"wanted": [["autogluon", "tree64"], ["autogluon_teacher", "teacher"]]' in asked["job"]


def test_student_has_the_workers_word():
    assert Wanted.of(Cell("nox", 1, methods.FOREST)) == ("autogluon", "forest10")


def rival(student, r2, table="diamonds", **more):
    own = {**Cell(table, 0, student)._asdict(), **({} if r2 is None else {"r2": r2}), **more}
    return {**own, "versions": {"autogluon.tabular": "9.8"}, "settings": SETTINGS}


def test_search_is_compared_in_the_same_cells():
    ours = [record(table=name, gain=0.1) for name in ("diamonds", "nox", "wage")]
    ours = [{**own, "teacher": "forest, out-of-bag"} for own in ours]
    rivals = [rival("unpruned tree", 0.4), rival("unpruned tree", 0.7, "nox")]
    rivals += [rival(page.ITS_TEACHER, 0.7), rival("unpruned tree", None, "wage", error="Oh: no")]
    _, words, table, failure, list_ = page.autogluon_section(ours, rivals)
    assert "AutoGluon 9.8" in words
    [*_, line] = table.splitlines()
    # Two cells of two tables; its teacher was asked on one of them.
    assert line.startswith("| unpruned tree | 2 | 2 | 0.700 | 0.500 | 0.500 | 0.550 | 0.600 |")
    assert line.endswith("| +0.0500 ± 0.1500 | 1 of 2 |")
    assert "1 of 4 cells" in failure
    assert "| wage | 0 | unpruned tree | Oh: no |" in list_


def test_page_without_autogluon_has_no_section_of_it():
    assert page.autogluon_section([record()], []) == []


@pytest.mark.parametrize("student", autogluon.STUDENTS)
def test_cells_of_a_split_share_a_unit(student):
    assert Cell("nox", 1, student)[Cell.shared] == ("nox", 1)
