"""Rows made inside nodes of trees."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, ExtraTreeRegressor

from skdistill import NodeSampler
from skdistill.samplers.nodes import mix_within, smallest_nodes

from .tables import NUMBERS, TABLES, N, Y, columns

TREE = DecisionTreeClassifier(max_leaf_nodes=4, random_state=0).fit(NUMBERS, Y)


def rows_below(tree, node):
    """Return the numbers of the rows in a node, by brute force."""
    return np.flatnonzero(tree.decision_path(NUMBERS)[:, [node]].toarray()[:, 0])


@pytest.mark.parametrize("name", TABLES)
def test_no_value_is_invented(name):
    X = TABLES[name]
    made = NodeSampler(random_state=0).fit(X, Y).sample(3 * N)
    for old, new in zip(columns(X), columns(made), strict=True):
        assert set(new) <= set(old)


@pytest.mark.parametrize("name", TABLES)
def test_margins_are_kept_by_a_whole_copy(name):
    X = TABLES[name]
    made = NodeSampler(share=1, random_state=0).fit(X, Y).sample(N)
    for old, new in zip(columns(X), columns(made), strict=True):
        assert sorted(map(str, new)) == sorted(map(str, old))


def test_a_row_agrees_with_its_parent_in_about_half_of_the_columns():
    X = np.random.default_rng(0).normal(size=(2000, 10))
    sampler = NodeSampler(random_state=0).fit(X, X[:, 0] > 0)
    made = sampler.sample(2000)
    agree = (made == X[sampler.parents_]).mean()
    # Five standard errors; a row's new value is its own in one of 1,000 cases.
    assert agree == pytest.approx(0.5, abs=5 * 0.5 / made.size**0.5)


def test_a_row_is_in_the_smallest_node_with_enough_rows():
    tree = DecisionTreeClassifier(random_state=0).fit(NUMBERS, Y)
    found = smallest_nodes(tree.tree_, tree.apply(NUMBERS), least=10)
    for row in range(N):
        path = np.flatnonzero(tree.decision_path(NUMBERS[[row]]).toarray()[0])
        sizes = [len(rows_below(tree, node)) for node in path]
        large = [(size, node) for size, node in zip(sizes, path, strict=True) if size >= 10]
        assert found[row] == min(large)[1]


def test_a_node_of_all_rows_holds_those_that_are_too_few():
    assert_array_equal(smallest_nodes(TREE.tree_, TREE.apply(NUMBERS), least=10 * N), np.zeros(N))


def test_values_change_places_within_the_node_only():
    sampler = NodeSampler(TREE, min_rows=1, share=1, random_state=0).fit(NUMBERS)
    made = sampler.sample(5 * N)
    moved = 0
    for row, parent in zip(made, sampler.parents_, strict=True):
        siblings = rows_below(TREE, TREE.apply(NUMBERS[[parent]])[0])
        for j in range(4):
            assert row[j] in NUMBERS[siblings, j]
            moved += row[j] != NUMBERS[parent, j]
    assert moved > 0.9 * made.size


def test_each_column_is_permuted_by_itself():
    X = np.tile(np.arange(1000.0)[:, None], 2)
    made = mix_within(X, np.zeros(1000, dtype=int), np.random.default_rng(0), share=1)
    assert (made[:, 0] == made[:, 1]).sum() < 10
    assert_array_equal(np.sort(made, axis=0), X)


def test_trees_take_turns():
    """Of two trees, one splits the first column and the other the second."""
    y = [NUMBERS[:, j] > 0 for j in (0, 1)]
    forest = RandomForestClassifier(2, bootstrap=False).fit(NUMBERS, y[0])
    forest.estimators_ = [
        DecisionTreeClassifier(max_depth=1, max_features=None).fit(NUMBERS, labels) for labels in y
    ]
    made = NodeSampler(forest, share=1, random_state=0).fit(NUMBERS).sample(3 * N)
    first, second, third = np.split(made, 3)
    for copy, j in ((first, 0), (second, 1), (third, 0)):
        assert_array_equal(copy[:, j] > 0, NUMBERS[:, j] > 0)
        assert ((copy[:, 1 - j] > 0) != (NUMBERS[:, 1 - j] > 0)).any()


WORDS = pd.DataFrame({"a": np.resize(["x", "y", "z"], N), "b": NUMBERS[:, 0]})


@pytest.mark.parametrize(
    ("forest", "X"),
    [
        (TREE, NUMBERS),
        (ExtraTreeRegressor(random_state=0), NUMBERS),
        (RandomForestRegressor(3, random_state=0), NUMBERS),
        (ExtraTreesClassifier(3, random_state=0), NUMBERS),
        (make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)), NUMBERS),
        (make_pipeline(RandomForestClassifier(3, random_state=0)), NUMBERS),
        (make_pipeline(OneHotEncoder(), RandomForestClassifier(3, random_state=0)), WORDS),
    ],
)
def test_trees_of_ones_own(forest, X):
    outcome = NUMBERS[:, 0] if isinstance(forest, RandomForestRegressor | ExtraTreeRegressor) else Y
    forest = clone(forest).fit(X, outcome)
    expected = NodeSampler(forest, random_state=0).fit(X).sample(N + 9)
    frozen = NodeSampler(FrozenEstimator(forest), random_state=0).fit(X).sample(N + 9)
    assert columns(expected) == columns(frozen)
    # Fitted by a clone too, whose trees are the same.
    cloned = clone(NodeSampler(forest, random_state=0)).fit(X).sample(N + 9)
    assert columns(expected) == columns(cloned)


def test_labels_grow_trees_whose_nodes_tell_classes_apart():
    X = np.random.default_rng(0).normal(size=(2000, 3))
    sampler = NodeSampler(share=1, random_state=0).fit(X, X[:, 0] > 0)
    made = sampler.sample(6000)
    kept = (made > 0) == (X[sampler.parents_] > 0)
    assert kept[:, 0].mean() > 0.95
    # Nobody asked for these.
    assert kept[:, 1:].mean() < 0.6


@pytest.mark.parametrize(
    ("forest", "error", "message"),
    [
        (None, ValueError, "needs a fitted forest, or y in fit to grow trees on"),
        (RandomForestClassifier(), NotFittedError, "RandomForestClassifier instance is not fitted"),
        (DecisionTreeClassifier(), NotFittedError, "is not fitted yet"),
        (make_pipeline(StandardScaler(), RandomForestClassifier()), NotFittedError, "not fitted"),
        (LogisticRegression().fit(NUMBERS, Y), ValueError, r"found LogisticRegression\(\)"),
        (GradientBoostingClassifier(n_estimators=2).fit(NUMBERS, Y), ValueError, "forest must be"),
        (RandomForestClassifier, ValueError, "forest must be a fitted tree or forest"),
        ("forest", ValueError, "forest must be a fitted tree or forest .*: leave it out"),
        (
            DecisionTreeClassifier().fit(NUMBERS[:, :3], Y),
            ValueError,
            "X must have 3 columns, as forest knows, found 4",
        ),
    ],
)
def test_what_has_no_trees_of_these_columns_is_refused(forest, error, message):
    with pytest.raises(error, match=message):
        NodeSampler(forest).fit(NUMBERS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (Y[:5], "inconsistent numbers of samples"),
        (np.zeros(N), "at least 2 classes"),
        ([None, "a"] * (N // 2), "y must hold labels of one kind"),
    ],
)
def test_labels_that_are_none_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        NodeSampler().fit(NUMBERS, y)


def test_numbers_beyond_those_of_trees_are_rows_too():
    X = np.clip(NUMBERS, -1, 1) * 1e308
    made = NodeSampler(random_state=0).fit(X, Y).sample(N)
    assert set(made.ravel()) <= set(X.ravel())
