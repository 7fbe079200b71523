"""Trees that lead out of themselves."""

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor, StackingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill.export.sound_trees import check_trees

X, Y = make_regression(60, 3, random_state=0)


def tree():
    return DecisionTreeRegressor(max_depth=2, random_state=0)


def with_nodes(field, node, value):
    """A fitted tree with one number of a node changed, as a file may hold it."""
    fitted = tree().fit(X, Y)
    state = fitted.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][node] = value
    fitted.tree_.__setstate__(state)
    return fitted


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_child", 7),
        ("right_child", 7),
        ("left_child", 0),
        ("left_child", -2),
        ("feature", 3),
        ("feature", -2),
    ],
)
def test_a_node_that_leads_out_is_seen_wherever_it_is(field, value):
    bad = with_nodes(field, 0, value)
    for holder in (bad, [bad], {"part": (bad,)}, np.array([None, bad]), make_pipeline(bad)):
        with pytest.raises(ValueError, match="leads out of it"):
            check_trees(holder)


def test_more_nodes_than_there_are_are_seen():
    fitted = tree().fit(X, Y)
    state = fitted.tree_.__getstate__()
    fitted.tree_.__setstate__({**state, "node_count": state["node_count"] + 1})
    with pytest.raises(ValueError, match="leads out of it"):
        check_trees(fitted)


def test_rows_that_are_narrower_than_a_tree_reads_are_seen():
    narrow = tree().fit(X, Y)
    narrow.n_features_in_ = 2
    with pytest.raises(ValueError, match="leads out of it"):
        check_trees(narrow)
    for ensemble in (GradientBoostingRegressor(n_estimators=2), RandomForestRegressor(2)):
        ensemble.fit(X, Y)
        check_trees(ensemble)
        ensemble.n_features_in_ = 2
        with pytest.raises(ValueError, match="columns that rows do not have"):
            check_trees(ensemble)


@pytest.mark.parametrize(
    "student",
    [
        DecisionTreeRegressor(),
        DecisionTreeRegressor(max_leaf_nodes=9, splitter="random"),
        GradientBoostingRegressor(n_estimators=2),
        make_pipeline(SplineTransformer(), tree()),
        StackingRegressor(
            [("a", make_pipeline(SplineTransformer(), tree())), ("b", Ridge())], tree()
        ),
        StackingRegressor([(str(k), Ridge()) for k in range(5)], tree(), cv=2),
    ],
)
def test_trees_as_they_are_grown_are_sound(student):
    check_trees(student.fit(X, Y))
