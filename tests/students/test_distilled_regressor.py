"""The student of numbers that ships."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

from skdistill import CrossFitDistillerRegressor, DistilledRegressor, DistillerRegressor


@pytest.fixture(scope="module")
def table():
    return make_friedman1(200, noise=1.0, random_state=0)


@pytest.fixture(scope="module")
def forest():
    return RandomForestRegressor(60, random_state=0)


def tree():
    return DecisionTreeRegressor(max_leaf_nodes=8, random_state=0)


def test_what_ships_knows_no_teacher_and_stays_as_it_is(table, forest):
    X, y = table
    model = CrossFitDistillerRegressor(forest, tree(), cv="oob").fit(X, y)
    shipped = model.regressor_
    assert type(shipped) is DistilledRegressor
    assert len(pickle.dumps(shipped)) < 6_000
    assert_array_equal(shipped.predict(X), model.predict(X))
    assert shipped.score(X, y) == model.score(X, y)
    assert clone(shipped) is shipped
    assert shipped.fit(X, y) is shipped
    with pytest.raises(ValueError, match="A distilled regressor stays as it is"):
        shipped.set_params(student=None)
    assert not hasattr(model, "classes_")
    assert not hasattr(model, "classifier_")


def test_missing_values_are_refused_where_the_teacher_knew_none(table):
    X, y = table
    model = DistillerRegressor(Ridge(), tree()).fit(X, y)
    unknown = X[:1].copy()
    unknown[0, 0] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        model.predict(unknown)


def test_another_major_version_is_told(table):
    X, y = table
    shipped = DistillerRegressor(Ridge(), tree()).fit(X, y).regressor_
    shipped.version = "9.0"
    with pytest.warns(UserWarning, match="This DistilledRegressor was made by skdistill 9.0"):
        pickle.loads(pickle.dumps(shipped))
