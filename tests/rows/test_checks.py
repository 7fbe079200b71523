"""What `fit` refuses, and what it tells."""

import numpy as np
import pytest
from sklearn.exceptions import DataConversionWarning
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeRegressor

from skdistill import Distiller
from skdistill.rows import check


def test_a_single_number_is_shown_as_it_is():
    with pytest.raises(ValueError, match=r"X must be a table, found 5\."):
        check(np.array(5), [0, 1])
    with pytest.raises(ValueError, match=r"y must hold a label for each row, found 5\."):
        check([[1.0], [2.0]], 5)


def test_column_of_labels_is_told_at_the_users_line(binary):
    X, y = binary
    with pytest.warns(DataConversionWarning, match="column-vector") as told:
        Distiller(GaussianNB(), DecisionTreeRegressor()).fit(X, y[:, None])
    assert told[0].filename == __file__
