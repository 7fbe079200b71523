"""The floor under probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skdistill._utils.probabilities import floor_of, floor_proba


@pytest.mark.parametrize(("n_classes", "floor"), [(2, 1 / 500), (250, 1 / 500), (1000, 1 / 2000)])
def test_floor_is_one_in_five_hundred_or_leaves_half_of_the_mass(n_classes, floor):
    assert floor_of(n_classes) == floor
    certain = np.eye(1, n_classes)
    # The others are raised to the floor, and the row is divided by its new sum.
    total = 1 + (n_classes - 1) * floor
    expected = np.where(certain == 1, 1, floor) / total
    assert_allclose(floor_proba(certain), expected, rtol=1e-14)


def test_a_floor_of_ones_own_is_taken():
    assert_allclose(floor_proba(np.array([[0.0, 1.0]]), 0.25), [[0.2, 0.8]])
