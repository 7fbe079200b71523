"""Rows, and what is known of each."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.naive_bayes import GaussianNB

from skdistill import distillation_targets
from skdistill.rows import check, column_names


def test_part_of_the_rows_keeps_what_belongs_to_each(binary):
    X, y = binary
    rows = check(X, y, np.arange(len(y)) + 1.0, np.arange(len(y)) // 10)
    part = rows.take(np.array([30, 10]))
    assert_array_equal(part.X, X[[30, 10]])
    assert_array_equal(part.sample_weight, [31, 11])
    assert_array_equal(part.groups, [3, 1])
    assert_array_equal(part.truth, rows.truth[[30, 10]])
    assert list(part.classes) == list(rows.classes)


def test_targets_elsewhere_check_rows_as_distillers_do(binary):
    X, y = binary
    with pytest.raises(ValueError, match="at least 2 classes"):
        distillation_targets(GaussianNB(), X, np.zeros(len(y)))


def test_columns_are_counted_and_named_also_where_no_estimator_wants_to_know():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    rows = check(X, [0, 1])
    assert rows.n_features == 2
    assert_array_equal(rows.feature_names, ["a", "b"])
    for frame in (X, pl.from_pandas(X)):
        assert column_names(frame).dtype == object
    plain = check(X.to_numpy(), [0, 1])
    assert plain.n_features == 2
    assert plain.feature_names is None
