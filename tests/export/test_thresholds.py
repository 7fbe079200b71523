import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skdistill.export.thresholds import exact_threshold

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.finfo(np.float32).smallest_subnormal)


def draws():
    """Thresholds of all sizes, on float32 numbers, between two and beside the middle of two."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 5000, dtype=np.uint32).view(np.float32)
    low = bits[np.isfinite(bits)]
    with np.errstate(over="ignore"):
        high = np.nextafter(low, np.float32(np.inf)).astype(np.float64)
    low = low.astype(np.float64)
    middle = (low + np.where(np.isinf(high), 2.0**128, high)) / 2
    beside = [np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf)]
    edges = [LARGEST, 1.5 * LARGEST, 2.0**128, SMALLEST, SMALLEST / 2, SMALLEST / 3, 0.0]
    edges = np.array(edges)
    usual = rng.normal(size=5000)
    return np.concatenate([low, middle, *beside, usual, edges, -edges])


def rounds_to_at_most(x, threshold):
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64) <= threshold


def test_it_is_the_last_double_that_goes_left():
    threshold = draws()
    exact = exact_threshold(threshold)
    assert rounds_to_at_most(exact, threshold).all()
    assert not rounds_to_at_most(np.nextafter(exact, np.inf), threshold).any()


def test_neighbours_of_the_float32_numbers_around_go_where_they_went():
    threshold = np.random.default_rng(1).normal(size=2000)
    near = threshold.astype(np.float32)
    for step in (-1, 0, 1):
        other = near if step == 0 else np.nextafter(near, np.float32(step * np.inf))
        middle = (near.astype(np.float64) + other) / 2
        for x in (middle, np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf)):
            assert_array_equal(x <= exact_threshold(threshold), rounds_to_at_most(x, threshold))


def test_no_number_is_beyond_infinity():
    assert exact_threshold(np.inf) == np.inf
    least = exact_threshold(-np.inf)
    with np.errstate(over="ignore"):
        assert np.float32(least) == -np.inf
        assert np.float32(np.nextafter(least, 0)) == -LARGEST


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (0,)])
def test_it_keeps_the_shape(shape):
    assert exact_threshold(np.full(shape, 0.3)).shape == shape
