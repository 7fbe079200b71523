"""What a classifier weighs."""

import pickle

import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeRegressor

from skdistill.evaluation.measure.costs import pickled_size


def test_size_is_that_of_the_pickle():
    fitted = DecisionTreeRegressor().fit([[0.0], [1.0]], [0, 1])
    assert pickled_size(fitted) == len(pickle.dumps(fitted))


def test_size_of_what_cannot_be_pickled_is_unknown():
    assert np.isnan(pickled_size(FunctionTransformer(lambda X: X)))
