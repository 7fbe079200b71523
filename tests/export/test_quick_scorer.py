"""Many small trees at once, against walking down each of them."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor

from skdistill.export.program import Tree, Trees
from skdistill.export.quick_scorer import MOST_LEAVES, QuickScorer, suits


def grown(n_trees: int, leaves: int = MOST_LEAVES) -> list[Tree]:
    rng = np.random.RandomState(0)
    X, y = rng.randint(12, size=(400, 5)) / 4, rng.randn(400)
    model = GradientBoostingRegressor(n_estimators=n_trees, max_depth=None, max_leaf_nodes=leaves)
    found = (tree.tree_ for tree in model.fit(X, y).estimators_[:, 0])
    return [as_tree(tree, output=i % 2) for i, tree in enumerate(found)]


def as_tree(tree, output):
    whole = np.full(tree.node_count, -1)
    left, right = tree.children_left, tree.children_right
    value = tree.value[:, :, 0]
    return Tree(
        tree.feature, tree.threshold, left, right, whole > 0, whole, [], value, output=output
    )


def test_same_bits_as_one_tree_after_the_other():
    trees = grown(25)
    assert max(tree.is_leaf.sum() for tree in trees) == MOST_LEAVES
    scorer = QuickScorer(trees, [tree.threshold for tree in trees], np.array([0.5, -0.25]))
    walked = Trees(trees, start=np.array([0.5, -0.25]), reads_float32=False)
    edges = np.concatenate([tree.threshold[~tree.is_leaf] for tree in trees])
    rng = np.random.RandomState(1)
    # Values at the thresholds themselves, beside them, and beyond all.
    near = np.concatenate([edges, np.nextafter(edges, 9), [-1e30, 1e30, -0.0]])
    rows = near[rng.randint(len(near), size=(300, 5))]
    assert [scorer(row) for row in rows.tolist()] == walked(rows).tolist()


def test_trees_that_are_leaves():
    one = Tree(*(np.array([-2]), np.array([-2.0]), *[np.array([-1])] * 2), *[np.array([-1])] * 2,
               [], np.array([[0.5]]))  # fmt: skip
    assert QuickScorer([one] * 20, [one.threshold] * 20, np.zeros(1))([1.0]) == [10.0]


@pytest.mark.parametrize("why", ["few", "large", "of several outputs", "by groups"])
def test_what_is_walked_down(why):
    trees = grown(25, leaves=65 if why == "large" else 8)
    if why == "few":
        trees = trees[:19]
    if why == "of several outputs":
        trees[3] = trees[3]._replace(value=np.repeat(trees[3].value, 2, axis=1))
    if why == "by groups":
        trees[3] = trees[3]._replace(group=np.zeros_like(trees[3].group), groups=[(1, 2)])
    assert not suits(trees)
    assert suits(grown(25, leaves=8))
