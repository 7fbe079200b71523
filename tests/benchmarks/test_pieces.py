"""Pieces of the recipe are added one by one, and compared with the tree as it is."""

import numpy as np
import pytest
from sklearn.datasets import make_classification

from benchmarks import pieces
from benchmarks.models import forest, tree
from benchmarks.ours import transfer
from benchmarks.pieces import COPIES, LEAVES, NODES, PLAIN, SAMPLERS, SEARCHED, Cell


def test_each_piece_is_taught_once(tmp_path):
    X, y = make_classification(150, random_state=0)
    both = (forest(40), tree())
    found = dict(pieces.taught(both, 0, tmp_path, X, y))
    assert {*found} == {PLAIN, *SEARCHED, *COPIES, *SAMPLERS}
    assert found["shrunk"].shrinkage_ > 0
    assert found["shrunk"].calibration_ is None
    # All the rows are in the root, further ones too, unless nobody had not seen their parent.
    rows = {name: model.student_.tree_.n_node_samples[0] for name, model in found.items()}
    assert rows[PLAIN] == rows["both"] == len(X)
    for name, number in {**COPIES, **dict.fromkeys(SAMPLERS, COPIES[NODES])}.items():
        assert 0.98 * number * len(X) <= rows[name] - len(X) <= number * len(X)


def test_copies_are_as_many_while_they_are_asked_for():
    usual = transfer.n_further(100)
    with pieces.copies(3):
        assert transfer.n_further(100) == 300
    assert transfer.n_further(100) == usual


def test_values_are_drawn_from_their_column_and_parents_are_known():
    X = np.random.default_rng(0).normal(size=(500, 4))
    sampler = pieces.Resampler(0).fit(X)
    rows = sampler.sample(1_500)
    changed = rows != X[sampler.parents_]
    # A tenth, less the few that are drawn from their own row; three standard errors.
    assert changed.mean() == pytest.approx(0.1, abs=3 * np.sqrt(0.09 / changed.size))
    assert all(np.isin(rows[:, k], X[:, k]).all() for k in range(4))


@pytest.fixture
def records():
    """Return records of two tables, one with two splits, where shrinking brings .001 to .003."""

    def record(gain):
        known = [PLAIN, *SEARCHED, *COPIES, *SAMPLERS]
        own = {name: {"log_loss": 0.5, "auc": 0.8} for name in known}
        own["shrunk"] = {"log_loss": 0.5 - gain, "auc": 0.8 + gain}
        return {"students": dict.fromkeys(LEAVES, own), "date": "2026-11-28", "machine": "one"}

    cells = [Cell("one", 30), Cell("one", 31), Cell("other", 30)]
    return {cell: record(gain) for cell, gain in zip(cells, [0.001, 0.003, 0.006], strict=True)}


def test_tables_count_alike_however_many_splits_they_have(records):
    # 2 and 6 thousandths: the mean of two splits, and of one.
    assert pieces.mean_gap(records, "unpruned", "shrunk", "log_loss") == "-4.0 ± 2.0"
    assert pieces.mean_gap(records, "unpruned", "shrunk", "auc") == "+4.0 ± 2.0"
    assert pieces.mean_gap(records, "unpruned", "both", "auc") == "+0.0 ± 0.0"


def test_the_page_says_what_was_measured(records):
    page = pieces.page(records)
    assert "Measured are 3 of 27 cells" in page
    nothing = "+0.0 ± 0.0"
    expected = ["unpruned", "0.5000", "-4.0 ± 2.0", nothing, nothing, "100%", "+4.0 ± 2.0"]
    assert f"| {' | '.join(expected)} |" in page
