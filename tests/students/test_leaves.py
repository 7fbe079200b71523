"""The way back of a tree, once for each leaf."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from skdistill import DistilledClassifier
from skdistill.students.leaves import answers_by_leaf

TREES = [
    DecisionTreeRegressor(max_leaf_nodes=20, random_state=0),
    ExtraTreeRegressor(max_depth=5, random_state=0),
]
LAYOUTS = {
    "rows first": np.ascontiguousarray,
    "columns first": np.asfortranarray,
    "every second": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "32 bits": lambda X: X.astype(np.float32),
}


class Nameless(DecisionTreeRegressor):
    """A tree that is none of scikit-learn's own, and so is asked itself."""


def table(n_classes):
    X, y = make_classification(
        600, 8, n_informative=6, n_classes=n_classes, flip_y=0.2, random_state=0
    )
    # Beyond [0, 1], so that there is something to clip.
    target = 1.2 * np.eye(n_classes)[y] - 0.1
    return X, target[:, 1] if n_classes == 2 else target


def shipped(student, n_classes, **fields):
    adapter = "OneOutput" if n_classes == 2 else "SeveralOutputs"
    return DistilledClassifier(
        student, np.arange(n_classes), adapter=adapter, n_features=8, refuse_nan=True, **fields
    )


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: type(tree).__name__)
@pytest.mark.parametrize("n_classes", [2, 3, 9])
@pytest.mark.parametrize(
    "fields",
    [{"loss": "squared_error"}, {"loss": "squared_error_logit"}, {"calibration": {"slope": 0.7}}],
    ids=["squared_error", "squared_error_logit", "calibrated"],
)
def test_many_rows_get_the_bits_that_each_gets_alone(tree, n_classes, fields):
    X, target = table(n_classes)
    if "calibration" in fields:
        fields = {"calibration": {"slope": 0.7, "shift": [0.1 * k for k in range(n_classes)]}}
    student = clone(tree).fit(X, target)
    classifier = shipped(student, n_classes, **fields)
    assert answers_by_leaf(student, X) is not None
    few = student.tree_.node_count - 1
    assert answers_by_leaf(student, X[:few]) is None
    one_by_one = [classifier.predict_proba(X[i : i + few]) for i in range(0, len(X), few)]
    for layout, lay in LAYOUTS.items():
        assert_array_equal(
            classifier.predict_proba(lay(X)), np.concatenate(one_by_one), err_msg=layout
        )


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_rows_that_a_tree_refuses_are_refused_in_its_words(n_classes, bad):
    X, target = table(n_classes)
    classifier = shipped(TREES[0].fit(X, target), n_classes)
    X[17, 3] = bad
    with (
        np.errstate(over="ignore"),
        pytest.raises(ValueError, match="contains NaN" if np.isnan(bad) else "contains infinity"),
    ):
        classifier.predict_proba(X)


def test_missing_values_go_where_the_tree_sends_them():
    X, target = table(2)
    X[::5, 3] = np.nan
    student = clone(TREES[0]).fit(X, target)
    classifier = DistilledClassifier(student, [0, 1])
    assert answers_by_leaf(student, X) is None
    assert_array_equal(classifier.predict_proba(X)[:, 1], np.clip(student.predict(X), 0, 1))


def test_values_whose_squares_are_too_large_are_taken():
    X, target = table(2)
    student = clone(TREES[0]).fit(X, target)
    X[0, 3] = 1e30
    assert_array_equal(
        DistilledClassifier(student, [0, 1]).predict_proba(X)[:, 1],
        np.clip(student.predict(X), 0, 1),
    )


def test_rows_of_another_width_are_refused():
    X, target = table(2)
    classifier = shipped(clone(TREES[0]).fit(X, target), 2)
    with pytest.raises(ValueError, match="X has 7 features, but .* expecting 8"):
        classifier.predict_proba(X[:, :7])


def test_trees_of_other_classes_and_other_rows_are_asked_themselves():
    X, target = table(2)
    student = clone(TREES[0]).fit(X, target)
    assert answers_by_leaf(Nameless(max_leaf_nodes=20).fit(X, target), X) is None
    for other in (X.astype(int), X.tolist(), np.ma.masked_array(X)):
        assert answers_by_leaf(student, other) is None
