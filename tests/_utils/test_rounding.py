import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from skdistill._utils.rounding import on_grid, to_digits


def test_numbers_that_differ_by_rounding_become_equal():
    fractions = np.array([k / n for n in range(1, 300) for k in range(n + 1)])
    for other in (np.nextafter(fractions, -1), np.nextafter(fractions, 2)):
        assert_array_equal(on_grid(other), on_grid(fractions))


def test_the_change_is_small_and_labels_stay():
    values = np.random.default_rng(0).normal(size=1000)
    assert_allclose(on_grid(values), values, rtol=0, atol=2.0**-41)
    assert_array_equal(on_grid(np.array([0.0, 1.0, -0.25])), [0.0, 1.0, -0.25])


def test_sums_are_exact_in_any_order_and_with_weights():
    rng = np.random.default_rng(0)
    values, times = on_grid(rng.random(3000)), rng.integers(0, 4, 3000)
    order = rng.permutation(3000)
    assert (times * values).sum() == (times * values)[order].cumsum()[-1]
    assert (times * values).sum() == np.repeat(values, times).sum()


def test_zero_has_one_sign():
    assert not np.signbit(on_grid(np.array([-0.0, -1e-20]))).any()


def test_digits_of_numbers_of_any_size():
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-100, 100, 0.2)
    assert_allclose(to_digits(values), values, rtol=2.0**-39)
    for factor in (1 + 2.0**-52, 1 - 2.0**-52):
        assert (to_digits(values * factor) == to_digits(values)).mean() > 0.99
    assert_array_equal(to_digits(np.array([0.0, -3.0, 1e9])), [0.0, -3.0, 1e9])
    assert not np.signbit(to_digits(np.array([-0.0]))).any()
