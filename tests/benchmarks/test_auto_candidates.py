"""Sets of candidates are compared as searches that were fitted alone would be."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from benchmarks import auto_candidates as auto
from benchmarks.auto_candidates import AUTO, Cell
from benchmarks.models import forest, tree
from benchmarks.no_regret import network
from benchmarks.ours import SHARES
from skdistill import LossCorrectedDistillerCV


def test_sets_have_one_candidate_more_or_less_than_auto():
    students = {"blend": (tree(), network(0)), "transfer": (LogisticRegression(),)}
    for lacking, student in ((name, each) for name in students for each in students[name]):
        sets = auto.sets_of(student, 2)
        own = set(sets.pop(AUTO))
        assert lacking not in own
        assert set(sets.pop(f"+ {lacking}")) - own == {lacking}
        assert set(sets.pop("+ shares")) - own == set(SHARES)
        assert {name: own - set(fewer) for name, fewer in sets.items()} == {
            f"− {name}": {name} for name in own
        }


def test_of_several_classes_shares_are_auto():
    sets = auto.sets_of(tree(), 3)
    assert set(sets[AUTO]) - set(sets["− shares"]) == set(SHARES)


def test_sets_find_what_searches_alone_find_and_fit_each_student_once():
    X, y = make_classification(160, random_state=0)
    both = (forest(40), tree(8))
    how = {"teacher_cv": "oob", "random_state": 0}
    search = auto.Sets(*both, candidates=auto.everything(), **how)
    sets = auto.sets_of(both[1], 2)
    search.sets = {name: sets[name] for name in (AUTO, "− transfer")}
    search.shared = {}
    found = search.fit(X, y).found_
    for name, candidates in search.sets.items():
        alone = LossCorrectedDistillerCV(*both, candidates=candidates, **how).fit(X, y)
        assert found[name]["best_candidate_"] == alone.best_candidate_
        proba = found[name]["classifier_"].predict_proba(X)
        np.testing.assert_array_equal(proba, alone.predict_proba(X))
    assert 0 < found["− transfer"]["seconds"] < found[AUTO]["seconds"]


@pytest.mark.parametrize("table", auto.MADE)
def test_tables_that_are_made_have_rows_of_all_classes_to_learn_from(table):
    cell = Cell(table, "forest", 20, rows=200)
    X, X_test, y, y_test = auto.rows_of(cell, {"test_rows": 170})
    assert (len(X), len(X_test)) == (200, 170)
    assert set(y) == set(y_test)


def test_each_table_is_taught_by_each_teacher():
    few = {cell[:2] for cell in auto.all_cells() if cell.rows == auto.FEW}
    assert len(few) == len(auto.TABLES) * len(auto.TEACHERS)


def test_networks_are_asked_where_rows_are_many():
    cells = [cell for cell in auto.all_cells() if cell.rows == auto.MANY]
    assert {cell.table for cell in cells} == {*auto.LARGE}
    assert {*auto.students_of(cells[0], 2)} == {*auto.NETWORKS}
    assert {*auto.students_of(cells[0], 3)} == {"MLP"}
    sets = auto.sets_of_networks()
    assert "blend" not in sets[AUTO]
    assert set(sets["+ blend"]) - set(sets[AUTO]) == {"blend"}
    assert set(sets["blend for transfer"]) ^ set(sets[AUTO]) == {"blend", "transfer"}


def records(gaps):
    """Return records of a table for each gap: how much worse than auto a tree is without labels."""
    own = {AUTO: {"log_loss": 0.5, "seconds": 2.0}}
    return {
        Cell(str(k), "forest", 20): {
            "students": {"tree": {**own, "− labels": {"log_loss": 0.5 + gap, "seconds": 1.0}}}
        }
        for k, gap in enumerate(gaps)
    }


@pytest.mark.parametrize(
    ("gaps", "told"),
    [([0.001, 0.003], "+2.0 ± 1.0"), ([-0.001, -0.003], "-2.0 ± 1.0"), ([-0.002] * 2, "**-2.0")],
)
def test_what_is_clearly_better_than_auto_is_bold(gaps, told):
    found = auto.by_set(records(gaps), "tree")["− labels"]
    assert auto.mean_gap(found["log_loss"]).startswith(told)
    assert auto.cost(found["seconds"]) == "0.50"


def test_tables_count_alike_however_many_cells_they_have():
    twice = records([0.004, 0.002])
    twice[Cell("1", "other", 21)] = twice[Cell("1", "forest", 20)]
    found = auto.by_set(twice, "tree")["− labels"]
    assert auto.mean_gap(found["log_loss"]) == "+3.0 ± 1.0"
