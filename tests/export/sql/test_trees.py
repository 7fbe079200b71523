"""Each row comes to its leaf, however deep the tree."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill.export.program import Sigmoid, Trees, tree_of
from skdistill.export.sql import to_sql

from ..databases import run
from ..models import of_kinds
from .programs import assert_agrees, program_of, random_tree, select, values_for


def test_rows_at_thresholds_and_beside_them_go_where_they_went(dialect):
    rng = np.random.default_rng(6)
    threshold = rng.normal(size=64)
    tree = random_tree(rng, 65, 1)
    tree.threshold[~tree.is_leaf] = threshold
    near = threshold.astype(np.float32)
    middles = [
        (near.astype(float) + np.nextafter(near, np.float32(s * np.inf))) / 2 for s in (-1, 1)
    ]
    at = np.concatenate([threshold, near, *middles])
    values = np.concatenate([at, np.nextafter(at, -np.inf), np.nextafter(at, np.inf)])
    for reads_float32 in (True, False):
        learner = Trees([tree], np.zeros(1), 1.0, reads_float32)
        assert_agrees(program_of(learner, [Sigmoid()], 2, 1), values[:, None], dialect)


@pytest.mark.parametrize("name", ["LightGBM", "histogram"])
def test_numbers_between_categories_go_where_the_student_sends_them(dialect, name):
    classifier, rows = of_kinds(name)
    query = to_sql(classifier, dialect=dialect)
    _, proba = run(query, query.program.columns, rows)
    assert_allclose(proba, classifier.predict_proba(rows), rtol=0, atol=1e-12)


# ---- what is large ---------------------------------------------------------------------------


def complete_tree(depth):
    inner, n = 2**depth - 1, 2 ** (depth + 1) - 1
    at = np.arange(n)
    left, right = (np.where(at < inner, 2 * at + k, -1) for k in (1, 2))
    rng = np.random.default_rng(depth)
    return tree_of(rng.integers(0, 3, n), rng.normal(size=n), left, right, rng.normal(size=n))


def chain_tree(n_leaves):
    """Return a tree as deep as it has leaves, now to one side and now to the other."""
    inner = n_leaves - 1
    at, is_inner = np.arange(2 * inner + 1), np.arange(2 * inner + 1) % 2 == 0
    is_inner[-1] = False
    ways = np.where(is_inner, at + 1, -1), np.where(is_inner, at + 2, -1)
    swap = at % 4 == 0
    left, right = np.where(swap, ways[1], ways[0]), np.where(swap, ways[0], ways[1])
    rng = np.random.default_rng(0)
    threshold = np.where(swap, -1, 1) * (2.0 + rng.random(len(at)))
    return tree_of(rng.integers(0, 3, len(at)), threshold, left, right, rng.normal(size=len(at)))


@pytest.mark.parametrize("tree", [complete_tree(6), complete_tree(10), chain_tree(500)])
def test_trees_however_deep(dialect, tree):
    program = program_of(Trees([tree], np.zeros(1)), [Sigmoid()], 2)
    values = 2 * values_for(np.random.default_rng(0), 500, 3)
    assert_agrees(program, values, dialect)


def test_the_largest_tree_for_sqlite_works_in_a_view_and_one_more_level_is_refused():
    import sqlite3

    query = select(program_of(Trees([complete_tree(12)], np.zeros(1)), [Sigmoid()], 2), "sqlite")
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE rows (x0, x1, x2)")
    base.execute("INSERT INTO rows VALUES (0.1, 0.2, 0.3)")
    base.execute(f"CREATE VIEW v AS SELECT * FROM (SELECT * FROM ({query}))")
    assert base.execute("SELECT label FROM v WHERE label IN (0, 1)").fetchone()[0] in (0, 1)
    base.close()
    larger = program_of(Trees([complete_tree(13)], np.zeros(1)), [Sigmoid()], 2)
    with pytest.raises(ValueError, match="8192 leaves .* 13 CASEs .* and 12 may, since SQLite's"):
        select(larger, "sqlite")
    assert select(larger, "duckdb")
